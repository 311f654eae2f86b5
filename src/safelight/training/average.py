"""Two models of one network averaged, weight by weight: a fine-tuned one and the one that it began with.

Between the two, a model often keeps most of what the fine-tuned one gained and loses less on pictures of other kinds
(Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", equation 1). Batch norms are averaged as they lie in
the files: folded into the convolutions.
"""

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, numpy_helper

from safelight import __version__
from safelight.errors import ModelError
from safelight.files import new_file
from safelight.runtime.card import ModelCard, shown
from safelight.runtime.modelfile import ModelFile, write_card
from safelight.runtime.session import Session
from safelight.tasks.base import Task
from safelight.tasks.registry import task_named
from safelight.training.begin import TRAINED
from safelight.training.learned import together
from safelight.training.recipe import recipe_named

# Not autoencoders: the codes of two models mean different things.
AVERAGED = ("colorize", "fill", "scratches")
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)
NUMBERED = "onnx::"  # in a name that torch's exporter made up, another one at each export
HALF_STEP, HALF_LEAST = 2.0**-10, 2.0**-24  # by which a weight may move that is stored in half precision
HALF = ".half"  # behind the name of a weight in half precision (nn/export.py)
# Before names in the files of colorizers (tasks/colorize/onnx_graph.py: join).
ENCODER, MEASURE = "look/network.encoder.", "1/"
NOT_WEIGHTS = (MEASURE, "zero", "known_")


def average(tuned: ModelFile, base: ModelFile, share: float, out: Path) -> ModelCard:
    """Write a model whose weights are `share` (0..1) of tuned's and the rest of base's, and its card; returns that.

    What was measured after training (the gain of vivid colors, the finder's threshold) lies between both, too; other
    numbers of the preparation, the size and the measure of unfamiliarity are tuned's. Raises ModelError for models of
    two networks, for pictures that are prepared differently, and for colorizers of which unfamiliarity is measured
    but whose encoders were not frozen; then nothing is written.
    """
    if not 0 <= share <= 1:
        raise ModelError(f"the share is {share:g}; expected 0 (all of the base) to 1 (all of the tuned one)")
    card = _card(tuned, base, share, out.stem)
    for each in (tuned, base):
        Session(each)  # both can be opened
    model = onnx.load_from_string(tuned.read())
    weights, others = (_weights(each) for each in (model, onnx.load_from_string(base.read())))
    _check_alike(tuned, base, weights, others)
    for tensor, other in zip(weights, others, strict=True):
        mean = share * _numbers(tensor) + (1 - share) * _numbers(other)
        stored = mean.astype(numpy_helper.to_array(tensor).dtype)
        if not np.isfinite(stored).all():
            raise ModelError(
                f"{tensor.name} of {base.path} is beyond the precision of {tuned.path}; export it again"
            )
        tensor.CopyFrom(numpy_helper.from_array(stored, tensor.name))
    content = model.SerializeToString()
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / out.name
        draft.write_bytes(content)
        Session(ModelFile(draft, write_card(card, draft)))
    with new_file(out, overwrite=True) as file:
        file.write(content)
    return write_card(card, out)


def began_with(tuned: ModelCard, base: ModelCard) -> bool:
    """Whether the commands that made them say that the one was begun with the other."""
    return bool(base.command) and tuned.command.startswith(base.command)


def _weights(model: ModelProto) -> list[TensorProto]:
    """The tensors that were learned, in the order of the network."""
    return [
        tensor
        for tensor in model.graph.initializer
        if tensor.data_type in FLOATS and not tensor.name.startswith(NOT_WEIGHTS)
    ]


def _numbers(tensor: TensorProto) -> np.ndarray:
    return np.asarray(numpy_helper.to_array(tensor), np.float64)


def _identity(tensor: TensorProto) -> tuple[str, tuple[int, ...]]:
    """What tells a weight from others: its name, without what differs between exports, and its shape."""
    return tensor.name.removesuffix(HALF).partition(NUMBERED)[0], tuple(tensor.dims)


def _check_alike(
    tuned: ModelFile, base: ModelFile, weights: Sequence[TensorProto], others: Sequence[TensorProto]
) -> None:
    """Raises ModelError unless both are of one network and, where unfamiliarity is measured, of one encoder."""
    settings, known = (dict(each.card.recipe.get("model") or {}) for each in (tuned, base))
    differing = [name for name in settings.keys() & known.keys() - TRAINED if settings[name] != known[name]]
    if differing or list(map(_identity, weights)) != list(map(_identity, others)):
        which = f" (model.{min(differing)} differs)" if differing else ""
        raise ModelError(
            f"{tuned.path} and {base.path} are two networks{which}; expected a model and the one that it began with"
        )
    encoders = [pair for pair in zip(weights, others, strict=True) if pair[0].name.startswith(ENCODER)]
    frozen = encoders and all(
        np.allclose(_numbers(one), _numbers(two), rtol=HALF_STEP, atol=HALF_LEAST) for one, two in encoders
    )
    if tuned.card.familiarity and not frozen:
        raise ModelError(
            f"{tuned.path} and {base.path} have different encoders, and unfamiliarity is measured on the encoder's "
            "features; expected colorizers that were trained with --model.freeze true"
        )


def _card(tuned: ModelFile, base: ModelFile, share: float, name: str) -> ModelCard:
    """The card: of both, without scores, as it has not been judged. Raises ModelError."""
    one, two = tuned.card, base.card
    if one.task != two.task or one.task not in AVERAGED:
        raise ModelError(
            f"{tuned.path} is made for the task {one.task!r} and {base.path} for {two.task!r}; expected two models "
            f"for one of {', '.join(AVERAGED)}"
        )
    made = f"safelight average {tuned.path.name} {base.path.name} --share {share:g}"
    return replace(
        one,
        name=name,
        version=__version__,
        created=datetime.now(UTC).date().isoformat(),
        license="; ".join(dict.fromkeys((one.license, two.license))),
        preparation=_preparation(tuned, base, share, task_named(one.task)),
        data=together(one.data, two.data),
        command="\n".join(filter(None, [one.command, made])),
        scores={},
        notes=" ".join(dict.fromkeys(each for card in (one, two) for each in _sentences(card.notes))),
    ).with_notes(f"Its weights are {share:.3g} of {one.name}'s and {1 - share:.3g} of {two.name}'s.")


def _sentences(text: str) -> list[str]:
    return [each for each in re.split(r"(?<=[.!?]) ", text) if each]


def _preparation(tuned: ModelFile, base: ModelFile, share: float, task: Task) -> dict[str, Any]:
    """Tuned's; what was measured lies between. Raises ModelError where the pictures are prepared differently."""
    recipe: Any = recipe_named(task.main_recipe)
    kind = type(recipe.preparation)
    one, two = (asdict(each.prepared(kind)) for each in (tuned, base))
    for name in one:
        if isinstance(one[name], (bool, str)) and one[name] != two[name]:
            raise ModelError(
                f"{tuned.path} has the preparation {name} {shown(one[name])} and {base.path} {shown(two[name])}; "
                "expected two models whose pictures are prepared alike"
            )
    measured = {name.removeprefix("preparation.") for name in task.measured}
    between = {name: round(share * one[name] + (1 - share) * two[name], 4) for name in measured}
    return dict(tuned.card.preparation) | between


def follows_tuned(tuned: ModelCard, base: ModelCard) -> Mapping[str, tuple[Any, Any]]:
    """Numbers in which both differ and that are tuned's in the average: name -> tuned's, base's."""
    measured = {name.removeprefix("preparation.") for name in task_named(tuned.task).measured}
    pairs = {"size": (tuned.size, base.size)} | {
        name: (tuned.preparation[name], base.preparation[name])
        for name in tuned.preparation.keys() & base.preparation.keys() - measured
    }
    return {name: pair for name, pair in sorted(pairs.items()) if pair[0] != pair[1]}
