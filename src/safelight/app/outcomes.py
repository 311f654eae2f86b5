"""What a command over many photos tells: each outcome as it comes, one line that sums them up, a dry run."""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from safelight.runtime.batch import Job, Outcome
    from safelight.runtime.names import Namer


def plan_jobs(
    photos: Sequence[Path],
    out: str | None,
    names: "Sequence[Namer]",
    overwrite: bool,
    mask: Path | None = None,
) -> "list[Job]":
    """The jobs of a command, named by names[0]. out: as typed; with a slash at its end it is a folder.

    mask: a mask, or a folder of masks, which are no photos where they lie among them.

    Raises UsageError, or PhotoError where there is no photo, or one was named whose result is there.
    """
    from safelight.errors import PhotoError
    from safelight.runtime.batch import plan

    try:
        folder = out is not None and out.endswith(("/", os.sep))
        jobs = plan(photos, None if out is None else Path(out), names, folder, [mask] if mask else [])
    except PhotoError as error:
        raise click.UsageError(str(error)) from None
    _refuse_none(photos, jobs)
    if len(jobs) == 1 and jobs[0].photo in photos:
        refuse_taken(jobs[0].result, overwrite)
    return jobs


def photos_among(places: Sequence[Path]) -> list[Path]:
    """The photos that were given and those of the folders, each once. Raises PhotoError where there is none."""
    from safelight.runtime.batch import find_photos

    photos = list(dict.fromkeys(photo for place in places for photo, _ in find_photos(place)))
    _refuse_none(places, photos)
    return photos


def refuse_taken(file: Path, overwrite: bool) -> None:
    """Raises PhotoError where a file is in the way, before anything is made for it."""
    from safelight.errors import PhotoError
    from safelight.pixels.photo import shown
    from safelight.runtime.batch import exists

    if exists(file) and not overwrite:
        raise PhotoError(
            f"{shown(file)} is there already: add --overwrite to replace it, or -o NAME for another file"
        )


def _refuse_none(places: Sequence[Path], found: "Sequence[Path | Job]") -> None:
    from safelight.errors import PhotoError

    if not found:
        raise PhotoError(
            f"no photos in {', '.join(map(str, places))}; expected JPEG, PNG, TIFF or WebP files"
        )


def tell_jobs(jobs: "Sequence[Job]", overwrite: bool, notes: Sequence[str] = ()) -> int:
    """A dry run: each photo, its result, and a note; returns 0."""
    from safelight.pixels.photo import shown
    from safelight.runtime.batch import exists

    for number, job in enumerate(jobs):
        there = exists(job.result) and not overwrite
        note = " (is there: would be skipped)" if there else (notes[number] if notes else "")
        click.echo(f"{shown(job.photo)} -> {shown(job.result)}{note}")
    click.echo(f"dry run: {count(len(jobs), 'photo')}, nothing written")
    return 0


def report(
    outcomes: "Iterable[Outcome]",
    total: int,
    doing: str,
    done: str,
    said: Callable[[], str] = str,
) -> int:
    """Show each outcome as it comes, then one line that sums them up; the exit status.

    doing, done: what is being done and what was ("filling", "filled"). said: what there is to say of all of them,
    in brackets; asked when the last one is done.
    """
    from safelight.app.progress import Bars

    start = time.perf_counter()
    past: list[Outcome] = []
    with Bars() as bars:
        bars.show(doing, 0, total)
        for outcome in outcomes:
            past.append(outcome)
            for remark in outcome.remarks:
                bars.say(remark)
            bars.show(doing, len(past), total)
    click.echo(f"{_summary(past, done, said())}, {time.perf_counter() - start:.1f} s")
    return 1 if any(outcome.state == "failed" for outcome in past) else 0


def count(number: int, noun: str) -> str:
    """A number and its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _summary(past: "Sequence[Outcome]", word: str, said: str) -> str:
    from safelight.pixels.photo import shown

    done, skipped, failed = (
        [each.job for each in past if each.state == state] for state in ("done", "skipped", "failed")
    )
    what = f"{word} {shown(done[0].result)}" if len(done) == 1 else f"{count(len(done), 'photo')} {word}"
    parts = [f"{what} ({said})" if said else what]
    if skipped:
        parts.append(f"{len(skipped)} skipped (the result is there; --overwrite replaces it)")
    if failed:
        parts.append(f"{len(failed)} failed")
    return ", ".join(parts)
