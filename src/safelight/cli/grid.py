"""Pictures side by side as one picture."""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32, UInt8

GAP = 2  # white pixels between pictures


def grid(
    pictures: Sequence[Float32[np.ndarray, "h w 3"]], columns: int | None = None
) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Pictures 0..1 row by row, about as many rows as columns unless told; places left over are white."""
    columns = columns or math.ceil(math.sqrt(len(pictures)))
    height, width = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    rows = math.ceil(len(pictures) / columns)
    sheet = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        h, w = picture.shape[:2]
        top = row * (height + GAP) + (height - h) // 2
        left = column * (width + GAP) + (width - w) // 2
        sheet[top : top + h, left : left + w] = np.round(np.clip(picture, 0, 1) * 255)
    return sheet
