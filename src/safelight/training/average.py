"""Two models of one network averaged, weight by weight: a fine-tuned one and the one that it began with.

Between the two, a model often keeps most of what the fine-tuned one gained and loses less on pictures of other kinds
(Wortsman et al. 2022, "Robust fine-tuning of zero-shot models", equation 1). Batch norms are averaged as they lie in
the files: folded into the convolutions.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, TensorProto, numpy_helper

from safelight import __version__
from safelight.errors import ModelError
from safelight.files import new_file
from safelight.runtime.card import ModelCard, is_number, shown
from safelight.runtime.modelfile import ModelFile, write_card
from safelight.runtime.session import Session
from safelight.training.learned import together

# Not autoencoders: the codes of two models mean different things.
AVERAGED = ("colorize", "fill", "scratches")
NUMBERED = "onnx::"  # before a name that torch's exporter made up
FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16)
# Before names in the files of colorizers (tasks/colorize/onnx_graph.py: join).
ENCODER, MEASURE = "look/network.encoder.", "1/"
OURS = (MEASURE, "zero", "known_")  # initializers that hold no weights


def average(tuned: ModelFile, base: ModelFile, share: float, out: Path) -> ModelCard:
    """Write a model whose weights are `share` (0..1) of tuned's and the rest of base's, and its card; returns that.

    Its measure of unfamiliarity is tuned's. Raises ModelError for models of two networks or of two preparations,
    and for colorizers whose encoders differ, as the measure rests on the encoder; then nothing is written.
    """
    if not 0 <= share <= 1:
        raise ModelError(f"the share is {share:g}; expected 0 (all of the base) to 1 (all of the tuned one)")
    card = _card(tuned, base, share, out.stem)
    model = onnx.load_from_string(tuned.read())
    weights, others = (_weights(each) for each in (model, onnx.load_from_string(base.read())))
    _check_alike(tuned, base, weights, others)
    for tensor, other in zip(weights, others, strict=True):
        mean = share * _numbers(tensor) + (1 - share) * _numbers(other)
        tensor.CopyFrom(
            numpy_helper.from_array(mean.astype(numpy_helper.to_array(tensor).dtype), tensor.name)
        )
    content = model.SerializeToString()
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.onnx"
        draft.write_bytes(content)
        Session(ModelFile(draft, write_card(card, draft)))  # it can be opened
    out.parent.mkdir(parents=True, exist_ok=True)
    with new_file(out, overwrite=True) as file:
        file.write(content)
    return write_card(card, out)


def _weights(model: ModelProto) -> list[TensorProto]:
    """The tensors that were learned, in the order of the network."""
    return [
        tensor
        for tensor in model.graph.initializer
        if tensor.data_type in FLOATS and not tensor.name.startswith(OURS)
    ]


def _numbers(tensor: TensorProto) -> np.ndarray:
    return np.asarray(numpy_helper.to_array(tensor), np.float64)


def _place(tensor: TensorProto) -> tuple[str, tuple[int, ...]]:
    """Name and shape; weights into which a norm was folded have a number for a name, another one at each export."""
    return "" if tensor.name.startswith(NUMBERED) else tensor.name, tuple(tensor.dims)


def _check_alike(
    tuned: ModelFile, base: ModelFile, weights: Sequence[TensorProto], others: Sequence[TensorProto]
) -> None:
    """Raises ModelError unless both are of one network and, where unfamiliarity is measured, of one encoder."""
    if list(map(_place, weights)) != list(map(_place, others)):
        raise ModelError(
            f"{tuned.path} and {base.path} are two networks; expected a model and the one that it began with, "
            "exported by one version of safelight"
        )
    pairs = [pair for pair in zip(weights, others, strict=True) if pair[0].name.startswith(ENCODER)]
    if tuned.card.familiarity and not all(np.array_equal(_numbers(one), _numbers(two)) for one, two in pairs):
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
    licenses = dict.fromkeys((one.license, two.license))
    return replace(
        one,
        name=name,
        version=__version__,
        created=datetime.now(UTC).date().isoformat(),
        license="; ".join(licenses),
        preparation=_preparation(tuned, base, share),
        data=together(one.data, two.data),
        command=f"{one.command}\nsafelight average {tuned.path.name} {base.path.name} --share {share:g}".strip(),
        scores={},
    ).with_notes(f"Its weights are {share:.0%} those of {one.name} and {1 - share:.0%} those of {two.name}.")


def _preparation(tuned: ModelFile, base: ModelFile, share: float) -> dict[str, Any]:
    """Numbers, as they are measured after training, between both; all else alike. Raises ModelError if it is not."""
    one, two = dict(tuned.card.preparation), dict(base.card.preparation)
    differing = [name for name in (*one, *two) if one.get(name) != two.get(name)]
    for name in differing:
        if not (is_number(one.get(name)) and is_number(two.get(name))):
            raise ModelError(
                f"{tuned.path} has the preparation {name} {shown(one.get(name))} and {base.path} "
                f"{shown(two.get(name))}; expected two models whose pictures are prepared alike"
            )
    return one | {name: round(share * one[name] + (1 - share) * two[name], 4) for name in differing}
