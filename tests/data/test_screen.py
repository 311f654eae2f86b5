"""Usable, or refused with the reason; how a picture becomes a square."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.data.build_state import Facts
from safelight.data.scan import PictureFile
from safelight.data.screen import fit, screen
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError
from safelight.pixels.color import lab_to_srgb

from .conftest import paint

SMALL = BuildSettings(size=64)


def screened(folder: Path, name: str, settings: BuildSettings = SMALL) -> Facts:
    return screen(folder, PictureFile(name, 1, 2), settings)[0]


def test_a_photo_is_usable_and_its_facts_come_back_from_json(tmp_path: Path) -> None:
    paint(1, (96, 120)).save(tmp_path / "a.png")
    facts, square = screen(tmp_path, PictureFile("a.png", 1, 2), BuildSettings(size=64, fit="pad"))
    assert not facts.refused
    assert (facts.height, facts.width, facts.box) == (96, 120, (6, 0, 51, 64))
    assert square is not None
    assert (square.shape, square.dtype) == ((64, 64, 3), np.uint8)
    assert Facts.from_json(facts.to_json()) == facts


def test_color_is_measured_as_defined(tmp_path: Path) -> None:
    lab = np.full((64, 64, 3), (60, 30, 0), np.float32)
    lab[:, 32:] = (60, 0, -40)
    pixels = np.round(lab_to_srgb(lab) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    facts = screened(tmp_path, "a.png")
    assert facts.chroma == pytest.approx((30 + 40) / 2, abs=0.5)
    assert facts.ab_range == pytest.approx(30 + 40, abs=1)


def grey(level: int) -> Image.Image:
    return Image.fromarray(np.asarray(paint(level).convert("L")))


def test_grey_and_pale_pictures_are_refused(tmp_path: Path) -> None:
    grey(1).save(tmp_path / "grey.png")
    grey(2).convert("RGB").save(tmp_path / "grey.jpg")
    Image.merge("RGB", [grey(3), grey(3).point(lambda v: v + 1), grey(3)]).save(tmp_path / "tinted.png")
    pale = Image.blend(paint(4), paint(4).convert("L").convert("RGB"), 0.98)
    pale.save(tmp_path / "pale.png")
    for name in ("grey.png", "grey.jpg", "tinted.png", "pale.png"):
        assert screened(tmp_path, name).refused == "grey", name
    assert "ab range 0.0 < 5" in screened(tmp_path, "grey.png").detail
    allowed = BuildSettings(size=64, min_ab_range=0, min_chroma=0)
    assert screened(tmp_path, "pale.png", allowed).refused == ""


def test_tiny_pictures_are_refused(tmp_path: Path) -> None:
    paint(1, (63, 200)).save(tmp_path / "a.png")
    facts = screened(tmp_path, "a.png")
    assert (facts.refused, facts.detail) == ("tiny", "200 × 63 pixels, a side < 64")


def test_what_is_no_picture_is_refused_in_one_line(tmp_path: Path) -> None:
    paint(1).save(tmp_path / "whole.jpg")
    whole = (tmp_path / "whole.jpg").read_bytes()
    files = {
        "empty.jpg": b"",
        "text.png": b"hello",
        "cut.jpg": whole[: len(whole) // 2],
        "header.jpg": whole[:40],
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "link.png").symlink_to(tmp_path / "nowhere")
    for name in [*files, "link.png"]:
        facts = screened(tmp_path, name)
        assert facts.refused == "unreadable", name
        assert facts.detail
        assert "\n" not in facts.detail
        assert str(tmp_path) not in facts.detail


def test_the_side_of_a_turned_photo_is_its_upright_one(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    paint(1, (80, 120)).save(tmp_path / "a.jpg", exif=exif)
    facts = screened(tmp_path, "a.jpg")
    assert (facts.height, facts.width) == (120, 80)


def test_the_pixels_not_the_file_decide_what_is_a_duplicate(tmp_path: Path) -> None:
    paint(1).save(tmp_path / "a.png")
    paint(1).save(tmp_path / "b.png", compress_level=1)
    one, other = screened(tmp_path, "a.png"), screened(tmp_path, "b.png")
    assert one.sha256 != other.sha256
    assert one.pixels == other.pixels


def test_fits() -> None:
    ramp = np.repeat(np.arange(160, dtype=np.uint8)[:, None, None], 80, axis=1).repeat(3, axis=2)
    cropped, box = fit(ramp, BuildSettings(size=80))
    assert box is None
    assert cropped[0, 0, 0] == 10  # an eighth of the 80 rows that are cut off goes above
    padded, box = fit(ramp, BuildSettings(size=80, fit="pad"))
    assert box is not None
    assert (box.left, box.width, box.height) == (20, 40, 80)
    stretched, _ = fit(ramp, BuildSettings(size=80, fit="stretch"))
    assert cropped.shape == padded.shape == stretched.shape == (80, 80, 3)


@pytest.mark.parametrize("wrong", [{"fit": "zoom"}, {"size": 4}, {"val": 0.6, "test": 0.5}, {"folds": 1}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(DatasetError, match=next(iter(wrong))):
        BuildSettings(**wrong)  # type: ignore[arg-type]


def test_settings_come_back_from_json() -> None:
    settings = BuildSettings(tags=("sky",), without=(("source", "x"),), fit="pad")
    assert BuildSettings.from_json(settings.to_json()) == settings


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have names on POSIX only")
def test_a_pipe_and_a_device_called_like_photos_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "endless.png").symlink_to("/dev/zero")
    for name in ("pipe.png", "endless.png"):
        facts = screened(tmp_path, name)
        assert (facts.refused, facts.detail) == (
            "unreadable",
            f"{name} is not a regular file; expected a picture file",
        )


def test_what_is_transparent_is_learned_as_white_paper_and_never_as_black(tmp_path: Path) -> None:
    """A cut-out has black numbers where it is transparent; alpha of nought everywhere is no alpha."""
    pixels = np.asarray(paint(1, (64, 64)).convert("RGB")).copy()
    pixels[:, 20:] = 0
    alpha = np.where(np.arange(64) < 20, 255, 0).astype(np.uint8) * np.ones((64, 1), np.uint8)
    Image.fromarray(np.dstack([pixels, alpha])).save(tmp_path / "cut-out.png")
    _, square = screen(tmp_path, PictureFile("cut-out.png", 1, 2), SMALL)
    assert square is not None
    np.testing.assert_array_equal(square[:, :20], pixels[:, :20])
    assert (square[:, 20:] == 255).all()
    whole = np.asarray(paint(2, (64, 64)).convert("RGB"))
    Image.fromarray(np.dstack([whole, np.zeros((64, 64), np.uint8)])).save(tmp_path / "all transparent.png")
    _, square = screen(tmp_path, PictureFile("all transparent.png", 1, 2), SMALL)
    assert square is not None
    np.testing.assert_array_equal(square, whole)
