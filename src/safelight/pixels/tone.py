"""What kind of picture a photo is: grey, toned, tinted by hand, or with colors of its own; toning and casts.

Two faults, told apart. A toned picture (sepia, a color scan of a yellowed grey print) has one warm hue and no
color of its own: at a given lightness every place has the same ab. A picture with a cast has colors of its own,
all shifted the same way: faded dyes, or a wrong white balance.

A grey or toned print has one color at each lightness: its ab is a curve along L. Paper that yellowed unevenly
moves that curve slowly from place to place. What is left when such a curve is taken away are colors of the
subject's own. The limits were set on 62 old prints and 396 color photographs (docs/colors.md tells how well).
"""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from safelight.arrays import Ab, Lightness, Pixels
from safelight.pixels.color import chroma, srgb_to_lab
from safelight.pixels.geometry import averaged, resize
from safelight.shaped import Float64, Shaped, UInt8

GRID = 40  # the picture is looked at in so many places a side: averaging takes away grain and JPEG's noise
LEVELS = 12  # of lightness, each with as many places as the others
LIGHTEST = 0.02  # share of the places that are the white patch
CLIPPED = 253  # of 255: above it a channel has lost what it was
LEAST_AGREEMENT = 0.95  # of the hues of a toned picture
WARM = (
    20.0,
    110.0,
)  # degrees: sepia, tea, yellowed paper; a blue print cannot be told from a photo of the sky
MOST_CHROMA = 40.0  # no toner colors more than this; a red rose does

Colors = Float64[np.ndarray, "n 2"]
Vector = Float64[np.ndarray, "2"]


@dataclass(frozen=True)
class Tone:
    """What a picture's ab cloud says about toning and casts. Lengths in units of Lab.

    agreement: of the hues, 0..1. hue: degrees, of the mean ab. spread: how far ab strays from its mean at the
    same lightness; near 0 the lightness says all. cast: what grey-world and white-patch agree on, as (a, b).
    balance: Gasparini and Schettini's ratio; above 0 the cloud lies beside grey.
    """

    agreement: float
    hue: float
    spread: float
    cast: tuple[float, float]
    balance: float

    @property
    def shift(self) -> float:
        """Length of the cast."""
        return float(np.hypot(*self.cast))

    def is_toned(self, min_spread: float, mean_chroma: float) -> bool:
        """Whether the picture has one warm hue, and at one lightness strays less than `min_spread` from it."""
        warm = WARM[0] <= self.hue <= WARM[1] and mean_chroma <= MOST_CHROMA
        return warm and self.agreement >= LEAST_AGREEMENT and self.spread < min_spread


def tone_of(pixels: UInt8[np.ndarray, "h w 3"]) -> Tone:
    """The tone of an sRGB picture."""
    few = resize(pixels, (min(GRID, pixels.shape[0]), min(GRID, pixels.shape[1])))
    lab = srgb_to_lab(few).reshape(-1, 3).astype(np.float64)
    L, ab = lab[:, 0], lab[:, 1:]
    mean = ab.mean(axis=0)
    cast = agreed(mean, white_patch(L, ab, few.reshape(-1, 3).max(axis=1) < CLIPPED))
    return Tone(
        agreement=round(hue_agreement(ab), 4),
        hue=round(float(np.degrees(np.arctan2(mean[1], mean[0]))) % 360, 1),
        spread=round(spread_at_lightness(L, ab), 2),
        cast=(round(float(cast[0]), 2), round(float(cast[1]), 2)),
        balance=round(balance(ab), 2),
    )


def hue_agreement(ab: Colors) -> float:
    """Mean resultant length of the hues, each weighted by its chroma: 1 where all places have one hue.

    Source: Mardia & Jupp 2000, "Directional Statistics", section 2.3.
    """
    total = float(chroma(ab).sum())
    return float(np.hypot(*ab.sum(axis=0))) / total if total else 1.0


def spread_at_lightness(L: Float64[np.ndarray, " n"], ab: Colors) -> float:
    """Root mean square distance of ab from its mean over the places of about the same lightness."""
    levels = [level for level in np.array_split(np.argsort(L, kind="stable"), LEVELS) if len(level)]
    squares = [((ab[level] - ab[level].mean(axis=0)) ** 2).sum() for level in levels]
    return float(np.sqrt(sum(squares) / len(ab)))


def white_patch(L: Float64[np.ndarray, " n"], ab: Colors, unclipped: np.ndarray) -> Vector:
    """Mean ab of the lightest places that are not clipped: grey under a white light (Land & McCann 1971)."""
    usable = np.flatnonzero(unclipped) if unclipped.any() else np.arange(len(L))
    count = max(1, round(LIGHTEST * len(usable)))
    lightest = usable[np.argsort(L[usable], kind="stable")[-count:]]
    return np.asarray(ab[lightest].mean(axis=0))


def agreed(grey_world: Vector, white: Vector) -> Vector:
    """The cast that both estimates see: the shorter of the two, less what they differ in direction.

    A green meadow moves the mean (grey-world, Buchsbaum 1980) and leaves white clouds white; a lemon on a table
    moves the lightest places and leaves the mean. A cast moves both alike.
    """
    lengths = float(np.hypot(*grey_world)), float(np.hypot(*white))
    if min(lengths) < 1e-6:
        return np.zeros(2)
    cosine = min(1.0, float(grey_world @ white) / (lengths[0] * lengths[1]))
    shorter = grey_world if lengths[0] <= lengths[1] else white
    return np.asarray(shorter * max(0.0, cosine))


def balance(ab: Colors) -> float:
    """How far the ab cloud lies beside grey, over its own width: (distance - radius) / radius.

    Below 0 grey is inside the cloud. Source: Gasparini & Schettini 2004, "Color balancing of digital photos
    using simple image statistics", the equivalent circle.
    """
    radius = float(np.sqrt(ab.var(axis=0).sum()))
    return (float(np.hypot(*ab.mean(axis=0))) - radius) / max(radius, 1e-3)


Kind: TypeAlias = Literal["grey", "toned", "tinted", "faded", "colored"]
Matrix: TypeAlias = Float64[np.ndarray, "n terms"]

RIDGE = 1e-4  # of about a thousand places
ROUNDS = 8  # of reweighting: what has colors of its own must not bend the curve
KEPT = 0.98  # share of the places that count: a stamp, a stain or a date in ink makes no color photo
GREY = 2.0  # mean chroma, in units of Lab, up to which a tone is none
# How far ab may stray from the curve, root mean square in units of Lab: across the tone's hue (other hues), and
# along it (more or less of the tone, as where paper yellowed).
UNEVEN_WARM = (20.0, 115.0)  # degrees: sepia, tea, yellowed paper, which is uneven
STRAY_WARM = (1.25, 2.7)
STRAY_COOL = (1.1, 1.2)  # selenium, cyanotype: stricter, as skies have these hues
TINT = 6.0  # units of Lab from the curve: plainly a color of its own
LEAST_TINTED = 0.02  # share of the places
QUIET = (0.5, 1.0)  # the middle distance from the curve: below, all but the tints is grey or toned
FADED_SHIFT, FADED_BLACK, FADED_RANGE = 7.0, 12.0, 60.0  # a cast, no black, little contrast; units of Lab
DARKEST, DYED_L = 0.1, 25.0  # share of a picture; L of the darkest places of film, which are no black
ORANGE, ORANGE_HUES = 30.0, (35.0, 75.0)  # chroma and hues of the cast of a color negative's film


@dataclass(frozen=True)
class ToneCurve:
    """The color of a print along its lightness: a and b as polynomials of L, and whether there is any."""

    coefficients: Float64[np.ndarray, "4 2"]

    def at(self, L: Lightness) -> Ab:
        """ab (h, w, 2) for L (h, w)."""
        return np.asarray(_powers(L.astype(np.float64)) @ self.coefficients, np.float32)


@dataclass(frozen=True)
class Look:
    """What kind of picture it is.

    kind: "grey"; "toned", one color at each lightness (sepia, cyanotype, selenium, yellowed paper); "tinted", grey or
    toned with color in places; "faded", colors of its own that are shifted and weak; "colored".
    hue: degrees, of the tone. negative: all is orange, its lightest places too, as the film of a color negative is,
    or the darkest places of a toned picture are, and no black.
    """

    kind: Kind
    hue: float
    curve: ToneCurve
    negative: bool = False

    @property
    def has_colors(self) -> bool:
        """Whether there are colors that coloring would replace."""
        return self.kind in ("tinted", "faded", "colored")


def look_of(pixels: Pixels) -> Look:
    """The look of an sRGB picture (h, w, 3): uint8, uint16 or floats 0..1."""
    few = averaged(pixels, (min(GRID, pixels.shape[0]), min(GRID, pixels.shape[1])))
    lab = srgb_to_lab(few).astype(np.float64)
    L, ab = lab[..., 0].ravel(), lab[..., 1:].reshape(-1, 2)
    fitted, coefficients = _tone(L, ab, _slow(lab.shape[0], lab.shape[1]))
    strays = ab - fitted
    distances = np.asarray(chroma(strays))
    direction, hue = _hue(fitted)
    across = _rms(strays @ np.array([-direction[1], direction[0]]))
    along = _rms(strays @ direction)
    tone = float(_quantile(chroma(fitted), 0.5))
    warm = tone < GREY or UNEVEN_WARM[0] <= hue <= UNEVEN_WARM[1]
    limits = STRAY_WARM if warm else STRAY_COOL
    plain = across <= limits[0] and along <= limits[1]
    quiet, tinted = float(_quantile(distances, 0.5)), float(np.mean(distances > TINT)) >= LEAST_TINTED
    cast = _cast(L, ab, few)
    kind: Kind
    if tinted and quiet <= QUIET[0 if plain else 1]:
        kind = "tinted"
    elif plain:
        kind = "grey" if float(chroma(ab).mean()) < GREY else "toned"
    else:
        kind = "faded" if _is_faded(L, cast) else "colored"
    negative = _is_negative(cast) or (kind == "toned" and _is_dyed(L, lab))
    return Look(kind, round(hue, 1), ToneCurve(coefficients), negative)


def _powers(L: np.ndarray) -> np.ndarray:
    """1, L, L² and L³ of L scaled to -1..1."""
    l = L / 50 - 1  # noqa: E741
    return np.stack([np.ones_like(l), l, l * l, l**3], axis=-1)


def _slow(height: int, width: int) -> Matrix:
    """Terms that vary slowly over the picture."""
    y, x = (each.ravel() for each in np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j])
    return np.stack([x, y, x * x, y * y, x * y], axis=1)


def _tone(
    L: Float64[np.ndarray, " n"], ab: Float64[np.ndarray, "n 2"], slow: Matrix
) -> tuple[Float64[np.ndarray, "n 2"], Float64[np.ndarray, "4 2"]]:
    """The tone at each place, and as a curve of L in the middle of the picture.

    Iteratively reweighted least squares with Cauchy's weights (Holland & Welsch 1977).
    """
    powers, l = _powers(L), L[:, None] / 50 - 1  # noqa: E741
    terms = np.concatenate([powers, slow, slow[:, :4] * l], axis=1)
    weights = np.ones(len(L))
    coefficients = np.zeros((terms.shape[1], 2))
    for _ in range(ROUNDS):
        coefficients = _solve(terms, ab, weights)
        distances = np.asarray(chroma(ab - terms @ coefficients))
        weights = 1 / (1 + (distances / max(0.5, 1.5 * float(_quantile(distances, 0.5)))) ** 2)
    return terms @ coefficients, _solve(powers, ab, weights)


def _solve(terms: Matrix, ab: Float64[np.ndarray, "n 2"], weights: Float64[np.ndarray, " n"]) -> Matrix:
    """Weighted least squares by the normal equations; RIDGE decides where one lightness is all that there is."""
    weighted = (terms * weights[:, None]).T
    return np.asarray(np.linalg.solve(weighted @ terms + RIDGE * np.eye(terms.shape[1]), weighted @ ab))


def _hue(tone: Float64[np.ndarray, "n 2"]) -> tuple[Float64[np.ndarray, "2"], float]:
    """Unit vector and degrees of the hue that the tone has, its stronger places counting more."""
    total = (tone * np.asarray(chroma(tone))[:, None]).sum(axis=0)
    length = float(np.hypot(*total))
    direction = total / length if length > 1e-6 else np.array([1.0, 0.0])
    return direction, float(np.degrees(np.arctan2(direction[1], direction[0]))) % 360


def _rms(values: Float64[np.ndarray, " n"]) -> float:
    """Root mean square of the smallest KEPT of the values."""
    kept = np.sort(np.abs(values))[: max(1, round(KEPT * len(values)))]
    return float(np.sqrt(np.mean(kept**2)))


def _cast(L: np.ndarray, ab: np.ndarray, few: Pixels) -> Float64[np.ndarray, "2"]:
    """What grey-world and white-patch agree on."""
    white = np.iinfo(few.dtype).max if few.dtype.kind == "u" else 1
    unclipped = few.reshape(-1, 3).max(axis=1) < CLIPPED / 255 * white
    return agreed(ab.mean(axis=0), white_patch(L, ab, unclipped))


def _is_faded(L: np.ndarray, cast: Float64[np.ndarray, "2"]) -> bool:
    black, light = _quantile(L, (0.01, 0.99))
    return bool(np.hypot(*cast) >= FADED_SHIFT and black >= FADED_BLACK and light - black <= FADED_RANGE)


def _is_negative(cast: Float64[np.ndarray, "2"]) -> bool:
    """Whether all is orange, the lightest places too: the film of a color negative. Grey ones look like photos."""
    hue = float(np.degrees(np.arctan2(cast[1], cast[0]))) % 360
    return bool(np.hypot(*cast) >= ORANGE and ORANGE_HUES[0] <= hue <= ORANGE_HUES[1])


def _is_dyed(L: Float64[np.ndarray, " n"], lab: Float64[np.ndarray, "h w 3"]) -> bool:
    """Whether the darkest places are no black but the most orange of all, as on film scanned against its own base.

    A print's tone is weakest in its darkest places, whatever it was toned with.
    """
    colors = lab.reshape(-1, 3)
    dark = colors[_quantile(L, DARKEST) >= L].mean(0)
    light = colors[_quantile(L, 1 - DARKEST) <= L].mean(0)
    strong, hue = np.hypot(*dark[1:]), float(np.degrees(np.arctan2(dark[2], dark[1]))) % 360
    orange = strong >= ORANGE and ORANGE_HUES[0] <= hue <= ORANGE_HUES[1]
    return bool(orange and dark[0] >= DYED_L and np.hypot(*light[1:]) < strong / 2)


def _quantile(values: Shaped[np.ndarray, "*n"], share: float | tuple[float, ...]) -> Any:
    """As np.quantile, which would import numpy.ma: a fiftieth of a second for each command."""
    ordered = np.sort(values, axis=None)
    return np.interp(np.multiply(share, len(ordered) - 1), np.arange(len(ordered)), ordered)
