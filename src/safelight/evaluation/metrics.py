"""How far one picture is from another (PSNR, SSIM, CIEDE2000), and what is made of the scores of many pictures.

A task's table of metrics has a row, `Metric`, for each number that its verdicts hold. Every other function takes
arrays of one picture and gives one number, or a map where its name ends in `_map`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from safelight.arrays import Srgb
from safelight.errors import SafelightError
from safelight.evaluation.intervals import Weights
from safelight.shaped import Float

PSNR_CAP = 50.0  # dB: a picture answered perfectly must not outweigh a hundred others (iColoriT's cap)
SSIM_WINDOW, SSIM_SIGMA = 11, 1.5
SSIM_C1, SSIM_C2 = 0.01**2, 0.03**2
TURN = 2 * math.pi

Scores: TypeAlias = Mapping[str, Float[np.ndarray, "pictures cells"]]  # of one method, by column
Values: TypeAlias = Float[np.ndarray, "resamples cells"]


@dataclass(frozen=True)
class Metric:
    """One row of a task's table: a number made of the scores of many pictures.

    name: in verdicts. title, unit, digits: how it is written. better: +1 if higher is better, -1 if lower is, 0 if
    neither. of: from bootstrap weights and scores to its values; None: the mean of the column of its name.
    compared: whether the model's lead over other methods is reported; not_against: but over these, of which it says
    nothing. in_small_groups: whether it is reported for small groups of pictures. without: cells in which it does not
    exist.
    """

    name: str
    title: str
    unit: str = ""
    digits: int = 2
    better: int = 0
    of: Callable[[Weights, Scores], Values] | None = None
    compared: bool = False
    not_against: tuple[str, ...] = ()
    in_small_groups: bool = False
    without: tuple[str, ...] = ()

    def values(self, weights: Weights, scores: Scores) -> Values:
        """Its value in each cell of each resample; NaN where there is none."""
        return self.of(weights, scores) if self.of else weights @ scores[self.name]


def table_of(*metrics: Metric) -> dict[str, Metric]:
    """The metrics by name, in this order."""
    return {metric.name: metric for metric in metrics}


def psnr(result: Srgb, truth: Srgb, cap: float = PSNR_CAP) -> float:
    """Peak signal-to-noise ratio over R, G and B together, in dB, at most `cap`; higher is better.

    NaN where the result is not a number.
    """
    check_same_shape(result, truth)
    error = float(np.mean(np.square(result - truth), dtype=np.float64))
    return cap if error == 0 else float(np.minimum(cap, -10 * np.log10(error)))


def ssim(result: Srgb, truth: Srgb) -> float:
    """Structural similarity, the mean of R, G and B where the window lies inside the picture; 1 is equal.

    Source: Wang et al. 2004, with its 11×11 Gaussian window of standard deviation 1.5.
    Raises SafelightError where the picture is smaller than the window.
    """
    check_same_shape(result, truth)
    if min(truth.shape[:2]) < SSIM_WINDOW:
        raise SafelightError(f"SSIM needs pictures of at least {SSIM_WINDOW} px; found {truth.shape[:2]}")
    inside = slice(SSIM_WINDOW // 2, -(SSIM_WINDOW // 2))
    return float(ssim_map(result, truth)[inside, inside].mean(dtype=np.float64))


def ssim_map(result: Srgb, truth: Srgb) -> Float[np.ndarray, "h w 3"]:
    """Structural similarity around each pixel, per channel (Wang et al. 2004, equation 13)."""
    x, y = np.asarray(result, np.float64), np.asarray(truth, np.float64)
    mean_x, mean_y = _blur(x), _blur(y)
    var_x = _blur(x * x) - mean_x**2
    var_y = _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + SSIM_C1) / (mean_x**2 + mean_y**2 + SSIM_C1)
    structure = (2 * covariance + SSIM_C2) / (var_x + var_y + SSIM_C2)
    return np.asarray(luminance * structure)


def _blur(planes: Float[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w 3"]:
    import cv2

    return np.asarray(cv2.GaussianBlur(planes, (SSIM_WINDOW, SSIM_WINDOW), SSIM_SIGMA))


def ciede2000(
    first: Float[np.ndarray, "*any 3"], second: Float[np.ndarray, "*any 3"]
) -> Float[np.ndarray, "*any"]:
    """Color difference of two Lab arrays, about 1 where a person just sees it; 0 is equal.

    Source: Sharma, Wu and Dalal 2005, "The CIEDE2000 color-difference formula", equations 2 to 22.
    """
    L1, a1, b1 = np.moveaxis(first, -1, 0)
    L2, a2, b2 = np.moveaxis(second, -1, 0)
    mean_chroma = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    G = 0.5 * (1 - _saturation(mean_chroma))  # 4: near grey, a is stretched
    a1, a2 = a1 * (1 + G), a2 * (1 + G)
    C1, C2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.arctan2(b1, a1) % TURN, np.arctan2(b2, a2) % TURN

    step = h2 - h1  # 10: the short way around the circle; hues just opposite keep their order
    step = np.where(abs(step) > math.pi + 1e-9, step - np.copysign(TURN, step), step)
    step = np.where(C1 * C2 == 0, 0, step)
    dL, dC, dH = L2 - L1, C2 - C1, 2 * np.sqrt(C1 * C2) * np.sin(step / 2)
    L, C = (L1 + L2) / 2, (C1 + C2) / 2
    h = np.where(C1 * C2 == 0, h1 + h2, h1 + step / 2) % TURN  # 14: the hue half-way along it

    T = (
        1 - 0.17 * np.cos(h - math.radians(30)) + 0.24 * np.cos(2 * h)
        + 0.32 * np.cos(3 * h + math.radians(6)) - 0.20 * np.cos(4 * h - math.radians(63))
    )  # fmt: skip
    S_L = 1 + 0.015 * (L - 50) ** 2 / np.sqrt(20 + (L - 50) ** 2)
    S_C = 1 + 0.045 * C
    S_H = 1 + 0.015 * C * T
    blue = np.exp(-(((h - math.radians(275)) / math.radians(25)) ** 2))
    R_T = -2 * _saturation(C) * np.sin(math.radians(60) * blue)
    dL, dC, dH = dL / S_L, dC / S_C, dH / S_H
    return np.asarray(np.sqrt(np.maximum(dL**2 + dC**2 + dH**2 + R_T * dC * dH, 0)))


def _saturation(chroma: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any"]:
    seventh = chroma**7
    return np.asarray(np.sqrt(seventh / (seventh + 25.0**7)))


def check_same_shape(result: np.ndarray, truth: np.ndarray) -> None:
    """Raises SafelightError."""
    if result.shape != truth.shape:
        raise SafelightError(f"the result is {result.shape} and the truth {truth.shape}; expected one shape")
