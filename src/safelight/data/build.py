"""A folder of photos becomes a dataset: list, choose, screen, place, store, report."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from safelight.data.decide import choose, decide
from safelight.data.facts import Facts, Square
from safelight.data.finished import (
    Finished,
    finish_placing,
    open_finished,
    prepare,
    put_in_place,
    require_finished,
)
from safelight.data.report import Subject, write_report
from safelight.data.scan import DATASET, Found, scan
from safelight.data.screen import screen
from safelight.data.settings import BuildSettings, Progress
from safelight.data.store import Squares, write_about, write_pictures
from safelight.data.workshop import BUILDING, LOCK, Workshop, only_builder
from safelight.errors import DatasetError

Screened: TypeAlias = tuple[Facts, Square | None]


@dataclass(frozen=True)
class BuildSummary:
    """What a build came to."""

    folder: Path
    pictures: int
    added: int  # pictures that the dataset did not have before
    removed: int  # pictures that it had and has no more
    splits: dict[str, int]
    refused: dict[str, int]
    fingerprint: str
    changed: bool

    def __str__(self) -> str:
        if not self.changed:
            return f"nothing new: {self.pictures} pictures, unchanged"
        splits = ", ".join(f"{count} {split}" for split, count in self.splits.items())
        left_out = ", ".join(f"{count} {reason}" for reason, count in self.refused.items()) or "none"
        return f"{self.pictures} pictures ({splits}), {self.added} new; left out: {left_out}"


def build_dataset(
    source: Path,
    out: Path,
    settings: BuildSettings | None = None,
    progress: Progress | None = None,
    workers: int = 2,
) -> BuildSummary:
    """Build the dataset of a folder of pictures, or bring it up to date.

    Interrupted anywhere, even killed, it goes on where it was when called again, to the same bytes. Pictures
    that were added since take their places beside the old ones, none of which changes its split.
    Raises DatasetError if `out` holds something else or is being built by another process, or if no picture
    is usable.
    """
    source, out, settings = source.resolve(), out.resolve(), settings or BuildSettings()
    progress = progress or (lambda done, total, what: None)
    _check_out(out, source)
    with only_builder(out):
        finish_placing(out)
        old = open_finished(out)
        _check_same(old, source, settings)
        listing = scan(source, leave_out=out)
        if old and old.about["seen"] == listing.digest:
            return _summary(old, old.fingerprint, set())
        with Workshop(out / BUILDING, settings) as shop:
            chosen, filtered = choose(listing, settings)
            squares = Squares(source, settings, shop, old)
            measured = _screen_all(chosen, squares, progress, workers)
            decision = decide(listing, measured, filtered, settings, old.places() if old else {})
            draft = prepare(shop.folder)
            sources = write_pictures(draft, listing, decision, squares, progress)
            write_report(Subject(draft, source, sources, decision, settings), progress)
            write_about(draft, listing, settings, decision, sources)
        before, names = (old.fingerprint, old.names()) if old else (None, set())
        put_in_place(out, draft)
        return _summary(require_finished(out), before, names)


def _screen_all(chosen: list[Found], squares: Squares, progress: Progress, workers: int) -> list[Facts]:
    """Facts about every chosen picture; only those not known from before are opened."""
    known = squares.known_facts()
    todo = [found for found in chosen if not (found.name in known and known[found.name].describes(found))]
    done = len(chosen) - len(todo)
    progress(done, len(chosen), "screening")
    for facts, square in _in_order(
        lambda found: screen(squares.source, found, squares.settings), todo, workers
    ):
        known[facts.file_name] = squares.shop.add(facts, square)
        done += 1
        progress(done, len(chosen), "screening")
    return [known[found.name] for found in chosen]


def _in_order(work: Callable[[Found], Screened], todo: list[Found], workers: int) -> Iterator[Screened]:
    """The work done by a few threads, its results in the order of `todo`, at most a few waiting.

    Threads, not processes: decoding and resizing release the interpreter's lock, and no orphan can remain.
    """
    waiting: deque[Future[Screened]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for found in todo:
            waiting.append(pool.submit(work, found))
            if len(waiting) > 8 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _check_out(out: Path, source: Path) -> None:
    """Raises DatasetError where building would mix the dataset with other files."""
    if out == source:
        raise DatasetError(f"{out} is the folder of pictures itself; choose another folder for the dataset")
    if out.exists() and not out.is_dir():
        raise DatasetError(f"{out} is a file; choose a folder for the dataset")
    names = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if names and not names & {DATASET, BUILDING, LOCK}:
        raise DatasetError(f"{out} holds other files and no dataset; choose an empty or new folder")


def _check_same(old: Finished | None, source: Path, settings: BuildSettings) -> None:
    """Raises DatasetError where a dataset of another folder, or with other settings, would be overwritten."""
    if old is None:
        return
    now, before = settings.to_json(), old.settings.to_json()
    other = [f"{name} {before[name]}, now {now[name]}" for name in now if now[name] != before[name]]
    if other:
        raise DatasetError(f"{old.folder} was built with {'; '.join(other)}: choose another folder")
    built_from = Path(old.about["source"])
    if built_from != source and built_from.is_dir():
        raise DatasetError(f"{old.folder} was built from {built_from}, not {source}: choose another folder")


def _summary(new: Finished, before: str | None, old: set[str]) -> BuildSummary:
    """before: the fingerprint that the dataset had; old: the names of its pictures."""
    changed = new.fingerprint != before
    names = new.names() if changed else old
    return BuildSummary(
        folder=new.folder,
        pictures=new.about["pictures"],
        added=len(names - old),
        removed=len(old - names),
        splits=new.about["splits"],
        refused=new.about["refused"],
        fingerprint=new.fingerprint,
        changed=changed,
    )
