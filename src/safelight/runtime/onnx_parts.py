"""An ONNX graph cut into parts without the package onnx: what an answer does not need is left out, or kept.

ONNX Runtime computes every output of a graph at each run, named or not, and whatever depends on inputs that stay the
same it computes again. A part is a graph of its own: given tensors in, wanted tensors out, and the nodes between.

A model is a message of Protocol Buffers, of which little is read here: ModelProto.graph (7); GraphProto.node (1),
initializer (5), input (11), output (12); NodeProto.input (1), output (2), op_type (4), attribute (5);
AttributeProto.g (6); TensorProto.name (8); ValueInfoProto.name (1) and type (2). Source: onnx.proto3, release 1.16.
It is read through views: weights are copied once, into the part that has them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

GRAPH, NODE, INITIALIZER, INPUT, OUTPUT = 7, 1, 5, 11, 12
NODE_INPUT, NODE_OUTPUT, NODE_KIND, NODE_ATTRIBUTE, ATTRIBUTE_GRAPH = 1, 2, 4, 5, 6
HAS_GRAPH = bytes(
    [ATTRIBUTE_GRAPH << 3 | 2]
)  # a byte of each attribute that holds a graph, and of some others
TENSOR_NAME, PORT_NAME, PORT_TYPE, ATTRIBUTE_NAME = 8, 1, 2, 1
ELEMENTS = {
    "tensor(float)": 1,
    "tensor(int32)": 6,
    "tensor(int64)": 7,
    "tensor(bool)": 9,
}  # TensorProto.DataType


class Field(NamedTuple):
    """A field of a message: its number, its bytes with tag and length, and what is in it (of lengths alone)."""

    number: int
    whole: memoryview
    content: memoryview


class Node(NamedTuple):
    """A node: its field as it stands, what it takes and gives, its op_type, and the attributes that may hold graphs."""

    whole: memoryview | bytes
    takes: frozenset[str]
    gives: tuple[str, ...]
    kind: str
    inside: tuple[memoryview, ...] = ()

    @property
    def needs(self) -> frozenset[str]:
        """What it takes, and what its graphs take; these are read whenever that is asked for."""
        return self.takes.union(*map(_names_inside, self.inside)) - {""} if self.inside else self.takes


class Kind(NamedTuple):
    """Of a tensor that a part is given: its type, as ONNX Runtime names it, and how many axes it has."""

    type: str
    axes: int


@dataclass(frozen=True)
class Graph:
    """A model of which parts can be cut. nodes are in an order in which each comes after what it needs."""

    around: tuple[Field, ...]  # fields of the model but the graph
    nodes: tuple[Node, ...]
    initializers: Mapping[str, memoryview]
    ports: Mapping[str, memoryview]  # inputs and outputs as they stand
    other: tuple[memoryview, ...]
    inputs: tuple[str, ...] = ()  # those that must be given
    optional: tuple[str, ...] = ()  # those with a value for whoever does not give them
    outputs: tuple[str, ...] = ()

    @classmethod
    def of(cls, model: bytes) -> "Graph":
        """The graph of an ONNX file's bytes. Raises ValueError if they are none."""
        fields = tuple(fields_of(memoryview(model)))
        graphs = [field for field in fields if field.number == GRAPH]
        if len(graphs) != 1:
            raise ValueError(f"found {len(graphs)} graphs; expected an ONNX model with one")
        nodes, initializers, ports, other = (
            list[Node](),
            dict[str, memoryview](),
            dict[str, memoryview](),
            [],
        )
        inputs, outputs = list[str](), list[str]()
        for field in fields_of(graphs[0].content):
            if field.number == NODE:
                nodes.append(node_of(field))
            elif field.number == INITIALIZER:
                initializers[_text(field.content, TENSOR_NAME)] = field.whole
            elif field.number in (INPUT, OUTPUT):
                name = _text(field.content, PORT_NAME)
                ports[name] = field.content
                (inputs if field.number == INPUT else outputs).append(name)
            else:
                other.append(field.whole)
        around = tuple(field for field in fields if field.number != GRAPH)
        return cls(
            around,
            tuple(nodes),
            initializers,
            ports,
            tuple(other),
            tuple(name for name in inputs if name not in initializers),
            tuple(name for name in inputs if name in initializers),
            tuple(outputs),
        )

    def part(self, given: Mapping[str, Kind] | Collection[str], wanted: Sequence[str]) -> bytes:
        """The model that makes the wanted tensors of the given ones.

        given: names of the graph's own inputs, or also of tensors inside, whose Kind must then be told.
        """
        kinds = given if isinstance(given, Mapping) else {}
        nodes = self._between(set(given), wanted)
        needed = set[str]().union(*(node.needs for node in nodes), wanted)
        body = [node.whole for node in nodes]
        body += [whole for name, whole in self.initializers.items() if name in needed and name not in given]
        body += [message(INPUT, self._port(name, kinds.get(name))) for name in given if name in needed]
        body += [message(OUTPUT, self._port(name, None)) for name in wanted]
        graph = (*body, *self.other)
        head = varint(GRAPH << 3 | 2) + varint(sum(map(len, graph)))
        return b"".join((*(field.whole for field in self.around), head, *graph))  # megabytes: copied once

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

    @cached_property
    def makers(self) -> Mapping[str, Node]:
        """The node that makes each tensor."""
        return {name: node for node in self.nodes for name in node.gives}

    def made_between(self, given: Collection[str], wanted: Iterable[str]) -> list[str]:
        """Those of the wanted tensors that are made, and not given."""
        made = {name for node in self.nodes for name in node.gives}
        return [name for name in wanted if name in made and name not in given]

    def _depends(self, name: str, nodes: Iterable[Node], on: Collection[str]) -> bool:
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

    def _between(self, given: Collection[str], wanted: Iterable[str]) -> list[Node]:
        """The nodes that make the wanted tensors of the given ones, in order."""
        needed, kept = set(wanted) - set(given), list[Node]()
        for node in reversed(self.nodes):
            if needed.intersection(node.gives):
                kept.append(node)
                needed |= node.needs - set(given)
        return kept[::-1]

    def with_zeros(self, reshaped: str) -> "Graph":
        """With zeros for a tensor that a Reshape gives: its shape is worked out, its numbers are not."""
        nodes = list(self.nodes)
        at = next(place for place, node in enumerate(nodes) if reshaped in node.gives)
        _, shape = in_order(nodes[at], NODE_INPUT)
        zeros = ((NODE_INPUT, shape), (NODE_OUTPUT, reshaped), (NODE_KIND, "ConstantOfShape"))
        content = b"".join(message(number, text.encode()) for number, text in zeros)
        nodes[at] = Node(message(NODE, content), frozenset({shape}), (reshaped,), "ConstantOfShape")
        return replace(self, nodes=tuple(nodes))

    def unfolded(self) -> "Graph":
        """With the first branch of each If in its place, as it is taken where nothing is known."""
        nodes = list[Node]()
        for node in self.nodes:
            nodes += _first_branch(node) if node.kind == "If" else [node]
        return replace(self, nodes=tuple(nodes))

    def _port(self, name: str, kind: Kind | None) -> bytes | memoryview:
        if kind is None and name in self.ports:
            return self.ports[name]
        port = message(PORT_NAME, name.encode())
        if kind is None:
            return port  # of an output: ONNX Runtime infers its type
        shape = message(2, b"".join(message(1, b"") for _ in range(kind.axes)))
        tensor = b"\x08" + varint(ELEMENTS[kind.type]) + shape
        return port + message(PORT_TYPE, message(1, tensor))


ATTENTION = "/attention/"  # in the names of what tasks/colorize/network.py's HintAttention makes


def without_attention(graph: Graph) -> Graph:
    """A colorizing network as it answers where there are no hints: zeros for what attention carries, which it then is.

    That is the last thing that attention reshapes. The graph itself where there is none.
    """
    carried = [
        node.gives[0]
        for node in graph.nodes
        if node.kind == "Reshape" and node.gives and ATTENTION in node.gives[0]
    ]
    return graph.with_zeros(carried[-1]) if carried else graph


def kinds_of(session: Any) -> dict[str, Kind]:
    """The kinds of what a session of ONNX Runtime gives."""
    return {port.name: Kind(port.type, len(port.shape)) for port in session.get_outputs()}


def in_order(node: Node, number: int) -> list[str]:
    """The texts of a node's fields of one number."""
    (content,) = (field.content for field in fields_of(memoryview(node.whole)))
    return [str(field.content, "utf8") for field in fields_of(content) if field.number == number]


def _first_branch(node: Node) -> list[Node]:
    """The nodes of an If's then_branch, and what names their results as the If does."""
    (content,) = (field.content for field in fields_of(memoryview(node.whole)))
    branches = (field.content for field in fields_of(content) if field.number == NODE_ATTRIBUTE)
    then = next(each for each in branches if _text(each, ATTRIBUTE_NAME) == "then_branch")
    (graph,) = (field.content for field in fields_of(then) if field.number == ATTRIBUTE_GRAPH)
    nodes = [node_of(field) for field in fields_of(graph) if field.number == NODE]
    made = [_text(field.content, PORT_NAME) for field in fields_of(graph) if field.number == OUTPUT]
    for inside, outside in zip(made, node.gives, strict=True):
        named = ((NODE_INPUT, inside), (NODE_OUTPUT, outside), (NODE_KIND, "Identity"))
        body = b"".join(message(number, text.encode()) for number, text in named)
        nodes.append(Node(message(NODE, body), frozenset({inside}), (outside,), "Identity"))
    return nodes


def node_of(field: Field) -> Node:
    """A node of a graph."""
    content = field.content
    takes, gives, inside, kind = list[str](), list[str](), list[memoryview](), ""
    for number, _, first, end in _places(content):
        if number == NODE_INPUT:
            takes.append(str(content[first:end], "utf8"))
        elif number == NODE_OUTPUT:
            gives.append(str(content[first:end], "utf8"))
        elif number == NODE_ATTRIBUTE:
            attribute = content[first:end]
            if HAS_GRAPH in bytes(attribute):
                inside.append(attribute)
        elif number == NODE_KIND:
            kind = str(content[first:end], "utf8")
    return Node(field.whole, frozenset(takes) - {""}, tuple(gives), kind, tuple(inside))


def _names_inside(attribute: memoryview) -> set[str]:
    """What the graph of a branch takes: its own tensors too, whose names nobody else has."""
    names = set[str]()
    for graph in (part for part in fields_of(attribute) if part.number == ATTRIBUTE_GRAPH):
        for part in fields_of(graph.content):
            if part.number == NODE:
                names |= node_of(part).needs
            elif part.number == OUTPUT:
                names.add(_text(part.content, PORT_NAME))
    return names


def _text(message: memoryview, number: int) -> str:
    return next((str(field.content, "utf8") for field in fields_of(message) if field.number == number), "")


def fields_of(content: memoryview) -> Iterator[Field]:
    """The fields of a message one after the other. Raises ValueError where it is none."""
    for number, start, first, end in _places(content):
        yield Field(number, content[start:end], content[first:end])


def _places(content: memoryview) -> Iterator[tuple[int, int, int, int]]:
    """Of each field of a message: its number, where it starts, where what is in it starts (of lengths alone), its end.

    Raises ValueError where it is none.
    """
    at, end = 0, len(content)
    while at < end:
        start, tag = at, content[at]
        at += 1
        if tag > 127:
            tag, at = read_varint(content, start)
        kind = tag & 7
        if kind == 2:
            length = content[at] if at < end else 128
            first = at + 1
            if length > 127:
                length, first = read_varint(content, at)
            at = first + length
        elif kind == 0:
            _, at = read_varint(content, at)
            first = at
        elif kind in (1, 5):
            first = at = at + (8 if kind == 1 else 4)
        else:
            raise ValueError("the message is not one of Protocol Buffers")
        if at > end:
            raise ValueError("the message is cut off")
        yield tag >> 3, start, first, at


def read_varint(content: memoryview, at: int) -> tuple[int, int]:
    """A whole number of Protocol Buffers at a place, and the place after it. Raises ValueError."""
    value = shift = 0
    while at < len(content) and shift < 70:
        byte = content[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at
    raise ValueError("the message is cut off")


def varint(value: int) -> bytes:
    """The inverse of `read_varint`."""
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes((*encoded, value))


def message(number: int, content: bytes | memoryview) -> bytes:
    """A field of this number that holds bytes."""
    return b"".join((varint(number << 3 | 2), varint(len(content)), content))
