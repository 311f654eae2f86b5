"""Scans of film with an infrared channel, made of a picture and of known damage, as tests need them."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import tifffile

from safelight.pixels.files import read_photo
from safelight.pixels.geometry import resize

EXAMPLES = Path(__file__).parents[1] / "examples"
WHITE = 65535


@dataclass(frozen=True, eq=False)
class Scan:
    """rgb (h, w, 3) and infrared (h, w), uint16; damage (h, w) bool, where something lies on the film."""

    rgb: np.ndarray
    infrared: np.ndarray
    damage: np.ndarray


def film_scan(
    height: int = 300,
    crosstalk: float = 0.08,
    noise: float = 0.01,
    stopped: float = 0.35,
    silver: bool = False,
    seed: int = 0,
) -> Scan:
    """A scan of a picture with specks, a hair and a scratch.

    crosstalk: infrared goes with this power of red. noise: standard deviation, of infrared. stopped: the share of
    infrared that damage stops. silver: infrared sees what light sees.
    """
    rng = np.random.default_rng(seed)
    small = read_photo(EXAMPLES / "coffee.jpg").pixels
    picture = resize(small, (height, height * 3 // 2)).astype(np.float32) / 255
    h, w = picture.shape[:2]
    damage = np.zeros((h, w), np.uint8)
    for _ in range(25):
        center = int(rng.integers(8, w - 8)), int(rng.integers(8, h - 8))
        cv2.circle(damage, center, int(rng.integers(1, 4)), 1, -1)
    hair = np.cumsum(rng.normal((3, 1), 4, (40, 2)), axis=0) + np.array([w / 3, h / 3])
    cv2.polylines(damage, [hair.astype(np.int32)], isClosed=False, color=1, thickness=2)
    cv2.line(damage, (w // 8, 10), (w // 7, h - 10), 1, 1)
    soft = cv2.GaussianBlur(damage.astype(np.float32), (0, 0), 0.7)
    lamp = 0.85 - 0.15 * ((np.mgrid[:h, :w] / np.array([h, w]).reshape(2, 1, 1) - 0.5) ** 2).sum(0)
    power = 1.0 if silver else crosstalk
    infrared = lamp * np.maximum(picture[..., 0], 0.02) ** power * (1 - stopped * soft)
    infrared = infrared * (1 + rng.normal(0, noise, (h, w)))
    rgb = picture * (1 - np.minimum(1.5 * stopped, 0.9) * soft[..., None])
    return Scan(_deep(rgb), _deep(infrared), damage > 0)


def _deep(floats: np.ndarray) -> np.ndarray:
    return (floats.clip(0, 1) * WHITE + 0.5).astype(np.uint16)


def called_masks(path: Path) -> None:
    """Say of a TIFF's last page that it is a mask, as SilverFast does, and tifffile does not for 16 bits."""
    with tifffile.TiffFile(path, mode="r+b") as file:
        file.pages[-1].tags["NewSubfileType"].overwrite(4)
