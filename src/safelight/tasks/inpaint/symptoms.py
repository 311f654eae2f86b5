"""What the doctor checks of an inpainting run: a hole that stays empty, a checkerboard, a color shift at the seam.

`hole_evidence` measures them on filled pictures; it is logged as probe/ columns, and the checks read these.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from safelight.arrays import Mask, Srgb
from safelight.journal.doctor.case import Case, Checklist, Reading, Symptom
from safelight.journal.doctor.remedies import FASTER, LONGER, drop_level, put, raise_weight
from safelight.journal.doctor.symptoms import CURVES, DEAD_UNITS, LEAKING_SPLIT, OVERFITTING
from safelight.masks.edit import is_missing, shrink
from safelight.shaped import Float32

EARLY = 0.25  # of a run: before it holes may be anything
EMPTY = 0.3  # of the way from what stands in an empty hole to the truth
REGULAR, BEYOND_TRUTH = 1.6, 1.4  # peak of the spectrum over its neighborhood; times the truth's
SHIFT, WORSE = 6.0, 2.0  # of 255 levels; times that of the classical method
RING = 3  # pixels inside the hole's edge in which its color is compared
CELL = 8  # pixels: side of the squares in which a pattern keeps its phase


def hole_evidence(
    results: Sequence[Srgb],
    truths: Sequence[Srgb],
    masks: Sequence[Mask],
    classical: Sequence[Srgb],
    blank: float,
) -> dict[str, float]:
    """What the doctor reads of filled holes; pictures (h, w, 3), 0..1, masks (h, w), 1 = missing.

    filled: how far fillings are from `blank`, the level that stands in an empty hole, as a share of how far the
      truths are. checkerboard, truth_checkerboard: how far the spectrum in the holes stands out at periods of two
      and four pixels, which is what steps of two leave behind; about 1 in pictures.
    seam, classical_seam: how far the mean color along the hole's rim is off, of 255 levels.
    """
    holes = [is_missing(mask) for mask in masks]
    rims = [hole & ~shrink(hole, RING) for hole in holes]
    own = [abs(result[hole] - blank).mean() for result, hole in zip(results, holes, strict=True)]
    true = [abs(truth[hole] - blank).mean() for truth, hole in zip(truths, holes, strict=True)]
    return {
        "filled": float(np.sum(own) / max(np.sum(true), 1e-6)),
        "checkerboard": _regular(results, holes),
        "truth_checkerboard": _regular(truths, holes),
        "seam": _mean(_shift(r, t, rim) for r, t, rim in zip(results, truths, rims, strict=True)),
        "classical_seam": _mean(_shift(c, t, rim) for c, t, rim in zip(classical, truths, rims, strict=True)),
    }


def measure_empty(case: Case) -> Reading | None:
    """The hole is answered as it was asked: black, or mid grey."""
    filled = case.last("probe/filled")
    if filled is None or case.progress < EARLY:
        return None
    evidence = f"fillings are {filled:.0%} as far from an empty hole's color as the truths are"
    return Reading(
        filled, EMPTY, "of the truth's distance", filled < EMPTY, evidence, ("probe/filled",), below=True
    )


def measure_checkerboard(case: Case) -> Reading | None:
    """A regular pattern of two or four pixels that the truth does not have."""
    own, true = case.last("probe/checkerboard"), case.last("probe/truth_checkerboard")
    if own is None or true is None or case.progress < EARLY:
        return None
    limit = max(REGULAR, BEYOND_TRUTH * true)
    evidence = (
        f"at periods of two and four pixels the spectrum of the holes stands out {own:.1f} times, that of the "
        f"truths {true:.1f} times"
    )
    curves = ("probe/checkerboard", "probe/truth_checkerboard")
    return Reading(own, limit, "times its neighborhood", own > limit, evidence, curves)


def measure_seam(case: Case) -> Reading | None:
    """The rim of the hole has another color than what it meets."""
    own, classical = case.last("probe/seam"), case.last("probe/classical_seam")
    if own is None or classical is None or case.progress < EARLY:
        return None
    limit = max(SHIFT, WORSE * classical)
    evidence = (
        f"along the hole's rim the color is off by {own:.1f} of 255 levels, the classical method's by "
        f"{classical:.1f}"
    )
    return Reading(own, limit, "of 255 levels", own > limit, evidence, ("probe/seam", "probe/classical_seam"))


def _mean(values: Iterable[float | None]) -> float:
    found = [value for value in values if value is not None]
    return float(np.mean(found)) if found else 0.0


def _shift(result: Srgb, truth: Srgb, rim: np.ndarray) -> float | None:
    """Length of the mean color error on the rim, of 255 levels: errors that point every way cancel out."""
    if not rim.any():
        return None
    return float(255 * np.linalg.norm((result[rim] - truth[rim]).mean(0)) / np.sqrt(3))


def _regular(pictures: Sequence[Srgb], holes: Sequence[np.ndarray]) -> float:
    """How far the spectrum of the holes stands out at a period of two or of four pixels; 0 without large holes."""
    squares = np.concatenate(
        [_squares(picture.mean(axis=2), hole) for picture, hole in zip(pictures, holes, strict=True)]
    )
    if not len(squares):
        return 0.0
    detail = squares - squares.mean((1, 2), keepdims=True)
    power = np.square(np.abs(np.fft.fft2(detail * np.outer(*[np.hanning(CELL + 2)[1:-1]] * 2)))).mean(0)
    # Mean power at 1, 2, 3 and 4 waves a square: across, down, and both.
    _, one, two, three, four = (power[[0, k, k], [k, 0, k]].mean() + 1e-12 for k in range(CELL // 2 + 1))
    return float(np.sqrt(max(four / three, two / np.sqrt(one * three))))


def _squares(luma: np.ndarray, hole: np.ndarray) -> Float32[np.ndarray, "n c c"]:
    """Squares of CELL pixels, on the grid, that are missing altogether."""
    h, w = (side // CELL * CELL for side in luma.shape)

    def cut(plane: np.ndarray) -> np.ndarray:
        grid = plane[:h, :w].reshape(h // CELL, CELL, w // CELL, CELL)
        return np.asarray(grid.swapaxes(1, 2).reshape(-1, CELL, CELL))

    return np.asarray(cut(luma)[cut(hole).all((1, 2))], np.float32)


CHECKLIST = Checklist(
    (
        *CURVES,
        OVERFITTING,
        DEAD_UNITS,
        Symptom(
            "hole stays empty",
            measure_empty,
            "a skip at full size carries the empty hole across (note 001), the loss hardly looks into it, or it is "
            "early",
            (
                drop_level("model.skips", 0),
                raise_weight("loss.hole"),
                put({"preparation.guess": "biharmonic", "model.output": "none"}),
                FASTER,
                LONGER,
            ),
            "a network that is given a classical filling cannot leave the hole empty: --preparation.guess biharmonic",
            instead_of=("color shift at the seam", "no progress", "plateau", "underfitting"),
        ),
        Symptom(
            "checkerboard",
            measure_checkerboard,
            "steps that enlarge by two leave their grid behind (Odena et al. 2016)",
            (
                put({"model.upsampling": "bilinear"}, lambda s: s.get("model.convolution") != "partial"),
                raise_weight("loss.variation"),
                put({"model.downsampling": "blur_pool"}, lambda s: s.get("model.convolution") != "partial"),
                LONGER,
            ),
            "an adversarial or style term that is too strong does it too: lower its weight",
        ),
        Symptom(
            "color shift at the seam",
            measure_seam,
            "nothing in the loss holds the filling to the picture around it, or batch norm's averages lag behind",
            (
                raise_weight("loss.valid"),
                raise_weight("loss.variation"),
                put({"preparation.guess": "biharmonic", "model.output": "none"}),
                put({"model.norm": "group"}),
                LONGER,
            ),
            "in use, --feather 3 softens a seam that is left",
        ),
        LEAKING_SPLIT,
    )
)
