"""Near-duplicates across the splits of a dataset (data/near.py has the rules)."""

from pathlib import Path

import numpy as np
from jaxtyping import Int64, UInt64

from safelight.data.finished import Finished, open_finished
from safelight.data.near import MOST_BITS, count_bits, near_duplicates
from safelight.data.split import SPLITS
from safelight.errors import DatasetError
from safelight.journal.doctor.case import Leaks

TRAIN = SPLITS.index("train")
_ROWS = 64  # held-out hashes compared with all others at a time


def find_leaks(folder: Path) -> Leaks | None:
    """Held-out pictures with a near-duplicate in train. None where there is no dataset that can tell."""
    try:
        dataset = open_finished(folder)
    except (DatasetError, OSError):
        return None
    fingerprints = _fingerprints(dataset) if dataset else None
    if dataset is None or fingerprints is None:
        return None
    hashes, thumbs = fingerprints
    splits = np.asarray(dataset.index()["split"])
    held_out, train = np.flatnonzero(splits != TRAIN), np.flatnonzero(splits == TRAIN)
    some = _candidates(hashes, held_out, train)
    pairs = some[near_duplicates(hashes[some], thumbs[some])] if len(some) else np.zeros((0, 2), np.int64)
    twins: dict[int, int] = {}
    for i, j in pairs:
        if (splits[i] == TRAIN) != (splits[j] == TRAIN):
            one, other = (j, i) if splits[i] == TRAIN else (i, j)
            twins.setdefault(int(one), int(other))
    return Leaks(len(held_out), tuple(sorted(twins.items())))


def _candidates(
    hashes: UInt64[np.ndarray, " n"], held_out: Int64[np.ndarray, " m"], train: Int64[np.ndarray, " k"]
) -> Int64[np.ndarray, " c"]:
    """The pictures whose hash is near one on the other side; the few that need a closer look."""
    chosen = [np.zeros(0, np.int64)]
    for start in range(0, len(held_out), _ROWS):
        own = held_out[start : start + _ROWS]
        distance = count_bits((hashes[own][:, None] ^ hashes[train][None]).ravel()).reshape(len(own), -1)
        rows, columns = np.nonzero(distance <= MOST_BITS)
        chosen += [own[rows], train[columns]]
    return np.unique(np.concatenate(chosen))


def _fingerprints(dataset: Finished) -> tuple[np.ndarray, np.ndarray] | None:
    """Perceptual hash (n,) and thumbnail (n, 256) of each picture; None if one is not known."""
    facts = {each.file_name: (each.phash, each.thumb) for each in dataset.facts() if each.phash}
    names = [row["file_name"] for row in dataset.rows()]
    if not names or any(name not in facts for name in names):
        return None
    hashes = np.array([int(facts[name][0], 16) for name in names], np.uint64)
    thumbs = np.stack([np.frombuffer(bytes.fromhex(facts[name][1]), np.uint8) for name in names])
    return hashes, thumbs
