"""What stands in an ICC profile: its kind, its tags, its curves and primaries. Source: ICC.1:2022."""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from jaxtyping import Float32, Float64, Shaped

Curve: TypeAlias = Float32[np.ndarray, " levels"]  # linear light 0..1 of each of 65536 levels

LEVELS = 65536
_CURVES, _PRIMARIES = (b"rTRC", b"gTRC", b"bTRC"), (b"rXYZ", b"gXYZ", b"bXYZ")
_TABLES = (b"A2B1", b"A2B0")  # relative colorimetric, else perceptual (ICC.1, 8.2 and 10.2)
_HEAD = 132  # bytes before the table of tags
_LARGEST = 200  # tags


class ProfileError(ValueError):
    """A profile is damaged, or is not for pixels like these."""


@dataclass(frozen=True)
class Profile:
    """A profile's color space (b"RGB ", b"GRAY", b"CMYK"), connection space (b"XYZ ", b"Lab ") and tags."""

    space: bytes
    connection: bytes
    tags: dict[bytes, bytes]

    @property
    def table(self) -> bytes | None:
        """The table from device to connection space, which comes before curves and primaries (ICC.1, 8.3)."""
        return next((self.tags[name] for name in _TABLES if name in self.tags), None)


@lru_cache(maxsize=16)
def parse(profile: bytes) -> Profile:
    """The profile's parts (ICC.1, 7.2 and 7.3). Raises ProfileError if it is cut off or none at all."""
    if profile[36:40] != b"acsp":
        raise ProfileError("it is damaged")
    try:
        (count,) = struct.unpack_from(">L", profile, 128)
        places = [
            struct.unpack_from(">4sLL", profile, 132 + 12 * index) for index in range(min(count, _LARGEST))
        ]
    except struct.error as error:
        raise ProfileError("it is cut off") from error
    tags = {name: profile[start : start + length] for name, start, length in places}
    return Profile(profile[16:20], profile[20:24], tags)


def of_its_length(profile: bytes) -> bytes:
    """The profile, its first field saying how long it is (ICC.1, 7.2.2): libpng drops one in which it does not.

    What follows behind the stated length is padding, unless a tag lies there. One that is cut off stays as it is.
    """
    if len(profile) < _HEAD:
        return profile
    (stated,), (count,) = struct.unpack_from(">L", profile), struct.unpack_from(">L", profile, 128)
    rows = range(min(count, _LARGEST, (len(profile) - _HEAD) // 12))
    last = max((sum(struct.unpack_from(">LL", profile, 136 + 12 * row)) for row in rows), default=_HEAD)
    if last > len(profile):
        return profile
    whole = profile[:stated] if last <= stated < len(profile) else profile
    return struct.pack(">L", len(whole)) + whole[4:]


def grey_curve(profile: Profile) -> Curve:
    """The tone curve of a grey profile, or the one curve of an RGB profile's greys: that of green."""
    for name in (b"kTRC", b"gTRC"):
        if name in profile.tags:
            return read_curve(profile.tags[name])
    raise ProfileError("it has neither a curve nor a table")


def curves_and_primaries(profile: Profile) -> tuple[list[Curve], Float64[np.ndarray, "3 3"]]:
    """Three curves, and linear RGB to XYZ under D50 (ICC.1, F.3). Raises ProfileError."""
    try:
        channels = [read_curve(profile.tags[name]) for name in _CURVES]
        primaries = np.stack([_xyz(profile.tags[name]) for name in _PRIMARIES], axis=1)
    except (KeyError, struct.error) as error:
        raise ProfileError("it has neither curves and primaries nor a table") from error
    if abs(np.linalg.det(primaries)) < 1e-6:
        raise ProfileError("its primaries are no three colors")
    return channels, primaries


def read_curve(tag: bytes) -> Curve:
    """A curve (ICC.1, 10.6) or parametric curve (10.18) at 65536 levels. Raises ProfileError."""
    levels = np.linspace(0, 1, LEVELS)
    try:
        if tag[:4] == b"curv":
            return _sampled(levels, tag)
        if tag[:4] == b"para":
            return _parametric(levels, tag)
    except struct.error as error:
        raise ProfileError("one of its curves is cut off") from error
    raise ProfileError("it has a curve of an unknown kind")


def curve_length(tag: bytes) -> int:
    """Bytes of the curve with which this begins. Raises ProfileError."""
    try:
        if tag[:4] == b"curv":
            return 12 + 2 * int(struct.unpack_from(">L", tag, 8)[0])
        if tag[:4] == b"para":
            return 12 + 4 * (1, 3, 4, 5, 7)[struct.unpack_from(">H", tag, 8)[0]]
    except (struct.error, IndexError) as error:
        raise ProfileError("one of its curves is cut off") from error
    raise ProfileError("it has a curve of an unknown kind")


def _xyz(tag: bytes) -> Shaped[np.ndarray, "3"]:
    return np.array(struct.unpack_from(">3l", tag, 8)) / 65536


def _sampled(levels: Float64[np.ndarray, " levels"], tag: bytes) -> Curve:
    """Nothing: x; one number: a power; more: points, straight lines between them."""
    (count,) = struct.unpack_from(">L", tag, 8)
    if count == 0:
        return levels.astype(np.float32)
    if count > LEVELS:
        raise ProfileError("one of its curves is damaged")
    points = np.array(struct.unpack_from(f">{count}H", tag, 12))
    if count == 1:
        return np.asarray(levels ** (points[0] / 256), np.float32)
    return np.asarray(np.interp(levels, np.linspace(0, 1, count), points / 65535), np.float32)


def _parametric(levels: Float64[np.ndarray, " levels"], tag: bytes) -> Curve:
    """(a x + b)^g + e from x = d up, c x + f below; simpler kinds leave some of these out."""
    (kind,) = struct.unpack_from(">H", tag, 8)
    if kind > 4:
        raise ProfileError("it has a curve of an unknown kind")
    given = np.array(struct.unpack_from(f">{(1, 3, 4, 5, 7)[kind]}l", tag, 12)) / 65536
    g, a, b, c, d, e, f = np.concatenate([given, np.zeros(7 - len(given))])
    if kind == 0:
        a = 1.0
    elif kind in (1, 2):  # level at c below x = -b / a
        c, d, e, f = 0.0, -b / a if a else 0.0, c, c
    with np.errstate(all="ignore"):
        power = np.maximum(a * levels + b, 0) ** g + e
    return np.asarray(np.nan_to_num(np.where(levels >= d, power, c * levels + f)).clip(0, 1), np.float32)
