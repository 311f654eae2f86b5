"""Where to hint next: closed forms of kriging, and pictures whose answer is plain."""

from pathlib import Path

import numpy as np
import pytest
from skimage.color import lab2rgb

from safelight.pixels.files import read_photo
from safelight.pixels.geometry import resize
from safelight.tasks.colorize import suggest as suggest_module
from safelight.tasks.colorize.bins import gamut_bins, likely_colors
from safelight.tasks.colorize.hints import HintSet, Points
from safelight.tasks.colorize.kriging import COLORS, FEATURES, Covariance, describe
from safelight.tasks.colorize.live import LiveColors
from safelight.tasks.colorize.restore import load_colorizer
from safelight.tasks.colorize.suggest import suggest, where_next

EXAMPLES = Path(__file__).parents[3] / "examples"

# Length scales so short that no place says anything of another.
ALONE = Covariance(constant=0.0, variances=(1.0,), scales=((1e-3,) * 6,), noise=0.25)


def halves(h: int = 12, w: int = 18) -> np.ndarray:
    """Dark in the left third, light in the rest."""
    L = np.full((h, w), 80, np.float32)
    L[:, : w // 3] = 20
    return L


def points(*places: tuple[int, int]) -> Points:
    y, x = np.array(places, np.int32).reshape(-1, 2).T
    return Points(y, x, np.zeros((len(y), 2), np.float32), np.ones(len(y), np.float32))


def test_where_places_say_nothing_of_each_other_the_most_uncertain_come_first() -> None:
    variance = np.random.default_rng(0).uniform(1, 9, (6, 7)).astype(np.float32)
    found = where_next(halves(6, 7), variance, Points.none(), 3, ALONE)
    order = np.argsort(-variance.ravel())[:3]
    assert [place.y * 7 + place.x for place in found] == order.tolist()
    # A noisy answer leaves noise / (1 + noise) of the variance.
    worth = variance.ravel()[order] / 1.25 / variance.sum()
    np.testing.assert_allclose([place.worth for place in found], worth, rtol=1e-4)


def test_the_first_place_lies_in_the_larger_part_and_the_second_in_the_other() -> None:
    L = halves()
    first, second = where_next(L, np.full(L.shape, 100, np.float32), Points.none(), 2)
    assert L[first.y, first.x] == 80
    assert L[second.y, second.x] == 20
    assert 0.3 < first.worth < 1


def test_a_part_with_a_hint_needs_none() -> None:
    L = halves()
    (found,) = where_next(L, np.full(L.shape, 100, np.float32), points((6, 12)), 1)
    assert L[found.y, found.x] == 20


def test_what_the_network_is_sure_of_needs_no_hint() -> None:
    L = halves()
    variance = np.where(L == 20, 400, 0).astype(np.float32)
    (found,) = where_next(L, variance, Points.none(), 1)
    assert L[found.y, found.x] == 20
    assert where_next(L, np.zeros_like(L), Points.none(), 3) == []


@pytest.mark.parametrize(
    "known",
    [
        points((0, 0), (4, 2)),
        points(*((k % 5, k % 3) for k in range(60))),
    ],  # the latter: four at each of 15 places
    ids=["two", "sixty"],
)
def test_worth_is_the_share_of_the_posterior_variance_that_goes(known: Points) -> None:
    """Against the posterior covariance of all known hints at once (Rasmussen & Williams 2006, 2.24)."""
    L = np.random.default_rng(1).uniform(0, 100, (5, 6)).astype(np.float32)
    places = describe(L).reshape(-1, FEATURES)
    prior = COLORS(places, places).astype(np.float64)
    told = known.y * 6 + known.x
    inner = prior[np.ix_(told, told)] + COLORS.noise * np.eye(len(known))
    after = prior - prior[:, told] @ np.linalg.solve(inner, prior[told])
    (found,) = where_next(L, np.diagonal(after).reshape(5, 6).astype(np.float32), known, 1)
    at = found.y * 6 + found.x
    gone = after[at] ** 2 / (after[at, at] + COLORS.noise)
    assert found.worth == pytest.approx(gone.sum() / np.trace(after), rel=1e-3)


def test_all_worth_together_is_no_more_than_all() -> None:
    L = np.random.default_rng(2).uniform(0, 100, (8, 8)).astype(np.float32)
    found = where_next(L, np.full((8, 8), 50, np.float32), Points.none(), 64)
    assert sum(place.worth for place in found) <= 1 + 1e-4
    assert len({(place.y, place.x) for place in found[:10]}) == 10


def test_a_suggestion_is_a_place_in_the_picture_and_a_color_of_its_lightness() -> None:
    L = np.full((40, 52), 50, np.float32)  # 5 by 7 cells, the last of which is half outside
    bins = gamut_bins()
    shares = np.zeros((len(bins), 8, 8), np.float32)
    shares[np.flatnonzero((bins == (0, 0)).all(1))] = 1
    red = np.flatnonzero((bins == (60, 40)).all(1))
    shares[:, 2, 6], shares[red, 2, 6] = 0, 0.6
    shares[np.flatnonzero((bins == (-40, 40)).all(1)), 2, 6] = 0.4
    (found,) = suggest(L, shares, Points.none(), 1)
    assert (found.x, found.y) == pytest.approx((min(6.5 * 8 / 52, 1), 2.5 * 8 / 40), abs=1e-5)
    assert [share for _, share in found.colors] == pytest.approx([0.6, 0.4])
    rgb = [int(found.colors[0][0][k : k + 2], 16) for k in (1, 3, 5)]
    np.testing.assert_allclose(rgb, 255 * lab2rgb([50.0, 60.0, 40.0]), atol=1)


@pytest.mark.parametrize("turned", [False, True])
def test_places_of_a_panorama_are_looked_for_on_fewer_cells(
    turned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 12 x 480 cells; all are sure of grey but for a patch, which is as likely red as blue.
    L, bins = np.full((96, 3840), 60, np.float32), gamut_bins()
    shares = np.zeros((len(bins), 12, 480), np.float32)
    grey, red, blue = (
        int(np.linalg.norm(bins - ab, axis=1).argmin()) for ab in ([0, 0], [50, 40], [20, -60])
    )
    shares[grey] = 1
    shares[grey, 3:9, 301:307] = 0
    shares[[[red], [blue]], 3:9, 301:307] = 0.5
    if turned:
        L, shares = L.T.copy(), shares.swapaxes(1, 2).copy()
    asked: list[int] = []
    monkeypatch.setattr(suggest_module, "describe", lambda L: asked.append(L.size) or describe(L))
    (found,) = suggest(L, shares, Points.none(), 1)
    along, across = (found.y, found.x) if turned else (found.x, found.y)
    assert 301 <= along * 480 < 307
    assert 3 <= across * 12 < 9
    assert [share for _, share in found.colors] == [0.5, 0.5]
    assert asked[0] <= 4 * 12**2, "as many cells as a picture of 4 : 1 has"


def test_a_picture_of_four_short_sides_keeps_all_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(suggest_module, "describe", lambda L: asked.append(L.size) or describe(L))
    shares = np.full((len(gamut_bins()), 12, 48), 1 / len(gamut_bins()), np.float32)
    suggest(np.full((96, 384), 60, np.float32), shares, Points.none(), 1)
    assert asked == [12 * 48]


def test_what_is_suggested_for_a_panorama_is_of_the_colors_that_its_result_has() -> None:
    # Shown whole at four short sides, as it once was, it was another picture than the one that is colored.
    alone = resize(read_photo(EXAMPLES / "madison-square-1900.jpg").pixels, (100, 150))
    strip = np.concatenate([alone, alone[:, ::-1]] * 4, axis=1)
    colorizer = load_colorizer(threads=1)
    live = LiveColors(colorizer, None, strip)
    found = colorizer.suggest(strip, count=2)
    assert found == live.suggest(HintSet(), 2)
    cells = live.distribution(HintSet())
    for each in found:
        y, x = int(each.y * live.size[0] / 8), int(each.x * live.size[1] / 8)
        likely = likely_colors(cells[:, y, x], gamut_bins())
        assert [share for _, share in each.colors] == [each.share for each in likely]
