"""All pages of a TIFF in and out: order, numbers, tags of each. Files by tifffile; readers are other programs."""

import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from safelight.errors import PhotoError
from safelight.pixels.files import read_photo, write_photo
from safelight.pixels.pages import check_pages, chosen, new_pages, pages_of
from safelight.pixels.profiles import is_srgb
from safelight.pixels.tiff_packing import PACKINGS
from tests.hostile import scene

COUNT = 3
PAGES = [
    scene(np.random.default_rng(seed)).astype(np.uint16)[: 40 + 3 * seed] * 257 + np.uint16(seed)
    for seed in range(COUNT)
]


def three_pages(path: Path, byteorder: str = "<", bigtiff: bool = False) -> Path:
    """Three 16-bit pages of other sizes, each with a resolution, texts and a page number of its own."""
    with tifffile.TiffWriter(path, byteorder=byteorder, bigtiff=bigtiff) as file:
        for number, pixels in enumerate(PAGES):
            file.write(
                pixels,
                photometric="rgb",
                subfiletype=2,
                resolution=(300 + number, 400 + number),
                resolutionunit=2,
                description=f"Page {number}, Großmutter".encode(),
                datetime=f"1931:05:0{number + 1} 10:00:00",
                software="scanner 1.0",
                metadata=None,
                extratags=[
                    (297, 3, 2, (number, COUNT), True),
                    (285, 2, 0, f"leaf {number}", True),
                    (315, 2, 0, "A. Photographer", True),
                ],
            )
    return path


def copied(source: Path, result: Path, packing: str = "deflate", numbers: str = "all", most: int = 0) -> Path:
    """The pages of a TIFF written anew, in their own numbers."""
    pages = pages_of(source)
    with new_pages(result, packing=packing, most=most or pages.bytes) as out:
        for number in chosen(numbers, pages.count):
            assert out.add(pages.read(number, native=True)) == ()
    return result


def tags_of(page: tifffile.TiffPage) -> dict[str, object]:
    """What a page says beside its pixels and how they are stored."""
    names = (
        *("ImageDescription", "DateTime", "Software", "PageNumber", "PageName", "Artist", "NewSubfileType"),
        *("XResolution", "YResolution", "ResolutionUnit"),
    )
    return {name: page.tags[name].value for name in names}


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize(("order", "big"), [("<", False), (">", False), ("<", True)])
def test_three_pages_come_back_with_their_tags(tmp_path: Path, packing: str, order: str, big: bool) -> None:
    source = three_pages(tmp_path / "a.tif", order, big)
    result = copied(source, tmp_path / "b.tif", packing)
    pages = pages_of(result)
    assert pages.count == COUNT
    assert pages.remarks == ()
    for number, pixels in enumerate(PAGES, start=1):
        photo = pages.read(number, native=True)
        np.testing.assert_array_equal(photo.pixels, pixels)
        assert photo.dpi == (299 + number, 399 + number)
    with tifffile.TiffFile(source) as before, tifffile.TiffFile(result) as after:
        assert not after.is_bigtiff
        assert [tags_of(page) for page in before.pages] == [tags_of(page) for page in after.pages]
        for pixels, page in zip(PAGES, after.pages, strict=True):
            assert is_srgb(page.tags["InterColorProfile"].value, "RGB")
            if packing in ("none", "deflate"):  # the others need imagecodecs
                np.testing.assert_array_equal(page.asarray(), pixels)


def test_a_bigtiff_holds_the_same(tmp_path: Path) -> None:
    """Said to become larger than 4 GB: the same pages and tags, places of 8 bytes."""
    source = three_pages(tmp_path / "a.tif")
    for packing in ("none", "deflate"):
        result = copied(source, tmp_path / f"{packing}.tif", packing, most=1 << 32)
        with tifffile.TiffFile(source) as before, tifffile.TiffFile(result) as after:
            assert after.is_bigtiff
            assert [tags_of(page) for page in before.pages] == [tags_of(page) for page in after.pages]
            for pixels, page in zip(PAGES, after.pages, strict=True):
                np.testing.assert_array_equal(page.asarray(), pixels)
        for number, pixels in enumerate(PAGES, start=1):
            np.testing.assert_array_equal(read_photo(result, page=number).pixels, pixels)


def test_exif_of_every_page_is_kept(tmp_path: Path) -> None:
    """An EXIF directory within, with texts and rationals, on each page of either byte order, in a BigTIFF too."""
    for order in "<>":
        blocks = [_exif(order, f"lens {number}") for number in range(COUNT)]
        photos = [
            read_photo(write_photo(tmp_path / f"{order == '<'}{number}.png", pixels))
            for number, pixels in enumerate(PAGES)
        ]
        for most in (0, 1 << 32):
            path = tmp_path / f"{order == '<'}{most}.tif"
            with new_pages(path, most=most) as out:
                for photo, block in zip(photos, blocks, strict=True):
                    assert out.add(replace(photo, exif=block)) == ()
            with tifffile.TiffFile(path) as file:
                assert [page.tags["ExifTag"].value["LensModel"] for page in file.pages] == [
                    f"lens {number}" for number in range(COUNT)
                ]
                assert [page.tags["ExifTag"].value["FNumber"] for page in file.pages] == [(28, 10)] * COUNT
            for number in range(1, COUNT + 1):
                assert f"lens {number - 1}".encode() in (read_photo(path, page=number).exif or b"")


def _exif(order: str, lens: str) -> bytes:
    """A block with an EXIF directory: FNumber 2.8 and the name of a lens."""
    text = lens.encode() + b"\0"
    inner_at, values_at = 26, 26 + 2 + 2 * 12 + 4
    first = struct.pack(order + "H", 1) + struct.pack(order + "HHLL", 34665, 4, 1, inner_at) + bytes(4)
    inner = struct.pack(order + "H", 2)
    inner += struct.pack(order + "HHLL", 33437, 5, 1, values_at)
    inner += struct.pack(order + "HHLL", 42036, 2, len(text), values_at + 8) + bytes(4)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "L", 8)
    return head + first + inner + struct.pack(order + "LL", 28, 10) + text


def test_previews_pyramids_and_masks_are_no_pages(tmp_path: Path) -> None:
    small = PAGES[0][::2, ::2]
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(small, photometric="rgb", subfiletype=1, description="of the scanner", metadata=None)
        file.write(PAGES[0], photometric="rgb", subfiletype=2, subifds=2, metadata=None)
        file.write(small, photometric="rgb", subfiletype=1)
        file.write(PAGES[0][::4, ::4], photometric="rgb")  # a layer that does not say so
        file.write(small[..., 0] > 100, photometric=4, subfiletype=4)
        file.write(small, photometric="rgb", subfiletype=1, subifds=1, description="leaf 2", metadata=None)
        file.write(PAGES[1], photometric="rgb", subfiletype=0, metadata=None)
    pages = pages_of(tmp_path / "a.tif")
    assert pages.count == 2
    assert pages.remarks == (
        "4 reduced copies (previews) were left out, as a result has none",
        "its transparency mask, a page of its own, was left out",
    )
    first, second = pages.read(1), pages.read(2)
    np.testing.assert_array_equal(first.pixels, PAGES[0])
    np.testing.assert_array_equal(second.pixels, PAGES[1])
    assert b"of the scanner" in (first.exif or b"")
    assert b"leaf 2" in (second.exif or b"")
    assert b"of the scanner" not in (second.exif or b"")


def test_a_file_that_is_no_tiff_has_one_page(tmp_path: Path) -> None:
    write_photo(tmp_path / "a.png", PAGES[0])
    pages = pages_of(tmp_path / "a.png")
    assert (pages.count, pages.remarks) == (1, ())
    np.testing.assert_array_equal(pages.read(1).pixels, PAGES[0])
    with pytest.raises(PhotoError, match="has no page 2: it is no TIFF"):
        read_photo(tmp_path / "a.png", page=2)


def test_a_damaged_page_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    source = three_pages(tmp_path / "a.tif")
    with tifffile.TiffFile(source) as file:
        place = file.pages[1].tags["BitsPerSample"].valueoffset
    data = bytearray(source.read_bytes())
    struct.pack_into("<H", data, place, 10_000)
    source.write_bytes(data)
    with pytest.raises(PhotoError, match=r"^page 2 of 3: .*a\.tif is not a picture that can be read"):
        copied(source, tmp_path / "b.tif")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tif"]


def test_a_chain_that_is_cut_off_is_no_shorter_document(tmp_path: Path) -> None:
    source = three_pages(tmp_path / "a.tif")
    with tifffile.TiffFile(source) as file:
        third, second = file.pages[2].offset, file.pages[1]
        link = second.offset + 2 + 12 * len(second.tags)
    data = bytearray(source.read_bytes())
    assert struct.unpack_from("<L", data, link)[0] == third
    struct.pack_into("<L", data, link, len(data) + 100)
    source.write_bytes(data)
    with pytest.raises(PhotoError, match="page 3 of it, which follows the others, is damaged"):
        pages_of(source)


def test_some_of_the_pages(tmp_path: Path) -> None:
    assert [list(chosen(said, 5)) for said in ("all", "1", "2-4", "3,1-2")] == [
        [1, 2, 3, 4, 5],
        [1],
        [2, 3, 4],
        [3, 1, 2],
    ]
    for wrong in ("", "0", "4-2", "a", "1-", "-1", "1,", "１"):
        with pytest.raises(PhotoError, match="expected all, or numbers from 1"):
            check_pages(wrong)
    with pytest.raises(PhotoError, match="has no page 6; it has 5"):
        chosen("2-6", 5)
    result = copied(three_pages(tmp_path / "a.tif"), tmp_path / "b.tif", numbers="2-3")
    np.testing.assert_array_equal(read_photo(result, page=1).pixels, PAGES[1])
    assert pages_of(result).count == 2


def test_a_master_has_a_resolution_and_no_private_tags(tmp_path: Path) -> None:
    tifffile.imwrite(
        tmp_path / "a.tif",
        PAGES[0],
        photometric="rgb",
        metadata=None,
        extratags=[(50341, 7, 4, b"abcd", True)],
    )
    photo = read_photo(tmp_path / "a.tif", native=True)
    with new_pages(tmp_path / "b.tif", packing="none") as out:
        assert out.add(photo) == ("its private tag (50341) was left out, as an uncompressed master has none",)
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        tags = {tag.code: tag.value for tag in file.pages[0].tags}
    assert not {317, 50341} & tags.keys()
    assert (tags[259], tags[282], tags[283], tags[296]) == (1, (1, 1), (1, 1), 1)
    write_photo(tmp_path / "c.tif", photo, packing="none")
    assert (tmp_path / "c.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match="choose one of none, lzw, deflate, zstd"):
        write_photo(tmp_path / "a.tif", PAGES[0], packing="jpeg")  # type: ignore[arg-type]
    with pytest.raises(PhotoError, match="holds one page"), new_pages(tmp_path / "a.png"):
        pass
    write_photo(tmp_path / "a.png", PAGES[0])
    with pytest.raises(PhotoError, match="no page 2"), new_pages(tmp_path / "a.tif") as out:
        out.add(read_photo(tmp_path / "a.png", page=2))
    (tmp_path / "taken.tif").write_bytes(b"")
    with pytest.raises(PhotoError, match="exists; give another name"), new_pages(tmp_path / "taken.tif"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "taken.tif"]


def _run(*words: str | Path) -> str:
    if shutil.which(str(words[0])) is None:
        pytest.skip(f"{words[0]} is not installed")
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("most", [0, 1 << 32])
def test_libtiff_and_imagemagick_read_every_page(tmp_path: Path, packing: str, most: int) -> None:
    result = copied(three_pages(tmp_path / "a.tif"), tmp_path / "b.tif", packing, most=most)
    said = _run("tiffinfo", "-D", result)
    assert said.count("TIFF Directory at offset") == COUNT
    assert "Warning" not in said
    assert [line.strip() for line in said.splitlines() if "Page Number" in line] == [
        f"Page Number: {number}-{COUNT}" for number in range(COUNT)
    ]
    for number, pixels in enumerate(PAGES):
        _run("convert", f"{result}[{number}]", "-depth", "16", f"PNG48:{tmp_path / str(number)}.png")
        np.testing.assert_array_equal(read_photo(tmp_path / f"{number}.png", native=True).pixels, pixels)


@pytest.mark.parametrize("packing", PACKINGS)
def test_libvips_and_imagecodecs_read_every_page(tmp_path: Path, packing: str) -> None:
    pytest.importorskip("imagecodecs")
    result = copied(three_pages(tmp_path / "a.tif"), tmp_path / "b.tif", packing)
    with tifffile.TiffFile(result) as file:
        for pixels, page in zip(PAGES, file.pages, strict=True):
            np.testing.assert_array_equal(page.asarray(), pixels)
    pyvips = pytest.importorskip("pyvips")
    if packing != "zstd":  # which the libvips of the wheel reads as black
        for number, pixels in enumerate(PAGES):
            image = pyvips.Image.tiffload(str(result), page=number, fail_on="error")
            np.testing.assert_array_equal(image.numpy(), pixels)


def test_exiftool_finds_nothing_that_the_source_has_not(tmp_path: Path) -> None:
    source = three_pages(tmp_path / "a.tif")
    before = set(_run("exiftool", "-validate", "-warning", "-a", source).splitlines())
    result = copied(source, tmp_path / "b.tif", "none")
    said = set(_run("exiftool", "-validate", "-warning", "-a", result).splitlines())
    assert said - before == set()


CHECKIT = Path("/usr/share/checkit_tiff/example_configs/cit_tiff6_baseline_SLUB.cfg")


def test_checkit_tiff_passes_a_master(tmp_path: Path) -> None:
    """By the baseline profile of the SLUB Dresden, which asks for an ICC profile and 300 to 4000 pixels an inch."""
    if not CHECKIT.exists():
        pytest.skip("checkit_tiff is not installed")
    tifffile.imwrite(
        tmp_path / "a.tif",
        PAGES[0],
        photometric="rgb",
        resolution=(600, 600),
        resolutionunit=2,
        metadata=None,
        datetime="1931:05:01 10:00:00",
        software="scanner 1.0",
    )
    result = copied(tmp_path / "a.tif", tmp_path / "b.tif", "none")
    done = subprocess.run(["checkit_tiff", CHECKIT, result], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
