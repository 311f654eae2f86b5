"""Grain for what was filled: without it a mended scratch shows as a smooth line in a grainy print.

The grain is measured in blocks around the hole: in those that are about as light as the fill and not much rougher
than the flattest of them, each without its own slope. It is drawn anew with their spectrum and their spread between
channels, as noise of random phases (Galerne, Gousseau & Morel 2011), and no more of it than the fill lacks. What is
finer than the steps of 8 bits is left.
"""

from dataclasses import dataclass

import numpy as np

from safelight.masks.shapes import Hole
from safelight.pixels.space import Numbers
from safelight.shaped import Float32

BLOCK = 12  # pixels: side of the blocks
STEP = 6
ENOUGH = 8  # blocks: from fewer nothing is measured
MOST = 2000
ALIKE = 0.1  # of the range: how much lighter or darker than the fill a block may be
FLATTEST, TWICE = (
    0.1,
    2.0,
)  # a block with more than twice the variance of the flattest tenth shows more than grain
LEAST = 0.6 / 255  # of the range: rounding to 8 bits alone makes half of it
REACH = 64  # pixels around a hole in which grain is looked for

Blocks = Float32[np.ndarray, "n b b c"]


@dataclass(frozen=True)
class Grain:
    """What is drawn again.

    kernel: white noise filtered by it has the grain's spectrum, and variance 1. mixing: gives it the grain's spread
    and covariance between channels, of the range of the numbers. fine: spread of its finest part, in the first
    channel.
    """

    kernel: Float32[np.ndarray, "b b"]
    mixing: Float32[np.ndarray, "c c"]
    fine: float

    def drawn(self, size: tuple[int, int], rng: np.random.Generator) -> Float32[np.ndarray, "h w c"]:
        """As much of it as this, different with each generator."""
        import cv2

        margin = BLOCK
        wide = (size[0] + 2 * margin, size[1] + 2 * margin, self.mixing.shape[0])
        noise = rng.standard_normal(wide, np.float32)
        noise = cv2.filter2D(noise, -1, self.kernel).reshape(wide)[margin:-margin, margin:-margin]
        return np.asarray(noise @ self.mixing.T, np.float32)


def measure_grain(
    picture: Float32[np.ndarray, "h w c"], known: Hole, like: Float32[np.ndarray, " c"]
) -> Grain | None:
    """The grain of a picture (range 1) where it is known and about as light as `like`; None where there is none."""
    blocks = _blocks(picture, known)
    if len(blocks) < ENOUGH:
        return None
    away = np.abs(blocks.mean(axis=(1, 2)) - like).max(axis=1)
    nearest = np.argsort(away, kind="stable")
    rest = _without_slope(blocks[nearest[: max(ENOUGH, np.count_nonzero(away <= ALIKE))]])
    variances = np.square(rest).mean(axis=(1, 2, 3))
    flat = rest[variances <= TWICE * np.quantile(variances, FLATTEST)]
    values = flat.reshape(-1, flat.shape[-1])
    covariance = values.T @ values / len(values)
    if np.trace(covariance) < LEAST**2 * len(covariance):
        return None
    return Grain(_kernel(flat), _root(covariance), _finest(flat[..., 0]))


def add_grain(
    filled: Numbers, around: Numbers, known: Hole, place: Hole, seed: tuple[int, ...], amount: float = 1.0
) -> Numbers:
    """What was filled, (h, w, c), with the grain of the numbers around it; of the same kind of numbers.

    around, known: the window in which the grain is looked for, and what of it is of the photo. place: what of `filled`
    is to have it. amount: 0 none .. 1 as around.
    """
    white = 1.0 if filled.dtype.kind == "f" else float(np.iinfo(filled.dtype).max)
    picture, fill = (np.asarray(each, np.float32) / np.float32(white) for each in (around, filled))
    if (picture == picture[..., :1]).all() and (
        fill == fill[..., :1]
    ).all():  # grey: the same in all channels
        picture, fill = picture[..., :1], fill[..., :1]
    if not place.any():
        return filled
    grain = measure_grain(picture, known, fill[place].mean(axis=0))
    if grain is None:
        return filled
    has = _finest(fill[None, ..., 0], place[None])
    lacks = amount * np.sqrt(max(0.0, 1 - (has / max(grain.fine, 1e-9)) ** 2))
    grained = fill + np.float32(lacks) * grain.drawn(place.shape, np.random.default_rng(seed))
    grained = np.where(place[..., None], grained.clip(0, 1), fill) * np.float32(white)
    result = grained if filled.dtype.kind == "f" else np.rint(grained)
    return np.broadcast_to(result, filled.shape).astype(filled.dtype)


def _blocks(picture: Float32[np.ndarray, "h w c"], known: Hole) -> Blocks:
    """The blocks on a grid that are known all over."""
    if min(known.shape) < BLOCK:
        return np.zeros((0, BLOCK, BLOCK, picture.shape[2]), np.float32)
    view = np.lib.stride_tricks.sliding_window_view(known, (BLOCK, BLOCK))[::STEP, ::STEP]
    places = np.argwhere(view.all(axis=(2, 3))) * STEP
    places = places[:: max(1, -(-len(places) // MOST))]
    windows = np.lib.stride_tricks.sliding_window_view(picture, (BLOCK, BLOCK), axis=(0, 1))
    return np.ascontiguousarray(windows[places[:, 0], places[:, 1]].transpose(0, 2, 3, 1))


def _without_slope(blocks: Blocks) -> Blocks:
    """What a plane fitted to each block and channel leaves, scaled for the three numbers that a plane takes."""
    y, x = np.indices((BLOCK, BLOCK), np.float32) - np.float32((BLOCK - 1) / 2)
    scale = (y**2).sum()
    rest = blocks - blocks.mean(axis=(1, 2), keepdims=True)
    for axis in (y, x):
        slope = np.einsum("nijc,ij->nc", rest, axis) / scale
        rest = rest - slope[:, None, None] * axis[..., None]
    return np.asarray(rest * np.float32(np.sqrt(BLOCK**2 / (BLOCK**2 - 3))), np.float32)


def _kernel(flat: Blocks) -> Float32[np.ndarray, "b b"]:
    """The filter whose power is the mean of the blocks' spectra, all channels together."""
    hann = np.hanning(BLOCK + 2)[1:-1]
    tapered = flat * np.outer(hann, hann)[None, ..., None]
    power = (np.abs(np.fft.fft2(tapered, axes=(1, 2))) ** 2).mean(axis=(0, 3))
    kernel = np.fft.fftshift(np.fft.ifft2(np.sqrt(power)).real)
    return np.asarray(kernel / np.sqrt(np.square(kernel).sum()), np.float32)


def _root(covariance: Float32[np.ndarray, "c c"]) -> Float32[np.ndarray, "c c"]:
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(values.clip(0))) @ vectors.T, np.float32)


def _finest(planes: Float32[np.ndarray, "n h w"], places: Hole | None = None) -> float:
    """Spread of what a small blur takes away; from the median, so that edges do not count."""
    import cv2

    rest = np.stack([plane - cv2.GaussianBlur(plane, (0, 0), 1.0) for plane in planes])
    return float(1.4826 * np.median(np.abs(rest if places is None else rest[places])))
