"""A network as ONNX files with their cards, checked against torch on real pictures.

A task describes its files as `ModelPart`s; how they are traced, checked and written is the same for all.
"""

import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import ModelProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

from safelight.arrays import Planes
from safelight.errors import ModelError
from safelight.files import new_file
from safelight.runtime.card import ModelCard, Port
from safelight.runtime.modelfile import find_model, write_card
from safelight.runtime.session import Session

OPSET = 18
LARGE = 1024  # weights with at least so many numbers are stored in half precision
USED_AT = 32  # photos are given to networks in sizes that are multiples of this
EXAMPLE_SIDES = {"height": 64, "width": 96}  # of ports whose size is free, while they are traced


@dataclass(frozen=True)
class ModelPart:
    """One file of a model: the module in it, its ports, and how far the file may stray from torch.

    task: that of its card. module: from a tensor for the input to one, or several, for the first `outputs`.
    tolerance: largest difference, in the outputs' own numbers; 1 of these are `per_one` of `unit`.
    ending: of its file's name, behind the model's. multiple: heights and widths that the module takes.
    trace: module to ONNX, where that is not `traced`. further: range and meaning of outputs that only the file has.
    """

    task: str
    module: nn.Module
    input: Port
    outputs: tuple[Port, ...]
    tolerance: float
    unit: str
    per_one: float = 1.0
    ending: str = ".onnx"
    multiple: int = 1
    trace: Callable[[nn.Module], ModelProto] | None = None
    further: Mapping[str, tuple[tuple[float, float], str]] = field(default_factory=dict)

    def example(self) -> Tensor:
        """A tensor that the module takes."""
        return torch.zeros([EXAMPLE_SIDES.get(str(side)) or int(side) for side in self.input.shape])

    def to_onnx(self, module: nn.Module) -> ModelProto:
        """This module, or one like it, as ONNX with weights in single precision."""
        if self.trace is not None:
            return self.trace(module)
        ports = (self.input, *self.outputs)
        free = {port.name: "" for port in ports if "height" in port.shape}
        return traced(module, {self.input.name: self.example()}, [port.name for port in self.outputs], free)

    def ports(self, model: ModelProto) -> tuple[Port, ...]:
        """The outputs that the file has, for its card."""
        known = {port.name: port for port in self.outputs}
        return tuple(known.get(output.name) or self._further(output) for output in model.graph.output)

    def _further(self, output: onnx.ValueInfoProto) -> Port:
        shape = tuple(side.dim_param or side.dim_value for side in output.type.tensor_type.shape.dim)
        return Port(output.name, shape, *self.further[output.name])


@dataclass(frozen=True)
class Parity:
    """Largest difference between torch and an exported file over some pictures, in `unit`."""

    images: int
    largest_difference: float
    unit: str

    def __str__(self) -> str:
        return f"{self.largest_difference:.2g} {self.unit}"


def export_onnx(
    parts: Sequence[ModelPart], card: ModelCard, out: Path, samples: Sequence[Sequence[Planes]]
) -> list[Parity]:
    """Write the files of a model and their cards, and compare each with torch on its samples.

    out: NAME.onnx; a part's ending stands in place of .onnx. card: of the whole; tasks and ports are filled in.
    samples: for each part, inputs made of real pictures. Raises ModelError, and then nothing new stands there.
    """
    if not all(samples):
        raise ModelError("there are no pictures to check the exported model with; expected one at least")
    files = [_made(part, card) for part in parts]
    with tempfile.TemporaryDirectory() as folder:
        drafts = [
            _write(content, made, part_path(Path(folder) / out.name, part)) for part, made, content in files
        ]
        parities = [
            compare(part, Session(find_model(draft, part.task)), inputs)
            for part, draft, inputs in zip(parts, drafts, samples, strict=True)
        ]
    for part, parity in zip(parts, parities, strict=True):
        most = part.tolerance * part.per_one
        if not parity.largest_difference <= most:  # NaN fails this too
            raise ModelError(
                f"the exported model differs from torch by {parity.largest_difference:.3g} {part.unit}; expected at "
                f"most {most:.3g}: not written; please report it with the recipe"
            )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{out.parent}: cannot be made ({error.strerror}); give -o in a folder") from None
    for part, made, content in files:
        _write(content, made, part_path(out, part))
    return parities


def part_path(out: Path, part: ModelPart) -> Path:
    """Where a part of the model NAME.onnx stands."""
    return Path(f"{out.with_suffix('')}{part.ending}")


def to_bytes(part: ModelPart) -> bytes:
    """The part's module as an ONNX file, large weights in half precision."""
    model = halve(part.to_onnx(part.module.eval().to(memory_format=torch.contiguous_format)))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def compare(part: ModelPart, session: Session, samples: Sequence[Planes]) -> Parity:
    """Largest difference between torch and the session over these inputs; NaN if any is."""
    differences = []
    for sample in samples:
        with torch.inference_mode():
            wanted = part.module(torch.from_numpy(sample)[None])
        reply = session(**{part.input.name: sample})
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        differences += [
            np.abs(reply[port.name] - tensor[0].numpy()).max()
            for port, tensor in zip(part.outputs, wanted, strict=True)
        ]
    return Parity(len(samples), float(np.max(differences)) * part.per_one, part.unit)


def traced(
    module: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str], free: Mapping[str, str]
) -> ModelProto:
    """A module as ONNX. free: maps whose height and width are free, and what stands behind these words in the file."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder) / "part.onnx"
        warnings.simplefilter("ignore")
        # The tracing exporter, on purpose: with free sizes torch.export takes minutes over the colorizing network.
        torch.onnx.export(
            module.eval(),
            tuple(inputs.values()),
            path,
            dynamo=False,
            input_names=list(inputs),
            output_names=list(outputs),
            dynamic_axes={name: {2: f"height{share}", 3: f"width{share}"} for name, share in free.items()},
            opset_version=OPSET,
        )
        return onnx.load(path)


def halve(model: ModelProto) -> ModelProto:
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


def _made(part: ModelPart, card: ModelCard) -> tuple[ModelPart, ModelCard, bytes]:
    """The part with its card and its content. Raises ModelError for a network that photos cannot be given to."""
    if USED_AT % part.multiple:
        raise ModelError(
            f"this network takes multiples of {part.multiple} pixels, photos are looked at in multiples of {USED_AT}: "
            "train it with fewer --model.steps"
        )
    content = to_bytes(part)
    ports = part.ports(onnx.load_from_string(content))
    return part, replace(card, task=part.task, inputs=(part.input,), outputs=ports), content


def _write(content: bytes, card: ModelCard, path: Path) -> Path:
    """The file stands there whole, or not at all; its card after it."""
    with new_file(path, overwrite=True) as file:
        file.write(content)
    write_card(card, path)
    return path
