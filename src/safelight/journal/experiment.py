"""Runs as an experiment: which are the same but for the seed, and what differs between two."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from safelight.errors import RunError
from safelight.journal.records import Record
from safelight.journal.settings import NAME, SEED, Difference, Settings, differences, show_difference
from safelight.journal.verdicts import StoredVerdict

SHOWN = 8  # settings told
BOOKKEEPING = ("train.checkpoint_every", "train.picture_every", "data.workers")  # change no weight


@dataclass(frozen=True)
class Arm:
    """Runs that differ in nothing but train.seed."""

    records: tuple[Record, ...]

    @property
    def name(self) -> str:
        """That of its first run, with how many there are."""
        more = f" and {len(self.records) - 1} more seeds" if len(self.records) > 1 else ""
        return self.records[0].name + more.replace("1 more seeds", "1 more seed")


@dataclass(frozen=True)
class Differing:
    """What differs between two arms. settings: of the recipe. circumstances: data, code, first weights, length."""

    settings: Difference
    circumstances: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.settings) + len(self.circumstances)

    @property
    def said(self) -> str:
        """One change, or how many; with more than one the cause cannot be told apart."""
        words = [show_difference(self.settings, SHOWN)] if self.settings else []
        told = "; ".join([*words, *self.circumstances])
        if self.count == 0:
            return "Nothing differs but the seed."
        if self.count == 1:
            return f"One thing differs: {told}."
        return (
            f"{self.count} things differ, so the cause cannot be told apart: {told}. "
            "Change one at a time to know which it was."
        )


def arms_of(records: Sequence[Record]) -> list[Arm]:
    """The runs grouped: same settings but for the seed, same data, code and beginning; in the order given."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        key = json.dumps([_settings(record), _circumstances(record)], sort_keys=True, default=str)
        groups.setdefault(key, []).append(record)
    return [Arm(tuple(group)) for group in groups.values()]


def what_differs(one: Arm, other: Arm) -> Differing:
    """Between two arms."""
    first, second = one.records[0], other.records[0]
    here, there = _circumstances(first), _circumstances(second)
    told = tuple(
        f"{name} {here[name] or 'none'} → {there[name] or 'none'}"
        for name in here
        if here[name] != there[name]
    )
    return Differing(differences(_settings(first), _settings(second)), told)


def shared_questions(records: Sequence[Record], split: str | None = None) -> list[StoredVerdict]:
    """The newest verdict of each run on questions that all of them answered; held-out ones before test ones.

    Raises RunError that names the commands for the runs that lack one; to the test split it sends nobody who did
    not ask for it.
    """
    _check_colorizers(records)
    answered = [
        {each.questions: each for each in record.verdicts if split in (None, each.split)}
        for record in records
    ]
    shared = set.intersection(*(set(own) for own in answered))
    if shared:
        chosen = max(shared, key=lambda key: (answered[0][key].split != "test", answered[0][key].judged))
        return [own[chosen] for own in answered]
    known = (each for own in answered for each in reversed(own.values()))
    asked = next((each for each in known if split or each.split != "test"), None)
    lacking = [
        record
        for record, own in zip(records, answered, strict=True)
        if asked is None or asked.questions not in own
    ]
    what = f"on the same questions ({asked.asked})" if asked else "on held-out pictures"
    names = f"{' and '.join(record.name for record in lacking)} {'was' if len(lacking) == 1 else 'were'}"
    commands = " && ".join(judge_command(record, asked, split) for record in lacking)
    raise RunError(f"{names} not judged {what}; do that first: {commands}")


def _check_colorizers(records: Sequence[Record]) -> None:
    """Raises RunError for runs of other tasks, whose verdicts hold no gains over grey."""
    first = records[0]
    for other in records[1:]:
        if other.task != first.task:
            raise RunError(
                f"{first.name} is of task {first.task}, and {other.name} of {other.task}; compare runs of one task"
            )
    if first.task == "fill":
        dataset = (first.facts.get("dataset") or {}).get("path", "DATASET")
        beside = " ".join(f"--beside {record.folder}" for record in records[:-1])
        command = f"safelight judge {records[-1].folder} {beside} --data {dataset} -o report"
        raise RunError(f"runs that fill holes are compared on the same holes by the judge: {command}")
    if first.task != "colorize":
        raise RunError(
            f"runs of task {first.task} are not compared picture by picture; judge each: safelight judge"
        )


def judge_command(record: Record, asked: StoredVerdict | None, split: str | None = None) -> str:
    """The command that puts these questions to a run."""
    dataset = (record.facts.get("dataset") or {}).get("path", "DATASET")
    words = ["safelight judge", str(record.folder), "--data", str(dataset)]
    if asked is None:
        return " ".join([*words, *(["--split", split] if split else []), "-o", "report"])
    words += ["--split", asked.split or "val", "--protocol", asked.protocol]
    words += ["--seed", str(asked.seed)] if asked.seed else []
    words += ["--limit", str(len(asked.names) + asked.left_out)]
    return " ".join([*words, "-o", "report"])


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
        "weights from": record.facts.get("weights_from"),
        "end": None if finished else f"{record.state} at step {record.step}",
    }


def _code(record: Record) -> str | None:
    """Commit, and whether there was more than it."""
    try:
        commit = json.loads((record.folder / "environment.json").read_text(encoding="utf-8")).get("commit")
    except (OSError, ValueError, AttributeError):
        return None
    changed = (record.folder / "code.diff").is_file()
    return f"{str(commit)[:10]}{' and changes' if changed else ''}" if commit else None
