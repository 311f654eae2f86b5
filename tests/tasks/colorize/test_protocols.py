"""The protocols: places, patches, nesting."""

from dataclasses import replace

import numpy as np
import pytest

from safelight.errors import RecipeError
from safelight.tasks.colorize.benchmark import PROTOCOLS, draw_hints, protocol_named


@pytest.fixture(params=PROTOCOLS)
def protocol(request: pytest.FixtureRequest):
    return PROTOCOLS[request.param]


def picture(size: int) -> np.ndarray:
    return np.random.default_rng(5).uniform(-60, 60, (size, size, 2)).astype(np.float32)


def test_a_hint_tells_the_mean_of_its_patch(protocol) -> None:
    ab = picture(protocol.size)
    hints = draw_hints(ab, protocol, np.random.default_rng(0))
    assert len(hints) == protocol.most == protocol.counts[-1]
    top, left = (place - (protocol.patch - 1) // 2 for place in (hints.y, hints.x))
    assert min(top.min(), left.min()) >= 0
    assert max(top.max(), left.max()) <= protocol.size - protocol.patch
    for t, l, color in zip(top, left, hints.ab, strict=True):  # noqa: E741
        patch = ab[t : t + protocol.patch, l : l + protocol.patch]
        np.testing.assert_allclose(color, patch.mean((0, 1)), atol=1e-3)


def test_places_of_siggraph17_are_normal_around_the_centre() -> None:
    protocol = PROTOCOLS["siggraph17"]
    hints = [draw_hints(picture(256), protocol, np.random.default_rng(seed)) for seed in range(20)]
    rows = np.concatenate([own.y for own in hints])
    inside = rows[(rows > 2) & (rows < 253)]
    assert abs(np.median(rows) - 128) < 4
    assert 52 < inside.std() < 62  # sd 64 less its clipped tails
    assert 0.025 < np.mean(rows >= 252) + np.mean(rows <= 2) < 0.07  # two tails of 2.3 %


def test_cells_of_icolorit_never_overlap() -> None:
    hints = draw_hints(picture(224), PROTOCOLS["icolorit"], np.random.default_rng(0))
    assert (hints.y % 2 == 0).all()
    assert len(set(zip(hints.y, hints.x, strict=True))) == len(hints) == 50


def test_uniform_places_reach_everywhere_and_never_repeat() -> None:
    protocol = replace(PROTOCOLS["compact"], size=9, patch=1, counts=(0, 81))
    hints = draw_hints(picture(9), protocol, np.random.default_rng(0))
    assert len(set(zip(hints.y, hints.x, strict=True))) == 81


def test_the_patch_of_compact_is_the_same_share_as_that_of_siggraph17() -> None:
    shares = [PROTOCOLS[name].patch / PROTOCOLS[name].size for name in ("compact", "siggraph17")]
    assert shares[0] == shares[1]
    assert PROTOCOLS["compact"].counts == PROTOCOLS["siggraph17"].counts


def test_refusals() -> None:
    with pytest.raises(RecipeError, match="choose one of compact, siggraph17, icolorit"):
        protocol_named("imagenet")
    compact = protocol_named("compact")
    for change in ({"counts": (1, 5)}, {"counts": (0, 5, 2)}, {"counts": ()}, {"patch": 0}, {"patch": 200}):
        with pytest.raises(RecipeError, match="protocol compact"):
            replace(compact, **change)
    with pytest.raises(RecipeError, match="side by side"):
        replace(compact, size=12, counts=(0, 17))
