"""Squares cut around a subject, and where the subject lies in them."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from safelight.data.build import build_dataset
from safelight.data.crop_anchor import CropAnchor, crop_anchor_of, view, window
from safelight.data.finished import require_finished
from safelight.data.screen import fit
from safelight.data.settings import BuildSettings
from safelight.errors import DatasetError
from safelight.pixels.geometry import letterbox

fractions = st.floats(0, 1)


@given(st.integers(8, 300), st.integers(8, 300), fractions, fractions, st.floats(0.05, 1))
@settings(max_examples=80)
def test_the_square_lies_in_the_picture_and_holds_the_subject(
    h: int, w: int, x: float, y: float, share: float
) -> None:
    square = window((h, w), CropAnchor(x, y, x, y), share)
    assert square.height == square.width == min(h, w, max(1, int(np.ceil(share * min(h, w)))))
    assert 0 <= square.top <= h - square.height
    assert 0 <= square.left <= w - square.width
    assert square.top <= y * h <= square.top + square.height
    assert square.left <= x * w <= square.left + square.width


def test_far_from_the_edges_the_subject_is_in_the_middle_and_a_box_is_held_whole() -> None:
    square = window((100, 200), CropAnchor(0.6, 0.4, 0.6, 0.4), 0.5)
    assert (square.top, square.left, square.height) == (15, 95, 50)
    wide = window((100, 200), CropAnchor(0.4, 0.4, 0.7, 0.5), 0.1)
    assert wide.left in (72, 73)  # 72.5, one way or the other
    assert wide.width == 75
    assert window((100, 200), CropAnchor(0, 0, 1, 1), 0.1).height == 100


@pytest.mark.parametrize("kind", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("size", [(120, 80), (80, 120), (90, 90)])
def test_a_mark_is_found_where_the_view_says(kind: str, size: tuple[int, int]) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    x, y = 0.45, 0.55
    row, column = int(y * size[0]), int(x * size[1])
    picture[row - 4 : row + 4, column - 4 : column + 4] = 255
    how = BuildSettings(size=80, fit=kind)
    square, box = fit(picture, how)
    place = view(size, how, box).place(x, y)
    found = np.argwhere(square[..., 0] > 128).mean(axis=0)[::-1] / 80
    assert place == pytest.approx(tuple(found), abs=0.03)
    assert letterbox(picture, (80, 80))[1].height <= 80


@pytest.mark.parametrize("stated", [[0.5], [0.5, 1.2], [0.6, 0.1, 0.4, 0.9], "middle", [True, 0], {"x": 1}])
def test_other_subjects_are_refused(stated: object) -> None:
    with pytest.raises(DatasetError, match=r"a\.png has the subject .* expected \[x, y\] or \[left"):
        crop_anchor_of({"subject": stated}, Path("a.png"))


@pytest.mark.parametrize(
    "stated",
    [
        [[10, 20], [30, 20]],
        {"left_eye": 3},
        {"left_eye": [3]},
        {"left_eye": ["3", "4"]},
        "eyes",
        {"e": [1, 2, 3]},
    ],
)
def test_other_landmarks_are_refused(stated: object) -> None:
    with pytest.raises(DatasetError, match=r"a\.png has the landmarks .* expected \{\"left_eye\": \[x, y\]"):
        crop_anchor_of({"landmarks": stated}, Path("a.png"))


def test_a_dataset_is_centred_and_follows_its_metadata(tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    picture = np.random.default_rng(0).integers(0, 90, (120, 200, 3), np.uint8)
    picture[50:60, 150:160] = (255, 240, 20)
    Image.fromarray(picture).save(photos / "a.png")
    sidecar = photos / "metadata.jsonl"
    how = BuildSettings(size=32, val=0, test=0, subject=0.5)

    def middle(subject: list[float]) -> tuple[np.ndarray, list[float]]:
        sidecar.write_text(json.dumps({"file_name": "a.png", "subject": subject}) + "\n")
        build_dataset(photos, out, how)
        (row,) = require_finished(out).rows()
        return np.load(out / "pixels.npy")[0, 12:20, 12:20].mean(axis=(0, 1)), row["at"]

    color, at = middle([0.775, 0.4583])
    assert color[0] > 80 + color[2]
    assert at == pytest.approx([0.5, 0.5], abs=0.02)
    color, at = middle([0.2, 0.4])  # the file is the same, its metadata say something else
    assert color[0] < 90
    assert at == pytest.approx([0.5, 0.5], abs=0.03)
