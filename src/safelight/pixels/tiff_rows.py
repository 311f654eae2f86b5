"""A TIFF's page read some rows at a time: what a picture of gigabytes needs, of which a strip fits into memory."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from safelight.pixels.space import Stored
from safelight.pixels.tiff_layout import (
    FLOAT,
    PICTURES,
    UNCOMPRESSED,
    Layout,
    Segment,
    block_size,
    check_read,
    row_bytes,
    segments_of,
)
from safelight.pixels.tiff_samples import decoded, stored_of

_BAND = 1 << 25  # bytes of rows that are read at a time, where the file allows it
_LARGEST = 1 << 29  # bytes of a strip, or of a row of tiles, that are packed together


@dataclass(frozen=True)
class _Band:
    """Rows that are read together: the segments that hold them."""

    top: int
    rows: int
    segments: tuple[Segment, ...]


class Rows:
    """The rows of a page. Raises ValueError for one that cannot be read in parts.

    That is one of floats or of 32 bits, whose range is only known when all is read; one of whole pictures; and one
    that is packed in strips of more than half a GB.
    """

    def __init__(self, layout: Layout) -> None:
        check_read(layout)
        if (
            layout.kind == FLOAT
            or layout.bits > 16
            or layout.compression in PICTURES
            or layout.sampling != (1, 1)
        ):
            raise ValueError(
                "it is too large to be read at once, and stored in a way that is not read in parts; save it as "
                "8 or 16 bits a channel"
            )
        self._layout = layout
        self._bands = list(_bands(layout))
        self._tops = [band.top for band in self._bands]
        self._last: tuple[_Band, Stored] | None = None

    def bands(self) -> Iterator[tuple[int, Stored]]:
        """All rows in turn: the first one of each part, and what it holds."""
        for band in self._bands:
            yield band.top, self._read(band)

    def read(self, top: int, bottom: int, across: slice = slice(None)) -> Stored:
        """Some rows, or these columns of them; what lies in one part of the file is read once."""
        parts = []
        for band in self._bands[bisect_right(self._tops, top) - 1 : bisect_left(self._tops, bottom)]:
            if self._last is None or self._last[0] is not band:
                self._last = band, self._read(band)
            inside = slice(max(top - band.top, 0), min(bottom - band.top, band.rows)), across
            stored = self._last[1]
            alpha = None if stored.alpha is None else stored.alpha[inside].copy()
            parts.append(replace(stored, pixels=stored.pixels[inside].copy(), alpha=alpha))
        alphas = [part.alpha for part in parts if part.alpha is not None]
        return replace(
            parts[0],
            pixels=np.concatenate([part.pixels for part in parts]),
            alpha=np.concatenate(alphas) if alphas else None,
        )

    def _read(self, band: _Band) -> Stored:
        layout = self._layout
        whole: np.ndarray | None = None
        for segment, values in decoded(layout, list(band.segments), [band.rows] * len(band.segments)):
            if whole is None:
                whole = np.zeros((band.rows, layout.width, layout.samples), values.dtype)
            part = whole[:, segment.left : segment.left + values.shape[1]]
            inside = values[: part.shape[0], : part.shape[1]]
            if layout.planes:
                part[..., segment.plane] = inside[..., 0]
            else:
                part[:] = inside
        assert whole is not None
        seen = whole[: min(band.rows, layout.height - band.top)]
        return stored_of(layout, seen)


def _bands(layout: Layout) -> Iterator[_Band]:
    h, w = block_size(layout)
    row = row_bytes(layout, w)
    by_top: dict[int, list[Segment]] = {}
    for segment in segments_of(layout):
        by_top.setdefault(segment.top, []).append(segment)
    for top, segments in sorted(by_top.items()):
        rows = h if layout.tiled else min(h, layout.height - top)
        if layout.compression == UNCOMPRESSED and not layout.tiled:
            step = max(1, _BAND // (row * len(segments)))
            for first in range(0, rows, step):
                count = min(step, rows - first)
                parts = (
                    Segment(each.offset + first * row, count * row, each.plane, top + first, 0)
                    for each in segments
                )
                yield _Band(top + first, count, tuple(parts))
        elif rows * row * len(segments) > _LARGEST:
            raise ValueError(
                f"its strips or tiles have {rows} rows, {rows * row * len(segments) >> 20} MB together, which is too "
                "much to be read at a time; save it in smaller strips"
            )
        else:
            yield _Band(top, rows, tuple(segments))
