"""Questions depend on the picture, the protocol and the seed, and on nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from safelight.errors import DatasetError
from safelight.evaluation.samples import PictureList, square
from safelight.pixels.color import srgb_to_lab
from safelight.tasks.colorize import benchmark as judging_questions
from safelight.tasks.colorize.benchmark import Protocol, draw_samples

PINNED_ROWS = [13, 17, 27, 14, 18]
PINNED_COLUMNS = [26, 24, 7, 17, 7]
# Means of 3×3 pixels by skimage.color.rgb2lab
PINNED_AB = [(39.74, 26.993), (16.178, 33.101), (-65.774, 49.739), (6.049, 15.813), (-38.983, 21.081)]


def test_the_same_questions_whichever_pictures_are_beside(
    judged_album: PictureList, tiny_protocol: Protocol
) -> None:
    everything = {question.index: question for question in draw_samples(judged_album, tiny_protocol)}
    some = draw_samples(PictureList(judged_album.pixels[4:8][::-1]), tiny_protocol)
    assert [own.sha256 for own in some] == [everything[index].sha256 for index in (7, 6, 5, 4)]


def test_the_hash_tells_questions_apart(judged_album: PictureList, tiny_protocol: Protocol) -> None:
    base = draw_samples(judged_album, tiny_protocol)
    again = draw_samples(PictureList(judged_album.pixels[::-1]), tiny_protocol)
    assert base.sha256 == again.sha256  # in any order
    assert base.sha256 != draw_samples(judged_album, tiny_protocol, seed=1).sha256
    changed = [judged_album.pixels[0].copy(), *judged_album.pixels[1:]]
    changed[0][0, 0] ^= 128
    assert base.sha256 != draw_samples(PictureList(changed), tiny_protocol).sha256


def test_questions_stay_the_same_from_version_to_version(tiny_protocol: Protocol) -> None:
    """Pinned places and colors: when this fails, raise VERSION: scores can't be compared with older ones."""
    ramp = np.arange(32, dtype=np.uint8) * 8
    picture = np.stack(
        [np.tile(ramp, (32, 1)), np.tile(ramp[:, None], (1, 32)), np.full((32, 32), 90, np.uint8)], -1
    )
    (question,) = draw_samples(PictureList([picture]), tiny_protocol)
    assert list(question.points.y[:5]) == PINNED_ROWS
    assert list(question.points.x[:5]) == PINNED_COLUMNS
    np.testing.assert_allclose(question.points.ab[:5], PINNED_AB, atol=0.01)


def test_the_last_bit_of_a_color_makes_no_other_question(
    judged_album: PictureList, tiny_protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = draw_samples(judged_album, tiny_protocol)
    monkeypatch.setattr(
        judging_questions, "srgb_to_lab", lambda srgb: np.nextafter(srgb_to_lab(srgb), np.float32(200))
    )
    again = draw_samples(judged_album, tiny_protocol)
    assert (again.items[0].points.ab != base.items[0].points.ab).any()
    assert again.sha256 == base.sha256


def test_hints_of_another_place_size_or_version_are_another_question(
    judged_album: PictureList, tiny_protocol: Protocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = draw_samples(judged_album, tiny_protocol).items[0]
    y, x, radius = question.points.y, question.points.x, question.points.radius
    others = [
        replace(question, points=replace(question.points, **{part: values + 1}))
        for part, values in {"y": y, "x": x, "radius": radius}.items()
    ]
    hashes = {question.sha256, *(other.sha256 for other in others)}
    monkeypatch.setattr(judging_questions, "VERSION", judging_questions.VERSION + 1)
    assert len(hashes | {question.sha256}) == 5


def test_pictures_as_good_as_grey_are_left_out_and_counted(
    judged_album: PictureList, tiny_protocol: Protocol
) -> None:
    grey = np.repeat(judged_album.pixels[0][..., :1], 3, axis=2)
    sepia = np.clip(np.full((40, 40, 3), (112, 66, 20)), 0, 255).astype(np.uint8)
    questions = draw_samples(PictureList([grey, *judged_album.pixels[:3], sepia]), tiny_protocol)
    assert (len(questions), questions.left_out) == (3, 2)
    assert [own.index for own in questions] == [1, 2, 3]
    with pytest.raises(DatasetError, match="no picture to judge: 2 given, 2 of them without color"):
        draw_samples(PictureList([grey, sepia]), tiny_protocol)
    with pytest.raises(DatasetError, match="0 given"):
        draw_samples(PictureList([]), tiny_protocol)


def test_limits_share_their_pictures(judged_album: PictureList, tiny_protocol: Protocol) -> None:
    samples = [
        {own.index for own in draw_samples(judged_album, tiny_protocol, limit=limit)} for limit in (3, 6, 100)
    ]
    assert samples[0] < samples[1] < samples[2]
    assert [len(sample) for sample in samples] == [3, 6, 15]


def test_pictures_are_squashed_to_the_size_of_the_protocol(
    judged_album: PictureList, tiny_protocol: Protocol
) -> None:
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, 40:] = (200, 30, 30)
    squashed = square(PictureList([wide]), 0, 32)
    assert squashed.shape == (32, 32, 3)
    assert (squashed[:, 17:] == (200, 30, 30)).all()
    assert draw_samples(judged_album, tiny_protocol).items[0].pixels.dtype == np.uint8


def test_the_border_of_a_padded_picture_is_not_judged() -> None:
    padded = np.zeros((40, 40, 3), np.uint8)
    padded[10:30] = 77
    assert (square(PictureList([padded], [{"box": [10, 0, 20, 40]}]), 0, 16) == 77).all()
    assert not (square(PictureList([padded], [{"box": None}]), 0, 16) == 77).all()


def test_saved_questions_hold_everything(
    judged_album: PictureList, tiny_protocol: Protocol, tmp_path: Path
) -> None:
    questions = draw_samples(judged_album, tiny_protocol)
    path = questions.save(tmp_path / "judged")
    assert questions.sha256[:12] in path.name
    assert questions.save(tmp_path / "judged") == path
    with np.load(path) as stored:
        assert stored["y"].shape == (15, 20)
        assert stored["ab"].shape == (15, 20, 2)
        assert list(stored["sha256"]) == [own.sha256 for own in questions]
        np.testing.assert_array_equal(stored["ab"][3], questions.items[3].points.ab)
