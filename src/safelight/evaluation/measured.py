"""What a verdict holds of each picture, so that two runs can be compared picture by picture later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from safelight.tasks.colorize.benchmark import Pictures


@dataclass(frozen=True)
class Measured:
    """One picture: its number and name, and what was measured: "hole_psnr" -> a number a cell."""

    index: int
    name: str
    values: Mapping[str, tuple[float, ...]]


def measured(
    pictures: Pictures, indices: Sequence[int], columns: Mapping[str, Float[np.ndarray, "pictures cells"]]
) -> tuple[Measured, ...]:
    """What was measured of the pictures with these numbers, in their order."""
    return tuple(
        Measured(
            index=index,
            name=str(pictures.rows(index).get("file_name", f"picture {index}")),
            values={column: tuple(map(float, cells[place])) for column, cells in columns.items()},
        )
        for place, index in enumerate(indices)
    )


def as_measured(rows: Sequence[Mapping[str, Any]]) -> tuple[Measured, ...]:
    """What was stored."""
    return tuple(
        Measured(row["index"], row["name"], {column: tuple(cells) for column, cells in row["values"].items()})
        for row in rows
    )
