"""Color spaces by number (primaries, transfer, matrix, range), as PNG's cICP and video. Source: ITU-T H.273."""

import numpy as np
from jaxtyping import Float32

from safelight.pixels import icc_made
from safelight.pixels.icc import LEVELS, ProfileError, read_curve
from safelight.pixels.icc_made import D65, Primaries, Xy
from safelight.pixels.space import SRGB, Hdr, Mode, Space

_C: Xy = (0.310, 0.316)
BT2020: Primaries = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65)
_PRIMARIES: dict[int, tuple[str, Primaries]] = {  # H.273, table 2
    1: ("BT.709", icc_made.SRGB),
    2: ("BT.709", icc_made.SRGB),  # not specified
    4: ("BT.470 M", ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C)),
    5: ("BT.470 BG", ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), D65)),
    6: ("BT.601", ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65)),
    7: ("SMPTE 240M", ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), D65)),
    8: ("film", ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C)),
    9: ("BT.2020", BT2020),
    11: ("DCI-P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351))),
    12: ("Display P3", ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), D65)),
    22: ("EBU 3213", ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), D65)),
}
_BT709 = icc_made.parametric(3, (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081))
_TRANSFERS = {  # H.273, table 3: light of a number
    **dict.fromkeys((1, 6, 11, 12, 14, 15), _BT709),
    **dict.fromkeys((2, 13), icc_made.SRGB_CURVE),
    4: icc_made.power(2.2),
    5: icc_made.power(2.8),
    7: icc_made.parametric(3, (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913)),
    8: icc_made.power(1.0),
    17: icc_made.power(2.6),
}
_HDR = {16: "PQ", 18: "HLG"}


def space_of_code_points(points: bytes, mode: Mode, depth: int) -> Space:
    """The space of four numbers, of pixels of a mode and depth (8 or 16). Raises ProfileError for others than RGB's."""
    if len(points) != 4 or points[2] != 0 or points[0] not in _PRIMARIES:
        raise ProfileError(f"its code points {tuple(points)} are of no RGB that is known here")
    name, primaries = _PRIMARIES[points[0]]
    narrow, chunks = points[3] == 0, ((b"cICP", points),)
    if points[1] in _HDR:
        hdr = Hdr("PQ" if points[1] == 16 else "HLG", primaries, narrow)
        return Space(f"{name} {hdr.transfer}", chunks=chunks, hdr=hdr, wide=True)
    if points[1] not in _TRANSFERS:
        raise ProfileError(f"its code points {tuple(points)} have a transfer that is not known here")
    curve = _TRANSFERS[points[1]]
    if primaries == icc_made.SRGB and curve == icc_made.SRGB_CURVE and not narrow:
        return SRGB
    if narrow:
        curve = icc_made.sampled(read_curve(curve)[narrow_levels(depth)])
    return made_space(name, primaries, (curve,), mode, chunks)


def narrow_levels(depth: int) -> np.ndarray:
    """The full-range level of each of 65536 levels, where black is 16 and white 235 of 256 (H.273, 8.3).

    Of pixels of 8 bits, level times 257 is looked up here, of 16 bits the level itself.
    """
    step = 257 if depth == 8 else 256
    black, white = 16 * step, 235 * step
    spread: Float32[np.ndarray, " levels"] = (np.arange(LEVELS, dtype=np.float32) - black) / (white - black)
    return np.asarray(spread.clip(0, 1) * (LEVELS - 1) + 0.5, np.int64)


def made_space(
    name: str,
    primaries: Primaries,
    curves: tuple[bytes, ...],
    mode: Mode,
    chunks: tuple[tuple[bytes, bytes], ...] = (),
) -> Space:
    """A space of primaries and curves, with a profile for pixels of a mode. Raises ProfileError."""
    try:
        to_srgb = np.linalg.solve(_d50(icc_made.SRGB), _d50(primaries))
        profile = icc_made.rgb_profile(name, primaries, *curves)
    except (np.linalg.LinAlgError, ZeroDivisionError, ValueError, OverflowError) as error:
        raise ProfileError("its primaries are no three colors") from error
    if mode == "L":
        return Space(name, icc_made.grey_profile(name, curves[0]), chunks)
    return Space(name, profile, chunks, wide=bool(to_srgb.min() < -0.05))


def _d50(primaries: Primaries) -> np.ndarray:
    return np.asarray(icc_made.to_d50(primaries[3]) @ icc_made.to_xyz(primaries))
