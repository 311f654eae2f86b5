"""A photo's own lightness with new color: the last step of colorization, at the photo's full size.

A picture is worked on in strips, each step into arrays that are made once: what it costs is the passes over memory. Of
8 bits most steps are tables. What changes nothing for a strip is left out: the straight line of Lab's f where
nothing is so dark, less chroma where sRGB has all the colors. No bit depends on that (tests/pixels/test_recolor.py
has the same in plain steps).
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np

from safelight.arrays import Ab, Pixels
from safelight.pixels.color import EDGE, TO_LINEAR, compress, encode, expand, luminance
from safelight.pixels.geometry import Box
from safelight.shaped import Float32, Float64, Int, Shaped, UInt8, UInt16

_STRIP = (
    1 << 16
)  # pixels at a time: 4 MB of numbers a thread; smaller ones cost more calls than they save memory
_TO_F = np.array([1 / 500, -1 / 200], np.float32)  # a = 500 (fx - fy), b = 200 (fy - fz)
_FINE = np.float32(
    (1 << 16) - 1
)  # levels of linear light in the tables for 8 bits: 20 to the smallest step of sRGB
_TINY = np.float32(1e-9)
_LINE = np.float32(3 * EDGE**2)  # how steep Lab's inverse is below its edge


def replace_ab(pixels: Pixels, ab: Ab, threads: int | None = None, box: Box | None = None) -> Pixels:
    """The picture with each pixel's own L and the color of ab (any smaller size), enlarged bilinearly.

    threads: None or 0 for one a processor that this process may use. box: only this part of the picture, the same as
    it is in the whole.

    pixels are uint8, uint16 or floats 0..1; the result has the same type and shape. Where no sRGB color has
    that L and that ab, the chroma is reduced until one has: the L stays. With ab = 0 the result is grey,
    and a grey photo comes back bit by bit. Memory beyond the result: ab at the photo's width, and a strip a thread.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype not in (np.uint8, np.uint16, np.float32):
        raise ValueError(
            f"pixels are {pixels.dtype} {pixels.shape}; expected uint8, uint16 or float32 (h, w, 3)"
        )
    height, width = pixels.shape[:2]
    box = box or Box(0, 0, height, width)
    colors = _Enlarged(_fit_width(ab, height, width)[:, box.slices[1]] * _TO_F, height)
    return _joined(pixels[box.slices], colors, threads, box.top)


def _joined(part: Pixels, colors: "_Enlarged", threads: int | None, above: int = 0) -> Pixels:
    """Pixels with their own L and these colors; above: how many rows of the colors lie above them."""
    height, width = part.shape[:2]
    result = np.empty((height, width, 3), part.dtype)
    rows = max(1, _STRIP // width)
    tops = range(0, height, rows)
    count = min(threads or usable_cores(), len(tops))

    def recolor(first: int) -> None:
        room = _Room(rows, width)
        for top in tops[first::count]:
            strip = slice(top, min(top + rows, height))
            room.of(strip.stop - top).join(part[strip], colors, above + top, out=result[strip])

    if count == 1:
        recolor(0)
    else:
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(recolor, range(count)))
    return result


def replace_ab_in_rows(rows: Pixels, top: int, height: int, ab: Ab) -> Pixels:
    """As `replace_ab`, of some rows of a picture of this height alone, the first of which is number `top`.

    Memory beyond the result: the rows of ab that lie there, at the picture's width.
    """
    place = _places(np.arange(top, top + len(rows)), height, len(ab))
    first, last = int(place[0]), min(int(place[-1]) + 2, len(ab))
    near = _fit_width(ab[first:last], max(height, len(ab)), rows.shape[1])
    return _joined(rows, _Enlarged(near * _TO_F, len(rows), place - first), None)


def usable_cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _fit_width(ab: Ab, height: int, width: int) -> Ab:
    """ab at the photo's width, and not higher than the photo."""
    import cv2

    ab = np.ascontiguousarray(ab, np.float32)
    if ab.shape[0] > height or ab.shape[1] > width:
        smaller = (min(ab.shape[1], width), min(ab.shape[0], height))
        ab = cv2.resize(ab, smaller, interpolation=cv2.INTER_AREA)
    if ab.shape[1] < width:
        ab = cv2.resize(ab, (width, ab.shape[0]), interpolation=cv2.INTER_LINEAR)
    return ab


def _places(rows: Int[np.ndarray, " n"], height: int, among: int) -> Float64[np.ndarray, " n"]:
    """Where rows of a picture of this height lie among so many rows of ab."""
    return np.asarray(np.clip((rows + 0.5) * (among / height) - 0.5, 0, among - 1))


class _Enlarged:
    """What ab adds to fy, (h, w, 2), enlarged linearly to a height, some rows at a time."""

    def __init__(self, offsets: Ab, height: int, place: Float64[np.ndarray, " h"] | None = None) -> None:
        self._planes = np.ascontiguousarray(np.moveaxis(offsets, 2, 0))
        if place is None:
            place = _places(np.arange(height), height, len(offsets))
        self._above = np.minimum(place.astype(np.intp), max(len(offsets) - 2, 0))
        self._below = np.minimum(self._above + 1, len(offsets) - 1)
        self._share = (place - self._above).astype(np.float32)[:, None]
        self._is_whole = len(offsets) == height and bool((place == np.arange(height)).all())

    def rows(self, top: int, out: Float32[np.ndarray, "2 h w"], spare: Float32[np.ndarray, "2 h w"]) -> None:
        """Write so many rows, from `top` on, as `out` has."""
        rows = slice(top, top + out.shape[1])
        if self._is_whole:
            np.copyto(out, self._planes[:, rows])
            return
        share = self._share[rows]
        for plane, result, below in zip(self._planes, out, spare, strict=True):
            np.multiply(plane[self._above[rows]], 1 - share, out=result)
            np.multiply(plane[self._below[rows]], share, out=below)
        out += spare


class _Room:
    """The arrays that one thread works in, for strips of at most so many rows."""

    def __init__(self, rows: int, width: int) -> None:
        self._floats = np.empty((12, rows, width), np.float32)
        self._levels = np.empty((rows, width), np.uint16)
        self._bytes = np.empty((3, rows, width), np.uint8)
        # NumPy's minimum and maximum take four times as long with one number as with a row of it.
        self._edge = np.full(width, EDGE, np.float32)
        self._tiny = np.repeat([[_TINY], [-_TINY]], width, axis=1)

    def of(self, rows: int) -> "_Strip":
        """The arrays for so many rows."""
        floats = self._floats[:, :rows]
        return _Strip(
            floats[0],
            floats[1],
            floats[2:4],
            floats[4:6],
            floats[6:8],
            floats[8:11],
            floats[11],
            self._levels[:rows],
            self._bytes[:, :rows],
            self._edge,
            self._tiny,
        )


@dataclass(eq=False)
class _Strip:
    """One strip's arrays. fy and Y: of its lightness. xz: f and then light X and Z, less Y. rgb: linear, less Y.

    ends: how far it is from Y up to 1 and down to 0. edge: EDGE, tiny: _TINY and -_TINY, each for a row.
    """

    fy: Float32[np.ndarray, "h w"]
    Y: Float32[np.ndarray, "h w"]
    xz: Float32[np.ndarray, "2 h w"]
    spare: Float32[np.ndarray, "2 h w"]
    ends: Float32[np.ndarray, "2 h w"]
    rgb: Float32[np.ndarray, "3 h w"]
    one: Float32[np.ndarray, "h w"]
    levels: UInt16[np.ndarray, "h w"]
    bytes: UInt8[np.ndarray, "3 h w"]
    edge: Float32[np.ndarray, " w"]
    tiny: Float32[np.ndarray, "2 w"]

    def join(self, pixels: Pixels, colors: _Enlarged, top: int, out: Pixels) -> None:
        """L from the pixels, color from fx - fy = a / 500 and fz - fy = -b / 200.

        Linear R, G and B are Y plus parts of X - Y and Z - Y (the matrix rows sum to 1), so that ab = 0 gives
        three equal channels, whatever the rounding.
        """
        import cv2

        self._lightness(pixels)
        colors.rows(top, self.xz, self.spare)
        self.xz += self.fy
        self._expand()
        self.xz -= self.Y
        for channel, mixing in zip(self.rgb, TO_LINEAR, strict=True):
            np.multiply(self.xz[0], mixing[0], out=channel)
            np.multiply(self.xz[1], mixing[2], out=self.one)
            np.add(channel, self.one, out=channel)
        self._into_reach()
        self.rgb += self.Y
        if pixels.dtype == np.uint8:
            for channel, level in zip(self.rgb, self.bytes, strict=True):
                cv2.LUT(self._fine(channel), _encoded_table(), dst=level)
            cv2.merge(list(self.bytes), out)
        else:
            cv2.merge([_deep(channel, pixels.dtype) for channel in self.rgb], out)

    def _lightness(self, pixels: Pixels) -> None:
        """fy and Y, and how far from it the ends of the gamut are."""
        import cv2

        if pixels.dtype != np.uint8:
            np.copyto(self.fy, compress(luminance(pixels)))
            np.copyto(self.Y, expand(self.fy))
        elif (grey := _grey(pixels)) is not None:
            for table, plane in zip(_grey_tables(), (self.fy, self.Y), strict=True):
                cv2.LUT(grey, table, dst=plane)
        else:
            light = luminance(pixels)
            fine = self._fine(light)
            for table, plane in zip(_fine_tables(), (self.fy, self.Y), strict=True):
                cv2.LUT(fine, table, dst=plane)

    def _expand(self) -> None:
        """`expand` of xz, in place; see there."""
        if self.xz.min() >= np.float32(EDGE):
            np.multiply(self.xz, self.xz, out=self.spare)
            self.xz *= self.spare
            return
        above, cube = self.spare, self.ends
        np.maximum(self.xz, self.edge, out=above)
        self.xz -= above
        self.xz *= _LINE
        np.multiply(above, above, out=cube)
        cube *= above
        self.xz += cube

    def _into_reach(self) -> None:
        """Shorten the colors, from the grey Y, to where all of R, G and B (linear light) are inside 0..1."""
        (up, down), (over, under), rgb = self.spare, self.ends, self.rgb
        np.subtract(1, self.Y, out=over)
        np.maximum(over, self.tiny[0], out=over)
        np.negative(self.Y, out=under)
        np.minimum(under, self.tiny[1], out=under)
        np.maximum(rgb[0], rgb[1], out=up)
        np.maximum(up, rgb[2], out=up)
        np.minimum(rgb[0], rgb[1], out=down)
        np.minimum(down, rgb[2], out=down)
        if not ((up > over).any() or (down < under).any()):
            return
        np.maximum(up, over, out=up)
        np.minimum(down, under, out=down)
        self.ends /= self.spare
        rgb *= np.minimum(over, under, out=over)

    def _fine(self, linear: Float32[np.ndarray, "h w"]) -> UInt16[np.ndarray, "h w"]:
        """Places in the tables for 8 bits of light that is 0..1 but for rounding; the light is used up."""
        linear *= _FINE
        linear += np.float32(0.5)
        np.copyto(self.levels, linear, casting="unsafe")
        return self.levels


def _grey(pixels: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w"] | None:
    """The one channel of a strip whose channels are equal; None of others, mostly told by its first row."""
    import cv2

    if (pixels[0, :, 0] != pixels[0, :, 1]).any():
        return None
    red, green, blue = cv2.split(pixels)
    return np.asarray(red) if np.array_equal(red, green) and np.array_equal(red, blue) else None


def _deep(linear: Float32[np.ndarray, "h w"], depth: np.dtype) -> Shaped[np.ndarray, "h w"]:
    encoded = encode(linear)
    return encoded if depth == np.float32 else (encoded * np.iinfo(depth).max + np.float32(0.5)).astype(depth)


@cache
def _encoded_table() -> UInt8[np.ndarray, "1 levels"]:
    """The level of 8 bits of each fine level of light."""
    return (encode(_fine_levels()) * 255 + 0.5).astype(np.uint8)[None]


@cache
def _fine_tables() -> tuple[Float32[np.ndarray, "1 levels"], Float32[np.ndarray, "1 levels"]]:
    """fy of each fine level of light, and the light again that is Lab's of that."""
    fy = compress(_fine_levels())[None]
    return fy, expand(fy)


@cache
def _grey_tables() -> tuple[Float32[np.ndarray, "256 1"], Float32[np.ndarray, "256 1"]]:
    """fy and the light again of each level of grey."""
    grey = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    fine = (luminance(grey) * _FINE + np.float32(0.5)).astype(np.int32)
    fy, light = (table[0, fine[0]] for table in _fine_tables())
    return fy[:, None], light[:, None]


def _fine_levels() -> Float32[np.ndarray, " levels"]:
    return np.arange(int(_FINE) + 1, dtype=np.float32) / int(_FINE)
