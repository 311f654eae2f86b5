"""A folder of photos becomes a dataset: list, choose, screen (by a few threads), place, store, report."""

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from safelight.data.build_state import BUILDING, LOCK, BuildState, Facts, Square, only_builder
from safelight.data.decide import choose, decide
from safelight.data.finished import (
    Finished,
    finish_placing,
    is_dataset,
    open_finished,
    prepare,
    put_in_place,
    require_finished,
)
from safelight.data.report import Draft, write_report
from safelight.data.scan import DATASET, Listing, PictureFile, scan
from safelight.data.settings import BuildSettings, Progress
from safelight.data.store import Squares, write_about, write_pictures
from safelight.errors import INSTALL_TRAINING, DatasetError

Screened: TypeAlias = tuple[Facts, Square | None]


def screen_all(chosen: list[PictureFile], squares: Squares, progress: Progress, workers: int) -> list[Facts]:
    """Facts about every chosen picture, in the same order; only those not known from before are opened."""
    known = squares.known_facts()
    todo = [found for found in chosen if not _is_known(found, known, squares)]
    done = len(chosen) - len(todo)
    progress(done, len(chosen), "screening")

    with closing(_in_order(squares.screen, todo, workers)) as results:
        for facts, square in results:
            known[facts.file_name] = squares.state.add(facts, square)
            done += 1
            progress(done, len(chosen), "screening")
    return [squares.complete(known[found.name]) for found in chosen]


def _is_known(found: PictureFile, known: dict[str, Facts], squares: Squares) -> bool:
    return found.name in known and known[found.name].describes(found, squares.subject(found))


def _in_order(
    work: Callable[[PictureFile], Screened], todo: list[PictureFile], workers: int
) -> Generator[Screened]:
    """The work done by a few threads, its results in the order of `todo`, at most a few waiting.

    Threads, not processes: decoding large photos releases the interpreter's lock, and no orphan can remain.
    """
    waiting: deque[Future[Screened]] = deque()
    pool = ThreadPoolExecutor(max(1, workers))
    try:
        for found in todo:
            waiting.append(pool.submit(work, found))
            if len(waiting) > 4 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


NEEDED = ("imagehash", "matplotlib")  # of what a light install does not have


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
    remarks: tuple[str, ...] = ()  # what was passed over in the folder of photos, a line for each reason

    def __str__(self) -> str:
        if not self.changed:
            return f"nothing new: {self.pictures} pictures, unchanged"
        splits = ", ".join(f"{count} {split}" for split, count in self.splits.items())
        left_out = ", ".join(f"{count} {reason}" for reason, count in self.refused.items()) or "none"
        moved = f"{self.added} new" + (f", {self.removed} gone" if self.removed else "")
        return f"{self.pictures} pictures ({splits}), {moved}; left out: {left_out}"


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
    _check_out(out, source)
    listing = scan(source, leave_out=out)
    old = _open_same(out, source, settings)
    remarks = listing.passed.all_lines()
    if old and old.about["seen"] == listing.digest:
        return _summary(old, old.fingerprint, set(), remarks)
    _check_installed()
    with only_builder(out):
        finish_placing(out)
        old = _open_same(out, source, settings)
        before, names = (old.fingerprint, old.names()) if old else ("", set())
        draft = _draft(listing, out, settings, old, progress or (lambda done, total, what: None), workers)
        put_in_place(out, draft)
        return _summary(require_finished(out), before, names, remarks)


def _draft(
    listing: Listing,
    out: Path,
    settings: BuildSettings,
    old: Finished | None,
    progress: Progress,
    workers: int,
) -> Path:
    """Screen what is new, decide about all, and write all into a folder beside the old dataset."""
    with BuildState(out / BUILDING, settings) as state:
        chosen, filtered = choose(listing, settings)
        squares = Squares(listing, settings, state, old)
        facts = screen_all(chosen, squares, progress, workers)
        decision = decide(listing, facts, filtered, settings, old.places() if old else {})
        draft = prepare(state.folder)
        sources = write_pictures(draft, listing, decision, squares, progress)
        about = Draft(draft, listing.source, sources, decision, settings, listing.passed.all_lines())
        write_report(about, progress)
        write_about(draft, listing, settings, decision, sources)
    return draft


def _check_installed() -> None:
    """Raises DatasetError, before anything is made, where what building needs is not there."""
    for name in NEEDED:
        try:
            import_module(name)
        except ImportError:
            raise DatasetError(f"building a dataset needs {name}: {INSTALL_TRAINING}") from None


def _check_out(out: Path, source: Path) -> None:
    """Raises DatasetError where building would mix the dataset with other files, or photos with a dataset's."""
    if is_dataset(source) and out != source:
        raise DatasetError(f"{source} is a built dataset; give the folder of photos that it was built from")
    if out == source:
        raise DatasetError(f"{out} is the folder of pictures itself; choose another folder for the dataset")
    if out.exists() and not out.is_dir():
        raise DatasetError(f"{out} is a file; choose a folder for the dataset")
    names = {path.name for path in out.iterdir()} if out.is_dir() else set()
    own = {BUILDING, LOCK, f"{LOCK}.held"} | ({DATASET} if open_finished(out) else set())
    if names and not names & own:
        raise DatasetError(f"{out} holds other files and no dataset; choose an empty or new folder")


def _open_same(out: Path, source: Path, settings: BuildSettings) -> Finished | None:
    """The dataset in the folder, or None.

    Raises DatasetError where one of another folder, or with other settings, would be overwritten.
    """
    old = open_finished(out)
    if old is None:
        return None
    now, before = settings.to_json(), old.settings.to_json()
    other = [f"{name} {before[name]}, now {now[name]}" for name in now if now[name] != before[name]]
    if other:
        raise DatasetError(f"{out} was built with {'; '.join(other)}: choose another folder")
    built_from = Path(old.about["source"])
    if built_from != source and built_from.is_dir():
        raise DatasetError(f"{out} was built from {built_from}, not {source}: choose another folder")
    return old


def _summary(new: Finished, before: str, old: set[str], remarks: tuple[str, ...]) -> BuildSummary:
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
        remarks=remarks,
    )
