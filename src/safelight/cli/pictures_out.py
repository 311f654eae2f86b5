"""Pictures of a command as one grid in a file, or as files in a folder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from safelight.cli.grid import grid
from safelight.pixels.files import write_photo
from safelight.runtime.names import WRITTEN


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
    if is_file(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        write_photo(out, grid(pictures, columns), overwrite=overwrite)
        return f"{out}: {_count(len(pictures))} in one grid"
    out.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        name = names[number] if names else f"{number:0{len(str(len(pictures) - 1))}}"
        pixels = np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8)
        write_photo(out / f"{name}.png", pixels, overwrite=overwrite)
    return f"{out}: {_count(len(pictures))}"


def _count(number: int) -> str:
    return f"{number} picture{'' if number == 1 else 's'}"
