"""A network's graph rewritten so that it answers the same, to rounding, with less work: for quick answers alone.

A mean over a distribution of many bins, softmax and einsum, becomes an exponential and two convolutions of one pixel.
A convolution over joined maps becomes a sum of convolutions over each: those over maps that stay the same can then be
kept (onnx_parts.Graph.frontier), and the others have channels in the numbers that ONNX Runtime is quick with. What is
not found in a graph is left as it is.

Of TensorProto: dims (1), data_type (2), raw_data (9), name (8); of AttributeProto: name (1), i (3), s (4), t (5),
ints (8), type (20).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from safelight.runtime.onnx_parts import (
    INITIALIZER,
    NODE,
    NODE_ATTRIBUTE,
    NODE_INPUT,
    NODE_KIND,
    NODE_OUTPUT,
    Graph,
    Node,
    fields_of,
    in_order,
    message,
    node_of,
    read_varint,
    varint,
)

FLOAT, INT64, HALF = 1, 7, 10  # TensorProto.DataType
TENSOR_DIMS, TENSOR_TYPE, TENSOR_RAW, TENSOR_NAME = 1, 2, 9, 8
ATTRIBUTE_NAME, ATTRIBUTE_TEXT, ATTRIBUTE_TENSOR = 1, 4, 5
QUICK = 8  # channels: convolutions over multiples of it are laid out in blocks
WIDE = 32  # channels from which a map has a convolution of its own

DEPTHS = {FLOAT: "<f4", HALF: "<f2"}

Array = npt.NDArray[np.float32]
Stored = npt.NDArray[np.generic]


def cheaper(
    graph: Graph, channels: Mapping[str, int], kept: Collection[str], varying: Collection[str]
) -> Graph:
    """The graph with both rewritings. channels: of the maps that convolutions join; kept, varying: as in frontier."""
    graph = _means_by_convolution(graph)
    changing = _changing(graph, kept, varying)
    for node in list(graph.nodes):
        if kind_of(node) == "Conv":
            graph = _split(graph, node, channels, changing)
    return graph


def joined_maps(graph: Graph) -> list[str]:
    """The maps that are joined before a convolution: of which `cheaper` must know the channels."""
    names = list[str]()
    for node in graph.nodes:
        if kind_of(node) == "Conv":
            join = _maker(graph, in_order(node, NODE_INPUT)[0])
            if join is not None and kind_of(join) == "Concat":
                names += in_order(join, NODE_INPUT)
    return list(dict.fromkeys(names))


def kind_of(node: Node) -> str:
    """Its op_type."""
    return in_order(node, NODE_KIND)[0]


def _changing(graph: Graph, kept: Collection[str], varying: Collection[str]) -> set[str]:
    """All tensors that depend on `varying` by another way than through `kept`."""
    changing = set(varying)
    for node in graph.nodes:
        if node.needs & changing:
            changing.update(name for name in node.gives if name not in kept)
    return changing


def _means_by_convolution(graph: Graph) -> Graph:
    """Softmax(x) over channels, then Einsum with (q, c) to c channels: exp(x - max), weighted and divided."""
    for node in graph.nodes:
        if kind_of(node) != "Einsum":
            continue
        shares, table = in_order(node, NODE_INPUT)
        softmax, centers = _maker(graph, shares), _constant(graph, table)
        pattern = _attribute(node, "equation").replace(b" ", b"")
        if softmax is None or kind_of(softmax) != "Softmax" or centers is None or not _is_mean(pattern):
            continue
        (x,), out = in_order(softmax, NODE_INPUT), node.gives[0]
        weights = np.ascontiguousarray(centers.T[:, :, None, None])
        made = [
            _node("ReduceMax", [x, f"{out}/axes"], [f"{out}/largest"]),
            _node("Sub", [x, f"{out}/largest"], [f"{out}/below"]),
            _node("Exp", [f"{out}/below"], [f"{out}/share"]),
            _node("Conv", [f"{out}/share", f"{out}/centers"], [f"{out}/sum"]),
            _node("Conv", [f"{out}/share", f"{out}/ones"], [f"{out}/total"]),
            _node("Div", [f"{out}/sum", f"{out}/total"], [out]),
        ]
        tables: dict[str, Stored] = {
            f"{out}/axes": np.array([1], np.int64),
            f"{out}/centers": weights,
            f"{out}/ones": np.ones((1, *weights.shape[1:]), np.float32),
        }
        graph = _replaced(graph, node, made, tables)
    return graph


def _is_mean(equation: bytes) -> bool:
    """Whether it is bqhw,qc->bchw in some letters."""
    inputs, _, output = equation.decode().partition("->")
    first, _, second = inputs.partition(",")
    if len(first) != 4 or len(second) != 2:
        return False
    b, q, h, w = tuple(first)
    return second[0] == q and output == f"{b}{second[1]}{h}{w}"


def _split(graph: Graph, node: Node, channels: Mapping[str, int], changing: Collection[str]) -> Graph:
    """A convolution over joined maps as a sum: over what stays, over each wide map, over the narrow ones."""
    x, weight, *bias = in_order(node, NODE_INPUT)
    join, weights = _maker(graph, x), _constant(graph, weight)
    if join is None or kind_of(join) != "Concat" or weights is None:
        return graph
    maps = in_order(join, NODE_INPUT)
    if any(name not in channels for name in maps) or sum(channels[name] for name in maps) != weights.shape[1]:
        return graph
    ends = np.cumsum([channels[name] for name in maps])
    parts = {
        name: weights[:, end - channels[name] : end] for name, end in zip(maps, ends.tolist(), strict=True)
    }
    staying = [name for name in maps if name not in changing]
    wide = [name for name in maps if name in changing and _is_wide(channels[name])]
    narrow = [name for name in maps if name in changing and not _is_wide(channels[name])]
    groups = [group for group in (staying, *([name] for name in wide), narrow) if group]
    if len(groups) < 2 or len(set(maps)) < len(maps):
        return graph
    out, attributes = node.gives[0], _attributes(node)
    made, tables, sums = list[Node](), dict[str, Stored](), list[str]()
    for number, group in enumerate(groups):
        name = f"{out}/{number}"
        tables[f"{name}/weight"] = np.ascontiguousarray(np.concatenate([parts[each] for each in group], 1))
        seen = group[0]
        if len(group) > 1:
            seen = f"{name}/joined"
            made.append(_node("Concat", group, [seen], _attributes(join)))
        inputs = [seen, f"{name}/weight", *(bias if not number else [])]
        made.append(_node("Conv", inputs, [name], attributes))
        sums.append(name)
    for number in range(1, len(sums)):
        total = out if number == len(sums) - 1 else f"{out}/sum{number}"
        made.append(
            _node("Add", [sums[0] if number == 1 else f"{out}/sum{number - 1}", sums[number]], [total])
        )
    return _replaced(graph, node, made, tables)


def _is_wide(channels: int) -> bool:
    return channels >= WIDE and channels % QUICK == 0


def _replaced(graph: Graph, node: Node, made: Sequence[Node], tables: Mapping[str, Stored]) -> Graph:
    at = next(place for place, each in enumerate(graph.nodes) if each is node)
    nodes = (*graph.nodes[:at], *made, *graph.nodes[at + 1 :])
    initializers = {name: memoryview(_initializer(name, table)) for name, table in tables.items()}
    return replace(graph, nodes=nodes, initializers={**graph.initializers, **initializers})


def _maker(graph: Graph, name: str) -> Node | None:
    return next((node for node in graph.nodes if name in node.gives), None)


def _constant(graph: Graph, name: str) -> Array | None:
    """The numbers of a tensor that is stored: as it is, in half precision and cast, or in a node; None of others."""
    if name in graph.initializers:
        (field,) = fields_of(graph.initializers[name])
        return _numbers(field.content)
    maker = _maker(graph, name)
    if maker is None:
        return None
    if kind_of(maker) == "Cast":
        return _constant(graph, in_order(maker, NODE_INPUT)[0])
    if kind_of(maker) == "Constant":
        return _numbers(_attribute_of(maker, "value", ATTRIBUTE_TENSOR))
    return None


def _numbers(tensor: memoryview | bytes) -> Array | None:
    """float32 of a TensorProto of floats or half floats with raw data."""
    dims, kind, raw = list[int](), 0, b""
    for field in fields_of(memoryview(tensor)):
        if field.number == TENSOR_DIMS:
            dims += _whole_numbers(field.content) if len(field.content) else [_value(field.whole)]
        elif field.number == TENSOR_TYPE:
            kind = _value(field.whole)
        elif field.number == TENSOR_RAW:
            raw = bytes(field.content)
    if kind not in DEPTHS or len(raw) != np.dtype(DEPTHS[kind]).itemsize * int(np.prod(dims)):
        return None
    return np.asarray(np.frombuffer(raw, DEPTHS[kind]).reshape(dims), np.float32)


def _value(whole: memoryview) -> int:
    """The number of a field of one number."""
    return read_varint(whole, read_varint(whole, 0)[1])[0]


def _whole_numbers(content: memoryview) -> list[int]:
    found, at = list[int](), 0
    while at < len(content):
        number, at = read_varint(content, at)
        found.append(number)
    return found


def _attributes(node: Node) -> list[bytes]:
    """The attributes of a node as they stand."""
    (content,) = (field.content for field in fields_of(memoryview(node.whole)))
    return [bytes(field.whole) for field in fields_of(content) if field.number == NODE_ATTRIBUTE]


def _attribute(node: Node, name: str) -> bytes:
    return bytes(_attribute_of(node, name, ATTRIBUTE_TEXT))


def _attribute_of(node: Node, name: str, number: int) -> memoryview | bytes:
    """The field of this number of an attribute; empty if there is none."""
    for whole in _attributes(node):
        (attribute,) = fields_of(memoryview(whole))
        parts = {field.number: field.content for field in fields_of(attribute.content)}
        if bytes(parts.get(ATTRIBUTE_NAME, b"")) == name.encode():
            return parts.get(number, b"")
    return b""


def _node(kind: str, needs: Iterable[str], gives: Sequence[str], attributes: Iterable[bytes] = ()) -> Node:
    content = b"".join(
        (
            *(message(NODE_INPUT, name.encode()) for name in needs),
            *(message(NODE_OUTPUT, name.encode()) for name in gives),
            message(NODE_KIND, kind.encode()),
            *attributes,
        )
    )
    (field,) = fields_of(memoryview(message(NODE, content)))
    return node_of(field)


def _initializer(name: str, table: Stored) -> bytes:
    kind = INT64 if table.dtype == np.int64 else FLOAT
    dims = b"".join(varint(side) for side in table.shape)
    content = (
        message(TENSOR_DIMS, dims),
        varint(TENSOR_TYPE << 3) + varint(kind),
        message(TENSOR_NAME, name.encode()),
        message(TENSOR_RAW, table.tobytes()),
    )
    return message(INITIALIZER, b"".join(content))
