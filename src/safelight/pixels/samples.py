"""Pixels of a TIFF whose numbers Pillow does not keep: more than 8 bits, floats, inks at 16 bits, YCbCr that is not
JPEG, and segments that are whole pictures (JPEG 2000, WebP).

Segments are unpacked by libtiff, through Pillow, as if they were grey bytes; what the bytes mean is read here.
Sources: TIFF 6.0; TIFF Technical Note 3 (the predictor of floats); libtiff's and Adobe's numbers of compressions.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from safelight.arrays import Pixels
from safelight.pixels.box_formats import by_opencv
from safelight.pixels.space import Alpha, Encoding, Mode, Stored
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
_PREDICTED = (5, 8, 32946, 34925, 50000)
_PICTURES = {34712: "JPEG 2000", 33003: "JPEG 2000", 33005: "JPEG 2000", 34933: "PNG", 50001: "WebP"}
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
_WHITE_IS_NOUGHT, _GREY, _RGB, _PALETTE, _INKS, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8
_LABS: dict[int, Encoding] = {_LAB: "CIELab", 9: "ICCLab", 10: "ITULab"}
_MEANINGS: dict[int, tuple[int, Mode]] = {  # photometric interpretation: colors of a pixel, mode
    _WHITE_IS_NOUGHT: (1, "L"),
    _GREY: (1, "L"),
    _RGB: (3, "RGB"),
    _PALETTE: (1, "RGB"),
    _INKS: (4, "CMYK"),
    _YCBCR: (3, "RGB"),
    **dict.fromkeys(_LABS, (3, "LAB")),
}
_UNREAD_MEANINGS = {
    4: "a mask",
    32844: "LogL, for HDR",
    32845: "LogLuv, for HDR",
    51177: "a map of depths",
}
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_ASSOCIATED, _UNASSOCIATED = 1, 2  # ExtraSamples: alpha, colors multiplied by it or not
_MOST_SAMPLES = 32
_GROUP = 1 << 25  # bytes unpacked at a time


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
        return _MEANINGS[self.meaning][0]

    @property
    def associated(self) -> bool:
        """Whether its colors are multiplied by its alpha."""
        return next((kind for kind in self.extra if kind in (_ASSOCIATED, _UNASSOCIATED)), 0) == _ASSOCIATED

    @property
    def sampling(self) -> tuple[int, int]:
        """Pixels across and down that share one pair of color differences."""
        if self.meaning != _YCBCR or self.compression in (*_JPEG, *_PICTURES):
            return 1, 1
        found = self.page.numbers(530)
        return (int(found[0]), int(found[1])) if len(found) > 1 else (2, 2)

    @property
    def beside(self) -> int:
        """How many samples are neither colors nor alpha: infrared, spot colors, masks."""
        at = _alpha_at(self)
        return self.samples - self.colors - (at is not None)

    @property
    def tiled(self) -> bool:
        """Whether it is cut into tiles, not strips."""
        return 324 in self.page.entries

    @property
    def deep(self) -> bool:
        """Whether the pixels are of more than 8 bits."""
        return self.bits > 8


def layout(page: Page) -> Layout:
    """How a page is stored. Raises ValueError, naming what is not read."""
    width, height, compression = page.number(256), page.number(257), page.number(259, 1)
    samples, planes = page.number(277, 1), page.number(284, 1) == 2 and page.number(277, 1) > 1
    bits = tuple(int(value) for value in page.numbers(258)) or (1,)
    kinds = set(page.numbers(339)) or {_UNSIGNED}
    meaning = page.number(262, -1)
    if meaning < 0:  # as libtiff guesses it
        meaning = _RGB if samples >= 3 else _WHITE_IS_NOUGHT if compression in (2, 3, 4) else _GREY
    if page.big and page.order == ">":  # Pillow, which tells what lies beside the pixels, opens none
        raise ValueError(
            "it is a BigTIFF of the byte order MM; save it with the order II, or as a plain TIFF"
        )
    if width < 1 or height < 1:
        raise ValueError("it does not say how many pixels it has")
    if compression not in {*_BYTES, *_PICTURES, *_OTHERS}:
        raise ValueError(f"its compression is not known (number {compression})")
    if meaning not in _MEANINGS:
        what = _UNREAD_MEANINGS.get(meaning, f"of a kind that is not known (photometric {meaning})")
        raise ValueError(f"its pixels are {what}, which has no one meaning as a photo")
    colors = _MEANINGS[meaning][0]
    if not colors <= samples <= _MOST_SAMPLES:
        raise ValueError(f"it has {samples} numbers a pixel, where {colors} or a few more were expected")
    if len(set(bits[:samples])) > 1 or len(kinds) > 1:
        raise ValueError("its channels are of different depth")
    if meaning == _INKS and page.number(332, 1) != 1:
        raise ValueError("its inks are others than cyan, magenta, yellow and black")
    extra = tuple(int(value) for value in page.numbers(338))[: samples - colors]
    found = Layout(
        page, width, height, samples, bits[0], int(kinds.pop()), meaning, compression, planes, extra
    )
    _check_numbers(found)
    return found


def _check_numbers(found: Layout) -> None:
    """Raises ValueError where the numbers have no one meaning as a photo's."""
    bits, kind = found.bits, found.kind
    if kind == _SIGNED and found.meaning not in _LABS:
        raise ValueError(
            f"its numbers of {bits} bits are signed, which does not say where black is; save it unsigned"
        )
    if kind == _FLOAT and bits not in (16, 32, 64):
        raise ValueError(f"its numbers are floats of {bits} bits; save it at 16 bits a channel")
    if kind == _FLOAT and found.meaning != _LAB and not found.page.entries.get(34675):
        raise ValueError(
            f"its numbers are floats of {bits} bits, and no color profile says what they mean (linear light or not); "
            "save it at 16 bits a channel, or with a profile"
        )
    if kind not in (_UNSIGNED, _SIGNED, _FLOAT, 4):
        raise ValueError("its numbers are complex ones, or of no known kind")
    if kind in (_UNSIGNED, 4) and not (bits <= 16 or bits == 32):
        raise ValueError(f"its numbers have {bits} bits; 1 to 16 and 32 are read")


def pillow_keeps(found: Layout) -> bool:
    """Whether Pillow reads such a page as it is, if it reads it at all."""
    if found.compression in _PICTURES or (found.planes and found.compression in _BYTES):
        return False
    if found.meaning in _LABS and found.meaning != _LAB:
        return False
    if found.associated and found.compression in _BYTES:
        return False  # Pillow divides by alpha rounding down, from which there is no way back
    return not found.deep and (found.meaning != _YCBCR or found.compression in _JPEG)


def mended(found: Layout) -> dict[int, tuple[int, ...] | None]:
    """Entries of the page that are to be read as others: none if it is as it should be.

    A photometric interpretation that is not said; an old palette of 0 to 255; strips that are said to reach beyond
    the file's end, as some programs round their length up. Raises ValueError if the file is cut off.
    """
    page, replaced = found.page, dict[int, tuple[int, ...] | None]()
    if 262 not in page.entries:
        replaced[262] = (found.meaning,)
    palette = tuple(int(value) for value in page.numbers(320))
    if found.meaning == _PALETTE and palette and max(palette) < 256:  # as libtiff takes it
        replaced[320] = tuple(257 * value for value in palette)
    end = page.file.seek(0, io.SEEK_END)
    for offsets, lengths in ((273, 279), (324, 325)):
        places = tuple(zip(page.numbers(offsets), page.numbers(lengths), strict=False))
        if any(not length for _, length in places):
            raise ValueError("some of its tiles or strips were never written")
        if any(start + length > end for start, length in places):
            if found.compression not in _BYTES or any(start >= end for start, _ in places):
                raise ValueError("the file is cut off")
            replaced[lengths] = tuple(int(min(length, end - start)) for start, length in places)
    if found.compression == UNCOMPRESSED:
        _check_whole(found, end)
    return replaced


def _check_whole(found: Layout, end: int) -> None:
    """Raises ValueError if the file ends before the last row of an uncompressed picture."""
    h, w = _block(found)
    for segment in _segments(found):
        rows = h if found.tiled else min(h, found.height - segment.top)
        if segment.offset + -(-rows // found.sampling[1]) * _row_bytes(found, w) > end:
            raise ValueError("the file is cut off")


def as_grey(found: Layout) -> dict[int, tuple[int, ...] | None]:
    """Entries with which Pillow opens the page, to tell what it says beside its pixels, not to decode it."""
    return {
        **dict.fromkeys((278, 317, 320, 322, 323, 324, 325, 330, 338, 339, 530)),
        258: (16 if found.bits == 16 else 8,),
        259: (UNCOMPRESSED,),
        262: (_GREY,),
        266: (1,),
        273: (8,),
        277: (1,),
        279: (1,),
        284: (1,),
    }


def check_read(found: Layout) -> None:
    """Raises ValueError, naming it, if the page is packed as nothing that is read here."""
    if found.compression not in {*_BYTES, *_PICTURES}:
        name = _OTHERS[found.compression]
        raise ValueError(
            f"it is packed as {name}, with {found.samples} channels of {found.bits} bits, which is not read; save it "
            "with another compression"
        )


def read(found: Layout) -> Stored:
    """The page's own numbers, not yet turned. Raises ValueError if they are not all there or have no one meaning."""
    check_read(found)
    whole = _unpacked(found)
    remarks: tuple[str, ...] = ()
    if found.kind == _FLOAT:
        whole, remarks = (
            (_of_lab if found.meaning == _LAB else _of_floats)(whole, found.bits),
            (f"its floats of {found.bits} bits became 16 bits a channel",),
        )
    elif found.bits == 32:
        if whole.max() < 1 << 16:
            raise ValueError(f"its numbers of 32 bits end at {whole.max()}, which says not where white is")
        whole = ((whole.astype(np.uint64) + 32768) // 65537).astype(np.uint16)  # 2^32 - 1 is 65535 × 65537
        remarks = ("its 32 bits a channel became 16",)
    elif found.meaning != _PALETTE:
        whole = _full_scale(whole, found.bits)
    remarks += _brighter(found, whole)
    pixels, alpha = _meant(found, whole)
    mode, encoding = _MEANINGS[found.meaning][1], _LABS.get(found.meaning, "CIELab")
    return Stored(mode, pixels, alpha, remarks, encoding, found.associated)


def _meant(found: Layout, whole: Pixels) -> tuple[Pixels, Alpha | None]:
    """Colors, of which grey and RGB begin at black, and alpha."""
    white = np.iinfo(whole.dtype).max
    pixels = whole[..., : found.colors]
    at = _alpha_at(found)
    alpha = None if at is None else np.ascontiguousarray(whole[..., found.colors + at])
    if found.meaning == _PALETTE:
        return _from_palette(found, pixels[..., 0]), alpha
    if found.meaning == _YCBCR:
        pixels = _from_differences(found, pixels)
    if found.meaning == _WHITE_IS_NOUGHT:
        pixels = white - pixels
    if found.meaning == _LAB:  # a and b with signs there, around the middle here
        middle = pixels.dtype.type(white // 2 + 1)
        pixels = pixels ^ np.array([0, middle, middle], pixels.dtype)
    if alpha is not None and found.associated:
        pixels = _divided(pixels, alpha)
    return np.ascontiguousarray(pixels), alpha


def _brighter(found: Layout, whole: Pixels) -> tuple[str, ...]:
    """A remark on colors above the alpha that they are said to be multiplied by."""
    at = _alpha_at(found)
    if at is None or not found.associated or found.meaning in (_YCBCR, _PALETTE, *_LABS):
        return ()
    alpha = whole[..., found.colors + at, None]
    if not ((whole[..., : found.colors] > alpha) & (alpha > 0)).any():
        return ()
    return ("colors brighter than its alpha allows (light that is added) were cut off to it",)


def _alpha_at(found: Layout) -> int | None:
    """Which of the samples behind the colors is alpha."""
    if not found.extra and found.samples == found.colors + 1:
        return 0  # it does not say what the fourth is; it nearly always is alpha
    return next(
        (number for number, kind in enumerate(found.extra) if kind in (_ASSOCIATED, _UNASSOCIATED)), None
    )


def _divided(pixels: Pixels, alpha: Alpha) -> Pixels:
    """Colors that were multiplied by alpha, as they were before."""
    white, cover = int(np.iinfo(pixels.dtype).max), np.maximum(alpha, 1)[..., None].astype(np.uint32)
    divided = (pixels.astype(np.uint32) * white + cover // 2) // cover
    result: Pixels = np.where(alpha[..., None] == 0, pixels, np.minimum(divided, white)).astype(pixels.dtype)
    return result


def _from_palette(found: Layout, indexes: Pixels) -> Pixels:
    table = np.array(found.page.numbers(320), np.uint16).reshape(3, -1).T
    if table.shape[0] != 1 << found.bits:
        raise ValueError("its palette is cut off")
    pixels: Pixels = table[indexes] * np.uint16(257 if table.max() < 256 else 1)
    return pixels


def _from_differences(found: Layout, pixels: Pixels) -> Pixels:
    """RGB of luma and color differences. Source: TIFF 6.0, section 21."""
    white = float(np.iinfo(pixels.dtype).max)
    red, green, blue = found.page.numbers(529) or (0.299, 0.587, 0.114)
    half = (white + 1) / 2
    limits = found.page.numbers(532)
    if len(limits) != 6:
        limits = (0, white, half, white, half, white)
    y, cb, cr = (
        (pixels[..., number].astype(np.float32) - low)
        * ((white if not number else white - half) / ((high - low) or 1))
        for number, (low, high) in enumerate(zip(limits[::2], limits[1::2], strict=True))
    )
    r, b = cr * (2 - 2 * red) + y, cb * (2 - 2 * blue) + y
    g = (y - blue * b - red * r) / green
    result: Pixels = (np.stack([r, g, b], axis=-1).clip(0, white) + 0.5).astype(pixels.dtype)
    return result


def _full_scale(whole: Pixels, bits: int) -> Pixels:
    """Numbers of a few bits, so that the highest one is 255, or of 9 to 15 bits 65535."""
    if bits in (8, 16):
        return whole
    top, white = (1 << bits) - 1, 255 if bits < 8 else 65535
    table: Pixels = ((np.arange(top + 1) * white + top // 2) // top).astype(whole.dtype)
    scaled: Pixels = table[whole]
    return scaled


def _of_floats(whole: np.ndarray, bits: int) -> Pixels:
    """16 bits of floats from 0 to 1. Raises ValueError if there are others."""
    low, high = float(whole.min()), float(whole.max())
    if not (low >= -0.001 and high <= 1.001):  # NaN fails this too
        raise ValueError(
            f"its floats of {bits} bits go from {low:.3g} to {high:.3g}, where 0 to 1 is from black to white: "
            "an HDR; map its tones and save it at 16 bits a channel"
        )
    return (whole.clip(0, 1) * np.float32(65535) + np.float32(0.5)).astype(np.uint16)


def _of_lab(whole: np.ndarray, bits: int) -> Pixels:
    """16 bits, a and b with signs, of floats of L 0..100, a and b, as libvips and libtiff have them."""
    L, ab = whole[..., :1], whole[..., 1:3]
    if whole.shape[2] != 3 or not (
        L.min() >= -1 and L.max() <= 101 and np.abs(ab).max() < 256
    ):  # NaN fails too
        raise ValueError(f"its floats of {bits} bits are no CIE Lab; save it at 16 bits a channel")
    numbers = np.concatenate([L.clip(0, 100) * 655.35, ab.clip(-128, 127.99) * 256], axis=2)
    return np.asarray(numbers.round().astype(np.int32).astype(np.uint16))


@dataclass(frozen=True)
class _Segment:
    """A strip or a tile: where it lies in the file, and in which plane and at which place of the picture."""

    offset: int
    length: int
    plane: int
    top: int
    left: int


def _block(found: Layout) -> tuple[int, int]:
    """(h, w) of a strip or a tile."""
    if found.tiled:
        return found.page.number(323), found.page.number(322)
    return min(found.page.number(278, found.height), found.height), found.width


def _segments(found: Layout) -> list[_Segment]:
    """All segments, in order. Raises ValueError if there are too few."""
    page = found.page
    h, w = _block(found)
    if h < 1 or w < 1:
        raise ValueError("its strips or tiles have no size")
    tiled = found.tiled
    offsets, lengths = page.numbers(324 if tiled else 273), page.numbers(325 if tiled else 279)
    planes = found.samples if found.planes else 1
    places = [
        (plane, top, left)
        for plane in range(planes)
        for top in range(0, found.height, h)
        for left in range(0, found.width, w)
    ]
    if len(offsets) < len(places):
        raise ValueError("the file is cut off: it has fewer strips or tiles than pixels")
    if len(lengths) < len(places):
        if found.compression != UNCOMPRESSED:
            raise ValueError("it does not say how long its strips or tiles are")
        lengths = tuple(_row_bytes(found, w) * h for _ in places)
    return [
        _Segment(int(offset), int(length), *place)
        for place, offset, length in zip(places, offsets, lengths, strict=False)
    ]


def _row_bytes(found: Layout, width: int) -> int:
    """Bytes of a row of a segment; with subsampling, of a row of units."""
    across, down = found.sampling
    if (across, down) != (1, 1):
        return -(-width // across) * (across * down + 2)
    return -(-width * (1 if found.planes else found.samples) * found.bits // 8)


def _unpacked(found: Layout) -> np.ndarray:
    """(h, w, samples) of the numbers as they are stored: unsigned, or float32."""
    whole: np.ndarray | None = None
    for segment, values in _decoded(found):
        if whole is None:
            whole = np.zeros((found.height, found.width, found.samples), values.dtype)
        part = whole[segment.top : segment.top + len(values), segment.left : segment.left + values.shape[1]]
        inside = values[: part.shape[0], : part.shape[1]]
        if found.planes:
            part[..., segment.plane] = inside[..., 0]
        else:
            part[:] = inside
    assert whole is not None
    return whole


def _decoded(found: Layout) -> Iterator[tuple[_Segment, np.ndarray]]:
    """Each segment with its numbers (h, w, samples)."""
    segments, (h, w) = _segments(found), _block(found)
    if found.compression in _PICTURES:
        for segment in segments:
            yield segment, _picture(found, _data(found, segment))
        return
    row, down = _row_bytes(found, w), found.sampling[1]
    rows = [h if found.tiled else min(h, found.height - segment.top) for segment in segments]
    rows = [-(-count // down) for count in rows]
    for first, last in _groups(segments, rows, row):
        data = _bytes(found, segments[first:last], rows[first:last], row)
        place = 0
        for segment, count in zip(segments[first:last], rows[first:last], strict=True):
            yield segment, _numbers(found, data[place : place + count * row].reshape(count, row), w)
            place += count * row


def _groups(segments: list[_Segment], rows: list[int], row: int) -> Iterator[tuple[int, int]]:
    """Runs of segments of one plane that are unpacked together."""
    first = 0
    for last in range(1, len(segments) + 1):
        full = sum(rows[first:last]) * row >= _GROUP if last - first < 64 else True
        if last == len(segments) or full or segments[last].plane != segments[first].plane:
            yield first, last
            first = last


def _data(found: Layout, segment: _Segment) -> bytes:
    found.page.file.seek(segment.offset)
    return found.page.file.read(segment.length)


def _bytes(found: Layout, segments: list[_Segment], rows: list[int], row: int) -> np.ndarray:
    """The unpacked bytes of segments, one after the other. Raises ValueError or OSError if some are missing."""
    packed = [_data(found, segment) for segment in segments]
    if found.compression == UNCOMPRESSED:
        if any(len(data) < count * row for data, count in zip(packed, rows, strict=True)):
            raise ValueError("the file is cut off")
        whole = b"".join(data[: count * row] for data, count in zip(packed, rows, strict=True))
        bytes_ = np.frombuffer(whole, np.uint8)
        return _turned_bits()[bytes_] if found.page.number(266, 1) == 2 else bytes_
    with Image.open(io.BytesIO(_as_grey(found, packed, rows, row)), formats=["TIFF"]) as image:
        image.load()
        return np.asarray(image).reshape(-1)


def _turned_bits() -> np.ndarray:
    """Each byte with its bits in the other order."""
    return np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)[:, ::-1], axis=1)[:, 0]


def _as_grey(found: Layout, packed: list[bytes], rows: list[int], row: int) -> bytes:
    """A TIFF of grey bytes, `row` to a row, with these packed strips."""
    offsets, at = [], 8
    for data in packed:
        offsets.append(at)
        at += len(data)
    entries = {
        256: (row,),
        257: (sum(rows),),
        258: (8,),
        259: (found.compression,),
        262: (_GREY,),
        266: (found.page.number(266, 1),),
        273: tuple(offsets),
        277: (1,),
        278: (max(rows),),
        279: tuple(len(data) for data in packed),
    }
    at += at % 2
    values_at, directory, values = at + 2 + 12 * len(entries) + 4, b"", b""
    for tag, numbers in entries.items():
        data = struct.pack(f"<{len(numbers)}L", *numbers)
        place = data if len(numbers) == 1 else struct.pack("<L", values_at + len(values))
        values += data if len(numbers) > 1 else b""
        directory += struct.pack("<HHL", tag, 4, len(numbers)) + place
    whole = b"II*\0" + struct.pack("<L", at) + b"".join(packed)
    return whole.ljust(at, b"\0") + struct.pack("<H", len(entries)) + directory + bytes(4) + values


def _numbers(found: Layout, rows: np.ndarray, width: int) -> np.ndarray:
    """(h, w, samples) of the rows' bytes: unsigned whole numbers, or float32."""
    samples = 1 if found.planes else found.samples
    predictor = found.page.number(317, 1) if found.compression in _PREDICTED else 1
    if found.sampling != (1, 1):
        return _spread(found, rows, width)
    if found.kind == _FLOAT:
        return _floats(found, rows, width, samples, predictor)
    if found.bits not in (8, 16, 32):
        if predictor != 1:
            raise ValueError(f"its {found.bits} bits are stored as differences, which is not read")
        return _few_bits(found.bits, rows, width * samples).reshape(len(rows), width, samples)
    letter = {8: "u1", 16: "u2", 32: "u4"}[found.bits]
    values = np.ascontiguousarray(rows).view(found.page.order + letter).reshape(len(rows), width, samples)
    values = values.astype(letter)
    if predictor == 2:
        np.cumsum(values, axis=1, dtype=values.dtype, out=values)
    elif predictor != 1:
        raise ValueError("its numbers are stored by a predictor that is not known")
    return values


def _few_bits(bits: int, rows: np.ndarray, count: int) -> np.ndarray:
    """Whole numbers of 1 to 15 bits, packed from the highest bit on, each row at a byte's beginning."""
    depth = np.uint8 if bits < 8 else np.uint16
    values = np.empty((len(rows), count), depth)
    weights = (1 << np.arange(bits - 1, -1, -1)).astype(np.uint16)
    for number, row in enumerate(rows):
        single = np.unpackbits(row)[: count * bits].reshape(count, bits)
        values[number] = single @ weights
    return values


def _floats(found: Layout, rows: np.ndarray, width: int, samples: int, predictor: int) -> np.ndarray:
    size = found.bits // 8
    rows = np.ascontiguousarray(rows)
    order = found.page.order
    if predictor == 3:  # differences of bytes, the highest byte of all numbers first
        steps = rows.reshape(len(rows), -1, samples)
        whole = np.cumsum(steps, axis=1, dtype=np.uint8).reshape(len(rows), size, width * samples)
        rows, order = np.ascontiguousarray(whole.transpose(0, 2, 1)), ">"
    elif predictor != 1:
        raise ValueError("its floats are stored by a predictor that is not known")
    return rows.view(f"{order}f{size}").reshape(len(rows), width, samples).astype(np.float32)


def _spread(found: Layout, rows: np.ndarray, width: int) -> np.ndarray:
    """Y, Cb, Cr of each pixel, of units in which several Y share one Cb and Cr."""
    across, down = found.sampling
    if (
        found.bits != 8
        or across not in (1, 2, 4)
        or down not in (1, 2, 4)
        or found.planes
        or found.samples != 3
    ):
        raise ValueError(
            f"its color is stored for {across} × {down} pixels at {found.bits} bits, which is not read"
        )
    units = rows.reshape(len(rows), -1, across * down + 2)
    squares = units[..., :-2].reshape(len(rows), -1, down, across).transpose(0, 2, 1, 3)
    y = squares.reshape(len(rows) * down, -1, 1)
    color = units[..., -2:].repeat(down, axis=0).repeat(across, axis=1)
    return np.concatenate([y, color], axis=2)[:, :width]


def _picture(found: Layout, data: bytes) -> np.ndarray:
    """A segment that is a whole picture."""
    if found.deep:
        deep = by_opencv(data)
        if deep is None:
            raise ValueError(f"its {_PICTURES[found.compression]} is damaged")
        values = (
            deep[..., ::3] if found.samples == 2 and deep.ndim == 3 else deep
        )  # grey three times, and alpha
    else:
        with Image.open(io.BytesIO(data), formats=["JPEG2000", "PNG", "WEBP"]) as image:
            values = np.asarray(image)
    values = values[..., None] if values.ndim == 2 else values
    if values.shape[2] < (1 if found.planes else found.samples):
        raise ValueError(f"its {_PICTURES[found.compression]} has too few channels")
    return values[..., : 1 if found.planes else found.samples]
