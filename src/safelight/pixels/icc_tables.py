"""The tables of ICC profiles (lut8Type, lut16Type, lutAToBType), in floats. Source: ICC.1:2022, 10.10 to 10.12.

Between the points of a table of three inputs the picture is interpolated in tetrahedra, and between two such
answers where there are four inputs: as LittleCMS does, which Pillow gives 8 bits only.
"""

import struct
from dataclasses import dataclass, field

import numpy as np

from safelight.pixels.color import expand, mixed
from safelight.pixels.icc import Curve, Profile, ProfileError, curve_length, read_curve
from safelight.shaped import Float32, Float64

D50 = np.array([0.9642, 1.0, 0.8249], np.float32)
_MOST_POINTS = 4_000_000
_LINE = np.linspace(0, 1, 65536, dtype=np.float32)


@dataclass(frozen=True)
class Table:
    """Device numbers 0..1 to XYZ relative to D50: curves, a grid, curves, a matrix, curves."""

    inputs: list[Curve]  # of 65536 levels
    grid: Float32[np.ndarray, "..."] | None  # (points, …, 3)
    middle: list[Curve] = field(default_factory=list)
    matrix: Float64[np.ndarray, "3 4"] | None = None
    outputs: list[Curve] = field(default_factory=list)
    lab: bool = False
    white: float = 1.0  # what full L (or Y) is written as, of the range

    def __call__(self, levels: np.ndarray) -> Float32[np.ndarray, "n 3"]:
        """XYZ, white = D50, of levels (n, inputs) uint16."""
        values = np.stack([curve[levels[:, index]] for index, curve in enumerate(self.inputs)], axis=1)
        if self.grid is not None:
            values = _interpolate(self.grid, values)
        values = _through(self.middle, values)
        if self.matrix is not None:
            values = mixed(values, self.matrix[:, :3].astype(np.float32)) + self.matrix[:, 3].astype(
                np.float32
            )
        values = _through(self.outputs, values) / np.float32(self.white)
        return _xyz_of_lab(values) if self.lab else values * np.float32(65535 / 32768)


def read_table(profile: Profile) -> Table:
    """The profile's table from device to connection space. Raises ProfileError."""
    tag, channels = profile.table, {b"GRAY": 1, b"RGB ": 3, b"CMYK": 4}.get(profile.space, 0)
    if tag is None:
        raise ProfileError("it has no table")
    if len(tag) < 32 or tag[8] != channels or tag[9] != 3:
        raise ProfileError("its table is damaged")
    lab = profile.connection == b"Lab "
    try:
        if tag[:4] in (b"mft1", b"mft2"):
            return _old_table(tag, lab)
        if tag[:4] == b"mAB ":
            return _new_table(tag, lab)
    except (struct.error, ValueError, IndexError) as error:
        raise ProfileError("its table is damaged") from error
    raise ProfileError("it has a table of an unknown kind")


def _old_table(tag: bytes, lab: bool) -> Table:
    """lut8Type and lut16Type: input curves, grid, output curves."""
    inputs, outputs, points = tag[8], tag[9], tag[10]
    wide = tag[:4] == b"mft2"
    before, after = struct.unpack_from(">2H", tag, 48) if wide else (256, 256)
    _check_size(before, after, points**inputs)
    numbers = np.frombuffer(tag, ">u2" if wide else np.uint8, offset=52 if wide else 48) / np.float32(
        65535 if wide else 255
    )
    first, last = inputs * before, inputs * before + points**inputs * outputs
    grid = numbers[first:last].reshape(*(points,) * inputs, outputs)
    ends = numbers[last : last + outputs * after].reshape(outputs, after)
    starts = numbers[:first].reshape(inputs, before)
    white = 65280 / 65535 if wide and lab else 1.0  # lut16Type keeps the Lab of version 2: 0xFF00 is 100
    return Table(
        [_curve(each) for each in starts],
        np.ascontiguousarray(grid, np.float32),
        outputs=_bent([_curve(each) for each in ends]),
        lab=lab,
        white=white,
    )


def _new_table(tag: bytes, lab: bool) -> Table:
    """lutAToBType: A curves, grid, M curves, matrix, B curves; all but B may be missing."""
    inputs, outputs = tag[8], tag[9]
    b, matrix, m, grid, a = struct.unpack_from(">5L", tag, 12)
    if not b or (inputs != outputs and not (grid and a)):
        raise ProfileError("its table is damaged")
    ends = _bent(_read_curves(tag, b, outputs))
    identity = [_LINE] * inputs
    if not grid:
        first = _read_curves(tag, m, inputs) if m and matrix else identity
        return Table(first, None, matrix=_matrix(tag, matrix), outputs=ends, lab=lab)
    return Table(
        _read_curves(tag, a, inputs) if a else identity,
        _grid(tag, grid, inputs, outputs),
        _bent(_read_curves(tag, m, outputs)) if m else [],
        _matrix(tag, matrix),
        ends,
        lab,
    )


def _grid(tag: bytes, at: int, inputs: int, outputs: int) -> Float32[np.ndarray, "..."]:
    shape = tuple(tag[at : at + inputs])
    _check_size(2, 2, int(np.prod(shape)), min(shape))
    wide = tag[at + 16] == 2
    count = int(np.prod(shape)) * outputs
    numbers = np.frombuffer(tag, ">u2" if wide else np.uint8, count, at + 20)
    return np.asarray(numbers / np.float32(65535 if wide else 255), np.float32).reshape(*shape, outputs)


def _matrix(tag: bytes, at: int) -> Float64[np.ndarray, "3 4"] | None:
    if not at:
        return None
    numbers = np.array(struct.unpack_from(">12l", tag, at)) / 65536
    return np.concatenate([numbers[:9].reshape(3, 3), numbers[9:, None]], axis=1)


def _read_curves(tag: bytes, at: int, count: int) -> list[Curve]:
    curves = []
    for _ in range(count):
        curves.append(read_curve(tag[at:]))
        at += -(-curve_length(tag[at:]) // 4) * 4
    return curves


def _curve(points: Float32[np.ndarray, " n"]) -> Curve:
    return np.asarray(np.interp(_LINE, np.linspace(0, 1, len(points)), points), np.float32)


def _check_size(before: int, after: int, points: int, least: int = 2) -> None:
    if not (2 <= before <= 4096 and 2 <= after <= 4096 and 2 <= points <= _MOST_POINTS and least >= 2):
        raise ProfileError("its table is damaged")


def _through(curves: list[Curve], values: Float32[np.ndarray, "n c"]) -> Float32[np.ndarray, "n c"]:
    """Each channel through its curve, of which 65536 levels are known: the nearest is taken."""
    if not curves:
        return values
    nearest = (values.clip(0, 1) * np.float32(65535) + np.float32(0.5)).astype(np.int32)
    return np.stack([curve[nearest[:, index]] for index, curve in enumerate(curves)], axis=1)


def _bent(curves: list[Curve]) -> list[Curve]:
    """The curves, or none where all are straight lines, which change nothing."""
    return [] if all(np.allclose(curve, _LINE, atol=2e-6) for curve in curves) else curves


def _interpolate(
    grid: Float32[np.ndarray, "..."], values: Float32[np.ndarray, "n c"]
) -> Float32[np.ndarray, "n 3"]:
    """The grid between its points: in tetrahedra of the last three inputs, in a line along the first of four."""
    if values.shape[1] == 4:
        place = values[:, 0].clip(0, 1) * np.float32(len(grid) - 1)
        low = np.minimum(place.astype(np.int64), len(grid) - 2)
        part = (place - low)[:, None]
        flat = grid.reshape(len(grid), -1, grid.shape[-1])
        below, above = (
            _simplex(grid.shape[1:-1], flat.reshape(-1, grid.shape[-1]), values[:, 1:], step * flat.shape[1])
            for step in (low, low + 1)
        )
        return np.asarray(below + (above - below) * part)
    return _simplex(grid.shape[:-1], grid.reshape(-1, grid.shape[-1]), values, 0)


def _simplex(
    shape: tuple[int, ...],
    points: Float32[np.ndarray, "p 3"],
    values: Float32[np.ndarray, "n c"],
    start: "np.ndarray | int",
) -> Float32[np.ndarray, "n 3"]:
    """From the lowest corner of the cell to the highest, along the inputs from the largest fraction down."""
    sizes = np.array(shape)
    place = values.clip(0, 1) * (sizes - 1).astype(np.float32)
    low = np.minimum(place.astype(np.int64), sizes - 2)
    part = place - low.astype(np.float32)
    steps = np.array([int(np.prod(shape[index + 1 :])) for index in range(len(shape))])
    order = np.argsort(-part, axis=1)
    parts = np.take_along_axis(part, order, axis=1)
    corner = sum((low[:, index] * step for index, step in enumerate(steps)), start=np.asarray(start))
    result = points[corner] * (1 - parts[:, :1])
    for index in range(len(shape)):
        corner = corner + steps[order[:, index]]
        after = parts[:, index + 1 : index + 2] if index + 1 < len(shape) else 0
        result += points[corner] * (parts[:, index : index + 1] - after)
    return np.asarray(result, np.float32)


def _xyz_of_lab(values: Float32[np.ndarray, "n 3"]) -> Float32[np.ndarray, "n 3"]:
    """XYZ of Lab written as 0..1: L / 100, (a + 128) / 255, (b + 128) / 255 (ICC.1, 6.3.4.2)."""
    f = (values[:, 0] * 100 + 16) / 116
    a, b = (values[:, index] * 255 - 128 for index in (1, 2))
    return np.asarray(expand(np.stack([f + a / 500, f, f - b / 200], axis=1)) * D50, np.float32)
