"""A graph rewritten answers the same, to rounding, and what stays the same is kept."""

import numpy as np

from safelight.pixels.geometry import pad_to_multiple
from safelight.runtime.modelfile import find_model
from safelight.runtime.onnx_cheaper import cheaper, joined_maps, with_quick_channels
from safelight.runtime.onnx_nodes import maker_of, numbers_of
from safelight.runtime.onnx_parts import NODE_INPUT, Graph, in_order
from safelight.tasks.colorize.hints import Hint, HintSet, to_points
from safelight.tasks.colorize.live import CutModel, LiveColors
from safelight.tasks.colorize.restore import load_colorizer


def picture(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    grey = (120 + 60 * np.sin(columns / 17) + 40 * np.cos(rows / 11)).clip(0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def hints(count: int, seed: int = 0) -> HintSet:
    rng = np.random.default_rng(seed)
    return HintSet(
        tuple(Hint(float(x), float(y), tuple(map(float, rng.random(3)))) for x, y in rng.random((count, 2)))
    )


def test_live_colors_are_the_colorizer_s() -> None:
    colorizer, cut = load_colorizer(threads=1), CutModel(find_model(), 1)
    for size in ((200, 300), (333, 192)):  # of which one has to be padded
        live = LiveColors(colorizer, cut, picture(*size))
        for count in (0, 1, 12):
            points = to_points(hints(count), live.size)
            wanted = colorizer.predict(live.L, points, 0.5)
            assert np.abs(live.predict(points, 0.5) - wanted).max() < 0.01, "units of ab"
        h, w = (-(-side // 8) for side in live.size)
        wanted = colorizer.distribution(live.L, to_points(hints(5), live.size))[:, :h, :w]
        assert np.abs(live.distribution(hints(5)) - wanted).max() < 1e-5


def test_a_panorama_is_asked_in_views() -> None:
    colorizer = load_colorizer(threads=1)
    live = LiveColors(colorizer, CutModel(find_model(), 1), picture(64, 700))
    assert colorizer.is_panorama(live.L)
    points = to_points(hints(2), live.size)
    assert np.array_equal(live.predict(points, 0.5), colorizer.predict(live.L, points, 0.5))


def test_the_rewritten_graph_has_no_einsum_and_sums_its_convolutions() -> None:
    graph = Graph.of(find_model().read())
    names = joined_maps(graph)
    assert names
    assert cheaper(graph, {}, ("half", "quarter", "eighth"), ("planes",)).nodes != graph.nodes
    kinds = [node.kind for node in cheaper(graph, {}, (), ("planes",)).nodes]
    assert "Einsum" not in kinds
    before = [node.kind for node in graph.nodes]
    assert kinds.count("Conv") == before.count("Conv") + 1, "unknown channels: nothing is split"


def test_padding_is_the_colorizer_s_own() -> None:
    colorizer = load_colorizer(threads=1)
    live = LiveColors(colorizer, CutModel(find_model(), 1), picture(250, 200))
    padded, size = pad_to_multiple(live.L, 32)
    assert size == live.size
    assert padded.shape[0] % 32 == 0
    assert live.colors(hints(3), 0.5, 0.0).ab.shape == (*live.size, 2)


def test_joined_maps_have_channels_in_quick_numbers_and_are_left_alone_where_they_had() -> None:
    graph = Graph.of(find_model().read()).unfolded()
    quick = with_quick_channels(graph)
    before, after = (joined_channels(each) for each in (graph, quick))
    assert before == {"mix8": 116, "at4": 126, "at2": 87, "at16": 240, "at8": 168}
    assert after == {"mix8": 120, "at4": 128, "at2": 88, "at16": 240, "at8": 168}
    assert with_quick_channels(quick).nodes == quick.nodes


def joined_channels(graph: Graph) -> dict[str, int]:
    """How many channels each convolution over joined maps takes, by the part of the network that it is in."""
    found = {}
    for node in graph.nodes:
        join = maker_of(graph, in_order(node, NODE_INPUT)[0]) if node.kind == "Conv" else None
        if join is not None and join.kind == "Concat":
            weights = numbers_of(graph, in_order(node, NODE_INPUT)[1])
            assert weights is not None
            found[node.gives[0].split("/")[2]] = weights.shape[1]
    return found
