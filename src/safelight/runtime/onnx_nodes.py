"""Nodes and stored numbers of an ONNX graph, read and made: what rewriting a graph takes (onnx_cheaper.py).

Of TensorProto: dims (1), data_type (2), raw_data (9), name (8); of AttributeProto: name (1), i (3), s (4), t (5),
ints (8), type (20). Source: onnx.proto3, release 1.16.
"""

from collections.abc import Iterable, Mapping, Sequence
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
ATTRIBUTE_NAME, ATTRIBUTE_NUMBER, ATTRIBUTE_TEXT, ATTRIBUTE_TENSOR, ATTRIBUTE_NUMBERS, ATTRIBUTE_KIND = (
    1,
    3,
    4,
    5,
    8,
    20,
)
NUMBER, TEXT = 2, 3  # AttributeProto.AttributeType

DEPTHS = {FLOAT: "<f4", HALF: "<f2"}

Array = npt.NDArray[np.float32]
Stored = npt.NDArray[np.generic]


def with_replaced(graph: Graph, node: Node, made: Sequence[Node], tables: Mapping[str, Stored]) -> Graph:
    """The graph with other nodes in the place of one, and with the numbers that they need."""
    at = next(place for place, each in enumerate(graph.nodes) if each is node)
    nodes = (*graph.nodes[:at], *made, *graph.nodes[at + 1 :])
    initializers = {name: memoryview(_initializer(name, table)) for name, table in tables.items()}
    return replace(graph, nodes=nodes, initializers={**graph.initializers, **initializers})


def maker_of(graph: Graph, name: str) -> Node | None:
    """The node that makes a tensor; None of others."""
    return graph.makers.get(name)


def numbers_of(graph: Graph, name: str) -> Array | None:
    """The numbers of a tensor that is stored: as it is, in half precision and cast, or in a node; None of others."""
    if name in graph.initializers:
        (field,) = fields_of(graph.initializers[name])
        return _numbers(field.content)
    maker = maker_of(graph, name)
    if maker is None:
        return None
    if maker.kind == "Cast":
        return numbers_of(graph, in_order(maker, NODE_INPUT)[0])
    if maker.kind == "Constant":
        return _numbers(attribute_of(maker, "value", ATTRIBUTE_TENSOR))
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


def attributes_of(node: Node) -> list[bytes]:
    """The attributes of a node as they stand."""
    (content,) = (field.content for field in fields_of(memoryview(node.whole)))
    return [bytes(field.whole) for field in fields_of(content) if field.number == NODE_ATTRIBUTE]


def text_of(node: Node, name: str) -> bytes:
    """An attribute that is a text; empty if there is none."""
    return bytes(attribute_of(node, name, ATTRIBUTE_TEXT))


def numbers_in(node: Node, name: str) -> list[int]:
    """The whole number of an attribute, or its numbers; none if there is no such one."""
    found = list[int]()
    for field in fields_of(_attribute(node, name)):
        if field.number in (ATTRIBUTE_NUMBER, ATTRIBUTE_NUMBERS):
            found += _whole_numbers(field.content) if len(field.content) else [_value(field.whole)]
    return found


def attribute_of(node: Node, name: str, number: int) -> memoryview | bytes:
    """The field of this number of an attribute; empty if there is none."""
    parts = {field.number: field.content for field in fields_of(_attribute(node, name))}
    return parts.get(number, b"")


def _attribute(node: Node, name: str) -> memoryview:
    """What an attribute of this name holds, empty if there is none."""
    for whole in attributes_of(node):
        (attribute,) = fields_of(memoryview(whole))
        names = (field.content for field in fields_of(attribute.content) if field.number == ATTRIBUTE_NAME)
        if bytes(next(names, b"")) == name.encode():
            return attribute.content
    return memoryview(b"")


def text_attribute(name: str, text: str) -> bytes:
    """An attribute that is a text, for `new_node`."""
    parts = message(ATTRIBUTE_NAME, name.encode()), message(ATTRIBUTE_TEXT, text.encode())
    kind = varint(ATTRIBUTE_KIND << 3) + varint(TEXT)
    return message(NODE_ATTRIBUTE, b"".join((*parts, kind)))


def number_attribute(name: str, number: int) -> bytes:
    """An attribute that is a whole number, for `new_node`."""
    kind = varint(ATTRIBUTE_KIND << 3) + varint(NUMBER)
    value = varint(ATTRIBUTE_NUMBER << 3) + varint(number)
    return message(NODE_ATTRIBUTE, b"".join((message(ATTRIBUTE_NAME, name.encode()), value, kind)))


def new_node(kind: str, needs: Iterable[str], gives: Sequence[str], attributes: Iterable[bytes] = ()) -> Node:
    """A node of that op_type; attributes as `attributes_of` gives them."""
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
