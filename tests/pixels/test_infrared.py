"""Infrared of a scan in every layout that scanner programs write; the files are tifffile's."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from safelight.errors import PhotoError
from safelight.pixels.files import Photo, read_photo, write_photo
from safelight.pixels.infrared import infrared_pages, read_infrared, read_infrared_file
from tests.scans import called_masks

RNG = np.random.default_rng(11)
RGB = RNG.integers(0, 65536, (48, 64, 3), dtype=np.uint16)
INFRARED = RNG.integers(1, 65536, (48, 64), dtype=np.uint16)
MASK = 4  # NewSubfileType


def of_fourth_channel(path: Path, depth: type = np.uint16, **options: object) -> Path:
    """As VueScan writes 64 bit RGBI."""
    four = np.dstack([RGB, INFRARED])
    four = four if depth == np.uint16 else (four >> 8).astype(np.uint8)
    tifffile.imwrite(path, four, photometric="rgb", **options)
    return path


def of_pages(path: Path, kind: int = 0, preview: bool = False, infrared: np.ndarray = INFRARED) -> Path:
    """As SilverFast writes HDRi; version 9 with a small copy of the picture between."""
    with tifffile.TiffWriter(path) as file:
        file.write(RGB, photometric="rgb", resolution=(3200, 3200), metadata=None)
        if preview:
            small = np.ascontiguousarray(RGB[::4, ::4])
            file.write(small, photometric="rgb", subfiletype=1, metadata=None)
        file.write(infrared, photometric="minisblack", subfiletype=min(kind, 2), metadata=None)
    if kind == MASK:
        called_masks(path)
    return path


@pytest.mark.parametrize("options", [{}, {"extrasamples": ["unspecified"]}, {"compression": "zlib"}])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_the_fourth_channel(tmp_path: Path, options: dict[str, object], depth: type) -> None:
    path = of_fourth_channel(tmp_path / "a.tif", depth, **{"extrasamples": ["unspecified"], **options})
    photo = read_photo(path, native=True)
    found = read_infrared(path, photo, "auto")
    np.testing.assert_array_equal(found.numbers, INFRARED if depth == np.uint16 else INFRARED >> 8)
    assert (found.where, found.page) == ("channel", None)
    assert not [each for each in found.kept_in(photo).remarks if "left out" in each]


def test_a_fourth_channel_of_which_nothing_is_said_is_no_alpha_here(tmp_path: Path) -> None:
    path = of_fourth_channel(tmp_path / "a.tif", extrasamples=["unspecified"])
    data = bytearray(path.read_bytes())
    at = data.index(b"\x52\x01\x03\x00\x01\x00\x00\x00")  # ExtraSamples becomes a tag that nobody knows
    data[at : at + 2] = b"\x53\x81"
    # Tags ascend; the entry is the last one but for those behind 338, which a reader may find out of order.
    path.write_bytes(data)
    photo = read_photo(path, native=True)
    assert photo.alpha is not None
    found = read_infrared(path, photo, "auto")
    np.testing.assert_array_equal(found.numbers, INFRARED)
    kept = found.kept_in(photo)
    assert kept.alpha is None
    np.testing.assert_array_equal(kept.beside[..., 0], INFRARED)


def test_alpha_that_is_said_to_be_it_is_no_infrared(tmp_path: Path) -> None:
    path = of_fourth_channel(tmp_path / "a.tif", extrasamples=["unassalpha"])
    with pytest.raises(
        PhotoError, match="has no infrared channel, nor a grey page of its size; leave --infrared out"
    ):
        read_infrared(path, read_photo(path, native=True), "auto")


@pytest.mark.parametrize("kind", [0, 2, MASK])
@pytest.mark.parametrize("preview", [False, True])
def test_the_page_behind_the_picture(tmp_path: Path, kind: int, preview: bool) -> None:
    path = of_pages(tmp_path / "a.tif", kind, preview)
    photo = read_photo(path, native=True)
    for which in ("auto", "3" if preview else "2"):
        found = read_infrared(path, photo, which)
        np.testing.assert_array_equal(found.numbers, INFRARED)
        assert found.where == "page"
        assert (found.page is not None) == (kind == MASK), "a page of its own comes back by itself"
        assert infrared_pages(path, which) == (frozenset() if kind == MASK else {2})
    if found.page:
        np.testing.assert_array_equal(found.page.native.pixels[..., 0], INFRARED)
        assert found.page.metadata.subfile == MASK
        assert not [each for each in found.kept_in(photo).remarks if "transparency mask" in each]


def test_it_is_turned_as_the_picture_is(tmp_path: Path) -> None:
    path = of_fourth_channel(
        tmp_path / "a.tif", extrasamples=["unspecified"], extratags=[(274, "H", 1, 6, True)]
    )
    photo = read_photo(path, native=True)
    np.testing.assert_array_equal(photo.pixels, np.rot90(RGB, -1))
    np.testing.assert_array_equal(read_infrared(path, photo, "auto").numbers, np.rot90(INFRARED, -1))


def test_a_scan_of_half_the_size_is_enlarged_and_that_is_said(tmp_path: Path) -> None:
    path = of_pages(tmp_path / "a.tif", MASK, infrared=np.full((24, 32), 500, np.uint16))
    found = read_infrared(path, read_photo(path, native=True), "auto")
    assert found.numbers.shape == (48, 64)
    assert (found.numbers == 500).all()
    assert found.remarks == ("its infrared is 32 × 24 pixels and was resized to the photo's 64 × 48",)
    assert found.page.size == (24, 32), "what is kept stays as it was"


def test_an_album_of_colors_and_infrared_in_turn(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for number in range(2):
            file.write(RGB + number, photometric="rgb", metadata=None)
            file.write(INFRARED + number, photometric="minisblack", metadata=None)
    path = tmp_path / "a.tif"
    assert infrared_pages(path, "auto") == {2, 4}
    for number, page in enumerate((1, 3)):
        found = read_infrared(path, read_photo(path, native=True, page=page), "auto", page)
        np.testing.assert_array_equal(found.numbers, INFRARED + number)


def test_a_file_of_its_own(tmp_path: Path) -> None:
    photo = Photo(RGB)
    tifffile.imwrite(tmp_path / "a_IR.tif", INFRARED)
    np.testing.assert_array_equal(read_infrared_file(tmp_path / "a_IR.tif", photo).numbers, INFRARED)
    three = np.repeat((INFRARED >> 8).astype(np.uint8)[..., None], 3, axis=2)
    write_photo(tmp_path / "three.png", three)
    np.testing.assert_array_equal(read_infrared_file(tmp_path / "three.png", photo).numbers, INFRARED >> 8)
    write_photo(tmp_path / "color.png", RGB)
    with pytest.raises(PhotoError, match=r"color\.png is in color; expected the infrared scan, in grey"):
        read_infrared_file(tmp_path / "color.png", photo)
    with pytest.raises(PhotoError, match="the infrared is 64 × 48 pixels, the photo 48 × 64"):
        read_infrared_file(tmp_path / "a_IR.tif", Photo(np.rot90(RGB)))


def test_what_has_none_is_refused_in_one_line(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png", RGB)
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb")
    photo = Photo(RGB)
    for name, which, why in (
        ("a.png", "auto", "has no infrared channel: it is no TIFF"),
        ("a.tif", "auto", "has no infrared channel, nor a grey page of its size"),
        ("a.tif", "1", "page 1 of .* is the picture itself"),
        ("a.tif", "2", "has no page 2; it has 1"),
        ("a.tif", "0", "infrared is 0; expected auto, the number of a page, or a file"),
    ):
        with pytest.raises(PhotoError, match=why) as raised:
            read_infrared(tmp_path / name, photo, which)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("packing", ["none", "deflate"])
@pytest.mark.parametrize("alpha", [False, True])
def test_a_channel_beside_the_colors_is_written_and_read_back(
    tmp_path: Path, packing: str, alpha: bool
) -> None:
    photo = Photo(RGB, beside=INFRARED[..., None])
    cover = np.full((48, 64), 40000, np.uint16)
    photo = replace(photo, alpha=cover) if alpha else photo
    write_photo(tmp_path / "a.tif", photo, packing=packing)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        page = file.pages[0]
        stored = page.asarray()
        assert [int(each) for each in page.extrasamples] == ([2, 0] if alpha else [0])
    np.testing.assert_array_equal(stored, np.dstack([RGB, *([cover] if alpha else []), INFRARED]))
