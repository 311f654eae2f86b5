"""Small ICC profiles made from formulas: for spaces that a file names without a profile. Source: ICC.1:2022."""

import struct
from typing import TypeAlias

import numpy as np
from jaxtyping import Float64, Shaped

Xy: TypeAlias = tuple[float, float]  # chromaticity
Primaries: TypeAlias = tuple[Xy, Xy, Xy, Xy]  # red, green, blue, white

D65: Xy = (0.3127, 0.3290)
SRGB: Primaries = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), D65)  # IEC 61966-2-1
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
    columns = np.stack([_xyz(xy) for xy in primaries[:3]], axis=1)
    return np.asarray(columns * np.linalg.solve(columns, _xyz(primaries[3])))


def to_d50(white: Xy) -> Float64[np.ndarray, "3 3"]:
    """XYZ under a white to XYZ under D50, by Bradford (ICC.1, E.2)."""
    scale = (_BRADFORD @ _D50) / (_BRADFORD @ _xyz(white))
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


def _xyz(xy: Xy) -> Shaped[np.ndarray, "3"]:
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
