"""Each of 300 odd files gives the right picture or exactly one clear line."""

import os
import time
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import PhotoError
from safelight.pixels.files import Photo, read_photo, read_small
from tests.hostile import NUMBER, Case, deep_png, make_hostile, saved, scene


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    return make_hostile(tmp_path_factory.mktemp("hostile"), seed=7)


def complaint(case: Case) -> str | None:
    """What is wrong with how the case is read; None if nothing is."""
    try:
        photo = read_photo(case.path)
    except PhotoError as error:
        message = str(error)
        if case.expected == "reads":
            return message
        return None if len(message.splitlines()) == 1 and message.isprintable() else f"unclear: {message!r}"
    except BaseException as error:
        return f"raised {error!r}"
    return wrong_with(photo, case)


def wrong_with(photo: Photo, case: Case) -> str | None:
    if case.expected == "refused" or case.truth is None:
        return f"was read as {photo.size}"
    if photo.size != case.size:
        return f"has the size {photo.size}, not {case.size}"
    error = np.abs(photo.srgb * 255.0 - case.truth).mean()
    return None if error <= case.tolerance + 1e-4 else f"is off by {error:.2f} levels"


def test_every_case_is_right_or_refused_in_one_line(cases: list[Case]) -> None:
    complaints = {case.path.name: complaint(case) for case in cases}
    assert {name: text for name, text in complaints.items() if text} == {}


def test_there_are_three_hundred_under_as_many_names(cases: list[Case]) -> None:
    assert len(cases) == NUMBER == len({case.path for case in cases})
    counts = Counter(case.expected for case in cases)
    assert min(counts.values()) >= 100


def test_small_copies_are_read_and_refused_alike(cases: list[Case]) -> None:
    for case in cases:
        if case.expected == "refused":
            with pytest.raises(PhotoError):
                read_small(case.path, 16)
        elif case.size:
            small = read_small(case.path, 16)
            assert min(small.shape[:2]) == min(16, *case.size), case.path.name
            assert (small.shape[0] > small.shape[1]) == (case.size[0] > case.size[1]), case.path.name


def test_nothing_is_printed_and_no_warning_filter_is_left(
    cases: list[Case], capfd: pytest.CaptureFixture[str]
) -> None:
    filters = list(warnings.filters)
    with ThreadPoolExecutor(4) as pool:
        assert not [text for text in pool.map(complaint, cases) if text]
    assert warnings.filters == filters
    assert capfd.readouterr() == ("", "")


def test_the_first_of_many_pictures_is_taken_and_said(cases: list[Case]) -> None:
    remarks = {
        case.path.name[8:]: read_photo(case.path).remarks
        for case in cases
        if case.path.name.startswith("kind-")
    }
    many = {name for name, texts in remarks.items() if any("more than one picture" in text for text in texts)}
    assert many == {"moving.gif", "moving.webp", "moving.png", "pages.tif"}
    assert [name for name, texts in remarks.items() if any("profile" in text for text in texts)] == [
        f"profile-{kind}.{suffix}"
        for kind in ("noise", "cut-off", "for-grey", "for-inks", "noughts")
        for suffix in ("png", "jpg")
    ]


def test_reading_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    start = time.perf_counter()
    with pytest.raises(PhotoError, match="not a regular file"):
        read_photo(tmp_path / "pipe.png")
    assert time.perf_counter() - start < 1


FILES = {
    "png": saved(scene(np.random.default_rng(1)), "PNG"),
    "jpg": saved(scene(np.random.default_rng(2)), "JPEG"),
    "webp": saved(scene(np.random.default_rng(3)), "WEBP"),
    "tif": saved(scene(np.random.default_rng(4)), "TIFF", compression="tiff_lzw"),
    "gif": saved(scene(np.random.default_rng(5)), "GIF"),
    "deep.png": deep_png(scene(np.random.default_rng(6)).astype(np.uint16) * 257),
}


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(FILES)), st.data())
def test_changed_bytes_give_a_photo_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    content = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, min(len(content) - 1, 400)))
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / f"changed.{name}"
    path.write_bytes(content)
    assert outcome(path).isprintable()


def outcome(path: Path) -> str:
    """The refusal, or nothing."""
    try:
        photo = read_photo(path, limit_megapixels=5)
    except PhotoError as error:
        return str(error)
    assert photo.pixels.shape == (*photo.size, 3)
    return ""
