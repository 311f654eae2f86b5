"""What a verdict holds of each picture, so that two runs can be compared picture by picture later."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from safelight.tasks.colorize.benchmark import Pictures
from safelight.verdicts.verdict import Measured


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
