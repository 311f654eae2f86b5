"""AnswerHistory at the probes: figures of answers that are known, and what counts as lost."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from safelight.pixels.color import lab_to_srgb
from safelight.training.guard.answers import (
    AnswerHistory,
    AnswerStatistics,
    axis_name,
    hue_name,
    measure_answers,
)
from safelight.training.guard.callback import Guard
from safelight.training.guard.events import RollbackRequested
from safelight.training.guard.scale import Anomaly
from safelight.training.guard.settings import GuardSettings

SETTINGS = GuardSettings()
HEALTHY = AnswerStatistics(
    finite=True,
    error=0.1,
    contrast=0.98,
    color=0.3,
    between=0.2,
    cast=4,
    hue=90,
    line=0.8,
    axis=70,
    silent=0.05,
)


def pictures(ab_scale: float = 1.0, axis: float | None = None, count: int = 4) -> np.ndarray:
    """Random blobs in Lab: L of any kind, ab around grey, perhaps on one axis of the plane alone."""
    rng = np.random.default_rng(0)
    L = rng.uniform(35, 65, (count, 16, 16, 1))
    ab = rng.normal(0, 8, (count, 16, 16, 2)) + rng.normal(0, 8, (count, 1, 1, 2))
    if axis is not None:
        direction = np.array([np.cos(np.radians(axis)), np.sin(np.radians(axis))])
        ab = (ab @ direction)[..., None] * direction
    return np.asarray(lab_to_srgb(np.concatenate([L, ab_scale * ab], axis=-1).astype(np.float32)))


TRUTH = pictures()


def seen(given: np.ndarray, network: nn.Module | None = None) -> AnswerStatistics:
    return measure_answers(network or nn.Identity(), lambda _: (given, TRUTH))


def test_the_truth_itself_is_healthy() -> None:
    found = seen(TRUTH)
    assert found.finite
    assert found.error == 0
    assert (found.contrast, found.color, found.between) == pytest.approx((1, 1, 1))
    assert found.cast == pytest.approx(0, abs=1e-6)


def test_figures_of_known_answers() -> None:
    half = seen(pictures(0.5))
    assert half.color == pytest.approx(0.25, abs=0.03)  # a variance
    assert half.between == pytest.approx(0.25, abs=0.05)
    sepia = seen(pictures(axis=60))
    assert sepia.line > 0.99
    assert sepia.axis == pytest.approx(60, abs=3)
    red = np.asarray(lab_to_srgb(np.broadcast_to(np.float32([50, 60, 5]), TRUTH.shape).copy()))
    found = seen(red)
    assert found.contrast == pytest.approx(0, abs=1e-3)
    assert found.cast > 45
    assert hue_name(found.hue) == "red"
    assert not seen(np.full_like(TRUTH, np.nan)).finite


@pytest.mark.parametrize(
    ("change", "measure", "how"),
    [
        ({"finite": False}, "answers", "not finite"),
        ({"contrast": 0.05}, "contrast", "lost"),
        ({"cast": 40.0, "hue": 10.0}, "color", "are all red"),
        ({"color": 0.01}, "color", "lost their color"),
        ({"between": 0.001}, "difference", "lost"),
        ({"line": 0.995, "axis": 3.0}, "color", "have colors of red and green alone"),
        ({"line": 0.995, "axis": 60.0}, "color", "have colors of sepia (orange and blue)"),
        ({"silent": 0.6}, "channels", "silent"),
    ],
)
def test_what_was_there_can_be_lost(change: dict[str, float], measure: str, how: str) -> None:
    looks = AnswerHistory()
    looks.add(HEALTHY)
    assert looks.judge(HEALTHY, SETTINGS) is None
    if measure not in ("answers", "channels"):  # a network that still answers well has lost nothing
        assert looks.judge(replace(HEALTHY, **change), SETTINGS) is None  # type: ignore[arg-type]
    sign = looks.judge(replace(HEALTHY, error=0.12, **change), SETTINGS)  # type: ignore[arg-type]
    assert sign is not None
    assert (sign.measure, sign.how) == (measure, how)


def test_what_was_never_there_cannot_be_lost() -> None:
    """A network that has learned nothing yet answers grey to everything, and may."""
    looks = AnswerHistory()
    grey = replace(HEALTHY, color=0.001, between=0.0, line=0.99, contrast=0.1)
    assert looks.judge(grey, SETTINGS) is None
    looks.add(grey)
    assert looks.judge(replace(grey, color=0.0, line=0.999, contrast=0.0), SETTINGS) is None


def test_a_network_that_is_dead_from_the_start_is_seen_at_the_first_look() -> None:
    sign = AnswerHistory().judge(replace(HEALTHY, silent=0.95), SETTINGS)
    assert sign is not None
    assert sign.measure == "channels"


def test_silent_channels_are_counted() -> None:
    network = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())
    with torch.no_grad():
        network[0].weight.zero_()  # type: ignore[operator]
        network[0].weight[0] = 1  # type: ignore[index]
        network[0].bias.copy_(torch.tensor([0.0, -1.0, 1.0, -1.0]))  # type: ignore[operator]
    planes = torch.from_numpy(np.moveaxis(TRUTH, 3, 1).copy())
    found = measure_answers(network, lambda net: (net(planes) is not None and TRUTH, TRUTH))
    assert found.silent == 0.75  # the third answers 1 to everything: it says nothing either
    assert not network[1]._forward_hooks


def test_axes_have_names() -> None:
    assert axis_name(5) == axis_name(175) == "red and green alone"
    assert axis_name(60).startswith("sepia")
    assert axis_name(88) == "yellow and blue"
    assert axis_name(120) == "purple and green"


class Reach:
    """Answers that lie as far out of range as is told beforehand, look by look; 150 is the limit."""

    grace_steps = 0

    def __init__(self, seen: list[float]) -> None:
        self.seen = list(seen)

    def failure(self, network: nn.Module) -> Anomaly | None:
        seen = self.seen.pop(0)
        return Anomaly("range", "a chroma of", seen, 150.0, math.nan) if seen > 150 else None


def trips(guard: Guard, step: int) -> bool:
    trainer: Any = SimpleNamespace(global_step=step, max_steps=80, is_global_zero=True, world_size=1)
    try:
        guard._check_failure(trainer, nn.Identity())
    except RollbackRequested:
        return True
    return False


@pytest.mark.parametrize(
    ("seen", "tripped"),
    [
        ([173, 170, 173, 174], [False, False, False, True]),  # not further than it began
        ([173, 140, 151], [False, False, True]),  # what was unlearned does not come back
        ([140, 151], [False, True]),
    ],
)
def test_a_network_may_begin_out_of_range_and_must_stay_in_it(seen: list[float], tripped: list[bool]) -> None:
    """The first weights of note-000-hints reach a chroma of 173 on one dataset and not on another."""
    guard = Guard(None, SETTINGS, Reach(seen), 8)
    assert [trips(guard, 8 * look) for look in range(len(seen))] == tripped


def test_how_far_it_began_is_known_after_a_resume_and_learned_at_no_later_step() -> None:
    began = Guard(None, SETTINGS, Reach([173]), 8)
    assert not trips(began, 0)
    resumed = Guard(None, SETTINGS, Reach([172, 174]), 8)
    resumed.load_state_dict(began.state_dict())
    assert [trips(resumed, step) for step in (8, 16)] == [False, True]
    assert trips(Guard(None, SETTINGS, Reach([200]), 8), 8)
