"""fill in the file's own numbers: outside the mask bit by bit the same, over formats, modes, depths and profiles.

What was in the file before and is in it after is read by tifffile, OpenCV and Pillow, not by safelight.
"""

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from safelight.batch.lossless import write_lossless
from safelight.masks.edit import grow
from safelight.pixels.files import Photo, read_photo
from safelight.pixels.native import Native, to_srgb
from safelight.pixels.space import Mode
from safelight.tasks.inpaint.restore import Filler
from tests.pixels import icc
from tests.pixels.test_which_rgb import gamma, png, primaries, profile

PROFILES = {
    "none": b"",
    "Adobe RGB": icc.rgb_profile(icc.ADOBE_RGB, 563 / 256),
    "Display P3": icc.rgb_profile(icc.DISPLAY_P3, 2.2, 3),
    "linear": icc.rgb_profile(icc.SRGB, 1.0),
    "table": icc.table_profile(),
    "grey 1.8": icc.grey_profile(1.8),
    "grey linear": icc.grey_profile(1.0),
    "inks": icc.cmyk_profile(),
}
RGB = ["none", "Adobe RGB", "Display P3", "linear", "table"]
FITTING = {
    "grey": ["none", "grey 1.8", "grey linear", "Adobe RGB", "linear"],
    "rgb": RGB,
    "cmyk": ["none", "inks"],
    "cielab": ["none"],
    "icclab": ["none"],
}
HEIGHT, WIDTH = 28, 33
MASK = np.zeros((HEIGHT, WIDTH), bool)
MASK[10:13, 4:22] = MASK[5:20, 26] = True
CHANNELS = {"grey": 1, "rgb": 3, "cmyk": 4, "cielab": 3, "icclab": 3}


def smooth(channels: int, depth: type, seed: int) -> np.ndarray:
    """A random picture without hard edges, (h, w, channels), from 0 to the highest number."""
    rng = np.random.default_rng(seed)
    small = rng.random((4, 5, channels)).astype(np.float32)
    large = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).reshape(HEIGHT, WIDTH, channels)
    return (large.clip(0, 1) * np.iinfo(depth).max).astype(depth)


def own(path: Path) -> np.ndarray:
    """What is in the file, by other hands: (h, w, c)."""
    if path.suffix == ".tif":
        numbers = tifffile.imread(path)
    elif path.suffix == ".png":
        numbers = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        order = {3: [2, 1, 0], 4: [2, 1, 0, 3]}.get(numbers.shape[-1] if numbers.ndim == 3 else 0)
        numbers = numbers[..., order] if order else numbers
    else:
        with Image.open(path) as image:
            numbers = np.asarray(image)
    return numbers.reshape(HEIGHT, WIDTH, -1)


def embedded(path: Path) -> bytes:
    """The profile in the file, by Pillow or tifffile."""
    if path.suffix == ".tif":
        with tifffile.TiffFile(path) as file:
            tag = file.pages[0].tags.get(34675)
            return bytes(tag.value) if tag else b""
    with Image.open(path) as image:
        return image.info.get("icc_profile") or b""


def mended(path: Path, suffix: str | None = None) -> tuple[Photo, Path, tuple[str, ...]]:
    """The file filled and written beside it, and what was said."""
    photo = read_photo(path, native=True)
    filled = Filler(None).fill(photo, MASK, in_place=True).photo
    result = path.with_name("result" + (suffix or path.suffix))
    return filled, result, (*photo.remarks, *write_lossless(result, filled, overwrite=True))


def close(path: Path, filled: Photo) -> None:
    """The sRGB of what was written is that of what was filled: to a level of 255 (RGB and grey go two ways)."""
    again = read_photo(path).pixels
    assert again.dtype == filled.pixels.dtype
    assert np.abs(again.astype(int) - filled.pixels).max() <= (1 if again.dtype == np.uint8 else 40)


cases = st.sampled_from(sorted(FITTING)).flatmap(
    lambda mode: st.tuples(
        st.just(mode), st.sampled_from(FITTING[mode]), st.sampled_from([np.uint8, np.uint16]), st.booleans()
    )
)


@given(cases, st.integers(0, 99), st.sampled_from("<>"))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_tiff(tmp_path: Path, case: tuple[str, str, type, bool], seed: int, order: str) -> None:
    mode, name, depth, alpha = case
    numbers = smooth(CHANNELS[mode] + alpha, depth, seed)
    kind = {"grey": "minisblack", "cmyk": "separated"}.get(mode, mode)
    options: dict[str, object] = {"extrasamples": ["unassalpha"]} if alpha else {}
    if mode in ("cielab", "icclab"):
        numbers, options = numbers[..., :3], {}
    path = tmp_path / "a.tif"
    squeezed = numbers[..., 0] if numbers.shape[2] == 1 else numbers
    tifffile.imwrite(
        path, squeezed, photometric=kind, byteorder=order, iccprofile=PROFILES[name] or None, **options
    )
    before = own(path)
    filled, result, said = mended(path)
    after = own(result)
    assert after.dtype == before.dtype == depth
    assert np.array_equal(after[~MASK], before[~MASK])
    assert (after[MASK] != before[MASK]).any()
    assert said == ()
    with tifffile.TiffFile(path) as old, tifffile.TiffFile(result) as new:
        assert new.pages[0].photometric == old.pages[0].photometric  # type: ignore[union-attr]
    if name != "none":
        assert embedded(result) == PROFILES[name]
    close(result, filled)


@given(
    st.sampled_from([("grey", name) for name in FITTING["grey"]] + [("rgb", name) for name in RGB]),
    st.sampled_from([np.uint8, np.uint16]),
    st.booleans(),
    st.integers(0, 99),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_png(tmp_path: Path, kind: tuple[str, str], depth: type, alpha: bool, seed: int) -> None:
    mode, name = kind
    numbers = smooth(CHANNELS[mode], depth, seed)
    cover = smooth(1, depth, seed + 1)
    path = tmp_path / "a.png"
    color = (profile(PROFILES[name]),) if name != "none" else ()
    path.write_bytes(packed(numbers, cover if alpha else None, *color))
    filled, result, said = mended(path)
    before = np.dstack([numbers, cover]) if alpha else numbers
    after = unpacked(result)
    if mode == "grey" and name in ("Adobe RGB", "linear"):  # a grey PNG must not have an RGB profile
        assert after.shape[2] == 3 + alpha
        assert embedded(result) == PROFILES[name]
        before = np.dstack([np.repeat(numbers, 3, 2), *([cover] if alpha else [])])
    elif name != "none":
        assert embedded(result) == PROFILES[name]
    assert after.dtype == depth
    assert np.array_equal(after[~MASK], before[~MASK])
    assert said == ()
    close(result, filled)


def packed(numbers: np.ndarray, cover: np.ndarray | None, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of these numbers, rows as they are, by hand."""
    both = numbers if cover is None else np.dstack([numbers, cover])
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[both.shape[2]]
    rows = both.astype(">u2" if both.itemsize == 2 else "u1")
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">2L5B", WIDTH, HEIGHT, 8 * both.itemsize, kind, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(each)) + name + each + struct.pack(">L", zlib.crc32(name + each))
        for name, each in parts
    )


def unpacked(path: Path) -> np.ndarray:
    """The numbers of a PNG, by tifffile's neighbor for one of two channels, which OpenCV makes four of."""
    numbers = own(path)
    if path.read_bytes()[25] == 4:  # grey with alpha: R = G = B
        assert np.array_equal(numbers[..., 0], numbers[..., 2])
        return numbers[..., [0, 3]]
    return numbers


@pytest.mark.parametrize("name", RGB[:4])
def test_webp_and_jpeg_keep_profile_and_mode(tmp_path: Path, name: str) -> None:
    numbers = smooth(3, np.uint8, 1)
    path = tmp_path / "a.webp"
    options = {"icc_profile": PROFILES[name]} if name != "none" else {}
    Image.fromarray(numbers).save(path, lossless=True, **options)
    _, result, said = mended(path)
    assert np.array_equal(own(result)[~MASK], numbers[~MASK])
    assert said == ()
    assert name == "none" or embedded(result) == PROFILES[name]
    _, photo, said = mended(path, ".jpg")
    assert len(said) == 1
    assert "changes every pixel" in said[0]
    assert name == "none" or embedded(photo) == PROFILES[name]
    assert np.abs(own(photo).astype(int) - numbers)[~MASK].mean() < 3


@pytest.mark.parametrize("name", ["none", "grey 1.8", "linear"])
def test_grey_in_webp_and_jpeg(tmp_path: Path, name: str) -> None:
    numbers = smooth(1, np.uint8, 2)[..., 0]
    options = {"iccprofile": PROFILES[name]} if name != "none" else {}
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric="minisblack", **options)
    filled, result, said = mended(tmp_path / "a.tif", ".webp")
    assert said == ()
    assert np.array_equal(own(result)[~MASK], np.repeat(numbers[..., None], 3, 2)[~MASK])
    assert np.abs(read_photo(result).pixels.astype(int) - filled.pixels).max() <= 1
    _, photo, _ = mended(tmp_path / "a.tif", ".jpg")
    assert own(photo).shape[2] == 1


@pytest.mark.parametrize(("kind", "words"), [("separated", "inks (CMYK)"), ("cielab", "CIE Lab")])
@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_what_a_format_cannot_hold_is_said(tmp_path: Path, kind: str, words: str, suffix: str) -> None:
    numbers = smooth(4 if kind == "separated" else 3, np.uint8, 3)
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric=kind)
    filled, result, said = mended(tmp_path / "a.tif", suffix)
    assert [words in remark and "became sRGB" in remark for remark in said] == [True]
    assert np.array_equal(own(result), filled.pixels)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    "chunks",
    [
        (gamma(1.0),),
        (gamma(1 / 1.8), primaries(0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)),
        ((b"cICP", bytes([12, 13, 0, 1])),),
        ((b"cICP", bytes([9, 16, 0, 1])), (b"mDCV", bytes(range(24))), (b"cLLI", bytes(range(8)))),
        ((b"cICP", bytes([9, 18, 0, 1])),),
        ((b"sRGB", b"\0"),),
    ],
)
def test_what_a_png_says_of_its_color_stays(
    tmp_path: Path, depth: type, chunks: tuple[tuple[bytes, bytes], ...]
) -> None:
    numbers = smooth(3, depth, 4)
    path = tmp_path / "a.png"
    path.write_bytes(png(numbers, *chunks))
    filled, result, said = mended(path)
    assert said == ()
    assert np.array_equal(own(result)[~MASK], numbers[~MASK])
    data = result.read_bytes()
    assert all(struct.pack(">L", len(each)) + kind + each in data for kind, each in chunks)
    assert np.array_equal(read_photo(result).pixels, filled.pixels)


@pytest.mark.parametrize(
    ("name", "color"),
    [
        ("Adobe RGB", (10, 250, 30)),
        ("Display P3", (250, 20, 200)),
        ("linear", (3, 90, 200)),
        ("none", (1, 2, 3)),
    ],
)
@pytest.mark.parametrize("method", ["biharmonic", "telea"])
def test_a_color_that_srgb_has_not_is_filled_as_it_is(
    tmp_path: Path, name: str, color: tuple[int, int, int], method: str
) -> None:
    """In a flat green outside of sRGB a clipped filling would be seen (ΔE2000 9.6)."""
    numbers = np.full((HEIGHT, WIDTH, 3), color, np.uint8)
    options = {"icc_profile": PROFILES[name]} if name != "none" else {}
    Image.fromarray(numbers).save(tmp_path / "a.png", **options)
    photo = read_photo(tmp_path / "a.png", native=True)
    filled = Filler(None).fill(photo, MASK, method).photo
    assert filled.native is not None
    assert np.abs(filled.native.pixels.astype(int) - color).max() <= 1


@pytest.mark.parametrize("mode", ["CMYK", "cielab", "icclab"])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_flat_inks_and_lab_are_filled_as_they_are(tmp_path: Path, mode: str, depth: type) -> None:
    flat = np.array(
        {"CMYK": [40, 200, 10, 90], "cielab": [150, 20, 236], "icclab": [150, 148, 108]}[mode], depth
    )
    flat *= depth(257 if depth is np.uint16 else 1)
    kind = "separated" if mode == "CMYK" else mode
    tifffile.imwrite(tmp_path / "a.tif", np.full((HEIGHT, WIDTH, len(flat)), flat), photometric=kind)
    _, result, _ = mended(tmp_path / "a.tif")
    after = own(result).astype(int)
    assert np.abs(after - flat.astype(int)).max() <= (1 if depth is np.uint8 else 40)


@pytest.mark.parametrize("mode", ["1", "P", "L", "LA", "PA"])
def test_bilevel_and_palettes(tmp_path: Path, mode: str) -> None:
    grey = Image.fromarray(smooth(1, np.uint8, 5)[..., 0])
    color = Image.fromarray(smooth(3, np.uint8, 5)).quantize(40)
    image = {"1": grey.convert("1"), "P": color, "L": grey}.get(mode)
    image = image or (grey.convert("LA") if mode == "LA" else color.convert("PA"))
    buffer = io.BytesIO()
    image.save(buffer, "PNG" if mode != "PA" else "TIFF")
    path = tmp_path / ("a.png" if mode != "PA" else "a.tif")
    path.write_bytes(buffer.getvalue())
    shown = np.asarray(image.convert("L" if mode in "1L" else "LA" if mode == "LA" else "RGB"))
    _, result, said = mended(path)
    after = own(result)
    after = after[..., [0, 3]] if mode == "LA" else after[..., : 1 if mode in "1L" else 3]
    assert np.array_equal(after[~MASK], shown.reshape(HEIGHT, WIDTH, -1)[~MASK])
    assert said == ()


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("mode", ["grey", "rgb"])
def test_colors_multiplied_by_alpha(tmp_path: Path, mode: str, depth: type) -> None:
    """TIFF's associated alpha (338 = 1): divided to be filled, and back to the very numbers."""
    most = np.iinfo(depth).max
    cover = smooth(1, depth, 8).astype(np.uint64)
    cover[:2], cover[2:4] = 0, most
    plain = smooth(CHANNELS[mode], depth, 9)
    numbers = np.dstack([plain * cover // most, cover]).astype(depth)
    kind = "minisblack" if mode == "grey" else "rgb"
    tifffile.imwrite(tmp_path / "a.tif", numbers, photometric=kind, extrasamples=["assocalpha"])
    _, result, said = mended(tmp_path / "a.tif")
    assert said == ()
    assert np.array_equal(own(result)[~MASK], numbers[~MASK])
    with tifffile.TiffFile(result) as file:
        assert file.pages[0].extrasamples == (tifffile.EXTRASAMPLE.ASSOCALPHA,)  # type: ignore[union-attr]
    _, result, _ = mended(tmp_path / "a.tif", ".png")
    assert (unpacked(result)[..., -1] == cover[..., 0]).all(), "a PNG's are not multiplied"
    near = unpacked(result)[..., :-1][cover[..., 0] == most].astype(int) - plain[cover[..., 0] == most]
    assert np.abs(near).max() <= 1


def test_without_native_numbers_srgb_is_filled_and_written(tmp_path: Path) -> None:
    """What Python's read_photo gives unless it is asked for more."""
    path = tmp_path / "a.png"
    Image.fromarray(smooth(3, np.uint8, 6)).save(path, icc_profile=PROFILES["Adobe RGB"])
    photo = read_photo(path)
    filled = Filler(None).fill(photo, MASK).photo
    assert filled.native is None
    assert np.array_equal(filled.pixels[~MASK], photo.pixels[~MASK])


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_wide_holes_grown_and_feathered(mode: Mode, depth: type) -> None:
    """Worked on at a smaller size, and faded into the photo."""
    rng = np.random.default_rng(7)
    channels = CHANNELS[{"L": "grey", "CMYK": "cmyk"}[mode]]
    small = rng.random((5, 6, channels)).astype(np.float32)
    large = cv2.resize(small, (700, 520), interpolation=cv2.INTER_CUBIC).reshape(520, 700, channels)
    numbers = (large.clip(0, 1) * np.iinfo(depth).max).astype(depth)
    native = Native(numbers, mode)
    photo = Photo(np.zeros((520, 700, 3), depth), native=native)
    hole = np.zeros((520, 700), bool)
    hole[60:460, 80:600] = True
    filled = Filler(None).fill(photo, hole, "telea", grow=2, feather=4).photo
    known = ~grow(grow(hole, 2), 4)
    assert filled.native is not None
    assert np.array_equal(filled.native.pixels[known], numbers[known])
    assert (filled.native.pixels[hole] != numbers[hole]).mean() > 0.5
    shown = to_srgb(filled.native.pixels, mode, native.space)
    assert np.array_equal(filled.pixels[hole], np.broadcast_to(shown, filled.pixels.shape)[hole])
    assert not filled.pixels[known].any(), "what is known is not computed again"
