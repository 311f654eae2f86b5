"""What a folder of results holds: counts, failures, settings that made it, and what was edited or lost since."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safelight.errors import SafelightError, shown
from safelight.ledger.facts import is_same
from safelight.ledger.index import Index
from safelight.ledger.rows import LEDGER, Header, Row
from safelight.reports.text import count
from safelight.runtime.folders import is_folder

MOST = 1000  # names of each kind that are kept; all are counted


@dataclass
class Named:
    """How often something was found, and where at first."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """One more."""
        self.count += 1
        if len(self.names) < MOST:
            self.names.append(name)

    def to_json(self) -> Mapping[str, Any]:
        """Both."""
        return {"count": self.count, "names": self.names}


@dataclass
class Status:
    """photos: by state. failures: source -> error, of the first MOST. made: settings' hash -> results of it.

    edited, missing: results that are not as they were made, or not there. sources_changed, sources_gone: photos.
    dropped: photos that failed and were taken away since.
    damaged: lines of the ledger that cannot be read. seconds: of work, over all photos. verified: every byte was read.
    """

    folder: Path
    headers: Mapping[str, Header]
    photos: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    made: Counter[str] = field(default_factory=Counter)
    engines: Counter[str] = field(default_factory=Counter)
    edited: Named = field(default_factory=Named)
    missing: Named = field(default_factory=Named)
    sources_changed: Named = field(default_factory=Named)
    sources_gone: Named = field(default_factory=Named)
    dropped: Named = field(default_factory=Named)
    damaged: int = 0
    seconds: float = 0.0
    verified: bool = False

    @property
    def is_well(self) -> bool:
        """Whether no photo failed, and all results are there as they were made."""
        return not (self.photos["failed"] or self.edited.count or self.missing.count)

    def to_json(self) -> Mapping[str, Any]:
        """All of it."""
        return {
            "folder": str(self.folder),
            "photos": {state: self.photos[state] for state in ("done", "left", "failed")},
            "failures": [{"source": source, "error": error} for source, error in self.failures.items()],
            "settings": [
                {
                    "settings": settings,
                    "results": count,
                    **({"order": header.order, "version": header.version} if header else {}),
                }
                for settings, count in self.made.most_common()
                for header in [self.headers.get(settings)]
            ],
            "engines": dict(self.engines),
            "edited": self.edited.to_json(),
            "missing": self.missing.to_json(),
            "sources_changed": self.sources_changed.to_json(),
            "sources_gone": self.sources_gone.to_json(),
            "dropped": self.dropped.to_json(),
            "damaged_lines": self.damaged,
            "seconds": round(self.seconds, 1),
            "verified": self.verified,
        }

    def lines(self) -> Iterator[str]:
        """All of it, for people; failures and what is amiss by name."""
        counts = [
            f"{self.photos[state]} {state}" for state in ("done", "left", "failed") if self.photos[state]
        ]
        yield f"{shown(self.folder)}: {', '.join(counts) or 'no photos'}; {self.seconds:.1f} s of work"
        for settings, results in self.made.most_common():
            yield f"  {results} by {_order_in_words(settings, self.headers.get(settings))}"
        for source, error in self.failures.items():
            yield f"failed: {shown(error or source)}"
        if self.photos["failed"] > len(self.failures):
            yield f"and {self.photos['failed'] - len(self.failures)} more that failed"
        for what, found in (
            ("edited since", self.edited),
            ("missing", self.missing),
            ("photo changed since", self.sources_changed),
        ):
            yield from (f"{what}: {shown(name)}" for name in found.names)
            if found.count > len(found.names):
                yield f"and {found.count - len(found.names)} more {what}"
        if self.sources_gone.count:
            yield f"{self.sources_gone.count} photos are not where they were, such as {self.sources_gone.names[0]}"
        if self.dropped.count:
            verb = "is" if self.dropped.count == 1 else "are"
            yield (
                f"{count(self.dropped.count, 'photo')} that failed {verb} not there any more, and not counted: "
                f"{shown(self.dropped.names[0])}"
            )
        if self.damaged:
            yield f"{self.damaged} lines of {LEDGER} cannot be read and are passed over"
        if not self.edited.count and not self.missing.count:
            how = "every byte was read" if self.verified else "by size and time; --verify reads every byte"
            yield f"all results are as they were made ({how})"


def opened(folder: Path) -> Index:
    """The rows of a folder of results. Raises SafelightError where there is no ledger."""
    if not (folder / LEDGER).is_file():
        raise SafelightError(
            f"{shown(folder)} has no {LEDGER}; give the folder that a batch wrote its results to (-o)"
        )
    return Index(folder)


def examine(folder: Path, verify: bool = False) -> Status:
    """Compare a folder of results with its ledger. verify: read every byte. Raises SafelightError, OSError."""
    index = opened(folder)
    status = Status(folder, index.headers, damaged=index.damaged, verified=verify)
    for row in index.rows():
        status.seconds += row.seconds
        if is_dropped(row, folder):
            status.dropped.add(row.source)
            continue
        status.photos[row.state] += 1
        if row.state == "failed" and len(status.failures) < MOST:
            status.failures[row.source] = row.error
        elif row.state == "done":
            _compare(row, folder, verify, status)
    return status


def is_dropped(row: Row, folder: Path) -> bool:
    """Whether this is a photo that failed and was taken away since, or was never there: nobody waits for its result.

    Where its folder is gone or empty, the photos lie elsewhere, or are not mounted, and nothing can be told. A link
    that leads nowhere is still there.
    """
    source = folder / row.source
    if row.state != "failed" or os.path.lexists(source) or not is_folder(source.parent):
        return False
    with os.scandir(source.parent) as entries:
        return next(entries, None) is not None


def _compare(row: Row, folder: Path, verify: bool, status: Status) -> None:
    """Count what is amiss with the result of a row, and with its photo."""
    status.made[row.settings] += 1
    status.engines[row.engine] += 1
    result, source = folder / row.result, folder / row.source
    if not result.is_file():
        status.missing.add(row.result)
    elif row.made is not None and not is_same(result, row.made, sure=verify):
        status.edited.add(row.result)
    if not source.is_file():
        status.sources_gone.add(row.source)
    elif row.source_facts is not None and not is_same(source, row.source_facts, sure=verify):
        status.sources_changed.add(row.source)


def _order_in_words(settings: str, header: Header | None) -> str:
    """ "colorize (vivid 0.5, reach 0.3), safelight 0.1.0" """
    if header is None:
        return f"settings {settings[:12]}, which the ledger does not explain"
    values = header.order.get("settings")
    named = ", ".join(
        name if value is True else f"{name} {' '.join(str(value).split())[:40]}"
        for name, value in (values if isinstance(values, Mapping) else {}).items()
        if value not in (None, False, "", [], {})
    )
    command = header.order.get("command", "")
    return f"{command}{f' ({named})' if named else ''}, safelight {header.version}, settings {settings[:12]}"
