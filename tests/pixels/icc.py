"""Handmade ICC profiles, and by separate arithmetic the sRGB that their pixels mean."""

import struct

import numpy as np

D50 = np.array([0.9642, 1.0, 0.8249])
D65_XY = (0.3127, 0.3290)
DISPLAY_P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])

INKS = {  # Lab (D50) of cyan, magenta, yellow and black ink; what lies over another is their mean, darker
    "C": (60, -30, -40),
    "M": (50, 65, -5),
    "Y": (88, -5, 85),
    "K": (0, 0, 0),
}


def _xyz(xy: tuple[float, float]) -> np.ndarray:
    return np.array([xy[0] / xy[1], 1, (1 - xy[0] - xy[1]) / xy[1]])


def to_xyz(primaries: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Linear RGB to XYZ under D65: the columns scaled so that they add up to white."""
    columns = np.stack([_xyz(xy) for xy in primaries], axis=1)
    return columns * np.linalg.solve(columns, _xyz(D65_XY))


def _to_d50() -> np.ndarray:
    scale = (BRADFORD @ D50) / (BRADFORD @ _xyz(D65_XY))
    return np.linalg.inv(BRADFORD) @ np.diag(scale) @ BRADFORD


def _encode(linear: np.ndarray) -> np.ndarray:
    light = np.clip(linear, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def meant(values: np.ndarray, primaries: tuple[tuple[float, float], ...], gamma: float) -> np.ndarray:
    """sRGB 0..1 of RGB 0..1 under other primaries and gamma, never leaving D65."""
    linear = (values.astype(np.float64) ** gamma) @ (np.linalg.inv(to_xyz(SRGB)) @ to_xyz(primaries)).T
    return _encode(linear)


def rgb_profile(
    primaries: tuple[tuple[float, float], ...], gamma: float, parametric: int | None = None
) -> bytes:
    """A display profile of three primaries and one gamma, as a curve or as a parametric curve of a kind."""
    colorants = _to_d50() @ to_xyz(primaries)
    curve = _gamma(gamma) if parametric is None else _parametric(gamma, parametric)
    tags = {name: _xyz_tag(colorants[:, index]) for index, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _profile(b"mntr", b"RGB ", b"XYZ ", {**tags, b"wtpt": _xyz_tag(D50)})


def grey_profile(gamma: float) -> bytes:
    """A grey profile of one gamma."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _gamma(gamma), b"wtpt": _xyz_tag(D50)})


def cmyk_profile() -> bytes:
    """A printer profile with a table of the 16 mixtures of full inks."""
    nodes = b"".join(struct.pack("3B", *_lab_bytes(cmyk_lab(_bits(index)))) for index in range(16))
    ramp = bytes(range(256))
    matrix = struct.pack(">9l", *(65536 if index % 4 == 0 else 0 for index in range(9)))
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + matrix + ramp * 4 + nodes + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": table, b"wtpt": _xyz_tag(D50)})


def table_profile() -> bytes:
    """A scanner profile with a table of the eight corners of RGB, in the colors of inks."""
    nodes = b"".join(struct.pack("3B", *_lab_bytes(corner_lab(_bits(index)[1:]))) for index in range(8))
    ramp = bytes(range(256))
    matrix = struct.pack(">9l", *(65536 if index % 4 == 0 else 0 for index in range(9)))
    table = b"mft1" + bytes(4) + bytes([3, 3, 2, 0]) + matrix + ramp * 3 + nodes + ramp * 3
    return _profile(b"scnr", b"RGB ", b"Lab ", {b"A2B0": table, b"wtpt": _xyz_tag(D50)})


def grid_profile(space: bytes, connection: bytes, kind: bytes, seed: int = 0) -> bytes:
    """A profile with a table of made-up but smooth colors: kind is mft1, mft2 or mAB (all five stages)."""
    inputs, rng = {b"RGB ": 3, b"CMYK": 4, b"GRAY": 1}[space], np.random.default_rng(seed)
    points = 5 if inputs < 4 else 3
    axes = np.stack(np.meshgrid(*[np.linspace(0, 1, points)] * inputs, indexing="ij"), axis=-1)
    light = axes if inputs < 4 else 1 - np.minimum(axes[..., :3] + axes[..., 3:], 1)
    light = np.repeat(light, 3, axis=-1) if inputs == 1 else light
    # Not quite black, not quite straight: what the table says can be told from what it does not.
    lab = np.stack(
        [
            6 + 94 * light.mean(-1) ** 1.1,
            60 * (light[..., 0] - light[..., 1]) + 3 * rng.random(light.shape[:-1]),
            60 * (light[..., 1] - light[..., 2]),
        ],
        axis=-1,
    )
    lab[(slice(-1, None),) * inputs if inputs < 4 else (slice(0, 1),) * 4] = (100, 0, 0)
    numbers = _lab_numbers(lab, kind) if connection == b"Lab " else _xyz_of(lab) * 32768 / 65535
    table = {b"mft1": _mft, b"mft2": _mft, b"mAB ": _mab}[kind](numbers.clip(0, 1), kind, inputs)
    purpose = b"prtr" if space == b"CMYK" else b"scnr"
    return _profile(purpose, space, connection, {b"A2B0": table, b"wtpt": _xyz_tag(D50)})


def _lab_numbers(lab: np.ndarray, kind: bytes) -> np.ndarray:
    numbers = np.stack([lab[..., 0] / 100, (lab[..., 1] + 128) / 255, (lab[..., 2] + 128) / 255], axis=-1)
    return numbers * (65280 / 65535 if kind == b"mft2" else 1)


def _xyz_of(lab: np.ndarray) -> np.ndarray:
    f = (lab[..., :1] + 16) / 116 + np.stack(
        [lab[..., 1] / 500, 0 * lab[..., 1], -lab[..., 2] / 200], axis=-1
    )
    return np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * D50


def _mft(numbers: np.ndarray, kind: bytes, inputs: int) -> bytes:
    white, code = (65535, ">u2") if kind == b"mft2" else (255, "u1")
    entries = 64 if kind == b"mft2" else 256
    bent = (np.linspace(0, 1, entries) ** 1.3 * white).round().astype(code).tobytes()
    straight = (np.linspace(0, 1, entries) * white).round().astype(code).tobytes()
    identity = struct.pack(">9l", *(65536 if index % 4 == 0 else 0 for index in range(9)))
    head = kind + bytes(4) + bytes([inputs, 3, numbers.shape[0], 0]) + identity
    head += struct.pack(">2H", entries, entries) if kind == b"mft2" else b""
    return head + bent * inputs + (numbers * white).round().astype(code).tobytes() + straight * 3


def _mab(numbers: np.ndarray, kind: bytes, inputs: int) -> bytes:
    """A curves, grid, M curves, matrix, B curves, in the order B, matrix, M, grid, A in the file."""
    curve, half = _gamma(1.3) + b"", _parametric(1.0, 0)
    b_curves = (curve[:14] + bytes(2)) * 3
    inverse = (_gamma(1 / 1.3)[:14] + bytes(2)) * 3
    matrix = struct.pack(">12l", *(65536 if index % 4 == 0 and index < 9 else 0 for index in range(12)))
    shape = bytes([numbers.shape[0]] * inputs).ljust(16, b"\0") + b"\2" + bytes(3)
    grid = shape + (numbers * 65535).round().astype(">u2").tobytes()
    grid += bytes(-len(grid) % 4)
    at_b, at_matrix = 32, 32 + len(b_curves)
    at_m = at_matrix + len(matrix)
    at_grid = at_m + len(inverse)
    at_a = at_grid + len(grid)
    head = b"mAB " + bytes(4) + bytes([inputs, 3, 0, 0])
    return (
        head + struct.pack(">5L", at_b, at_matrix, at_m, at_grid, at_a) + b_curves + matrix + inverse + grid
    ) + half * inputs


def corner_lab(rgb: tuple[int, ...]) -> np.ndarray:
    """Lab (D50) of a corner of the scanner's RGB: as if inks took away what is missing."""
    inks = tuple(1 - light for light in rgb)
    return cmyk_lab((*inks, int(all(inks))))


def cmyk_lab(inks: tuple[int, ...]) -> np.ndarray:
    """Lab (D50) of a mixture of full inks, each 0 or 1."""
    if inks[3]:
        return np.zeros(3)
    used = [np.array(lab) for lab, on in zip(INKS.values(), inks, strict=True) if on]
    return np.mean(used, axis=0) / len(used) if used else np.array([100, 0, 0])


def lab_meant(lab: np.ndarray) -> np.ndarray:
    """sRGB 0..1 of Lab under D50."""
    f = (lab[0] + 16) / 116 + np.array([lab[1] / 500, 0, -lab[2] / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * D50
    return _encode(np.linalg.solve(_to_d50() @ to_xyz(SRGB), xyz))


def _bits(index: int) -> tuple[int, ...]:
    return tuple(index >> shift & 1 for shift in (3, 2, 1, 0))


def _lab_bytes(lab: np.ndarray) -> list[int]:
    return [round(lab[0] * 2.55), round(lab[1] + 128), round(lab[2] + 128)]


def _xyz_tag(xyz: np.ndarray) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3l", *(round(value * 65536) for value in xyz))


def _gamma(gamma: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">LH", 1, round(gamma * 256)) + bytes(2)


def _parametric(gamma: float, kind: int) -> bytes:
    """(a x + b)^g and so on, with values that leave it at x^gamma."""
    more = {0: (), 1: (1, 0), 2: (1, 0, 0), 3: (1, 0, 0, 0), 4: (1, 0, 0, 0, 0, 0)}[kind]
    values = struct.pack(f">{1 + len(more)}l", *(round(value * 65536) for value in (gamma, *more)))
    return b"para" + bytes(4) + struct.pack(">HH", kind, 0) + values


def _profile(purpose: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    names = {b"desc": b"desc" + bytes(4) + struct.pack(">L", 5) + b"made\0" + bytes(78)}
    tags = {**names, b"cprt": b"text" + bytes(4) + b"none\0" + bytes(3), **tags}
    start, body, table = 132 + 12 * len(tags), b"", struct.pack(">L", len(tags))
    for name, data in tags.items():
        table += struct.pack(">4sLL", name, start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    header = struct.pack(">L4sL", start + len(body), bytes(4), 0x02400000) + purpose + space + connection
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28)
    header += struct.pack(">3l", *(round(value * 65536) for value in D50))
    return header.ljust(128, b"\0") + table + body
