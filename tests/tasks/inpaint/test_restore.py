"""Filling from use: what is known stays bit by bit in every format, by every method."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

import safelight
from safelight.errors import ModelError, PhotoError
from safelight.masks.edit import grow
from safelight.masks.files import write_mask
from safelight.pixels.files import Photo, read_photo, write_photo
from safelight.runtime.card import Port
from safelight.runtime.modelfile import write_card
from safelight.tasks.colorize.restore import Colorizer
from safelight.tasks.inpaint.mask_sampling import draw_in_bin
from safelight.tasks.inpaint.restore import Filler, load_filler
from safelight.tasks.registry import load
from tests.runtime.tiny import CARD, make_model
from tests.tasks.strategies import seeds

EXAMPLES = Path(__file__).parents[3] / "examples"
BLUE = (-1.0, -0.2, 0.6)  # what the tiny model answers everywhere, in -1..1


def make_filler(folder: Path, crossover: float = 12.0) -> Path:
    """A model that fills every hole with one blue."""
    graph = helper.make_graph(
        [helper.make_node("Conv", ["planes", "weight", "bias"], ["srgb"])],
        "blue",
        [helper.make_tensor_value_info("planes", TensorProto.FLOAT, [1, 4, "h", "w"])],
        [helper.make_tensor_value_info("srgb", TensorProto.FLOAT, [1, 3, "h", "w"])],
        [
            numpy_helper.from_array(np.zeros((3, 4, 1, 1), np.float32), "weight"),
            numpy_helper.from_array(np.array(BLUE, np.float32), "bias"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = folder / "blue.onnx"
    onnx.save(model, path)
    card = replace(
        CARD,
        name="blue",
        task="fill",
        inputs=(Port("planes", (1, 4, "h", "w"), (-1, 1), "the question"),),
        outputs=(Port("srgb", (1, 3, "h", "w"), (-1, 1), "the answer"),),
        preparation={"span": "centered", "crossover": crossover},
    )
    write_card(card, path)
    return path


@pytest.fixture(scope="module")
def blue(tmp_path_factory: pytest.TempPathFactory) -> Filler:
    return load_filler(make_filler(tmp_path_factory.mktemp("model")))


def photo(seed: int, h: int = 50, w: int = 60, depth: type = np.uint8, alpha: bool = True) -> Photo:
    rng = np.random.default_rng(seed)
    most = int(np.iinfo(depth).max)
    pixels = rng.integers(0, most, (h, w, 3), dtype=depth, endpoint=True)
    return Photo(pixels, rng.integers(0, most, (h, w), dtype=depth, endpoint=True) if alpha else None)


@given(
    seeds,
    st.integers(17, 70),
    st.integers(17, 90),
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from(["auto", "biharmonic", "telea", "model"]),
    st.sampled_from([(0, 0), (2, 0), (0, 3), (1.5, 2)]),
)
@settings(max_examples=40)
def test_what_is_known_stays(
    blue: Filler, seed: int, h: int, w: int, depth: type, method: str, edge: tuple[float, float]
) -> None:
    before = photo(seed, h, w, depth)
    mask = draw_in_bin((h, w), (0.02, 0.15), True, np.random.default_rng(seed))
    filled = blue.fill(before, mask, method, *edge)
    known = ~grow(grow(mask, edge[0]), edge[1])
    np.testing.assert_array_equal(filled.photo.pixels[known], before.pixels[known])
    np.testing.assert_array_equal(filled.photo.alpha, before.alpha)
    assert filled.photo.pixels.dtype == depth
    assert (filled.photo.pixels != before.pixels).any()
    assert sum(filled.used.values()) > 0


@given(seeds, st.sampled_from([".png", ".tif", ".webp"]), st.sampled_from([np.uint8, np.uint16]))
@settings(max_examples=15)
def test_what_is_known_stays_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, seed: int, suffix: str, depth: type
) -> None:
    from safelight.batch.lossless import write_lossless

    folder = tmp_path_factory.mktemp("files")
    depth = np.uint8 if suffix == ".webp" else depth
    before = read_photo(write_photo(folder / f"a{suffix}", photo(seed, depth=depth), quality=100))
    mask = draw_in_bin(before.size, (0.02, 0.2), True, np.random.default_rng(seed))
    filled = Filler(None).fill(before, mask).photo
    assert write_lossless(folder / f"b{suffix}", filled, False) == ()
    after = read_photo(folder / f"b{suffix}")
    assert after.pixels.dtype == before.pixels.dtype == depth
    np.testing.assert_array_equal(after.pixels[mask == 0], before.pixels[mask == 0])
    np.testing.assert_array_equal(after.pixels, filled.pixels)
    np.testing.assert_array_equal(after.alpha, before.alpha)


def test_thin_damage_goes_to_the_classical_method_and_blobs_to_the_model(blue: Filler) -> None:
    even = np.full((200, 260, 3), (120, 121, 120), np.uint8)
    # A color photo: in a print of one tone the model would be held to it.
    even[155:175] = np.random.default_rng(0).integers(0, 255, (1, 13, 3)).repeat(20, 1)
    before = Photo(even)
    hole = np.zeros((200, 260), np.uint8)
    cv2.line(hole, (5, 20), (250, 30), 1, 3)
    cv2.circle(hole, (130, 130), 25, 1, -1)
    filled = blue.fill(before, hole > 0, grain=0)
    assert set(filled.used) == {"biharmonic", "model"}
    assert filled.used["model"] == 1
    expected = np.round((np.array(BLUE) + 1) / 2 * 255)
    np.testing.assert_allclose(filled.photo.pixels[130, 130], expected, atol=1)
    np.testing.assert_allclose(filled.photo.pixels[25, 127], 120, atol=1)
    assert "by the model blue" in blue.remark(filled.used)
    assert "no model" not in blue.remark(filled.used)


def test_specks_and_hairlines_go_to_the_classical_method_and_scratches_to_the_bundled_model() -> None:
    before = read_photo(EXAMPLES / "madison-square-1900.jpg")
    hole = np.zeros(before.size, np.uint8)
    for place in range(40, 400, 40):
        cv2.circle(hole, (place, 200), 1, 1, -1)  # 3 pixels across
    cv2.line(hole, (40, 300), (400, 320), 1, 1)
    assert set(load_filler().fill(before, hole > 0).used) == {"biharmonic"}
    cv2.line(hole, (40, 100), (400, 120), 1, 3)
    assert set(load_filler().fill(before, hole > 0).used) == {"biharmonic", "model"}


def test_a_scratch_that_touches_a_stain_is_filled_as_if_it_were_alone(blue: Filler) -> None:
    y, x = np.mgrid[0:400, 0:500]
    waves = np.stack([120 + 60 * np.sin(x / 9), 110 + 50 * np.sin(y / 7), 90 + 0 * x], 2).astype(np.uint8)
    scratch, stain = np.zeros((2, 400, 500), np.uint8)
    cv2.line(scratch, (20, 200), (480, 210), 1, 3)
    cv2.circle(stain, (250, 205), 40, 1, -1)
    away = (scratch > 0) & ~grow(stain, 14)
    alone = blue.fill(Photo(waves), scratch > 0)
    both = blue.fill(Photo(waves), (scratch | stain) > 0)
    assert set(alone.used) == {"biharmonic"}
    assert both.used["model"] == 1
    error = [
        np.square(filled.photo.pixels[away].astype(float) - waves[away]).mean() for filled in (alone, both)
    ]
    assert error[1] < 1.1 * error[0]


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_grey_photo_is_filled_in_grey(blue: Filler, depth: type) -> None:
    hole = np.zeros((90, 90), bool)
    hole[30:60, 20:70] = True
    grey = np.random.default_rng(0).integers(0, 256, (90, 90, 1)).repeat(3, 2).astype(depth)
    filled = blue.fill(Photo(grey), hole, grain=0)
    assert filled.used == {"model": 1}
    assert (filled.photo.pixels == filled.photo.pixels[..., :1]).all()
    assert filled.photo.pixels[45, 45, 0] == pytest.approx(0.4 * np.iinfo(depth).max, abs=1)


def test_why_a_model_of_ones_own_was_not_used_is_said(blue: Filler) -> None:
    hole = np.zeros((90, 90), bool)
    hole[30:36, 20:70] = True
    filled = blue.fill(Photo(np.full((90, 90, 3), 99, np.uint8)), hole)
    assert "too thin, at 64 pixels, for blue; --method model" in blue.remark(filled.used)
    assert "too thin" not in blue.remark(filled.used, "biharmonic")


def test_without_a_model_that_is_said() -> None:
    filler = Filler(None)
    hole = np.zeros((200, 200), bool)
    hole[60:140, 60:140] = hole[3:6, 3:90] = True
    filled = filler.fill(Photo(np.full((200, 200, 3), 99, np.uint8)), hole)
    assert filled.used == {"telea": 1, "biharmonic": 1}
    assert "no model for filling is bundled" in filler.remark(filled.used)
    np.testing.assert_allclose(filled.photo.pixels, 99, atol=1)
    with pytest.raises(ModelError, match="no model for filling"):
        filler.fill(Photo(np.zeros((9, 9, 3), np.uint8)), np.eye(9), "model")


def test_a_smooth_photo_mends_without_a_seam() -> None:
    """A scratch across a large photo is filled in pieces; the slope goes on through it."""
    y, x = np.mgrid[0:300, 0:900]
    smooth = (20000 + 20 * x + 60 * y).astype(np.uint16)[..., None].repeat(3, 2)
    hole = np.zeros((300, 900), np.uint8)
    cv2.line(hole, (10, 10), (890, 290), 1, 5)
    filled = Filler(None).fill(Photo(smooth), hole > 0, feather=2)
    assert filled.used["biharmonic"] > 5
    np.testing.assert_allclose(filled.photo.pixels.astype(float), smooth, atol=2)


def test_a_large_hole_is_worked_on_small() -> None:
    before = Photo(np.full((900, 900, 3), 200, np.uint8))
    hole = np.zeros((900, 900), bool)
    hole[100:800, 150:750] = True
    filled = Filler(None).fill(before, hole)
    assert filled.used == {"telea": 1}
    np.testing.assert_allclose(filled.photo.pixels, 200, atol=1)


def test_load(tmp_path: Path, blue: Filler) -> None:
    filler = safelight.load("fill")
    picture = np.random.default_rng(0).random((40, 50, 3), dtype=np.float32)
    mask = np.zeros((40, 50), np.float32)
    mask[10:14, 5:30] = 1
    result = filler(picture, mask=mask)
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result[mask == 0], picture[mask == 0])
    write_photo(tmp_path / "a.png", picture)
    write_mask(tmp_path / "m.png", mask)
    again = filler(tmp_path / "a.png", mask=tmp_path / "m.png", method="telea", grow=1)
    assert again.shape == (40, 50, 3)
    assert isinstance(load(make_filler(tmp_path)), Filler)
    assert isinstance(load(make_model(tmp_path)), Colorizer)
    with pytest.raises(ModelError, match="expected a model for 'fill'"):
        load_filler(make_model(tmp_path, "other"))
    np.testing.assert_allclose(blue.predict(picture, mask)[12, 10], (np.array(BLUE) + 1) / 2, atol=1e-5)


@pytest.mark.parametrize(
    ("mask", "words", "message"),
    [
        (np.zeros((9, 9)), {}, "is empty"),
        (np.ones((9, 9)), {}, "is full"),
        (np.eye(8), {}, "expected .9, 9."),
        (np.eye(9), {"grow": 20}, "use a smaller grow"),
        (np.eye(9), {"method": "magic"}, "no method 'magic'"),
    ],
)
def test_refusals(mask: np.ndarray, words: dict, message: str) -> None:
    with pytest.raises(PhotoError, match=message):
        Filler(None).fill(Photo(np.zeros((9, 9, 3), np.uint8)), mask, **words)
    with pytest.raises(PhotoError, match="divide it by 255"):
        Filler(None)(np.full((9, 9, 3), 200.0), np.eye(9))


def test_a_photo_is_mended_in_place_on_demand_alone() -> None:
    y, x = np.mgrid[0:40, 0:50]
    pixels = np.stack([60 + x, 60 + y, 200 - x], axis=2).astype(np.uint8)
    pixels[10:14, 10:30] = 255
    hole = np.zeros((40, 50), bool)
    hole[10:14, 10:30] = True
    filler, before = load_filler(), pixels.copy()
    copied = filler.fill(Photo(pixels), hole, "biharmonic").photo.pixels
    np.testing.assert_array_equal(pixels, before)
    mended = filler.fill(Photo(pixels), hole, "biharmonic", in_place=True).photo.pixels
    assert mended is pixels
    np.testing.assert_array_equal(mended, copied)
    locked = before.copy()
    locked.flags.writeable = False
    np.testing.assert_array_equal(
        filler.fill(Photo(locked), hole, "biharmonic", in_place=True).photo.pixels, copied
    )
    np.testing.assert_array_equal(locked, before)


def test_pixels_below_none_are_refused() -> None:
    for setting in ({"grow": -4}, {"feather": -1}, {"grow": float("nan")}):
        with pytest.raises(PhotoError, match="expected numbers of pixels, from 0"):
            Filler(None)(np.zeros((20, 20, 3), np.float32), np.eye(20), "telea", **setting)


@pytest.mark.parametrize("width", [3, 12])
def test_a_long_scratch_is_filled_as_sharply_as_short_ones(width: int) -> None:
    """The same pixels, missing all at once and a section at a time, each with what lies beyond it known."""
    before = read_photo(EXAMPLES / "madison-square-1900.jpg")
    whole = np.zeros(before.size, np.uint8)
    cv2.line(whole, (60, 90), (before.size[1] - 60, before.size[0] - 120), 1, width)
    lines, columns = np.indices(whole.shape)
    sections = (lines + columns) // 40 * (whole > 0)
    filler = load_filler()
    at_once = filler.fill(before, whole > 0, "model", grain=0).photo.srgb
    short = at_once.copy()
    for section in np.unique(sections[whole > 0]):
        place = (whole > 0) & (sections == section)
        short[place] = filler.fill(before, place, "model", grain=0).photo.srgb[place]
    errors = [np.square(each[whole > 0] - before.srgb[whole > 0]).mean() for each in (at_once, short)]
    assert 10 * np.log10(errors[0] / errors[1]) < 0.7  # dB


@pytest.mark.parametrize("mode", ["L", "1", "RGBA"])
def test_a_mask_of_pillows_is_read_as_its_file(tmp_path: Path, mode: str) -> None:
    """Soft edges, bilevel, or red paint on nothing."""
    soft = np.zeros((60, 80), np.uint8)
    soft[20:30, 10:60] = 255
    soft[19], soft[30] = 90, 200
    image = Image.fromarray(soft)
    if mode == "RGBA":
        paint = Image.new("RGB", image.size, (255, 0, 0))
        paint.putalpha(image)
        image = paint
    image = image.convert(mode)
    image.save(tmp_path / "m.png")
    photo = np.random.default_rng(0).uniform(0, 1, (60, 80, 3)).astype(np.float32)
    filler = Filler(None)
    np.testing.assert_array_equal(filler(photo, image), filler(photo, tmp_path / "m.png"))
