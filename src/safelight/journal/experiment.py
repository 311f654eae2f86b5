"""Runs as an experiment: groups that differ only in the seed, and what differs between two groups."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safelight.errors import RunError
from safelight.journal.records import NAME, SEED, Difference, Record, Settings, differences, show_difference
from safelight.json_text import parsed

SHOWN = 8  # settings in the sentence
BOOKKEEPING = ("train.checkpoint_every", "train.picture_every", "data.workers")  # change no weight


@dataclass(frozen=True)
class SeedGroup:
    """Runs that differ in nothing but train.seed."""

    records: tuple[Record, ...]

    @property
    def name(self) -> str:
        """That of its first run, with how many there are."""
        more = f" and {len(self.records) - 1} more seeds" if len(self.records) > 1 else ""
        return self.records[0].name + more.replace("1 more seeds", "1 more seed")


@dataclass(frozen=True)
class GroupDifference:
    """What differs between two groups. settings: of the recipe. circumstances: data, code, first weights, length."""

    settings: Difference
    circumstances: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.settings) + len(self.circumstances)

    @property
    def sentence(self) -> str:
        """One change, or how many; with more than one the cause cannot be told apart."""
        words = [show_difference(self.settings, SHOWN)] if self.settings else []
        differing = "; ".join([*words, *self.circumstances])
        if self.count == 0:
            return "Nothing differs but the seed."
        if self.count == 1:
            return f"One thing differs: {differing}."
        return (
            f"{self.count} things differ, so the cause cannot be told apart: {differing}. "
            "Change one at a time to know which it was."
        )


def seed_groups(records: Sequence[Record]) -> list[SeedGroup]:
    """The runs grouped: same settings but for the seed, same data, code and beginning; in the order given.

    Raises RunError for one run that was made twice: the same seed again tells nothing of another seed.
    """
    groups: dict[str, list[Record]] = {}
    for record in records:
        key = json.dumps([_settings(record), _circumstances(record)], sort_keys=True, default=str)
        groups.setdefault(key, []).append(record)
    for group in groups.values():
        seeds: dict[Any, Record] = {}
        for record in group:
            first = seeds.setdefault(record.settings.get(SEED), record)
            if first is not record:
                raise RunError(
                    f"{first.name} and {record.name} are of one recipe, seed, dataset and code: one run, made twice; "
                    "leave one of them out"
                )
    return [SeedGroup(tuple(group)) for group in groups.values()]


def differences_between(one: SeedGroup, other: SeedGroup) -> GroupDifference:
    """Between two groups."""
    first, second = one.records[0], other.records[0]
    here, there = _circumstances(first), _circumstances(second)
    differing = tuple(
        f"{name} {here[name] or 'none'} → {there[name] or 'none'}"
        for name in here
        if here[name] != there[name]
    )
    return GroupDifference(differences(_settings(first), _settings(second)), differing)


def _settings(record: Record) -> Settings:
    ignored = (NAME, SEED, *BOOKKEEPING)
    return {name: value for name, value in record.settings.items() if name not in ignored}


def _circumstances(record: Record) -> dict[str, Any]:
    """What else decides about a run's weights."""
    dataset = record.facts.get("dataset") or {}
    finished = record.state == "finished"
    return {
        "dataset": dataset.get("fingerprint"),
        "code": _code(record),
        "weights from": record.facts.get("weights_from") or record.facts.get("began_from"),
        "end": None if finished else f"{record.state} at step {record.step}",
    }


def _code(record: Record) -> str | None:
    """Commit, and which changes to it; without a commit, which code."""
    try:
        commit = parsed((record.folder / "environment.json").read_text(encoding="utf-8")).get("commit")
    except (OSError, ValueError, AttributeError):
        return None
    changes, whole = (_checksum(record.folder / name) for name in ("code.diff", "code.zip"))
    if commit:
        return f"{str(commit)[:10]}{f' and changes {changes}' if changes else ''}"
    return f"without a commit, {whole}" if whole else None


def _checksum(file: Path) -> str | None:
    """The first digits of the SHA-256 of what is in it; None where it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    except OSError:
        return None
