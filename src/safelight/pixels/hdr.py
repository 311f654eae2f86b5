"""HDR pictures (PQ and HLG) to sRGB: what is brighter than paper white is cut off. Source: ITU-R BT.2100, BT.2408."""

import numpy as np
from jaxtyping import Float32, Shaped

from safelight.pixels import curves
from safelight.pixels.code_points import narrow_levels
from safelight.pixels.icc import LEVELS
from safelight.pixels.icc_made import SRGB, to_d50, to_xyz
from safelight.pixels.space import Hdr

PAPER_WHITE = 203.0  # cd/m², BT.2408, 2.2
HLG_PEAK = 1000.0  # cd/m² of the display for which the system gamma of HLG is 1.2
_STRIP = 1 << 17  # pixels at a time


def convert_hdr(pixels: Shaped[np.ndarray, "*h w c"], hdr: Hdr) -> Shaped[np.ndarray, "*h w c"]:
    """uint8 or uint16 of PQ or HLG, RGB or grey (one channel), as sRGB of the same depth."""
    table, mixing = _table(hdr, 8 * pixels.itemsize), _mixing(hdr)
    channels, white = pixels.shape[-1], np.iinfo(pixels.dtype).max
    flat = pixels.reshape(-1, channels)
    result = np.empty_like(flat)
    for start in range(0, len(flat), _STRIP):
        strip = flat[start : start + _STRIP].astype(np.uint16) * np.uint16(65535 // white)
        light = table[strip]
        if channels == 3:
            light = curves.mixed(_displayed(light, hdr), mixing)
        elif hdr.transfer == "HLG":
            light = light**1.2 * np.float32(HLG_PEAK / PAPER_WHITE)
        result[start : start + _STRIP] = curves.encode(light) * np.float32(white) + np.float32(0.5)
    return result.reshape(pixels.shape)


def _table(hdr: Hdr, depth: int) -> Float32[np.ndarray, " levels"]:
    """Of each of 65536 levels: PQ, light in paper whites (BT.2100, table 4); HLG, light of the scene (table 5)."""
    level = np.linspace(0, 1, LEVELS)
    if hdr.transfer == "PQ":
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        root = level ** (1 / m2)
        light = 10000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1) / PAPER_WHITE
    else:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(level <= 0.5, level**2 / 3, (np.exp((level - c) / a) + b) / 12)
    return np.asarray(light[narrow_levels(depth)] if hdr.narrow else light, np.float32)


def _displayed(light: Float32[np.ndarray, "n 3"], hdr: Hdr) -> Float32[np.ndarray, "n 3"]:
    """Light of the display, in paper whites (of HLG: BT.2100, table 5, the OOTF)."""
    if hdr.transfer == "PQ":
        return light
    scene = light @ to_xyz(hdr.primaries)[1].astype(np.float32)
    return np.asarray(light * scene[:, None] ** np.float32(0.2) * np.float32(HLG_PEAK / PAPER_WHITE))


def _mixing(hdr: Hdr) -> Float32[np.ndarray, "3 3"]:
    ours, theirs = (to_d50(each[3]) @ to_xyz(each) for each in (SRGB, hdr.primaries))
    return np.linalg.solve(ours, theirs).astype(np.float32)
