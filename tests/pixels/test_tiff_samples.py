"""TIFF of every layout: 16 bits as 16, or said, or refused by name. Truth: the arrays that tifffile wrote, formulas."""

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import ImageCms

from safelight.errors import PhotoError
from safelight.pixels.files import read_photo
from tests.hostile import scene

RNG = np.random.default_rng(4)
DEEP = scene(RNG).astype(np.uint16) * 256 + RNG.integers(0, 256, (48, 64, 3), dtype=np.uint16)
GREY, ALPHA = DEEP[..., 1], RNG.integers(1, 65536, (48, 64), dtype=np.uint16)
PACKED = (
    {},
    {"compression": "zlib", "predictor": True},
    {"compression": "lzma"},
    {"tile": (16, 32)},
    {"rowsperstrip": 5},
)


def tiff(path: Path, pixels: np.ndarray, **options: object) -> Path:
    tifffile.imwrite(path, pixels, **options)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("packed", PACKED)
def test_sixteen_bits_of_every_layout(tmp_path: Path, packed: dict, order: str) -> None:
    options = {"byteorder": order, **packed}
    rgb = read_photo(tiff(tmp_path / "rgb.tif", DEEP, photometric="rgb", **options))
    np.testing.assert_array_equal(rgb.pixels, DEEP)
    planes = np.moveaxis(DEEP, 2, 0)
    apart = read_photo(
        tiff(tmp_path / "p.tif", planes, photometric="rgb", planarconfig="separate", **options)
    )
    np.testing.assert_array_equal(apart.pixels, DEEP)
    both = np.dstack([GREY, ALPHA])
    grey = read_photo(
        tiff(
            tmp_path / "la.tif",
            both,
            photometric="minisblack",
            extrasamples=["unassalpha"],
            planarconfig="contig",
            **options,
        )
    )
    np.testing.assert_array_equal(grey.pixels, np.repeat(GREY[..., None], 3, axis=2))
    np.testing.assert_array_equal(grey.alpha, ALPHA)
    inverted = read_photo(tiff(tmp_path / "w.tif", ~GREY, photometric="miniswhite", **options))
    np.testing.assert_array_equal(inverted.pixels, grey.pixels)


def test_inks_of_sixteen_bits(tmp_path: Path) -> None:
    inks = RNG.integers(0, 65536, (48, 64, 4), dtype=np.uint16)
    photo = read_photo(tiff(tmp_path / "a.tif", inks, photometric="separated"))
    light = 1 - inks / 65535  # (1 - C)(1 - K), as PostScript has it
    np.testing.assert_allclose(photo.pixels, light[..., :3] * light[..., 3:] * 65535, atol=1)
    assert photo.pixels.dtype == np.uint16


def test_colors_that_were_multiplied_by_alpha(tmp_path: Path) -> None:
    cover = np.where(np.arange(64) < 30, 30000, 65535).astype(np.uint16) * np.ones((48, 1), np.uint16)
    times = np.round(DEEP * (cover / 65535)[..., None]).astype(np.uint16)
    photo = read_photo(
        tiff(tmp_path / "a.tif", np.dstack([times, cover]), photometric="rgb", extrasamples=["assocalpha"])
    )
    assert np.abs(photo.pixels.astype(int) - DEEP).max() <= 2  # of 65535
    np.testing.assert_array_equal(photo.alpha, cover)


def test_infrared_is_no_alpha(tmp_path: Path) -> None:
    for depth in (np.uint8, np.uint16):
        shift = 8 if depth == np.uint8 else 0
        four = (np.dstack([DEEP, ALPHA]) >> shift).astype(depth)
        photo = read_photo(
            tiff(tmp_path / f"{shift}.tif", four, photometric="rgb", extrasamples=["unspecified"])
        )
        np.testing.assert_array_equal(photo.pixels, four[..., :3])
        assert photo.alpha is None
        assert photo.remarks == ("a channel beside its colors (infrared, a spot color, a mask) was left out",)


def test_alpha_that_is_nought_everywhere(tmp_path: Path) -> None:
    for name, pixels in (("deep", DEEP), ("plain", (DEEP >> 8).astype(np.uint8))):
        four = np.dstack([pixels, np.zeros((48, 64), pixels.dtype)])
        photo = read_photo(
            tiff(tmp_path / f"{name}.tif", four, photometric="rgb", extrasamples=["unassalpha"])
        )
        np.testing.assert_array_equal(photo.pixels, pixels)
        assert photo.alpha is None
        assert [remark for remark in photo.remarks if "alpha is nought everywhere" in remark]


def packed_bits(values: np.ndarray, bits: int) -> bytes:
    """Rows of numbers, the highest bit first, each row to a whole byte (TIFF 6.0, FillOrder 1)."""
    rows = []
    for row in values.reshape(len(values), -1):
        text = "".join(f"{value:0{bits}b}" for value in row)
        text += "0" * (-len(text) % 8)
        rows.append(int(text, 2).to_bytes(len(text) // 8, "big"))
    return b"".join(rows)


def raw_tiff(size: tuple[int, int], data: bytes, tags: dict[int, tuple[int, ...]]) -> bytes:
    """A TIFF of one uncompressed strip by hand; numbers of a tag as SHORT."""
    h, w = size
    entries = {256: (w,), 257: (h,), 259: (1,), 277: (1,), 278: (h,), 279: (len(data),)} | tags
    entries[273] = (8,)
    at = 8 + len(data) + len(data) % 2
    directory, values, values_at = b"", b"", at + 2 + 12 * len(entries) + 4
    for tag in sorted(entries):
        packed = struct.pack(f"<{len(entries[tag])}H", *entries[tag])
        place = packed.ljust(4, b"\0")
        if len(packed) > 4:
            place, values = struct.pack("<L", values_at + len(values)), values + packed
        directory += struct.pack("<HHL", tag, 3, len(entries[tag])) + place
    head = b"II*\0" + struct.pack("<L", at) + data + bytes(len(data) % 2)
    return head + struct.pack("<H", len(entries)) + directory + bytes(4) + values


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_depths_between_eight_and_sixteen(tmp_path: Path, bits: int) -> None:
    values = RNG.integers(0, 1 << bits, (9, 7, 3))
    (tmp_path / "a.tif").write_bytes(
        raw_tiff((9, 7), packed_bits(values, bits), {258: (bits,) * 3, 262: (2,), 277: (3,)})
    )
    photo = read_photo(tmp_path / "a.tif")
    assert photo.pixels.dtype == np.uint16
    np.testing.assert_allclose(photo.pixels, values / ((1 << bits) - 1) * 65535, atol=0.51)


def test_four_bits_a_channel(tmp_path: Path) -> None:
    values = RNG.integers(0, 16, (9, 7, 3))
    (tmp_path / "a.tif").write_bytes(
        raw_tiff((9, 7), packed_bits(values, 4), {258: (4,) * 3, 262: (2,), 277: (3,)})
    )
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").pixels, values * 17)


def test_what_a_tiff_does_not_say(tmp_path: Path) -> None:
    """No PhotometricInterpretation: grey from black to white and RGB, as libtiff takes it."""
    grey = RNG.integers(0, 256, (9, 7), dtype=np.uint8)
    (tmp_path / "a.tif").write_bytes(raw_tiff((9, 7), grey.tobytes(), {258: (8,)}))
    np.testing.assert_array_equal(read_photo(tmp_path / "a.tif").pixels[..., 0], grey)


def test_old_palettes(tmp_path: Path) -> None:
    """Entries of 0 to 255 where TIFF has 0 to 65535: all below 256, as libtiff's tools take it (checkcmap)."""
    indexes = RNG.integers(0, 256, (9, 7), dtype=np.uint8)
    palette = RNG.integers(0, 256, (3, 256), dtype=np.uint16)
    for scale in (1, 257):
        path = tiff(tmp_path / f"{scale}.tif", indexes, photometric="palette", colormap=palette * scale)
        np.testing.assert_array_equal(read_photo(path).pixels, palette.T[indexes])
    for bits in (1, 4):
        few = RNG.integers(0, 1 << bits, (9, 8))
        colors = RNG.integers(0, 256, (3, 1 << bits))
        data = raw_tiff(
            (9, 8), packed_bits(few, bits), {258: (bits,), 262: (3,), 320: tuple(colors.reshape(-1))}
        )
        (tmp_path / "few.tif").write_bytes(data)
        np.testing.assert_array_equal(read_photo(tmp_path / "few.tif").pixels, colors.T[few])
    lzw = tiff(tmp_path / "z.tif", indexes, photometric="palette", colormap=palette, compression="zlib")
    np.testing.assert_array_equal(read_photo(lzw).pixels, palette.T[indexes])


@pytest.mark.parametrize(("across", "down"), [(1, 1), (2, 1), (2, 2), (4, 2)])
def test_luma_and_color_differences(tmp_path: Path, across: int, down: int) -> None:
    """YCbCr without JPEG. Source of the right values: TIFF 6.0, section 21, with the default coefficients."""
    y = RNG.integers(0, 256, (8, 16)).astype(float)
    cb, cr = RNG.integers(60, 200, (2, 8 // down, 16 // across)).astype(float)
    units = (
        y.reshape(8 // down, down, 16 // across, across)
        .transpose(0, 2, 1, 3)
        .reshape(8 // down, 16 // across, -1)
    )
    data = np.dstack([units, cb, cr]).astype(np.uint8).tobytes()
    tags = {258: (8, 8, 8), 262: (6,), 277: (3,), 530: (across, down)}
    (tmp_path / "a.tif").write_bytes(raw_tiff((8, 16), data, tags))
    b, r = (plane.repeat(down, 0).repeat(across, 1) - 128 for plane in (cb, cr))
    truth = np.dstack([y + 1.402 * r, y - 0.344136 * b - 0.714136 * r, y + 1.772 * b]).clip(0, 255)
    np.testing.assert_allclose(read_photo(tmp_path / "a.tif").pixels, truth, atol=1)


def test_whole_numbers_of_thirty_two_bits(tmp_path: Path) -> None:
    photo = read_photo(tiff(tmp_path / "a.tif", GREY.astype(np.uint32) * 65537, photometric="minisblack"))
    np.testing.assert_array_equal(photo.pixels[..., 0], GREY)
    assert photo.remarks == ("its 32 bits a channel became 16",)


def test_floats_with_a_profile(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    floats = (DEEP / 65535).astype(np.float32)
    for kind in (np.float32, np.float16):
        path = tiff(
            tmp_path / f"{kind.__name__}.tif", floats.astype(kind), photometric="rgb", iccprofile=profile
        )
        photo = read_photo(path)
        np.testing.assert_allclose(photo.pixels, floats.astype(kind).astype(float) * 65535, atol=40)
        assert any("became 16 bits a channel" in remark for remark in photo.remarks)
    bright = tiff(tmp_path / "hdr.tif", floats * 3, photometric="rgb", iccprofile=profile)
    with pytest.raises(PhotoError, match="an HDR; map its tones"):
        read_photo(bright)


@pytest.mark.parametrize(
    ("pixels", "options", "words"),
    [
        ((GREY / 65535).astype(np.float32), {}, "floats of 32 bits, and no color profile says"),
        ((GREY / 65535).astype(np.float16), {}, "floats of 16 bits"),
        ((GREY.astype(np.int32) - 32768).astype(np.int16), {}, "16 bits are signed"),
        ((GREY >> 9).astype(np.int8), {}, "8 bits are signed"),
        (GREY.astype(np.uint32), {}, "end at .*says not where white is"),
        (GREY.astype(np.complex64), {}, "complex"),
    ],
)
def test_what_has_no_one_meaning_is_named(
    tmp_path: Path, pixels: np.ndarray, options: dict, words: str
) -> None:
    with pytest.raises(PhotoError, match=words):
        read_photo(tiff(tmp_path / "a.tif", pixels, photometric="minisblack", **options))


@pytest.mark.parametrize(
    ("compression", "name"), [(34887, "LERC"), (50002, "JPEG XL"), (34676, "LogLuv"), (34661, "JBIG")]
)
def test_compressions_are_named(tmp_path: Path, compression: int, name: str) -> None:
    tags = {258: (16,), 262: (1,), 259: (compression,)}
    (tmp_path / "a.tif").write_bytes(raw_tiff((9, 7), bytes(126), tags))
    with pytest.raises(PhotoError, match=name) as caught:
        read_photo(tmp_path / "a.tif")
    assert "unknown pixel mode" not in str(caught.value)


def test_strips_rounded_up_beyond_the_end(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tiff(tmp_path / "a.tif", (DEEP >> 8).astype(np.uint8), photometric="rgb", compression="zlib")
    with tifffile.TiffFile(path) as file:
        strip = file.pages[0].tags[279]  # type: ignore[union-attr]
        length = strip.value[0]
    data = path.read_bytes().replace(struct.pack("<L", length), struct.pack("<L", 1 << 20))
    path.write_bytes(data)
    np.testing.assert_array_equal(read_photo(path).pixels, DEEP >> 8)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(PhotoError):
        read_photo(path)
    assert capfd.readouterr() == ("", "")


def test_eight_bits_in_planes_and_many_channels(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    grey, alpha = (GREY >> 8).astype(np.uint8), (ALPHA >> 8).astype(np.uint8)
    options = {"photometric": "minisblack", "extrasamples": ["unassalpha"], "planarconfig": "separate"}
    photo = read_photo(tiff(tmp_path / "la.tif", np.stack([grey, alpha]), **options))
    np.testing.assert_array_equal(photo.pixels[..., 0], grey)
    np.testing.assert_array_equal(photo.alpha, alpha)
    plain = (DEEP >> 8).astype(np.uint8)
    seven = np.dstack([plain, plain, plain[..., :1]])
    many = tiff(tmp_path / "seven.tif", seven, photometric="rgb", extrasamples=["unspecified"] * 4)
    np.testing.assert_array_equal(read_photo(many).pixels, plain)
    assert capfd.readouterr() == ("", "")


def test_sixteen_bits_of_a_png_within_a_tiff(tmp_path: Path) -> None:
    for pixels in (DEEP, GREY):
        packed = cv2.imencode(".png", pixels if pixels.ndim == 2 else pixels[..., ::-1])[1].tobytes()
        channels = 1 if pixels.ndim == 2 else 3
        tags = {
            258: (16,) * channels,
            259: (34933,),
            262: (2 if channels == 3 else 1,),
            277: (channels,),
        }
        (tmp_path / "a.tif").write_bytes(raw_tiff((48, 64), packed, tags))
        photo = read_photo(tmp_path / "a.tif")
        np.testing.assert_array_equal(photo.pixels, pixels if channels == 3 else np.dstack([pixels] * 3))


def test_channels_that_have_no_place_in_the_result_are_said(tmp_path: Path) -> None:
    inks, spot = np.dstack([DEEP, GREY]), GREY
    for depth, shift in ((np.uint8, 8), (np.uint16, 0)):
        five = (np.dstack([inks, spot]) >> shift).astype(depth)
        path = tiff(tmp_path / "a.tif", five, photometric="separated", extrasamples=["unspecified"])
        photo = read_photo(path, native=True)
        assert photo.native
        np.testing.assert_array_equal(photo.native.pixels, five[..., :4])
        assert photo.remarks == ("a channel beside its colors (infrared, a spot color, a mask) was left out",)
        six = (np.dstack([DEEP, GREY, ALPHA, GREY]) >> shift).astype(depth)
        kinds = ["unspecified", "unassalpha", "unspecified"]
        photo = read_photo(tiff(tmp_path / "b.tif", six, photometric="rgb", extrasamples=kinds))
        np.testing.assert_array_equal(photo.alpha, six[..., 4])
        assert photo.remarks == (
            "2 channels beside its colors (infrared, a spot color, a mask) were left out",
        )


def test_tiles_that_were_never_written_are_said(tmp_path: Path) -> None:
    """Programs for maps leave empty tiles out, with 0 for place and length."""
    path = tiff(tmp_path / "a.tif", (DEEP >> 8).astype(np.uint8), photometric="rgb", tile=(16, 16))
    with tifffile.TiffFile(path, mode="r+b") as file:
        for code in (324, 325):
            tag = file.pages[0].tags[code]
            tag.overwrite((0, *tag.value[1:]))
    with pytest.raises(PhotoError, match="some of its tiles or strips were never written"):
        read_photo(path)


def test_light_beyond_alpha_is_cut_off_and_said(tmp_path: Path) -> None:
    """Multiplied colors above their alpha, as renderers write flames, are no colors with that alpha."""
    for depth, shift in ((np.uint8, 8), (np.uint16, 0)):
        colors, alpha = (DEEP >> shift).astype(depth), np.full((48, 64), 30000 >> shift, depth)
        path = tiff(
            tmp_path / "a.tif", np.dstack([colors, alpha]), photometric="rgb", extrasamples=["assocalpha"]
        )
        photo = read_photo(path)
        white = np.iinfo(depth).max
        truth = np.minimum(colors * (white / alpha[..., None].astype(float)), white)
        assert np.abs(photo.pixels - truth).max() <= 1
        assert photo.remarks == (
            "colors brighter than its alpha allows (light that is added) were cut off to it",
        )
