"""What a picture file says of itself, without a look at its pixels."""

import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

import safelight
from safelight.errors import PhotoError
from safelight.pixels.files import Photo, read_photo, write_photo
from safelight.provenance.info import in_words, read_info, source_on_disk
from safelight.provenance.made import Made, Region, UsedFile, UsedModel
from safelight.provenance.mark import mark, mark_photo, source_file
from tests.pixels.test_claims import packet

RNG = np.random.default_rng(0)
EIGHT = RNG.integers(0, 256, (20, 30, 3), np.uint8)
SHA = "ab" * 32


def saved(path: Path, mode: str, **options: object) -> Path:
    Image.fromarray(EIGHT).convert(mode).save(path, **options)
    return path


def grey_and_alpha_16() -> bytes:
    """A PNG of 30 × 20 pixels, color type 4, which neither Pillow nor OpenCV writes."""
    rows = b"".join(b"\0" + bytes(30 * 4) for _ in range(20))
    chunks = (
        (b"IHDR", struct.pack(">2L5B", 30, 20, 16, 4, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    packed = (
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def test_modes_and_depths(tmp_path: Path) -> None:
    cases = {
        saved(tmp_path / "a.jpg", "L"): ("JPEG", "grey", 8, "sRGB", False),
        saved(tmp_path / "b.jpg", "CMYK"): ("JPEG", "inks (CMYK)", 8, "no profile", False),
        saved(tmp_path / "c.png", "1"): ("PNG", "black and white", 1, "sRGB", False),
        saved(tmp_path / "d.png", "P"): ("PNG", "palette", 8, "sRGB", False),
        saved(tmp_path / "e.png", "RGBA"): ("PNG", "RGB", 8, "sRGB", True),
        saved(tmp_path / "f.webp", "RGB"): ("WEBP", "RGB", 8, "sRGB", False),
        saved(tmp_path / "g.tif", "LAB"): ("TIFF", "CIE Lab", 8, "CIE Lab", False),
        saved(tmp_path / "h.gif", "P"): ("GIF", "palette", 8, "sRGB", False),
        write_photo(tmp_path / "i.png", EIGHT.astype(np.uint16)): ("PNG", "RGB", 16, "sRGB", False),
    }
    tifffile.imwrite(tmp_path / "j.tif", EIGHT.astype(np.uint16), photometric="rgb")
    cases[tmp_path / "j.tif"] = ("TIFF", "RGB", 16, "sRGB", False)
    rgba = np.dstack([EIGHT, EIGHT[..., :1]])
    tifffile.imwrite(
        tmp_path / "k.tif", rgba.astype(np.uint16), photometric="rgb", extrasamples=["unassalpha"]
    )
    cases[tmp_path / "k.tif"] = ("TIFF", "RGB", 16, "sRGB", True)
    tifffile.imwrite(tmp_path / "l.tif", EIGHT[..., 0] > 99, photometric="minisblack")
    cases[tmp_path / "l.tif"] = ("TIFF", "black and white", 1, "sRGB", False)
    (tmp_path / "m.png").write_bytes(grey_and_alpha_16())
    cases[tmp_path / "m.png"] = ("PNG", "grey", 16, "sRGB", True)
    for path, expected in cases.items():
        info = read_info(path)
        assert (info.format, info.mode, info.depth, info.color, info.alpha) == expected, path
        assert info.size == (30, 20)
        assert next(in_words(info)).startswith(f"{path}: {expected[0]}, 30 × 20 pixels, {expected[1]}")


def test_pages_and_further_channels_are_told(tmp_path: Path) -> None:
    """A scan of several pages, each with an infrared channel."""
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for _ in range(3):
            file.write(np.dstack([EIGHT, EIGHT[..., :1]]), photometric="rgb", extrasamples=["unspecified"])
    info = read_info(tmp_path / "a.tif")
    assert (info.pages, info.further, info.alpha) == (3, 1, False)
    line = next(in_words(info))
    assert line.endswith("RGB and 1 further channel, 8 bits a channel, sRGB, 3 pages")


def test_upright_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    saved(tmp_path / "a.jpg", "RGB", exif=exif)
    assert read_info(tmp_path / "a.jpg").size == (20, 30)


def test_history_in_words(tmp_path: Path) -> None:
    photo = Photo(EIGHT, xmp=packet('xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmpMM:DocumentID="d1"'))
    write_photo(tmp_path / "scan.png", photo)
    source = source_file(tmp_path / "scan.png", photo)
    assert source == source_on_disk(tmp_path / "scan.png")
    made = Made(
        "fill",
        "learned",
        {"method": "auto", "grow": 2, "feather": 0, "hints": None},
        (UsedModel("fill", SHA),),
        (source,),
        {"mask": UsedFile("m.png", SHA)},
        Region(1, 2, 3, 4, 5),
        when="2026-11-29T05:00:00Z",
    )
    write_photo(tmp_path / "a.tif", mark_photo(photo, made))
    lines = [line.strip() for line in in_words(read_info(tmp_path / "a.tif"))]
    assert "source type: compositeWithTrainedAlgorithmicMedia (edited with generative AI)" in lines
    assert f"2026-11-29 05:00:00 UTC edited by safelight {safelight.__version__}" in lines
    assert "fill: feather 0, grow 2, method auto" in lines
    assert "model fill (sha256 abababababab…)" in lines
    assert "mask m.png (sha256 abababababab…)" in lines
    assert "changed: 5 pixels within 3 × 4 at 1, 2" in lines
    assert f"derived from scan.png (sha256 {source.sha256[:12]}…)" in lines
    assert "document: d1" in lines
    row = json.loads(json.dumps(read_info(tmp_path / "a.tif").to_json()))
    assert row["said"]["steps"][0]["settings"]["grow"] == 2
    assert row["size"] == [30, 20]


def test_a_mark_whose_history_was_cut_is_said(tmp_path: Path) -> None:
    marked = mark_photo(Photo(EIGHT), Made("fill", "classical"))
    assert marked.xmp is not None
    start, end = marked.xmp.index(b"<xmpMM:History>"), marked.xmp.index(b"</xmpMM:History>") + 16
    write_photo(tmp_path / "a.png", replace(marked, xmp=marked.xmp[:start] + marked.xmp[end:]))
    assert list(in_words(read_info(tmp_path / "a.png")))[-1].strip().startswith("1 of safelight's records")


def test_any_picture_and_no_picture(tmp_path: Path) -> None:
    assert list(in_words(read_info(saved(tmp_path / "a.bmp", "RGB"))))[1].strip() == "source type: not said"
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.raises(PhotoError, match="is not a picture"):
        read_info(tmp_path / "b.png")


def test_marks_in_python(tmp_path: Path) -> None:
    write_photo(tmp_path / "dress.png", EIGHT)
    photo = read_photo(tmp_path / "dress.png")
    restorer = safelight.load()
    colored = restorer.recolor(photo)
    marked = safelight.mark(colored, restorer, tmp_path / "dress.png", {"vivid": 0.8})
    assert marked.pixels is colored.pixels
    assert marked.exif is colored.exif
    write_photo(tmp_path / "a.jpg", marked)
    said = read_info(tmp_path / "a.jpg").said
    assert said.system == "safelight color"
    assert said.steps[0].sources[0].name == "dress.png"
    assert said.steps[0].settings == {"vivid": 0.8}
    with pytest.raises(PhotoError, match="no JSON"):
        mark(colored, restorer, settings={"vivid": object()})  # type: ignore[dict-item]
    with pytest.raises(PhotoError, match="cannot be opened"):
        mark(colored, restorer, "nothing.png")
