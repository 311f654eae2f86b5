"""Symptoms of networks that fill holes: each is put into a filling, and found; a good filling has none."""

from dataclasses import replace

import numpy as np
import pytest

from safelight.journal.doctor.case import Case
from safelight.journal.doctor.examine import examine
from safelight.journal.records import make_curve
from safelight.tasks.inpaint.classical import telea
from safelight.tasks.inpaint.symptoms import hole_evidence
from tests.journal.made import settings_of

RECIPE = {
    "name": "fill", "task": "fill",
    "model": {"skips": [0, 1, 2], "upsampling": "nearest", "convolution": "plain", "norm": "batch", "output": "none"},
    "preparation": {"guess": "none"},
    "loss": {"hole": 1.0, "valid": 0.1, "variation": 0.0},
    "optimizer": {"lr": 0.002}, "train": {"steps": 1000},
}  # fmt: skip


def pictures(count: int = 6) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Soft color with grain, and a hole of a quarter of each."""
    import cv2

    truths, masks = [], []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        coarse = rng.random((6, 6, 3), dtype=np.float32)
        truth = cv2.resize(coarse, (64, 64), interpolation=cv2.INTER_CUBIC).clip(0, 1)
        truths.append((truth + rng.normal(0, 0.03, truth.shape)).clip(0, 1).astype(np.float32))
        mask = np.zeros((64, 64), np.float32)
        mask[10:42, 12:44] = 1
        masks.append(mask)
    return truths, masks


TRUTHS, MASKS = pictures()
CLASSICAL = [telea(truth, mask) for truth, mask in zip(TRUTHS, MASKS, strict=True)]
BOARD = ((np.indices((64, 64)).sum(0) % 2) * 2 - 1)[..., None] * 0.03


def case(fills: list[np.ndarray], blank: float = 0.5, progress: float = 1.0) -> Case:
    results = [
        np.where(mask[..., None] > 0, fill, truth).clip(0, 1).astype(np.float32)
        for fill, truth, mask in zip(fills, TRUTHS, MASKS, strict=True)
    ]
    evidence = hole_evidence(results, TRUTHS, MASKS, CLASSICAL, blank)
    step = round(1000 * progress)
    curves = {f"probe/{name}": make_curve(np.array([step]), [value]) for name, value in evidence.items()}
    return Case(settings_of(RECIPE), curves, step)


def found(given: Case) -> list[str]:
    return [finding.name for finding in examine(given).findings]


def test_a_good_filling_is_healthy() -> None:
    assert found(case(CLASSICAL)) == []
    readings = examine(case(CLASSICAL)).readings
    assert all(
        readings[name] is not None for name in ("hole stays empty", "checkerboard", "color shift at the seam")
    )


@pytest.mark.parametrize("blank", [0.5, 0.0])
def test_a_hole_that_stays_empty_is_that_alone(blank: float) -> None:
    sick = case([np.full_like(truth, blank) for truth in TRUTHS], blank)
    assert found(sick) == ["hole stays empty"]
    assert examine(sick).findings[0].flags == "--model.skips 1,2"
    early = case([np.full_like(truth, blank) for truth in TRUTHS], blank, progress=0.1)
    assert found(early) == []


def test_without_the_last_skip_another_mend_is_tried() -> None:
    sick = case([np.full_like(truth, 0.5) for truth in TRUTHS])
    sick = replace(sick, settings={**sick.settings, "model.skips": [1, 2]})
    assert examine(sick).findings[0].flags == "--loss.hole 2"


def test_a_checkerboard_is_seen_and_grain_is_none() -> None:
    sick = case([fill + BOARD for fill in CLASSICAL])
    assert found(sick) == ["checkerboard"]
    assert examine(sick).findings[0].flags == "--model.upsampling bilinear"
    rng = np.random.default_rng(0)
    assert found(case([fill + rng.normal(0, 0.03, fill.shape) for fill in CLASSICAL])) == []


def test_a_color_shift_is_seen_and_errors_that_cancel_are_not() -> None:
    sick = case([fill + np.array([0.12, 0.02, -0.1]) for fill in CLASSICAL])
    assert found(sick) == ["color shift at the seam"]
    assert examine(sick).findings[0].flags == "--loss.valid 0.2"
    rng = np.random.default_rng(1)
    assert found(case([truth + rng.normal(0, 0.1, truth.shape) for truth in TRUTHS])) == []


def test_what_was_not_measured_is_not_well() -> None:
    nothing = examine(Case(settings_of(RECIPE), {}, 1000))
    assert nothing.readings["hole stays empty"] is None
    assert nothing.readings["checkerboard"] is None
    assert nothing.readings["color shift at the seam"] is None


def test_holes_too_thin_for_a_pattern_have_none() -> None:
    thin = np.zeros((64, 64), np.float32)
    thin[20:22] = 1
    evidence = hole_evidence([TRUTHS[0]], [TRUTHS[0]], [thin], [CLASSICAL[0]], 0.5)
    assert (evidence["checkerboard"], evidence["seam"], evidence["filled"]) == (0, 0, pytest.approx(1))
