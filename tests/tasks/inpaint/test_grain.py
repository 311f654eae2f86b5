"""Grain of what was filled: as much as around the hole, of its fineness and colors; none where there is none."""

import cv2
import numpy as np
import pytest

from safelight.batch.fill import FillSettings
from safelight.batch.project import Project
from safelight.batch.repair import RepairSettings
from safelight.batch.work import Order, settings_of
from safelight.errors import PhotoError
from safelight.masks.shapes import Hole
from safelight.pixels.files import Photo
from safelight.tasks.inpaint.grain import add_grain
from safelight.tasks.inpaint.restore import load_filler

SIZE = (160, 200)


def grainy(spread: float, soft: float, seed: int, mixing: np.ndarray) -> np.ndarray:
    """A slope from dark to light with noise of this spread, of 255, blurred by so many pixels; float."""
    noise = np.random.default_rng(seed).standard_normal((*SIZE, 3)).astype(np.float32)
    if soft:
        noise = cv2.GaussianBlur(noise, (0, 0), soft)
    noise = noise / noise.std() * spread
    slope = np.linspace(70, 180, SIZE[1], dtype=np.float32)[None, :, None]
    return np.asarray(slope + noise @ mixing.T, np.float32)


def line() -> Hole:
    """A scratch of 9 pixels, upright."""
    hole = np.zeros(SIZE, bool)
    hole[20:140, 96:105] = True
    return hole


def rest(picture: np.ndarray) -> np.ndarray:
    """What is left in the scratch without its slope along the rows."""
    inside = picture[24:136, 97:104].astype(np.float64)
    return inside - inside.mean(axis=0)


GREY = np.array([[1, 0, 0]] * 3, np.float32)
COLORED = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0.6, 0.8]], np.float32)


@pytest.mark.parametrize(("spread", "soft"), [(3.0, 0.0), (6.0, 0.8), (10.0, 1.5)])
@pytest.mark.parametrize("method", ["model", "biharmonic", "telea"])
def test_a_filled_scratch_is_as_grainy_as_its_surroundings(method: str, spread: float, soft: float) -> None:
    whole = np.rint(grainy(spread, soft, 1, GREY)).astype(np.uint8)
    filled = load_filler().fill(Photo(whole), line(), method).photo.pixels  # type: ignore[arg-type]
    fine = [np.diff(rest(each)[..., 0], n=2, axis=0).std() for each in (filled, whole)]
    assert fine[0] == pytest.approx(fine[1], rel=0.25)
    smooth = load_filler().fill(Photo(whole), line(), method, grain=0).photo.pixels  # type: ignore[arg-type]
    own, coarse, truth = (cv2.blur(rest(each)[..., 0], (3, 3)).std() for each in (smooth, filled, whole))
    assert 0.7 * truth < coarse < np.hypot(own, 1.3 * truth)  # a fill between grainy rims has some of theirs
    assert (filled == filled[..., :1]).all()  # grey stays grey
    assert np.array_equal(filled[~line()], whole[~line()])
    again = load_filler().fill(Photo(whole), line(), method).photo.pixels  # type: ignore[arg-type]
    assert np.array_equal(filled, again)


def test_without_grain_the_fill_is_smooth_and_half_is_half() -> None:
    whole = np.rint(grainy(6, 0, 2, GREY)).astype(np.uint8)
    spreads = [
        rest(load_filler().fill(Photo(whole), line(), "telea", grain=grain).photo.pixels).std()
        for grain in (0, 0.5, 1)
    ]
    assert spreads[0] < 3 < spreads[1] < spreads[2]


def test_a_clean_picture_gets_none() -> None:
    whole = np.rint(grainy(0.0001, 0, 3, GREY)).astype(np.uint8)
    for method in ("model", "biharmonic"):
        with_it, without = (
            load_filler().fill(Photo(whole), line(), method, grain=grain).photo.pixels  # type: ignore[arg-type]
            for grain in (1, 0)
        )
        assert np.array_equal(with_it, without)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_channels_vary_together_as_they_do_around(kind: type) -> None:
    white = 1.0 if kind is np.float32 else float(np.iinfo(kind).max)
    whole = grainy(8, 0.6, 4, COLORED) / 255 * white
    whole = whole.astype(kind) if kind is np.float32 else np.rint(whole).astype(kind)
    smooth = np.broadcast_to(whole[:, 100:101].mean(axis=(0, 1)), whole.shape).astype(kind)
    filled = add_grain(smooth, whole, ~line(), line(), (7,))
    assert filled.dtype == kind
    assert np.array_equal(filled[~line()], smooth[~line()])
    found = np.corrcoef(rest(filled).reshape(-1, 3).T)
    np.testing.assert_allclose(found, np.corrcoef(rest(whole).reshape(-1, 3).T), atol=0.12)
    np.testing.assert_allclose(rest(filled).std((0, 1)), rest(whole).std((0, 1)), rtol=0.25)


def test_hair_beside_the_hole_is_no_grain() -> None:
    """Half of the surroundings are stripes of 80 levels, and the rest has grain of 3."""
    whole = grainy(3, 0, 5, GREY)
    whole[:80] = np.where(np.arange(SIZE[1])[None, :, None] % 4 < 2, 80, 160)
    hole = line()
    hole[:90] = False
    filled = load_filler().fill(Photo(np.rint(whole).astype(np.uint8)), hole, "telea").photo.pixels
    inside = filled[95:136, 97:104, 0].astype(float)
    assert (inside - inside.mean(axis=0)).std() < 5


@pytest.mark.parametrize("grain", [-0.1, 1.5, float("nan"), True, "much"])
def test_other_amounts_are_refused(grain: object) -> None:
    photo = np.zeros((40, 40, 3), np.uint8)
    hole = np.zeros((40, 40), bool)
    hole[10:20, 10:12] = True
    with pytest.raises(PhotoError, match=r"expected 0 \(none\) to 1"):
        load_filler().fill(Photo(photo), hole, grain=grain)  # type: ignore[arg-type]


def test_what_was_made_before_there_was_grain_is_made_again_without() -> None:
    """Records of results, ledgers and projects that do not speak of it."""
    assert settings_of(Order("fill", {"method": "telea"}), FillSettings).grain == 0
    assert settings_of(Order("repair", {}), RepairSettings).grain == 0
    assert (FillSettings().grain, RepairSettings().grain) == (1, 1)
    project = {
        "format": "safelight-project",
        "version": 1,
        "photo": {"name": "a.jpg", "sha256": "0" * 64},
        "steps": ["mend"],
        "mend": {"mask": {"file": "m.png"}},
        "saved": "2026-11-29T19:00:00Z",
    }
    old = Project.from_json(project)
    assert old.mend.grain == 0
    assert Project.from_json(old.to_json()).mend.grain == 0
    new = Project.from_json({**project, "mend": {"mask": {"file": "m.png"}, "grain": 0.5}})
    assert new.mend.grain == 0.5
