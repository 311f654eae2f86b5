"""Checks of what was learned: overfitting, underfitting, dead units, a leaking split."""

from typing import NamedTuple

import numpy as np

from safelight.journal.doctor.case import Case, Reading
from safelight.journal.doctor.steadiness import LOSS, MAIN_SCORES
from safelight.journal.records import Curve

FAMILIAR = "probe/train_"  # scores on training pictures, beside val/ on held-out ones
LEARNED = (*MAIN_SCORES, "val/hole_psnr")  # in dB; that of holes is no gain over anything
GAP_GROWTH, FALLEN = 0.5, 0.15  # dB
KNOWN_POORLY, SMALL_GAP, NARROW = 1.0, 0.3, 64  # dB on training pictures; dB; channels of the bottleneck
DEAD = 0.25  # of the channels
SEEN = 4000  # pictures drawn: a network that was shown fewer is new, not small


class Scores(NamedTuple):
    """One score on held-out pictures and on training pictures, at the same steps."""

    name: str
    held_out: Curve
    familiar: Curve


def measure_overfitting(case: Case) -> Reading | None:
    """Training pictures get better while held-out ones get worse."""
    scores = _scores(case, 4, LEARNED)
    if scores is None:
        return None
    gap = scores.familiar.values - scores.held_out.values
    best = int(np.argmax(scores.held_out.values))
    growth = float(gap[-1] - gap[: max(1, best + 1)].min())
    fallen = float(scores.held_out.values[best] - scores.held_out.last)
    sick = growth > GAP_GROWTH and fallen > FALLEN
    evidence = (
        f"the lead of training pictures grew by {growth:.2f} dB, and held-out ones lost {fallen:.2f} dB "
        f"since step {scores.held_out.steps[best]:,}"
    )
    marks = (int(scores.held_out.steps[best]),)
    but = f"held-out pictures lost only {fallen:.2f} dB; overfitting loses more than {FALLEN} dB"
    return Reading(growth, GAP_GROWTH, "dB", sick, evidence, _drawn(scores), marks, but=but)


def measure_underfitting(case: Case) -> Reading | None:
    """Not even the training pictures are known, long after the start, and the bottleneck is narrow."""
    scores, width = _scores(case, 4, MAIN_SCORES), _bottleneck(case)
    if scores is None or width is None or case.progress < 0.5 or case.seen < SEEN:
        return None
    known, half = scores.familiar.last, len(scores.familiar) // 2
    still = scores.familiar.values[half:].max() - scores.familiar.values[:half].max() < SMALL_GAP
    alike = known - scores.held_out.last < SMALL_GAP
    sick = bool(known < KNOWN_POORLY and still and alike and width < NARROW)
    evidence = (
        f"training pictures are known to {known:.2f} dB over grey, through a bottleneck of {width} channels"
    )
    but = (
        f"it still gets better, held-out pictures lag behind, or the bottleneck has {NARROW} channels or more"
    )
    return Reading(known, KNOWN_POORLY, "dB", sick, evidence, _drawn(scores), below=True, but=but)


def measure_dead_units(case: Case) -> Reading | None:
    """Channels that answer the same to every probe."""
    share = case.last("probe/dead")
    if share is None:
        return None
    evidence = f"{share:.0%} of the channels that are trained say nothing on any probe"
    return Reading(share, DEAD, "of the channels", share > DEAD, evidence, ("probe/dead", LOSS))


def measure_leak(case: Case) -> Reading | None:
    """Held-out pictures that are also trained on."""
    if case.leaks is None:
        return None
    found = len(case.leaks.twins)
    share = found / max(1, case.leaks.held_out)
    evidence = (
        f"{found:,} of {case.leaks.held_out:,} held-out pictures have a near-duplicate among the training "
        "pictures"
    )
    return Reading(share, 0.0, "of the held-out pictures", found > 0, evidence)


def _scores(case: Case, least: int, names: tuple[str, ...]) -> Scores | None:
    """The first of these scores that both kinds of pictures have."""
    for name in names:
        held_out = case.curve(name, least)
        familiar = case.curve(FAMILIAR + name.removeprefix("val/"), least)
        if held_out is not None and familiar is not None:
            both = np.intersect1d(held_out.steps, familiar.steps)
            if len(both) >= least:
                chosen = (curve.where(np.isin(curve.steps, both)) for curve in (held_out, familiar))
                return Scores(name, *chosen)
    return None


def _drawn(scores: Scores) -> tuple[str, ...]:
    return (scores.name, FAMILIAR + scores.name.removeprefix("val/"))


def _bottleneck(case: Case) -> int | None:
    """Channels where the network is narrowest in pixels; None where the recipe names none."""
    widths, width = case.settings.get("model.widths"), case.settings.get("model.bottleneck.width")
    if isinstance(widths, (list, tuple)) and widths:
        return int(widths[0])
    return width or _grown(case) if isinstance(width, int) else None


def _grown(case: Case) -> int:
    """Channels of a plain network's last level, as its growth gives them."""
    growth = float(case.number("model.growth", 1) ** case.number("model.steps", 0))
    channels = case.number("model.channels", 0) * growth
    return round(min(channels, case.number("model.widest", channels)))
