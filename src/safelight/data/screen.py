"""One picture, looked at: is it usable, how colorful is it, what does it resemble?"""

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np

from safelight.data.build_state import THUMB, Facts, Square
from safelight.data.crop_anchor import CropAnchor, View, view, window
from safelight.data.scan import PictureFile
from safelight.data.settings import BuildSettings
from safelight.errors import PhotoError
from safelight.pixels.color import chroma, colorfulness, srgb_to_lab
from safelight.pixels.files import read_small
from safelight.pixels.geometry import Box, fit_size, letterbox, resize, square_of_dataset
from safelight.pixels.opening import open_picture
from safelight.pixels.tone import tone_of
from safelight.shaped import UInt8


def screen(
    source: Path, found: PictureFile, settings: BuildSettings, subject: CropAnchor | None = None
) -> tuple[Facts, Square | None]:
    """The facts about one picture file and its fitted pixels, or None where it is refused.

    subject: what the square is cut around, if the settings ask for it. Refusals: "unreadable"; "tiny", a side
    under min_side; "grey", too little chroma or range of ab.
    """
    path = source / found.name
    known: dict[str, Any] = {"file_name": found.name, "bytes": found.bytes, "changed": found.changed}
    known["subject"] = subject
    around = subject if settings.subject else None
    try:
        known["sha256"] = _digest(path)
        small = read_small(path, math.ceil(settings.size / (settings.subject if around else 1)))
        known["height"], known["width"] = _file_size(path, small)
    except (PhotoError, OSError) as error:
        return Facts(**known, refused="unreadable", detail=_reason(error, path)), None
    square, box, shown = _square(small, settings, around)
    known |= _color_of(square if box is None else square[box.slices])
    known["at"] = shown.place(*subject.middle) if subject else None
    refused, detail = _refusal(known, settings)
    if refused:
        return Facts(**known, refused=refused, detail=detail), None
    known |= _looks_of(small)
    known["pixels"] = hashlib.sha256(square.tobytes()).hexdigest()[:32]
    known["box"] = None if box is None else (box.top, box.left, box.height, box.width)
    return Facts(**known), square


def _square(
    small: UInt8[np.ndarray, "h w 3"], settings: BuildSettings, around: CropAnchor | None
) -> tuple[Square, Box | None, View]:
    """The square of a picture or of its subject, the box it fills when padded, and what of the picture it shows."""
    height, width = small.shape[:2]
    if around is None:
        square, box = fit(small, settings)
        return square, box, view((height, width), settings, box)
    cut_out = window((height, width), around, settings.subject)
    square = resize(np.ascontiguousarray(small[cut_out.slices]), (settings.size, settings.size))
    shown = View(cut_out.left / width, cut_out.top / height, cut_out.width / width, cut_out.height / height)
    return square, None, shown


def fit(pixels: UInt8[np.ndarray, "h w 3"], settings: BuildSettings) -> tuple[Square, Box | None]:
    """A picture as a square, and the box it fills inside when it was padded."""
    size = (settings.size, settings.size)
    if settings.fit == "pad":
        return letterbox(pixels, size)
    if settings.fit == "stretch":
        return resize(pixels, size), None
    height, width = fit_size((pixels.shape[0], pixels.shape[1]), settings.size)
    top, left = square_of_dataset(height, width, settings.size)
    crop = resize(pixels, (height, width))[top : top + settings.size, left : left + settings.size]
    return np.ascontiguousarray(crop), None


def _color_of(pixels: UInt8[np.ndarray, "h w 3"]) -> dict[str, Any]:
    ab = srgb_to_lab(pixels)[..., 1:]
    return {
        "chroma": round(float(chroma(ab).mean(dtype=np.float64)), 2),
        "ab_range": round(float(np.ptp(ab[..., 0]) + np.ptp(ab[..., 1])), 2),
        "colorfulness": round(colorfulness(pixels), 2),
        "tone": tone_of(pixels),
    }


def _refusal(known: dict[str, Any], settings: BuildSettings) -> tuple[str, str]:
    height, width = known["height"], known["width"]
    if min(height, width) < settings.min_side:
        return "tiny", f"{width} × {height} pixels, a side < {settings.min_side}"
    if known["ab_range"] < settings.min_ab_range:
        return "grey", f"ab range {known['ab_range']:.1f} < {settings.min_ab_range:g}"
    if known["chroma"] < settings.min_chroma:
        return "grey", f"mean chroma {known['chroma']:.1f} < {settings.min_chroma:g}"
    return "", ""


def _looks_of(pixels: UInt8[np.ndarray, "h w 3"]) -> dict[str, str]:
    """Perceptual hash (DCT, Zauner 2010) and lightness thumbnail of the whole picture."""
    import imagehash
    from PIL import Image

    picture = Image.fromarray(pixels).convert("L")
    thumb = resize(np.asarray(picture), (THUMB, THUMB))
    return {"phash": str(imagehash.phash(picture)), "thumb": thumb.tobytes().hex()}


def _digest(path: Path) -> str:
    if path.exists() and not path.is_file():  # a pipe would be waited for, a device has no end
        raise PhotoError(f"{path} is not a regular file; expected a picture file")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file_size(path: Path, upright: UInt8[np.ndarray, "h w 3"]) -> tuple[int, int]:
    """(h, w) of the file, turned as its reduced copy is."""
    with open_picture(path) as picture:
        width, height = picture.size
    turned = (height > width) != (upright.shape[0] > upright.shape[1])
    return (width, height) if turned else (height, width)


def _reason(error: Exception, path: Path) -> str:
    message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(message.replace(str(path), path.name).split())
