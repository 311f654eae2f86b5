"""What is still to be done of a batch: each photo is compared with its row, its result with the row's hash."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from safelight.errors import shown
from safelight.ledger.book import Book
from safelight.ledger.facts import FileFacts, facts_of, is_same, now
from safelight.ledger.rows import Row
from safelight.reports.text import count

Change: TypeAlias = Literal["settings", "models", "photo", "source", "beside", "edited"]
MOST_NAMED = 5  # results that a line names


@dataclass(frozen=True)
class Mark:
    """What a result says of itself: SHA-256 of its source, of the settings, of its models and of what lay beside.

    Models and what lay beside are compared in any order; they are told apart by their hashes alone.
    """

    source: str
    settings: str
    models: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Wanted:
    """What a run wants made. number: in the plan.

    beside: "hints", "mask", or "mask 2" of a TIFF's second page -> the file that lies with the photo.
    """

    source: Path
    result: Path
    number: int = 0
    beside: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What is to be done with a photo.

    todo: it. done, left: nothing, as its row says. changed: nothing without --overwrite, since its row says something
    else (`change`, in words `why`). unknown: its result is there without a row or a mark that fits.
    row: one to be written, of a result that is now known to be the right one.
    """

    state: Literal["todo", "done", "left", "changed", "unknown"]
    change: Change | None = None
    why: str = ""
    row: Row | None = None


TODO, DONE, LEFT, UNKNOWN = (Verdict("todo"), Verdict("done"), Verdict("left"), Verdict("unknown"))


@dataclass(frozen=True)
class Resume:
    """Compares photos with the ledger of a folder; threads may share it.

    models: what a model is for -> SHA-256 of its file. mark_of: what a result says of itself, None if nothing.
    hash_of: the hash that an order of a header has today, "" for none: earlier versions counted settings otherwise.
    """

    book: Book
    command: str
    models: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    mark_of: Callable[[Path], Mark | None] = lambda result: None
    hash_of: Callable[[Mapping[str, Any]], str] = lambda order: ""
    _same: dict[str, bool] = field(default_factory=dict)

    def verdict(self, wanted: Wanted) -> Verdict:
        """What is to be done with a photo. Files are read only where their size or time is not that of the row."""
        if not _is_file(wanted.result):
            row = self._row(wanted)
            is_left = row is not None and row.state == "left" and self._change(row, wanted) is None
            return LEFT if is_left else TODO
        row = self._row(wanted)
        if row is None or row.state != "done":
            self.book.index.refresh()  # another process may have made it just now
            row = self._row(wanted)
        if row is None or row.state != "done" or row.made is None:
            return self._adopted(wanted)
        change = self._change(row, wanted)
        if change:
            return Verdict("changed", *change)
        return self._as_it_was_made(row, row.made, wanted)

    def _row(self, wanted: Wanted) -> Row | None:
        return self.book.index.find(self.book.result_name(wanted.result))

    def _as_it_was_made(self, row: Row, made: FileFacts, wanted: Wanted) -> Verdict:
        if is_same(wanted.result, made):
            return DONE
        return Verdict("changed", "edited")

    def _change(self, row: Row, wanted: Wanted) -> tuple[Change, str] | None:
        """In what a row is of something else than what is wanted; None if in nothing."""
        if not self._has_same_settings(row):
            return "settings", self._differences(row.settings)
        if dict(row.models) != dict(self.models):
            return "models", ""
        if row.source_facts is None or not is_same(wanted.source, row.source_facts):
            is_its_own = row.source == self.book.name(wanted.source)
            return ("source", "") if is_its_own else ("photo", shown(row.source))
        return None if self._has_same_beside(row, wanted) else ("beside", "")

    def _has_same_settings(self, row: Row) -> bool:
        """Whether its hash is that of the order, or its header spells out the same order."""
        if row.settings == self.book.settings:
            return True
        if row.settings not in self._same:
            header = self.book.index.headers.get(row.settings)
            self._same[row.settings] = header is not None and self.hash_of(header.order) == self.book.settings
        return self._same[row.settings]

    def _has_same_beside(self, row: Row, wanted: Wanted) -> bool:
        """Whether the same files lie with the photo; one that was written together with the result is none of them."""
        beside = {
            role: path
            for role, path in wanted.beside.items()
            if role in row.beside or not self._was_written_with(row, path)
        }
        return set(row.beside) == set(beside) and all(
            is_same(path, row.beside[role][1]) for role, path in beside.items()
        )

    def _was_written_with(self, row: Row, path: Path) -> bool:
        """Whether a file is the mask, say, that was found and written with the result, as it was written then."""
        sha256 = row.written.get(self.book.result_name(path))
        return sha256 is not None and _is_file(path) and facts_of(path).sha256 == sha256

    def _differences(self, settings: str) -> str:
        """What other settings were, in words: "vivid 0.5 then, 1 now"."""
        header = self.book.index.headers.get(settings)
        if header is None:
            return ""
        then, current = _settings(header.order), _settings(self.book.order)
        names = sorted(name for name in {*then, *current} if then.get(name) != current.get(name))
        said = [_then_and_now(name, then.get(name), current.get(name)) for name in names]
        return "; ".join(said[:3])

    def _adopted(self, wanted: Wanted) -> Verdict:
        """A result without a row: done, with a row, if its own mark says what is wanted."""
        mark = self.mark_of(wanted.result)
        if mark is None or mark.settings != self.book.settings or mark.models != set(self.models.values()):
            return UNKNOWN
        try:
            source = facts_of(wanted.source)
            beside = {role: (self.book.name(path), facts_of(path)) for role, path in wanted.beside.items()}
            made = facts_of(wanted.result)
        except OSError:
            return UNKNOWN
        if mark.source != source.sha256 or mark.beside != {facts.sha256 for _, facts in beside.values()}:
            return UNKNOWN
        row = Row(
            wanted.number,
            self.book.name(wanted.source),
            "done",
            self.book.settings,
            self.command,
            self.book.result_name(wanted.result),
            source,
            made,
            self.models,
            self.engine,
            beside,
            remarks=("found there, and known by its own mark",),
            when=now(),
        )
        return Verdict("done", row=row)


class Skipped:
    """The photos that a run leaves as they are because their row says something else; a line for each reason."""

    def __init__(self) -> None:
        self._names: dict[tuple[Change, str], list[str]] = {}
        self._counts: dict[tuple[Change, str], int] = {}

    def add(self, verdict: Verdict, result: str) -> None:
        """Count a photo whose verdict is "changed". result: as the ledger names it, below its folder."""
        if verdict.change is None:
            return
        reason = verdict.change, verdict.why
        self._counts[reason] = self._counts.get(reason, 0) + 1
        names = self._names.setdefault(reason, [])
        if len(names) < MOST_NAMED:
            names.append(result)

    def lines(self) -> list[str]:
        """What differs, how often, and for which results."""
        return [_in_words(*reason, self._names[reason], count) for reason, count in self._counts.items()]


WHAT: dict[Change, str] = {
    "settings": "made with other settings",
    "models": "made with another model",
    "photo": "made of another photo",
    "source": "made before the photo was changed",
    "beside": "made with other hints or another mask",
    "edited": "edited since",
}


def _in_words(change: Change, why: str, names: list[str], count: int) -> str:
    results = "1 result was" if count == 1 else f"{count} results were"
    rest = f" and {count - len(names)} more" if count > len(names) else ""
    return (
        f"{results} {WHAT[change]}{f' ({why})' if why else ''}: {', '.join(map(shown, names))}{rest}; "
        f"kept, --overwrite makes {'it' if count == 1 else 'them'} anew"
    )


def _settings(order: Any) -> Mapping[str, Any]:
    settings = order.get("settings") if isinstance(order, Mapping) else None
    return settings if isinstance(settings, Mapping) else {}


def _then_and_now(name: str, then: object, current: object) -> str:
    """ "vivid 0.5 then, 1 now"; of hints how many there were."""
    if name == "hints" and _hints(then) == _hints(current):
        return "other hints then"
    if name == "hints":
        return " then, ".join(count(_hints(each), "hint") for each in (then, current)) + " now"
    return f"{name} {_short(then)} then, {_short(current)} now"


def _hints(value: object) -> int:
    """How many hints an order has."""
    found = value.get("hints") if isinstance(value, Mapping) else None
    return len(found) if isinstance(found, list) else 0


def _short(value: object) -> str:
    said = " ".join(str(value).split())
    return said if len(said) <= 40 else f"{said[:40]}…"


def _is_file(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
