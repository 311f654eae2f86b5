"""ICC profiles read (kind, tags, curves, primaries), and small ones made from formulas. Source: ICC.1:2022."""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np

from safelight.shaped import Float32, Float64, Shaped

Xy: TypeAlias = tuple[float, float]  # chromaticity
Primaries: TypeAlias = tuple[Xy, Xy, Xy, Xy]  # red, green, blue, white

D65: Xy = (0.3127, 0.3290)
SRGB_PRIMARIES: Primaries = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65)  # IEC 61966-2-1
ADOBE_RGB: Primaries = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), D65)  # Adobe RGB (1998), 4.3.1
ADOBE_GAMMA = 563 / 256
_MOST_POINTS = 4096
_D50 = np.array([0.9642, 1.0, 0.8249])  # ICC.1, 7.2.16
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def power(gamma: float) -> bytes:
    """The curve x^gamma."""
    return parametric(0, (gamma,))


def parametric(kind: int, values: tuple[float, ...]) -> bytes:
    """A parametric curve (ICC.1, 10.18), such as (3, (g, a, b, c, d)): (a x + b)^g from d up, c x below."""
    numbers = struct.pack(f">{len(values)}l", *(round(value * 65536) for value in values))
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + numbers


def sampled(points: Shaped[np.ndarray, " n"]) -> bytes:
    """A curve through points 0..1 at equal distances; of many 4096 (LittleCMS takes no more than 32767)."""
    if len(points) > _MOST_POINTS:
        points = np.interp(np.linspace(0, 1, _MOST_POINTS), np.linspace(0, 1, len(points)), points)
    levels = (np.clip(points, 0, 1) * 65535 + 0.5).astype(">u2")
    return b"".join((b"curv", bytes(4), struct.pack(">L", len(levels)), levels.tobytes()))


SRGB_CURVE = parametric(3, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))


def to_xyz(primaries: Primaries) -> Float64[np.ndarray, "3 3"]:
    """Linear RGB to XYZ under the primaries' own white: columns scaled so that they add up to it."""
    columns = np.stack([_xyz_of_place(xy) for xy in primaries[:3]], axis=1)
    return np.asarray(columns * np.linalg.solve(columns, _xyz_of_place(primaries[3])))


def to_d50(white: Xy) -> Float64[np.ndarray, "3 3"]:
    """XYZ under a white to XYZ under D50, by Bradford (ICC.1, E.2)."""
    scale = (_BRADFORD @ _D50) / (_BRADFORD @ _xyz_of_place(white))
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(scale) @ _BRADFORD)


def rgb_profile(name: str, primaries: Primaries, *curves: bytes) -> bytes:
    """A display profile of primaries and one curve, or one each for red, green and blue."""
    adapted = to_d50(primaries[3])
    colorants = adapted @ to_xyz(primaries)
    colorants *= (_D50 / colorants.sum(axis=1))[:, None]  # white is D50 to the last bit
    tags = {key: _xyz_tag(colorants[:, index]) for index, key in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    each = curves if len(curves) == 3 else curves[:1] * 3
    tags |= dict(zip((b"rTRC", b"gTRC", b"bTRC"), each, strict=True))
    tags[b"chad"] = b"sf32" + bytes(4) + _fixed(adapted.ravel())
    return _profile(name, b"RGB ", tags)


def grey_profile(name: str, curve: bytes) -> bytes:
    """A profile for grey pictures of one curve."""
    return _profile(name, b"GRAY", {b"kTRC": curve})


def _xyz_of_place(xy: Xy) -> Shaped[np.ndarray, "3"]:
    x, y = xy
    return np.array([x / y, 1, (1 - x - y) / y])


def _fixed(values: Shaped[np.ndarray, " n"]) -> bytes:
    return struct.pack(f">{len(values)}l", *(round(float(value) * 65536) for value in values))


def _xyz_tag(xyz: Shaped[np.ndarray, "3"]) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(xyz)


def _text(words: str) -> bytes:
    data = words.encode("utf-16-be")
    return b"mluc" + bytes(4) + struct.pack(">LL4sLL", 1, 12, b"enUS", len(data), 28) + data


def _profile(name: str, space: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {b"desc": _text(name), b"cprt": _text("No copyright"), b"wtpt": _xyz_tag(_D50), **tags}
    start, body, table = 132 + 12 * len(tags), b"", struct.pack(">L", len(tags))
    places: dict[bytes, int] = {}
    for key, data in tags.items():
        if data not in places:  # three equal curves are one
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table += struct.pack(">4sLL", key, places[data], len(data))
    header = struct.pack(">L4sL", start + len(body), bytes(4), 0x04300000) + b"mntr" + space + b"XYZ "
    header += struct.pack(">6H", 2024, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _fixed(_D50)
    return header.ljust(128, b"\0") + table + body


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
