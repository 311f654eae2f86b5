"""A photo with its mask laid over it: what is going to be filled, seen before it is."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from safelight.arrays import Pixels
from safelight.masks.edit import resize_mask
from safelight.masks.shapes import Hole
from safelight.pixels.files import write_photo
from safelight.pixels.geometry import fit_size, resize

LONGEST = 1600  # pixels of the preview's longer side, at most
RED = np.array([255, 0, 0], np.float32)
COVER = 0.65  # how much of the photo the red hides
SMALL = 1 / 50  # of the longer side: what is smaller gets a ring around it
MOST_RINGS = 300


def draw_mask(pixels: Pixels, hole: Hole) -> UInt8[np.ndarray, "h w 3"]:
    """The photo (h, w, 3), made smaller where it is large, paler, the mask in red, small places in yellow rings."""
    size = (pixels.shape[0], pixels.shape[1])
    scale = min(1.0, LONGEST / max(size))
    shown = fit_size(size, max(1, round(min(size) * scale)))
    white = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
    picture = resize(pixels, shown).astype(np.float32) * np.float32(255 / white)
    small = resize_mask(hole, shown)
    picture = 255 - 0.85 * (255 - picture)
    picture[small] += COVER * (RED - picture[small])
    drawn = np.round(picture).astype(np.uint8)
    _ring_small_places(drawn, small)
    return drawn


def write_preview(path: Path, pixels: Pixels, hole: Hole) -> str:
    """Write the preview, in place of an older one; a line that says where it is. Raises PhotoError."""
    write_photo(path, draw_mask(pixels, hole), overwrite=True, quality=90)
    return f"what is marked is shown in {path}"


def _ring_small_places(drawn: UInt8[np.ndarray, "h w 3"], hole: Hole) -> None:
    """A yellow ring around each place that is easily overlooked, the largest first."""
    import cv2

    longest = max(hole.shape)
    _, _, boxes, middles = cv2.connectedComponentsWithStats(hole.astype(np.uint8))
    order = np.argsort(-boxes[1:, cv2.CC_STAT_AREA])[:MOST_RINGS] + 1
    for place in order:
        reach = max(boxes[place, cv2.CC_STAT_WIDTH], boxes[place, cv2.CC_STAT_HEIGHT])
        if reach < SMALL * longest:
            x, y = (round(each) for each in middles[place])
            cv2.circle(drawn, (x, y), round(0.012 * longest + reach / 2), (255, 220, 0), 1, cv2.LINE_AA)
