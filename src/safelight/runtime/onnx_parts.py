"""An ONNX graph cut into parts without the package onnx: what an answer does not need is left out, or kept.

ONNX Runtime computes every output of a graph at each run, named or not, and whatever depends on inputs that stay the
same it computes again. A part is a graph of its own: given tensors in, wanted tensors out, and the nodes between.

A model is a message of Protocol Buffers, of which little is read here: ModelProto.graph (7); GraphProto.node (1),
initializer (5), input (11), output (12); NodeProto.input (1), output (2), op_type (4), attribute (5);
AttributeProto.g (6); TensorProto.name (8); ValueInfoProto.name (1) and type (2). Source: onnx.proto3, release 1.16.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

GRAPH, NODE, INITIALIZER, INPUT, OUTPUT = 7, 1, 5, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_ATTRIBUTE, ATTRIBUTE_GRAPH = 1, 2, 5, 6
TENSOR_NAME, PORT_NAME, PORT_TYPE = 8, 1, 2
ELEMENTS = {
    "tensor(float)": 1,
    "tensor(int32)": 6,
    "tensor(int64)": 7,
    "tensor(bool)": 9,
}  # TensorProto.DataType


class _Field(NamedTuple):
    """A field of a message: its number, its bytes with tag and length, and what is in it (of lengths alone)."""

    number: int
    whole: bytes
    content: bytes


@dataclass(frozen=True)
class _Node:
    whole: bytes
    needs: frozenset[str]
    gives: tuple[str, ...]


class Kind(NamedTuple):
    """Of a tensor that a part is given: its type, as ONNX Runtime names it, and how many axes it has."""

    type: str
    axes: int


@dataclass(frozen=True)
class Graph:
    """A model of which parts can be cut. nodes are in an order in which each comes after what it needs."""

    around: tuple[_Field, ...]  # fields of the model but the graph
    nodes: tuple[_Node, ...]
    initializers: Mapping[str, bytes]
    ports: Mapping[str, bytes]  # inputs and outputs as they stand
    other: tuple[bytes, ...]

    @classmethod
    def of(cls, model: bytes) -> "Graph":
        """The graph of an ONNX file's bytes. Raises ValueError if they are none."""
        fields = tuple(_fields(model))
        graphs = [field for field in fields if field.number == GRAPH]
        if len(graphs) != 1:
            raise ValueError(f"found {len(graphs)} graphs; expected an ONNX model with one")
        nodes, initializers, ports, other = [], {}, {}, []
        for field in _fields(graphs[0].content):
            if field.number == NODE:
                nodes.append(_node(field))
            elif field.number == INITIALIZER:
                initializers[_text(field.content, TENSOR_NAME)] = field.whole
            elif field.number in (INPUT, OUTPUT):
                ports[_text(field.content, PORT_NAME)] = field.content
            else:
                other.append(field.whole)
        around = tuple(field for field in fields if field.number != GRAPH)
        return cls(around, tuple(nodes), initializers, ports, tuple(other))

    def part(self, given: Mapping[str, Kind] | Collection[str], wanted: Sequence[str]) -> bytes:
        """The model that makes the wanted tensors of the given ones.

        given: names of the graph's own inputs, or also of tensors inside, whose Kind must then be told.
        """
        kinds = given if isinstance(given, Mapping) else {}
        nodes = self._between(set(given), wanted)
        needed = set[str]().union(*(node.needs for node in nodes), wanted)
        body = [node.whole for node in nodes]
        body += [whole for name, whole in self.initializers.items() if name in needed and name not in given]
        body += [_message(INPUT, self._port(name, kinds.get(name))) for name in given if name in needed]
        body += [_message(OUTPUT, self._port(name, None)) for name in wanted]
        return b"".join(field.whole for field in self.around) + _message(
            GRAPH, b"".join((*body, *self.other))
        )

    def frontier(self, given: Collection[str], varying: Collection[str], wanted: Sequence[str]) -> list[str]:
        """Tensors that depend on `given` alone, and are all that is needed of them beside `varying`.

        Made once and kept, they spare whatever else depends on `given`.
        """
        nodes = self._between({*given, *varying}, wanted)
        changing = set(varying)
        for node in nodes:
            if node.needs & changing:
                changing.update(node.gives)
        made = {name for node in nodes for name in node.gives} | set(given)
        fixed = {name for name in made if name not in changing and self._depends(name, nodes, given)}
        used = set(wanted).union(*(node.needs for node in nodes if node.needs & changing))
        return [name for name in sorted(fixed) if name in used]

    def _depends(self, name: str, nodes: Iterable[_Node], on: Collection[str]) -> bool:
        """Whether the tensor is one of these or made of one; others are constants."""
        by_name = {made: node for node in nodes for made in node.gives}
        todo, seen = [name], set[str]()
        while todo:
            each = todo.pop()
            if each in on:
                return True
            if each in by_name and each not in seen:
                todo.extend(by_name[each].needs)
            seen.add(each)
        return False

    def _between(self, given: Collection[str], wanted: Iterable[str]) -> list[_Node]:
        """The nodes that make the wanted tensors of the given ones, in order."""
        needed, kept = set(wanted) - set(given), list[_Node]()
        for node in reversed(self.nodes):
            if needed.intersection(node.gives):
                kept.append(node)
                needed |= node.needs - set(given)
        return kept[::-1]

    def _port(self, name: str, kind: Kind | None) -> bytes:
        if kind is None and name in self.ports:
            return self.ports[name]
        port = _message(PORT_NAME, name.encode())
        if kind is None:
            return port  # of an output: ONNX Runtime infers its type
        shape = _message(2, b"".join(_message(1, b"") for _ in range(kind.axes)))
        tensor = b"\x08" + _varint(ELEMENTS[kind.type]) + shape
        return port + _message(PORT_TYPE, _message(1, tensor))


def kinds_of(session: Any) -> dict[str, Kind]:
    """The kinds of what a session of ONNX Runtime gives."""
    return {port.name: Kind(port.type, len(port.shape)) for port in session.get_outputs()}


def _node(field: _Field) -> _Node:
    needs, gives = set[str](), list[str]()
    for part in _fields(field.content):
        if part.number == NODE_INPUT:
            needs.add(part.content.decode())
        elif part.number == NODE_OUTPUT:
            gives.append(part.content.decode())
        elif part.number == NODE_ATTRIBUTE:
            needs |= _names_inside(part.content)
    return _Node(field.whole, frozenset(needs - {""}), tuple(gives))


def _names_inside(attribute: bytes) -> set[str]:
    """What the graph of a branch takes: its own tensors too, whose names nobody else has."""
    names = set[str]()
    for graph in (part for part in _fields(attribute) if part.number == ATTRIBUTE_GRAPH):
        for part in _fields(graph.content):
            if part.number == NODE:
                names |= _node(part).needs
            elif part.number == OUTPUT:
                names.add(_text(part.content, PORT_NAME))
    return names


def _text(message: bytes, number: int) -> str:
    return next((field.content.decode() for field in _fields(message) if field.number == number), "")


def _fields(message: bytes) -> Iterator[_Field]:
    """The fields of a message one after the other. Raises ValueError where it is none."""
    at = 0
    while at < len(message):
        start = at
        tag, at = _read_varint(message, at)
        kind, content = tag & 7, b""
        if kind == 0:
            _, at = _read_varint(message, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        elif kind == 2:
            length, at = _read_varint(message, at)
            content = message[at : at + length]
            at += length
        else:
            raise ValueError("the message is not one of Protocol Buffers")
        if at > len(message):
            raise ValueError("the message is cut off")
        yield _Field(tag >> 3, message[start:at], content)


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 70:
        byte = message[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise ValueError("the message is cut off")


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes((*encoded, value))


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content
