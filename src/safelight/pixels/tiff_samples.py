"""Pixels of a TIFF whose numbers Pillow does not keep: more than 8 bits, floats, inks at 16 bits, YCbCr that is not
JPEG, and segments that are whole pictures (JPEG 2000, WebP).

Segments are unpacked by libtiff, through Pillow, as if they were grey bytes; what the bytes mean is read here.
Sources: TIFF 6.0; TIFF Technical Note 3 (the predictor of floats).
"""

import io
import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image

from safelight.arrays import Pixels
from safelight.pixels.box_formats import by_opencv
from safelight.pixels.space import Alpha, Stored
from safelight.pixels.tiff_layout import (
    FLOAT,
    GREY,
    LAB,
    LABS,
    MEANINGS,
    PALETTE,
    PICTURES,
    PREDICTED,
    UNCOMPRESSED,
    WHITE_IS_NOUGHT,
    YCBCR,
    Layout,
    Segment,
    alpha_at,
    block_size,
    check_read,
    row_bytes,
    segments_of,
)

_GROUP = 1 << 25  # bytes unpacked at a time


def read(layout: Layout) -> Stored:
    """The page's own numbers, not yet turned. Raises ValueError if they are not all there or have no one meaning."""
    return stored_of(layout, samples(layout))


def samples(layout: Layout) -> np.ndarray:
    """All samples (h, w, samples) as they are stored, not yet turned. Raises ValueError if they are not all there."""
    check_read(layout)
    return _unpacked(layout)


def stored_of(layout: Layout, whole: np.ndarray) -> Stored:
    """What numbers (h, w, samples) as they are stored mean. Raises ValueError if they have no one meaning."""
    remarks: tuple[str, ...] = ()
    if layout.kind == FLOAT:
        whole, remarks = (
            (_of_lab if layout.meaning == LAB else _of_floats)(whole, layout.bits),
            (f"its floats of {layout.bits} bits became 16 bits a channel",),
        )
    elif layout.bits == 32:
        if whole.max() < 1 << 16:
            raise ValueError(f"its numbers of 32 bits end at {whole.max()}, which says not where white is")
        whole = ((whole.astype(np.uint64) + 32768) // 65537).astype(np.uint16)  # 2^32 - 1 is 65535 × 65537
        remarks = ("its 32 bits a channel became 16",)
    elif layout.meaning != PALETTE:
        whole = _full_scale(whole, layout.bits)
    remarks += _brighter(layout, whole)
    pixels, alpha = _meant(layout, whole)
    mode, encoding = MEANINGS[layout.meaning][1], LABS.get(layout.meaning, "CIELab")
    return Stored(mode, pixels, alpha, remarks, encoding, layout.associated)


def _meant(layout: Layout, whole: Pixels) -> tuple[Pixels, Alpha | None]:
    """Colors, of which grey and RGB begin at black, and alpha."""
    white = np.iinfo(whole.dtype).max
    pixels = whole[..., : layout.colors]
    at = alpha_at(layout)
    alpha = None if at is None else np.ascontiguousarray(whole[..., layout.colors + at])
    if layout.meaning == PALETTE:
        return _from_palette(layout, pixels[..., 0]), alpha
    if layout.meaning == YCBCR:
        pixels = _from_differences(layout, pixels)
    if layout.meaning == WHITE_IS_NOUGHT:
        pixels = white - pixels
    if layout.meaning == LAB:  # a and b with signs there, around the middle here
        middle = pixels.dtype.type(white // 2 + 1)
        pixels = pixels ^ np.array([0, middle, middle], pixels.dtype)
    if alpha is not None and layout.associated:
        pixels = _divided(pixels, alpha)
    return np.ascontiguousarray(pixels), alpha


def _brighter(layout: Layout, whole: Pixels) -> tuple[str, ...]:
    """A remark on colors above the alpha that they are said to be multiplied by."""
    at = alpha_at(layout)
    if at is None or not layout.associated or layout.meaning in (YCBCR, PALETTE, *LABS):
        return ()
    alpha = whole[..., layout.colors + at, None]
    if not ((whole[..., : layout.colors] > alpha) & (alpha > 0)).any():
        return ()
    return ("colors brighter than its alpha allows (light that is added) were cut off to it",)


def _divided(pixels: Pixels, alpha: Alpha) -> Pixels:
    """Colors that were multiplied by alpha, as they were before."""
    white, cover = int(np.iinfo(pixels.dtype).max), np.maximum(alpha, 1)[..., None].astype(np.uint32)
    divided = (pixels.astype(np.uint32) * white + cover // 2) // cover
    result: Pixels = np.where(alpha[..., None] == 0, pixels, np.minimum(divided, white)).astype(pixels.dtype)
    return result


def _from_palette(layout: Layout, indexes: Pixels) -> Pixels:
    table = np.array(layout.page.numbers(320), np.uint16).reshape(3, -1).T
    if table.shape[0] != 1 << layout.bits:
        raise ValueError("its palette is cut off")
    pixels: Pixels = table[indexes] * np.uint16(257 if table.max() < 256 else 1)
    return pixels


def _from_differences(layout: Layout, pixels: Pixels) -> Pixels:
    """RGB of luma and color differences. Source: TIFF 6.0, section 21."""
    white = float(np.iinfo(pixels.dtype).max)
    red, green, blue = layout.page.numbers(529) or (0.299, 0.587, 0.114)
    half = (white + 1) / 2
    limits = layout.page.numbers(532)
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


def _unpacked(layout: Layout) -> np.ndarray:
    """(h, w, samples) of the numbers as they are stored: unsigned, or float32."""
    whole: np.ndarray | None = None
    for segment, values in _decoded(layout):
        if whole is None:
            whole = np.zeros((layout.height, layout.width, layout.samples), values.dtype)
        part = whole[segment.top : segment.top + len(values), segment.left : segment.left + values.shape[1]]
        inside = values[: part.shape[0], : part.shape[1]]
        if layout.planes:
            part[..., segment.plane] = inside[..., 0]
        else:
            part[:] = inside
    assert whole is not None
    return whole


def decoded(layout: Layout, segments: list[Segment], rows: list[int]) -> Iterator[tuple[Segment, np.ndarray]]:
    """These segments with their numbers (h, w, samples); rows: how many each has. None are whole pictures."""
    row = row_bytes(layout, block_size(layout)[1])
    for first, last in _groups(segments, rows, row):
        data = _bytes(layout, segments[first:last], rows[first:last], row)
        place = 0
        for segment, count in zip(segments[first:last], rows[first:last], strict=True):
            packed = data[place : place + count * row].reshape(count, row)
            yield segment, _numbers(layout, packed, block_size(layout)[1])
            place += count * row


def _decoded(layout: Layout) -> Iterator[tuple[Segment, np.ndarray]]:
    """Each segment with its numbers (h, w, samples)."""
    segments, h = segments_of(layout), block_size(layout)[0]
    if layout.compression in PICTURES:
        for segment in segments:
            yield segment, _picture(layout, _data(layout, segment))
        return
    down = layout.sampling[1]
    rows = [h if layout.tiled else min(h, layout.height - segment.top) for segment in segments]
    yield from decoded(layout, segments, [-(-count // down) for count in rows])


def _groups(segments: list[Segment], rows: list[int], row: int) -> Iterator[tuple[int, int]]:
    """Runs of segments of one plane that are unpacked together."""
    first = 0
    for last in range(1, len(segments) + 1):
        full = sum(rows[first:last]) * row >= _GROUP if last - first < 64 else True
        if last == len(segments) or full or segments[last].plane != segments[first].plane:
            yield first, last
            first = last


def _data(layout: Layout, segment: Segment) -> bytes:
    layout.page.file.seek(segment.offset)
    return layout.page.file.read(segment.length)


def _bytes(layout: Layout, segments: list[Segment], rows: list[int], row: int) -> np.ndarray:
    """The unpacked bytes of segments, one after the other. Raises ValueError or OSError if some are missing."""
    packed = [_data(layout, segment) for segment in segments]
    if layout.compression == UNCOMPRESSED:
        if any(len(data) < count * row for data, count in zip(packed, rows, strict=True)):
            raise ValueError("the file is cut off")
        whole = b"".join(data[: count * row] for data, count in zip(packed, rows, strict=True))
        bytes_ = np.frombuffer(whole, np.uint8)
        return _turned_bits()[bytes_] if layout.page.number(266, 1) == 2 else bytes_
    with Image.open(io.BytesIO(_as_grey(layout, packed, rows, row)), formats=["TIFF"]) as image:
        image.load()
        return np.asarray(image).reshape(-1)


def _turned_bits() -> np.ndarray:
    """Each byte with its bits in the other order."""
    return np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)[:, ::-1], axis=1)[:, 0]


def _as_grey(layout: Layout, packed: list[bytes], rows: list[int], row: int) -> bytes:
    """A TIFF of grey bytes, `row` to a row, with these packed strips."""
    offsets, at = [], 8
    for data in packed:
        offsets.append(at)
        at += len(data)
    entries = {
        256: (row,),
        257: (sum(rows),),
        258: (8,),
        259: (layout.compression,),
        262: (GREY,),
        266: (layout.page.number(266, 1),),
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


def _numbers(layout: Layout, rows: np.ndarray, width: int) -> np.ndarray:
    """(h, w, samples) of the rows' bytes: unsigned whole numbers, or float32."""
    samples = 1 if layout.planes else layout.samples
    predictor = layout.page.number(317, 1) if layout.compression in PREDICTED else 1
    if layout.sampling != (1, 1):
        return _spread(layout, rows, width)
    if layout.kind == FLOAT:
        return _floats(layout, rows, width, samples, predictor)
    if layout.bits not in (8, 16, 32):
        if predictor != 1:
            raise ValueError(f"its {layout.bits} bits are stored as differences, which is not read")
        return _few_bits(layout.bits, rows, width * samples).reshape(len(rows), width, samples)
    letter = {8: "u1", 16: "u2", 32: "u4"}[layout.bits]
    values = np.ascontiguousarray(rows).view(layout.page.order + letter).reshape(len(rows), width, samples)
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


def _floats(layout: Layout, rows: np.ndarray, width: int, samples: int, predictor: int) -> np.ndarray:
    size = layout.bits // 8
    rows = np.ascontiguousarray(rows)
    order = layout.page.order
    if predictor == 3:  # differences of bytes, the highest byte of all numbers first
        steps = rows.reshape(len(rows), -1, samples)
        whole = np.cumsum(steps, axis=1, dtype=np.uint8).reshape(len(rows), size, width * samples)
        rows, order = np.ascontiguousarray(whole.transpose(0, 2, 1)), ">"
    elif predictor != 1:
        raise ValueError("its floats are stored by a predictor that is not known")
    return rows.view(f"{order}f{size}").reshape(len(rows), width, samples).astype(np.float32)


def _spread(layout: Layout, rows: np.ndarray, width: int) -> np.ndarray:
    """Y, Cb, Cr of each pixel, of units in which several Y share one Cb and Cr."""
    across, down = layout.sampling
    if (
        layout.bits != 8
        or across not in (1, 2, 4)
        or down not in (1, 2, 4)
        or layout.planes
        or layout.samples != 3
    ):
        raise ValueError(
            f"its color is stored for {across} × {down} pixels at {layout.bits} bits, which is not read"
        )
    units = rows.reshape(len(rows), -1, across * down + 2)
    squares = units[..., :-2].reshape(len(rows), -1, down, across).transpose(0, 2, 1, 3)
    y = squares.reshape(len(rows) * down, -1, 1)
    color = units[..., -2:].repeat(down, axis=0).repeat(across, axis=1)
    return np.concatenate([y, color], axis=2)[:, :width]


def _picture(layout: Layout, data: bytes) -> np.ndarray:
    """A segment that is a whole picture."""
    if layout.deep:
        deep = by_opencv(data)
        if deep is None:
            raise ValueError(f"its {PICTURES[layout.compression]} is damaged")
        values = (
            deep[..., ::3] if layout.samples == 2 and deep.ndim == 3 else deep
        )  # grey three times, and alpha
    else:
        with Image.open(io.BytesIO(data), formats=["JPEG2000", "PNG", "WEBP"]) as image:
            values = np.asarray(image)
    values = values[..., None] if values.ndim == 2 else values
    if values.shape[2] < (1 if layout.planes else layout.samples):
        raise ValueError(f"its {PICTURES[layout.compression]} has too few channels")
    return values[..., : 1 if layout.planes else layout.samples]
