"""From a photo to its colored photo, with a model whose answers are known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import HintError, ModelError, PhotoError
from safelight.pixels.color import chroma, lab_to_srgb, srgb_to_lab, srgb_to_lightness
from safelight.pixels.files import read_photo, write_photo
from safelight.pixels.photo import Photo
from safelight.runtime.modelfile import find_model
from safelight.runtime.session import Session
from safelight.tasks.colorize.hints import Hint, HintSet, Points
from safelight.tasks.colorize.lassos import region_mask
from safelight.tasks.colorize.restore import Colorizer
from safelight.tasks.registry import load
from tests.runtime.tiny import AUTOMATIC, CARD, CHROMA, make_model

GREEN = "#4f8a3c"
LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


@pytest.fixture(scope="module")
def colorizer(tmp_path_factory: pytest.TempPathFactory) -> Colorizer:
    return load(make_model(tmp_path_factory.mktemp("model")))


def ramp(h: int = 90, w: int = 120) -> np.ndarray:
    """A grey picture, darker at the left."""
    return np.repeat(np.linspace(0.3, 0.7, w, dtype=np.float32)[None, :, None], h, 0).repeat(3, 2)


def test_a_grey_picture_gets_the_colors_of_the_model(colorizer: Colorizer) -> None:
    grey = np.full((50, 70, 3), 0.5, np.float32)
    result = colorizer(grey, vivid=0)
    L = srgb_to_lightness(grey)[0, 0]
    expected = lab_to_srgb(np.array([L, *(110 * each for each in AUTOMATIC)], np.float32))
    assert result.dtype == np.float32
    assert result.shape == grey.shape
    np.testing.assert_allclose(result, np.broadcast_to(expected, grey.shape), atol=2e-3)


def test_vivid_goes_from_the_mean_to_the_expected_chroma(colorizer: Colorizer) -> None:
    grey = np.full((40, 40, 3), 0.5, np.float32)
    found = [chroma(srgb_to_lab(colorizer(grey, vivid=vivid))[..., 1:]).mean() for vivid in (0, 0.5, 1)]
    cautious, vivid = 110 * np.hypot(*AUTOMATIC), 110 * CHROMA
    np.testing.assert_allclose(found, [cautious, (cautious + vivid) / 2, vivid], rtol=0.01)


def test_a_path_is_as_good_as_the_photo_everywhere(colorizer: Colorizer, tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", np.full((40, 40, 3), 128, np.uint8))
    expected = colorizer.recolor(read_photo(path)).pixels
    np.testing.assert_array_equal(colorizer.colorize(path).photo.pixels, expected)
    np.testing.assert_array_equal(colorizer.develop(path).photo.pixels, expected)  # its name in version 0.1
    np.testing.assert_array_equal(colorizer.recolor(str(path)).pixels, expected)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_the_photo_keeps_its_lightness_size_depth_and_alpha(colorizer: Colorizer, depth: type) -> None:
    white = np.iinfo(depth).max
    noise = np.random.default_rng(0).uniform(0.3, 0.7, (61, 83, 1)).repeat(3, 2)
    photo = Photo((noise * white).astype(depth), alpha=np.full((61, 83), white, depth), dpi=(300.0, 300.0))
    result = colorizer.recolor(photo)
    assert result.pixels.dtype == depth
    assert result.alpha is photo.alpha
    assert result.dpi == photo.dpi
    np.testing.assert_allclose(
        srgb_to_lightness(result.pixels),
        srgb_to_lightness(photo.pixels),
        atol=0.6 if depth is np.uint8 else 0.01,
    )


def test_path_photo_and_floats_give_the_same(colorizer: Colorizer, tmp_path: Path) -> None:
    path = write_photo(tmp_path / "ramp.png", ramp())
    photo = read_photo(path)
    from_path = colorizer(path)
    np.testing.assert_array_equal(from_path, colorizer(str(path)))
    np.testing.assert_array_equal(from_path, colorizer(photo))
    np.testing.assert_allclose(from_path, colorizer(photo.srgb), atol=2 / 255)


def test_a_hint_is_obeyed_where_it_is(colorizer: Colorizer) -> None:
    result = srgb_to_lab(colorizer(ramp(), HintSet([Hint(0.25, 0.5, GREEN, 0.03)])))
    wanted = srgb_to_lab(np.array([[0x4F, 0x8A, 0x3C]], np.uint8))[0, 1:]
    np.testing.assert_allclose(result[45, 30, 1:], wanted, atol=3)


def test_a_lasso_changes_nothing_outside_and_something_inside(colorizer: Colorizer) -> None:
    photo = Photo((ramp(333, 500) * 255).astype(np.uint8))
    free = HintSet([Hint(0.8, 0.2, "#8c2f39")])
    both = HintSet([*free, Hint(0.45, 0.5, GREEN, region=LEFT)])
    inside = region_mask(LEFT, photo.size) > 0
    without, result = colorizer.recolor(photo, free).pixels, colorizer.recolor(photo, both).pixels
    np.testing.assert_array_equal(result[~inside], without[~inside])
    assert np.abs(result[inside].astype(int) - without[inside]).max() > 10


def test_later_lassos_lie_on_top(colorizer: Colorizer) -> None:
    one, other = (HintSet([Hint(0.2, 0.5, color, region=LEFT[:3])]) for color in (GREEN, "#8c2f39"))
    again = HintSet([*one, *(Hint(0.2, 0.5, "#8c2f39", region=LEFT[:3]) for _ in range(1))])
    np.testing.assert_array_equal(colorizer(ramp(), again), colorizer(ramp(), other))


def test_many_lassos_take_no_more_runs_than_some_and_are_obeyed(
    colorizer: Colorizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """40 small lassos, and 32 that are larger: those get a run each, and as many for the free hint's reach."""
    squares = [square((k % 9 + 0.5) / 9, (k // 9 + 0.5) / 8, 0.05 if k % 9 < 4 else 0.04) for k in range(72)]
    free = Hint(0.5, 0.01, "#8c2f39")
    hints = [
        Hint(region[0][0] + 0.04, region[0][1] + 0.04, GREEN if k % 2 else "#2f398c", 0.005, region)
        for k, region in enumerate(squares)
    ]
    photo = Photo((ramp(333, 500) * 255).astype(np.uint8))
    runs: list[int] = []
    predict = Colorizer.predict
    monkeypatch.setattr(Colorizer, "predict", lambda *given: runs.append(1) or predict(*given))
    without = colorizer.recolor(photo, HintSet([free])).pixels
    runs.clear()
    result = colorizer.recolor(photo, HintSet([free, *hints])).pixels
    assert len(runs) == 2 * 32 + 1
    outside = np.ones(photo.size, bool)
    for hint, region in zip(hints, squares, strict=True):
        outside &= region_mask(region, photo.size) == 0
        y, x = int(hint.y * 333), int(hint.x * 500)
        wanted = srgb_to_lab(np.array([[hint.color]], np.float32))[0, 0, 1:]
        np.testing.assert_allclose(srgb_to_lab(result[y : y + 1, x : x + 1])[0, 0, 1:], wanted, atol=6)
    np.testing.assert_array_equal(result[outside], without[outside])


def square(x: float, y: float, half: float) -> tuple[tuple[float, float], ...]:
    return ((x - half, y - half), (x + half, y - half), (x + half, y + half), (x - half, y + half))


def test_the_answer_without_hints_is_asked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    colorizer = load(make_model(tmp_path))
    hints, photo, other = HintSet([Hint(0.25, 0.5, GREEN, 0.03)]), ramp(), 1 - ramp()
    alone = [load(make_model(tmp_path))(each, hints) for each in (photo, other)]
    runs: list[int] = []
    run = Session.__call__
    monkeypatch.setattr(Session, "__call__", lambda *given, **planes: runs.append(1) or run(*given, **planes))
    for turn, each in enumerate((photo, photo, other, photo)):
        runs.clear()
        found = colorizer(each, hints)
        np.testing.assert_array_equal(found, alone[0 if each is photo else 1])
        assert len(runs) == (1 if turn == 1 else 2)


@settings(max_examples=20, deadline=None)
@given(h=st.integers(1, 300), w=st.integers(1, 300))
def test_any_size_works_and_is_kept(colorizer: Colorizer, h: int, w: int) -> None:
    picture = np.full((h, w, 3), 0.5, np.float32)
    result = colorizer(picture, HintSet([Hint(1.0, 1.0, GREEN)]))
    assert result.shape == picture.shape
    assert np.isfinite(result).all()


def test_a_very_long_photo_stays_within_bounds(colorizer: Colorizer) -> None:
    assert colorizer(np.full((2, 6000, 3), 0.5, np.float32)).shape == (2, 6000, 3)


def test_predict_takes_any_size(colorizer: Colorizer) -> None:
    ab = colorizer.predict(np.full((33, 70), 50, np.float32), Points.none())
    np.testing.assert_allclose(
        ab, np.broadcast_to([110 * each for each in AUTOMATIC], (33, 70, 2)), rtol=1e-5
    )


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.full((4, 4, 3), 127.0, np.float32), "divide it by 255"),
        (np.full((4, 4, 3), 500.0, np.float32), "scale it to 0..1"),
        (np.full((4, 4, 3), -0.5, np.float32), "scale it to 0..1"),
        (np.full((4, 4, 3), np.nan, np.float32), "expected 0..1"),
        (np.zeros((4, 4, 3), np.int32), "of int32; expected floats"),
        (np.zeros((4, 4, 4), np.uint8), r"\(4, 4, 4\), with alpha"),
        (np.zeros((0, 4, 3), np.float32), r"\(0, 4, 3\); expected sRGB"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_picture_is_refused(colorizer: Colorizer, picture: object, message: str) -> None:
    with pytest.raises(PhotoError, match=message):
        colorizer(picture)  # type: ignore[arg-type]


def test_a_preparation_of_a_newer_safelight_is_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    path = make_model(tmp_path, card=replace(CARD, preparation={"telepathy": True}))
    with pytest.raises(ModelError, match="telepathy"):
        Colorizer(find_model(path))


def test_within_reach_a_hint_is_obeyed_and_far_from_it_color_stays_automatic(colorizer: Colorizer) -> None:
    grey = (
        np.where(np.arange(120) < 40, 0.25, 0.75).astype(np.float32)[None, :, None].repeat(90, 0).repeat(3, 2)
    )
    hints = HintSet([Hint(0.1, 0.5, GREEN)])
    automatic = colorizer(grey)
    near, half, far = (colorizer(grey, hints, reach=reach) for reach in (0.0, 0.5, 1.0))
    at, off = (45, 12), (45, 110)
    np.testing.assert_allclose(near[at], far[at], atol=0.01)
    np.testing.assert_allclose(near[off], automatic[off], atol=0.01)
    assert np.abs(far[off] - automatic[off]).max() > 0.02
    assert np.abs(half - near).max() > 0.01
    assert np.abs(half - far).max() > 0.01


def test_reach_without_hints_changes_nothing(colorizer: Colorizer) -> None:
    np.testing.assert_array_equal(colorizer(ramp(), reach=0), colorizer(ramp(), reach=1))


def test_a_hint_out_of_reach_changes_nothing_inside_a_lasso_either(colorizer: Colorizer) -> None:
    grey = (
        np.where(np.arange(120) < 40, 0.25, 0.75).astype(np.float32)[None, :, None].repeat(90, 0).repeat(3, 2)
    )
    right = ((0.6, 0.1), (0.95, 0.1), (0.95, 0.9), (0.6, 0.9))
    own = Hint(0.9, 0.5, "#8c2f39", region=right)
    alone, both = HintSet([own]), HintSet([Hint(0.1, 0.5, GREEN), own])
    inside = region_mask(right, (90, 120)) > 0
    far, near = (
        np.abs(colorizer(grey, both, reach=reach) - colorizer(grey, alone, reach=reach))[inside].max()
        for reach in (1.0, 0.0)
    )
    assert near < 1e-4
    assert far > 5e-3


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"vivid": 2}, "^vivid is 2; expected a number from 0 to 1$"),
        ({"vivid": -0.1}, "^vivid is -0.1;"),
        ({"reach": 1.5}, "^reach is 1.5; expected a number from 0 to 1$"),
        ({"vivid": float("nan")}, "^vivid is nan"),
        ({"vivid": "0.5"}, "^vivid is '0.5'; expected a number"),
        ({"vivid": None}, "^vivid is None"),
        ({"vivid": np.zeros((9, 9))}, r"^vivid is array\("),
        ({"vivid": True}, "^vivid is True"),
        ({"hints": "a.json"}, "^hints: expected a HintSet"),
        ({"hints": {"x": 1}}, "^hints: expected a HintSet"),
    ],
)
def test_settings_that_are_wrong_are_named(colorizer: Colorizer, setting: dict[str, Any], said: str) -> None:
    with pytest.raises(HintError, match=said) as excinfo:
        colorizer(np.zeros((40, 40, 3), np.float32), **setting)
    assert "\n" not in str(excinfo.value)


@pytest.mark.parametrize("count", [-1, 0, 10**6, 201, 2.5, True, "3", None])
def test_a_count_of_places_is_one_that_ends(colorizer: Colorizer, count: Any) -> None:
    with pytest.raises(HintError, match=r"^count is .*; expected a whole number from 1 to 200$"):
        colorizer.suggest(ramp(), count=count)


def test_hints_as_people_write_them(colorizer: Colorizer) -> None:
    wanted = colorizer(ramp(), HintSet([Hint(0.25, 0.5, "#008000")]))
    for hints in (Hint(0.25, 0.5, "green"), (0.25, 0.5, "green"), [(0.25, 0.5, "#008000")]):
        np.testing.assert_array_equal(colorizer(ramp(), hints), wanted)
