"""A network's graph rewritten so that it answers the same, to the bit or to rounding, with less work.

For all runs: a convolution pads its own input (`with_own_padding`, bit by bit the same), has channels in the numbers
that ONNX Runtime is quick with (`with_quick_channels`), and a mean over a distribution of many bins, softmax and
einsum, becomes an exponential and a convolution of one pixel (`with_quick_means`).
For quick answers to hints (`cheaper`): a convolution over joined maps becomes a sum of convolutions over each, so that
those over maps that stay the same can be kept (onnx_parts.Graph.frontier).
What is not found in a graph is left as it is.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np

from safelight.runtime.onnx_nodes import (
    Array,
    Stored,
    attributes_of,
    maker_of,
    new_node,
    number_attribute,
    numbers_in,
    numbers_of,
    text_attribute,
    text_of,
    with_replaced,
)
from safelight.runtime.onnx_parts import NODE_INPUT, Graph, Node, in_order

QUICK = 8  # channels: convolutions over multiples of it are laid out in blocks
NOTHING: Array = np.zeros(1, np.float32)  # what a Pad adds that names nothing else
WIDE = 32  # channels from which a map has a convolution of its own


def cheaper(
    graph: Graph, channels: Mapping[str, int], kept: Collection[str], varying: Collection[str]
) -> Graph:
    """The graph with both rewritings. channels: of the maps that convolutions join; kept, varying: as in frontier."""
    graph = with_quick_means(graph)
    changing = _changing(graph, kept, varying)
    for node in list(graph.nodes):
        if node.kind == "Conv":
            graph = _split(graph, node, channels, changing)
    return graph


def joined_maps(graph: Graph) -> list[str]:
    """The maps that are joined before a convolution: of which `cheaper` must know the channels."""
    names = list[str]()
    for node in graph.nodes:
        if node.kind == "Conv":
            join = maker_of(graph, in_order(node, NODE_INPUT)[0])
            if join is not None and join.kind == "Concat":
                names += in_order(join, NODE_INPUT)
    return list(dict.fromkeys(names))


def _changing(graph: Graph, kept: Collection[str], varying: Collection[str]) -> set[str]:
    """All tensors that depend on `varying` by another way than through `kept`."""
    changing = set(varying)
    for node in graph.nodes:
        if node.needs & changing:
            changing.update(name for name in node.gives if name not in kept)
    return changing


def with_own_padding(graph: Graph) -> Graph:
    """Convolutions that pad their own input, where a node before each does so and others work out by how much.

    So timm's encoders are exported, which take pictures of any size: TensorFlow's padding, "same", is one of ONNX's
    own. Bit by bit the same, without the copies, and with half of the nodes.
    """
    return replace(graph, nodes=tuple(_padding_itself(node, graph) for node in graph.nodes))


def _padding_itself(node: Node, graph: Graph) -> Node:
    if node.kind != "Conv":
        return node
    x, *others = in_order(node, NODE_INPUT)
    pad = maker_of(graph, x)
    if pad is None or pad.kind != "Pad":
        return node
    padded_twice = any(numbers_in(node, "pads")) or text_of(node, "auto_pad") not in (b"", b"NOTSET")
    if padded_twice or not _is_same(pad, graph):
        return node
    kept = [
        each for each in attributes_of(node) if b"\n\x04pads" not in each and b"\n\x08auto_pad" not in each
    ]
    same = text_attribute("auto_pad", "SAME_UPPER")
    return new_node("Conv", [in_order(pad, NODE_INPUT)[0], *others], node.gives, [*kept, same])


def _is_same(pad: Node, graph: Graph) -> bool:
    """Whether zeros are added, as many as the size of the input alone tells, by sides divided and rounded up."""
    x, amounts, *more = in_order(pad, NODE_INPUT)
    filled = numbers_of(graph, more[0]) if any(more[:1]) else NOTHING
    if any(more[1:]):  # axes: not of the maps alone
        return False
    if text_of(pad, "mode") not in (b"", b"constant") or filled is None or filled.any():
        return False
    todo, kinds = {amounts}, set[str]()
    seen = {x}
    while todo:
        name = todo.pop()
        seen.add(name)
        maker = maker_of(graph, name)
        if maker is not None:
            kinds.add(maker.kind)
            todo |= maker.needs - seen
        elif name not in graph.initializers:
            return False
    return {"Shape", "Ceil"} <= kinds


def with_quick_channels(graph: Graph) -> Graph:
    """Convolutions over joined maps with zeros for weights of some channels more, up to a multiple of QUICK."""
    joins = {node.gives[0]: node for node in graph.nodes if node.kind == "Concat"}
    for node in graph.nodes:
        join = joins.get(in_order(node, NODE_INPUT)[0]) if node.kind == "Conv" else None
        if join is not None:
            graph = _filled_up(graph, node, join)
    return graph


def _filled_up(graph: Graph, node: Node, join: Node) -> Graph:
    _, weight, *bias = in_order(node, NODE_INPUT)
    weights = numbers_of(graph, weight)
    if numbers_in(join, "axis") != [1] or numbers_in(node, "group") not in ([], [1]) or weights is None:
        return graph
    missing = -weights.shape[1] % QUICK
    maps = in_order(join, NODE_INPUT)
    spare = next((name for name in maps if (_channels_of(graph, name) or 0) >= missing), None)
    if not missing or spare is None:
        return graph
    out = node.gives[0]
    names = [f"{out}/{part}" for part in ("first", "missing", "channels")]
    made = [
        new_node("Slice", [spare, *names], [f"{out}/more"]),
        new_node("Concat", [*maps, f"{out}/more"], [f"{out}/joined"], attributes_of(join)),
        new_node("Conv", [f"{out}/joined", f"{out}/weight", *bias], node.gives, attributes_of(node)),
    ]
    nothing = np.zeros((weights.shape[0], missing, *weights.shape[2:]), np.float32)
    tables: dict[str, Stored] = {
        name: np.array([number], np.int64) for name, number in zip(names, (0, missing, 1), strict=True)
    }
    return with_replaced(
        graph, node, made, {**tables, f"{out}/weight": np.concatenate([weights, nothing], axis=1)}
    )


def _channels_of(graph: Graph, name: str) -> int | None:
    """How many channels a map has, by the weights that made it; None where that is not to be seen."""
    node = maker_of(graph, name)
    while node is not None and node.kind in ("Relu", "Resize", "Cast", "Identity"):
        node = maker_of(graph, in_order(node, NODE_INPUT)[0])
    if node is None or node.kind != "Conv":
        return None
    weights = numbers_of(graph, in_order(node, NODE_INPUT)[1])
    return None if weights is None else int(weights.shape[0])


def with_quick_means(graph: Graph) -> Graph:
    """Softmax(x) over channels, then Einsum with (q, c) to c channels: exp(x - max), weighted and divided."""
    for node in graph.nodes:
        if node.kind != "Einsum":
            continue
        shares, table = in_order(node, NODE_INPUT)
        softmax, centers = maker_of(graph, shares), numbers_of(graph, table)
        pattern = text_of(node, "equation").replace(b" ", b"")
        if softmax is None or softmax.kind != "Softmax" or centers is None or not _is_mean(pattern):
            continue
        (x,), out = in_order(softmax, NODE_INPUT), node.gives[0]
        # One convolution for the weighted sum and the sum: the exponentials are read once.
        weights = np.concatenate([centers.T, np.ones((1, len(centers)), np.float32)])[:, :, None, None]
        made = [
            new_node("ReduceMax", [x, f"{out}/axes"], [f"{out}/largest"]),
            new_node("Sub", [x, f"{out}/largest"], [f"{out}/below"]),
            new_node("Exp", [f"{out}/below"], [f"{out}/share"]),
            new_node("Conv", [f"{out}/share", f"{out}/centers"], [f"{out}/sums"]),
            new_node(
                "Split",
                [f"{out}/sums", f"{out}/parts"],
                [f"{out}/sum", f"{out}/total"],
                [number_attribute("axis", 1)],
            ),
            new_node("Div", [f"{out}/sum", f"{out}/total"], [out]),
        ]
        tables: dict[str, Stored] = {
            f"{out}/axes": np.array([1], np.int64),
            f"{out}/centers": np.ascontiguousarray(weights),
            f"{out}/parts": np.array([centers.shape[1], 1], np.int64),
        }
        graph = with_replaced(graph, node, made, tables)
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
    join, weights = maker_of(graph, x), numbers_of(graph, weight)
    if join is None or join.kind != "Concat" or weights is None:
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
    out, attributes = node.gives[0], attributes_of(node)
    made, tables, sums = list[Node](), dict[str, Stored](), list[str]()
    for number, group in enumerate(groups):
        name = f"{out}/{number}"
        tables[f"{name}/weight"] = np.ascontiguousarray(np.concatenate([parts[each] for each in group], 1))
        seen = group[0]
        if len(group) > 1:
            seen = f"{name}/joined"
            made.append(new_node("Concat", group, [seen], attributes_of(join)))
        inputs = [seen, f"{name}/weight", *(bias if not number else [])]
        made.append(new_node("Conv", inputs, [name], attributes))
        sums.append(name)
    for number in range(1, len(sums)):
        total = out if number == len(sums) - 1 else f"{out}/sum{number}"
        made.append(
            new_node("Add", [sums[0] if number == 1 else f"{out}/sum{number - 1}", sums[number]], [total])
        )
    return with_replaced(graph, node, made, tables)


def _is_wide(channels: int) -> bool:
    return channels >= WIDE and channels % QUICK == 0
