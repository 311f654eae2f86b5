"""What the numbers of a picture mean: sRGB, what an ICC profile says, HDR, inks or Lab."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from safelight.pixels.icc_made import Primaries

Mode: TypeAlias = Literal["L", "RGB", "CMYK", "LAB"]  # grey, RGB, inks, CIE Lab
Encoding: TypeAlias = Literal["CIELab", "ICCLab", "ITULab"]  # TIFF's photometric 8, 9, 10
CHANNELS: dict[Mode, int] = {"L": 1, "RGB": 3, "CMYK": 4, "LAB": 3}


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
