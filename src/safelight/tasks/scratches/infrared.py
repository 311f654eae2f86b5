"""Dust and scratches by the infrared channel of a scan: a mask without guessing at what a picture shows.

The dyes of color film let infrared through, dust holds it back and a scratch scatters it, so that damage is dark on
an even ground (Edgar, US patent 5,266,805, long expired). What is left of the picture in it comes mostly from the cyan
dye and follows red: it is taken off by a line, log infrared = a + b log red, fitted to the medians of small blocks,
which dust does not reach. What is darker than the ground around it, by a multiple of the noise, is damage.

Silver stops infrared as it stops light, so that the infrared of black-and-white film is the picture again; so, less, is
that of Kodachrome. There it follows lightness with a slope that no crosstalk has, and is refused.
"""

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

Logs = Float32[np.ndarray, "h w"]


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
    seen, red = _logs(infrared), _logs(pixels[..., 0])
    _check_film(_shown(seen, pixels[..., 1]))
    seen -= np.float32(_crosstalk(seen, red)) * red
    loss = _smoothed(_without_ground(seen))
    mask = _hysteresis(loss, STRONG * 2 * 4.0**-sensitivity * _noise(loss))
    mask &= ~_holder(infrared)
    share = float(mask.mean())
    if share > MOST:
        raise PhotoError(
            f"its infrared marks {share:.0%} of it, which is no dust: it may be of another picture, or of film that "
            "stops infrared; leave --infrared out"
        )
    return mask.astype(np.float32)


def _logs(numbers: Shaped[np.ndarray, "h w"]) -> Logs:
    """Natural logarithms of numbers over white."""
    if numbers.dtype.kind == "f":
        return np.asarray(np.log(np.maximum(numbers, np.float32(DARKEST))), np.float32)
    white = np.iinfo(numbers.dtype).max
    table = np.log(np.maximum(np.arange(white + 1) / white, DARKEST)).astype(np.float32)
    return np.asarray(table[numbers])


def _side(plane: Logs, along: int) -> int:
    """Pixels a side of blocks, so many along the long side, but larger than dust."""
    return max(int(max(plane.shape)) // along, SMALLEST)


def _medians(plane: Logs, along: int) -> Logs:
    """The medians of square blocks, so many along the long side; of larger ones those of every second pixel or so."""
    side = _side(plane, along)
    step = max(side // 8, 1)
    whole = np.pad(plane, [(0, -size % side) for size in plane.shape], mode="edge")
    h, w = whole.shape[0] // side, whole.shape[1] // side
    blocks = whole.reshape(h, side, w, side)[:, ::step, :, ::step]
    return np.asarray(np.median(blocks.swapaxes(1, 2).reshape(h, w, -1), axis=2), np.float32)


def _crosstalk(seen: Logs, red: Logs) -> float:
    """How much of the picture is in infrared: b of log infrared = a + b log red."""
    x, y = _of_film(red, seen)
    return float(np.clip(_line(x, y)[0], -1, 1))


def _shown(seen: Logs, green: Shaped[np.ndarray, "h w"]) -> tuple[float, float]:
    """Slope and correlation of log infrared over log lightness, for which green stands, or over that of the negative:
    whichever infrared follows closer; noughts where there is no picture."""
    found = [(0.0, 0.0)]
    for light in (_logs(green), _logs(_inverted(green))):
        x, y = _of_film(light, seen)
        slope, inliers = _line(x, y)
        spread = float(y[inliers].std() * x[inliers].std())
        low, high = np.percentile(x, (10, 90))  # dust on an even sky lies beyond these
        if high - low >= PLAIN and spread:
            found.append((slope, float(np.mean(y[inliers] * x[inliers])) / spread))
    return max(found, key=lambda each: abs(each[1]))


def _check_film(shown: tuple[float, float]) -> None:
    slope, correlation = shown
    if abs(correlation) >= SILVER_FIT and abs(slope) >= SILVER_SLOPE:
        raise PhotoError(
            f"its infrared shows the picture itself (correlation {abs(correlation):.2f} with its lightness), as on "
            "black-and-white silver film and Kodachrome, so that it cannot tell dust; leave --infrared out"
        )


def _inverted(numbers: Shaped[np.ndarray, "h w"]) -> Shaped[np.ndarray, "h w"]:
    white = 1 if numbers.dtype.kind == "f" else np.iinfo(numbers.dtype).max
    return np.asarray(white - numbers, numbers.dtype)


def _of_film(x: Logs, seen: Logs) -> tuple[np.ndarray, np.ndarray]:
    """Medians of x and of infrared, less what is broad, as the lamp's light; without what no infrared passes."""
    medians = [_medians(each, BLOCKS) for each in (x, seen)]
    film = medians[1] > np.median(medians[1]) + np.log(OPAQUE)
    of_x, of_seen = ((each - _broad(each))[film].astype(np.float64) for each in medians)
    return of_x, of_seen


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
        off = np.abs(y - slope * x)
        inliers = off <= max(3 * 1.4826 * float(np.median(off)), 1e-6)
    return slope, inliers


def _without_ground(seen: Logs) -> Logs:
    """How much darker infrared is than without damage: less the lamp's fall-off, and less the medians of cells."""
    import cv2

    seen = seen - _lamp(seen)
    side = _side(seen, GROUND)
    cells = cv2.medianBlur(_medians(seen, GROUND), 3)
    whole = resize(cells, (cells.shape[0] * side, cells.shape[1] * side))
    return np.asarray(whole[: seen.shape[0], : seen.shape[1]] - seen, np.float32)


def _lamp(seen: Logs) -> Logs:
    """A quadratic surface through the medians of blocks; those far off it (the film's holder) are left out."""
    blocks, side = _medians(seen, BLOCKS), _side(seen, BLOCKS)
    at = [(np.arange(n) + 0.5) * side / max(seen.shape) for n in blocks.shape]
    known, values = _quadratic(*at).reshape(-1, 6), blocks.reshape(-1).astype(np.float64)
    inliers = np.abs(values - np.median(values)) <= -np.log(OPAQUE)
    for _ in range(REFITS):
        weights = np.linalg.lstsq(known[inliers], values[inliers], rcond=None)[0]
        off = np.abs(values - known @ weights)
        inliers = off <= max(3 * 1.4826 * float(np.median(off)), 1e-6)
    y, x = ((np.arange(n) + 0.5) / max(seen.shape) for n in seen.shape)
    rows = (weights[0] + weights[1] * y + weights[2] * y * y).astype(np.float32)[:, None]
    columns = (weights[3] * x + weights[4] * x * x).astype(np.float32)
    return np.asarray(rows + columns + np.outer(weights[5] * y, x).astype(np.float32))


def _quadratic(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """1, y, y², x, x² and xy at each place of a grid: (rows, columns, 6)."""
    rows, columns = np.broadcast_arrays(y[:, None], x)
    return np.stack([np.ones_like(rows), rows, rows**2, columns, columns**2, rows * columns], axis=-1)


def _smoothed(plane: Logs) -> Logs:
    import cv2

    return np.asarray(cv2.blur(plane, (3, 3)))


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
