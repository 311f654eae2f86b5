"""A trained network as an ONNX file with its card, checked against torch on real pictures."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import torch
from jaxtyping import Float32
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor

from safelight.arrays import Planes
from safelight.errors import ModelError
from safelight.nn.familiar import Unfamiliarity
from safelight.nn.halves import FEATURES, SEEN, UNFAMILIARITY, assemble
from safelight.runtime.card import ModelCard, Port
from safelight.runtime.modelfile import find_model, write_card
from safelight.runtime.session import DISTRIBUTION, Session
from safelight.tasks.colorize.network import ColorNetwork

LARGE = 1024  # weights with at least so many numbers are stored in half precision
TOLERANCE = 0.55 / 110  # half a unit of ab, about a quarter of a just noticeable difference

INPUTS = (
    Port(
        "planes",
        (1, 7, "height", "width"),
        (-1.2, 1.2),
        "(L - 50) / 100; painted hints: a / 110, b / 110, mask (1 = hinted); propagated hints: a / 110, b / 110, "
        "confidence 0..1. Height and width are multiples of 32",
    ),
)
OUTPUTS = (
    Port("ab", (1, 2, "height", "width"), (-1.2, 1.2), "a / 110 and b / 110 of Lab (D65)"),
    Port("chroma", (1, 1, "height", "width"), (0.0, 1.3), "expected chroma / 110, for vivid colors"),
)


LOOKED = {
    DISTRIBUTION: (
        (0.0, 1.0),
        "how likely each bin of color is, at 1/8 of the size; the bins are the cells of 10 units of ab that hold "
        "a color of sRGB, in order of a, then b",
    ),
    **{
        name: (
            (-1e4, 1e4),
            f"what the trunk saw, 1/{share} of the size; give it back as known_{name} to ask again",
        )
        for name, share in zip(SEEN, (2, 4, 8), strict=True)
    },
    FEATURES: ((-1e4, 1e4), "mean and deviation of the encoder's channels at 1/8 and 1/16 of the size"),
    UNFAMILIARITY: (
        (0.0, 1e4),
        "distance from the training pictures; above 1 the model should not be trusted",
    ),
}


def ports(content: bytes) -> tuple[Port, ...]:
    """The outputs of an exported network: the colors, then what its trunk says."""
    known = {port.name: port for port in OUTPUTS}
    return tuple(
        known.get(port.name) or _looked(port) for port in onnx.load_from_string(content).graph.output
    )


def _looked(port: onnx.ValueInfoProto) -> Port:
    shape = tuple(side.dim_param or side.dim_value for side in port.type.tensor_type.shape.dim)
    return Port(port.name, shape, *LOOKED[port.name])


@dataclass(frozen=True)
class Parity:
    """Largest difference between torch and the exported file over some pictures, in units of ab."""

    pictures: int
    ab: float
    chroma: float


def export(
    network: ColorNetwork,
    card: ModelCard,
    path: Path,
    questions: list[Planes],
    measure: Unfamiliarity | None = None,
) -> Parity:
    """Write MODEL.onnx and its card, and compare it with torch on these questions (real pictures).

    The card's inputs and outputs are filled in. measure: how far a picture is from the training pictures.
    Nothing new remains at `path` if they differ by more than half a unit of ab. Raises ModelError.
    """
    if not questions:
        raise ModelError("there are no pictures to check the exported model with; expected one at least")
    network = network.eval()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{path.parent}: cannot be made ({error.strerror}); give -o in a folder") from None
    draft = path.with_name(f".{path.name}.draft.onnx")
    try:
        content = to_onnx(network, measure)
        card = replace(card, inputs=INPUTS, outputs=ports(content))
        draft.write_bytes(content)
        write_card(card, draft)
        parity = compare(network, Session(find_model(draft, card.task)), questions)
        largest = float(np.maximum(parity.ab, parity.chroma))  # NaN if either is
        if not largest <= TOLERANCE * 110:
            raise ModelError(
                f"the exported model differs from torch by {largest:.2f} units of ab; expected at most "
                f"{TOLERANCE * 110:.2f}: not written; please report it with the recipe"
            )
        draft.replace(path)
        write_card(card, path)
    finally:
        for leftover in (draft, draft.with_suffix(".card.json"), draft.with_suffix(".card.md")):
            leftover.unlink(missing_ok=True)
    return parity


def to_onnx(network: ColorNetwork, measure: Unfamiliarity | None = None) -> bytes:
    """The network as ONNX, any height and width that are multiples of 32, large weights in half precision."""
    model = halve(assemble(network, measure))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large float weights as float16, cast back to float32 when the session starts: half the size.

    Weights beyond the range of float16 stay as they are.
    """
    graph = model.graph
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < LARGE:
            continue
        name, weight = tensor.name, numpy_helper.to_array(tensor)
        if np.abs(weight).max() <= np.finfo(np.float16).max:
            tensor.CopyFrom(numpy_helper.from_array(weight.astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model


def compare(network: ColorNetwork, session: Session, questions: list[Planes]) -> Parity:
    """Largest differences between torch and the session over these questions."""
    apart = []
    for planes in questions:
        reply = session(planes=planes)
        with torch.inference_mode():
            colors = network(torch.from_numpy(planes)[None])
        apart.append((_largest(reply["ab"], colors.ab[0]), _largest(reply["chroma"], colors.chroma[0])))
    ab, chroma = np.max(apart, axis=0) * 110  # NaN if any is, unlike Python's max
    return Parity(len(questions), float(ab), float(chroma))


def _largest(exported: Float32[np.ndarray, "c h w"], original: Tensor) -> float:
    return float(np.abs(exported - original.numpy()).max())
