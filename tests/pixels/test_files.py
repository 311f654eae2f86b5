"""Photos there and back: pixels, depth, alpha, metadata; what is refused; what is never overwritten."""

import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from safelight.errors import PhotoError
from safelight.pixels import exif
from safelight.pixels.files import Photo, read_photo, read_small, write_photo, write_remarked
from tests.hostile import saved, scene
from tests.pixels.test_exif import MAKER_NOTE, camera_block

SUFFIXES = ("jpg", "png", "tif", "webp")
XMP = b'<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"/><?xpacket end="w"?>'


def photo_of(size: tuple[int, int], depth: type = np.uint8, alpha: bool = False) -> Photo:
    rng = np.random.default_rng(size[0])
    largest = np.iinfo(depth).max
    cover = rng.integers(0, largest + 1, size, dtype=depth) if alpha else None
    return Photo(
        rng.integers(0, largest + 1, (*size, 3), dtype=depth),
        cover,
        exif=exif.upright(camera_block(), size),
        xmp=XMP,
        dpi=(300.0, 150.0),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from([np.uint8, np.uint16]),
    st.booleans(),
    st.sampled_from(["png", "tif", "webp"]),
)
def test_round_trip_without_loss(
    tmp_path: Path, size: tuple[int, int], depth: type, alpha: bool, suffix: str
) -> None:
    if suffix == "webp":
        depth = np.uint8
    photo = photo_of(size, depth, alpha)
    back = read_photo(write_photo(tmp_path / f"a.{suffix}", photo, overwrite=True, quality=100))
    assert back.pixels.dtype == depth
    assert np.array_equal(back.pixels, photo.pixels)
    if suffix == "webp" and alpha and photo.alpha is not None and photo.alpha.min() == 255:
        assert back.alpha is None  # WebP leaves out an alpha that hides nothing
        return
    assert (back.alpha is not None) == alpha
    assert not alpha or np.array_equal(back.alpha, photo.alpha)
    assert back.remarks == ()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_metadata_are_kept(tmp_path: Path, suffix: str) -> None:
    back = read_photo(write_photo(tmp_path / f"a.{suffix}", photo_of((30, 20))))
    assert back.xmp == XMP
    assert back.dpi == pytest.approx((300, 150), abs=0.02)
    assert back.exif is not None
    assert MAKER_NOTE in back.exif
    block = Image.Exif()
    block.load(back.exif)
    assert block[0x010F] == "Maker"
    assert block.get_ifd(exif.EXIF_DIRECTORY)[0x9003] == "2026:01:02 03:04:05"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_metadata_survive_five_generations(tmp_path: Path, suffix: str) -> None:
    photo = photo_of((8, 9))
    for _ in range(5):
        photo = read_photo(write_photo(tmp_path / f"a.{suffix}", photo, overwrite=True))
    assert photo.exif is not None
    assert MAKER_NOTE in photo.exif
    assert photo.xmp == XMP


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_file_says_srgb(tmp_path: Path, suffix: str) -> None:
    path = write_photo(tmp_path / f"a.{suffix}", photo_of((8, 9)))
    with Image.open(path) as image:
        if suffix == "png":
            assert image.info["srgb"] == 0
        else:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
            assert "sRGB" in ImageCms.getProfileDescription(profile)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_photo_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    one, two = (write_photo(tmp_path / f"{name}.{suffix}", photo_of((300, 900))) for name in "ab")
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("alpha", [False, True])
def test_others_read_our_tiff(tmp_path: Path, depth: type, order: str, alpha: bool) -> None:
    photo = photo_of((700, 500), depth, alpha)  # more strips than one
    block = b"II*\0" + bytes(4) if order == "<" else b"MM\0*" + bytes(4)
    path = write_photo(tmp_path / "a.tif", Photo(photo.pixels, photo.alpha, exif=block))
    others = tifffile.imread(path)
    assert np.array_equal(others[..., :3], photo.pixels)
    assert not alpha or np.array_equal(others[..., 3], photo.alpha)
    with tifffile.TiffFile(path) as tiff:
        assert tiff.byteorder == order


def test_others_read_our_deep_png(tmp_path: Path) -> None:
    photo = photo_of((30, 40), np.uint16)
    others = cv2.imread(str(write_photo(tmp_path / "a.png", photo)), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(others[..., ::-1], photo.pixels)


def test_floats_take_the_depth_of_the_photo_they_come_from(tmp_path: Path) -> None:
    deep, plain = photo_of((9, 8), np.uint16, alpha=True), photo_of((9, 8))
    back = read_photo(write_photo(tmp_path / "deep.png", deep.srgb, like=deep))
    assert np.array_equal(back.pixels, deep.pixels)
    assert np.array_equal(np.asarray(back.alpha), np.asarray(deep.alpha))
    assert back.xmp == XMP
    assert np.array_equal(
        read_photo(write_photo(tmp_path / "a.png", plain.srgb, like=plain)).pixels, plain.pixels
    )
    assert read_photo(write_photo(tmp_path / "b.png", deep.srgb)).pixels.dtype == np.uint8
    assert read_photo(write_photo(tmp_path / "c.jpg", deep)).pixels.dtype == np.uint8


def test_floats_that_are_no_colors_are_clipped(tmp_path: Path) -> None:
    strange = np.array([[[-1, 0.5, 2], [np.nan, np.inf, -np.inf]]], np.float32)
    assert read_photo(write_photo(tmp_path / "a.png", strange)).pixels.tolist() == [
        [[0, 128, 255], [0, 255, 0]]
    ]


def test_alpha_of_another_size_is_not_taken(tmp_path: Path) -> None:
    like = photo_of((9, 8), alpha=True)
    assert read_photo(write_photo(tmp_path / "a.png", np.zeros((4, 4, 3), np.uint8), like=like)).alpha is None


def test_jpeg_shows_white_through(tmp_path: Path) -> None:
    pixels = np.full((16, 32, 3), (0, 80, 160), np.uint8)
    alpha = np.repeat(np.repeat(np.array([[0, 128, 255, 255]], np.uint8), 16, 0), 8, 1)
    back = read_photo(write_photo(tmp_path / "a.jpg", Photo(pixels, alpha))).pixels.astype(int)
    assert back[8, 3] == pytest.approx([255, 255, 255], abs=4)
    assert back[8, 12] == pytest.approx([127, 167, 207], abs=6)
    assert back[8, 28] == pytest.approx([0, 80, 160], abs=4)


def test_jpeg_has_color_at_full_size_from_quality_90(tmp_path: Path) -> None:
    for quality, sampling in ((95, 1), (90, 1), (80, 2)):
        path = write_photo(tmp_path / "a.jpg", photo_of((16, 16)), quality=quality, overwrite=True)
        with Image.open(path) as image:
            assert image.layer[0][1] == sampling  # type: ignore[attr-defined]


def test_a_block_too_large_for_jpeg_loses_its_longest_field(tmp_path: Path) -> None:
    block = Image.Exif()
    block[0x010F], block[60000] = "Maker", bytes(70000)
    long = block.tobytes().removeprefix(b"Exif\0\0")
    photo = Photo(np.zeros((4, 4, 3), np.uint8), exif=long, xmp=b"no XML" + bytes(70000))
    remarks = write_remarked(tmp_path / "a.jpg", photo)
    assert len(remarks) == 1
    assert "field (60000)" in remarks[0]
    assert "its XMP (70006 bytes)" in remarks[0]
    with Image.open(tmp_path / "a.jpg") as image:
        assert dict(image.getexif()) == {0x010F: "Maker"}
    assert read_photo(tmp_path / "a.jpg").xmp is None


def test_rotated_xmp_becomes_upright(tmp_path: Path) -> None:
    block, packet = camera_block(6), b'<rdf:Description tiff:Orientation="6"/>'
    (tmp_path / "a.jpg").write_bytes(
        saved(scene(np.random.default_rng(0)), "JPEG", exif=b"Exif\0\0" + block, xmp=packet)
    )
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.size == (64, 48)
    assert photo.xmp == b'<rdf:Description tiff:Orientation="1"/>'


def test_never_over_an_existing_file_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"precious")
    with pytest.raises(PhotoError, match="exists"):
        write_photo(path, photo_of((4, 4)))
    assert path.read_bytes() == b"precious"
    write_photo(path, photo_of((4, 4)), overwrite=True)
    assert read_photo(path).size == (4, 4)


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    def write(number: int) -> bool:
        try:
            write_photo(tmp_path / "a.png", np.full((50, 50, 3), number, np.uint8))
        except PhotoError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(write, range(6)))
    assert won.count(True) == 1
    assert read_photo(tmp_path / "a.png").pixels[0, 0, 0] == won.index(True)
    assert os.listdir(tmp_path) == ["a.png"]  # noqa: PTH208


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.gif", "expected .jpg, .png, .tif or .webp"),
        ("a", "ends in nothing"),
        ("nowhere/a.png", "No such file or directory"),
        ("folder.png", "is a folder"),
        ("n" * 300 + ".png", "File name too long"),
        ("nought\0.png", "null"),
    ],
)
def test_where_nothing_can_be_written(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(PhotoError, match=words) as refusal:
        write_photo(tmp_path / name, photo_of((4, 4)))
    assert str(refusal.value).isprintable()
    assert os.listdir(tmp_path) == ["folder.png"]  # noqa: PTH208


@pytest.mark.parametrize(
    "pixels", [np.zeros((4,)), np.zeros((4, 4, 4)), np.zeros((0, 4, 3)), np.zeros((4, 4, 3), int)]
)
def test_what_is_no_picture_is_not_written(tmp_path: Path, pixels: np.ndarray) -> None:
    with pytest.raises(PhotoError, match="expected"):
        write_photo(tmp_path / "a.png", pixels)


def test_a_picture_too_large_for_the_format(tmp_path: Path) -> None:
    for suffix, width in (("webp", 16384), ("jpg", 65536)):
        with pytest.raises(PhotoError, match="cannot be written"):
            write_photo(tmp_path / f"a.{suffix}", np.zeros((1, width, 3), np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_the_limit_is_said_in_megapixels(tmp_path: Path) -> None:
    path = write_photo(tmp_path / "a.png", np.zeros((1500, 2000, 3), np.uint8))
    with pytest.raises(PhotoError, match=r"has 3 megapixels \(2000 × 1500\); the limit is 2.5"):
        read_photo(path, limit_megapixels=2.5)
    assert read_photo(path, limit_megapixels=3).size == (1500, 2000)


def test_photo_as_floats() -> None:
    for depth in (np.uint8, np.uint16):
        white = Photo(np.full((2, 2, 3), np.iinfo(depth).max, depth)).srgb
        assert white.dtype == np.float32
        assert white.max() == 1.0


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_small_copies(tmp_path: Path, suffix: str, orientation: int) -> None:
    large = cv2.resize(scene(np.random.default_rng(1)), (1201, 803), interpolation=cv2.INTER_CUBIC)
    block = camera_block(orientation)
    block = b"Exif\0\0" + block if suffix == "jpg" else block
    format, options = {"jpg": ("JPEG", {"quality": 95}), "png": ("PNG", {})}[suffix]
    (tmp_path / f"a.{suffix}").write_bytes(saved(large, format, exif=block, **options))
    small, whole = read_small(tmp_path / f"a.{suffix}", 100), read_photo(tmp_path / f"a.{suffix}")
    assert small.dtype == np.uint8
    assert min(small.shape[:2]) == 100
    truth = cv2.resize(whole.pixels, small.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - truth).mean() < 1


def test_small_copies_of_deep_and_grey_photos(tmp_path: Path) -> None:
    deep = write_photo(tmp_path / "a.png", photo_of((80, 60), np.uint16))
    assert read_small(deep, 30).dtype == np.uint8
    (tmp_path / "g.jpg").write_bytes(saved(np.full((90, 90), 77, np.uint8), "JPEG"))
    assert np.abs(read_small(tmp_path / "g.jpg", 20).astype(int) - 77).max() <= 1


def test_a_jpeg_that_is_cut_off_is_said_without_a_count_of_bytes(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    whole = write_photo(tmp_path / "whole.jpg", noise).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PhotoError, match=r"\(image file is truncated\); expected a whole JPEG"):
        read_photo(tmp_path / "cut.jpg")
