"""A path, a Photo, a picture of Pillow's and arrays are the same photo to whoever takes one."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from safelight.errors import PhotoError
from safelight.pixels.files import Photo, read_photo, write_photo
from safelight.pixels.inputs import photo_of, pixels_of, whole_photo

PIXELS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
GREY = PIXELS[..., 0]


def test_pixels_of_a_file_and_of_a_photo_have_their_own_depth(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", PIXELS)
    np.testing.assert_array_equal(pixels_of(path), PIXELS)
    np.testing.assert_array_equal(pixels_of(str(path)), PIXELS)
    deep = PIXELS.astype(np.uint16) * 257
    assert pixels_of(Photo(deep)) is deep


def test_floats_come_back_as_float32_within_0_and_1() -> None:
    floats = PIXELS / 255
    floats[0, 0] = (-0.0005, 0.5, 1.0005)
    found = pixels_of(floats)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, floats.clip(0, 1), atol=1e-7)


@pytest.mark.parametrize("depth", [np.uint8, np.uint16, np.dtype(">u2")])
def test_whole_numbers_are_a_photo_of_their_own_depth(depth: type) -> None:
    given = PIXELS.astype(depth)
    found = photo_of(given)
    assert isinstance(found, Photo)
    assert found.pixels.dtype == given.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found.pixels, PIXELS)


@pytest.mark.parametrize("grey", [GREY, GREY[..., None], GREY.astype(np.uint16), GREY / 255])
def test_grey_arrays_become_three_alike_channels(grey: np.ndarray) -> None:
    found = pixels_of(grey)
    assert found.shape == (5, 7, 3)
    for channel in range(3):
        np.testing.assert_allclose(found[..., channel], grey.reshape(5, 7), atol=1e-7)


def test_views_and_reversed_arrays_are_taken_in_their_own_order() -> None:
    np.testing.assert_array_equal(pixels_of(PIXELS[::-1, ::-2, ::-1]), PIXELS[::-1, ::-2, ::-1])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1, 2], [3, 4]], "of the type list; expected a path, a Photo"),
        (None, "of the type NoneType"),
        (b"abc", "of the type bytes"),
        (np.dstack([PIXELS, GREY]), r"with alpha as it seems; .*leave alpha out, picture\[\.\.\., :3\]"),
        (PIXELS[..., :2], r"picture\[\.\.\., :1\]"),
        (PIXELS[0], None),
        (PIXELS[None], r"\(1, 5, 7, 3\); expected sRGB \(h, w, 3\), or grey \(h, w\)"),
        (PIXELS[:0], r"\(0, 7, 3\)"),
        (GREY > 9, "of bool; expected floats 0..1, uint8 or uint16"),
        (PIXELS.astype(np.int64), "of int64"),
        (PIXELS.astype(object), "of object"),
        (PIXELS.astype(complex), "of complex128"),
        (PIXELS.astype(float), "expected 0..1: divide it by 255"),
        (PIXELS / 255 - 1, "scale it to 0..1"),
        (np.full((2, 2), np.nan), "from nan to nan"),
    ],
)
def test_others_are_refused_with_the_mend(given: object, message: str | None) -> None:
    if message is None:  # (7, 3) can only be meant as grey
        assert pixels_of(given).shape == (7, 3, 3)
        return
    with pytest.raises(PhotoError, match=message) as refusal:
        photo_of(given)
    assert "\n" not in str(refusal.value)


def test_what_needs_a_depth_refuses_floats() -> None:
    with pytest.raises(PhotoError, match="floats have no bit depth"):
        whole_photo(PIXELS / 255)


@pytest.mark.parametrize(
    ("mode", "truth"),
    [
        ("RGB", PIXELS),
        ("L", np.asarray(Image.fromarray(PIXELS).convert("L"))[..., None].repeat(3, 2)),
        ("1", np.where(np.asarray(Image.fromarray(PIXELS).convert("1")), 255, 0)[..., None].repeat(3, 2)),
        ("YCbCr", np.asarray(Image.fromarray(PIXELS).convert("YCbCr").convert("RGB"))),
        ("P", np.asarray(Image.fromarray(PIXELS).convert("P").convert("RGB"))),
        ("I;16", np.asarray(Image.fromarray(PIXELS).convert("L"), np.uint16)[..., None].repeat(3, 2)),
        ("I", np.asarray(Image.fromarray(PIXELS).convert("L"), np.uint16)[..., None].repeat(3, 2)),
    ],
)
def test_pictures_of_pillow_of_many_modes(mode: str, truth: np.ndarray) -> None:
    found = photo_of(Image.fromarray(PIXELS).convert("L" if mode.startswith("I") else "RGB").convert(mode))
    assert isinstance(found, Photo)
    np.testing.assert_array_equal(found.pixels, truth)
    assert found.pixels.dtype == (np.uint16 if mode.startswith("I") else np.uint8)
    assert found.alpha is None


def test_a_picture_of_pillow_is_what_its_file_is(tmp_path: Path) -> None:
    """Turned by its EXIF, with a profile, with alpha: as read_photo has it."""
    block = Image.Exif()
    block[0x0112], block[0x010E] = 6, "a caption"
    path = tmp_path / "a.png"
    Image.fromarray(np.dstack([PIXELS, GREY])).save(path, exif=block)
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()  # of no use for RGB: said
    Image.fromarray(PIXELS).save(tmp_path / "b.png", icc_profile=wide)
    for name in ("a.png", "b.png"):
        with Image.open(tmp_path / name) as image:
            found, expected = photo_of(image), read_photo(tmp_path / name)
        assert isinstance(found, Photo)
        np.testing.assert_array_equal(found.pixels, expected.pixels)
        assert (found.alpha is None) == (expected.alpha is None)
        assert found.remarks == expected.remarks
    with Image.open(path) as image:
        turned = photo_of(image)
    assert isinstance(turned, Photo)
    np.testing.assert_array_equal(turned.pixels, np.rot90(PIXELS, -1))  # 6: the right way is a turn clockwise
    np.testing.assert_array_equal(turned.alpha, np.rot90(GREY, -1))
    assert b"a caption" in (turned.exif or b"")


def test_damaged_and_closed_pictures_of_pillow_are_refused_in_a_line() -> None:
    file = io.BytesIO()
    Image.fromarray(PIXELS.repeat(20, 0)).save(file, "PNG")
    cut = Image.open(io.BytesIO(file.getvalue()[:150]))
    closed = Image.open(file)
    closed.close()
    for image in (cut, closed, Image.new("F", (4, 4)), Image.new("I", (2, 2), -4)):
        with pytest.raises(PhotoError, match="picture of Pillow's cannot be used") as refusal:
            photo_of(image)
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"picture": [[1]]}, "of the type list"),
        ({"picture": "a.png"}, "the picture is the text 'a.png'"),
        ({"picture": PIXELS * 1.0}, "floats are above 1; expected 0..1: divide it by 255"),
        ({"quality": "a"}, "quality is 'a'; expected a whole number from 1 to 100"),
        ({"quality": 1000}, "quality is 1000"),
        ({"quality": -5}, "quality is -5"),
        ({"quality": True}, "quality is True"),
        ({"quality": 95.5}, r"quality is 95\.5"),
        ({"like": 5}, "of the type int"),
        ({"like": PIXELS / 255}, "floats have no bit depth"),
        ({"path": ""}, "the file to write is ''"),
        ({"path": 5}, "the file to write is 5"),
        ({"path": None}, "the file to write is None"),
    ],
)
def test_wrong_things_to_write_are_refused_in_a_line(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(PhotoError, match=message) as refusal:
        write_photo(**{"path": tmp_path / "x.jpg", "picture": PIXELS, **change})  # type: ignore[arg-type]
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.iterdir())


def test_pictures_of_pillow_grey_arrays_and_paths_are_written_and_written_like(tmp_path: Path) -> None:
    block = Image.Exif()
    block[0x010E] = "a caption"
    path = tmp_path / "a.png"
    Image.fromarray(PIXELS).save(path, exif=block)
    with Image.open(path) as image:
        written = [
            write_photo(tmp_path / "1.png", image),
            write_photo(tmp_path / "2.png", PIXELS / 255, like=image),
            write_photo(tmp_path / "3.png", PIXELS, like=path),
        ]
    for each in written:
        with Image.open(each) as image:
            np.testing.assert_array_equal(np.asarray(image.convert("RGB")), PIXELS)
            assert image.getexif()[0x010E] == "a caption"
    with Image.open(write_photo(tmp_path / "4.png", GREY)) as image:
        np.testing.assert_array_equal(np.asarray(image.convert("RGB")), GREY[..., None].repeat(3, 2))
