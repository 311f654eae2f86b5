"""Own numbers of a picture to sRGB, at their own depth, by what its space says.

8 bits of RGB and inks go through LittleCMS (Pillow's ImageCms), relative colorimetric with black point
compensation. It takes no 16-bit colors there, so that 16 bits go through the profile's table or, where it
has none, its curves and primaries, evaluated here. Source: ICC.1:2022, 8.3 (a table comes first), F.3.
"""

import io
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageCms

from safelight.pixels import color, icc
from safelight.pixels.icc import SRGB_PRIMARIES, Profile, ProfileError, to_d50, to_xyz
from safelight.pixels.icc_tables import D50, read_table
from safelight.shaped import Float32, UInt8, UInt16

__all__ = ["ProfileError", "convert", "convert_deep", "convert_grey", "is_wide"]

# XYZ under D50, as ICC profiles have it, to linear sRGB: each white to white.
_TO_LINEAR = np.linalg.inv(to_d50(SRGB_PRIMARIES[3]) @ to_xyz(SRGB_PRIMARIES))
Light: TypeAlias = Callable[[UInt16[np.ndarray, "n c"]], Float32[np.ndarray, "n 3"]]

_NEWEST = 4  # version of ICC.1
_NO_SPACES = {
    b"link": "it is a device link, which names no color space",
    b"abst": "it is an abstract profile, which names no color space",
    b"nmcl": "it is a list of named colors, which is no color space",
}
_STRIP = 1 << 17  # pixels converted at a time


def convert(image: Image.Image, profile: bytes) -> Image.Image:
    """An RGB or CMYK picture of 8 bits as sRGB; what already is sRGB stays as it is. Raises ProfileError."""
    transform = _transform(profile, image.mode)
    if transform is None:
        return image
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    return converted


def convert_grey(
    pixels: UInt8[np.ndarray, "..."] | UInt16[np.ndarray, "..."], profile: bytes
) -> UInt8[np.ndarray, "..."] | UInt16[np.ndarray, "..."]:
    """Grey of 8 or 16 bits as grey of sRGB, by a grey profile or an RGB one (R = G = B). Raises ProfileError."""
    levels = _grey_levels(profile)
    if levels is None:
        return pixels
    if pixels.dtype == np.uint8:
        return np.asarray(((levels[::257].astype(np.uint32) + 128) // 257).astype(np.uint8)[pixels])
    return np.asarray(levels[pixels])


def convert_deep(pixels: UInt16[np.ndarray, "*h w c"], profile: bytes) -> UInt16[np.ndarray, "*h w 3"]:
    """16-bit RGB or CMYK as sRGB; what already is sRGB stays as it is. Raises ProfileError."""
    light = _light_of(profile, pixels.shape[-1])
    if pixels.shape[-1] == 3:
        probe = _probe().reshape(-1, 3).astype(np.uint16) * 257
        if np.abs(_levels(light(probe)).astype(np.int32) - probe).max() <= 257:
            return pixels
    flat = pixels.reshape(-1, pixels.shape[-1])
    result = np.empty((len(flat), 3), np.uint16)
    for start in range(0, len(flat), _STRIP):
        result[start : start + _STRIP] = _levels(light(flat[start : start + _STRIP]))
    return result.reshape(*pixels.shape[:-1], 3)


@lru_cache(maxsize=16)
def is_wide(profile: bytes) -> bool:
    """Whether an RGB profile has colors that sRGB has not: one of its primaries lies well outside."""
    corners = np.eye(3, dtype=np.uint16) * np.uint16(65535)
    try:
        return bool(_light_of(profile, 3)(corners).min() < -0.05)
    except ProfileError:
        return False


@lru_cache(maxsize=16)
def is_linear(profile: bytes | None) -> bool:
    """Whether numbers are (nearly) light itself: the middle number is more than 0.4 of white's light."""
    if profile is None:
        return False
    middle = np.full((1, 1), 32768, np.uint16)
    try:
        parsed = icc.parse(profile)
        if parsed.space == b"GRAY" and parsed.table is None:
            return bool(icc.grey_curve(parsed)[32768] > 0.4)
        channels = 1 if parsed.space == b"GRAY" else 3
        return bool((_light_of(profile, channels)(np.repeat(middle, channels, axis=1)) > 0.4).all())
    except ProfileError:
        return False


def check(profile: bytes, mode: str, depth: int) -> None:
    """Raises ProfileError, which says why, unless pixels of a mode (L, RGB, CMYK) can be converted by it."""
    if mode == "L":
        _grey_levels(profile)
        return
    _transform(profile, mode)
    if depth > 8:
        _light_of(profile, 4 if mode == "CMYK" else 3)


def is_srgb(profile: bytes, mode: str) -> bool:
    """Whether converting would change no level of 255 by more than one."""
    if mode == "L":
        return _grey_levels(profile) is None
    return mode == "RGB" and _transform(profile, mode) is None


def title(profile: bytes) -> str:
    """What the profile calls itself, or "an ICC profile"."""
    try:
        words = ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile)))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        words = ""
    return "".join(letter for letter in words if letter.isprintable()).strip()[:80] or "an ICC profile"


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way to sRGB; None if it changes nothing by more than a level. Raises ProfileError."""
    if icc.parse(profile).space != {"RGB": b"RGB ", "CMYK": b"CMYK"}[mode]:
        raise ProfileError(_mismatch(profile, mode))
    try:
        transform = ImageCms.buildTransform(
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        raise ProfileError(_why_not(profile)) from error
    if mode == "CMYK":
        return transform
    after = ImageCms.applyTransform(Image.fromarray(_probe()), transform)
    return None if np.abs(np.asarray(after, np.int16) - _probe()).max() <= 1 else transform


def _why_not(profile: bytes) -> str:
    """Why LittleCMS makes nothing of a profile (ICC.1:2022, 7.2.4 and 7.2.5; ICC.2 has version 5)."""
    if profile[8] > _NEWEST:
        return f"it is of ICC version {profile[8]}, which is not read"
    return _NO_SPACES.get(profile[12:16], "it is damaged")


def _mismatch(profile: bytes, mode: str) -> str:
    space = icc.parse(profile).space
    kind = {b"GRAY": "grey", b"RGB ": "RGB", b"CMYK": "inks"}.get(space, shown_space(space))
    return f"it is for {kind}, the picture is {'inks' if mode == 'CMYK' else mode}"


def shown_space(space: bytes) -> str:
    """The four letters of a color space, printable."""
    return "".join(letter if letter.isprintable() else "?" for letter in space.decode("latin-1")).strip()


@lru_cache(maxsize=8)
def _grey_levels(profile: bytes) -> UInt16[np.ndarray, " levels"] | None:
    """The sRGB grey of each of 65536 levels; None where nothing changes by more than a level of 255."""
    parsed = icc.parse(profile)
    ramp = np.arange(icc.LEVELS, dtype=np.uint16)[:, None]
    if parsed.space == b"GRAY" and parsed.table is None:
        light = icc.grey_curve(parsed)
    elif parsed.space in (b"GRAY", b"RGB "):
        channels = 1 if parsed.space == b"GRAY" else 3
        light = _light_of(profile, channels)(np.repeat(ramp, channels, axis=1)) @ color.TO_XYZ[1]
    else:
        raise ProfileError(_mismatch(profile, "grey"))
    levels = _levels(light)
    return None if np.abs(levels.astype(np.int32) - ramp[:, 0]).max() <= 257 else levels


@lru_cache(maxsize=4)
def _light_of(profile: bytes, channels: int) -> Light:
    """The way from 16-bit numbers (n, channels) to linear sRGB (n, 3), not clipped. Raises ProfileError."""
    parsed = icc.parse(profile)
    if parsed.space != {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}.get(channels):
        raise ProfileError(_mismatch(profile, "CMYK" if channels == 4 else "RGB"))
    if parsed.table is not None or channels == 4:
        return _table_light(profile, parsed)
    channel, primaries = icc.curves_and_primaries(parsed)
    mixing = _TO_LINEAR @ primaries
    mixing = (mixing / mixing.sum(axis=1, keepdims=True)).astype(np.float32)  # white stays white

    def light(levels: UInt16[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
        linear = np.stack([curve[levels[:, index]] for index, curve in enumerate(channel)], axis=1)
        return color.mixed(linear, mixing)

    return light


def _table_light(profile: bytes, parsed: Profile) -> Light:
    """Through a table, its black point moved to black (black point compensation, ISO 18619)."""
    table, black_y = read_table(parsed), _black_of_table(profile, parsed)
    scale = np.float32(1 / (1 - black_y))
    shift = (D50 * np.float32(black_y)).astype(np.float32)
    mixing = _TO_LINEAR.astype(np.float32)

    def light(levels: UInt16[np.ndarray, "n c"]) -> Float32[np.ndarray, "n 3"]:
        return color.mixed((table(levels) - shift) * scale, mixing)

    return light


def _black_of_table(profile: bytes, parsed: Profile) -> float:
    """Y of the darkest that the table knows, as LittleCMS finds it: by what its compensation does to a middle tone.

    Grey is the one kind of picture that Pillow lets LittleCMS give 16 bits.
    """
    middles: dict[bytes, tuple[str, tuple[int, ...]]] = {
        b"GRAY": ("L", (128,)),
        b"RGB ": ("RGB", (128, 128, 128)),
        b"CMYK": ("CMYK", (0, 0, 0, 128)),
    }
    mode, middle = middles[parsed.space]
    try:
        device = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        light = ImageCms.ImageCmsProfile(io.BytesIO(icc.grey_profile("light", icc.power(1))))
        plain, moved = (
            ImageCms.buildTransform(
                device, light, mode, "I;16", ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags(flags)
            )
            for flags in (0, ImageCms.Flags.BLACKPOINTCOMPENSATION)
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError) as error:
        raise ProfileError("it is damaged") from error
    sample = Image.new(mode, (1, 1), middle)
    before, after = (
        float(np.asarray(ImageCms.applyTransform(sample, each))[0, 0]) / 65535 for each in (plain, moved)
    )
    return max((before - after) / (1 - after), 0.0) if after < 0.99 else 0.0


def _levels(light: Float32[np.ndarray, "..."]) -> UInt16[np.ndarray, "..."]:
    return np.asarray((color.encode(light) * np.float32(65535) + np.float32(0.5)).astype(np.uint16))


def _probe() -> UInt8[np.ndarray, "27 27 3"]:
    """All 729 mixtures of nine levels."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    return np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
