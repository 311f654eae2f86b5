"""Symptoms in the curves: unstable, oscillation, no progress, plateau."""

import re

import numpy as np

from safelight.journal.doctor.case import Case, Reading
from safelight.journal.records import Curve
from safelight.shaped import Float64

LOSS, GRADIENT, RATE = "train/loss", "train/gradient_norm", "train/lr"
MAIN_SCORES = ("val/gain_0", "val/gain", "val/psnr")  # higher is better, in dB

FEWEST_ROWS = 10  # of metrics; with fewer a curve tells nothing
WINDOW = 15  # rows around a row that it is compared with
SPIKE, SPIKE_DEVIATIONS, SPIKES = 3.0, 8.0, 2  # times the usual loss; beyond so many deviations; how many
JUMP = 1.6  # times the best level, for good
UNREST = 0.45  # deviation of the loss as a share of it, for batches of 16
REVERSAL, REVERSALS = 0.3, 3  # dB up and down again; how often
LEAST_FALL, LEAST_GAIN = 0.05, 0.15  # share of the loss; dB
STANDSTILL = 0.05  # dB in half of a run
STILL_RISING = 0.1  # dB
LIVELY = 0.2  # share of the peak learning rate; below it a standstill is what is meant to be


def main_score(case: Case, least: int = 1) -> tuple[str, Curve] | None:
    """The score by which a run's progress is judged: that without help if there is one, else the first in dB."""
    others = [
        name for name in case.curves if name.startswith("val/gain") or "psnr" in name.rpartition("/")[2]
    ]
    for name in (*MAIN_SCORES, *(name for name in others if name.startswith("val/"))):
        curve = case.curve(name, least)
        if curve is not None:
            return name, curve
    return None


def still_rising(case: Case) -> bool:
    """Whether the score gained 0.1 dB or more in the last third of its course: the run was too short."""
    score = main_score(case, 2)
    if score is None:
        return False
    values = score[1].values
    return bool(values[-1] - values[: max(1, 2 * len(values) // 3)].max() > STILL_RISING)


def loss_of(case: Case) -> tuple[str, Curve] | None:
    """The loss, where it can be told as shares of itself: above zero.

    One with a logarithm in it need not be; then its largest term that is stands for it.
    """
    terms = {name: case.curve(name, FEWEST_ROWS) for name in case.curves if name.startswith("train/")}
    above = {
        name: curve
        for name, curve in terms.items()
        if curve is not None and name not in (GRADIENT, RATE) and curve.values.min() > 0
    }
    if not above:
        return None
    name = LOSS if LOSS in above else max(above, key=lambda term: float(above[term].values.mean()))
    return name, above[name]


def measure_unstable(case: Case) -> Reading | None:
    """Numbers that are not finite, spikes, or a loss that leapt up and stayed there."""
    raw = case.curves.get(LOSS)
    if raw is None or len(raw) < FEWEST_ROWS:
        return _broken(case)
    broken = raw.steps[~np.isfinite(raw.values)]
    if len(broken):
        evidence = f"the loss is not a number from step {broken[0]:,}"
        return Reading(len(broken), 0, "rows", True, evidence, (LOSS, GRADIENT), (int(broken[0]),))
    found = loss_of(case)
    if found is None:
        return None
    name, loss = found
    jump = _jump(name, loss, main_score(case))
    if jump is not None:
        return jump
    spikes = _spikes(loss)
    evidence = (
        f"the loss leapt to {SPIKE:g} times its usual value or more {_times(len(spikes))}"
        if len(spikes)
        else "no leap of the loss"
    )
    sick = len(spikes) >= SPIKES
    marks = tuple(int(loss.steps[i]) for i in spikes)
    return Reading(len(spikes), SPIKES - 1, "spikes", sick, evidence, (name, GRADIENT), marks)


def measure_oscillation(case: Case) -> Reading | None:
    """How much the loss goes up and down around its own course; or the score of the validation samples does."""
    score = main_score(case, REVERSALS + 2)
    turns = _reversals(score[1]) if score else np.zeros(0, np.int64)
    if score and len(turns) >= REVERSALS:
        evidence = f"{score[0]} turned back by {REVERSAL} dB or more {_times(len(turns))}"
        marks = tuple(int(step) for step in score[1].steps[turns])
        return Reading(len(turns), REVERSALS - 1, "turns", True, evidence, (score[0], LOSS), marks)
    found = loss_of(case)
    if found is None:
        return None
    name, loss = found
    settled = loss.after(0.1 * case.planned)
    if len(settled) < FEWEST_ROWS:
        return None
    figure = _unrest(settled) * np.sqrt(case.number("data.batch", 16) / 16)
    evidence = f"the loss strays from its course by {figure:.0%} of its value (as for batches of 16)"
    return Reading(float(figure), UNREST, "of the loss", bool(figure > UNREST), evidence, (name, RATE))


def measure_no_progress(case: Case) -> Reading | None:
    """The loss ends where it began, and the score is no better than that of a grey picture."""
    found = loss_of(case)
    if found is None or case.progress < 0.3:
        return None
    name, loss = found
    fifth = max(4, len(loss) // 5)
    first, last = np.median(loss.values[:fifth]), np.median(loss.values[-fifth:])
    fell = float((first - last) / max(abs(first), 1e-12))
    score = main_score(case)
    gained = _gained(*score) if score else 0.0
    sick = bool(fell < LEAST_FALL and gained < LEAST_GAIN)
    evidence = f"the loss fell by {fell:.1%} since the first steps" + (
        f", and {score[0]} never passed {score[1].values.max():.2f} dB" if score else ""
    )
    but = f"the score rose by {gained:.2f} dB; with {LEAST_GAIN} dB or more there is progress"
    curves = (name, score[0] if score else RATE)
    return Reading(fell, LEAST_FALL, "of the loss", sick, evidence, curves, below=True, but=but)


def measure_plateau(case: Case) -> Reading | None:
    """Nothing gained in the last half of the run, though the learning rate was high enough to learn."""
    score = main_score(case, 6)
    if score is None or case.progress < 0.4 or _last_rate(case) < LIVELY:
        return None
    name, curve = score
    half = len(curve) // 2
    gained = float(curve.values[half:].max() - curve.values[:half].max())
    evidence = f"{name} gained {gained:.2f} dB in the last {case.step - curve.steps[half - 1]:,} steps"
    return Reading(gained, STANDSTILL, "dB", gained < STANDSTILL, evidence, (name, RATE), below=True)


def _broken(case: Case) -> Reading | None:
    """A run that failed by its numbers before it had a curve."""
    if re.search(r"\b(nan|finite|diverge\w*)\b", case.error, re.IGNORECASE):
        return Reading(1, 0, "failures", True, f"the run failed: {case.error.splitlines()[-1]}", (LOSS,))
    return None


def _last_rate(case: Case) -> float:
    """The mean learning rate of the last half, as a share of the peak; 1 where none was logged."""
    rate = case.curve(RATE, 4)
    if rate is None:
        return 1.0
    return float(rate.values[len(rate) // 2 :].mean() / max(rate.values.max(), 1e-30))


def _jump(name: str, loss: Curve, score: tuple[str, Curve] | None) -> Reading | None:
    level = running_median(loss.values)
    best = int(np.argmin(level))
    # The lower quartile: a loss that only bounces still comes down now and then.
    last = float(np.percentile(loss.values[-max(4, len(level) // 5) :], 25))
    if level[best] <= 0 or last <= JUMP * level[best]:
        return None
    up = best + int(np.argmax(level[best:] > JUMP * level[best]))
    if score is not None and _better_after(score[1], int(loss.steps[up])):
        return None  # the questions became harder (a curriculum), not the answers worse
    evidence = f"the loss rose from {level[best]:.3g} to {last:.3g} at step {loss.steps[up]:,} and stayed up"
    times = last / float(level[best])
    return Reading(times, JUMP, "times the best", True, evidence, (name, GRADIENT), (int(loss.steps[up]),))


def _spikes(loss: Curve) -> np.ndarray:
    """Places of single values far above those around them."""
    level = running_median(loss.values)
    deviation = 1.4826 * np.median(np.abs(loss.values - level)) + 1e-12
    far = (loss.values > SPIKE * np.abs(level)) & (loss.values - level > SPIKE_DEVIATIONS * deviation)
    far[: max(2, len(far) // 20)] = False  # the first steps fall from high
    return np.flatnonzero(far)


def _unrest(loss: Curve) -> float:
    """The largest robust deviation of the loss from its running median over a fifth of the curve, as a share."""
    level = running_median(loss.values)
    strays = np.abs(loss.values - level) / np.maximum(np.abs(level), 1e-12)
    width = max(FEWEST_ROWS, len(strays) // 5)
    starts = range(0, max(1, len(strays) - width + 1), max(1, width // 2))
    return float(max(1.4826 * np.median(strays[start : start + width]) for start in starts))


def _reversals(score: Curve) -> np.ndarray:
    """Places where a score turned by REVERSAL on both sides (the turning points of a zigzag)."""
    turns, extreme, direction = [], 0, 0
    for place in range(1, len(score)):
        step = score.values[place] - score.values[extreme]
        if direction == 0 or np.sign(step) == direction:
            if direction or abs(step) >= REVERSAL:
                extreme, direction = place, int(np.sign(step)) or direction
        elif abs(step) >= REVERSAL:
            turns.append(extreme)
            extreme, direction = place, -direction
    return np.array(turns, np.int64)


def _gained(name: str, score: Curve) -> float:
    """What a score rose by, or, for a gain, what it is above nothing.

    What a gain rose by to its second value does not count: so long running statistics settle, which moves the
    answers of a network that learns nothing.
    """
    best = float(score.values.max())
    if "gain" in name:
        return max(best, best - float(score.values[:2].max()))
    return best - float(score.values[0])


def _better_after(score: Curve, step: int) -> bool:
    before, after = score.values[score.steps <= step], score.values[score.steps > step]
    return bool(len(before) and len(after) and after[-1] > before.max())


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def running_median(values: Float64[np.ndarray, " n"], width: int = WINDOW) -> Float64[np.ndarray, " n"]:
    """The median of the values around each, the ends continued by what mirrors them."""
    reach = min(width, len(values)) // 2
    if reach == 0:
        return values
    padded = np.pad(values, reach, mode="reflect")
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), axis=1))
