"""How the pixels of a TIFF's page are stored, and whether that is read: by Pillow, by tiff_samples.py, or not at all.

Sources: TIFF 6.0; libtiff's and Adobe's numbers of compressions.
"""

import io
from dataclasses import dataclass

from safelight.pixels.space import Encoding, Mode
from safelight.pixels.tiff_pages import Page

UNCOMPRESSED = 1
_JPEG = (6, 7)
_BYTES = {
    1: "none",
    5: "LZW",
    8: "deflate",
    32946: "deflate",
    32773: "PackBits",
    34925: "LZMA",
    50000: "Zstandard",
}
PREDICTED = (5, 8, 32946, 34925, 50000)
PICTURES = {34712: "JPEG 2000", 33003: "JPEG 2000", 33005: "JPEG 2000", 34933: "PNG", 50001: "WebP"}
_OTHERS = {
    2: "fax (CCITT RLE)",
    3: "fax, group 3",
    4: "fax, group 4",
    6: "JPEG of the old kind",
    7: "JPEG",
    9: "JBIG",
    10: "JBIG",
    99: "JPEG",
    32766: "NeXT RLE",
    32771: "CCITT RLEW",
    32809: "ThunderScan",
    33004: "JPEG 2000 of libvips, whose colors two programs read in two ways",
    34661: "JBIG",
    34676: "SGI LogLuv, for HDR",
    34677: "SGI LogLuv, for HDR",
    34715: "JBIG2",
    34718: "Windows Media Photo",
    34719: "JPEG XR",
    34887: "LERC",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
WHITE_IS_NOUGHT, GREY, _RGB, PALETTE, _INKS, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
LABS: dict[int, Encoding] = {LAB: "CIELab", 9: "ICCLab", 10: "ITULab"}
MEANINGS: dict[int, tuple[int, Mode]] = {  # photometric interpretation: colors of a pixel, mode
    WHITE_IS_NOUGHT: (1, "L"),
    GREY: (1, "L"),
    _RGB: (3, "RGB"),
    PALETTE: (1, "RGB"),
    _INKS: (4, "CMYK"),
    YCBCR: (3, "RGB"),
    **dict.fromkeys(LABS, (3, "LAB")),
}
_UNREAD_MEANINGS = {
    4: "a mask",
    32844: "LogL, for HDR",
    32845: "LogLuv, for HDR",
    51177: "a map of depths",
}
_UNSIGNED, _SIGNED, FLOAT = 1, 2, 3
_ASSOCIATED, _UNASSOCIATED = ALPHAS = 1, 2  # ExtraSamples: alpha, colors multiplied by it or not
_MOST_SAMPLES = 32


@dataclass(frozen=True)
class Layout:
    """How the pixels of a page are stored. Raises ValueError, in words, if it is none that is read."""

    page: Page
    width: int
    height: int
    samples: int
    bits: int
    kind: int  # SampleFormat
    meaning: int  # PhotometricInterpretation
    compression: int
    planes: bool
    extra: tuple[int, ...]

    @property
    def colors(self) -> int:
        """How many of the samples are colors."""
        return MEANINGS[self.meaning][0]

    @property
    def associated(self) -> bool:
        """Whether its colors are multiplied by its alpha."""
        return next((kind for kind in self.extra if kind in (_ASSOCIATED, _UNASSOCIATED)), 0) == _ASSOCIATED

    @property
    def sampling(self) -> tuple[int, int]:
        """Pixels across and down that share one pair of color differences."""
        if self.meaning != YCBCR or self.compression in (*_JPEG, *PICTURES):
            return 1, 1
        shared = self.page.numbers(530)
        return (int(shared[0]), int(shared[1])) if len(shared) > 1 else (2, 2)

    @property
    def beside(self) -> int:
        """How many samples are neither colors nor alpha: infrared, spot colors, masks."""
        at = alpha_at(self)
        return self.samples - self.colors - (at is not None)

    @property
    def tiled(self) -> bool:
        """Whether it is cut into tiles, not strips."""
        return 324 in self.page.entries

    @property
    def deep(self) -> bool:
        """Whether the pixels are of more than 8 bits."""
        return self.bits > 8


def layout_of(page: Page) -> Layout:
    """How a page is stored. Raises ValueError, naming what is not read."""
    width, height, compression = page.number(256), page.number(257), page.number(259, 1)
    samples, planes = page.number(277, 1), page.number(284, 1) == 2 and page.number(277, 1) > 1
    bits = tuple(int(value) for value in page.numbers(258)) or (1,)
    kinds = set(page.numbers(339)) or {_UNSIGNED}
    meaning = page.number(262, -1)
    if meaning < 0:  # as libtiff guesses it
        meaning = _RGB if samples >= 3 else WHITE_IS_NOUGHT if compression in (2, 3, 4) else GREY
    if page.big and page.order == ">":  # Pillow, which tells what lies beside the pixels, opens none
        raise ValueError(
            "it is a BigTIFF of the byte order MM; save it with the order II, or as a plain TIFF"
        )
    if width < 1 or height < 1:
        raise ValueError("it does not say how many pixels it has")
    if compression not in {*_BYTES, *PICTURES, *_OTHERS}:
        raise ValueError(f"its compression is not known (number {compression})")
    if meaning not in MEANINGS:
        what = _UNREAD_MEANINGS.get(meaning, f"of a kind that is not known (photometric {meaning})")
        raise ValueError(f"its pixels are {what}, which has no one meaning as a photo")
    colors = MEANINGS[meaning][0]
    if not colors <= samples <= _MOST_SAMPLES:
        raise ValueError(f"it has {samples} numbers a pixel, where {colors} or a few more were expected")
    if len(set(bits[:samples])) > 1 or len(kinds) > 1:
        raise ValueError("its channels are of different depth")
    if meaning == _INKS and page.number(332, 1) != 1:
        raise ValueError("its inks are others than cyan, magenta, yellow and black")
    extra = tuple(int(value) for value in page.numbers(338))[: samples - colors]
    layout = Layout(
        page, width, height, samples, bits[0], int(kinds.pop()), meaning, compression, planes, extra
    )
    _check_numbers(layout)
    return layout


def _check_numbers(layout: Layout) -> None:
    """Raises ValueError where the numbers have no one meaning as a photo's."""
    bits, kind = layout.bits, layout.kind
    if kind == _SIGNED and layout.meaning not in LABS:
        raise ValueError(
            f"its numbers of {bits} bits are signed, which does not say where black is; save it unsigned"
        )
    if kind == FLOAT and bits not in (16, 32, 64):
        raise ValueError(f"its numbers are floats of {bits} bits; save it at 16 bits a channel")
    if kind == FLOAT and layout.meaning != LAB and not layout.page.entries.get(34675):
        raise ValueError(
            f"its numbers are floats of {bits} bits, and no color profile says what they mean (linear light or not); "
            "save it at 16 bits a channel, or with a profile"
        )
    if kind not in (_UNSIGNED, _SIGNED, FLOAT, 4):
        raise ValueError("its numbers are complex ones, or of no known kind")
    if kind in (_UNSIGNED, 4) and not (bits <= 16 or bits == 32):
        raise ValueError(f"its numbers have {bits} bits; 1 to 16 and 32 are read")


def pillow_keeps(layout: Layout) -> bool:
    """Whether Pillow reads such a page as it is, if it reads it at all."""
    if layout.compression in PICTURES or (layout.planes and layout.compression in _BYTES):
        return False
    if layout.meaning in LABS and layout.meaning != LAB:
        return False
    if layout.associated and layout.compression in _BYTES:
        return False  # Pillow divides by alpha rounding down, from which there is no way back
    return not layout.deep and (layout.meaning != YCBCR or layout.compression in _JPEG)


def mended(layout: Layout) -> dict[int, tuple[int, ...] | None]:
    """Entries of the page that are to be read as others: none if it is as it should be.

    A photometric interpretation that is not said; an old palette of 0 to 255; strips that are said to reach beyond
    the file's end, as some programs round their length up. Raises ValueError if the file is cut off.
    """
    page, replaced = layout.page, dict[int, tuple[int, ...] | None]()
    if 262 not in page.entries:
        replaced[262] = (layout.meaning,)
    palette = tuple(int(value) for value in page.numbers(320))
    if layout.meaning == PALETTE and palette and max(palette) < 256:  # as libtiff takes it
        replaced[320] = tuple(257 * value for value in palette)
    end = page.file.seek(0, io.SEEK_END)
    for offsets, lengths in ((273, 279), (324, 325)):
        places = tuple(zip(page.numbers(offsets), page.numbers(lengths), strict=False))
        if any(not length for _, length in places):
            raise ValueError("some of its tiles or strips were never written")
        if any(start + length > end for start, length in places):
            if layout.compression not in _BYTES or any(start >= end for start, _ in places):
                raise ValueError("the file is cut off")
            replaced[lengths] = tuple(int(min(length, end - start)) for start, length in places)
    if layout.compression == UNCOMPRESSED:
        _check_whole(layout, end)
    return replaced


def _check_whole(layout: Layout, end: int) -> None:
    """Raises ValueError if the file ends before the last row of an uncompressed picture."""
    h, w = block_size(layout)
    for segment in segments_of(layout):
        rows = h if layout.tiled else min(h, layout.height - segment.top)
        if segment.offset + -(-rows // layout.sampling[1]) * row_bytes(layout, w) > end:
            raise ValueError("the file is cut off")


def as_grey(layout: Layout) -> dict[int, tuple[int, ...] | None]:
    """Entries with which Pillow opens the page, to tell what it says beside its pixels, not to decode it."""
    return {
        **dict.fromkeys((278, 317, 320, 322, 323, 324, 325, 330, 338, 339, 530)),
        258: (16 if layout.bits == 16 else 8,),
        259: (UNCOMPRESSED,),
        262: (GREY,),
        266: (1,),
        273: (8,),
        277: (1,),
        279: (1,),
        284: (1,),
    }


def check_read(layout: Layout) -> None:
    """Raises ValueError, naming it, if the page is packed as nothing that is read here."""
    if layout.compression not in {*_BYTES, *PICTURES}:
        name = _OTHERS[layout.compression]
        raise ValueError(
            f"it is packed as {name}, with {layout.samples} channels of {layout.bits} bits, which is not read; save it "
            "with another compression"
        )


def alpha_at(layout: Layout) -> int | None:
    """Which of the samples behind the colors is alpha."""
    if not layout.extra and layout.samples == layout.colors + 1:
        return 0  # it does not say what the fourth is; it nearly always is alpha
    return next(
        (number for number, kind in enumerate(layout.extra) if kind in (_ASSOCIATED, _UNASSOCIATED)), None
    )


@dataclass(frozen=True)
class Segment:
    """A strip or a tile: where it lies in the file, and in which plane and at which place of the picture."""

    offset: int
    length: int
    plane: int
    top: int
    left: int


def block_size(layout: Layout) -> tuple[int, int]:
    """(h, w) of a strip or a tile."""
    if layout.tiled:
        return layout.page.number(323), layout.page.number(322)
    return min(layout.page.number(278, layout.height), layout.height), layout.width


def segments_of(layout: Layout) -> list[Segment]:
    """All segments, in order. Raises ValueError if there are too few."""
    page = layout.page
    h, w = block_size(layout)
    if h < 1 or w < 1:
        raise ValueError("its strips or tiles have no size")
    tiled = layout.tiled
    offsets, lengths = page.numbers(324 if tiled else 273), page.numbers(325 if tiled else 279)
    planes = layout.samples if layout.planes else 1
    places = [
        (plane, top, left)
        for plane in range(planes)
        for top in range(0, layout.height, h)
        for left in range(0, layout.width, w)
    ]
    if len(offsets) < len(places):
        raise ValueError("the file is cut off: it has fewer strips or tiles than pixels")
    if len(lengths) < len(places):
        if layout.compression != UNCOMPRESSED:
            raise ValueError("it does not say how long its strips or tiles are")
        lengths = tuple(row_bytes(layout, w) * h for _ in places)
    return [
        Segment(int(offset), int(length), *place)
        for place, offset, length in zip(places, offsets, lengths, strict=False)
    ]


def row_bytes(layout: Layout, width: int) -> int:
    """Bytes of a row of a segment; with subsampling, of a row of units."""
    across, down = layout.sampling
    if (across, down) != (1, 1):
        return -(-width // across) * (across * down + 2)
    return -(-width * (1 if layout.planes else layout.samples) * layout.bits // 8)
