"""Panoramas: looked at in views, whose answers fade into each other."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from safelight.pixels.files import read_photo
from safelight.pixels.geometry import LONGEST, resize
from safelight.runtime.session import Session, Views
from safelight.tasks.registry import load

SIZE = 64
EXAMPLES = Path(__file__).parents[2] / "examples"


class Known:
    """Stands in for a session: its answers are those of formulas, and it remembers the sizes it was asked about."""

    recalled = ("half",)

    def __init__(self) -> None:
        self.asked: list[tuple[int, ...]] = []

    def __call__(self, *also: str, planes: np.ndarray, **known: Any) -> Mapping[str, np.ndarray]:
        self.asked.append(planes.shape)
        reply = {
            "ab": planes[1:3] * 2,
            "unfamiliarity": np.float32(planes[0].mean()),
            "half": planes[:1, ::2, ::2],
        }
        _, h, w = planes.shape
        coarse = planes[:3].reshape(3, h // 8, 8, w // 8, 8).mean((2, 4))
        return {**reply, "distribution": coarse} if "distribution" in also else reply


def planes(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(3).uniform(-1, 1, (7, height, width)).astype(np.float32)


@pytest.mark.parametrize("size", [(64, 288), (64, 2048), (1056, 64), (32, 2048), (96, 992)])
def test_views_of_a_strip_join_to_what_a_formula_says_of_the_whole(size: tuple[int, int]) -> None:
    session, given = Known(), planes(*size)
    reply = Views(cast(Session, session), SIZE)(given, "distribution")
    assert max(max(shape[1:]) for shape in session.asked) == 2 * SIZE
    assert set(reply) == {"ab", "unfamiliarity", "distribution"}
    np.testing.assert_allclose(reply["ab"], given[1:3] * 2, atol=1e-6)
    expected = given[:3].reshape(3, size[0] // 8, 8, size[1] // 8, 8).mean((2, 4))
    np.testing.assert_allclose(reply["distribution"], expected, atol=1e-6)
    assert reply["unfamiliarity"] == pytest.approx(given[0].mean(), abs=0.02)


@pytest.mark.parametrize("size", [(64, 64), (64, 256), (256, 64), (32, 256), (320, 320), (512, 1024)])
def test_other_pictures_are_looked_at_whole(size: tuple[int, int]) -> None:
    session, given = Known(), planes(*size)
    assert "half" in Views(cast(Session, session), SIZE)(given)
    assert session.asked == [(7, *size)]


def test_two_views_fade_into_each_other_without_a_step() -> None:
    class Counting(Known):
        def __call__(self, *also: str, planes: np.ndarray, **known: Any) -> Mapping[str, np.ndarray]:
            reply = super().__call__(*also, planes=planes)
            return {**reply, "ab": np.full((2, *planes.shape[1:]), len(self.asked), np.float32)}

    # A quarter of 128 columns is shared at least: the answer rises by one over 32 or more.
    ab = Views(cast(Session, Counting()), SIZE)(planes(64, 1024))["ab"]
    steps = np.diff(ab, axis=2)
    assert steps.max() < 1 / 16
    assert steps.min() >= 0
    assert (np.diff(ab, axis=1) == 0).all()
    assert ab[0, 0, 0] == 1
    assert ab[0, 0, -1] == ab.max() > 8


def test_with_other_hints_no_view_of_a_panorama_is_looked_at_again() -> None:
    class Recalling(Known):
        def __call__(self, *also: str, planes: np.ndarray, **known: Any) -> Mapping[str, np.ndarray]:
            self.looked = getattr(self, "looked", 0) + ("known_half" not in known)
            return super().__call__(*also, planes=planes)

    session, given = Recalling(), planes(64, 1024)
    views, hinted = Views(cast(Session, session), SIZE), planes(64, 1024)
    hinted[0] = given[0]
    views(given)
    once = session.looked
    np.testing.assert_allclose(views(hinted)["ab"], hinted[1:3] * 2, atol=1e-6)
    assert once == session.looked == len(session.asked) / 2 > 8
    views(planes(64, 64))
    views(given)
    assert session.looked == 2 * once + 1, "of another picture only what is needed is kept"


@pytest.mark.parametrize("turned", [False, True])
def test_a_panorama_has_the_colors_that_its_parts_have_alone(turned: bool) -> None:
    # 18 : 1, a street seen again and again; shrunk to four short sides, its trees were 33 rows high, and brown.
    alone = resize(read_photo(EXAMPLES / "madison-square-1900.jpg").pixels, (130, 200))
    strip = np.concatenate([alone, alone[:, ::-1]] * 6, axis=1)
    colorizer = load()
    if turned:
        alone, strip = alone.transpose(1, 0, 2), strip.transpose(1, 0, 2)
    expected, found = (colorizer.colorize(each) for each in (alone, strip))
    assert max(strip.shape) > LONGEST * min(strip.shape[:2])
    first = found.photo.pixels[: alone.shape[0], : alone.shape[1]]
    assert np.abs(first.astype(float) - expected.photo.pixels).mean() < 2
    assert _colorful(found.photo.pixels) == pytest.approx(_colorful(expected.photo.pixels), rel=0.15)
    assert found.unfamiliarity == pytest.approx(expected.unfamiliarity, abs=0.1)


def _colorful(pixels: np.ndarray) -> float:
    return float((pixels.max(-1).astype(float) - pixels.min(-1)).mean())


def test_scratches_of_a_panorama_are_those_of_its_parts() -> None:
    # 24 : 1; with its long side of 4800 pixels shrunk to 1024, two pixels of a scratch were none.
    alone = resize(read_photo(EXAMPLES / "scratched.jpg").pixels, (200, 167))
    strip = np.concatenate([alone, alone[:, ::-1]] * 14, axis=1)
    finder = load("scratches")
    expected, found = (finder(each, method="ridge") > 0 for each in (alone, strip))
    first = found[:, : alone.shape[1]]
    assert expected.mean() > 0.01
    assert (expected & first).sum() > 0.75 * (expected | first).sum()
    assert found.mean() == pytest.approx(expected.mean(), rel=0.2)
