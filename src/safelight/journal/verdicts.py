"""Stored verdicts of every task, read as the plain JSON that they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64

from safelight.errors import SafelightError
from safelight.journal.measures import FORMS, Form, Measure
from safelight.json_text import parsed
from safelight.reports.text import count_pictures


@dataclass(frozen=True)
class StoredVerdict:
    """What the journal and the comparison need of a verdict.json.

    questions: sha256; equal hashes mean the same questions. size: side of the squares; 0 where the protocol says
    it. left_out: grey ones. columns: hints, or kinds of holes or damage; those that no picture tells of are left
    out. names, indices: of the pictures, in the order of scores; no picture where the verdict is older than scores
    by picture. looks: at the test split, with this one; None for other splits.
    data: path of the dataset; "" in older ones.
    """

    path: Path
    measure: Measure
    model: str
    dataset: str
    split: str
    protocol: str
    size: int
    seed: int
    questions: str
    pictures: int
    left_out: int
    columns: tuple[str, ...]
    names: tuple[str, ...]
    indices: tuple[int, ...]
    scores: Float64[np.ndarray, "pictures columns parts"]
    looks: int | None
    judged: str
    sentences: tuple[str, ...]
    data: str = ""

    @property
    def by_picture(self) -> bool:
        """Whether it can be compared picture by picture."""
        return bool(self.names)

    @property
    def asked(self) -> str:
        """What was judged, in words."""
        return f"{count_pictures(self.pictures)} of {self.dataset}/{self.split}, protocol {self.protocol}"


def read_verdict(path: Path) -> StoredVerdict:
    """The verdict in a file. Raises SafelightError."""
    try:
        return _verdict(path, parsed(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise SafelightError(f"{path} is not a verdict that can be read ({error}); judge again") from None


def read_verdicts(folder: Path) -> list[StoredVerdict]:
    """All verdicts in a folder and those in it, the oldest first; what cannot be read is left out."""
    found = []
    for path in sorted(folder.glob("**/*.json")):
        try:
            found.append(read_verdict(path))
        except SafelightError:
            continue
    return sorted(found, key=lambda verdict: (verdict.judged, verdict.path.name))


def _verdict(path: Path, stored: Mapping[str, Any]) -> StoredVerdict:
    form = FORMS.get(stored.get("format", ""))
    if form is None:
        raise ValueError(f'its "format" is {stored.get("format")!r}, not one of {", ".join(FORMS)}')
    rows = stored["scores"] if int(stored["version"]) >= form.since else []
    columns, scores = _scores(form, stored, rows)
    return StoredVerdict(
        path=path,
        measure=form.measure,
        model=stored["model"],
        dataset=stored.get("dataset", ""),
        split=stored.get("split", ""),
        protocol=form.protocol.format_map(stored),
        size=int(stored.get("size", 0)),
        seed=int(stored["seed"]),
        questions=stored.get("questions", ""),  # codes had none in version 1
        pictures=int(stored["pictures"]),
        left_out=int(stored.get("left_out", 0)),
        columns=columns,
        names=tuple(str(row["name"]) for row in rows),
        indices=tuple(int(row["index"]) for row in rows),
        scores=scores,
        looks=stored.get("looks"),
        judged=stored.get("judged", ""),
        sentences=tuple(stored.get("sentences", ())),
        data=str(stored.get("data", "")),
    )


def _scores(
    form: Form, stored: Mapping[str, Any], rows: list[Mapping[str, Any]]
) -> tuple[tuple[str, ...], Float64[np.ndarray, "pictures columns parts"]]:
    """The columns of which there is something to say, and what was measured in them."""
    columns = np.array(list(map(str, form.columns(stored))))
    parts = [np.array(form.parts(row), np.float64) for row in rows]
    if not parts:
        return tuple(columns.tolist()), np.zeros((0, len(columns), 1))
    scores = np.moveaxis(np.stack(parts), 1, 2)
    known = np.isfinite(form.measure.value(scores.mean(axis=0)))
    return tuple(columns[known].tolist()), scores[:, known]
