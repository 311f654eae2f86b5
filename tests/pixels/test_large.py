"""A TIFF read in rows: the same numbers as at once, whatever way it is stored; its small copy; its rows recolored."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from safelight.errors import PhotoError
from safelight.pixels import large, tiff_rows
from safelight.pixels.files import read_photo
from safelight.pixels.geometry import Box, resize
from safelight.pixels.large import open_large, recolored
from safelight.pixels.pages import new_pages, pages_of
from safelight.pixels.recolor import replace_ab, replace_ab_in_rows
from tests.hostile import scene

DEEP = scene(np.random.default_rng(1)).astype(np.uint16) * 257
WIDE = np.repeat(np.repeat(DEEP, 3, axis=0), 5, axis=1)


@pytest.mark.parametrize(
    "options",
    [
        {"rowsperstrip": 144},
        {"rowsperstrip": 7},
        {"tile": (32, 48)},
        {"compression": "zlib", "predictor": True, "rowsperstrip": 10},
        {"compression": "zlib", "tile": (16, 32)},
        {"planarconfig": "separate", "rowsperstrip": 11},
        {"bigtiff": True, "rowsperstrip": 144},
        {"byteorder": ">", "rowsperstrip": 20},
    ],
)
@pytest.mark.parametrize("kind", ["deep", "bytes", "grey"])
def test_rows_are_those_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict, kind: str
) -> None:
    monkeypatch.setattr(tiff_rows, "_BAND", 8000)
    monkeypatch.setattr(large, "CHUNK", 3000)
    pixels = {"deep": WIDE, "bytes": (WIDE >> 8).astype(np.uint8), "grey": WIDE[..., 0]}[kind]
    if kind == "grey":
        options = {name: value for name, value in options.items() if name != "planarconfig"}
        pixels = np.ascontiguousarray(pixels)
    elif options.get("planarconfig"):
        pixels = np.ascontiguousarray(np.moveaxis(pixels, 2, 0))
    photometric = "minisblack" if kind == "grey" else "rgb"
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric=photometric, metadata=None, **options)
    whole = read_photo(tmp_path / "a.tif", native=True)
    assert whole.native is not None
    with open_large(tmp_path / "a.tif", native=True) as photo:
        strips = list(photo.strips())
        assert [strip.top for strip in strips] == list(np.cumsum([0, *(len(s.pixels) for s in strips)][:-1]))
        np.testing.assert_array_equal(np.concatenate([strip.pixels for strip in strips]), whole.pixels)
        np.testing.assert_array_equal(
            np.concatenate([strip.native.pixels for strip in strips]), whole.native.pixels
        )
        part = photo.read(31, 97, 8, 71)
        np.testing.assert_array_equal(part.pixels, whole.pixels[31:97, 8:71])
        assert photo.photo.size == whole.size
        assert photo.photo.remarks == whole.remarks
        assert photo.photo.exif == whole.exif


def test_the_small_copy_has_the_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiff_rows, "_BAND", 8000)
    monkeypatch.setattr(large, "COPY", 100)
    tifffile.imwrite(tmp_path / "a.tif", WIDE, photometric="rgb", metadata=None)
    with open_large(tmp_path / "a.tif") as photo:
        assert photo.step == 4
        small = photo.shrunk().pixels
    size = WIDE.shape[0] // 4, WIDE.shape[1] // 4
    means = WIDE[: size[0] * 4, : size[1] * 4].reshape(size[0], 4, size[1], 4, 3).mean(axis=(1, 3))
    assert small.dtype == np.uint16
    assert np.abs(small - means).max() <= 1
    np.testing.assert_array_equal(small, resize(WIDE[: size[0] * 4, : size[1] * 4], size))


@pytest.mark.parametrize("small", [(13, 17), (144, 320), (1, 1), (2, 400)])
def test_rows_recolored_are_those_of_the_whole(small: tuple[int, int]) -> None:
    ab = np.random.default_rng(2).normal(0, 30, (*small, 2)).astype(np.float32)
    whole = replace_ab(WIDE, ab)
    for rows in (1, 10, len(WIDE)):
        parts = [
            replace_ab_in_rows(WIDE[top : top + rows], top, len(WIDE), ab)
            for top in range(0, len(WIDE), rows)
        ]
        steps = np.abs(np.concatenate(parts).astype(int) - whole)
        assert steps.max() <= 2  # of 65535: sums of floats in another order


def test_paper_around_a_picture_stays_bit_by_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "CHUNK", 3000)
    tifffile.imwrite(tmp_path / "a.tif", WIDE, photometric="rgb", metadata=None)
    mount = Box(20, 30, 60, 150)
    ab = np.full((4, 4, 2), 30, np.float32)
    result = np.concatenate([strip.pixels for strip in recolored(tmp_path / "a.tif", None, ab, mount)])
    changed = (result != WIDE).any(2)
    assert changed[mount.slices].mean() > 0.9
    changed[mount.slices] = False
    assert not changed.any()


def test_alpha_comes_along_and_one_of_noughts_is_none(tmp_path: Path) -> None:
    alpha = np.arange(WIDE[..., 0].size, dtype=np.uint16).reshape(WIDE.shape[:2])
    for name, values in (("a", alpha), ("b", alpha * 0)):
        source = tmp_path / f"{name}.tif"
        tifffile.imwrite(
            source, np.dstack([WIDE, values]), photometric="rgb", extrasamples=["unassalpha"], metadata=None
        )
        with open_large(source) as photo:
            photo.shrunk()
            with new_pages(tmp_path / f"{name}-copy.tif") as out:
                out.add(photo.photo, photo.strips)
        result, whole = read_photo(tmp_path / f"{name}-copy.tif"), read_photo(source)
        np.testing.assert_array_equal(result.pixels, whole.pixels)
        assert (result.alpha is None) == (whole.alpha is None) == (name == "b")
        if whole.alpha is not None:
            np.testing.assert_array_equal(result.alpha, whole.alpha)


def test_what_cannot_be_read_in_parts_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tifffile.imwrite(
        tmp_path / "floats.tif", WIDE / np.float32(65535), photometric="rgb", iccprofile=_profile()
    )
    tifffile.imwrite(tmp_path / "turned.tif", WIDE, photometric="rgb", extratags=[(274, 3, 1, 6, True)])
    tifffile.imwrite(tmp_path / "packed.tif", WIDE, photometric="rgb", compression="zlib", rowsperstrip=144)
    monkeypatch.setattr(tiff_rows, "_LARGEST", 10_000)
    for name, words in (
        ("floats", "not read in parts; save it as 8 or 16 bits"),
        ("turned", r"stored turned \(orientation 6\)"),
        ("packed", "save it in smaller strips"),
    ):
        with pytest.raises(PhotoError, match=words), open_large(tmp_path / f"{name}.tif"):
            pass
    assert pages_of(tmp_path / "turned.tif").count == 1


def _profile() -> bytes:
    from safelight.pixels.encode import srgb_profile

    return srgb_profile()
