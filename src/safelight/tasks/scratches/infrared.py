"""Dust and scratches by the infrared channel of a scan: a mask without guessing at what a picture shows.

The dyes of color film let infrared through, dust holds it back and a scratch scatters it, so that damage is dark on
an even ground (Edgar, US patent 5,266,805, long expired). What is left of the picture in it comes mostly from the cyan
dye and follows red: it is taken off by a line, log infrared = a + b log red, fitted to the medians of small blocks,
which dust does not reach. What is darker than the ground around it, by a multiple of the noise, is damage.

Silver stops infrared as it stops light, so that the infrared of black-and-white film is the picture again; so, less, is
that of Kodachrome. There it follows lightness with a slope that no crosstalk has, and is refused.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from safelight.arrays import Mask, Pixels
from safelight.errors import PhotoError
from safelight.masks.shapes import Hole
from safelight.pixels.geometry import resize
from safelight.shaped import Float32, Shaped

METHOD = "infrared"
BLOCKS = 256  # along the long side: their medians say what is no dust
SMALLEST = 12  # pixels, a side of a block
GROUND = 32  # cells along the long side: the ground is even within one
DARKEST = 0.004  # of white: logarithms of less are those of noise
STRONG = 5.0  # times the noise, at sensitivity 0.5; half of it counts where it continues what is strong
LEAST_NOISE = 0.004  # of a logarithm: steps of 8 bits
OPAQUE = 0.1  # of the usual infrared: the holder of the film, which no light passes
MOST = 0.08  # of the picture: more is no dust
SILVER_SLOPE, SILVER_FIT = 0.35, 0.8  # of log infrared over log lightness; correlation
PLAIN = (
    0.08  # of log lightness, from the darkest tenth to the lightest: with less there is no picture to be seen
)
HOLDER = 1 / 64  # of the long side: what is opaque, wider and reaches the edge is no dust
REFITS = 4
STRIP = 256  # rows at a time

Logs: TypeAlias = Float32[np.ndarray, "h w"]
Numbers: TypeAlias = Shaped[np.ndarray, "h w"]
Size: TypeAlias = tuple[int, ...]  # (h, w)


def infrared_mask(infrared: Shaped[np.ndarray, "h w"], pixels: Pixels, sensitivity: float = 0.5) -> Mask:
    """Dust and scratches: float32 (h, w), 1 = damaged.

    infrared: of the size of the photo, uint8 or uint16, linear or not, damage dark. pixels: the photo, in positive or
    negative. sensitivity: 0 damage of ten times the noise .. 1 of 2.5 times. Raises PhotoError, one line, where the
    infrared is one number everywhere, shows the picture itself (silver film), or marks more than is ever dust.
    """
    low, high = int(infrared.min()), int(infrared.max())
    if low == high:
        raise PhotoError(
            f"its infrared channel is empty: every value is {low}; scan it again, or leave --infrared out"
        )
    film = _Film.of(infrared, pixels)
    film.check()
    loss = _loss(infrared, pixels[..., 0], film.crosstalk)
    mask = _hysteresis(loss, STRONG * 2 * 4.0**-sensitivity * _noise(loss))
    mask &= ~_holder(infrared)
    share = float(mask.mean())
    if share > MOST:
        raise PhotoError(
            f"its infrared marks {share:.0%} of it, which is no dust: it may be of another picture, or of film that "
            "stops infrared; leave --infrared out"
        )
    return mask.astype(np.float32)


@dataclass(frozen=True)
class _Film:
    """How infrared goes with the picture. crosstalk: b of log infrared = a + b log red.

    slope, correlation: of log infrared over log lightness, for which green stands, or over that of the negative:
    whichever infrared follows closer; noughts where there is no picture.
    """

    crosstalk: float
    slope: float
    correlation: float

    @classmethod
    def of(cls, infrared: Numbers, pixels: Pixels) -> "_Film":
        """By the medians of blocks, less what is broad, as the lamp's light; without what no infrared passes."""
        seen = _logs(_medians(infrared, BLOCKS))
        passed = seen > np.median(seen) + np.log(OPAQUE)
        y = (seen - _broad(seen))[passed].astype(np.float64)

        def less_broad(channel: Numbers) -> np.ndarray:
            logs = _logs(_medians(channel, BLOCKS))
            return np.asarray((logs - _broad(logs))[passed], np.float64)

        green, found = pixels[..., 1], [(0.0, 0.0)]
        for light in (green, _inverted(green)):
            x = less_broad(light)
            slope, inliers = _line(x, y)
            spread = float(y[inliers].std() * x[inliers].std())
            low, high = np.percentile(x, (10, 90))  # dust on an even sky lies beyond these
            if high - low >= PLAIN and spread:
                found.append((slope, float(np.mean(y[inliers] * x[inliers])) / spread))
        crosstalk = float(np.clip(_line(less_broad(pixels[..., 0]), y)[0], -1, 1))
        return cls(crosstalk, *max(found, key=lambda each: abs(each[1])))

    def check(self) -> None:
        """Raises PhotoError where infrared shows the picture."""
        if abs(self.correlation) >= SILVER_FIT and abs(self.slope) >= SILVER_SLOPE:
            raise PhotoError(
                f"its infrared shows the picture itself (correlation {abs(self.correlation):.2f} with its lightness), "
                "as on black-and-white silver film and Kodachrome, so that it cannot tell dust; leave --infrared out"
            )


def _logs(numbers: Numbers) -> Logs:
    """Natural logarithms of numbers over white."""
    if numbers.dtype.kind == "f":
        return np.asarray(np.log(np.maximum(numbers, np.float32(DARKEST))), np.float32)
    white = np.iinfo(numbers.dtype).max
    table = np.log(np.maximum(np.arange(white + 1) / white, DARKEST)).astype(np.float32)
    return np.asarray(table[numbers])


def _inverted(numbers: Numbers) -> Numbers:
    white = 1 if numbers.dtype.kind == "f" else np.iinfo(numbers.dtype).max
    return np.asarray(white - numbers, numbers.dtype)


def _step(size: Size, along: int) -> int:
    """Every which pixel is looked at for blocks, so many along the long side: SMALLEST of them along a side do."""
    return max(max(size) // along // SMALLEST, 1)


def _side(size: Size, along: int) -> int:
    """Pixels a side of blocks; more than dust has."""
    step = _step(size, along)
    return max(max(size) // step // along, SMALLEST) * step


def _medians(plane: Numbers, along: int) -> Numbers:
    """The medians of square blocks, so many along the long side."""
    size = (plane.shape[0], plane.shape[1])
    step = _step(size, along)
    return _block_medians(plane[::step, ::step], _side(size, along) // step)


def _block_medians(plane: Numbers, side: int) -> Numbers:
    whole = np.pad(plane, [(0, -length % side) for length in plane.shape], mode="edge")
    h, w = whole.shape[0] // side, whole.shape[1] // side
    blocks = whole.reshape(h, side, w, side).swapaxes(1, 2).reshape(h, w, -1)
    return np.asarray(np.median(blocks, axis=2), plane.dtype)


def _broad(plane: Logs) -> Logs:
    import cv2

    return np.asarray(
        cv2.blur(plane, (max(max(plane.shape) // 4, 3),) * 2, borderType=cv2.BORDER_REFLECT_101)
    )


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """The slope of y over x, both without a mean; what lies far off the line is left out, and fitted anew."""
    inliers, slope = np.ones(len(x), bool), 0.0
    for _ in range(REFITS):
        slope = float(x[inliers] @ y[inliers] / max(x[inliers] @ x[inliers], 1e-12))
        inliers = _near(y - slope * x)
    return slope, inliers


def _near(off: np.ndarray) -> np.ndarray:
    """Which deviations are within three of the usual ones."""
    off = np.abs(off)
    return np.asarray(off <= max(3 * 1.4826 * float(np.median(off)), 1e-6))


def _loss(infrared: Numbers, red: Numbers, crosstalk: float) -> Logs:
    """How much darker infrared is than it would be without damage, as logarithms; in strips, for the memory."""
    import cv2

    size, every = (infrared.shape[0], infrared.shape[1]), _step(infrared.shape, GROUND)

    def left(seen: Numbers, red: Numbers) -> Logs:
        return _logs(seen) - np.float32(crosstalk) * _logs(red)

    lamp = _Lamp.of(left(_medians(infrared, BLOCKS), _medians(red, BLOCKS)), _side(size, BLOCKS), size)
    sampled = left(infrared[::every, ::every], red[::every, ::every])
    side = _side(size, GROUND)
    even = sampled - lamp.at(np.arange(0, size[0], every), np.arange(0, size[1], every))
    ground = cv2.medianBlur(_block_medians(even, side // every), 3)
    across = resize(ground, (ground.shape[0], ground.shape[1] * side))[:, : size[1]]
    loss = np.empty(size, np.float32)
    for top in range(0, size[0], STRIP):
        rows = slice(top, min(top + STRIP, size[0]))
        at = np.arange(rows.start, rows.stop)
        loss[rows] = _down(across, (at + 0.5) / side - 0.5) + lamp.at(at, np.arange(size[1]))
        loss[rows] -= left(infrared[rows], red[rows])
    return np.asarray(cv2.blur(loss, (3, 3)))


def _down(cells: Logs, at: np.ndarray) -> Logs:
    """Rows at these places, in rows of cells, linear between them."""
    at = at.clip(0, len(cells) - 1)
    above = at.astype(int)
    below, share = np.minimum(above + 1, len(cells) - 1), (at - above).astype(np.float32)[:, None]
    return np.asarray(cells[above] * (1 - share) + cells[below] * share, np.float32)


@dataclass(frozen=True, eq=False)
class _Lamp:
    """The fall-off of the scanner's lamp: a quadratic surface of log infrared; places in long sides."""

    weights: np.ndarray
    long: int

    @classmethod
    def of(cls, blocks: Logs, side: int, size: Size) -> "_Lamp":
        """Through blocks of so many pixels a side; those far off it, such as the film's holder, are left out."""
        y, x = ((np.arange(n) + 0.5) * side / max(size) for n in blocks.shape)
        rows, columns = (each.reshape(-1) for each in np.broadcast_arrays(y[:, None], x))
        terms = (np.ones_like(rows), rows, rows**2, columns, columns**2, rows * columns)
        known, values = np.stack(terms, axis=-1), blocks.reshape(-1).astype(np.float64)
        inliers = np.abs(values - np.median(values)) <= -np.log(OPAQUE)
        for _ in range(REFITS):
            weights = np.linalg.lstsq(known[inliers], values[inliers], rcond=None)[0]
            inliers = _near(values - known @ weights)
        return cls(weights, max(size))

    def at(self, rows: np.ndarray, columns: np.ndarray) -> Logs:
        """At these rows and columns of pixels."""
        y, x = ((each + 0.5) / self.long for each in (rows, columns))
        a, b, c, d, e, f = self.weights
        down, right = (a + b * y + c * y * y).astype(np.float32), (d * x + e * x * x).astype(np.float32)
        across = (f * y).astype(np.float32)[:, None] * x.astype(np.float32)
        return np.asarray(down[:, None] + right + across)


def _noise(loss: Logs) -> float:
    """Standard deviation of what is no damage, by the median of deviations."""
    part = loss[:: max(loss.shape[0] // 1024, 1), :: max(loss.shape[1] // 1024, 1)]
    return max(1.4826 * float(np.median(np.abs(part - np.median(part)))), LEAST_NOISE)


def _hysteresis(loss: Logs, strong: float) -> Hole:
    """What is above the threshold, and what is above half of it and touches that (Canny 1986)."""
    import cv2

    _, labels = cv2.connectedComponents((loss > strong / 2).view(np.uint8), connectivity=8)
    chosen = np.zeros(int(labels.max()) + 1, bool)
    chosen[labels[loss > strong]] = True
    chosen[0] = False
    return np.asarray(chosen[labels])


def _holder(infrared: Shaped[np.ndarray, "h w"]) -> Hole:
    """The film's holder: what no infrared passes, wide, from the edge of the picture inward; and its soft rim."""
    import cv2

    side = max(3, round(max(infrared.shape) * HOLDER))
    opaque = (infrared < OPAQUE * float(np.median(infrared))).astype(np.uint8)
    if not opaque.any():
        return np.zeros(infrared.shape, bool)
    around = cv2.copyMakeBorder(opaque, side, side, side, side, cv2.BORDER_REPLICATE)
    wide = cv2.morphologyEx(around, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    _, labels = cv2.connectedComponents(wide)
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    holder = np.isin(labels, edge[edge > 0]).astype(np.uint8)
    rim = cv2.dilate(holder, np.ones((2 * (side // 4) + 3,) * 2, np.uint8))
    return np.asarray(rim[side:-side, side:-side] > 0)
