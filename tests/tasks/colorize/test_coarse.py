"""A second look at a smaller copy: where it is, how it is pooled, and that all who color do it alike."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import RecipeError
from safelight.pixels.geometry import resize
from safelight.runtime.modelfile import find_model
from safelight.tasks.colorize.coarse import Answer, CoarseCopy, coarse_copy
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.live import CutModel, LiveColors
from safelight.tasks.colorize.prepare import PLANES, ColorizePreparation, postprocess, preprocess
from safelight.tasks.colorize.restore import Colorizer
from safelight.tasks.colorize.validation import NetworkPredict
from tests.tasks.strategies import photo, points_at

NOTHING = Points.none()


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer(find_model(), 1)


def alone(colorizer: Colorizer) -> Colorizer:
    """The same without the second look."""
    plain = Colorizer(find_model(), 1)
    plain._preparation = replace(colorizer.preparation, coarse_side=0)
    return plain


def test_the_bundled_model_takes_one(colorizer: Colorizer) -> None:
    assert (colorizer.preparation.coarse_side, colorizer.preparation.coarse_share) == (96, 0.5)


@pytest.mark.parametrize(
    ("size", "small", "padded"),
    [
        ((192, 288), (96, 144), (96, 160)),
        ((400, 200), (192, 96), (192, 96)),
        ((193, 193), (96, 96), (96, 96)),
    ],
)
def test_a_copy_has_the_short_side_that_was_asked_for(
    size: tuple[int, int], small: tuple[int, int], padded: tuple[int, int]
) -> None:
    L = photo(np.random.default_rng(0), size)
    copy = coarse_copy(L, 96)
    assert copy is not None
    assert (copy.size, copy.of, copy.L.shape) == (small, size, padded)
    np.testing.assert_array_equal(copy.L[: small[0], : small[1]], resize(L, small))


@pytest.mark.parametrize(("size", "side"), [((191, 300), 96), ((64, 64), 96), ((300, 300), 0)])
def test_what_is_not_twice_as_large_has_none(size: tuple[int, int], side: int) -> None:
    assert coarse_copy(np.zeros(size, np.float32), side) is None


@given(st.integers(33, 700), st.integers(33, 700), st.integers(0, 10**6), st.integers(0, 10**6))
def test_hints_are_where_they_were(h: int, w: int, down: int, right: int) -> None:
    small = (max(1, round(h * 32 / min(h, w))), max(1, round(w * 32 / min(h, w))))
    copy = CoarseCopy(np.zeros(small, np.float32), small, (h, w))
    y, x = down % h, right % w
    there = copy.points(points_at([(y, x)], [(3, 4)], 2.0))
    assert 0 <= there.y[0] < small[0]
    assert 0 <= there.x[0] < small[1]
    assert there.y[0] <= (y + 0.5) / h * small[0] <= there.y[0] + 1  # the pixel that has its middle
    assert there.x[0] <= (x + 0.5) / w * small[1] <= there.x[0] + 1
    assert there.ab.tolist() == [[3, 4]]
    assert there.radius[0] == pytest.approx(2 * 32 / min(h, w))


def test_answers_are_pooled_where_no_hint_is_near() -> None:
    copy = CoarseCopy(np.zeros((32, 64), np.float32), (20, 40), (40, 80))
    planes = np.zeros((PLANES, 40, 80), np.float32)
    planes[6, :, 40:] = 1  # hints all over the right half
    planes[6, :, 20:40] = 0.5
    fine = Answer(np.full((2, 40, 80), 0.1, np.float32), np.full((1, 40, 80), 0.2, np.float32))
    coarse = Answer(np.full((2, 32, 64), 0.5, np.float32), np.full((1, 32, 64), 0.6, np.float32))
    coarse.ab[:, 20:], coarse.ab[:, :, 40:] = 9, 9  # what was padded shows nothing
    ab, chroma = copy.pooled(fine, coarse, planes, 0.25)
    assert ab.dtype == chroma.dtype == np.float32
    for columns, weight in ((slice(0, 20), 0.25), (slice(20, 40), 0.125), (slice(40, 80), 0.0)):
        np.testing.assert_allclose(ab[:, :, columns], 0.1 + 0.4 * weight, atol=1e-6)
        np.testing.assert_allclose(chroma[:, :, columns], 0.2 + 0.4 * weight, atol=1e-6)


def test_what_was_padded_has_no_part_in_it() -> None:
    copy = CoarseCopy(np.zeros((32, 64), np.float32), (20, 40), (40, 80))
    planes = np.zeros((PLANES, 64, 96), np.float32)  # 40 x 80, padded
    fine = Answer(np.zeros((2, 64, 96), np.float32), np.zeros((1, 64, 96), np.float32))
    rows = np.linspace(0, 1, 20, dtype=np.float32)[:, None].repeat(40, 1)
    coarse = Answer(np.zeros((2, 32, 64), np.float32), np.zeros((1, 32, 64), np.float32))
    coarse.ab[:, :20, :40] = rows
    ab, _ = copy.pooled(fine, coarse, planes, 1.0)
    np.testing.assert_allclose(ab[0, :40, :80], resize(rows, (40, 80)), atol=1e-6)
    np.testing.assert_allclose(ab[:, 40:], 1.0)


def test_the_colorizer_answers_the_mean_of_both_looks(colorizer: Colorizer) -> None:
    L = photo(np.random.default_rng(1), (192, 256))
    plain = alone(colorizer)
    fine, coarse = (plain.predict(each, NOTHING) for each in (L, resize(L, (96, 128))))
    expected = (fine + resize(coarse, (192, 256))) / 2
    np.testing.assert_allclose(colorizer.predict(L, NOTHING), expected, atol=0.02)
    small = np.ascontiguousarray(
        L[:170, :240]
    )  # padded to 192 rows: what is not the picture counts for nothing
    np.testing.assert_array_equal(colorizer.predict(small, NOTHING), plain.predict(small, NOTHING))


def test_a_hint_still_has_its_color_and_the_page_answers_as_the_file(colorizer: Colorizer) -> None:
    pixels = (
        (255 * photo(np.random.default_rng(2), (200, 280)) / 100).astype(np.uint8)[..., None].repeat(3, 2)
    )
    live = LiveColors(colorizer, CutModel(find_model(), 1), pixels)
    points = points_at([(40, 60), (150, 200)], [(40, -30), (-20, 50)], 1.5)
    for those in (NOTHING, points):
        asked, told = live.predict(those, 0.5), colorizer.predict(live.L, those, 0.5)
        assert np.abs(asked - told).max() < 0.5
    there = colorizer.predict(live.L, points, 0.5)[points.y, points.x]
    assert np.abs(there - points.ab).max() < 1.5


def test_a_network_in_training_is_asked_in_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a reply that tells how large the question is."""

    def reply(self: NetworkPredict, planes: np.ndarray) -> Answer:
        h, w = planes.shape[1:]
        return Answer(np.full((2, h, w), h / 1000, np.float32), np.full((1, h, w), 0.3, np.float32))

    monkeypatch.setattr(NetworkPredict, "reply", reply)
    L, network = photo(np.random.default_rng(3), (128, 128)), None
    prepared = ColorizePreparation(coarse_side=64, coarse_share=0.25)
    answer = NetworkPredict(network, prepared)(L, NOTHING)  # type: ignore[arg-type]
    np.testing.assert_allclose(answer, 110 * (0.75 * 0.128 + 0.25 * 0.064), rtol=1e-5)
    planes = preprocess(L, NOTHING, prepared)
    own = postprocess(*reply(None, planes), planes, NOTHING)  # type: ignore[arg-type]
    np.testing.assert_array_equal(
        NetworkPredict(network, replace(prepared, coarse_side=0))(L, NOTHING),  # type: ignore[arg-type]
        own,
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"coarse_side": 8}, "preparation.coarse_side is 8; expected a short side of 32 to 1024"),
        ({"coarse_side": -1}, "preparation.coarse_side is -1"),
        ({"coarse_share": 1.5}, r"preparation.coarse_share is 1.5; expected a share, above 0 to 1"),
        ({"coarse_share": 0}, r"preparation.coarse_share is 0; expected a share"),
        ({"coarse_side": 96, "propagate": False}, "preparation.coarse_side needs preparation.propagate true"),
    ],
)
def test_what_no_look_can_have_is_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        ColorizePreparation(**settings)  # type: ignore[arg-type]
