"""Symptoms in the answers to the probes: out of range, red and green only, sepia, washed out, implausible hue."""

from safelight.journal.doctor.case import Case, Reading
from safelight.journal.doctor.evidence import MOST_CHROMA

EARLY = 0.5  # of a run: before it every colorizer is brown
COLORED = 0.15  # of the true chroma; below it there is no hue to speak of
RED_GREEN, BEYOND_TRUTH = 0.8, 0.25  # share of ab's energy along a; above that of the truth
ONE_HUE, WARM = 0.9, (20.0, 110.0)  # concentration of hues; degrees, from red-orange to yellow
WASHED, HALFWAY = 0.35, 0.5  # share of the true chroma; of a run
TOO_VARIED = 4.0  # times the spread of the true colors; a few pixels thousands of units away
WRONG_HUE = 45.0  # degrees; 90 is chance


def measure_out_of_range(case: Case) -> Reading | None:
    """Some colors are beyond all that a picture can show."""
    most = case.last("probe/most_chroma")
    if most is None:
        return _varies_too_much(case)
    says = f"the most colorful pixel of the answers has a chroma of {most:,.0f}; no color of sRGB has more than 134"
    return Reading(most, MOST_CHROMA, "units of ab", most > MOST_CHROMA, says, ("probe/most_chroma",))


def _varies_too_much(case: Case) -> Reading | None:
    """The same of runs whose largest chroma was not measured yet, by how much their colors vary."""
    spread = case.last("probe/spread")
    if spread is None:
        return None
    says = f"the colors of the answers vary {spread:.1f} times as much as the true ones"
    return Reading(spread, TOO_VARIED, "times the truth", spread > TOO_VARIED, says, ("probe/spread",))


def measure_red_green(case: Case) -> Reading | None:
    """Colors lie along a alone."""
    found = _values(case, EARLY, "red_green", "truth_red_green")
    if found is None:
        return None
    share, truth = found
    sick = share > RED_GREEN and share > truth + BEYOND_TRUTH and _colored(case)
    says = f"{share:.0%} of the color lies on the axis from green to red, where the truth has {truth:.0%}"
    but = f"the truth itself has {truth:.0%}, or there is hardly any color"
    curves = ("probe/red_green", "probe/truth_red_green")
    return Reading(share, RED_GREEN, "of the color", sick, says, curves, but=but)


def measure_sepia(case: Case) -> Reading | None:
    """All pictures have one warm hue."""
    found = _values(case, EARLY, "concentration", "truth_concentration", "hue")
    if found is None:
        return None
    together, truth, hue = found
    # Of what could vary, three quarters less varies than in the truth: a warm set is not sepia for being warm.
    one = together > ONE_HUE and 1 - together < 0.25 * (1 - truth)
    sick = one and WARM[0] <= hue <= WARM[1] and _colored(case)
    says = (
        f"nearly all its colors are one warm hue, at {hue:.0f}° (0° red, 90° yellow): hues keep together by "
        f"{together:.2f} (1 is a single hue), in the truth by {truth:.2f}"
    )
    but = f"the truth is nearly one hue too ({truth:.2f}), the hue is not warm ({hue:.0f}°), or color is hardly there"
    curves = ("probe/concentration", "probe/truth_concentration")
    return Reading(together, ONE_HUE, "of 1", sick, says, curves, but=but)


def measure_washed_out(case: Case) -> Reading | None:
    """The answers are far paler than the truths."""
    found = _values(case, HALFWAY, "chroma")
    if found is None:
        return None
    (share,) = found
    says = f"without hints the answers have {share:.0%} of the true chroma"
    return Reading(share, WASHED, "of the true chroma", share < WASHED, says, ("probe/chroma",), below=True)


def measure_implausible(case: Case) -> Reading | None:
    """Colorful, and wrong: green skies, blue grass."""
    found = _values(case, EARLY, "hue_error")
    if found is None:
        return None
    (error,) = found
    sick = error > WRONG_HUE and _colored(case)
    says = f"where both have color, the hue is {error:.0f}° from the true one (90° is chance)"
    but = "the answers have hardly any color, so that their hue says little"
    curves = ("probe/hue_error", "probe/hue_distance")
    return Reading(error, WRONG_HUE, "degrees", sick, says, curves, but=but)


def _values(case: Case, since: float, *names: str) -> list[float] | None:
    """The newest values of these probe measures; None before this share of the run, or where one is missing."""
    values = [case.last(f"probe/{name}") for name in names]
    known = [value for value in values if value is not None]
    return known if len(known) == len(names) and case.progress >= since else None


def _colored(case: Case) -> bool:
    chroma = case.last("probe/chroma")
    return chroma is not None and chroma > COLORED
