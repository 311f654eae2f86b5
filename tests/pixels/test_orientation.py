"""Wherever a file states its orientation, it is applied once, and afterwards states 1. Truth: how it was turned."""

import struct
import zlib
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from safelight.pixels.files import read_photo, read_small, write_remarked
from tests.hostile import saved

UPRIGHT = np.kron(
    np.random.default_rng(3).integers(0, 256, (3, 5, 3), np.uint8), np.ones((16, 16, 1), np.uint8)
)
TURNS = {  # orientation: how an upright picture comes to lie so (CIPA DC-008, 4.6.4, figure 7)
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[::-1],
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: a.swapaxes(0, 1)[:, ::-1],
}


def block(turn: int, kind: int = 3, order: str = "<") -> bytes:
    """An EXIF block that states nothing but the orientation."""
    value = struct.pack(order + {1: "B3x", 3: "H2x", 4: "L"}[kind], turn)
    start = b"II*\0" if order == "<" else b"MM\0*"
    return start + struct.pack(order + "LHHHL", 8, 1, 0x112, kind, 1) + value + bytes(4)


def packet(turn: int, form: str = 'tiff:Orientation="{}"/>') -> bytes:
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
        + form.format(turn)
        + "</rdf:RDF></x:xmpmeta>"
    ).encode()


ELEMENT = "><tiff:Orientation>{}</tiff:Orientation></rdf:Description>"


def png_with(pixels: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    png = saved(pixels, "PNG")
    put = b"".join(
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return png[:33] + put + png[33:]


def raw_profile(kind: str, data: bytes) -> tuple[bytes, bytes]:
    """As ImageMagick 6 wrote it."""
    lines = "\n".join(data.hex()[at : at + 72] for at in range(0, 2 * len(data), 72))
    text = f"\n{kind}\n{len(data):8}\n{lines}\n".encode()
    return b"zTXt", f"Raw profile type {kind}".encode() + b"\0\0" + zlib.compress(text)


def tiff_with(path: Path, pixels: np.ndarray, **options: object) -> None:
    tifffile.imwrite(path, pixels, photometric="rgb", metadata=None, **options)


def make(where: str, turn: int, path: Path) -> None:
    """A file whose pixels lie as the turn says, stated in one place."""
    pixels = np.ascontiguousarray(TURNS[turn](UPRIGHT))
    exif = b"Exif\0\0" + block(turn)
    itxt = b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + packet(turn)
    makers = {
        "jpg exif": lambda: saved(pixels, "JPEG", quality=100, subsampling=0, exif=exif),
        "jpg exif big-endian long": lambda: saved(
            pixels, "JPEG", quality=100, subsampling=0, exif=b"Exif\0\0" + block(turn, 4, ">")
        ),
        "jpg xmp": lambda: saved(pixels, "JPEG", quality=100, subsampling=0, xmp=packet(turn)),
        "jpg xmp quotes": lambda: saved(
            pixels, "JPEG", quality=100, subsampling=0, xmp=packet(turn, "tiff:Orientation = '{}'/>")
        ),
        "jpg xmp element": lambda: saved(
            pixels, "JPEG", quality=100, subsampling=0, xmp=packet(turn, ELEMENT)
        ),
        "png exif": lambda: png_with(pixels, (b"eXIf", block(turn))),
        "png raw exif": lambda: png_with(pixels, raw_profile("exif", exif)),
        "png raw app1": lambda: png_with(pixels, raw_profile("APP1", exif)),
        "png xmp": lambda: png_with(pixels, itxt),
        "png raw xmp": lambda: png_with(pixels, raw_profile("xmp", packet(turn))),
        "png both": lambda: png_with(pixels, (b"eXIf", block(turn)), itxt),
        "png xmp other": lambda: png_with(
            pixels, (b"eXIf", block(turn)), (b"iTXt", itxt[1].replace(b"%d" % turn, b"5"))
        ),
        "webp exif": lambda: saved(pixels, "WEBP", lossless=True, exif=exif),
        "webp xmp": lambda: saved(pixels, "WEBP", lossless=True, xmp=packet(turn)),
        "jpg exif nought": lambda: saved(
            pixels, "JPEG", quality=100, subsampling=0, exif=b"Exif\0\0" + block(0), xmp=packet(turn)
        ),
    }
    if where in makers:
        path.write_bytes(makers[where]())
        return
    tag = (274, 3, 1, turn, True)
    xmp = (700, 1, None, packet(turn, ELEMENT if "element" in where else 'tiff:Orientation="{}"/>'), True)
    if "quotes" in where:
        xmp = (700, 1, None, packet(turn, "tiff:Orientation='{}'/>"), True)
    deep = pixels.astype(np.uint16) * 257 if "16" in where else pixels
    tags = {"tif tag": [tag], "tif both": [tag, xmp]}.get(where.removesuffix(" 16"), [xmp])
    tiff_with(path, deep, extratags=tags)


PLACES = (
    *(
        "jpg exif",
        "jpg exif big-endian long",
        "jpg xmp",
        "jpg xmp quotes",
        "jpg xmp element",
        "jpg exif nought",
    ),
    *("png exif", "png raw exif", "png raw app1", "png xmp", "png raw xmp", "png both", "png xmp other"),
    *("webp exif", "webp xmp", "tif tag", "tif both", "tif xmp", "tif xmp quotes", "tif xmp element"),
    *("tif tag 16", "tif xmp 16"),
)


@pytest.mark.parametrize("where", PLACES)
def test_stated_anywhere_applied_once(tmp_path: Path, where: str) -> None:
    suffix = where.split(maxsplit=1)[0]
    for turn in (2, 6, 7, 8) if where in ("jpg exif", "tif tag") else (6,):
        path = tmp_path / f"a.{suffix}"
        make(where, turn, path)
        photo = read_photo(path)
        pixels = photo.pixels // 257 if photo.pixels.dtype == np.uint16 else photo.pixels
        assert pixels.shape == UPRIGHT.shape
        assert np.abs(pixels.astype(int) - UPRIGHT).mean() < 3
        assert read_small(path, 48).shape == UPRIGHT.shape
        for kind in ("jpg", "png", "tif", "webp"):
            write_remarked(tmp_path / f"b.{kind}", photo, overwrite=True)
            again = read_photo(tmp_path / f"b.{kind}")
            assert again.size == (48, 80)
            with Image.open(tmp_path / f"b.{kind}") as image:
                assert image.getexif().get(0x112, 1) == 1
                assert ImageOps.exif_transpose(image).size == (80, 48)
            assert b'Orientation="6"' not in (again.xmp or b"")
            assert b"Orientation>6" not in (again.xmp or b"")
            assert b"Orientation='6'" not in (again.xmp or b"")


def test_exif_says_upright_and_counts_before_xmp(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(saved(UPRIGHT, "JPEG", exif=b"Exif\0\0" + block(1), xmp=packet(6)))
    photo = read_photo(path)
    assert photo.size == (48, 80)
    assert photo.xmp is not None
    assert b'Orientation="1"' in photo.xmp


def test_resolutions_turn_with_the_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x112], exif[0x11A], exif[0x11B], exif[0x128] = 6, 300.0, 150.0, 2
    path = tmp_path / "a.jpg"
    Image.fromarray(np.ascontiguousarray(TURNS[6](UPRIGHT))).save(path, exif=exif, dpi=(300, 150))
    photo = read_photo(path)
    assert photo.dpi == (150, 300)
    for kind in ("jpg", "png", "tif", "webp"):
        write_remarked(tmp_path / f"b.{kind}", photo, overwrite=True)
        with Image.open(tmp_path / f"b.{kind}") as image:
            found = image.getexif()
            assert (found[0x11A], found[0x11B]) == (150, 300), kind
            assert image.info.get("dpi", (150, 300)) == pytest.approx((150, 300), abs=0.02), kind


@pytest.mark.parametrize("turn", range(1, 9))
def test_the_subject_is_where_it_was(tmp_path: Path, turn: int) -> None:
    """A red pixel among grey ones is the subject: before and after EXIF points to it."""
    upright = np.full((20, 30, 3), 90, np.uint8)
    upright[4, 7] = 250, 0, 0
    stored = np.ascontiguousarray(TURNS[turn](upright))
    y, x = (int(each) for each in np.argwhere(stored[..., 0] == 250)[0])
    exif = Image.Exif()
    exif[0x112] = turn
    exif[0x8769] = {0x9214: (x, y, 3, 5), 0xA214: (x, y), 0xA20E: 100.0, 0xA20F: 50.0}
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    write_remarked(tmp_path / "b.png", read_photo(tmp_path / "a.png"))
    with Image.open(tmp_path / "b.png") as image:
        assert np.array_equal(np.asarray(image), upright)
        inner = image.getexif().get_ifd(0x8769)
    assert inner[0xA214] == (7, 4)
    assert inner[0x9214] == ((7, 4, 5, 3) if turn >= 5 else (7, 4, 3, 5))
    assert (inner[0xA20E], inner[0xA20F]) == ((50, 100) if turn >= 5 else (100, 50))


def test_text_of_imagemagick_that_states_the_orientation(tmp_path: Path) -> None:
    text = b"tEXt", b"exif:Orientation\x006"
    turned = np.ascontiguousarray(TURNS[6](UPRIGHT))
    (tmp_path / "a.png").write_bytes(png_with(turned, raw_profile("exif", b"Exif\0\0" + block(6)), text))
    write_remarked(tmp_path / "b.png", read_photo(tmp_path / "a.png"))
    with Image.open(tmp_path / "b.png") as image:
        assert image.text == {"exif:Orientation": "1"}


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "utf-32-be", "utf-32-le"])
def test_xmp_in_wide_letters(tmp_path: Path, encoding: str) -> None:
    """Such packets become UTF-8, the one encoding that readers of picture files expect (XMP, part 3)."""
    words = "\ufeff<?xpacket begin='\ufeff'?>" + packet(6).decode().replace(
        " xmlns:tiff", " about='Größe' xmlns:tiff"
    )
    for prefix in ("", "<?xml version='1.0' encoding='UTF-16'?>"):
        raw = (prefix + words.removeprefix("\ufeff") if prefix else words).encode(encoding)
        stored = np.rot90(UPRIGHT).copy()
        (tmp_path / "a.jpg").write_bytes(saved(stored, "JPEG", xmp=raw))
        tifffile.imwrite(tmp_path / "a.tif", stored, extratags=[(700, 1, len(raw), raw, True)])
        for name in ("a.jpg", "a.tif"):
            photo = read_photo(tmp_path / name)
            assert photo.size == (48, 80)
            assert photo.xmp
            assert 'tiff:Orientation="1"' in photo.xmp.decode()
            assert "about='Größe'" in photo.xmp.decode()
            ElementTree.fromstring(photo.xmp)  # plain XML
