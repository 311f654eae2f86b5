"""What a command over many photos tells: each outcome as it comes, one line that sums them up, a dry run."""

import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli.given import Place

if TYPE_CHECKING:
    from safelight.runtime.batch import Outcome
    from safelight.runtime.folders import PassedOver
    from safelight.runtime.names import Namer
    from safelight.runtime.plan import Plan


PHOTO = Place(path_type=Path, readable=False)  # one that may not be read fails by itself, not the whole batch
STREAMS = re.compile(r"-|/dev/(std(in|out|err)|fd/.*)|/proc/[^/]+/fd/.*")


def plan_jobs(
    photos: Sequence[Path],
    out: str | None,
    names: "Sequence[Namer]",
    overwrite: bool,
    mask: Path | None = None,
) -> "Plan":
    """The jobs of a command, named by names[0]. out: as typed; with a slash at its end it is a folder.

    mask: a mask, or a folder of masks, which are no photos where they lie among them.

    Raises UsageError, or PhotoError where there is no photo, or one was named whose result is there.
    """
    from safelight.errors import PhotoError
    from safelight.runtime.plan import plan
    from safelight.runtime.room import check_room

    refuse_streams(photos, out)
    check_room()
    try:
        folder = out is not None and out.endswith(("/", os.sep))
        jobs = plan(photos, None if out is None else Path(out), names, folder, [mask] if mask else [])
    except PhotoError as error:
        raise click.UsageError(str(error)) from None
    _refuse_none(photos, jobs)
    if len(jobs) == 1 and jobs.jobs[0].photo in photos and not jobs.jobs[0].trouble:
        refuse_taken(jobs.jobs[0].result, overwrite)
    return jobs


def photos_among(places: Sequence[Path]) -> "Plan":
    """The photos that were given and those of the folders, each once. Raises PhotoError where there is none."""
    from safelight.runtime.plan import gather

    refuse_streams(places)
    photos = gather(places)
    _refuse_none(places, photos)
    return photos


def refuse_streams(photos: Sequence[Path] = (), out: str | Path | None = None) -> None:
    """Raises UsageError where standard input or output is named: photos are files, read and written whole."""
    from safelight.runtime.folders import exists

    for photo in photos:
        if STREAMS.fullmatch(str(photo)) and not (str(photo) == "-" and exists(photo)):
            raise click.UsageError(
                f"{photo}: photos are not read from standard input; give the name of a file"
            )
    if out is not None and STREAMS.fullmatch(str(out)):
        raise click.UsageError(
            f"-o {out}: results are not written to standard output; give the name of a file"
        )


def refuse_no_folder(out: Path) -> None:
    """Raises UsageError where a folder to be made is named like a stream, or like a file of a kind that people know."""
    from safelight.errors import shown
    from safelight.runtime.folders import is_folder
    from safelight.runtime.plan import is_of_a_file

    refuse_streams(out=out)
    if not is_folder(out) and is_of_a_file(out):
        raise click.UsageError(f"-o {shown(out)} would be a folder; give it a name without {out.suffix}")


def refuse_taken(file: Path, overwrite: bool) -> None:
    """Raises PhotoError where a file is in the way, before anything is made for it."""
    from safelight.errors import PhotoError, shown
    from safelight.runtime.folders import exists

    if exists(file) and not overwrite:
        raise PhotoError(
            f"{shown(file)} is there already: add --overwrite to replace it, or -o NAME for another file"
        )


def _refuse_none(places: Sequence[Path], found: "Plan") -> None:
    from safelight.errors import PhotoError, shown

    if not found:
        passed = "".join(f"; {line}" for line in found.passed.lines())
        where = ", ".join(shown(place) for place in places)
        raise PhotoError(f"no photos in {where}; expected JPEG, PNG, TIFF or WebP files{passed}")


def tell_jobs(jobs: "Plan", overwrite: bool, notes: Sequence[str] = ()) -> int:
    """A dry run: each photo, its result, and a note; what was passed over; returns 0."""
    from safelight.errors import shown
    from safelight.runtime.folders import exists

    for number, job in enumerate(jobs):
        if job.trouble:
            click.echo(f"{shown(job.photo)}: {job.trouble}: would fail")
            continue
        there = exists(job.result) and not overwrite
        note = " (is there: would be skipped)" if there else (notes[number] if notes else "")
        click.echo(f"{shown(job.photo)} -> {shown(job.result)}{note}")
    tell_passed(jobs.passed, partial(click.echo, err=True))
    click.echo(f"dry run: {count(len(jobs), 'photo')}, nothing written")
    return 0


def report(
    outcomes: "Iterable[Outcome]",
    plan: "Plan",
    doing: str,
    done: str,
    said: Callable[[], str] = str,
    left: str = "",
) -> int:
    """Show each outcome as it comes, what the plan passed over, then one line that sums them up; the exit status.

    doing, done: what is being done and what was ("filling", "filled"). said: what there is to say of all of them,
    in brackets; asked when the last one is done. left: why photos were left as they are.
    """
    from safelight.cli.progress import Bars

    start = time.perf_counter()
    past: list[Outcome] = []
    with Bars() as bars:
        bars.show(doing, 0, len(plan))
        for outcome in outcomes:
            past.append(outcome)
            for remark in outcome.remarks:
                bars.say(remark)
            bars.show(doing, len(past), len(plan))
        tell_passed(plan.passed, bars.say)
    click.echo(f"{_summary(past, done, said(), left)}, {time.perf_counter() - start:.1f} s")
    return 1 if any(outcome.state == "failed" for outcome in past) else 0


def tell_passed(passed: "PassedOver", say: Callable[[str], None]) -> None:
    """What was passed over in folders, a line for each reason."""
    for line in passed.lines():
        say(line)


def count(number: int, noun: str) -> str:
    """A number and its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _summary(past: "Sequence[Outcome]", word: str, said: str, left: str) -> str:
    from safelight.errors import shown

    states = ("done", "left", "skipped", "failed")
    done, kept, skipped, failed = ([each.job for each in past if each.state == state] for state in states)
    what = f"{word} {shown(done[0].result)}" if len(done) == 1 else f"{count(len(done), 'photo')} {word}"
    parts = [f"{what} ({said})" if said else what]
    if kept:
        parts.append(f"{len(kept)} left as {'it is' if len(kept) == 1 else 'they are'} ({left})")
    if skipped:
        parts.append(f"{len(skipped)} skipped (the result is there; --overwrite replaces it)")
    if failed:
        parts.append(f"{len(failed)} failed")
    return ", ".join(parts)
