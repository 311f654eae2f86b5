"""--project of colorize, fill and repair: what was decided in the darkroom, replayed on its photo."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import click
from click.core import ParameterSource

from safelight.batch import project as projects
from safelight.batch import work
from safelight.batch.plan import Plan
from safelight.cli.arguments import PATH

SETTINGS = frozenset(  # options that a project decides
    (
        *("hint_file", "typed", "vivid", "reach", "recolor", "keep_toning", "no_mount", "color"),
        *("mask", "missing", "grow", "feather", "grain", "method", "sensitivity", "edges"),
        *("find", "infrared"),
    )
)

project_option = click.option(
    "--project",
    type=PATH,
    metavar="FILE",
    help="Replay a project of safelight darkroom on its photo, in place of the other settings.",
)


def replayed(
    command: str, path: Path, jobs: Plan, manner: work.Manner, model: str | None = None
) -> tuple[Plan, work.Order]:
    """The plan and the order of a command that replays its part of a project on the one photo.

    Raises UsageError for more photos, settings beside it, or a project without that part; ProjectError.
    """
    _refuse_settings(click.get_current_context())
    if len(jobs) != 1:
        raise click.UsageError(f"--project is of one photo; found {len(jobs)}")
    project, job = projects.Project.load(path), jobs.jobs[0]
    if not job.trouble:
        project.check_photo(job.photo)
    mask = work.NOTHING
    if command != "colorize":
        folder = click.get_current_context().with_resource(tempfile.TemporaryDirectory(prefix="safelight-"))
        file = project.write_mask(path.parent, Path(folder)) if "mend" in project.steps else None
        if file is None:
            raise click.UsageError(
                f"{path} has no mask; replay it with safelight colorize --project {path} {job.photo}"
            )
        mask = work.Found(file, place=file)
    elif "color" not in project.steps:
        raise click.UsageError(
            f"{path} has no color; replay it with safelight fill --project {path} {job.photo}"
        )
    if command != project.command:
        click.echo(f"{path}: all of it is replayed by safelight {project.command} --project {path}", err=True)
    order = projects.order_for(project, command, {"color": model, "fill": model}, manner)
    return replace(jobs, jobs=(replace(job, hints=work.NOTHING, mask=mask, when=project.saved or ""),)), order


def _refuse_settings(context: click.Context) -> None:
    """Raises UsageError for a setting that the command line gives beside the project."""
    for option in context.command.params:
        name = option.name or ""
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if given and name in SETTINGS:
            raise click.UsageError(f"{option.opts[0]} and --project cannot be combined; the project says it")
