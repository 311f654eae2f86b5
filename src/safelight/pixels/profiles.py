"""Colors from an embedded ICC profile to sRGB.

8 bits go through LittleCMS (Pillow's ImageCms). It takes no 16-bit RGB there, so 16 bits go through the
profile's own curves and primaries, which nearly every RGB working space consists of (Adobe RGB, Display P3,
ProPhoto). Source: ICC.1:2022, sections 8.3, 10.6 (curves) and 10.18 (parametric curves).
"""

import io
import struct
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Shaped, UInt8, UInt16
from PIL import Image, ImageCms

from safelight.pixels import curves

Curve: TypeAlias = Float32[np.ndarray, " levels"]  # linear light 0..1 of each of 65536 levels

# Linear sRGB to XYZ under D50, as ICC profiles have it (Bradford; brucelindbloom.com).
_SRGB_D50 = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
_CURVES, _PRIMARIES = (b"rTRC", b"gTRC", b"bTRC"), (b"rXYZ", b"gXYZ", b"bXYZ")
_STRIP = 1 << 18  # pixels converted at a time


class ProfileError(ValueError):
    """A profile is damaged, or is not for pixels like these."""


def convert(image: Image.Image, profile: bytes) -> Image.Image:
    """An L, RGB or CMYK picture of 8 bits as sRGB: L stays L, and what already is sRGB stays as it is."""
    transform = _transform(profile, image.mode)
    if transform is None:
        return image
    converted = ImageCms.applyTransform(image, transform)
    assert converted is not None
    return converted.getchannel("G") if image.mode == "L" else converted


@lru_cache(maxsize=8)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """The way to sRGB; None if it changes nothing by more than a level. Raises ProfileError."""
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
        raise ProfileError(str(error)) from error
    if mode == "CMYK":
        return transform
    probe = _probe() if mode == "RGB" else np.arange(256, dtype=np.uint8)[None]
    after = ImageCms.applyTransform(Image.fromarray(probe), transform)
    change = np.asarray(after, np.int16) - (probe if mode == "RGB" else probe[..., None])
    return None if np.abs(change).max() <= 1 else transform


def has_curves(profile: bytes) -> bool:
    """Whether the profile has the curves and primaries that `convert_deep` needs, not only a table."""
    tags = _tags(profile)
    return b"kTRC" in tags or all(name in tags for name in (*_CURVES, *_PRIMARIES))


def convert_deep(pixels: UInt16[np.ndarray, "h w *rgb"], profile: bytes) -> UInt16[np.ndarray, "h w *rgb"]:
    """16-bit RGB (h, w, 3) or grey (h, w) as sRGB. Raises ProfileError, also where a profile is a table."""
    tags = _tags(profile)
    try:
        if pixels.ndim == 2:
            level = curves.encode(_curve(tags[b"kTRC"]))
            return np.asarray((level * 65535 + 0.5).astype(np.uint16)[pixels])
        channels = [_curve(tags[name]) for name in _CURVES]
        primaries = np.stack([_xyz(tags[name]) for name in _PRIMARIES], axis=1)
    except (KeyError, struct.error, ValueError) as error:
        raise ProfileError("the profile has no curves and primaries") from error
    mixing = np.linalg.solve(_SRGB_D50, primaries)
    mixing = (mixing / mixing.sum(axis=1, keepdims=True)).astype(np.float32)  # white stays white
    probe = _probe().astype(np.uint16) * 257
    if np.abs(_mix(probe, channels, mixing).astype(np.int32) - probe).max() <= 257:
        return pixels
    result = np.empty_like(pixels)
    rows = max(1, _STRIP // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        result[top : top + rows] = _mix(pixels[top : top + rows], channels, mixing)
    return result


def _mix(pixels: UInt16[np.ndarray, "h w 3"], channels: list[Curve], mixing: np.ndarray) -> np.ndarray:
    light = np.stack([curve[pixels[..., index]] for index, curve in enumerate(channels)], axis=-1)
    return (curves.encode(light @ mixing.T) * 65535 + np.float32(0.5)).astype(np.uint16)


def _probe() -> UInt8[np.ndarray, "27 27 3"]:
    """All 729 mixtures of nine levels."""
    steps = np.linspace(0, 255, 9).astype(np.uint8)
    return np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)


def _tags(profile: bytes) -> dict[bytes, bytes]:
    try:
        (count,) = struct.unpack_from(">L", profile, 128)
        places = [struct.unpack_from(">4sLL", profile, 132 + 12 * index) for index in range(min(count, 200))]
    except struct.error as error:
        raise ProfileError("the profile is cut off") from error
    return {name: profile[start : start + length] for name, start, length in places}


def _xyz(tag: bytes) -> Shaped[np.ndarray, "3"]:
    return np.array(struct.unpack_from(">3l", tag, 8)) / 65536


def _curve(tag: bytes) -> Curve:
    levels = np.linspace(0, 1, 65536)
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">L", tag, 8)
        if count == 0:
            return levels.astype(np.float32)
        points = np.array(struct.unpack_from(f">{count}H", tag, 12))
        if count == 1:
            return np.asarray(levels ** (points[0] / 256), np.float32)
        return np.interp(levels, np.linspace(0, 1, count), points / 65535).astype(np.float32)
    if tag[:4] == b"para":
        return _parametric(levels, tag)
    raise ProfileError("the profile has a curve of an unknown kind")


def _parametric(levels: np.ndarray, tag: bytes) -> Curve:
    """(a x + b)^g + e from x = d up, c x + f below; simpler kinds leave some of these out."""
    (kind,) = struct.unpack_from(">H", tag, 8)
    if kind > 4:
        raise ProfileError("the profile has a curve of an unknown kind")
    given = np.array(struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}l", tag, 12)) / 65536
    g, a, b, c, d, e, f = np.concatenate([given, np.zeros(7 - len(given))])
    if kind == 0:
        a = 1.0
    elif kind in (1, 2):  # level at c below x = -b / a
        c, d, e, f = 0.0, -b / a if a else 0.0, c, c
    power = np.maximum(a * levels + b, 0) ** g + e
    return np.asarray(np.where(levels >= d, power, c * levels + f).clip(0, 1), np.float32)
