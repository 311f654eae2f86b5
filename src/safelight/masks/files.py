"""A picture file as a mask: which of its pixels mean "missing", and refusals of what is no mask.

Masks that people draw come in every polarity: white or black on the hole, strokes on a transparent layer, a
photo with parts erased. `missing` states it; without it, white or (on a transparent layer) what is painted
is missing, and a mask that then looks inverted is refused instead of believed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from safelight.arrays import Mask
from safelight.errors import EmptyMaskError, PhotoError, shown
from safelight.masks.edit import is_missing, resize_mask
from safelight.masks.shapes import Hole, Size
from safelight.pixels.encode import checked_path
from safelight.pixels.files import read_photo, write_photo
from safelight.pixels.photo import Photo
from safelight.shaped import Shaped, UInt8

MISSING = ("auto", "white", "black", "painted", "erased")
WHITE = 255
LEVEL = 64  # of 255: soft edges of a brush count as missing, the noise that JPEG leaves on black does not
MOST_GREY = 0.2  # share of the picture: with more of it between black and white, it is no mask
CLEAR = 26  # of 255: this near to black or white is black or white
INVERTED = 0.5  # share of missing pixels and of missing edge pixels from which a mask looks inverted
SAME_ASPECT = 0.01

Missing = Literal["auto", "white", "black", "painted", "erased"]


@dataclass(frozen=True)
class MaskFile:
    """A mask as read: the hole at the photo's size, and what there is to remark."""

    hole: Hole
    remarks: tuple[str, ...] = ()

    @classmethod
    def empty(cls, size: Size) -> "MaskFile":
        """Nothing is missing of a photo of this size (h, w)."""
        return cls(np.zeros(size, bool))


def read_mask(path: str | Path, size: Size, missing: Missing = "auto", page: int | None = None) -> MaskFile:
    """The mask in a picture file, for a photo of this size (h, w).

    missing: what is missing: "white", "black", "painted" (what is not transparent) or "erased" (what is).
    "auto" is "white", or "painted" where a part of the picture is transparent. A stated one is believed.
    A mask of another size but the same shape is resized, without leaking damage, and that is remarked.
    page: which of a TIFF's pages it is, from 1.
    Raises PhotoError: unreadable, of another shape, empty, full, grey, or looking inverted.
    """
    name = shown(path)
    photo = read_photo(path, page=page)
    meant = _meant(photo, missing)
    levels, remarks = _stretched(_levels(photo, meant, name), name)
    del photo  # three times the size of the mask, which matters for large photos
    hole = _hole_of(levels, missing, meant, name)
    fitted, resized = _fit(hole, size, name)
    return MaskFile(fitted, (*remarks, *resized))


def mask_of(photo: Photo, size: Size) -> Hole:
    """The hole that a picture in memory says, as `read_mask` reads one from a file. Raises PhotoError."""
    name, meant = "the mask", _meant(photo, "auto")
    levels, _ = _stretched(_levels(photo, meant, name), name)
    return _fit(_hole_of(levels, "auto", meant, name), size, name)[0]


def _meant(photo: Photo, missing: Missing) -> Missing:
    """What "auto" is of this picture."""
    layered = photo.alpha is not None and photo.alpha.min() < np.iinfo(photo.alpha.dtype).max
    return ("painted" if layered else "white") if missing == "auto" else missing


def _hole_of(levels: UInt8[np.ndarray, "h w"], stated: Missing, missing: Missing, name: str) -> Hole:
    cover = ~levels if missing in ("black", "erased") else levels
    _check_levels(cover, name)
    hole = np.asarray(cover >= LEVEL)
    _check_full(hole, missing, name)
    if stated == "auto":
        _check_polarity(hole, missing, name)
    return hole


def write_mask(path: str | Path, mask: Mask, overwrite: bool = False) -> Path:
    """Write a mask as a black-and-white picture, white = missing; returns the path. Raises PhotoError."""
    path = checked_path(path)
    if not _is_numbers(mask) or mask.ndim != 2 or np.isnan(mask).any():
        raise PhotoError("the mask to write is no array (h, w) of numbers or of True and False; 1 = missing")
    if path.suffix.lower() not in (".png", ".tif", ".tiff"):
        raise PhotoError(f"{shown(path)} would blur the mask; write it as .png or .tif")
    white = is_missing(mask).astype(np.uint8) * np.uint8(255)
    return write_photo(path, np.repeat(white[..., None], 3, axis=2), overwrite=overwrite)


def check_mask(mask: Mask, size: Size) -> Hole:
    """The hole of a mask in memory: (h, w), numbers 0..1, True and False, or bytes 0 and 255. Raises PhotoError."""
    if not _is_numbers(mask) or mask.shape != tuple(size):
        found = f"of {mask.dtype}" if _is_odd(mask) else getattr(mask, "shape", type(mask).__name__)
        raise PhotoError(f"the mask is {found}; expected {tuple(size)} as the photo, 1 = missing")
    if mask.dtype == np.uint8 and np.isin(mask, (0, 255)).all():
        mask = mask == 255  # as pictures have it
    if mask.dtype != bool and not (float(mask.min()) >= 0 and float(mask.max()) <= 1):  # NaN fails this too
        raise PhotoError(
            f"the mask has values from {mask.min():.4g} to {mask.max():.4g}; expected 0..1, 1 = missing"
        )
    hole = is_missing(mask)
    if hole.all():
        raise PhotoError("the mask is full, all of the photo is missing; leave what is to be kept 0")
    if not hole.any():
        raise PhotoError("the mask is empty, nothing in it is missing; set it to 1 where the damage is")
    return hole


def _is_numbers(mask: object) -> bool:
    return isinstance(mask, np.ndarray) and not _is_odd(mask)


def _is_odd(mask: object) -> bool:
    """Whether this is an array of texts, objects, complex numbers or times."""
    return isinstance(mask, np.ndarray) and mask.dtype.kind not in "biuf"


def _levels(photo: Photo, missing: Missing, name: str) -> Shaped[np.ndarray, "h w"]:
    """How light each pixel is, or how opaque, in the file's own numbers. Paint of any color on black is light."""
    if missing in ("white", "black"):
        light: np.ndarray = np.maximum(photo.pixels[..., 0], photo.pixels[..., 1])
        return np.asarray(np.maximum(light, photo.pixels[..., 2], out=light))
    if photo.alpha is None:
        raise PhotoError(
            f"{name} has no transparent part that would say what is missing; a mask of white or black says it"
        )
    return photo.alpha


def _stretched(
    levels: Shaped[np.ndarray, "h w"], name: str
) -> tuple[UInt8[np.ndarray, "h w"], tuple[str, ...]]:
    """The levels as 0..255, and a remark where two numbers other than black and white had to be taken for them.

    Programs write masks as 0 and 1, 0 and 128, or 0 and 255 of 65535. Raises PhotoError where all is one number, or
    nothing is light enough to be believed.
    """
    low, high, top = int(levels.min()), int(levels.max()), int(np.iinfo(levels.dtype).max)
    scaled = levels if top == WHITE else np.asarray(levels >> 8, np.uint8)
    light = high * WHITE / top
    if low == high and 0 < light <= WHITE - CLEAR:
        raise PhotoError(f"{name}: every value of it is {high} of {top}; expected a mask of black and white")
    if low == 0 and 0 < light <= WHITE - CLEAR and ((levels == 0) | (levels == high)).all():
        remark = f"the mask {name} has the values 0 and {high} of {top}; {high} was taken for white"
        return np.where(levels == 0, np.uint8(0), np.uint8(WHITE)), (remark,)
    if 0 < light < LEVEL:
        raise PhotoError(
            f"{name}: its highest value is {high} of {top}, and it has more values than two; expected a mask of black "
            f"and white (0 and {top})"
        )
    return scaled, ()


def _check_levels(cover: UInt8[np.ndarray, "h w"], name: str) -> None:
    import cv2

    counts = cv2.calcHist([cover], [0], None, [256], [0, 256])  # of each level; takes no memory
    grey = float(counts[CLEAR : 256 - CLEAR].sum() / cover.size)
    if grey > MOST_GREY:
        raise PhotoError(
            f"{name}: {grey:.0%} of it is grey, between black and white, as in a photo; expected a mask in "
            "black and white (white = missing)"
        )


def _check_full(hole: Hole, missing: Missing, name: str) -> None:
    if hole.all():
        raise PhotoError(
            f"{name}: the mask is full, all of the photo is missing; leave what is to be kept {_other(missing)}"
        )
    if not hole.any():
        raise EmptyMaskError(
            f"{name}: the mask is empty, nothing in it is {missing}; paint the damage {missing}"
        )


def _check_polarity(hole: Hole, missing: Missing, name: str) -> None:
    edge = np.concatenate([hole[0], hole[-1], hole[:, 0], hole[:, -1]])
    if hole.mean() > INVERTED and edge.mean() > INVERTED:
        raise PhotoError(
            f"{name}: {hole.mean():.0%} of the mask is {missing}, and so is {edge.mean():.0%} of its edge: it "
            f"looks inverted ({missing} = missing); say --missing {_other(missing)}, or --missing {missing} "
            "if it is meant so"
        )


def _other(missing: Missing) -> str:
    return {"white": "black", "black": "white", "painted": "erased", "erased": "painted"}[missing]


def _fit(hole: Hole, size: Size, name: str) -> tuple[Hole, tuple[str, ...]]:
    """The hole at the photo's size, and a remark if it had another."""
    if hole.shape == tuple(size):
        return hole, ()
    (h, w), (height, width) = hole.shape, size
    same = abs(height / h / (width / w) - 1) <= max(SAME_ASPECT, 1 / min(h, w))
    if not same:
        raise PhotoError(
            f"{name}: the mask is {w} × {h} pixels, the photo {width} × {height}; draw it on a copy of the photo"
        )
    remark = f"the mask {name} is {w} × {h} pixels and was resized to the photo's {width} × {height}"
    return resize_mask(hole, size), (remark,)
