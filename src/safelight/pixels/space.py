"""The numbers that a picture file holds, and what they mean: sRGB, what an ICC profile says, HDR, inks or Lab.

Spaces may be named by number (primaries, transfer, matrix, range), as in PNG's cICP and in video: ITU-T H.273.
"""

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from PIL import Image

from safelight.arrays import Pixels
from safelight.pixels import icc
from safelight.pixels.icc import D65, LEVELS, Primaries, ProfileError, Xy, read_curve
from safelight.shaped import Float32, Shaped, UInt8

Mode: TypeAlias = Literal["L", "RGB", "CMYK", "LAB"]  # grey, RGB, inks, CIE Lab
Encoding: TypeAlias = Literal["CIELab", "ICCLab", "ITULab"]  # TIFF's photometric 8, 9, 10


@dataclass(frozen=True)
class Hdr:
    """The transfer function and primaries of a picture that is brighter than paper white (ITU-R BT.2100)."""

    transfer: Literal["PQ", "HLG"]
    primaries: Primaries
    narrow: bool = False  # black and white at 16 and 235 (of 255)


@dataclass(frozen=True)
class Space:
    """Which color a picture's numbers are. The default is sRGB (of inks: plain inks).

    profile: an ICC profile that says it, the file's own or made of what the file says; None for sRGB.
    chunks: how a PNG says it without a profile (cICP; gAMA, cHRM), to be written back as it was.
    wide: whether it has colors that sRGB has not, so that converting may cut some off.
    """

    name: str = "sRGB"
    profile: bytes | None = None
    chunks: tuple[tuple[bytes, bytes], ...] = ()
    hdr: Hdr | None = None
    lab: Encoding | None = None
    wide: bool = False


SRGB = Space()


Alpha: TypeAlias = Shaped[np.ndarray, "h w"]  # 0 = transparent, the type's highest number = opaque
Numbers: TypeAlias = Shaped[np.ndarray, "*h w c"]  # uint8 or uint16; c = 1 grey, 3 RGB or Lab, 4 inks
NO_ALPHA = "its alpha is nought everywhere, which would hide all of it; it was taken for opaque"
_PIECE = 1 << 20  # pixels that are worked on at a time
_STRIP = 1 << 17  # pixels that are taken out of a picture of Pillow's at a time


@dataclass(frozen=True, eq=False)
class Stored:
    """What a file holds: own numbers (h, w, c), alpha (h, w), and remarks.

    Inks are 0 where there is none; a and b of Lab lie around the middle number, `lab` says in which encoding.
    associated: whether the file holds colors multiplied by alpha; here they are not.
    """

    mode: Mode
    pixels: Numbers
    alpha: Alpha | None = None
    remarks: tuple[str, ...] = ()
    lab: Encoding = "CIELab"
    associated: bool = False


def with_alpha_believed(stored: Stored) -> Stored:
    """Without an alpha that is nought everywhere: files of programs that fill that byte with nothing."""
    if stored.alpha is None or stored.alpha.any():
        return stored
    return replace(stored, alpha=None, remarks=(*stored.remarks, NO_ALPHA))


def on_white(pixels: Pixels, alpha: Alpha, paper: int | None = None) -> Pixels:
    """The picture (h, w, channels) laid on white paper; both of one depth. paper: white's number."""
    most = int(np.iinfo(pixels.dtype).max)
    paper = most if paper is None else paper
    result = np.empty_like(pixels)
    rows = max(1, _PIECE // pixels.shape[1])
    for top in range(0, len(pixels), rows):
        cover = alpha[top : top + rows, :, None].astype(np.uint64)
        mixed = pixels[top : top + rows] * cover + paper * (most - cover)
        result[top : top + rows] = (mixed + most // 2) // most
    return result


def to_array(image: Image.Image) -> UInt8[np.ndarray, "h w *c"]:
    """The pixels of a loaded picture of 8 bits, without a second copy of it on the way."""
    channels = len(image.getbands())
    array = np.empty((image.height, image.width, channels)[: 3 if channels > 1 else 2], np.uint8)
    rows = max(1, _STRIP // image.width)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        array[top:bottom] = np.asarray(image.crop((0, top, image.width, bottom)))
    return array


def upright(array: Shaped[np.ndarray, "h w *c"], turn: int) -> Shaped[np.ndarray, "h2 w2 *c"]:
    """The array turned and mirrored as an EXIF orientation, 1 to 8, asks for."""
    if turn >= 5:
        array = array.swapaxes(0, 1)
    if turn in (2, 3, 6, 7):
        array = array[:, ::-1]
    if turn in (3, 4, 7, 8):
        array = array[::-1]
    return np.ascontiguousarray(array)


def multiplied(pixels: Pixels, alpha: Alpha) -> Pixels:
    """Colors (h, w, c) times alpha, but where it is 0: the inverse of dividing, for colors that are not above it."""
    most = int(np.iinfo(pixels.dtype).max)
    cover = np.where(alpha == 0, most, alpha)[..., None].astype(np.uint64)
    return np.asarray((pixels * cover + most // 2) // most, pixels.dtype)


_C: Xy = (0.310, 0.316)
BT2020: Primaries = ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), D65)
_PRIMARIES: dict[int, tuple[str, Primaries]] = {  # H.273, table 2
    1: ("BT.709", icc.SRGB_PRIMARIES),
    2: ("BT.709", icc.SRGB_PRIMARIES),  # not specified
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
_BT709 = icc.parametric(3, (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081))
_TRANSFERS = {  # H.273, table 3: light of a number
    **dict.fromkeys((1, 6, 11, 12, 14, 15), _BT709),
    **dict.fromkeys((2, 13), icc.SRGB_CURVE),
    4: icc.power(2.2),
    5: icc.power(2.8),
    7: icc.parametric(3, (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913)),
    8: icc.power(1.0),
    17: icc.power(2.6),
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
    if primaries == icc.SRGB_PRIMARIES and curve == icc.SRGB_CURVE and not narrow:
        return SRGB
    if narrow:
        curve = icc.sampled(read_curve(curve)[narrow_levels(depth)])
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
        to_srgb = np.linalg.solve(_d50(icc.SRGB_PRIMARIES), _d50(primaries))
        profile = icc.rgb_profile(name, primaries, *curves)
    except (np.linalg.LinAlgError, ZeroDivisionError, ValueError, OverflowError) as error:
        raise ProfileError("its primaries are no three colors") from error
    if mode == "L":
        return Space(name, icc.grey_profile(name, curves[0]), chunks)
    return Space(name, profile, chunks, wide=bool(to_srgb.min() < -0.05))


def _d50(primaries: Primaries) -> np.ndarray:
    return np.asarray(icc.to_d50(primaries[3]) @ icc.to_xyz(primaries))
