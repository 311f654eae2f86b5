"""Color jitter: the same photo in another light, from another camera."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from safelight.pixels.color import lab_to_srgb, srgb_to_lab

WEIGHTS = np.array([0.299, 0.587, 0.114], np.float32)  # luma of gamma-encoded R, G, B (ITU-R BT.601)


@dataclass(frozen=True)
class Jitter:
    """brightness, contrast, saturation: changed by up to this share; hue: by up to so many degrees. 0 is off."""

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0

    @property
    def on(self) -> bool:
        """Whether anything is changed."""
        return max(self.brightness, self.contrast, self.saturation, self.hue) > 0


def jitter(
    picture: UInt8[np.ndarray, "h w 3"], how: Jitter, rng: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """The picture in other colors. What is 0 is left as it is and draws nothing.

    Brightness, contrast (about the mean luma) and saturation (about each pixel's luma) as torchvision's
    ColorJitter does them, always in this order; hue is turned in the ab plane, which keeps the lightness.
    """
    x = np.asarray(picture, np.float32) / 255
    if how.brightness:
        x = np.clip(x * _factor(how.brightness, rng), 0, 1)
    if how.contrast:
        mean = np.float32((x @ WEIGHTS).mean())
        x = np.clip(mean + (x - mean) * _factor(how.contrast, rng), 0, 1)
    if how.saturation:
        luma = (x @ WEIGHTS)[..., None]
        x = np.clip(luma + (x - luma) * _factor(how.saturation, rng), 0, 1)
    if how.hue:
        lab = srgb_to_lab(x)
        angle = np.radians(rng.uniform(-how.hue, how.hue))
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
        x = lab_to_srgb(np.concatenate([lab[..., :1], lab[..., 1:] @ turn], axis=-1))
    return np.asarray(np.round(x * 255), np.uint8)


def _factor(share: float, rng: np.random.Generator) -> np.float32:
    return np.float32(rng.uniform(1 - share, 1 + share))
