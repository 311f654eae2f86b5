"""How photos are written so that every pixel that was not meant to change comes back as it was."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from safelight.batch.places import room_for
from safelight.masks.shapes import Hole
from safelight.pixels import tiff_packing
from safelight.pixels.files import Photo, write_remarked
from safelight.pixels.tiff_packing import Packing
from safelight.runtime.names import LOSSY


def write_lossless(
    path: Path, photo: Photo, overwrite: bool, packing: Packing = tiff_packing.USUAL
) -> tuple[str, ...]:
    """Write the photo so that its pixels come back bit by bit; remarks on what the format cannot hold."""
    quality = 100 if path.suffix.lower() == ".webp" else 95
    remarks = write_remarked(room_for(path), photo, overwrite=overwrite, quality=quality, packing=packing)
    if path.suffix.lower() in LOSSY:
        kind = ".tif" if photo.native and photo.native.mode == "CMYK" else ".png"
        remarks += (f"a JPEG changes every pixel a little; write a {kind} to keep the rest bit by bit",)
    return remarks


def made_opaque(photo: Photo, hole: Hole) -> Photo:
    """The photo with nothing transparent in the hole."""
    if photo.alpha is None:
        return photo
    alpha = photo.alpha.copy()
    alpha[hole] = np.iinfo(alpha.dtype).max
    return replace(photo, alpha=alpha)
