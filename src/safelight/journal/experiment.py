"""Runs as an experiment: which are the same but for the seed, and what differs between two."""

import hashlib
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
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
    _check_comparable(records)
    judged = [[each for each in record.verdicts if split in (None, each.split)] for record in records]
    answered = [{each.questions: each for each in own if each.by_picture} for own in judged]
    shared = set.intersection(*(set(own) for own in answered))
    if shared:
        chosen = max(shared, key=lambda key: (answered[0][key].split != "test", answered[0][key].judged))
        return [own[chosen] for own in answered]
    newest_first = [each for own in judged for each in reversed(own)]
    known = sorted(newest_first, key=lambda each: not each.by_picture)
    asked = next((each for each in known if split or each.split != "test"), None)
    lacking = [at for at, own in enumerate(answered) if asked is None or asked.questions not in own]
    old = [records[at] for at in lacking if judged[at] and not answered[at]]
    commands = " && ".join(judge_command(records[at], asked, split) for at in lacking)
    if old:
        again = {1: "it", 2: "both"}.get(len(lacking), "them")
        raise RunError(
            f"{_names(old)}judged before verdicts held scores of each picture; judge {again} again: {commands}"
        )
    what = f"on the same questions ({asked.asked})" if asked else "on held-out pictures"
    lacked = _names([records[at] for at in lacking], "not ")
    raise RunError(f"{lacked}judged {what}; do that first: {commands}")


FRAME = ("augment.size", "preparation.fit")  # of autoencoders: what they are shown of a photo


def _check_comparable(records: Sequence[Record]) -> None:
    """Raises RunError for runs of several tasks, and for autoencoders that are shown photos differently."""
    first = records[0]
    for other in records[1:]:
        if other.task != first.task:
            raise RunError(
                f"{first.name} is of task {first.task}, and {other.name} of {other.task}; compare runs of one task"
            )
        here, there = ([each.settings.get(name) for name in FRAME] for each in (first, other))
        if first.task == "code" and here != there:
            raise RunError(
                f"{first.name} is shown photos at {here[0]} px (fit {here[1]}), and {other.name} at {there[0]} px "
                f"(fit {there[1]}), so that their errors are of other pictures; compare runs of one "
                f"{' and one '.join(FRAME)}"
            )


def judge_command(record: Record, asked: StoredVerdict | None, split: str | None = None) -> str:
    """The command that puts these questions to a run."""
    dataset = (record.facts.get("dataset") or {}).get("path", "DATASET")
    words = ["safelight judge", shlex.quote(str(record.folder)), "--data", shlex.quote(str(dataset))]
    if asked is None:
        return " ".join([*words, *(["--split", split] if split else []), "-o", "report"])
    words += ["--split", asked.split or "val"]
    words += ["--protocol", asked.protocol] if record.task == "colorize" else []
    words += ["--seed", str(asked.seed)] if asked.seed else []
    words += ["--limit", str(asked.pictures + asked.left_out)]
    return " ".join([*words, "-o", "report"])


def _names(records: Sequence[Record], between: str = "") -> str:
    """Who was, or were; `between` follows."""
    return f"{' and '.join(record.name for record in records)} {'was' if len(records) == 1 else 'were'} {between}"


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
    """Commit, and which changes to it; without a commit, which code."""
    try:
        commit = json.loads((record.folder / "environment.json").read_text(encoding="utf-8")).get("commit")
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
