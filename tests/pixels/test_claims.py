"""What is not in the result any more is not claimed by it, and is said (small copies go in silence)."""

import hashlib
import io
import struct
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from safelight.pixels.files import read_photo, write_remarked
from tests.hostile import saved
from tests.pixels.test_orientation import png_with, raw_profile

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
SMALL = saved(PIXELS[::4, ::4], "JPEG")
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
TITLE = "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>Köln</rdf:li></rdf:Alt></dc:title>"
FILM = struct.pack(">L4s4sL", 20, b"ftyp", b"mp42", 0) + b"isom" + bytes(range(256)) * 8


def packet(attributes: str = "", elements: str = "") -> bytes:
    return (
        f'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">'
        f'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" {attributes}>{TITLE}{elements}'
        f'</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
    ).encode()


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def jpeg(*segments: bytes, xmp: bytes = b"", behind: bytes = b"") -> bytes:
    whole = saved(PIXELS, "JPEG", quality=95, **({"xmp": xmp} if xmp else {}))
    return whole[:20] + b"".join(segments) + whole[20:] + behind


def items(*semantics: str) -> str:
    inner = "".join(
        f'<rdf:li rdf:parseType="Resource"><Container:Item Item:Semantic="{each}" Item:Mime="image/jpeg" '
        f'Item:Length="{len(SMALL)}"/></rdf:li>'
        for each in semantics
    )
    return f"<Container:Directory><rdf:Seq>{inner}</rdf:Seq></Container:Directory>"


GOOGLE = 'xmlns:{0}="http://ns.google.com/photos/1.0/{1}/"'
CONTAINER = GOOGLE.format("Container", "container") + " " + GOOGLE.format("Item", "container/item")
HDR = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="1.0" ' + CONTAINER
CAMERA = GOOGLE.format("GCamera", "camera")
THUMBNAILS = (
    "<xmp:Thumbnails><rdf:Alt><rdf:li rdf:parseType='Resource'><xmpGImg:width>8</xmpGImg:width>"
    "<xmpGImg:image>/9j/4AAQ</xmpGImg:image></rdf:li></rdf:Alt></xmp:Thumbnails>"
)
XMP_SPACES = 'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:xmpGImg="http://ns.adobe.com/xap/1.0/g/img/"'


def two_pictures(*segments: bytes, xmp: bytes = b"") -> bytes:
    """A JPEG and a second one, with the MPF index that Pillow writes."""
    file = io.BytesIO()
    options = {"xmp": xmp} if xmp else {}
    Image.fromarray(PIXELS).save(
        file, "MPO", save_all=True, append_images=[Image.fromarray(PIXELS[::2, ::2])], **options
    )
    whole = file.getvalue()
    return whole[:20] + b"".join(segments) + whole[20:]


def thumbnail_block() -> bytes:
    """EXIF with a second directory and a JPEG, as cameras have it."""
    first = struct.pack("<HHHL4sL", 1, 0x10F, 2, 4, b"abc\0", 26)
    second = struct.pack("<HHHLHxxHHLLHHLLL", 3, 259, 3, 1, 6, 513, 4, 1, 68, 514, 4, 1, len(SMALL), 0)
    return b"II*\0" + struct.pack("<L", 8) + first + second + SMALL


def extended(text: bytes) -> tuple[bytes, bytes]:
    """The main packet's attribute and the segment of an extension."""
    name = hashlib.md5(text).hexdigest().upper().encode()
    head = b"http://ns.adobe.com/xmp/extension/\0" + name + struct.pack(">LL", len(text), 0)
    note = b'xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="' + name + b'"'
    return note, segment(0xE1, head + text)


def depth() -> bytes:
    spaces = GOOGLE.format("GDepth", "depthmap") + " " + GOOGLE.format("GImage", "image")
    note, more = extended(packet(f'{spaces} GDepth:Data="{"A" * 5000}" GImage:Data="{"B" * 5000}"'))
    return jpeg(
        more, xmp=packet(f'{spaces} GDepth:Format="RangeInverse" GImage:Mime="image/jpeg" {note.decode()}')
    )


def webp(chunk: bytes) -> bytes:
    whole = saved(PIXELS, "WEBP", lossless=True, xmp=packet())
    body = whole[8:] + chunk + struct.pack("<L", 10) + b"signature!"
    return b"RIFF" + struct.pack("<L", len(body)) + body


RESOURCE = b"8BIM" + struct.pack(">HHL", 1036, 0, len(SMALL)) + SMALL + bytes(len(SMALL) % 2)
LAYERS = b"".join(b"8BIM" + struct.pack(">HHL2s", each, 0, 2, b"\0\0") for each in (1024, 1026, 1069, 1072))
SAMSUNG = (  # what Samsung's cameras put behind each photo: the time again
    b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1700000000000"
    b"SEFH\x6b\0\0\0\x01\0\0\0\0\0\x01\x0a\x23\0\0\0\x23\0\0\0\x18\0\0\0SEFT"
)


def with_index(kind: int) -> bytes:
    """A camera's JPEG, and behind it a smaller one of a kind that its MPF index states (CIPA DC-007)."""
    first, second = saved(PIXELS, "JPEG"), saved(PIXELS[::2, ::2], "JPEG")
    head = 2 + 2 + 2 + 4  # where the index counts from
    ends = 8 + 2 + 36 + 4  # behind its directory
    length = 4 + ends + 32
    rows = struct.pack("<LLLHH", 0x030000, len(first) + length + 4, 0, 0, 0)
    rows += struct.pack("<LLLHH", kind, len(second), len(first) + length + 4 - head, 0, 0)
    index = b"MPF\0II*\0" + struct.pack("<LH", 8, 3)
    index += struct.pack("<HHL4s", 0xB000, 7, 4, b"0100") + struct.pack("<HHLL", 0xB001, 4, 1, 2)
    index += struct.pack("<HHLL", 0xB002, 7, 32, ends) + bytes(4) + rows
    return first[:2] + segment(0xE2, index) + first[2:] + second


MANIFEST = b"JP\0\1\0\0\0\1" + struct.pack(">L4s", 16, b"jumb") + b"c2pasigned!!"

CASES = {  # file: words of the remark, what must not be found in any result
    "ultra hdr.jpg": (
        lambda: jpeg(xmp=packet(HDR, items("Primary", "GainMap")), behind=SMALL),
        ["gain map (HDR)"],
        [b"hdrgm", b"GainMap", b"Container", b"ns.google"],
    ),
    "iso hdr.jpg": (
        lambda: two_pictures(segment(0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0"), xmp=packet(HDR)),
        ["gain map (HDR)"],
        [b"21496", b"hdrgm", b"MPF\0"],
    ),
    "camera.jpg": (lambda: with_index(0x010001), [], [b"MPF\0"]),
    "camera hd.jpg": (lambda: with_index(0x010002), [], [b"MPF\0"]),
    "stereo.jpg": (lambda: with_index(0x020002), ["second picture"], [b"MPF\0"]),
    "samsung.jpg": (lambda: jpeg(behind=SAMSUNG), [], [b"SEFT", b"UTC_Data"]),
    "samsung film.jpg": (lambda: jpeg(behind=b"\0\0ftypmp42" + SAMSUNG), ["film (motion photo)"], [b"SEFT"]),
    "from photoshop.jpg": (
        lambda: jpeg(segment(0xED, b"Photoshop 3.0\0" + LAYERS + RESOURCE)), [], [SMALL, b"8BIM\x04\x02"]
    ),
    "second view.jpg": (two_pictures, ["second picture"], [b"MPF\0"]),
    "motion photo.jpg": (
        lambda: jpeg(
            xmp=packet(f'{CAMERA} GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1" {CONTAINER}',
                       items("Primary", "MotionPhoto")),
            behind=FILM,
        ),
        ["film (motion photo)"],
        [b"MotionPhoto", b"ftyp", b"Container"],
    ),
    "micro video.jpg": (
        lambda: jpeg(
            xmp=packet(f'{CAMERA} GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{len(FILM)}"'), behind=FILM
        ),
        ["film (motion photo)"],
        [b"MicroVideo", b"ftyp"],
    ),
    "film unsaid.jpg": (lambda: jpeg(behind=FILM), ["film (motion photo)"], [b"ftyp"]),
    "trailer.jpg": (lambda: jpeg(behind=b"\0\0Samsung SEFT"), ["what follows it in its file (14 bytes)"], [b"SEFT"]),
    "depth map.jpg": (depth, ["depth map"], [b"GDepth", b"GImage", b"AAAAAAAA", b"BBBBBBBB", b"xmpNote:"]),
    "thumbnail.jpg": (
        lambda: jpeg(segment(0xE1, b"Exif\0\0" + thumbnail_block())), [], [SMALL]
    ),
    "jfxx.jpg": (lambda: jpeg(segment(0xE0, b"JFXX\0\x10" + SMALL)), [], [SMALL, b"JFXX"]),
    "photoshop.jpg": (
        lambda: jpeg(segment(0xED, b"Photoshop 3.0\0" + RESOURCE)), [], [SMALL]
    ),
    "photoshop.png": (
        lambda: png_with(PIXELS, raw_profile("8bim", RESOURCE)), [], [SMALL]
    ),
    "xmp thumbnail.jpg": (
        lambda: jpeg(xmp=packet(XMP_SPACES, THUMBNAILS)), [], [b"xmp:Thumbnails", b"/9j/4AAQ"]
    ),
    "signed.jpg": (
        lambda: jpeg(segment(0xEB, MANIFEST), xmp=packet(
            'xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="self#jumbf=c2pa/a"')),
        ["signed origin (C2PA)"],
        [b"jumb", b"c2pasigned"],
    ),
    "signed.png": (lambda: png_with(PIXELS, (b"caBX", MANIFEST)), ["signed origin (C2PA)"], [b"jumb", b"caBX"]),
    "signed.webp": (lambda: webp(b"C2PA"), ["signed origin (C2PA)"], [b"signature!"]),
    "unknown.webp": (lambda: webp(b"WXYZ"), ["'WXYZ'"], [b"signature!"]),
    "unknown.png": (lambda: png_with(PIXELS, (b"prVW", b"signature!")), ["'prVW'"], [b"signature!"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_belongs_to_the_photo_as_it_was(tmp_path: Path, name: str) -> None:
    made, words, gone = CASES[name]
    (tmp_path / name).write_bytes(made())
    photo = read_photo(tmp_path / name)
    assert len(photo.remarks) == bool(words), photo.remarks
    assert all(word in photo.remarks[0] for word in words), photo.remarks
    for suffix in ("jpg", "png", "tif", "webp"):
        path = tmp_path / f"result.{suffix}"
        assert write_remarked(path, photo, overwrite=True) == ()
        found = path.read_bytes()
        assert not [each for each in gone if each in found], suffix
        assert read_photo(path).remarks == (), suffix
        if photo.xmp:
            assert "Köln".encode() in found, "the title beside it stays"


def test_layers_and_signatures_of_a_tiff(tmp_path: Path) -> None:
    tags = [
        (37724, 7, 40, b"Adobe Photoshop Document Data Block\0layer", True),
        (52545, 7, 12, b"jumbmanifest", True),
        (34377, 1, len(RESOURCE), RESOURCE, True),
    ]
    tifffile.imwrite(tmp_path / "a.tif", PIXELS, photometric="rgb", metadata=None, extratags=tags)
    photo = read_photo(tmp_path / "a.tif")
    assert photo.remarks == (
        "its layers (Photoshop) and its signed origin (C2PA) were left out, as they belong to the photo as it was",
    )
    write_remarked(tmp_path / "b.tif", photo)
    with tifffile.TiffFile(tmp_path / "b.tif") as tiff:
        assert not {37724, 52545, 34377} & {tag.code for tag in tiff.pages[0].tags}


def test_a_panorama_stays_one(tmp_path: Path) -> None:
    pano = packet(GOOGLE.format("GPano", "panorama") + ' GPano:ProjectionType="equirectangular"')
    (tmp_path / "a.jpg").write_bytes(jpeg(xmp=pano))
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.remarks == ()
    assert photo.xmp == pano


def test_padding_behind_a_picture_is_no_loss(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(behind=bytes(5000)))
    assert read_photo(tmp_path / "a.jpg").remarks == ()
    progressive = saved(PIXELS, "JPEG", progressive=True)
    (tmp_path / "b.jpg").write_bytes(progressive)
    assert read_photo(tmp_path / "b.jpg").remarks == ()


def test_half_of_an_extension_is_said(tmp_path: Path) -> None:
    note, more = extended(packet("", "<dc:description>" + "x" * 3000 + "</dc:description>"))
    broken = more.replace(b"xxxx", b"yyyy", 1)
    (tmp_path / "a.jpg").write_bytes(jpeg(broken, xmp=packet(note.decode())))
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.remarks == ("a part of its XMP was left out, as it cannot be read here",)
    assert photo.xmp is not None
    assert b"HasExtendedXMP" not in photo.xmp


def test_photoshops_resources_are_bytes_in_a_tiff(tmp_path: Path) -> None:
    """Adobe's TIFF notes and exiftool -validate have them so; the type without a kind is another."""
    url = b"8BIM" + struct.pack(">HHL", 1035, 0, 12) + b"http://a.org"
    (tmp_path / "a.jpg").write_bytes(jpeg(segment(0xED, b"Photoshop 3.0\0" + url)))
    write_remarked(tmp_path / "a.tif", read_photo(tmp_path / "a.jpg"))
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        assert tiff.pages[0].tags[34377].dtype == 1
        assert tiff.pages[0].tags[34377].value == url


def test_an_empty_element_does_not_take_the_next_end_with_it(tmp_path: Path) -> None:
    """<xmp:Thumbnails/> stands right before the end of its parent, which must stay."""
    spaces = 'xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
    (tmp_path / "a.jpg").write_bytes(jpeg(xmp=packet(spaces, "<xmp:Thumbnails/>")))
    assert read_photo(tmp_path / "a.jpg").xmp == packet(spaces)
