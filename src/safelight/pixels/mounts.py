"""The paper around a picture: a mount, the white border of a print, the card that it is glued on.

Found only where it is plain: one light color of paper on all four sides, ending at four straight edges.
"""

import numpy as np

from safelight.arrays import Pixels
from safelight.pixels.color import srgb_to_lab
from safelight.pixels.geometry import Box, fit_size, resize
from safelight.shaped import Bool, Float32

LONGEST = 480  # pixels: the paper is looked for in a copy of this long side
ENOUGH = 2  # pixels of the picture for one of the copy, each way
RING = 0.015  # of the shorter side: what must be paper all around
LIKE = 5.0  # units of Lab from the paper's color: still paper
PAPER = 45.0  # the least L of paper; a black border is part of the picture
RING_PAPER = 0.95  # share of the ring that is paper
SURELY = (
    0.15  # so much less than RING_PAPER, with twice LIKE, of a ring that is but nearly the copy's: no paper
)
LINE_PAPER = 0.75  # share of a line that is paper: a caption may stand in it
INSIDE = 0.5  # of the lines within, at most so much looks like paper: else the picture has no edge there
LEAST, MOST = 0.02, 0.42  # of a side: how far a border reaches in

Paper = Bool[np.ndarray, "h w"]


def find_mount(pixels: Pixels) -> Box | None:
    """The picture inside its mount or border, or None where no such paper is plainly there.

    pixels: sRGB (h, w, 3), uint8, uint16 or floats 0..1.
    """
    size = (pixels.shape[0], pixels.shape[1])
    scale = min(1.0, LONGEST / max(size))
    step = max(1, int(max(size) / (ENOUGH * LONGEST)))  # of a large picture not every pixel is needed
    few = pixels[::step, ::step]
    small_size = fit_size(size, max(round(min(size) * scale), 1))
    if not _may_be_paper(_rim(few, small_size)):
        return None
    small = resize(few, small_size)
    if min(small.shape[:2]) < 32:
        return None
    color, paper = _paper(small)
    if color is None:
        return None
    box = _inner(paper)
    if box is None:
        return None
    return _refined(pixels, color, box, (size[0] / small.shape[0], size[1] / small.shape[1]))


def keep_mount(result: Pixels, original: Pixels, box: Box) -> Pixels:
    """The result with the original's own pixels outside of the box, bit by bit."""
    kept = original.astype(result.dtype, copy=True)
    kept[box.slices] = result[box.slices]
    return kept


def _rim(pixels: Pixels, size: tuple[int, int]) -> Float32[np.ndarray, "n 3"]:
    """Lab of about what the ring of a copy of this size is, without the rest of that copy."""
    width = _ring_width(size)
    deep, wide = (-(-width * side // small) for side, small in zip(pixels.shape[:2], size, strict=True))
    edges = (
        (pixels[:deep], (width, size[1])),
        (pixels[-deep:], (width, size[1])),
        (pixels[:, :wide], (size[0], width)),
        (pixels[:, -wide:], (size[0], width)),
    )
    return np.concatenate([srgb_to_lab(resize(edge, small)).reshape(-1, 3) for edge, small in edges])


def _may_be_paper(rim: Float32[np.ndarray, "n 3"]) -> bool:
    """Whether a ring may be of paper. Most photos have none: they need not be looked at further."""
    color = np.sort(rim, axis=0)[len(rim) // 2]
    like = np.linalg.norm(rim - color, axis=-1) <= 2 * LIKE
    return bool(color[0] >= PAPER - LIKE and like.mean() >= RING_PAPER - SURELY)


def _ring_width(size: tuple[int, int]) -> int:
    return max(2, round(RING * min(size)))


def _paper(small: Pixels) -> tuple[Float32[np.ndarray, "3"] | None, Paper]:
    """The color of the paper, None if the rim is not of one light color, and where the picture has it."""
    lab = srgb_to_lab(small)
    ring = np.ones(lab.shape[:2], bool)
    width = _ring_width(lab.shape[:2])
    ring[width:-width, width:-width] = False
    rim = np.sort(lab[ring], axis=0)
    color = np.asarray(rim[len(rim) // 2], np.float32)  # the median
    paper = _like(lab, color)
    plain = color[0] >= PAPER and float(paper[ring].mean()) >= RING_PAPER
    return (color if plain else None), paper


def _like(lab: Float32[np.ndarray, "h w 3"], color: Float32[np.ndarray, "3"]) -> Paper:
    return np.asarray(np.linalg.norm(lab - color, axis=-1) <= LIKE)


def _inner(paper: Paper) -> Box | None:
    """The box within which the paper ends on all four sides at a straight edge."""
    top, left, bottom, right = 0, 0, paper.shape[0], paper.shape[1]
    for _ in range(2):  # the sides once more, without the paper above and below
        inside = paper[top:bottom, left:right]
        rows, columns = inside.mean(axis=1), inside.mean(axis=0)
        edges = _run(rows), _run(rows[::-1]), _run(columns), _run(columns[::-1])
        top, bottom, left, right = top + edges[0], bottom - edges[1], left + edges[2], right - edges[3]
        if bottom - top < 16 or right - left < 16:
            return None
    reach = (
        top / paper.shape[0],
        1 - bottom / paper.shape[0],
        left / paper.shape[1],
        1 - right / paper.shape[1],
    )
    if min(reach) < LEAST or max(reach) > MOST:
        return None
    deep = max(2, min(bottom - top, right - left) // 50)
    inside = paper[top:bottom, left:right]
    within = inside[1 : 1 + deep], inside[-1 - deep : -1], inside[:, 1 : 1 + deep], inside[:, -1 - deep : -1]
    if max(float(lines.mean()) for lines in within) > INSIDE:
        return None
    return Box(top, left, bottom - top, right - left)


def _run(shares: Float32[np.ndarray, " lines"]) -> int:
    """How many lines from the first on are paper."""
    ends = np.flatnonzero(shares < LINE_PAPER)
    return int(ends[0]) if len(ends) else len(shares)


def _refined(pixels: Pixels, color: Float32[np.ndarray, "3"], box: Box, scale: tuple[float, float]) -> Box:
    """The box of the small copy in the picture's own pixels, each edge looked for among the lines beside it."""
    top, bottom = (round(edge * scale[0]) for edge in (box.top, box.top + box.height))
    left, right = (round(edge * scale[1]) for edge in (box.left, box.left + box.width))
    across = slice(left, right), slice(top, bottom)
    reach = tuple(int(np.ceil(2 * each)) + 1 for each in scale)
    rows, columns = pixels.shape[:2]

    def edge(lines: Pixels) -> int:
        """The first line, from outside, that is not paper."""
        return _run(_like(srgb_to_lab(lines), color).mean(axis=1))

    up, down = max(top - reach[0], 0), min(bottom + reach[0], rows)
    top = up + edge(pixels[up : top + reach[0], across[0]])
    bottom = down - edge(pixels[bottom - reach[0] : down, across[0]][::-1])
    before, after = max(left - reach[1], 0), min(right + reach[1], columns)
    left = before + edge(pixels[across[1], before : left + reach[1]].swapaxes(0, 1))
    right = after - edge(pixels[across[1], right - reach[1] : after].swapaxes(0, 1)[::-1])
    return Box(top, left, bottom - top, right - left)
