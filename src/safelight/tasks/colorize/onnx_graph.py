"""Trunk and head of a colorizing network in one ONNX file, of which the trunk need not run again for a photo.

The file begins with an If. Given planes alone, the trunk encodes the photo. Given also what it made of this
photo before (`known_half`, `known_quarter`, ...), it is left out, and a new hint costs the head alone.
These inputs are optional in ONNX's own way, as initializers that a caller may override: whoever knows
nothing of them gives planes and gets colors.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, compose, helper, numpy_helper
from torch import Tensor, nn

from safelight.nn.export import traced
from safelight.nn.layers import pool_to
from safelight.runtime.session import DISTRIBUTION, KNOWN
from safelight.shaped import Float
from safelight.tasks.colorize.familiarity import Unfamiliarity, pool
from safelight.tasks.colorize.network import ColorNetwork, ColorUNet, PlainColorizer
from safelight.tasks.colorize.restore import UNFAMILIARITY

MAPS = {  # and their size
    "planes": "",
    "ab": "",
    "chroma": "",
    "half": "/2",
    "quarter": "/4",
    "eighth": "/8",
    DISTRIBUTION: "/8",
}
CACHED = ("half", "quarter", "eighth")  # what the head needs of the trunk
FEATURES = "features"
EXAMPLE = (1, 7, 96, 160)
TRUNK = "look/"  # before the names of all that is inside it


class Whole(nn.Module):
    """Planes to ab and chroma."""

    def __init__(self, network: ColorNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Float[Tensor, "b 7 h w"]) -> tuple[Tensor, Tensor]:
        """ab / 110 and the expected chroma / 110."""
        colors = self.network(planes)
        return colors.ab, colors.chroma


class Trunk(nn.Module):
    """The trunk: planes to maps at a half, a quarter and an eighth of the size, and the pooled features."""

    def __init__(self, network: ColorUNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Float[Tensor, "b 7 h w"]) -> tuple[Tensor, ...]:
        """What CACHED and FEATURES name."""
        levels, eighth = self.network.encode(planes)
        return levels[0], levels[1], eighth, pool(levels)


class Head(nn.Module):
    """The head: planes and the trunk's maps to ab and chroma, and to how likely each bin of color is."""

    def __init__(self, network: ColorUNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Tensor, half: Tensor, quarter: Tensor, eighth: Tensor) -> tuple[Tensor, ...]:
        """ab / 110, the expected chroma / 110 and, of a network with bins, how likely each is in each eighth."""
        colors = self.network.decode(planes, [half, quarter], eighth)
        if colors.logits is None:
            return colors.ab, colors.chroma
        return colors.ab, colors.chroma, pool_to(colors.logits.float().softmax(1), 2)


def assemble(network: ColorNetwork, measure: Unfamiliarity | None = None) -> ModelProto:
    """The network as ONNX: planes to ab and chroma, and what the trunk gives, which it then takes back.

    measure: how unfamiliar the features are, one more output. A plain network, and one whose encoder
    sees the hints, is not divided and has no features.
    """
    network = network.eval()
    planes = {"planes": torch.zeros(EXAMPLE)}
    if isinstance(network, PlainColorizer) or network.settings.hints_in == "stem":
        return _traced(Whole(network), planes, ("ab", "chroma"))
    trunk = Trunk(network)
    with torch.no_grad():
        maps = dict(zip((*CACHED, FEATURES), trunk(**planes), strict=True))
    outputs = ("ab", "chroma", *([DISTRIBUTION] if network.bins else []))
    parts = [_traced(Head(network), planes | {name: maps[name] for name in CACHED}, outputs)]
    if measure is not None:
        parts.append(_traced(measure, {FEATURES: maps[FEATURES]}, (UNFAMILIARITY,)))
    return join(_traced(trunk, planes, tuple(maps)), *parts)


def _traced(module: nn.Module, inputs: Mapping[str, Tensor], outputs: Sequence[str]) -> ModelProto:
    return traced(module, inputs, outputs, {name: MAPS[name] for name in (*inputs, *outputs) if name in MAPS})


def join(trunk: ModelProto, *after: ModelProto) -> ModelProto:
    """One model: what the parts `after` say, then what the trunk says, which may be given back to spare it."""
    trunk = _prefixed(trunk, TRUNK)
    maps = {port.name.removeprefix(TRUNK): _shape(port) for port in trunk.graph.output}
    parts = [_prefixed(part, f"{number}/") for number, part in enumerate(after)]
    graph = helper.make_graph(
        [*_trunk_or_cache(trunk.graph, maps), *(node for part in parts for node in part.graph.node)],
        "colors",
        [*trunk.graph.input, *(_port(KNOWN + name, shape) for name, shape in maps.items())],
        [port for part in parts for port in part.graph.output]
        + [_port(name, shape) for name, shape in maps.items()],
        [each for part in (trunk, *parts) for each in part.graph.initializer]
        + [_ZERO, *(_nothing(KNOWN + name, shape) for name, shape in maps.items())],
    )
    return helper.make_model(graph, opset_imports=trunk.opset_import, ir_version=trunk.ir_version)


_Shape = list[int | str]
_ZERO = numpy_helper.from_array(np.array(0, np.int64), "zero")


def _prefixed(part: ModelProto, prefix: str) -> ModelProto:
    """The part with names of its own for all that is inside it (and, of the trunk, for what it gives)."""
    return compose.add_prefix(part, prefix, rename_inputs=False, rename_outputs=prefix == TRUNK)


def _trunk_or_cache(trunk: GraphProto, maps: Mapping[str, _Shape]) -> list[NodeProto]:
    """If nothing is known, the trunk; else what is known."""
    encode = helper.make_graph(list(trunk.node), "look", [], list(trunk.output))
    recall = helper.make_graph(
        [helper.make_node("Identity", [KNOWN + name], [f"recall/{name}"]) for name in maps],
        "recall",
        [],
        [_port(f"recall/{name}", shape) for name, shape in maps.items()],
    )
    return [
        helper.make_node("Size", [KNOWN + next(iter(maps))], ["known_size"]),
        helper.make_node("Equal", ["known_size", _ZERO.name], ["is_new"]),
        helper.make_node("If", ["is_new"], list(maps), then_branch=encode, else_branch=recall),
    ]


def _shape(port: Any) -> _Shape:
    """One picture at a time; the tracer does not always know that."""
    return [1, *(side.dim_param or side.dim_value for side in port.type.tensor_type.shape.dim[1:])]


def _port(name: str, shape: _Shape) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _nothing(name: str, shape: _Shape) -> TensorProto:
    """The value of an input that is not given: a map without places. A vector needs none to be spared."""
    sides = [side if isinstance(side, int) else 0 for side in shape]
    return numpy_helper.from_array(np.zeros(sides, np.float32), name)
