"""Which RGB a file means, from all that it says, against colour-science and separate arithmetic."""

import io
import struct
import zlib
from pathlib import Path

import colour
import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from safelight.errors import PhotoError
from safelight.pixels.exif import read_color
from safelight.pixels.files import read_photo, write_photo
from safelight.pixels.inputs import photo_of_pillow
from tests.pixels import icc
from tests.pixels.test_exif_color import adobe_block, uncalibrated_block

VALUES = np.random.default_rng(5).integers(0, 256, (24, 30, 3), np.uint8)
DEEP = np.random.default_rng(6).integers(0, 65536, (24, 30, 3), np.uint16)
P3_CHRM = (0.3127, 0.3290, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060)
ADOBE = icc.rgb_profile(icc.ADOBE_RGB, 563 / 256)


def png(pixels: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with chunks of color after its header."""
    packed = cv2.imencode(".png", pixels if pixels.ndim == 2 else pixels[..., ::-1])[1].tobytes()
    made = b"".join(
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return packed[:33] + made + packed[33:]


def gamma(value: float) -> tuple[bytes, bytes]:
    return b"gAMA", struct.pack(">L", round(value * 100_000))


def primaries(*values: float) -> tuple[bytes, bytes]:
    return b"cHRM", struct.pack(">8L", *(round(value * 100_000) for value in values))


def profile(data: bytes) -> tuple[bytes, bytes]:
    return b"iCCP", b"x\0\0" + zlib.compress(data)


def from_colour(values: np.ndarray, space: str) -> np.ndarray:
    """sRGB 0..1 of a space that colour-science knows, clipped."""
    return np.clip(
        colour.RGB_to_RGB(values, space, "sRGB", apply_cctf_decoding=True, apply_cctf_encoding=True), 0, 1
    )


def check(path: Path, data: bytes, truth: np.ndarray, most: float = 3.0, mean: float = 0.5) -> None:
    """The file as it is read is the truth 0..1, in levels of 255: at most `most` off, and `mean` on average."""
    path.write_bytes(data)
    photo = read_photo(path)
    error = np.abs(photo.srgb - truth) * 255
    assert error.max() < most
    assert error.mean() < mean


SRGB = (b"sRGB", b"\0")
CICP_P3 = (b"cICP", bytes([12, 13, 0, 1]))


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(
    ("chunks", "space"),
    [
        ((), "sRGB"),
        ((SRGB,), "sRGB"),
        ((gamma(0.45455),), "sRGB"),
        ((CICP_P3, profile(ADOBE), SRGB, gamma(1.0)), "Display P3"),
        ((profile(ADOBE), SRGB, gamma(1.0)), "Adobe RGB (1998)"),
        ((SRGB, gamma(1.0), primaries(*P3_CHRM)), "sRGB"),
        ((gamma(1.0), SRGB), "sRGB"),
        ((primaries(*P3_CHRM),), "Display P3"),
        (((b"cICP", bytes([9, 1, 0, 1])),), "ITU-R BT.2020"),
        (((b"cICP", bytes([9, 14, 0, 1])),), "ITU-R BT.2020"),
        (((b"cICP", bytes([1, 13, 0, 1])), profile(ADOBE)), "sRGB"),
        (((b"cICP", bytes([1, 1, 9, 1])), profile(ADOBE)), "Adobe RGB (1998)"),  # not RGB: passed over
    ],
)
def test_chunks_of_a_png_in_their_order(
    tmp_path: Path, depth: int, chunks: tuple[tuple[bytes, bytes], ...], space: str
) -> None:
    """W3C PNG, third edition, 12.13 and 13.13: cICP, iCCP, sRGB, gAMA with cHRM."""
    pixels = VALUES if depth == 8 else DEEP
    truth = from_colour(pixels / np.iinfo(pixels.dtype).max, space)
    check(tmp_path / "a.png", png(pixels, *chunks), truth, mean=0.5 if depth == 8 else 0.05)


def test_a_profile_in_a_text(tmp_path: Path) -> None:
    """As ImageMagick 6 wrote profiles before it knew iCCP, and exiftool still reads them; iCCP comes before it."""
    text = b"\nicc\n%8d\n%b\n" % (len(ADOBE), ADOBE.hex().encode())
    raw = (b"zTXt", b"Raw profile type icc\0\0" + zlib.compress(text))
    check(tmp_path / "a.png", png(VALUES, raw), icc.meant(VALUES / 255, icc.ADOBE_RGB, 563 / 256))
    both = png(VALUES, profile(icc.rgb_profile(icc.DISPLAY_P3, 2.2)), raw)
    check(tmp_path / "b.png", both, icc.meant(VALUES / 255, icc.DISPLAY_P3, 2.2))


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("value", [1.0, 1 / 1.8, 0.35])
def test_gamma_alone(tmp_path: Path, depth: int, value: float) -> None:
    pixels = VALUES if depth == 8 else DEEP
    truth = icc._encode((pixels / np.iinfo(pixels.dtype).max) ** (1 / value))
    check(tmp_path / "a.png", png(pixels, gamma(value)), truth, mean=0.6 if depth == 8 else 0.05)


@pytest.mark.parametrize("depth", [8, 16])
def test_gamma_of_grey(tmp_path: Path, depth: int) -> None:
    pixels = (VALUES if depth == 8 else DEEP)[..., 0]
    truth = icc._encode(pixels / np.iinfo(pixels.dtype).max)[..., None]
    check(tmp_path / "a.png", png(pixels, gamma(1.0)), truth, most=0.6)


def test_primaries_with_another_white(tmp_path: Path) -> None:
    """NTSC of 1953, whose white is illuminant C: white stays white."""
    ntsc = primaries(0.310, 0.316, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08)
    data = png(np.full((4, 5, 3), 255, np.uint8), gamma(1 / 2.8), ntsc)
    check(tmp_path / "white.png", data, np.ones((4, 5, 3)))
    linear = (DEEP / 65535) ** 2.8
    there = colour.RGB_to_RGB(linear, "NTSC (1953)", "sRGB", chromatic_adaptation_transform="Bradford")
    check(tmp_path / "a.png", png(DEEP, gamma(1 / 2.8), ntsc), icc._encode(there), mean=0.1)


@pytest.mark.parametrize(
    ("chunk", "words"),
    [
        (
            gamma(0.022),
            "its primaries and gamma were left out (a gamma of 0.022 makes no sense); read as sRGB",
        ),
        (primaries(0.3127, 0.329, *[0.2] * 6), "its primaries and gamma were left out"),
        (primaries(*[0.0] * 8), "its primaries and gamma were left out"),
        (profile(icc.cmyk_profile()), "its color profile was left out (it is for inks, the picture is RGB)"),
        (
            profile(icc.grey_profile(1.8)),
            "its color profile was left out (it is for grey, the picture is RGB)",
        ),
        (profile(b"nonsense" * 30), "its color profile was left out (it is damaged)"),
        ((b"cICP", bytes([77, 13, 0, 1])), "its cICP chunk was left out"),
    ],
)
def test_what_cannot_be_meant_is_said(tmp_path: Path, chunk: tuple[bytes, bytes], words: str) -> None:
    (tmp_path / "a.png").write_bytes(png(VALUES, chunk))
    photo = read_photo(tmp_path / "a.png")
    assert np.array_equal(photo.pixels, VALUES)
    assert len(photo.remarks) == 1
    assert photo.remarks[0].startswith(words)
    assert photo.remarks[0].endswith("; read as sRGB")


@pytest.mark.parametrize("narrow", [False, True])
@pytest.mark.parametrize("depth", [8, 16])
def test_pq(tmp_path: Path, depth: int, narrow: bool) -> None:
    """SMPTE ST 2084 by colour-science, 203 cd/m² to white, BT.2020 to sRGB by matrix."""
    pixels = VALUES if depth == 8 else DEEP
    level = pixels / np.iinfo(pixels.dtype).max
    if narrow:
        step = 1 << depth - 8  # H.273, 8.3
        level = ((pixels.astype(float) - 16 * step) / (219 * step)).clip(0, 1)
    light = colour.models.eotf_ST2084(level) / 203
    there = colour.RGB_to_RGB(light, "ITU-R BT.2020", "sRGB")
    data = png(pixels, (b"cICP", bytes([9, 16, 0, int(not narrow)])))
    check(tmp_path / "a.png", data, icc._encode(there), most=1.5, mean=0.3)
    photo = read_photo(tmp_path / "a.png")
    assert "it is HDR (PQ): what is brighter than paper white (203 cd/m²) was cut off" in photo.remarks[0]


def test_hlg(tmp_path: Path) -> None:
    light = colour.models.eotf_BT2100_HLG(DEEP / 65535, L_W=1000, gamma=1.2) / 203
    there = colour.RGB_to_RGB(light, "ITU-R BT.2020", "sRGB")
    check(tmp_path / "a.png", png(DEEP, (b"cICP", bytes([9, 18, 0, 1]))), icc._encode(there), 1.0, 0.1)


def saved(pixels: np.ndarray, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


FLAT = np.repeat(np.repeat(VALUES[:3, :4], 16, 0), 16, 1)  # what JPEG changes little


@pytest.mark.parametrize(
    ("space", "index", "adobe"),
    [
        *((65535, b"R03\0", True), (2, b"R98\0", True), (0, b"R03\0", True), (1, b"R03\0", False)),
        *((65535, b"R98\0", False), (1, b"R98\0", False), (65535, b"THM\0", False)),
    ],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_adobe_rgb_that_only_exif_states(
    tmp_path: Path, format: str, space: int, index: bytes, adobe: bool
) -> None:
    """DCF 2.0: ColorSpace 65535 and InteropIndex R03; ColorSpace 2 is what older cameras wrote."""
    block = adobe_block(space=space, index=index)
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(format, {})
    prefix = b"" if format == "PNG" else b"Exif\0\0"
    path = tmp_path / f"a.{format.lower()}"
    path.write_bytes(saved(FLAT, format, exif=prefix + block, **options))
    stored = cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1]
    truth = from_colour(stored / 255, "Adobe RGB (1998)" if adobe else "sRGB")
    photo = read_photo(path)
    assert np.abs(photo.srgb - truth).max() * 255 < 3
    said = read_color(photo.exif)
    assert (said.space, said.index) == ((1, b"R98") if adobe else (space, index[:3]))
    assert photo.remarks == (("its colors are in Adobe RGB (1998), the result is in sRGB",) if adobe else ())


@pytest.mark.parametrize(("space", "own"), [(65535, True), (0, True), (1, False)])
def test_primaries_that_only_exif_states(tmp_path: Path, space: int, own: bool) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(saved(VALUES, "PNG", exif=uncalibrated_block(space)))
    truth = icc.meant(VALUES / 255, icc.ADOBE_RGB, 1.8) if own else VALUES / 255
    check(path, path.read_bytes(), truth)
    assert read_color(read_photo(path).exif).space == (1 if own else space)


def test_pictures_of_pillow(tmp_path: Path) -> None:
    """Pillow keeps the chunks of a PNG beside the picture; what comes out is what read_photo gives."""
    for name, chunks in (("a", (gamma(1.0),)), ("b", (primaries(*P3_CHRM),)), ("c", (SRGB, gamma(1.0)))):
        path = tmp_path / f"{name}.png"
        path.write_bytes(png(VALUES, *chunks))
        with Image.open(path) as image:
            assert np.array_equal(photo_of_pillow(image).pixels, read_photo(path).pixels)


def test_a_profile_comes_before_exif(tmp_path: Path) -> None:
    data = saved(VALUES, "PNG", exif=adobe_block(), icc_profile=icc.rgb_profile(icc.DISPLAY_P3, 2.2))
    check(tmp_path / "a.png", data, icc.meant(VALUES / 255, icc.DISPLAY_P3, 2.2))


@pytest.mark.parametrize("curve", [False, True])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_colorimetry_of_a_tiff(tmp_path: Path, depth: type, curve: bool) -> None:
    """TIFF 6.0, section 20: white point, primaries and transfer function, if there is no profile."""
    pixels = VALUES if depth is np.uint8 else DEEP
    most = np.iinfo(depth).max
    numbers = [value for pair in icc.ADOBE_RGB for value in pair]
    tags = [(319, "2I", 6, [n for v in numbers for n in (round(v * 10000), 10000)], True)]
    tags.append((318, "2I", 2, [3127, 10000, 3290, 10000], True))
    if curve:
        table = ((np.arange(most + 1) / most) ** 1.5 * 65535).round().astype(np.uint16)
        tags.append((301, "H", most + 1, table.tolist(), True))
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="rgb", extratags=tags)
    level = pixels / most
    linear = level**1.5 if curve else colour.models.eotf_sRGB(level)
    truth = icc._encode(linear @ (np.linalg.inv(icc.to_xyz(icc.SRGB)) @ icc.to_xyz(icc.ADOBE_RGB)).T)
    check(tmp_path / "a.tif", (tmp_path / "a.tif").read_bytes(), truth, mean=0.5)


def test_a_profile_in_a_gif(tmp_path: Path) -> None:
    """ICC.1, annex B.6: an application extension ICCRGBG1012 in pieces of 255 bytes."""
    plain = saved(FLAT, "GIF")
    head = 13 + (3 << (plain[10] & 7) + 1 if plain[10] & 0x80 else 0)
    pieces = b"".join(
        bytes([len(ADOBE[at : at + 255])]) + ADOBE[at : at + 255] for at in range(0, len(ADOBE), 255)
    )
    (tmp_path / "a.gif").write_bytes(plain[:head] + b"!\xff\x0bICCRGBG1012" + pieces + b"\0" + plain[head:])
    with Image.open(tmp_path / "a.gif") as image:
        stored = np.asarray(image.convert("RGB"))
    truth = icc.meant(stored / 255, icc.ADOBE_RGB, 563 / 256)
    assert np.abs(read_photo(tmp_path / "a.gif").srgb - truth).max() * 255 < 3


def bmp(pixels: np.ndarray, kind: bytes, ends: np.ndarray, gammas: float, profile: bytes = b"") -> bytes:
    """A BMP with a version 5 header of a kind of color space (MS-WMF 2.2.2.1)."""
    height, width = pixels.shape[:2]
    rows = np.pad(pixels[::-1, :, ::-1].reshape(height, -1), [(0, 0), (0, -3 * width % 4)]).tobytes()
    header = struct.pack("<L2lHH6L", 124, width, height, 1, 24, 0, len(rows), 2835, 2835, 0, 0)
    header += bytes(16) + kind[::-1] + struct.pack("<9L", *(ends * (1 << 30)).round().astype(int).ravel())
    header += struct.pack("<3L", *[round(gammas * 65536)] * 3)
    header += struct.pack("<4L", 4, 124 + len(rows), len(profile), 0)
    start = struct.pack("<2sLHHL", b"BM", 138 + len(rows) + len(profile), 0, 0, 138)
    return start + header + rows + profile


def test_a_bmp_of_version_four_and_five(tmp_path: Path) -> None:
    ends = icc.to_xyz(icc.ADOBE_RGB).T
    truth = icc.meant(VALUES / 255, icc.ADOBE_RGB, 1.8)
    check(tmp_path / "a.bmp", bmp(VALUES, bytes(4), ends, 1.8), truth)
    check(tmp_path / "s.bmp", bmp(VALUES, b"sRGB", ends, 1.8), VALUES / 255)
    own = bmp(VALUES, b"MBED", np.zeros((3, 3)), 0, ADOBE)
    check(tmp_path / "m.bmp", own, icc.meant(VALUES / 255, icc.ADOBE_RGB, 563 / 256))
    check(tmp_path / "n.bmp", bmp(VALUES, bytes(4), np.zeros((3, 3)), 0), VALUES / 255)


@pytest.mark.parametrize("format", ["JPEG", "TIFF", "PNG"])
@pytest.mark.parametrize("value", [1.0, 1.8])
def test_grey_with_an_rgb_profile(tmp_path: Path, format: str, value: float) -> None:
    """The profile's curve is that of R = G = B."""
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None], 16, 0)
    path = tmp_path / f"a.{format.lower()}"
    options = {"quality": 100} if format == "JPEG" else {}
    path.write_bytes(saved(grey, format, icc_profile=icc.rgb_profile(icc.ADOBE_RGB, value), **options))
    truth = icc._encode((cv2.imread(str(path), cv2.IMREAD_UNCHANGED) / 255) ** value)[..., None]
    photo = read_photo(path)
    assert np.abs(photo.srgb - truth).max() * 255 < 0.7
    assert photo.remarks == ()


def test_grey_with_an_srgb_profile_needs_no_remark(tmp_path: Path) -> None:
    from safelight.pixels.encode import srgb_profile

    grey = VALUES[..., 0]
    for name, pixels in (("a.tif", grey), ("b.tif", grey.astype(np.uint16) * 257)):
        tifffile.imwrite(tmp_path / name, pixels, photometric="minisblack", iccprofile=srgb_profile())
        photo = read_photo(tmp_path / name)
        assert photo.remarks == ()
        assert np.array_equal(photo.pixels[..., 1], pixels)


def test_the_result_says_the_space_it_is_in(tmp_path: Path) -> None:
    """A linear PNG was labelled sRGB without being converted (FAULTS A8)."""
    (tmp_path / "a.png").write_bytes(png(DEEP, gamma(1.0)))
    photo = read_photo(tmp_path / "a.png")
    again = read_photo(write_photo(tmp_path / "b.png", photo))
    assert np.array_equal(again.pixels, photo.pixels)
    own = read_photo(tmp_path / "a.png", native=True)
    kept = read_photo(write_photo(tmp_path / "c.png", own), native=True)
    assert np.array_equal(kept.native.pixels, DEEP)  # type: ignore[union-attr]
    assert np.array_equal(kept.pixels, photo.pixels)
    assert (tmp_path / "c.png").read_bytes()[33:].startswith(b"\0\0\0\4gAMA" + struct.pack(">L", 100_000))


def test_exif_of_own_numbers_says_what_it_said_until_they_become_srgb(tmp_path: Path) -> None:
    """Adobe RGB by EXIF alone: kept with the numbers, rewritten with the conversion."""
    (tmp_path / "a.png").write_bytes(saved(VALUES, "PNG", exif=adobe_block()))
    own = read_photo(tmp_path / "a.png", native=True)
    kept = read_photo(write_photo(tmp_path / "b.png", own), native=True)
    assert (read_color(kept.exif).space, read_color(kept.exif).index) == (65535, b"R03")
    assert np.array_equal(kept.native.pixels, VALUES)  # type: ignore[union-attr]
    with Image.open(tmp_path / "b.png") as image:
        assert image.info["icc_profile"]  # for who does not look into EXIF
    converted = read_photo(write_photo(tmp_path / "c.png", own.in_srgb()), native=True)
    assert (read_color(converted.exif).space, read_color(converted.exif).index) == (1, b"R98")
    assert np.array_equal(converted.native.pixels, own.pixels)  # type: ignore[union-attr]
    floats = read_photo(write_photo(tmp_path / "d.png", own.srgb, like=own))
    assert np.array_equal(floats.pixels, own.pixels)
    assert read_color(floats.exif).space == 1


def jpeg_with(*parts: bytes, behind_frame: bool = False) -> bytes:
    """A JPEG with APP2 segments, in front of its tables or behind its frame header."""
    whole = saved(VALUES, "JPEG", quality=100, subsampling=0)
    at = whole.index(b"\xff\xc0")
    at = at + 2 + struct.unpack(">H", whole[at + 2 : at + 4])[0] if behind_frame else whole.index(b"\xff\xdb")
    return whole[:at] + b"".join(parts) + whole[at:]


def part(number: int, count: int, data: bytes) -> bytes:
    return b"\xff\xe2" + struct.pack(">H12sBB", len(data) + 16, b"ICC_PROFILE\0", number, count) + data


HALF = len(ADOBE) // 2
PARTS = {
    "twice": (part(1, 1, ADOBE), part(1, 1, ADOBE)),
    "out of order": (part(2, 2, ADOBE[HALF:]), part(1, 2, ADOBE[:HALF])),
    "from nought": (part(0, 2, ADOBE[:HALF]), part(1, 2, ADOBE[HALF:])),
}


@pytest.mark.parametrize("name", [*PARTS, "behind the frame"])
def test_parts_of_a_profile_in_a_jpeg(tmp_path: Path, name: str) -> None:
    parts = PARTS.get(name, PARTS["out of order"])
    data = jpeg_with(*parts, behind_frame=name == "behind the frame")
    stored = np.asarray(Image.open(io.BytesIO(data))) / 255
    check(tmp_path / "a.jpg", data, icc.meant(stored, icc.ADOBE_RGB, 563 / 256))


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ((part(1, 3, ADOBE[:HALF]), part(3, 3, ADOBE[HALF:])), "a part of it is missing"),
        (
            (part(1, 2, ADOBE[:HALF]), part(1, 2, ADOBE[HALF:]), part(2, 2, b"")),
            "two of its parts have one number",
        ),
    ],
)
def test_a_profile_that_cannot_be_put_together_is_said(
    tmp_path: Path, parts: tuple[bytes, ...], words: str
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg_with(*parts))
    assert read_photo(tmp_path / "a.jpg").remarks == (
        f"its color profile was left out ({words}); read as sRGB",
    )


def test_a_profile_of_a_png_that_is_damaged_is_said(tmp_path: Path) -> None:
    for data in (b"x\0\0no deflate", b"x\0\0" + zlib.compress(ADOBE)[:-40]):
        (tmp_path / "a.png").write_bytes(png(VALUES, (b"iCCP", data)))
        photo = read_photo(tmp_path / "a.png")
        np.testing.assert_array_equal(photo.pixels, VALUES)
        assert photo.remarks == ("its color profile was left out (it is damaged); read as sRGB",)


def test_a_profile_of_two_megabytes(tmp_path: Path) -> None:
    """Such are those of printers. Pillow's limit is 1 MB in a PNG, what is written here can be read again."""
    (count,) = struct.unpack_from(">L", ADOBE, 128)
    tags = [struct.unpack_from(">4sLL", ADOBE, 132 + 12 * number) for number in range(count)]
    moved = b"".join(struct.pack(">4sLL", name, at + 12, length) for name, at, length in tags)
    body = ADOBE[132 + 12 * count :]
    start, noise = 144 + 12 * count + len(body), np.random.default_rng(1).bytes(2_000_000)
    large = ADOBE[4:128] + struct.pack(">L", count + 1) + moved
    large += struct.pack(">4sLL", b"priv", start, len(noise)) + body + noise
    large = struct.pack(">L", len(large) + 4) + large
    check(tmp_path / "a.png", png(VALUES, profile(large)), icc.meant(VALUES / 255, icc.ADOBE_RGB, 563 / 256))
    photo = read_photo(tmp_path / "a.png", native=True)
    for kind in ("png", "jpg", "tif"):
        write_photo(tmp_path / f"b.{kind}", photo)
        again = read_photo(tmp_path / f"b.{kind}", native=True)
        assert again.native
        assert again.native.space.profile == large


def test_texts_with_names_of_pillows_own(tmp_path: Path) -> None:
    """A keyword is free: "transparency" is no key color, "icc_profile" no profile."""
    names = (b"transparency", b"icc_profile", b"exif", b"dpi", b"gamma", b"xmp")
    texts = [(b"tEXt", name + b"\x000.5") for name in names]
    for pixels in (VALUES, DEEP):
        whole = png(pixels, *texts)
        late = b"".join(
            struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
            for kind, data in texts
        )
        for data in (whole, png(pixels)[:-12] + late + png(pixels)[-12:]):
            (tmp_path / "a.png").write_bytes(data)
            photo = read_photo(tmp_path / "a.png")
            np.testing.assert_array_equal(photo.pixels, pixels)
            assert photo.alpha is None
            assert photo.remarks == ()
            assert [chunk.data for chunk in photo.metadata.chunks] == [data for _, data in texts]


def test_a_long_text_of_a_png(tmp_path: Path) -> None:
    text = (b"zTXt", b"Comment\0\0" + zlib.compress(b"abc " * 700_000))
    (tmp_path / "a.png").write_bytes(png(VALUES, text))
    photo = read_photo(tmp_path / "a.png")
    np.testing.assert_array_equal(photo.pixels, VALUES)
    assert photo.metadata.chunks[0].data == text[1]
    (tmp_path / "b.png").write_bytes(png(VALUES, (b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 25)))))
    with pytest.raises(PhotoError, match="a text or profile in it has more than 16 MB"):
        read_photo(tmp_path / "b.png")


def test_of_two_profiles_in_a_png_the_first_counts(tmp_path: Path) -> None:
    other = icc.rgb_profile(icc.DISPLAY_P3, 1.8)
    data = png(VALUES, profile(ADOBE), profile(other))
    check(tmp_path / "a.png", data, icc.meant(VALUES / 255, icc.ADOBE_RGB, 563 / 256))


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (12, b"link", "it is a device link, which names no color space"),
        (12, b"abst", "it is an abstract profile, which names no color space"),
        (12, b"nmcl", "it is a list of named colors, which is no color space"),
        (8, b"\5", "it is of ICC version 5, which is not read"),
    ],
)
def test_profiles_of_other_classes_and_versions_are_left_out_and_said(
    tmp_path: Path, depth: int, at: int, value: bytes, words: str
) -> None:
    """At 16 bits, too, such a profile does not cost the photo."""
    pixels = VALUES if depth == 8 else DEEP
    changed = ADOBE[:at] + value + ADOBE[at + len(value) :]
    (tmp_path / "a.png").write_bytes(png(pixels, profile(changed)))
    photo = read_photo(tmp_path / "a.png")
    np.testing.assert_array_equal(photo.pixels, pixels)
    assert photo.remarks == (f"its color profile was left out ({words}); read as sRGB",)


@pytest.mark.parametrize("stated", [len(ADOBE), len(ADOBE) + 50, 0])
@pytest.mark.parametrize("padding", [0, 100])
def test_a_profile_says_its_own_length_in_the_result(tmp_path: Path, stated: int, padding: int) -> None:
    """libpng, and so browsers, drop a profile whose length is not what it says."""
    changed = struct.pack(">L", stated) + ADOBE[4:] + bytes(padding)
    data = saved(VALUES, "TIFF", icc_profile=changed)
    check(tmp_path / "a.tif", data, icc.meant(VALUES / 255, icc.ADOBE_RGB, 563 / 256))
    write_photo(tmp_path / "b.png", read_photo(tmp_path / "a.tif", native=True))
    with Image.open(tmp_path / "b.png") as image:
        kept = image.info["icc_profile"]
    assert int.from_bytes(kept[:4], "big") == len(kept)
    assert kept[4 : len(ADOBE)] == ADOBE[4:]
