"""How commands write many small pictures: as one grid or as files in a folder."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from safelight.pixels.color import eight_bits
from safelight.pixels.files import write_photo
from safelight.reports.text import count
from safelight.runtime.names import WRITTEN
from safelight.shaped import Float32, UInt8

GAP = 2  # white pixels between pictures


def is_file(out: Path) -> bool:
    """Whether this is the name of one picture file rather than of a folder."""
    return not out.is_dir() and out.suffix.lower() in WRITTEN


def write_pictures(
    pictures: Sequence[Float32[np.ndarray, "h w 3"]],
    out: Path,
    overwrite: bool,
    columns: int | None = None,
    names: Sequence[str] | None = None,
) -> str:
    """Write pictures 0..1; one line that says what was written. Raises PhotoError if a file is in the way.

    names: of the files in a folder, without ending; numbers otherwise.
    """
    written = count(len(pictures), "picture")
    if is_file(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        write_photo(out, grid(pictures, columns), overwrite=overwrite)
        return f"{out}: {written} in one grid"
    out.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        name = names[number] if names else f"{number:0{len(str(len(pictures) - 1))}}"
        write_photo(out / f"{name}.png", eight_bits(picture), overwrite=overwrite)
    return f"{out}: {written}"


def grid(
    pictures: Sequence[Float32[np.ndarray, "h w 3"]], columns: int | None = None
) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Pictures 0..1 row by row, each centered in its cell; by default about as many rows as columns. Rest is white."""
    columns = columns or math.ceil(math.sqrt(len(pictures)))
    height, width = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    rows = math.ceil(len(pictures) / columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        h, w = picture.shape[:2]
        top = row * (height + GAP) + (height - h) // 2
        left = column * (width + GAP) + (width - w) // 2
        sheet[top : top + h, left : left + w] = eight_bits(picture)
    return sheet
