"""A run that begins with the weights of an exported model, such as a bundled one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnx import ModelProto
from torch import nn
from torch.utils.data import Dataset

from safelight.errors import ModelError, RecipeError
from safelight.nn import plane_export
from safelight.nn.halves import Whole, assemble
from safelight.nn.read_back import Folded, read_back, unfolding
from safelight.runtime.modelfile import ModelFile, find_model
from safelight.runtime.session import Session
from safelight.tasks.autoencode import export as vae_export
from safelight.tasks.autoencode.restore import DECODER, ENCODER
from safelight.tasks.colorize.network import PlainColorizer, of_any_size
from safelight.tasks.registry import task_named
from safelight.tasks.scratches import export as finder_export
from safelight.training.recipe import Recipe
from safelight.training.task import training_task

TOLERANCE = (
    0.01  # of what a model answers, which is about 1 at most: beyond it the weights are not the model's
)
SEEN = 64  # pictures that tell what the batch norms see


@dataclass(frozen=True)
class Began:
    """What a model gave: names of the weights that it has not, and its folded batch norms."""

    missing: list[str]
    folded: list[Folded]


@dataclass(frozen=True)
class Part:
    """A file of a model. wrap: the module that was exported, around a run's network. export: how."""

    file: ModelFile
    wrap: Callable[[Any], nn.Module]
    export: Callable[[Any], ModelProto]
    example: Callable[[nn.Module], object]


def check_same_network(model: str, recipe: Recipe) -> None:
    """Raises RecipeError, with the settings to give, where a model's network is not this recipe's; ModelError."""
    card = _files(model, recipe)[0].card
    theirs = card.recipe.get("model")
    ours: Any = getattr(recipe, "model", None)
    if not isinstance(theirs, dict):
        raise ModelError(f"{model}: its card does not say which network it is; export it again")
    known = {name: _plain(value) for name, value in vars(ours).items()}
    other = [
        f"--model.{name} {value}"
        for name, value in theirs.items()
        if name in known and _plain(value) != known[name]
    ]
    if other:
        raise RecipeError(
            f"{model} has another network than the recipe {recipe.name}: take the recipe that it was trained by "
            f"({card.recipe_name or 'its card does not say which'}), or {' '.join(other[:4])}"
        )


def take_model(network: nn.Module, model: str, recipe: Recipe) -> Began:
    """Give a network a model's weights, and see that it answers as the model does.

    Raises ModelError, RecipeError where the model is of another network, or its weights cannot be told.
    """
    check_same_network(model, recipe)
    kept = network.training
    parts = _parts(model, recipe, network)
    missing: set[str] | None = None
    folded: list[Folded] = []
    for part in parts:
        try:
            back = read_back(part.file.read(), part.wrap(network), part.export, part.example)
        except ModelError as error:
            raise ModelError(f"{model}: {error}; it cannot be begun with") from None
        lacking = {name.removeprefix("network.") for name in back.missing}
        missing = lacking if missing is None else missing & lacking
        folded += [Folded(_bare(pair.conv), _bare(pair.norm)) for pair in back.folded]
    for part in parts:
        apart = _apart(part, network)
        if not apart <= TOLERANCE:  # NaN too
            raise ModelError(
                f"{model}: its weights cannot be read back (its answers differ by {apart:.2g}); begin with a run of "
                "yours: --from RUN, or with new weights"
            )
    network.train(kept)
    return Began(sorted(missing or set()), folded)


def see(network: nn.Module, began: Began, samples: Dataset[Any], recipe: Recipe) -> None:
    """Let the model's batch norms see the run's first samples, so that they may learn from there."""
    if not began.folded:
        return
    task, kept = training_task(recipe), network.training
    network.eval()
    with torch.no_grad(), unfolding(network, began.folded):
        for first in range(0, SEEN, recipe.data.batch):
            batch = task.collate([samples[k] for k in range(first, first + recipe.data.batch)])
            task.loss_terms(network, batch, recipe, 0.0)
    network.train(kept)


def _bare(name: str) -> str:
    return name.removeprefix("network.")


def _plain(value: Any) -> Any:
    """As JSON would have it: the card's settings have been through it."""
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(each) for name, each in vars(value).items()}
    return [_plain(each) for each in value] if isinstance(value, (tuple, list)) else value


def _files(model: str, recipe: Recipe) -> list[ModelFile]:
    if recipe.task != "autoencode":
        return [find_model(model, task_named(recipe.task).card_tasks)]
    base = model.removesuffix(ENCODER).removesuffix(DECODER).removesuffix(".onnx")
    if Path(f"{base}{ENCODER}").is_file():
        return [find_model(f"{base}{ENCODER}", "encode"), find_model(f"{base}{DECODER}", "decode")]
    return [find_model(f"{base}.encoder", "encode"), find_model(f"{base}.decoder", "decode")]


def _parts(model: str, recipe: Recipe, network: nn.Module) -> list[Part]:
    """The model's files, each with how it is made of a network."""
    files = _files(model, recipe)
    if recipe.task == "colorize":
        return [Part(files[0], lambda net: net, assemble, lambda net: net(torch.zeros(1, 7, 96, 160)))]
    if recipe.task == "autoencode":
        halves = (vae_export.Recognition, vae_export.Generation)
        return [_half(file, half) for file, half in zip(files, halves, strict=True)]
    wrap = finder_export.Likelihood if recipe.task == "scratches" else _itself
    ports = (files[0].card.inputs[0], files[0].card.outputs[0])
    shape = (1, int(ports[0].shape[1]), 64, 96)
    return [
        Part(
            files[0],
            wrap,
            lambda part: plane_export.traced(part, ports),
            lambda part: part(torch.rand(shape)),
        )
    ]


def _itself(network: nn.Module) -> nn.Module:
    return network


def _half(file: ModelFile, half: Callable[[Any], nn.Module]) -> Part:
    shape = [int(side) for side in file.card.inputs[0].shape]
    return Part(
        file,
        half,
        lambda part: vae_export.traced(part, file.card),
        lambda part: part(torch.rand(shape)),
    )


def _apart(part: Part, network: nn.Module) -> float:
    """The largest difference between the file's answers and the network's to one question of noise."""
    port = part.file.card.inputs[0]
    shape = [side if isinstance(side, int) else 96 for side in port.shape]
    rng = np.random.default_rng(0)
    question = rng.uniform(0, 1, shape).astype(np.float32)
    module: Any = part.wrap(network.eval())
    if part.file.card.task == "colorize":
        question[:, 0] -= 0.5
        module = Whole(of_any_size(network) if isinstance(network, PlainColorizer) else network)  # type: ignore[arg-type]
    with torch.inference_mode():
        answers = module(torch.from_numpy(question))
    answers = answers if isinstance(answers, tuple) else (answers,)
    given = list(Session(part.file)(**{port.name: question[0]}).values())
    pairs = zip(given, answers, strict=False)
    return float(np.max([np.abs(one - two[0].numpy()).max() for one, two in pairs]))
