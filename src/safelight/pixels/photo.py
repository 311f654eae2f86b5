"""A photo in memory, upright and in sRGB, with what its file said beside the pixels."""

from dataclasses import dataclass, field, replace

import numpy as np

from safelight.arrays import Pixels, Srgb
from safelight.pixels.exif_color import as_srgb
from safelight.pixels.metadata import Metadata
from safelight.pixels.native import Native
from safelight.pixels.stored import Alpha


@dataclass(frozen=True, eq=False)
class Photo:
    """Pixels (h, w, 3) uint8 or uint16, upright and in sRGB, whatever the file's own color and place.

    `exif` is the bare block ("II*…" or "MM…*"), its orientation 1; `xmp` is the packet; `dpi` is (x, y).
    `metadata` is all else that the file said beside its pixels: captions, comments, texts.
    `remarks` say, a sentence each, what could not be kept or believed. `native` are the file's own numbers and
    their color space, where they were asked for (read_photo(native=True)): write_photo writes these where the
    format can hold them. Without them EXIF says sRGB, with them what the file said.
    """

    pixels: Pixels
    alpha: Alpha | None = None
    format: str = "PNG"
    exif: bytes | None = None
    xmp: bytes | None = None
    dpi: tuple[float, float] | None = None
    metadata: Metadata = field(default_factory=Metadata)
    remarks: tuple[str, ...] = ()
    native: Native | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def in_srgb(self) -> "Photo":
        """The photo without its own numbers: `pixels` are what counts, and its EXIF says so."""
        if self.native is None:
            return self
        block = as_srgb(self.exif) if self.exif and self.native.converted else self.exif
        return replace(self, native=None, exif=block)

    @property
    def srgb(self) -> Srgb:
        """The pixels as float32, 0..1: a new array, 4 times (of uint16: twice) the size."""
        white = np.float32(np.iinfo(self.pixels.dtype).max)
        return np.asarray(np.divide(self.pixels, white, dtype=np.float32))
