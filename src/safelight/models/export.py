"""A trained network as an ONNX file with its card, checked against torch on real pictures."""

import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from jaxtyping import Float32
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from safelight.arrays import Planes
from safelight.errors import ModelError
from safelight.models.unet import ColorUNet
from safelight.runtime.card import ModelCard, Port
from safelight.runtime.modelfile import find_model, write_card
from safelight.runtime.session import Session

OPSET = 18
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
    Port("chroma", (1, 1, "height", "width"), (0.0, 1.3), "expected chroma / 110, for vivid colours"),
)


class Named(nn.Module):
    """The network with plain tensors as its outputs."""

    def __init__(self, network: ColorUNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Planes to ab and chroma."""
        colors = self.network(planes)
        return colors.ab, colors.chroma


@dataclass(frozen=True)
class Parity:
    """Largest difference between torch and the exported file over some pictures, in units of ab."""

    pictures: int
    ab: float
    chroma: float


def export(network: ColorUNet, card: ModelCard, path: Path, questions: list[Planes]) -> Parity:
    """Write MODEL.onnx and its card, and compare it with torch on these questions (real pictures).

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
        draft.write_bytes(to_onnx(network))
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


def to_onnx(network: ColorUNet) -> bytes:
    """The network as ONNX, any height and width that are multiples of 32, large weights in half precision."""
    free = {name: {2: "height", 3: "width"} for name in ("planes", "ab", "chroma")}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder) / "model.onnx"
        warnings.simplefilter("ignore")
        # The tracing exporter, on purpose: with free sizes torch.export takes minutes over this network.
        torch.onnx.export(
            Named(network).eval(),
            (torch.rand(1, 7, 96, 160),),
            path,
            dynamo=False,
            input_names=["planes"],
            output_names=["ab", "chroma"],
            dynamic_axes=free,
            opset_version=OPSET,
        )
        model = halve(onnx.load(path))
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


def compare(network: ColorUNet, session: Session, questions: list[Planes]) -> Parity:
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
