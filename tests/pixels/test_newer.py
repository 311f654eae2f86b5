"""HEIC, AVIF and JPEG 2000: pixels, depth, orientation applied once, color. Truth: the formulas that were encoded.

files/turned.heic (8 bits, irot and EXIF's orientation 6) and files/ten-bits.heic were written by pillow-heif 1.8
(libheif 1.23, x265) at quality 100 and 4:4:4 from `RAMP`.
"""

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, features

from safelight.errors import PhotoError
from safelight.pixels import box_formats, exif
from safelight.pixels.files import read_photo, read_small, write_remarked
from tests.hostile import saved
from tests.pixels.test_exif_color import adobe_block

HERE = Path(__file__).parent / "files"
Y, X = np.mgrid[0:48, 0:64].astype(float)
RAMP = np.stack([X * 3 + 20, Y * 4 + 30, 220 - X * 2 - Y], axis=-1)  # 0..255
avif = pytest.mark.skipif(not features.check("avif"), reason="this Pillow was built without AVIF")
jpeg2000 = pytest.mark.skipif(
    not features.check("jpg_2000"), reason="this Pillow was built without JPEG 2000"
)


def test_heic_is_turned_once() -> None:
    pytest.importorskip("pi_heif", reason="the extra `formats` is not installed")
    photo = read_photo(HERE / "turned.heic")
    assert np.abs(photo.pixels - np.rot90(RAMP, -1)).mean() < 1
    assert exif.orientation(photo.exif) == 1
    assert photo.remarks == ()
    assert read_small(HERE / "turned.heic", 24).shape == (32, 24, 3)


def test_heic_of_ten_bits_stays_deep() -> None:
    pytest.importorskip("pi_heif", reason="the extra `formats` is not installed")
    photo = read_photo(HERE / "ten-bits.heic")
    assert photo.pixels.dtype == np.uint16
    assert np.abs(photo.pixels / 257 - RAMP).mean() < 0.7


def test_heic_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safelight.pixels.box_formats.importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        PhotoError, match=r'found a HEIC, which takes a package more: pip install "\.\[formats\]"'
    ):
        read_photo(HERE / "turned.heic")


@avif
def test_avif(tmp_path: Path) -> None:
    block = Image.Exif()
    block[274] = 6
    ramp = RAMP.round().astype(np.uint8)
    (tmp_path / "a.avif").write_bytes(
        saved(ramp, "AVIF", quality=100, subsampling="4:4:4", exif=block.tobytes())
    )
    photo = read_photo(tmp_path / "a.avif")
    assert np.abs(photo.pixels - np.rot90(RAMP, -1)).mean() < 1
    assert exif.orientation(photo.exif) == 1


@avif
def test_avif_of_ten_bits_and_its_color(tmp_path: Path) -> None:
    """By OpenCV's encoder; then the same file labelled Display P3 in its colr box (H.273: primaries 12)."""
    deep = (RAMP / 255 * 1023).round().astype(np.uint16)
    options = [cv2.IMWRITE_AVIF_QUALITY, 100, cv2.IMWRITE_AVIF_DEPTH, 10]
    done, data = cv2.imencode(".avif", deep[..., ::-1], options)
    assert done
    (tmp_path / "a.avif").write_bytes(data.tobytes())
    photo = read_photo(tmp_path / "a.avif")
    assert photo.pixels.dtype == np.uint16
    assert np.abs(photo.pixels / 257 - RAMP).mean() < 1
    whole = data.tobytes()
    at = whole.index(b"colrnclx") + 8
    (tmp_path / "p3.avif").write_bytes(whole[:at] + struct.pack(">HH", 12, 13) + whole[at + 4 :])
    linear = np.where(RAMP / 255 <= 0.04045, RAMP / 255 / 12.92, ((RAMP / 255 + 0.055) / 1.055) ** 2.4)
    to_srgb = np.array(
        [[1.2249402, -0.2249402, 0], [-0.0420570, 1.0420570, 0], [-0.0196376, -0.0786361, 1.0982737]]
    )  # Display P3 to sRGB, both D65 (SMPTE EG 432-1, IEC 61966-2-1)
    light = (linear @ to_srgb.T).clip(0, 1)
    truth = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    assert np.abs(read_photo(tmp_path / "p3.avif").pixels / 257 - truth).mean() < 1.5


@jpeg2000
@pytest.mark.parametrize("name", ["a.jp2", "a.j2k"])
def test_jpeg_2000(tmp_path: Path, name: str) -> None:
    ramp = RAMP.round().astype(np.uint8)
    (tmp_path / name).write_bytes(saved(ramp, "JPEG2000", no_jp2=name.endswith("k")))
    np.testing.assert_array_equal(read_photo(tmp_path / name).pixels, ramp)


@jpeg2000
def test_jpeg_2000_deep(tmp_path: Path) -> None:
    """By OpenCV's encoder, without loss."""
    deep = (RAMP / 255 * 65535).round().astype(np.uint16)
    done, data = cv2.imencode(".jp2", deep[..., ::-1], [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000])
    assert done
    (tmp_path / "a.jp2").write_bytes(data.tobytes())
    photo = read_photo(tmp_path / "a.jp2")
    assert photo.pixels.dtype == np.uint16
    np.testing.assert_allclose(photo.pixels, deep, atol=2)


@jpeg2000
def test_a_profile_in_jpeg_2000(tmp_path: Path) -> None:
    """A colr box of method 2 in place of the enumerated one; its profile has a plain gamma of 1 for grey."""
    ramp = RAMP[..., 0].round().astype(np.uint8)
    whole = saved(ramp, "JPEG2000")
    at = whole.index(b"colr") - 4
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    box = struct.pack(">L4sBBB", 11 + len(profile), b"colr", 2, 0, 0) + profile
    start = whole.index(b"jp2h") - 4
    (length,) = struct.unpack_from(">L", whole, start)
    (old,) = struct.unpack_from(">L", whole, at)
    changed = (
        whole[:start]
        + struct.pack(">L", length + len(box) - old)
        + whole[start + 4 : at]
        + box
        + whole[at + old :]
    )
    (tmp_path / "a.jp2").write_bytes(changed)
    assert np.abs(read_photo(tmp_path / "a.jp2").pixels[..., 0].astype(int) - ramp).max() <= 1
    unread = whole[: at + 11] + struct.pack(">L", 14) + whole[at + 15 :]
    (tmp_path / "lab.jp2").write_bytes(unread)
    with pytest.raises(PhotoError, match="JPEG 2000's number 14"):
        read_photo(tmp_path / "lab.jp2")
    with Image.open(io.BytesIO(whole)) as image:
        assert image.size == (64, 48)


def test_jpeg_xl_is_named(tmp_path: Path) -> None:
    for start in (b"\xff\x0a\xfa\x3f", b"\x00\x00\x00\x0cJXL \r\n\x87\n"):
        (tmp_path / "a.jxl").write_bytes(start + bytes(100))
        with pytest.raises(PhotoError, match="found a JPEG XL, which is not read yet"):
            read_photo(tmp_path / "a.jxl")


@jpeg2000
def test_grey_and_alpha_of_sixteen_bits_in_jpeg_2000_are_refused() -> None:
    """Pillow rounds the upper byte up, so that white and opaque become 0; OpenCV reads none (openjpeg wrote it)."""
    with pytest.raises(PhotoError, match="its 16 bits of LA are not read; save it as TIFF or PNG"):
        read_photo(HERE / "grey-alpha-16.jp2")


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data) + 8) + kind + data


def jp2_with(*boxes: bytes) -> bytes:
    """A JPEG 2000 with boxes before its pixels."""
    whole = saved(RAMP.astype(np.uint8), "JPEG2000")
    at = whole.index(b"jp2c") - 4
    return whole[:at] + b"".join(boxes) + whole[at:]


PACKET = b'<x:xmpmeta xmlns:x="adobe:ns:meta/">K\xc3\xb6ln</x:xmpmeta>'
CAPTIONS = b"\x1c\x02\x19\0\x03one\x1c\x02\x19\0\x03two"
UUIDS = {  # as exiftool reads and writes them
    "xmp": bytes.fromhex("be7acfcb97a942e89c71999491e3afac"),
    "iptc": bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38"),
    "8bim": bytes.fromhex("2c4c0100850440b9a03e562148d6dfeb"),
    "exif": b"JpgTiffExif->JP2",
    "exif of Photoshop": bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"),
}


@jpeg2000
@pytest.mark.parametrize("name", [name for name in UUIDS if name.startswith("exif")])
def test_what_a_jpeg_2000_says_beside_its_pixels(tmp_path: Path, name: str) -> None:
    text = b"K\xf6ln\0\0\0\0"
    block = b"II*\0" + struct.pack("<LHHHLLL", 8, 1, 270, 2, len(text), 26, 0) + text
    resource = b"8BIM" + struct.pack(">HHL", 1035, 0, 12) + b"http://a.org"
    parts = {name: block, "xmp": PACKET, "iptc": CAPTIONS, "8bim": resource}
    (tmp_path / "a.jp2").write_bytes(
        jp2_with(*(box(b"uuid", UUIDS[kind] + data) for kind, data in parts.items()))
    )
    photo = read_photo(tmp_path / "a.jp2")
    assert photo.remarks == ()
    assert (photo.exif, photo.xmp, photo.metadata.iptc) == (block, PACKET, CAPTIONS)
    assert [each.number for each in photo.metadata.resources] == [1035]
    for kind in ("jpg", "png", "tif"):
        assert write_remarked(tmp_path / f"b.{kind}", photo) == ()
        again = read_photo(tmp_path / f"b.{kind}")
        assert again.xmp == PACKET
        assert (again.metadata.iptc or b"").rstrip(b"\0") == CAPTIONS
        assert text.rstrip(b"\0") in (again.exif or b"")


@jpeg2000
def test_what_a_jpeg_2000_has_that_cannot_be_kept(tmp_path: Path) -> None:
    place = bytes.fromhex("b14bf8bd083d4b43a5ae8cd7d5a6ce03") + b"II*\0"
    made = jp2_with(
        box(b"uuid", place), box(b"jumb", b"c2pa"), box(b"xml ", b"<gml/>"), box(b"uuid", bytes(20))
    )
    (tmp_path / "a.jp2").write_bytes(made)
    assert read_photo(tmp_path / "a.jp2").remarks == (
        "its place on the map (GeoTIFF) and its signed origin (C2PA) were left out, as they belong to the photo as "
        "it was",
        "its part 'xml ' and its part 'uuid' were left out, as they cannot be read here",
    )
    (tmp_path / "b.jp2").write_bytes(made[: made.index(b"jp2c")])
    with pytest.raises(PhotoError):
        read_photo(tmp_path / "b.jp2")


@jpeg2000
def test_a_jpeg_2000_of_srgb_is_that_whatever_its_exif_says(tmp_path: Path) -> None:
    """Its colr box (ISO 15444-1, I.5.3.3) is the file's own word; EXIF's Adobe RGB is of the JPEG that it was."""
    (tmp_path / "plain.jp2").write_bytes(jp2_with())
    (tmp_path / "adobe.jp2").write_bytes(jp2_with(box(b"uuid", UUIDS["exif"] + adobe_block())))
    plain, adobe = (read_photo(tmp_path / f"{name}.jp2") for name in ("plain", "adobe"))
    np.testing.assert_array_equal(plain.pixels, adobe.pixels)


def test_what_lies_around_the_picture_of_an_avif() -> None:
    entry = b"\0\0\0\x15infe\x02\0\0\0\0\x03\0\0tmap\0"
    for head, words in (
        (entry + b"mdat", ("its gain map (HDR)",)),
        (b"urn:mpeg:mpegB:cicp:systems:auxiliary:depth\0mdat", ("its depth map",)),
        (
            b"uuid" + bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + b"mdat",
            ("its signed origin (C2PA)",),
        ),
        (b"infe\x02\0\0\0\0\1\0\0av01\0mdat" + entry, ()),
    ):
        assert box_formats.around_avif(io.BytesIO(head)) == words
