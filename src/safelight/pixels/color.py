"""sRGB to CIE Lab and back (D65, L 0..100), how colorful a picture is, and a photo with new color.

Sources: IEC 61966-2-1 (sRGB), CIE 15:2004 (Lab), Hasler & Süsstrunk 2003 (colorfulness).
"""

from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Shaped

from safelight.arrays import Lightness
from safelight.pixels.curves import TO_LINEAR, TO_XYZ, compress, encode, expand, linearize, luminance
from safelight.pixels.recolor import replace_ab

__all__ = ["chroma", "colorfulness", "lab_to_srgb", "replace_ab", "srgb_to_lab", "srgb_to_lightness"]

Colors: TypeAlias = Float32[np.ndarray, "*any 3"]


def srgb_to_lab(srgb: Shaped[np.ndarray, "*any 3"]) -> Colors:
    """Lab (D65, L 0..100) of sRGB: floats 0..1, uint8 or uint16."""
    fx, fy, fz = np.moveaxis(compress(linearize(srgb) @ TO_XYZ.T), -1, 0)
    return np.stack([116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)], axis=-1)


def lab_to_srgb(lab: Float32[np.ndarray, "*any 3"]) -> Colors:
    """sRGB 0..1 of Lab (D65). Colors outside sRGB are clipped channel by channel, which moves their L."""
    L, a, b = np.moveaxis(np.asarray(lab, np.float32), -1, 0)
    fy = (L + 16) / 116
    xyz = expand(np.stack([fy + a / 500, fy, fy - b / 200], axis=-1))
    return encode(xyz @ TO_LINEAR.T)


def srgb_to_lightness(pixels: Shaped[np.ndarray, "h w *rgb"]) -> Lightness:
    """L of Lab, 0..100, of sRGB (h, w, 3) or grey (h, w): uint8, uint16 or floats 0..1."""
    return 116 * compress(luminance(pixels)) - 16


def chroma(ab: Float32[np.ndarray, "*any 2"]) -> Float32[np.ndarray, "*any"]:
    """Distance from grey in the ab plane, 0 for grey and up to 134 for sRGB's purest blue."""
    return np.asarray(np.hypot(ab[..., 0], ab[..., 1]))


def colorfulness(pixels: Shaped[np.ndarray, "h w 3"]) -> float:
    """Hasler & Süsstrunk 2003, equation 4, on sRGB 0..255: 0 for grey, 33 "moderately", 109 "extremely"."""
    white = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1
    red, green, blue = np.moveaxis(pixels * np.float32(255 / white), -1, 0)
    opponents = np.stack([red - green, (red + green) / 2 - blue]).reshape(2, -1)
    spread = np.linalg.norm(opponents.std(axis=1, dtype=np.float64))
    return float(spread + 0.3 * np.linalg.norm(opponents.mean(axis=1, dtype=np.float64)))
