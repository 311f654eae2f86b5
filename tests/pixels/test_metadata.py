"""Every kind of metadata of every kind of file, into every kind that is written: found again, or said.

Each source holds bytes that were put there by this file, Pillow or tifffile; each result is read by Pillow,
tifffile or by hand. With exiftool on the machine, every field that it knows is compared too (test_exiftool.py).
"""

import hashlib
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, IptcImagePlugin, PngImagePlugin

from safelight.errors import PhotoError
from safelight.pixels.files import read_photo, write_remarked
from tests.hostile import saved
from tests.pixels.test_claims import extended, packet, segment
from tests.pixels.test_damaged_exif import rich_block
from tests.pixels.test_exif import MAKER_NOTE
from tests.pixels.test_orientation import png_with, raw_profile

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
RESULTS = ("jpg", "png", "tif", "webp")
LATIN, UTF8 = "Köln, José Åberg ©".encode("latin-1"), "Köln, José Åberg ©".encode()
IPTC = b"".join(
    struct.pack(">BBBH", 0x1C, record, number, len(text)) + text
    for record, number, text in (
        *((1, 90, b"\x1b%G"), (2, 0, b"\0\2")),
        *((2, 25, b"wedding"), (2, 25, b"1903"), (2, 120, UTF8)),
    )
)
URL = b"http://archive.example/417"
XMP = packet('xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Köln"')


def resource(number: int, data: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHL", number, 0, len(data)) + data + bytes(len(data) % 2)


IRB = resource(1028, IPTC) + resource(1035, URL)


# What a result holds, by other hands.


def exif_of(path: Path) -> bytes:
    """The block, or of a TIFF the whole file, which is one."""
    with Image.open(path) as image:
        return (
            path.read_bytes()
            if path.suffix == ".tif"
            else image.info.get("exif", b"").removeprefix(b"Exif\0\0")
        )


def raw_field(path: Path, tag: int, *pointers: int) -> tuple[int, bytes] | None:
    """Kind and raw bytes of a field, by hand; pointers: the tags of the directories on the way."""
    block = exif_of(path)
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None:
        return None
    at = struct.unpack_from(order + "L", block, 4)[0]
    for wanted in (*pointers, tag):
        (count,) = struct.unpack_from(order + "H", block, at)
        rows = [struct.unpack_from(order + "HHL4s", block, at + 2 + 12 * each) for each in range(count)]
        found = [row for row in rows if row[0] == wanted]
        if not found:
            return None
        _, kind, number, value = found[0]
        at = struct.unpack(order + "L", value)[0]
        length = number * {129: 1, 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 9: 4, 10: 8, 11: 4, 12: 8}[kind]
        data = value[:length] if length <= 4 else block[at : at + length]
    return kind, data


def iptc_of(path: Path) -> bytes | None:
    """The caption (2:120)."""
    with Image.open(path) as image:
        text = getattr(image, "text", {}).get("Raw profile type iptc")
        if text:
            data = bytes.fromhex("".join(text.split("\n")[3:]))
            return data[data.index(b"\x1c\x02\x78") + 5 :][: len(UTF8)]
        found = IptcImagePlugin.getiptcinfo(image) or {}
        assert found.get((2, 25), [b"wedding", b"1903"]) == [b"wedding", b"1903"]
        caption = found.get((2, 120))
        return caption if isinstance(caption, bytes) else None


def url_of(path: Path) -> bytes | None:
    """Photoshop's resource 1035."""
    with Image.open(path) as image:
        if path.suffix == ".jpg":
            return dict(image.info.get("photoshop", {})).get(1035)
        if path.suffix == ".tif":
            data = (raw_field(path, 34377) or (0, b""))[1]
        else:
            text = getattr(image, "text", {}).get("Raw profile type 8bim", "\n\n\n")
            data = bytes.fromhex("".join(text.split("\n")[3:]))
    return URL if resource(1035, URL) in data else None


def xmp_of(path: Path) -> bytes | None:
    with Image.open(path) as image:
        found = image.tag_v2.get(700) if path.suffix == ".tif" else image.info.get("xmp")
        return bytes(found) if found else None


def comments_of(path: Path) -> list[bytes] | None:
    with Image.open(path) as image:
        if path.suffix == ".jpg":
            return [data for name, data in image.applist if name == "COM"] or None
        if path.suffix == ".png":
            text = image.text.get("Comment")
            return (
                [(text.encode() if isinstance(text, PngImagePlugin.iTXt) else text.encode("latin-1"))]
                if text
                else None
            )
    return None


def chunks_of(path: Path, *kinds: bytes) -> list[tuple[bytes, bytes]] | None:
    """A PNG's chunks, by hand."""
    data, at, found = path.read_bytes(), 8, []
    while path.suffix == ".png" and at < len(data):
        length, kind = struct.unpack_from(">L4s", data, at)
        found += [(kind, data[at + 8 : at + 8 + length])] * (kind in kinds)
        at += 12 + length
    return found or None


def dpi_of(path: Path) -> tuple[float, float] | None:
    """Rounded; a WebP's is in its EXIF alone."""
    with Image.open(path) as image:
        found = image.info.get("dpi")
        block = image.getexif()
        if path.suffix == ".webp" and 282 in block:
            unit = {2: 1, 3: 2.54}[block.get(296, 2)]
            found = float(block[282]) * unit, float(block[283]) * unit
    return (round(found[0]), round(found[1])) if found else None


def aspect_of(path: Path) -> float | None:
    """Of pixels: x divided by y."""
    with Image.open(path) as image:
        x, y = {
            ".jpg": lambda: image.info["jfif_density"] if image.info["jfif_unit"] == 0 else (1, 1),
            ".png": lambda: image.info.get("aspect", (1, 1)),
            ".tif": lambda: image.info.get("resolution", (1, 1)),
            ".webp": lambda: (1, 1),
        }[path.suffix]()
    return None if x == y else float(x) / float(y)


# Sources.


@dataclass(frozen=True)
class Kind:
    """How a file is made, how its field is found again, what it is; and where it cannot be, the word that says so."""

    make: Callable[[Path], object]
    find: Callable[[Path], object]
    value: object
    lost: dict[str, str]


def jpeg(*segments: bytes, **options: object) -> Callable[[Path], object]:
    whole = saved(PIXELS, "JPEG", **options)
    return lambda path: path.write_bytes(whole[:20] + b"".join(segments) + whole[20:])


def png(*chunks: tuple[bytes, bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(png_with(PIXELS, *chunks))


def webp(**options: object) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(saved(PIXELS, "WEBP", lossless=True, **options))


def tiff(*tags: tuple[object, ...], **options: object) -> Callable[[Path], object]:
    return lambda path: tifffile.imwrite(
        path, PIXELS, photometric="rgb", metadata=None, extratags=tags, **options
    )


def gif(**options: object) -> Callable[[Path], object]:
    return lambda path: Image.fromarray(PIXELS).quantize().save(path, "GIF", **options)


def tiff_of(block: bytes) -> bytes:
    """A TIFF that begins with an EXIF block and takes its first directory's fields, by hand."""
    order = ">" if block[:2] == b"MM" else "<"
    at = struct.unpack_from(order + "L", block, 4)[0]
    (count,) = struct.unpack_from(order + "H", block, at)
    rows = {
        block[place : place + 2]: block[place : place + 12]
        for place in range(at + 2, at + 2 + 12 * count, 12)
    }
    block += bytes(len(block) % 2)
    bits = len(block) + PIXELS.nbytes
    layout = {256: 32, 257: 24, 259: 1, 262: 2, 273: len(block), 277: 3, 278: 24, 279: PIXELS.nbytes}
    for tag, value in layout.items():
        rows[struct.pack(order + "H", tag)] = struct.pack(order + "HHLL", tag, 4, 1, value)
    rows[struct.pack(order + "H", 258)] = struct.pack(order + "HHLL", 258, 3, 3, bits)
    directory = b"".join(rows[tag] for tag in sorted(rows, key=lambda tag: struct.unpack(order + "H", tag)))
    start = struct.pack(order + "L", bits + 6)
    tail = struct.pack(order + "3HH", 8, 8, 8, len(rows)) + directory + bytes(4)
    return block[:4] + start + block[8:] + PIXELS.tobytes() + tail


def tiff_of_exif(path: Path) -> None:
    path.write_bytes(tiff_of(rich_block()))


def gif_with_xmp(path: Path) -> None:
    """An application extension with the packet as it is, and what leads a reader out of it (XMP part 3, 1.1.2)."""
    whole = saved(np.asarray(Image.fromarray(PIXELS).convert("L")), "GIF")
    end = 13 + 3 * 2 ** (whole[10] % 8 + 1) * (whole[10] >> 7)
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    path.write_bytes(b"GIF89a" + whole[6:end] + b"\x21\xff\x0bXMP DataXMP" + XMP + trailer + whole[end:])


def field(tag: int, *pointers: int) -> Callable[[Path], object]:
    return lambda path: raw_field(path, tag, *pointers)


def own(*kinds: bytes) -> Callable[[Path], object]:
    return lambda path: chunks_of(path, *kinds)


def density(unit: int, x: int, y: int) -> Callable[[Path], object]:
    whole = saved(PIXELS, "JPEG")
    return lambda path: path.write_bytes(whole[:13] + struct.pack(">BHH", unit, x, y) + whole[18:])


def applist(path: Path) -> object:
    with Image.open(path) as image:
        return dict(getattr(image, "applist", [])).get("APP12")


NO_IPTC = {"webp": "its captions (IPTC)"}
NO_COMMENT = {"tif": "its comment", "webp": "its comment"}
NO_PHOTOSHOP = {"webp": "what Photoshop says of it"}
PNG_ALONE = dict.fromkeys(("jpg", "tif", "webp"), "its texts (")
TIME = b"\x07\xcf\x01\x02\x03\x04\x05"
EXIF = b"Exif\0\0" + rich_block()
MAKERS = (1, MAKER_NOTE)
RATIONALS = struct.pack("<6L", 50, 1, 56, 1, 7, 1)
UTF8_BLOCK = b"II*\0" + struct.pack("<LHHHLLL", 8, 1, 315, 129, len(UTF8) + 1, 26, 0) + UTF8 + b"\0"
LONG_TEXT = "<dc:description>" + "x" * 100_000 + "</dc:description>"
NOTE, MORE = extended(packet("", LONG_TEXT[:60_000] + "</dc:description>"))
ITXT = b"Description\0\0\0de\0" + "Beschreibung\0Köln".encode()
ZTXT = b"Author\0\0" + zlib.compress(LATIN)


def text_chunk(kind: bytes, data: bytes) -> Kind:
    return Kind(png((kind, data)), own(kind), [(kind, data)], PNG_ALONE)


KINDS = {
    "jpg maker": Kind(jpeg(exif=EXIF), field(0x10F), (2, b"A maker of cameras\0"), {}),
    "jpg maker note": Kind(jpeg(exif=EXIF), field(0x927C, 0x8769), MAKERS, {}),
    "jpg interoperability": Kind(jpeg(exif=EXIF), field(1, 0x8769, 0xA005), (2, b"R98\0"), {}),
    "jpg gps": Kind(jpeg(exif=EXIF), field(29, 0x8825), (2, b"1903:05:04\0"), {}),
    "jpg xmp": Kind(jpeg(xmp=XMP), xmp_of, XMP, {}),
    "jpg iptc": Kind(jpeg(segment(0xED, b"Photoshop 3.0\0" + IRB)), iptc_of, UTF8, NO_IPTC),
    "jpg iptc in two segments": Kind(
        jpeg(segment(0xED, b"Photoshop 3.0\0" + IRB[:40]), segment(0xED, b"Photoshop 3.0\0" + IRB[40:])),
        iptc_of, UTF8, NO_IPTC,
    ),
    "jpg photoshop": Kind(jpeg(segment(0xED, b"Photoshop 3.0\0" + IRB)), url_of, URL, NO_PHOTOSHOP),
    "jpg comment": Kind(jpeg(segment(0xFE, UTF8)), comments_of, [UTF8], NO_COMMENT),
    "jpg private": Kind(
        jpeg(segment(0xEC, b"[picture info] Zoom=2")), applist, b"[picture info] Zoom=2",
        dict.fromkeys(("png", "tif", "webp"), "its private segments (APP12)"),
    ),
    "jpg dpi": Kind(density(1, 300, 150), dpi_of, (300, 150), {}),
    "jpg dpi in cm": Kind(density(2, 118, 59), dpi_of, (300, 150), {}),
    "jpg aspect": Kind(density(0, 2, 1), aspect_of, 2.0, {"webp": "its aspect"}),
    "png exif": Kind(png((b"eXIf", rich_block())), field(0x10F), (2, b"A maker of cameras\0"), {}),
    "png maker note": Kind(png((b"eXIf", rich_block())), field(0x927C, 0x8769), MAKERS, {}),
    "png raw exif": Kind(png(raw_profile("exif", EXIF)), field(0x927C, 0x8769), MAKERS, {}),
    "png raw iptc": Kind(png(raw_profile("iptc", IPTC)), iptc_of, UTF8, NO_IPTC),
    "png raw iptc in 8bim": Kind(png(raw_profile("iptc", IRB)), iptc_of, UTF8, NO_IPTC),
    "png raw 8bim": Kind(png(raw_profile("8bim", IRB)), url_of, URL, NO_PHOTOSHOP),
    "png raw xmp": Kind(png(raw_profile("xmp", XMP)), xmp_of, XMP, {}),
    "png xmp": Kind(png((b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + XMP)), xmp_of, XMP, {}),
    "png xmp packed": Kind(
        png((b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP))), xmp_of, XMP, {}
    ),
    "png tEXt": text_chunk(b"tEXt", b"Title\0" + LATIN),
    "png zTXt": text_chunk(b"zTXt", ZTXT),
    "png iTXt": text_chunk(b"iTXt", ITXT),
    "png comment": Kind(png((b"tEXt", b"Comment\0Neg. 417")), comments_of, [b"Neg. 417"], NO_COMMENT),
    "png tIME": Kind(
        png((b"tIME", TIME)), own(b"tIME"), [(b"tIME", TIME)],
        dict.fromkeys(("jpg", "tif", "webp"), "its time of change (tIME)"),
    ),
    "png dpi": Kind(png((b"pHYs", struct.pack(">LLB", 11811, 5906, 1))), dpi_of, (300, 150), {}),
    "png aspect": Kind(png((b"pHYs", struct.pack(">LLB", 3, 2, 0))), aspect_of, 1.5, {"webp": "its aspect"}),
    "tif description in Latin-1": Kind(tiff((270, 2, 0, LATIN + b"\0", True)), field(270), (2, LATIN + b"\0"), {}),
    "tif artist in UTF-8": Kind(tiff((315, 2, 0, UTF8 + b"\0", True)), field(315), (2, UTF8 + b"\0"), {}),
    "tif document": Kind(tiff((269, 2, 0, b"Box 12\0", True)), field(269), (2, b"Box 12\0"), {}),
    "tif page": Kind(tiff((285, 2, 0, b"recto\0", True)), field(285), (2, b"recto\0"), {}),
    "tif private bytes": Kind(tiff((65000, 1, 5, b"abcde", True)), field(65000), (1, b"abcde"), {}),
    "tif private doubles": Kind(
        tiff((65001, 12, 2, (1.5, -2.5), True)), field(65001), (12, struct.pack("<2d", 1.5, -2.5)), {}
    ),
    "tif private ratios": Kind(
        tiff((65002, 10, 1, (-1, 3), True)), field(65002), (10, struct.pack("<2l", -1, 3)), {}
    ),
    "tif big-endian": Kind(
        tiff((65003, 3, 2, (258, 772), True), byteorder=">"), field(65003), (3, b"\1\2\3\4"), {}
    ),
    "bigtiff": Kind(
        tiff((65004, 16, 1, 7, True), bigtiff=True), field(65004), (4, struct.pack("<L", 7)), {}
    ),
    "bigtiff text": Kind(tiff((270, 2, 0, LATIN + b"\0", True), bigtiff=True), field(270), (2, LATIN + b"\0"), {}),
    "tif iptc": Kind(tiff((33723, 7, len(IPTC), IPTC, True)), iptc_of, UTF8, NO_IPTC),
    "tif iptc in words": Kind(
        tiff((33723, 4, len(IPTC + b"\0\0") // 4, struct.unpack(f">{len(IPTC + bytes(2)) // 4}L",
             (IPTC + bytes(2))[: len(IPTC + bytes(2)) // 4 * 4]), True)),
        iptc_of, UTF8, NO_IPTC,
    ),
    "tif photoshop": Kind(tiff((34377, 1, len(IRB), IRB, True)), url_of, URL, NO_PHOTOSHOP),
    "tif iptc in photoshop": Kind(tiff((34377, 7, len(IRB), IRB, True)), iptc_of, UTF8, NO_IPTC),
    "tif xmp": Kind(tiff((700, 1, len(XMP), XMP, True)), xmp_of, XMP, {}),
    "tif maker note": Kind(tiff_of_exif, field(0x927C, 0x8769), MAKERS, {}),
    "tif gps": Kind(tiff_of_exif, lambda path: (raw_field(path, 29, 0x8825) or (0, b""))[1], b"1903:05:04\0", {}),
    "tif interoperability": Kind(tiff_of_exif, field(1, 0x8769, 0xA005), (2, b"R98\0"), {}),
    "tif dpi": Kind(tiff(resolution=(300, 150), resolutionunit=2), dpi_of, (300, 150), {}),
    "tif dpi in cm": Kind(tiff(resolution=(118, 59), resolutionunit=3), dpi_of, (300, 150), {}),
    "tif aspect": Kind(tiff(resolution=(2, 1), resolutionunit=1), aspect_of, 2.0, {"webp": "its aspect"}),
    "webp maker note": Kind(webp(exif=EXIF), field(0x927C, 0x8769), MAKERS, {}),
    "webp gps": Kind(webp(exif=EXIF), field(29, 0x8825), (2, b"1903:05:04\0"), {}),
    "webp xmp": Kind(webp(xmp=XMP), xmp_of, XMP, {}),
    "jpg UTF-8 of Exif 3": Kind(
        jpeg(segment(0xE1, b"Exif\0\0" + UTF8_BLOCK)), field(315), (129, UTF8 + b"\0"), {}
    ),
    "gif xmp": Kind(gif_with_xmp, xmp_of, XMP, {}),
    "gif comment": Kind(gif(comment=UTF8), comments_of, [UTF8], NO_COMMENT),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_found_again_or_said(tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    source = tmp_path / f"source.{name.split(maxsplit=1)[0]}"
    kind.make(source)
    photo = read_photo(source)
    assert photo.remarks == ()
    for suffix in RESULTS:
        result = tmp_path / f"result.{suffix}"
        remarks = " ".join(write_remarked(result, photo, overwrite=True))
        found = kind.find(result)
        if suffix in kind.lost:
            assert kind.lost[suffix] in remarks, suffix
            assert not found, "what was said to be left out is left out"
        else:
            assert found == kind.value, suffix
        if not kind.lost:
            assert remarks == "", suffix


def test_a_maker_note_stays_at_its_place(tmp_path: Path) -> None:
    """Makers count from the beginning of the file: Pillow's TIFF has it at an offset, each result at the same."""
    tiff_of_exif(tmp_path / "a.tif")
    at = (tmp_path / "a.tif").read_bytes().index(MAKER_NOTE)
    photo = read_photo(tmp_path / "a.tif")
    for suffix in RESULTS:
        write_remarked(tmp_path / f"b.{suffix}", photo)
        assert exif_of(tmp_path / f"b.{suffix}").index(MAKER_NOTE) == at, suffix


def test_a_maker_note_far_away_is_moved_and_said(tmp_path: Path) -> None:
    block = rich_block()
    order = ">" if block[:2] == b"MM" else "<"
    entry = block.index(struct.pack(order + "HHL", 0x927C, MAKERS[0], len(MAKER_NOTE)))
    far = bytearray(block.replace(MAKER_NOTE, bytes(len(MAKER_NOTE))).ljust(80_000, b"\0") + MAKER_NOTE)
    far[entry + 8 : entry + 12] = struct.pack(order + "L", 80_000)
    (tmp_path / "a.tif").write_bytes(tiff_of(bytes(far)))
    photo = read_photo(tmp_path / "a.tif")
    assert len(photo.remarks) == 1
    assert "its MakerNote was moved" in photo.remarks[0]
    for suffix in RESULTS:
        write_remarked(tmp_path / f"b.{suffix}", photo)
        assert raw_field(tmp_path / f"b.{suffix}", 0x927C, 0x8769) == MAKERS


def test_what_a_preview_says_of_its_picture(tmp_path: Path) -> None:
    """A scanner's TIFF: the small copy comes first, and has the description; the page has its own maker."""
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        small = [(270, 2, 0, LATIN + b"\0", True), (271, 2, 0, b"preview\0", True)]
        tiff.write(PIXELS[::4, ::4], photometric="rgb", subfiletype=1, metadata=None, extratags=small)
        tiff.write(PIXELS, photometric="rgb", metadata=None, extratags=[(271, 2, 0, b"scanner\0", True)])
    photo = read_photo(tmp_path / "a.tif")
    assert photo.size == (24, 32)
    for suffix in RESULTS:
        write_remarked(tmp_path / f"b.{suffix}", photo)
        assert raw_field(tmp_path / f"b.{suffix}", 270) == (2, LATIN + b"\0")
        assert raw_field(tmp_path / f"b.{suffix}", 271) == (2, b"scanner\0")


def test_what_another_page_says_is_its_own(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as tiff:
        tiff.write(
            PIXELS[::4, ::4], photometric="rgb", metadata=None, extratags=[(270, 2, 0, b"verso\0", True)]
        )
        tiff.write(PIXELS, photometric="rgb", metadata=None)
    photo = read_photo(tmp_path / "a.tif")
    assert photo.size == (24, 32)
    write_remarked(tmp_path / "b.png", photo)
    assert raw_field(tmp_path / "b.png", 270) is None


def test_extended_xmp_is_read_whole_and_written_whole(tmp_path: Path) -> None:
    """100,000 letters: no segment holds them. Read by hand: main packet, name, MD5, places."""
    main = packet(NOTE.decode())
    jpeg(MORE, xmp=main)(tmp_path / "a.jpg")
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.remarks == ()
    assert photo.xmp is not None
    assert photo.xmp.count(b"x" * 59_000) == 1
    assert b"HasExtendedXMP" not in photo.xmp
    for suffix in ("png", "tif", "webp"):
        assert write_remarked(tmp_path / f"b.{suffix}", photo) == ()
        assert xmp_of(tmp_path / f"b.{suffix}") == photo.xmp


@pytest.mark.parametrize(
    "long", [LONG_TEXT, "<dc:a>" + "y" * 40_000 + "</dc:a><dc:b>" + "z" * 40_000 + "</dc:b>"]
)
def test_a_long_packet_becomes_extended_xmp(tmp_path: Path, long: str) -> None:
    whole = packet('xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="Köln"', long)
    png((b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + whole))(tmp_path / "a.png")
    assert write_remarked(tmp_path / "b.jpg", read_photo(tmp_path / "a.png")) == ()
    data = (tmp_path / "b.jpg").read_bytes()
    name = re.search(rb'HasExtendedXMP="([0-9A-F]{32})"', data)
    assert name is not None
    head = b"http://ns.adobe.com/xmp/extension/\0" + name[1]
    pieces = {}
    for found in re.finditer(re.escape(head), data):
        (length,) = struct.unpack(">H", data[found.start() - 2 : found.start()])
        size, place = struct.unpack(">LL", data[found.end() : found.end() + 8])
        pieces[place] = data[found.end() + 8 : found.start() - 2 + length]
    extension = b"".join(pieces[place] for place in sorted(pieces))
    assert len(extension) == size
    assert hashlib.md5(extension).hexdigest().upper().encode() == name[1]
    assert long[:30].encode() in extension or long.split("<dc:b>")[1].encode() in extension
    back = read_photo(tmp_path / "b.jpg")
    assert back.remarks == ()
    assert back.xmp is not None
    assert all(part.encode() in back.xmp for part in ('photoshop:City="Köln"', long[:40_000], long[-40_000:]))
    write_remarked(tmp_path / "c.png", back)
    assert xmp_of(tmp_path / "c.png") == back.xmp


def test_sizes_are_those_of_the_result(tmp_path: Path) -> None:
    spaces = 'xmlns:exif="http://ns.adobe.com/exif/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/"'
    sizes = 'exif:PixelXDimension="9" tiff:ImageWidth="9" tiff:ImageLength="7"'
    jpeg(xmp=packet(f"{spaces} {sizes}", "<exif:PixelYDimension>7</exif:PixelYDimension>"), exif=EXIF)(
        tmp_path / "a.jpg"
    )
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.xmp is not None
    for text in (b'PixelXDimension="32"', b'ImageWidth="32"', b'ImageLength="24"', b"PixelYDimension>24<"):
        assert text in photo.xmp
    write_remarked(tmp_path / "b.jpg", photo)
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.getexif().get_ifd(0x8769)[0xA002] == 32


def test_sizes_of_a_picture_that_was_made_smaller(tmp_path: Path) -> None:
    space = 'xmlns:exif="http://ns.adobe.com/exif/1.0/"'
    jpeg(xmp=packet(f'{space} exif:PixelXDimension="32"'), exif=EXIF)(tmp_path / "a.jpg")
    write_remarked(tmp_path / "b.jpg", PIXELS[::2, ::2], like=read_photo(tmp_path / "a.jpg"))
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.getexif().get_ifd(0x8769)[0xA002] == 16
        assert b'PixelXDimension="16"' in image.info["xmp"]


def test_resolution_of_a_jpeg_of_inks(tmp_path: Path) -> None:
    """It has Adobe's segment in place of JFIF's."""
    inks = Image.fromarray(PIXELS).convert("CMYK")
    inks.save(tmp_path / "a.tif", dpi=(300, 150))
    photo = read_photo(tmp_path / "a.tif", native=True)
    assert write_remarked(tmp_path / "b.jpg", photo) == ()
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.mode == "CMYK"
        assert (image.getexif()[282], image.getexif()[283]) == (300, 150)
    assert read_photo(tmp_path / "b.jpg").dpi == (300, 150)


def test_two_resolutions_that_disagree(tmp_path: Path) -> None:
    """JFIF 72, EXIF 300: a JPEG keeps both, where there is one place the file's own stays, and it is said."""
    Image.fromarray(PIXELS).save(tmp_path / "a.jpg", dpi=(72, 72), exif=EXIF)
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.dpi == (72, 72)
    assert write_remarked(tmp_path / "b.jpg", photo) == ()
    assert "its other resolution (EXIF, 300 dpi)" in write_remarked(tmp_path / "b.tif", photo)[0]
    assert "its own resolution (72 dpi)" in write_remarked(tmp_path / "b.webp", photo)[0]
    with Image.open(tmp_path / "b.jpg") as image:
        assert image.info["jfif_density"] == (72, 72)
        assert image.getexif()[0x11A] == 300


def test_a_text_that_unpacks_to_a_flood(tmp_path: Path) -> None:
    flood = zlib.compress(bytes(40_000_000))
    for keyword in (b"Raw profile type exif", b"Comment"):
        png((b"zTXt", keyword + b"\0\0" + flood))(tmp_path / "a.png")
        with pytest.raises(PhotoError, match="more than 16 MB"):
            read_photo(tmp_path / "a.png")
