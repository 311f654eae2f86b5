"""What a run knows of its photos before it works on them, and what it writes down after: the ledgers of its results."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from safelight import __version__
from safelight.batch.marks import without_folders
from safelight.batch.run import BY_NAME, DONE_BEFORE, IS_THERE, NO_FILES, Outcome
from safelight.batch.work import Job, Json, Order
from safelight.errors import SafelightError, shown
from safelight.ledger.book import Book
from safelight.ledger.facts import FileFacts, facts_of, now
from safelight.ledger.resume import Mark, Resume, Skipped, Verdict, Wanted
from safelight.ledger.rows import LEDGER, Row, is_inside
from safelight.runtime.card import ModelCard


class Numbers:
    """The numbers of photos in a plan, found by their paths, in 16 bytes a photo."""

    def __init__(self, photos: Iterable[Path]) -> None:
        hashes = np.fromiter(map(_number_of, photos), np.int64)
        self._numbers = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._numbers]

    def of(self, photo: Path) -> int:
        """The number of a photo; 0 for one that is not in the plan."""
        place = int(np.searchsorted(self._hashes, _number_of(photo)))
        is_there = place < len(self._hashes) and self._hashes[place] == _number_of(photo)
        return int(self._numbers[place]) if is_there else 0


def _number_of(photo: Path) -> int:
    """64 bits of a path, the same within a process; of a million photos no two have the same."""
    return hash(os.fspath(photo))


@dataclass(frozen=True)
class Places:
    """Which ledger a job is written into. photos, out: as they were given."""

    photos: frozenset[Path]
    out: Path | None

    def folder(self, job: Job) -> Path | None:
        """The folder of the results, or the folder of photos that was given; None for photos and results by name."""
        is_by_name = job.photo in self.photos if self.out is None else job.result == self.out
        if is_by_name or job.trouble:
            return None
        depth = len(job.inner.parts)
        return job.result.parent.parents[depth - 1] if depth else job.result.parent

    def folders(self, jobs: Iterable[Job]) -> list[Path]:
        """All of them."""
        found = dict.fromkeys(self.folder(job) for job in jobs)
        return [folder for folder in found if folder is not None]


def own_marks(order: Order) -> Callable[[Path], Mark | None]:
    """Reads what results say of themselves, as far as they are of this order: see Mark."""
    wanted = Order(order.command, without_folders(order.settings)).canonical

    def mark_of(result: Path) -> Mark | None:
        from safelight.provenance.info import read_info  # of results without a row

        try:
            said = read_info(result).said
        except (SafelightError, OSError):
            return None
        made = said.steps[-1] if said.steps else None
        if made is None or len(made.sources) != 1 or said.instance_id != f"xmp.iid:{made.id}":
            return None  # of somebody else, or edited since
        is_wanted = Order(made.command, made.settings).canonical == wanted
        return Mark(
            made.sources[0].sha256,
            order.hash if is_wanted else "",
            frozenset(model.sha256 for model in made.models),
            frozenset(file.sha256 for file in made.files.values()),
        )

    return mark_of


class Ledgers:
    """The ledgers of a run, one for each folder of results. Use it in a `with`; threads may share it.

    cards: of the models. mark_of: what a result says of itself.
    """

    def __init__(
        self,
        order: Order,
        cards: Sequence[ModelCard],
        engine: str,
        jobs: Iterable[Job],
        places: Places,
        mark_of: Callable[[Path], Mark | None] = lambda result: None,
    ) -> None:
        self._order, self._engine, self._places, self._mark_of = order, engine, places, mark_of
        self._models = {card.name: card.sha256 for card in cards}
        self._numbers = Numbers(job.photo for job in jobs)
        self._open = threading.Lock()
        self._resumes: dict[Path, Resume] = {}
        self._stack = ExitStack()
        self._skipped = Skipped()

    def known(self, job: Job) -> Outcome | None:
        """What became of a job before; None where it is still to be done. Raises OSError."""
        resume = self._resume_of(job)
        if resume is None:
            return BY_NAME.known(job)
        verdict = resume.verdict(
            Wanted(job.photo, job.result, self._numbers.of(job.photo), self._beside(job))
        )
        if verdict.row:
            resume.book.write(verdict.row)
        return self._outcome(job, verdict, resume.book)

    def add(self, outcome: Outcome, files: Mapping[Path, FileFacts] = NO_FILES) -> None:
        """Write down what became of a job. files: those that another machine has looked at."""
        resume = self._resume_of(outcome.job)
        if resume is not None and outcome.state != "skipped":
            resume.book.write(self._row(outcome, resume.book, files))

    def lines(self) -> list[str]:
        """What is to be said at the end: what was left as it is and why, and rows that are missing."""
        troubles = [
            f"{shown(resume.book.path)} cannot be written ({resume.book.trouble}); {resume.book.missing} rows are "
            "missing, the next run looks at those results again"
            for resume in self._resumes.values()
            if resume.book.missing
        ]
        return [*self._skipped.lines(), *troubles]

    @property
    def folders(self) -> list[Path]:
        """The folders of results that have a ledger."""
        return [folder for folder in self._resumes if (folder / LEDGER).is_file()]

    @property
    def is_whole(self) -> bool:
        """Whether every row was written."""
        return not any(resume.book.missing for resume in self._resumes.values())

    def __enter__(self) -> "Ledgers":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _resume_of(self, job: Job) -> Resume | None:
        folder = self._places.folder(job)
        if folder is None:
            return None
        with self._open:
            if folder not in self._resumes:
                book = Book(folder, self._order.hash, self._order.to_json(), __version__)
                self._stack.enter_context(book)
                self._resumes[folder] = Resume(
                    book, self._order.command, self._models, self._engine, self._mark_of, _hash_of
                )
            return self._resumes[folder]

    def _outcome(self, job: Job, verdict: Verdict, book: Book) -> Outcome | None:
        match verdict.state:
            case "todo":
                return None
            case "left":
                return Outcome(job, "left")
            case "done":
                return Outcome(job, "skipped", because=DONE_BEFORE)
            case "changed":
                with self._open:
                    self._skipped.add(verdict, book.result_name(job.result))
        return Outcome(job, "skipped", because=IS_THERE)

    def _beside(self, job: Job) -> dict[str, Path]:
        """The files that lie with the photo and count: hints only where no option gives others."""
        found = {"mask": job.mask}
        if self._order.settings.get("hints") is None:
            found["hints"] = job.hints
        files = {role: each.file for role, each in found.items() if each.file is not None}
        return files | {f"{role} {page}": file for role, each in found.items() for page, file in each.further}

    def _row(self, outcome: Outcome, book: Book, files: Mapping[Path, FileFacts]) -> Row:
        job, report = outcome.job, outcome.report
        failed = outcome.state == "failed"
        beside = {role: (book.name(path), _facts(path, files)) for role, path in self._beside(job).items()}
        return Row(
            self._numbers.of(job.photo),
            book.name(job.photo),
            "failed" if failed else "left" if outcome.state == "left" else "done",
            self._order.hash,
            self._order.command,
            book.result_name(job.result),
            _facts(job.photo, files),
            _facts(job.result, files) if outcome.state == "done" else None,
            self._models,
            self._engine,
            {role: (name, facts) for role, (name, facts) in beside.items() if facts},
            _others(report.written, job.result, book, files),
            outcome.seconds,
            report.facts,
            () if failed else report.remarks,
            " ".join(outcome.remarks) if failed else "",
            now(),
        )


def _hash_of(order: Mapping[str, Json]) -> str:
    """The hash of an order as a ledger has it; "" for one that this version cannot carry out."""
    try:
        return Order.from_json(order).hash
    except (SafelightError, KeyError, TypeError, ValueError, AttributeError):
        return ""


def _others(
    written: Iterable[Path], result: Path, book: Book, files: Mapping[Path, FileFacts]
) -> dict[str, str]:
    """The other files in the folder of the ledger that were written -> their SHA-256."""
    named = {book.result_name(path): _facts(path, files) for path in written if path != result}
    return {name: facts.sha256 for name, facts in named.items() if facts and is_inside(name)}


def _facts(path: Path, files: Mapping[Path, FileFacts]) -> FileFacts | None:
    try:
        return files[path] if path in files else facts_of(path)
    except OSError:
        return None
