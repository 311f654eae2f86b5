"""What a command over many photos plans and reports: each outcome as it comes, a summary line, a dry run."""

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import click

from safelight.batch import records
from safelight.batch.memory import check_room
from safelight.batch.plan import Plan, gather, plan
from safelight.batch.run import IS_THERE, Outcome
from safelight.batch.work import Order, Report, worker_of
from safelight.cli import engines
from safelight.cli.archives import Archives
from safelight.cli.arguments import ends_as_folder, refuse_existing, refuse_streams
from safelight.errors import PhotoError, shown
from safelight.reports.text import count
from safelight.runtime import inference
from safelight.runtime.folders import PassedOver, exists
from safelight.runtime.names import Namer
from safelight.terminal import Bars


def plan_jobs(
    photos: Sequence[Path],
    out: str | None,
    names: Sequence[Namer],
    overwrite: bool,
    mask: Path | None = None,
) -> Plan:
    """The jobs of a command, named by names[0]. out: as typed; with a slash at its end it is a folder.

    mask: a mask, or a folder of masks, which are no photos where they lie among them.

    Raises UsageError, or PhotoError where there is no photo, or one was named whose result is there.
    """
    refuse_streams(photos, out)
    check_room()
    folder = out is not None and ends_as_folder(out)
    try:
        jobs = plan(photos, None if out is None else Path(out), names, folder, [mask] if mask else [])
    except PhotoError as error:
        raise click.UsageError(str(error)) from None
    _refuse_empty(photos, jobs)
    if len(jobs) == 1 and jobs.jobs[0].photo in photos and not jobs.jobs[0].trouble:
        refuse_existing(jobs.jobs[0].result, overwrite)
    return jobs


def gather_photos(paths: Sequence[Path]) -> Plan:
    """The photos that were named and those of the folders, each once. Raises PhotoError where there is none."""
    refuse_streams(paths)
    photos = gather(paths)
    _refuse_empty(paths, photos)
    return photos


def _refuse_empty(paths: Sequence[Path], photos: Plan) -> None:
    if not photos:
        passed = "".join(f"; {line}" for line in photos.passed.lines())
        where = ", ".join(shown(path) for path in paths)
        raise PhotoError(f"no photos in {where}; expected JPEG, PNG, TIFF or WebP files{passed}")


def print_plan(jobs: Plan, overwrite: bool, notes: Sequence[str] = ()) -> int:
    """A dry run: each photo, its result, and a note; what was passed over; returns 0."""
    for number, job in enumerate(jobs):
        if job.trouble:
            click.echo(f"{shown(job.photo)}: {job.trouble}: would fail")
            continue
        skipped = exists(job.result) and not overwrite
        note = " (is there: would be skipped)" if skipped else (notes[number] if notes else "")
        click.echo(f"{shown(job.photo)} -> {shown(job.result)}{note}")
    print_passed(jobs.passed, partial(click.echo, err=True))
    click.echo(f"dry run: {count(len(jobs), 'photo')}, nothing written")
    return 0


def report(
    outcomes: Generator[Outcome],
    jobs: Plan,
    doing: str,
    done: str,
    detail: Callable[[Iterable[Report]], str] = lambda reports: "",
    left_because: str = "",
) -> int:
    """Show each outcome as it comes, what the plan passed over, then one line that sums them up; the exit status.

    doing, done: the verb of the command ("filling", "filled"). detail: what to say, in brackets, of all photos that
    were done; it takes their reports as they come, and none is kept here. left_because: why photos were left as they
    are.
    """
    start = time.perf_counter()
    tally = Tally()
    with Bars() as bars, closing(outcomes):
        reports = _shown(outcomes, tally, bars, doing, len(jobs))
        said = detail(reports)
        deque(reports, maxlen=0)  # those that nobody has asked for
        print_passed(jobs.passed, bars.say)
    click.echo(f"{tally.in_words(done, said, left_because)}, {time.perf_counter() - start:.1f} s")
    return 1 if tally.states["failed"] else 0


def _shown(
    outcomes: Iterable[Outcome], tally: "Tally", bars: Bars, doing: str, number: int
) -> Iterator[Report]:
    """Show and count each outcome; the reports of the photos that were done."""
    bars.show(doing, 0, number)
    for outcome in outcomes:
        tally.add(outcome)
        for remark in outcome.remarks:
            bars.say(remark)
        bars.show(doing, tally.states.total(), number)
        if outcome.state == "done":
            yield outcome.report


def work_off(
    jobs: Plan,
    order: Order,
    photos: Sequence[Path],
    out: str | None,
    archives: Archives,
    doing: str,
    done: str,
    detail: Callable[[Iterable[Report]], str] = lambda reports: "",
    left_because: str = "",
) -> int:
    """Do all jobs of an order and keep the ledgers of their results; the exit status. photos, out: as they were given.

    archives: what is made of the results at the end. The rest is as in `report`. Raises UsageError, SafelightError.
    """
    places = records.Places(frozenset(photos), None if out is None else Path(out))
    if jobs:  # a shard may have none
        archives.check(places.folders(jobs))
    if archives != type(archives)() and engines.is_elsewhere(out):
        raise click.UsageError(
            f"--report, --checksums and --bag are of a folder of this machine; copy {out} here first"
        )
    worker = worker_of(order)
    marks = records.own_marks(order)
    with records.Ledgers(order, worker.cards, inference.engine_name(), jobs, places, marks) as ledgers:
        outcomes = engines.outcomes(jobs, order, out, worker, ledgers)
        status = report(outcomes, jobs, doing, done, detail, left_because)
    for line in ledgers.lines():
        click.echo(line, err=True)
    amiss = archives.write(ledgers.folders)
    return status if ledgers.is_whole and not amiss else 1


def print_passed(passed: PassedOver, say: Callable[[str], None]) -> None:
    """What was passed over in folders, a line for each reason."""
    for line in passed.lines():
        say(line)


@dataclass
class Tally:
    """How many photos were done, left, skipped (and why) and failed; of a million, as much memory as of one.

    first: the first result.
    """

    states: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    first: Path | None = None

    def add(self, outcome: Outcome) -> None:
        """Count one."""
        self.states[outcome.state] += 1
        if outcome.state == "skipped":
            self.reasons[outcome.because or IS_THERE] += 1
        if outcome.state == "done":
            self.first = self.first or outcome.job.result

    def in_words(self, verb: str, detail: str, left_because: str) -> str:
        """ "12 photos colored (detail), 1 left as it is (left_because), 3 skipped (why), 1 failed"."""
        done, left, failed = (self.states[state] for state in ("done", "left", "failed"))
        what = f"{verb} {shown(self.first)}" if done == 1 and self.first else f"{count(done, 'photo')} {verb}"
        parts = [f"{what} ({detail})" if detail else what]
        if left:
            parts.append(f"{left} left as {'it is' if left == 1 else 'they are'} ({left_because})")
        parts += [f"{number} skipped ({because})" for because, number in sorted(self.reasons.items())]
        if failed:
            parts.append(f"{failed} failed")
        return ", ".join(parts)
