"""A run that begins with the weights of another run, or of an exported model, such as a bundled one."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from safelight.errors import ModelError, RecipeError
from safelight.journal.run import Run
from safelight.nn.encoders import TimmEncoder
from safelight.nn.export import EXAMPLE_SIDES, ModelPart, compare
from safelight.nn.read_back import Folded, make_identity, read_back, unfolding
from safelight.runtime.card import ModelCard
from safelight.runtime.modelfile import ModelFile, find_model
from safelight.runtime.session import Session
from safelight.tasks.registry import task_named
from safelight.training.overrides import as_typed, flattened, override, settings
from safelight.training.recipe import Recipe, recipe_of
from safelight.training.task import training_task
from safelight.training.trained import averaged_weights, first_misfit

TOLERANCE = (
    0.01  # of what a model answers, which is about 1 at most: beyond it the weights are not the model's
)
SEEN = 64  # pictures that tell what the batch norms see
TRAINED = {"freeze", "pretrained"}  # settings of how a network is trained: it is the same with others


@dataclass(frozen=True)
class Began:
    """What a model gave: names of the weights that it has not, and its folded batch norms."""

    missing: list[str]
    folded: list[Folded]


def check_same_network(model: str, recipe: Recipe) -> None:
    """Raises RecipeError, with the settings to give, where a model's network is not this recipe's; ModelError."""
    card = card_of(model, recipe)
    of_model = card.recipe.get("model")
    of_recipe: Any = getattr(recipe, "model", None)
    if not isinstance(of_model, dict):
        raise ModelError(f"{model}: its card does not say which network it is; export it again")
    known, theirs = settings(of_recipe), flattened(of_model)
    other = {
        f"--model.{name}": as_typed(value)
        for name, value in theirs.items()
        if name in known.keys() - TRAINED and _plain(value) != _plain(known[name])
    }
    if not other:
        return
    trained_by = card.recipe_name or "its card does not say which"
    said = (
        f"{model} has another network than the recipe {recipe.name}: take the recipe that it was trained by"
    )
    if "--model.kind" in other:  # whose settings are others
        raise RecipeError(f"{said} ({trained_by}, a network of --model.kind {other['--model.kind']})")
    typed = " ".join(f"{name} {shlex.quote(value)}" for name, value in other.items())
    raise RecipeError(f"{said} ({trained_by}), or give {typed}")


def card_of(model: str, recipe: Recipe) -> ModelCard:
    """A model's card. Raises ModelError."""
    return _files(model, recipe)[0].card


def take_model(network: nn.Module, model: str, recipe: Recipe) -> Began:
    """Give a network a model's weights, and see that it answers as the model does.

    Raises ModelError, RecipeError where the model is of another network, or its weights cannot be read.
    """
    check_same_network(model, recipe)
    if _is_frozen(recipe) and not card_of(model, recipe).recipe["model"].get("freeze", True):
        return _take_thawed(network, model, recipe)
    return _take(network, model, recipe)


def take_run(network: nn.Module, run: Run, recipe: Recipe) -> Began:
    """Give a network a run's averaged weights; those that the run did not have are new.

    An encoder that one of the two keeps as it is, and the other trains, is the same encoder with its batch norms
    folded away, or given back. Raises RunError; RecipeError if weights have other shapes, or none is this network's,
    as of a run of another task.
    """
    before, theirs = recipe_of(run), averaged_weights(run)
    folded: list[Folded] = []
    if _is_frozen(recipe) and not _is_frozen(before):
        theirs = _frozen(theirs, before, run)
    elif _is_frozen(before) and not _is_frozen(recipe):
        folded = _encoder_norms(network)
        theirs = _thawed(theirs, network, folded)
    if not theirs.keys() & network.state_dict().keys():
        raise RecipeError(
            f"none of the weights of {run.folder}, a run of the recipe {before.name}, is of this recipe's "
            "network; begin with a run of its own task and network, or with new weights"
        )
    return Began(_load(network, theirs, run), folded)


def _load(network: nn.Module, weights: dict[str, Tensor], run: Run) -> list[str]:
    """Give it a run's weights; names of those that the run did not have. Raises RecipeError for other shapes."""
    try:
        return list(network.load_state_dict(weights, strict=False).missing_keys)
    except RuntimeError as error:
        raise RecipeError(
            f"this recipe's network cannot take the weights of {run.folder} ({first_misfit(error)}); "
            "leave the settings under model as they were, or begin with new weights"
        ) from None


def _frozen(theirs: dict[str, Tensor], before: Recipe, run: Run) -> dict[str, Tensor]:
    """A run's weights, of a network that trained its encoder, as one has them that keeps it. Raises RecipeError."""
    source = training_task(before).network(before)
    _load(source, theirs, run)
    for encoder in [module for module in source.modules() if isinstance(module, TimmEncoder)]:
        encoder.freeze()
    return dict(source.state_dict())


def _encoder_norms(network: nn.Module) -> list[Folded]:
    """The batch norms of its encoders that a frozen one has folded into the convolutions before them."""
    return [
        Folded(f"{name}.body.{conv}", f"{name}.body.{norm}")
        for name, module in network.named_modules()
        if isinstance(module, TimmEncoder)
        for conv, norm in module.norms()
    ]


def _thawed(theirs: dict[str, Tensor], network: nn.Module, folded: list[Folded]) -> dict[str, Tensor]:
    """Weights of a network that kept its encoder, as one has them that trains it: with norms that do nothing yet.

    Of a run without these convolutions nothing is changed.
    """
    state, own = dict(theirs), network.state_dict()
    for pair in [pair for pair in folded if f"{pair.conv}.bias" in theirs]:
        shift = state.pop(f"{pair.conv}.bias")
        in_conv = f"{pair.conv}.bias" in own
        with torch.no_grad():
            make_identity(network, pair, in_conv)
        norm = {name: tensor for name, tensor in own.items() if name.startswith(f"{pair.norm}.")}
        state |= norm | {f"{pair.conv if in_conv else pair.norm}.bias": shift}
    return state


def _is_frozen(recipe: Recipe) -> bool:
    """Whether the recipe's network has an encoder that never changes."""
    return bool(getattr(getattr(recipe, "model", None), "freeze", False))


def _take_thawed(network: nn.Module, model: str, recipe: Recipe) -> Began:
    """As `take_model`, of a model whose encoder was trained, for a network that keeps it as it is.

    A frozen encoder has its batch norms folded away, and its file another order: the weights are read back into a
    network that trains its encoder, which is frozen then.
    """
    thawed = override(recipe, {"model.freeze": "false"})
    source = training_task(recipe).network(thawed)
    began = _take(source, model, thawed)
    for encoder in [module for module in source.modules() if isinstance(module, TimmEncoder)]:
        encoder.freeze()
    network.load_state_dict(source.state_dict())
    _check_answers(network, model, recipe)
    norms = {name for name, module in network.named_modules() if isinstance(module, nn.BatchNorm2d)}
    return Began(
        sorted(set(began.missing) & set(network.state_dict())),
        [pair for pair in began.folded if pair.norm in norms],
    )


def _take(network: nn.Module, model: str, recipe: Recipe) -> Began:
    """The weights of a model whose network is just this one."""
    was_training = network.training
    parts = task_named(recipe.task).exporting.parts(network.eval(), recipe)
    files = _files(model, recipe)
    missing: set[str] | None = None
    folded: list[Folded] = []
    for part, file in zip(parts, files, strict=True):
        try:
            back = read_back(file.read(), part.module, part.to_onnx, part.example())
        except ModelError as error:
            raise ModelError(f"{model}: {error}; it cannot be begun with") from None
        lacking = {_bare(name) for name in back.missing}
        missing = lacking if missing is None else missing & lacking
        folded += [Folded(_bare(pair.conv), _bare(pair.norm)) for pair in back.folded]
    _check_answers(network, model, recipe)
    network.train(was_training)
    return Began(sorted(missing or set()), folded)


def _check_answers(network: nn.Module, model: str, recipe: Recipe) -> None:
    """Raises ModelError where the network does not answer as the model's files do."""
    was_training = network.training
    parts = task_named(recipe.task).exporting.parts(network.eval(), recipe)
    for part, file in zip(parts, _files(model, recipe), strict=True):
        difference = _difference(part, file)
        if not difference <= TOLERANCE:  # NaN too
            raise ModelError(
                f"{model}: its weights cannot be read back (its answers differ by {difference:.2g}); begin with a run "
                "of yours: --from RUN, or with new weights"
            )
    network.train(was_training)


def see(network: nn.Module, began: Began, samples: Dataset[Any], recipe: Recipe) -> None:
    """Let the model's batch norms see the run's first samples, so that they may learn from there."""
    if not began.folded:
        return
    task, was_training = training_task(recipe), network.training
    network.eval()
    with torch.no_grad(), unfolding(network, began.folded):
        for first in range(0, SEEN, recipe.data.batch):
            batch = task.collate([samples[k] for k in range(first, first + recipe.data.batch)])
            task.loss_terms(network, batch, recipe, 0.0)
    network.train(was_training)


def _bare(name: str) -> str:
    """A weight's name in the run's network: parts may wrap it."""
    return name.removeprefix("network.")


def _plain(value: Any) -> Any:
    """As JSON would have it: the card's settings have been through it."""
    return [_plain(each) for each in value] if isinstance(value, (tuple, list)) else value


def _files(model: str, recipe: Recipe) -> list[ModelFile]:
    """The model's files, in the order of the parts."""
    task = task_named(recipe.task)
    endings = task.endings
    if len(endings) == 1:
        return [find_model(model, task.card_tasks)]
    base = model
    for ending in (*endings, ".onnx"):
        base = base.removesuffix(ending)
    if not Path(f"{base}{endings[0]}").is_file():  # a bundled one, by its name
        endings = tuple(ending.removesuffix(".onnx") for ending in endings)
    return [
        find_model(f"{base}{ending}", kind) for ending, kind in zip(endings, task.card_tasks, strict=True)
    ]


def _difference(part: ModelPart, file: ModelFile) -> float:
    """The largest difference between the file's answers and the network's to one input of noise."""
    shape = [side if isinstance(side, int) else EXAMPLE_SIDES["width"] for side in part.input.shape]
    noise = np.random.default_rng(0).uniform(0, 1, shape).astype(np.float32)
    return compare(part, Session(file), [noise[0]]).largest_difference / part.per_one
