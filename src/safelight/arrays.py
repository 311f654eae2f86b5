"""Named arrays. The name says what the numbers mean; the annotation says shape and type."""

from typing import TypeAlias

import numpy as np

from safelight.shaped import Float, Float32, Shaped

Srgb: TypeAlias = Float[np.ndarray, "h w 3"]  # gamma-encoded sRGB, 0..1
Lab: TypeAlias = Float[np.ndarray, "h w 3"]  # CIE Lab (D65): L 0..100, a and b about -110..110
Lightness: TypeAlias = Float[np.ndarray, "h w"]  # L of Lab, 0..100
Ab: TypeAlias = Float[np.ndarray, "h w 2"]  # a and b of Lab
Mask: TypeAlias = Float[np.ndarray, "h w"]  # 1 = missing, to fill
Pixels: TypeAlias = Shaped[np.ndarray, "h w 3"]  # sRGB as stored: uint8, uint16, or float32 0..1
Planes: TypeAlias = Float32[np.ndarray, "c h w"]  # what a network sees: channels first
