"""A trained network for holes as an ONNX file with its card, checked against torch on real pictures."""

import tempfile
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import torch

from safelight.arrays import Planes
from safelight.errors import ModelError
from safelight.models.export import halve
from safelight.models.filler import Filler
from safelight.runtime.card import ModelCard, Port
from safelight.runtime.modelfile import find_model, write_card
from safelight.runtime.session import Session

OPSET = 18
TOLERANCE = 2 / 255  # of white to black
USED_AT = 32  # pictures are filled at sizes that are multiples of this (runtime/fill.py)


@dataclass(frozen=True)
class Parity:
    """Largest difference between torch and the exported file over some pictures, of values 0..1."""

    pictures: int
    srgb: float


def ports(planes: int, span: tuple[float, float]) -> tuple[Port, Port]:
    """planes in, red, green and blue out."""
    meaning = "red, green, blue of what is known, 0 in the hole; mask (1 = missing)"
    if planes > 4:
        meaning += "; a classical filling"
    size = (1, planes, "height", "width")
    asked = Port("planes", size, (min(span[0], 0.0), max(span[1], 1.0)), meaning)
    return asked, Port("rgb", (1, 3, "height", "width"), span, "sRGB everywhere; only the hole is taken")


def export_filler(
    network: Filler, card: ModelCard, path: Path, questions: list[Planes], span: tuple[float, float]
) -> Parity:
    """Write MODEL.onnx and its card, and compare it with torch on these questions (real pictures with holes).

    The card's inputs and outputs are filled in. span: black and white in planes and answer. Raises ModelError,
    and then nothing new stands at `path`.
    """
    if not questions:
        raise ModelError("there are no pictures to check the exported model with; expected one at least")
    if USED_AT % network.multiple:
        raise ModelError(
            f"this network takes multiples of {network.multiple} pixels, photos are filled at multiples of "
            f"{USED_AT}: train it with fewer --model.steps"
        )
    network = network.eval().to(memory_format=torch.contiguous_format)
    asked, answered = ports(network.planes, span)
    card, content = replace(card, inputs=(asked,), outputs=(answered,)), to_onnx(network)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        draft.write_bytes(content)
        write_card(card, draft)
        parity = compare(network, Session(find_model(draft, card.task)), questions, span)
    if not parity.srgb <= TOLERANCE:  # NaN fails this too
        raise ModelError(
            f"the exported model differs from torch by {parity.srgb:.3g}; expected at most {TOLERANCE:.3g}: "
            "not written; please report it with the recipe"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{path.parent}: cannot be made ({error.strerror}); give -o in a folder") from None
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    fresh.replace(path)
    write_card(card, path)
    return parity


def to_onnx(network: Filler) -> bytes:
    """The network as ONNX, any height and width that are multiples of its own, large weights in half precision."""
    names = ["planes"], ["rgb"]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder) / "model.onnx"
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.rand(1, network.planes, 64, 96),),
            path,
            dynamo=False,
            input_names=names[0],
            output_names=names[1],
            dynamic_axes={name: {2: "height", 3: "width"} for name in ("planes", "rgb")},
            opset_version=OPSET,
        )
        model = halve(onnx.load(path))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def compare(network: Filler, session: Session, questions: list[Planes], span: tuple[float, float]) -> Parity:
    """Largest differences between torch and the session over these questions."""
    apart = []
    for planes in questions:
        with torch.inference_mode():
            answer = network(torch.from_numpy(planes)[None])[0].numpy()
        apart.append(np.abs(session(planes=planes)["rgb"] - answer).max())
    return Parity(len(questions), float(np.max(apart)) / (span[1] - span[0]))
