"""What a command over many photos tells: each outcome as it comes, one line that sums them up, a dry run."""

import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from safelight.runtime.batch import Job, Namer, Outcome


def plan_jobs(photos: Sequence[Path], out: Path | None, names: "Sequence[Namer]") -> "list[Job]":
    """The jobs of a command, named by names[0]. Raises UsageError, or PhotoError where there is no photo."""
    from safelight.errors import PhotoError
    from safelight.runtime.batch import plan

    try:
        jobs = plan(photos, out, names)
    except PhotoError as error:
        raise click.UsageError(str(error)) from None
    if not jobs:
        raise PhotoError(
            f"no photos in {', '.join(map(str, photos))}; expected JPEG, PNG, TIFF or WebP files"
        )
    return jobs


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
    words: Mapping[Path, str] = MappingProxyType({}),
) -> int:
    """Show each outcome as it comes, then one line that sums them up; the exit status.

    doing, done: what is being done and what was ("filling", "filled"). words: what there is to say of photos,
    told at the end, a line each, or in brackets if it is one photo; it fills while the outcomes come.
    """
    from safelight.app.progress import Bars
    from safelight.pixels.photo import shown

    start = time.perf_counter()
    past: list[Outcome] = []
    with Bars() as bars:
        bars.show(doing, 0, total)
        for outcome in outcomes:
            past.append(outcome)
            for remark in outcome.remarks:
                bars.say(remark)
            bars.show(doing, len(past), total)
    if len(past) > 1:
        for photo, said in words.items():
            click.echo(f"{shown(photo)}: {said}")
    click.echo(f"{_summary(past, done, words)}, {time.perf_counter() - start:.1f} s")
    return 1 if any(outcome.state == "failed" for outcome in past) else 0


def count(number: int, noun: str) -> str:
    """A number and its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _summary(past: "Sequence[Outcome]", word: str, words: Mapping[Path, str]) -> str:
    from safelight.pixels.photo import shown

    done, skipped, failed = (
        [each.job for each in past if each.state == state] for state in ("done", "skipped", "failed")
    )
    parts = [f"{count(len(done), 'photo')} {word}"]
    if len(done) == 1:
        said = words.get(done[0].photo)
        parts = [f"{word} {shown(done[0].result)}{f' ({said})' if said else ''}"]
    if skipped:
        parts.append(f"{len(skipped)} skipped (the result is there; --overwrite replaces it)")
    if failed:
        parts.append(f"{len(failed)} failed")
    return ", ".join(parts)
