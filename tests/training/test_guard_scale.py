"""The running scales: what is a spike, what is a jump, and what every healthy run does."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import RecipeError
from safelight.training.guard.scale import LEAST, MOST, Scale, kind_of
from safelight.training.guard.settings import GuardSettings

SETTINGS = GuardSettings()


def settled(measure: str, values: list[float]) -> Scale:
    scale = Scale(measure, SETTINGS)
    for value in values:
        scale.add(value)
    return scale


def noisy(count: int, seed: int = 0, level: float = 0.2, share: float = 0.1) -> list[float]:
    """Losses that fall slowly and stray by a share."""
    rng = np.random.default_rng(seed)
    return [float(level * (1 + 0.3 * math.exp(-k / 50)) * (1 + share * rng.normal())) for k in range(count)]


@pytest.mark.parametrize(
    "measure", ["input", "loss", "loss discriminator", "gradient 2", "update", "average"]
)
@pytest.mark.parametrize("value", [math.inf, math.nan])
def test_what_is_not_finite_is_never_healthy(measure: str, value: float) -> None:
    sign = Scale(measure, SETTINGS).judge(value)
    assert sign is not None
    assert (sign.measure, sign.how) == (measure, "not finite")


def test_before_it_has_settled_a_scale_judges_nothing_finite() -> None:
    scale = settled("gradient", [1.0] * (SETTINGS.settle - 1))
    assert scale.judge(1e9) is None
    scale.add(1.0)
    assert scale.judge(1e9) is not None


@pytest.mark.parametrize(("measure", "least"), [("input", 4.0), ("gradient", 6.0), ("update", 5.0)])
def test_a_norm_may_be_so_many_times_the_usual(measure: str, least: float) -> None:
    scale = settled(measure, [2.0] * 40)
    assert scale.judge(2 * least * 0.99) is None
    sign = scale.judge(2 * least * 1.01)
    assert sign is not None
    assert sign.limit == pytest.approx(2 * least)
    assert sign.usual == 2.0


def test_a_norm_that_strays_far_may_do_so_but_not_without_end() -> None:
    values = [float(value) for value in np.exp(np.random.default_rng(0).normal(0, 2, 100))]
    sign = settled("gradient", values).judge(1e6)
    assert sign is not None
    assert sign.limit == pytest.approx(MOST * np.exp(np.median(np.log(values))))


@pytest.mark.parametrize("seed", range(3))
def test_losses_of_a_healthy_run_pass(seed: int) -> None:
    scale = Scale("loss", SETTINGS)
    for value in noisy(2000, seed, share=0.25):
        assert scale.judge(value) is None
        scale.add(value)


def test_a_loss_that_leaps_is_a_spike_and_one_that_stays_up_a_jump() -> None:
    scale = settled("loss", noisy(100))
    spike = scale.judge(2.0)
    assert spike is not None
    assert spike.how == "spike"
    found = None
    steps = 0
    while found is None:
        steps += 1
        found = scale.judge(0.38)
        scale.add(0.38)
    assert found.how == "jump"
    assert 4 < steps <= SETTINGS.short


def test_a_loss_below_zero_has_a_scale_too() -> None:
    rng = np.random.default_rng(0)
    scale = settled("loss generator", [float(-1 + 0.05 * rng.normal()) for _ in range(60)])
    assert scale.judge(-1.2) is None
    assert scale.judge(3.0) is not None


def test_a_network_that_has_not_begun_is_not_judged_by_its_zeros() -> None:
    scale = settled("gradient 2", [0.0] * 100)
    assert scale.values == []
    assert scale.judge(5.0) is None


@given(st.lists(st.floats(0.5, 1.5), min_size=20, max_size=60), st.floats(0.01, 100))
def test_limits_grow_with_what_they_limit(values: list[float], factor: float) -> None:
    one = settled("loss", values).judge(1e9)
    other = settled("loss", [factor * value for value in values]).judge(1e9)
    assert one is not None
    assert other is not None
    assert other.limit == pytest.approx(factor * one.limit, rel=1e-6)


def test_only_the_window_is_remembered() -> None:
    scale = settled("loss", [1.0] * 500)
    assert len(scale.values) == SETTINGS.window


def test_the_kinds_stand_in_the_order_of_cause_and_effect() -> None:
    assert list(LEAST) == ["input", "question", "loss", "gradient", "update", "average"]
    assert kind_of("gradient 2") == "gradient"
    assert kind_of("anything else") == "loss"


@pytest.mark.parametrize(
    "wrong",
    [{"lr_factor": 0.0}, {"window": 3}, {"jump": 1.0}, {"trips": -1}, {"collapse": 1.0}, {"dead": 0.0}],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(RecipeError, match="guard"):
        GuardSettings(**wrong)  # type: ignore[arg-type]


def test_questions_may_be_contradicted_as_far_as_is_usual_or_up_to_a_limit() -> None:
    own, vague = settled("question", [0.06] * 30), settled("question", [0.3] * 30)
    assert own.judge(0.3) is None
    assert own.judge(0.53) is not None
    assert vague.judge(0.55) is None
    assert vague.judge(0.7) is not None


def test_a_window_holds_what_is_usual_and_what_is_new() -> None:
    for wrong in ({"window": 10}, {"settle": 95}, {"short": 81}):
        with pytest.raises(RecipeError, match=r"guard.window is \d+; expected guard.settle \+ guard.short"):
            GuardSettings(**wrong)
    narrow = GuardSettings(window=28)  # the least: 20 + 8
    scale = Scale("loss", narrow)
    for _ in range(200):
        scale.add(0.2)
    for _ in range(narrow.short - 1):
        scale.add(0.2 * narrow.jump * 1.1)
    sign = scale.judge(0.2 * narrow.jump * 1.1)
    assert sign is not None
    assert sign.how == "jump"
