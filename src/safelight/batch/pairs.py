"""Photos with their colored ones beside them, by their names alone."""

from pathlib import Path

from safelight.batch.plan import gather
from safelight.errors import PhotoError, shown
from safelight.ledger.iiif import Pair
from safelight.runtime.names import MARK, result_name


def colored_pairs(folder: Path) -> list[Pair]:
    """The photos of a folder with their NAME-color beside them. Raises PhotoError where there is none."""
    pairs = [
        Pair(job.photo, result, name=result.relative_to(folder).as_posix())
        for job in gather([folder])
        if not job.trouble and (result := job.photo.with_name(job.name(result_name))).is_file()
    ]
    if not pairs:
        raise PhotoError(f"{shown(folder)} has no photo with its NAME{MARK} beside it, and no ledger")
    return pairs
