"""Every look at a test split is written down."""

import json
from dataclasses import dataclass
from pathlib import Path

from safelight.evaluation.test_split_log import LOOKS, count_look


@dataclass(frozen=True)
class Seen:
    judged: str = "2026-11-22T12:00:00"
    model: str = "mine"
    protocol: str = "codes-64"
    pictures: int = 7


@dataclass(frozen=True)
class Asked(Seen):
    questions: str = "c0ffee"


def test_looks_are_counted_and_written_down(tmp_path: Path) -> None:
    assert [count_look(tmp_path, look) for look in (Seen(), Asked(), Seen())] == [1, 2, 3]
    first, second, _ = map(json.loads, (tmp_path / LOOKS).read_text().splitlines())
    told = {"judged": "2026-11-22T12:00:00", "model": "mine", "protocol": "codes-64", "pictures": 7}
    assert first == told
    assert second == {**told, "questions": "c0ffee"}


def test_an_empty_line_is_no_look(tmp_path: Path) -> None:
    (tmp_path / LOOKS).write_text("\n\n")
    assert count_look(tmp_path, Seen()) == 1
