"""What is filled keeps the tone of the print.

A network that learned from color photographs takes brown to be a cast, and fills a sepia print with grey. In a toned
print color follows from lightness: a and b of Lab lie near a parabola over L. So the parabola is fitted to what is
known, and what was filled is drawn to it: wholly where the known colors stray from it as little as those of a toned
print do, not at all where they stray as those of a color photograph.
"""

import numpy as np

from safelight.arrays import Srgb
from safelight.masks.shapes import Hole
from safelight.pixels.color import lab_to_srgb, srgb_to_lab
from safelight.shaped import Float

TONED, COLORED = 3.5, 6.0  # units of ab, root mean square: docs/fill.md has those of prints and photographs
SEEN = 4096  # known pixels that are looked at, at most


def in_tone(found: Srgb, picture: Srgb, hole: Hole) -> Srgb:
    """A filled picture (h, w, 3), 0..1, with the tone of what is known of it; grey where all of that is grey."""
    known = picture[~hole]
    if not (known != known[:, :1]).any():
        return np.repeat(found.mean(axis=2, keepdims=True), 3, axis=2)
    lab = srgb_to_lab(known[:: -(-len(known) // SEEN)][None])[0]
    lightest, darkest = lab[:, 0].max(), lab[:, 0].min()
    curve = np.linalg.lstsq(_powers(lab[:, 0]), lab[:, 1:], rcond=None)[0]
    strays = float(np.sqrt(np.square(lab[:, 1:] - _powers(lab[:, 0]) @ curve).sum(axis=1).mean()))
    own = np.clip((strays - TONED) / (COLORED - TONED), 0, 1)
    if own == 1:
        return found
    filled = srgb_to_lab(found[hole][None])
    tone = _powers(filled[0, :, 0].clip(darkest, lightest)) @ curve
    filled[0, :, 1:] = tone + own * (filled[0, :, 1:] - tone)
    toned = found.copy()
    toned[hole] = lab_to_srgb(filled)[0].clip(0, 1)
    return toned


def _powers(L: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n 3"]:
    """1, L and its square, L as a share of white."""
    share = L / 100
    return np.stack([np.ones_like(share), share, share**2], axis=1)
