"""What is of the wrong type in Python is said in one line, whichever function it is given to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

import safelight
from safelight.errors import SafelightError

GREY = np.full((32, 48, 3), 0.5, np.float32)
HOLE = np.zeros((32, 48), np.float32)
HOLE[4:9, 4:9] = 1


@pytest.fixture(scope="module")
def restorers() -> dict[str, Any]:
    return {name: safelight.load(name) for name in ("fill", "scratches", "figures")}


@pytest.mark.parametrize("path", [5, None, b"a.png", ["a.png"]])
def test_a_photo_to_read_needs_a_path(path: object) -> None:
    with pytest.raises(SafelightError, match="expected the path of a picture file"):
        safelight.read_photo(cast(str, path))


@pytest.mark.parametrize("limit", ["a", float("nan"), -1, 0, True, [200]])
def test_a_limit_is_a_number_above_0(limit: object, tmp_path: Path) -> None:
    path = safelight.write_photo(tmp_path / "a.png", GREY)
    with pytest.raises(SafelightError, match=r"limit_megapixels is .*; expected a number above 0"):
        safelight.read_photo(path, limit_megapixels=cast(float, limit))


@pytest.mark.parametrize(
    "mask", [None, [1], "a", HOLE.astype(str), HOLE.astype(object), HOLE * 1j, HOLE[None], HOLE * np.nan]
)
def test_a_mask_is_an_array_of_numbers(mask: object, restorers: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(SafelightError, match=r"no array \(h, w\) of numbers"):
        safelight.write_mask(tmp_path / "a.png", cast(np.ndarray, mask))
    assert not list(tmp_path.iterdir())
    with pytest.raises(SafelightError, match=r"the mask|cannot be opened"):
        restorers["fill"](GREY, mask=mask)


CALLS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "path of a mask": (lambda _: safelight.write_mask(cast(str, 5), HOLE), "expected its path"),
    "grow, text": (lambda own: own["fill"](GREY, mask=HOLE, grow="a"), "numbers of pixels"),
    "grow, endless": (lambda own: own["fill"](GREY, mask=HOLE, grow=float("inf")), "numbers of pixels"),
    "feather, None": (lambda own: own["fill"](GREY, mask=HOLE, feather=None), "numbers of pixels"),
    "feather, complex": (
        lambda own: own["fill"](GREY, mask=HOLE, feather=np.complex64(1)),
        "numbers of pixels",
    ),
    "sensitivity, text": (lambda own: own["scratches"](GREY, sensitivity="a"), "sensitivity is 'a'"),
    "sensitivity, None": (lambda own: own["scratches"](GREY, sensitivity=None), "sensitivity is None"),
    "photo for a code": (lambda own: own["figures"].encode(5), "the photo is of the type int"),
    "codes, a list": (lambda own: own["figures"].decode([1, 2]), "codes are list; figures expects"),
    "codes, texts": (lambda own: own["figures"].decode(np.array([["a"]])), "codes are ndarray"),
    "codes, no shape": (lambda own: own["figures"].decode(np.array(1.0)), r"codes of shape \(\)"),
    "count": (lambda own: own["figures"].sample(-1, np.random.default_rng(0)), "count is -1"),
    "source": (
        lambda own: own["figures"].sample(1, np.random.default_rng(0), "thin air"),
        "no source 'thin air'",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_wrong_values_are_said_in_one_line(name: str, restorers: dict[str, Any]) -> None:
    call, words = CALLS[name]
    with pytest.raises(SafelightError, match=words) as refusal:
        call(restorers)
    assert "\n" not in str(refusal.value)


def test_what_is_right_is_still_taken(restorers: dict[str, Any], tmp_path: Path) -> None:
    assert restorers["fill"](GREY, mask=HOLE, grow=np.float32(1), feather=1).shape == GREY.shape
    assert restorers["scratches"](GREY, sensitivity=np.float64(0.5)).shape == HOLE.shape
    assert restorers["figures"].sample(np.int64(2), np.random.default_rng(0)).shape[0] == 2
    path = safelight.write_mask(tmp_path / "a.png", HOLE > 0)
    np.testing.assert_array_equal(safelight.read_photo(path, limit_megapixels=1).pixels[..., 0], HOLE * 255)
