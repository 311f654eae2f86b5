"""The colors that are answered again and again are those of the full-size result, however many lassos there are."""

import numpy as np
import pytest

from safelight.errors import HintError
from safelight.pixels.photo import Photo
from safelight.pixels.recolor import replace_ab
from safelight.runtime.modelfile import find_model
from safelight.tasks.colorize import live, restore
from safelight.tasks.colorize.hint_values import Region
from safelight.tasks.colorize.hints import Hint, HintSet
from safelight.tasks.colorize.lassos import by_region, topmost
from safelight.tasks.colorize.live import CutModel, Layers, LiveColors
from safelight.tasks.colorize.restore import Colorizer, load_colorizer

SIZE = (240, 320)


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return load_colorizer(threads=1)


@pytest.fixture(scope="module")
def cut() -> CutModel:
    return CutModel(find_model(), 1)


def picture() -> np.ndarray:
    rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
    grey = (120 + 60 * np.sin(columns / 17) + 40 * np.cos(rows / 11)).clip(0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)


def square(x: float, y: float, half: float) -> Region:
    return ((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half))


def joined(pixels: np.ndarray, layers: Layers, on_top: np.ndarray) -> np.ndarray:
    """The photo with each layer's colors where its lasso is the topmost."""
    result = replace_ab(pixels, layers.ab)
    for number, (_, ab) in enumerate(layers.lassos):
        inside = on_top == number
        result[inside] = replace_ab(pixels, ab)[inside]
    return result


@pytest.mark.parametrize("reach", [0.0, 1.0])
def test_more_lassos_than_the_network_runs_for_are_those_of_the_result(
    colorizer: Colorizer, cut: CutModel, monkeypatch: pytest.MonkeyPatch, reach: float
) -> None:
    """Four are covered whole by a larger one after them and count for nothing: the network must not run for these in
    place of some that are seen."""
    for module in (live, restore):
        monkeypatch.setattr(module, "LASSO_RUNS", 4)
    rng = np.random.default_rng(2)
    covered = [square(0.3 + 0.01 * k, 0.7, 0.1 + 0.001 * k) for k in range(4)]
    cover = [square(0.31, 0.7, 0.2)]
    seen = [square((k % 4 + 0.5) / 4, (k // 4 + 0.5) / 5, 0.05 + 0.002 * k) for k in range(8)]
    own = [
        Hint(each[0][0] + 0.02, each[0][1] + 0.02, tuple(map(float, rng.random(3))), 0.005, each)
        for each in covered + cover + seen
    ]
    hints = HintSet([Hint(0.9, 0.95, "#8c2f39"), *own])
    pixels = picture()
    on_top = topmost([region for region, _ in by_region(hints)[1]], SIZE)
    assert set(range(4)).isdisjoint(np.unique(on_top).tolist())
    asked = LiveColors(colorizer, cut, pixels)
    shown = joined(pixels, asked.colors(hints, 0.5, reach), on_top).astype(int)
    result = colorizer.recolor(Photo(pixels), hints, 0.5, reach).pixels
    assert np.abs(shown - result).max() <= 1


def test_more_lassos_than_planes_may_be_sent_are_refused_in_a_line(
    colorizer: Colorizer, cut: CutModel
) -> None:
    rows = [Hint(0.5, 0.5, "#8c2f39", region=square(0.5, 0.5, 0.1 + 0.001 * k)) for k in range(256)]
    asked = LiveColors(colorizer, cut, picture())
    for answer in (asked.colors, asked.kriged):
        with pytest.raises(HintError, match="found 256 lassos; at most 255 are shown"):
            answer(HintSet(rows), 0.5, 0.0)
