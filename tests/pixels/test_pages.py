"""Which page of a TIFF is the picture; raw files are refused by name. Files by tifffile, truth: the arrays given."""

import re
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile

from safelight.errors import PhotoError
from safelight.pixels.files import read_photo, read_small
from tests.hostile import scene

FULL = scene(np.random.default_rng(1))
DEEP = FULL.astype(np.uint16) * 257
SMALL = np.full((12, 16, 3), 200, np.uint8)


@pytest.mark.parametrize(("order", "big"), [("<", False), (">", False), ("<", True)])
@pytest.mark.parametrize("options", [{}, {"compression": "zlib", "predictor": True}, {"tile": (16, 16)}])
def test_a_preview_first_is_passed_over(tmp_path: Path, order: str, big: bool, options: dict) -> None:
    for name, pixels in (("page", FULL), ("deep", DEEP)):
        with tifffile.TiffWriter(tmp_path / f"{name}.tif", bigtiff=big, byteorder=order) as file:
            file.write(SMALL, photometric="rgb", subfiletype=1)
            file.write(pixels, photometric="rgb", subfiletype=0, **options)
        photo = read_photo(tmp_path / f"{name}.tif")
        np.testing.assert_array_equal(photo.pixels, pixels)
        assert photo.remarks == ()


def test_the_full_picture_below_its_preview(tmp_path: Path) -> None:
    """SubIFDs, as scanners write them (TIFF Technical Note 1); its description lies with the preview."""
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(SMALL, photometric="rgb", subfiletype=1, subifds=1, description="Grandmother")
        file.write(DEEP, photometric="rgb", subfiletype=0, metadata=None)
    photo = read_photo(tmp_path / "a.tif")
    np.testing.assert_array_equal(photo.pixels, DEEP)
    assert b"Grandmother" in (photo.exif or b"")
    assert read_small(tmp_path / "a.tif", 24).shape == (24, 32, 3)


def test_a_pyramid_and_pages(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "pyramid.tif") as file:
        file.write(FULL, photometric="rgb", subifds=2)
        file.write(FULL[::2, ::2], photometric="rgb", subfiletype=1)
        file.write(FULL[::4, ::4], photometric="rgb", subfiletype=1)
    assert read_photo(tmp_path / "pyramid.tif").remarks == ()
    for name, pages in (("same", (FULL, FULL[::-1])), ("larger", (FULL[:20], FULL))):
        with tifffile.TiffWriter(tmp_path / f"{name}.tif") as file:
            for page in pages:
                file.write(page, photometric="rgb", subfiletype=2)
    same, larger = read_photo(tmp_path / "same.tif"), read_photo(tmp_path / "larger.tif")
    np.testing.assert_array_equal(same.pixels, FULL)
    assert same.remarks == ("it holds more than one picture; the first was taken",)
    np.testing.assert_array_equal(larger.pixels, FULL)
    assert larger.remarks == ("it holds more than one picture; the largest, number 2 of 2, was taken",)


def test_nothing_but_a_preview_is_said(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", FULL, photometric="rgb", subfiletype=1)
    photo = read_photo(tmp_path / "a.tif")
    np.testing.assert_array_equal(photo.pixels, FULL)
    assert photo.remarks == ("it says to be a reduced copy, and holds no full one",)


def test_directories_that_point_to_each_other_end(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", FULL, photometric="rgb")
    data = bytearray((tmp_path / "a.tif").read_bytes())
    (start,) = struct.unpack_from("<L", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<L", data, start + 2 + 12 * count, start)
    (tmp_path / "a.tif").write_bytes(data)
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").pixels, FULL)


def raw_tiff(path: Path, make: str, photometric: int, compression: int = 1, tags: tuple = ()) -> Path:
    """A preview, and below it what a camera recorded."""
    with tifffile.TiffWriter(path) as file:
        extra = [(271, 2, 0, make, True), *tags]
        file.write(SMALL, photometric="rgb", subfiletype=1, subifds=1, extratags=extra)
        file.write(DEEP if photometric == 34892 else DEEP[..., 0], photometric=photometric, subfiletype=0)
    if compression != 1:
        data = path.read_bytes()
        path.write_bytes(
            data.replace(struct.pack("<HHLL", 259, 3, 1, 1), struct.pack("<HHLL", 259, 3, 1, compression))
        )
    return path


@pytest.mark.parametrize(
    ("name", "make", "photometric", "compression", "called"),
    [
        ("a.nef", "NIKON CORPORATION", 32803, 1, "NEF"),
        ("a.tif", "NIKON CORPORATION", 32803, 1, "NEF"),
        ("a.tif", "SONY", 32803, 1, "ARW"),
        ("a.jpg", "PENTAX", 1, 65535, "PEF"),
        ("a.srw", "SAMSUNG", 32803, 1, "SRW"),
        ("a.3fr", "Hasselblad", 32803, 1, "3FR"),
        ("linear.tif", "Scanner", 34892, 1, ""),
    ],
)  # fmt: skip
def test_raw_files_that_begin_like_a_tiff(
    tmp_path: Path, name: str, make: str, photometric: int, compression: int, called: str
) -> None:
    path = raw_tiff(tmp_path / name, make, photometric, compression)
    words = re.escape(f"is a raw file ({called}); develop it first").replace(r"\ \(\)", "")
    for read in (read_photo, lambda path: read_small(path, 8)):
        with pytest.raises(PhotoError, match=words):
            read(path)


def test_dng_whatever_its_name(tmp_path: Path) -> None:
    for name in ("scan.dng", "raw_as.tif"):
        path = raw_tiff(tmp_path / name, "Scanner", 1, tags=((50706, 1, 4, (1, 4, 0, 0), True),))
        with pytest.raises(PhotoError, match=r"is a raw file \(DNG\); develop it first"):
            read_photo(path)


STARTS = {
    "RAF": b"FUJIFILMCCD-RAW 0201",
    "ORF": b"IIRO\x08\0\0\0",
    "RW2": b"IIU\0\x18\0\0\0",
    "X3F": b"FOVb\0\0\x03\0",
    "MRW": b"\0MRM\0\0\0\0",
    "CRW": b"II\x1a\0\0\0HEAPCCDR",
    "CR2": b"II*\0\x10\0\0\0CR\x02\0",
    "CR3": b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom",
}


@pytest.mark.parametrize("called", STARTS)
def test_raw_files_with_a_beginning_of_their_own(tmp_path: Path, called: str) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(STARTS[called] + bytes(200))
    with pytest.raises(PhotoError, match=rf"is a raw file \({called}\); develop it first"):
        read_photo(path)
    assert "\n" not in called


OTHERS = {
    b"P6\n4 4\n255\n" + bytes(48): "a PPM, PGM or PBM",
    b"P5 4 4 255 " + bytes(16): "a PPM, PGM or PBM",
    b"8BPS\0\x01" + bytes(60): "a Photoshop document",
    bytes([0, 0, 2])
    + bytes(9)
    + b"\x04\0\x04\0\x18\0"
    + bytes(48)
    + bytes(8)
    + b"TRUEVISION-XFILE.\0": "a TGA",
    b"v/1\x01" + bytes(60): "an OpenEXR",
    b"#?RADIANCE\n" + bytes(60): "a Radiance HDR",
    b"\x00\x05\x16\x07" + bytes(60): "AppleDouble",
    b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2mp41" + bytes(60): "a video",
    b"gimp xcf file\0" + bytes(60): "a GIMP document",
}


@pytest.mark.parametrize("data", OTHERS, ids=list(OTHERS.values()))
def test_other_kinds_are_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(PhotoError, match=f"found .*{OTHERS[data]}"):
        read_photo(tmp_path / "a.jpg")


def test_a_bigtiff_of_the_order_that_nobody_reads_is_named(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", FULL, photometric="rgb", bigtiff=True, byteorder=">")
    with pytest.raises(PhotoError, match="a BigTIFF of the byte order MM; save it with the order II"):
        read_photo(tmp_path / "a.tif")


def test_a_page_that_is_a_mask_is_said(tmp_path: Path) -> None:
    picture = scene(np.random.default_rng(8))
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(picture, photometric="rgb")
        file.write(picture[..., 0] > 100, photometric=4, subfiletype=4)
    photo = read_photo(tmp_path / "a.tif")
    np.testing.assert_array_equal(photo.pixels, picture)
    assert photo.remarks == ("its transparency mask, a page of its own, was left out",)


def test_a_jpeg_of_a_rare_kind_is_named(tmp_path: Path) -> None:
    """SOF55 is the frame of JPEG-LS (ISO 14495-1)."""
    frame = b"\xff\xf7\0\x0b\x08\0\x08\0\x08\x01\x01\x11\0"
    (tmp_path / "a.jpg").write_bytes(
        b"\xff\xd8" + frame + b"\xff\xda\0\x08\x01\x01\0\0\0\0" + bytes(20) + b"\xff\xd9"
    )
    with pytest.raises(PhotoError, match="a rare kind of its format, such as JPEG-LS"):
        read_photo(tmp_path / "a.jpg")
