"""Stored verdicts, read as the plain JSON that they are."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from safelight.errors import SafelightError

FORMAT = "safelight-verdict"


@dataclass(frozen=True)
class Gain:
    """Mean gain over grey, dB, with its 95 % interval."""

    hints: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class StoredVerdict:
    """What the journal and the comparison need of a verdict.json.

    questions: sha256; equal hashes mean the same questions. names: a picture each. left_out: grey ones.
    gains: over grey in dB, a row
    a picture, a column for each of counts. looks: at the test split, with this one; None for other splits.
    """

    path: Path
    model: str
    dataset: str
    split: str
    protocol: str
    seed: int
    questions: str
    counts: tuple[int, ...]
    names: tuple[str, ...]
    indices: tuple[int, ...]
    left_out: int
    gains: Float64[np.ndarray, "pictures counts"]
    mean_gains: tuple[Gain, ...]
    looks: int | None
    judged: str
    sentences: tuple[str, ...]

    @property
    def asked(self) -> str:
        """What was judged, in words."""
        return f"{len(self.names)} pictures of {self.dataset}/{self.split}, protocol {self.protocol}"


def read_verdict(path: Path) -> StoredVerdict:
    """The verdict in a file. Raises SafelightError."""
    try:
        return _verdict(path, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SafelightError(f"{path} is not a verdict that can be read ({error}); judge again") from None


def read_verdicts(folder: Path) -> list[StoredVerdict]:
    """All verdicts on colors in a folder, the oldest first; what cannot be read is left out."""
    found = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(read_verdict(path))
        except SafelightError:
            continue
    return sorted(found, key=lambda verdict: (verdict.judged, verdict.path.name))


def _verdict(path: Path, stored: Mapping[str, Any]) -> StoredVerdict:
    if stored.get("format") != FORMAT:
        raise ValueError(f'its "format" is {stored.get("format")!r}, not {FORMAT!r}')
    counts, rows = tuple(map(int, stored["counts"])), stored["scores"]
    gains = np.array([row["gain"] for row in rows], np.float64).reshape(len(rows), len(counts))
    curve = stored["groups"][0]["curves"][stored["model"]]["gain"]
    return StoredVerdict(
        path=path,
        model=stored["model"],
        dataset=stored.get("dataset", ""),
        split=stored.get("split", ""),
        protocol=stored["protocol"],
        seed=int(stored["seed"]),
        questions=stored["questions"],
        counts=counts,
        names=tuple(str(row["name"]) for row in rows),
        indices=tuple(int(row["index"]) for row in rows),
        left_out=int(stored.get("left_out", 0)),
        gains=gains,
        mean_gains=tuple(
            Gain(hints, *(math.nan if part is None else float(part) for part in estimate))
            for hints, estimate in zip(counts, curve, strict=True)
        ),
        looks=stored.get("looks"),
        judged=stored.get("judged", ""),
        sentences=tuple(stored.get("sentences", ())),
    )
