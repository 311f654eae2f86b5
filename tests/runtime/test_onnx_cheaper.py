"""A graph rewritten answers the same, to rounding, and what stays the same is kept."""

import numpy as np

from safelight.pixels.geometry import pad_to_multiple
from safelight.runtime.modelfile import find_model
from safelight.runtime.onnx_cheaper import cheaper, joined_maps, kind_of
from safelight.runtime.onnx_parts import Graph
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
    kinds = [kind_of(node) for node in cheaper(graph, {}, (), ("planes",)).nodes]
    assert "Einsum" not in kinds
    before = [kind_of(node) for node in graph.nodes]
    assert kinds.count("Conv") == before.count("Conv") + 2, "unknown channels: nothing is split"


def test_padding_is_the_colorizer_s_own() -> None:
    colorizer = load_colorizer(threads=1)
    live = LiveColors(colorizer, CutModel(find_model(), 1), picture(250, 200))
    padded, size = pad_to_multiple(live.L, 32)
    assert size == live.size
    assert padded.shape[0] % 32 == 0
    assert live.colors(hints(3), 0.5, 0.0).ab.shape == (*live.size, 2)
