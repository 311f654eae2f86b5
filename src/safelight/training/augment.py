"""Augmentation: the same photo, seen a little differently each time. Every draw takes a numpy Generator."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np

from safelight.arrays import Lightness
from safelight.data.cache import Album, photo_in
from safelight.errors import RecipeError
from safelight.pixels.color import lab_to_srgb, srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.shaped import UInt8

Place: TypeAlias = tuple[float, float]  # (x, y) in fractions of the picture


LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # luma of gamma-encoded R, G, B (ITU-R BT.601)


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


@dataclass(frozen=True)
class Augmentation:
    """How each sample is varied. Whatever is 0 is off and draws nothing.

    size: side of the square that the network is trained on, in pixels, a multiple of 32.
    smallest: the smallest crop's side as a share of the picture's, up to 1 (the whole of it).
    flip: mirror left and right, half of the time.
    aging: share of pictures whose lightness is aged (contrast, fading, blur, grain), as old prints are; for
      colorizers alone.
    prints: share of pictures seen as scans of simulated old prints (faded, toned, soft, grainy, some in halftone,
      stained or on paper that shows): by colorizers their lightness, by fillers the picture itself.
    native: share of views as sharp as the picture itself, never enlarged or turned: a picture smaller than `size`
      is continued by its mirror image.
    rotate: turned by up to so many degrees either way.
    stretch: width against height changed by up to this share.
    coarse: shrunk by up to this share and enlarged again, as small photos are.
    brightness: changed by up to this share, the whole picture, before a question is made of it, so that question
      and truth agree.
    contrast: changed by up to this share, likewise.
    saturation: changed by up to this share, likewise.
    hue: turned by up to so many degrees, likewise.
    subject: how far the crop is drawn from a random place to the picture's subject, if its metadata name one:
      0 not at all, 1 centered on it.
    """

    size: int = 128
    smallest: float = 0.6
    flip: bool = True
    aging: float = 0.0
    rotate: float = 0.0
    stretch: float = 0.0
    coarse: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    subject: float = 0.0
    prints: float = 0.0
    native: float = 0.0

    def __post_init__(self) -> None:
        if self.size < 32 or self.size % 32:
            raise RecipeError(f"augment.size is {self.size}; expected a multiple of 32")
        shares = (self.smallest, self.aging, self.prints, self.native)
        if not self.smallest or min(shares) < 0 or max(shares) > 1:
            raise RecipeError(
                "augment.smallest, augment.aging, augment.prints and augment.native are shares, 0 to 1"
            )
        for name, most in MOST.items():
            if not 0 <= getattr(self, name) <= most:
                raise RecipeError(f"augment.{name} is {getattr(self, name):g}; expected 0 (off) to {most:g}")

    @property
    def jitter(self) -> Jitter:
        """The changes of color."""
        return Jitter(self.brightness, self.contrast, self.saturation, self.hue)


MOST = {
    "rotate": 180,
    "stretch": 1,
    "coarse": 0.9,
    "brightness": 0.9,
    "contrast": 0.9,
    "saturation": 1,
    "hue": 180,
    "subject": 1,
}


def check_off(how: Augmentation, names: Sequence[str], why: str) -> None:
    """Raises RecipeError if one of these settings, which a task does not draw, is on."""
    for name in names:
        if getattr(how, name):
            raise RecipeError(f"augment.{name} is {getattr(how, name):g}; {why}: use --augment.{name} 0")


@runtime_checkable
class WithSubjects(Protocol):
    """Pictures that know what each is about."""

    def subject(self, i: int) -> Place | None: ...


def draw_view(
    pictures: Album, number: int, how: Augmentation, rng: np.random.Generator
) -> UInt8[np.ndarray, "s s 3"]:
    """One picture of a set, without its border, augmented.

    Around its subject where the settings ask for it and the set knows it.
    """
    subject = None
    if how.subject and isinstance(pictures, WithSubjects):
        subject = pictures.subject(number)
    return augment(photo_in(pictures, number), how, rng, subject)


def augment(
    picture: UInt8[np.ndarray, "h w 3"],
    how: Augmentation,
    rng: np.random.Generator,
    subject: Place | None = None,
) -> UInt8[np.ndarray, "s s 3"]:
    """A random square crop of the picture at the training size, perhaps turned, mirrored, and of other colors.

    Raises RecipeError for a picture of floats.
    """
    if picture.dtype != np.uint8:
        most = float(np.max(picture, initial=0))
        mend = "multiply by 255 and round" if most <= 1 else "round"
        raise RecipeError(
            f"a picture to train on is {picture.dtype} up to {most:g}; expected uint8 0..255: {mend}"
        )
    if how.native and rng.random() < how.native:
        crop = _own_size(picture, how, rng, subject)
    else:
        cut = _turned_crop if how.rotate or how.stretch else _crop
        crop = cut(picture, how, rng, subject)
    if how.flip and rng.random() < 0.5:
        crop = crop[:, ::-1]
    view = resize(np.ascontiguousarray(crop), (how.size, how.size))
    if how.coarse:
        few = max(1, round(how.size * (1 - rng.uniform(0, how.coarse))))
        view = resize(resize(view, (few, few)), (how.size, how.size))
    return jitter(view, how.jitter, rng) if how.jitter.on else view


def _crop(
    picture: UInt8[np.ndarray, "h w 3"], how: Augmentation, rng: np.random.Generator, subject: Place | None
) -> UInt8[np.ndarray, "side side 3"]:
    height, width = picture.shape[:2]
    side = max(1, round(min(height, width) * rng.uniform(how.smallest, 1.0)))
    return _window(picture, (side, side), how.subject, rng, subject)


def _own_size(
    picture: UInt8[np.ndarray, "h w 3"], how: Augmentation, rng: np.random.Generator, subject: Place | None
) -> UInt8[np.ndarray, "s s 3"]:
    """A square of the training size, pixel for pixel; its mirror image continues a smaller picture."""
    inner = (min(how.size, picture.shape[0]), min(how.size, picture.shape[1]))
    crop = _window(picture, inner, how.subject, rng, subject)
    starts = [int(rng.integers(0, how.size - side + 1)) for side in inner]
    pads = [(start, how.size - side - start) for start, side in zip(starts, inner, strict=True)]
    return np.pad(crop, (*pads, (0, 0)), "symmetric")


def _window(
    picture: UInt8[np.ndarray, "h w 3"],
    size: tuple[int, int],
    pull: float,
    rng: np.random.Generator,
    subject: Place | None,
) -> UInt8[np.ndarray, "a b 3"]:
    """A part of the picture of this size at a random place, drawn so far to its subject."""
    spare = (picture.shape[0] - size[0], picture.shape[1] - size[1])
    top, left = rng.integers(0, spare[0] + 1), rng.integers(0, spare[1] + 1)
    if subject:
        top = _drawn(top, subject[1] * picture.shape[0] - size[0] / 2, spare[0], pull)
        left = _drawn(left, subject[0] * picture.shape[1] - size[1] / 2, spare[1], pull)
    return picture[top : top + size[0], left : left + size[1]]


def _drawn(start: int, goal: float, most: int, pull: float) -> int:
    """From `start` this share of the way to the goal, which is brought into 0..most first."""
    return round(start + pull * (min(max(goal, 0), most) - start))


def _turned_crop(
    picture: UInt8[np.ndarray, "h w 3"], how: Augmentation, rng: np.random.Generator, subject: Place | None
) -> UInt8[np.ndarray, "a b 3"]:
    """A rectangle of the picture, turned; made smaller where its corners would lie outside."""
    height, width = picture.shape[:2]
    angle = math.radians(rng.uniform(-how.rotate, how.rotate))
    aspect = math.exp(rng.uniform(-1, 1) * math.log1p(how.stretch))
    side = min(height, width) * rng.uniform(how.smallest, 1.0)
    h, w = side / math.sqrt(aspect), side * math.sqrt(aspect)
    cos, sin = abs(math.cos(angle)), abs(math.sin(angle))
    scale = min(1.0, height / (h * cos + w * sin), width / (w * cos + h * sin))
    h, w = h * scale, w * scale
    y_room, x_room = (
        (h * cos + w * sin) / 2,
        (w * cos + h * sin) / 2,
    )  # from the middle to the farthest corner
    x, y = rng.uniform(x_room, max(x_room, width - x_room)), rng.uniform(y_room, max(y_room, height - y_room))
    if subject:
        x += how.subject * (min(max(subject[0] * width, x_room), width - x_room) - x)
        y += how.subject * (min(max(subject[1] * height, y_room), height - y_room) - y)
    return _sample(picture, (x, y), (h, w), angle)


def _sample(
    picture: UInt8[np.ndarray, "h w 3"], middle: Place, size: tuple[float, float], angle: float
) -> UInt8[np.ndarray, "a b 3"]:
    """The rectangle of this size (h, w) around `middle` (pixels), turned by `angle` (radians), bilinear."""
    import cv2

    h, w = max(1, round(size[0])), max(1, round(size[1]))
    across, down = size[1] / w, size[0] / h  # pixels of the picture a pixel of the rectangle
    cos, sin = math.cos(angle), math.sin(angle)
    turn = np.array([[cos * across, -sin * down], [sin * across, cos * down]])
    # A pixel (i, j) has its middle at (i + 0.5, j + 0.5), in the picture and in the rectangle.
    shift = np.array(middle) - 0.5 - turn @ np.array([(w - 1) / 2, (h - 1) / 2])
    matrix = np.column_stack([turn, shift])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(picture, matrix, (w, h), flags=how, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def age(L: Lightness, rng: np.random.Generator) -> Lightness:
    """Lightness (0..100) as an old print might show it: another tone curve, faded, soft and grainy."""
    import cv2

    tone = 100 * np.power(np.clip(L, 0, 100) / 100, np.exp(rng.uniform(-0.4, 0.4)))
    black, white = rng.uniform(0, 20), rng.uniform(80, 100)
    faded = black + tone * (white - black) / 100
    if rng.random() < 0.5:
        faded = cv2.GaussianBlur(faded.astype(np.float32), (0, 0), rng.uniform(0.3, 1.2))
    grain = rng.normal(0, rng.uniform(0, 4), L.shape)
    return np.asarray(np.clip(faded + grain, 0, 100), np.float32)


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
        mean = np.float32((x @ LUMA).mean())
        x = np.clip(mean + (x - mean) * _factor(how.contrast, rng), 0, 1)
    if how.saturation:
        luma = (x @ LUMA)[..., None]
        x = np.clip(luma + (x - luma) * _factor(how.saturation, rng), 0, 1)
    if how.hue:
        lab = srgb_to_lab(x)
        angle = np.radians(rng.uniform(-how.hue, how.hue))
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]], np.float32)
        x = lab_to_srgb(np.concatenate([lab[..., :1], lab[..., 1:] @ turn], axis=-1))
    return np.asarray(np.round(x * 255), np.uint8)


def _factor(share: float, rng: np.random.Generator) -> np.float32:
    return np.float32(rng.uniform(1 - share, 1 + share))
