"""A strip of text below a picture that says how it was made, in the picture's own mode, depth and color space."""

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from safelight.errors import PhotoError, in_short
from safelight.pixels.native import Native, numbers_of, to_srgb
from safelight.pixels.photo import Photo
from safelight.pixels.space import SRGB, Hdr, Numbers
from safelight.pixels.write_metadata import of_size
from safelight.provenance.made import Made
from safelight.provenance.terms import Kind
from safelight.shaped import Float32, UInt8

Ink = Float32[np.ndarray, "h w"]  # 0 = paper, 1 = black

LARGEST = 500  # letters
_SHARE = 1 / 36  # of the shorter side: how high the letters are
_LEAST, _MOST = 9, 400  # pixels: the same
_WEIGHT = 400  # of OpenCV's font: regular
_PAPER = {"PQ": 0.5807, "HLG": 0.75}  # the signal of paper white (BT.2408, table 1)
_BEGINS: dict[Kind, str] = {
    "learned": "Edited by a machine",
    "classical": "Damage filled by an algorithm",
    "generated": "Made by a machine",
    "unchanged": "",
}
_OF_COMMAND = {"colorize": "Colored by a machine", "fill": "Damage filled by a machine"}


def check_caption(text: str) -> str:
    """The text as it is drawn. Raises PhotoError if it is too long, or has letters that cannot be drawn."""
    plain = " ".join(text.split())
    if len(plain) > LARGEST:
        raise PhotoError(f"the caption has {len(plain)} letters; expected at most {LARGEST}")
    lacking = "".join(dict.fromkeys(letter for letter in plain if not _has(letter)))
    if lacking:
        raise PhotoError(
            f"the caption has letters that the font here lacks ({in_short(lacking)}); write it without them, or "
            "install OpenCV 5, which brings a larger font"
        )
    return plain


def caption_of(made: Made) -> str:
    """What a caption says unless the user has a text: "Colored by a machine: safelight 0.1.0, model color"."""
    begin = _BEGINS[made.kind]
    if made.kind == "learned":
        begin = _OF_COMMAND.get(made.command, begin)
    names = dict.fromkeys(model.name for model in made.models)
    models, plural = ", ".join(names), "models" if len(names) > 1 else "model"
    return f"{begin}: {made.software}{f', {plural} {models}' if models else ''}" if begin else ""


def with_caption(photo: Photo, text: str) -> Photo:
    """The photo with the text on a strip of paper below it; its EXIF and XMP say the new size.

    A photo with own numbers gets the strip in these; alpha is opaque there. Raises PhotoError as `check_caption`.
    """
    ink = draw(check_caption(text), photo.size[1], round(min(photo.size) * _SHARE))
    paper = np.repeat((1 - ink)[..., None], 3, axis=2)
    native, pixels = photo.native, numbers_of([paper], "RGB", SRGB, photo.pixels.dtype)
    if native is not None:
        own = _own_strip(native, paper)
        pixels = np.broadcast_to(to_srgb(own, native.mode, native.space), paper.shape)
        native = replace(native, pixels=np.concatenate([native.pixels, own]))
    alpha, beside = photo.alpha, photo.beside
    if alpha is not None:
        alpha = np.concatenate([alpha, np.full(ink.shape, np.iinfo(alpha.dtype).max, alpha.dtype)])
    if beside is not None:  # infrared without dust
        white = np.full((*ink.shape, beside.shape[2]), np.iinfo(beside.dtype).max, beside.dtype)
        beside = np.concatenate([beside, white])
    whole = replace(
        photo, pixels=np.concatenate([photo.pixels, pixels]), alpha=alpha, native=native, beside=beside
    )
    return of_size(whole, whole.size)


def _own_strip(native: Native, paper: Float32[np.ndarray, "h w 3"]) -> Numbers:
    """The strip in own numbers."""
    if native.mode == "CMYK":
        return numbers_of([np.ones_like(paper), paper], "CMYK", native.space, native.pixels.dtype)
    if native.space.hdr:
        paper = _in_hdr(paper, native.space.hdr)
    return numbers_of([paper], native.mode, native.space, native.pixels.dtype)


def _in_hdr(paper: Float32[np.ndarray, "h w 3"], hdr: Hdr) -> Float32[np.ndarray, "h w 3"]:
    """The signal of paper: its white is that of BT.2408, not the brightest that there is."""
    signal = paper * np.float32(_PAPER[hdr.transfer])
    return np.asarray((16 + 219 * signal) / 255 if hdr.narrow else signal, np.float32)


def draw(text: str, width: int, height: int) -> Ink:
    """The text in lines of this width, its letters about so high: (h, width), 0 paper, 1 ink."""
    size = min(max(height, _LEAST), _MOST)
    margin = max(2, min(size // 2, width // 20))
    lines = _lines(text, size, width - 2 * margin)
    step = round(1.4 * size)
    ink = np.zeros((step * len(lines) + size // 2, width), np.uint8)
    for number, line in enumerate(lines):
        _write(ink, line, margin, round(size // 4 + number * step + 1.05 * size), size)
    return np.asarray(ink / np.float32(255), np.float32)


def _lines(text: str, size: int, width: int) -> list[str]:
    """The text in lines that are not wider, cut between words; a word that is too wide is cut within."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        if _width(joined, size) <= width:
            lines[-1] = joined
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and _width(lines[-1] + letter, size) > width:
                lines.append("")
            lines[-1] += letter
    return [line for line in lines if line] or [""]


def _large_font() -> "cv2.FontFace | None":
    """OpenCV's own font, which has the letters of most languages; OpenCV 4 has none."""
    return cv2.FontFace("sans") if hasattr(cv2, "FontFace") else None


@lru_cache(maxsize=8)
def _small_font(size: int) -> "ImageFont.FreeTypeFont | ImageFont.ImageFont":
    """Pillow's own font: the letters of English."""
    return ImageFont.load_default(size)


def _has(letter: str) -> bool:
    if _large_font() is not None:
        return letter.isprintable()
    font = _small_font(20)
    return letter.isprintable() and (
        letter == " " or bytes(font.getmask(letter)) != bytes(font.getmask("\ue123"))
    )


def _width(text: str, size: int) -> int:
    font = _large_font()
    if font is None:
        return round(_small_font(size).getbbox(text)[2])
    box = cv2.getTextSize((0, 0), text, (0, 0), font, size, _WEIGHT)
    return int(box[0] + box[2])


def _write(ink: UInt8[np.ndarray, "h w"], text: str, left: int, baseline: int, size: int) -> None:
    """Write a line onto uint8 (h, w), 255 = ink."""
    font = _large_font()
    if font is not None:
        cv2.putText(ink, text, (left, baseline), (255, 255, 255), font, size, _WEIGHT)
        return
    image = Image.fromarray(ink)
    ImageDraw.Draw(image).text((left, baseline), text, fill=255, font=_small_font(size), anchor="ls")
    ink[:] = np.asarray(image)
