"""safelight judge: a model of any task is evaluated beside baselines, on the same samples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from safelight.cli.arguments import PATH, refuse_file_name
from safelight.cli.evaluation_job import EvaluationJob, task_of
from safelight.errors import RecipeError, shown
from safelight.evaluation import base
from safelight.tasks import registry
from safelight.tasks.base import Task
from safelight.tasks.colorize import benchmark
from safelight.tasks.colorize import robustness as robustness_test
from safelight.terminal import Bars

EXAMPLES = """
\b
Examples:
  safelight judge color --data datasets/photos -o report
  safelight judge runs/2026-11-22_11h51m10s-color --data datasets/photos -o report --limit 64
  safelight judge model.onnx --data photos --split test --protocol siggraph17 -o report
  safelight judge model.onnx --data photos --robust -o report
  safelight judge biharmonic --task fill --data photos -o report
  safelight judge scratches --task scratches --data photos -o report
  safelight judge color --data photos --protocol print -o report                  (on simulated old prints)

Each evaluation on the test split is logged in the dataset and shown in the report.
"""
OF_SOME_TASKS = ("--beside", "--protocol", "--no-baselines", "--robust")
NOT_WITH_ROBUST = ("--beside", "--no-baselines")


@click.command(epilog=EXAMPLES)
@click.argument("model", metavar="NAME|FILE|RUN")
@click.option("--data", required=True, type=PATH, metavar="DATASET", help="A dataset, or a folder of photos.")
@click.option("-o", "out", required=True, type=PATH, metavar="REPORT", help="Folder of the report.")
@click.option(
    "--task",
    type=click.Choice(["auto", *registry.TASKS, "fill", "code"]),
    default="auto",
    show_default=True,
    help="auto: the task of the model. fill is inpaint, code is autoencode.",
)
@click.option(
    "--split",
    type=click.Choice(["val", "test", "foreign", "all"]),
    default="val",
    show_default=True,
    help="Which part of the dataset; each evaluation on test or foreign (data build --hold-out) is counted. "
    "all: for a plain folder of photos.",
)
@click.option(
    "--protocol",
    "protocol_name",
    metavar="NAME",
    help="Colorization: how hints are placed, compact (the default), siggraph17 or icolorit. Colorization, "
    "inpainting, scratches: print, simulated old prints, with the model's scores on the clean pictures beside.",
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Evaluate on a fixed sample of N pictures."
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Random seed of the positions of hints, holes and damage.",
)
@click.option(
    "--beside", multiple=True, metavar="NAME|FILE|RUN", help="Another model to compare with; repeatable."
)
@click.option(
    "--no-baselines", is_flag=True, help="Colorization: compare with grey alone, quick during training."
)
@click.option(
    "--robust", is_flag=True, help="Measure instead how much the colors change with small changes of a photo."
)
@click.option("--workers", type=int, default=2, show_default=True, help="Processes that run the baselines.")
@click.pass_context
def judge(
    context: click.Context,
    model: str,
    data: Path,
    out: Path,
    task: str,
    split: str,
    protocol_name: str | None,
    limit: int | None,
    seed: int,
    beside: tuple[str, ...],
    no_baselines: bool,
    robust: bool,
    workers: int,
) -> None:
    """Evaluate a model beside baselines that need no training, on the same pictures.

    Colorization: beside grey, nearest hint, kernel regression, Levin 2004 and kriging, over the number of
    hints. Inpainting: beside the classical methods, on the same holes of six sizes, inside the picture and at
    its border. Scratch detection: beside the ridge filter, on drawn damage of each kind and width.
    Autoencoders: beside PCA with as many components; samples are shown too. The report has tables with 95 %
    confidence intervals and pictures, and states where the model loses.
    """
    refuse_file_name(out)
    if not robust:
        _refuse_other_report(out)
    evaluated = task_of(model) if task == "auto" else registry.task_named(task)
    _refuse_ignored(context, evaluated, robust)
    evaluation = evaluated.evaluation
    protocol = protocol_name or evaluation.protocols[0]
    if protocol not in evaluation.protocols:
        raise RecipeError(
            f"there is no protocol {protocol!r}; choose one of {', '.join(evaluation.protocols)}"
        )
    if robust and protocol == "print":
        raise click.UsageError("--protocol print is not for --robust; leave one of them out")
    job = EvaluationJob(model, data, out, split, limit, seed, beside, workers)
    with Bars() as bars:
        if robust:
            sentences, page = _measure_robustness(job, evaluation, protocol, bars)
        else:
            verdict, page = job.run(evaluation, protocol, not no_baselines, bars)
            sentences = verdict.sentences
    click.echo("\n".join(sentences))
    click.echo(f"the report is {page}")


def _refuse_other_report(out: Path) -> None:
    """Raises UsageError for a folder with a report.md that is no evaluation's, such as a dataset's."""
    if (out / "report.md").exists() and not (out / "verdict.json").exists():
        raise click.UsageError(
            f"-o {shown(out)} has a report.md of something else, which would be replaced; give another folder"
        )


def _refuse_ignored(context: click.Context, task: Task, robust: bool) -> None:
    """Raises UsageError for an option that was typed and that does not apply to this task, or not with --robust."""
    for option in context.command.params:
        name = option.opts[0]
        if context.get_parameter_source(option.name or "") is not ParameterSource.COMMANDLINE:
            continue
        if name in OF_SOME_TASKS and name not in task.evaluation.options:
            raise click.UsageError(f"{name} is not for {task.plural}; leave it out")
        if robust and name in NOT_WITH_ROBUST:
            raise click.UsageError(f"{name} is not for --robust; leave it out")


def _measure_robustness(
    job: EvaluationJob, evaluation: type[base.EvaluationTask[Any, Any]], protocol: str, bars: Bars
) -> tuple[tuple[str, ...], Path]:
    """How small changes of a photo change a model's colors: what was found, and the report's page."""
    if job.split in ("test", "foreign"):
        raise click.UsageError("--robust needs no look at a test split; use --split val")
    _, predict = evaluation.open(job.model, protocol, lambda split: job.open(bars, split))
    pictures = job.open(bars)
    result = robustness_test.robustness(
        predict,
        job.labels()[0],
        pictures,
        protocol=benchmark.protocol_named(protocol),
        limit=job.limit or robustness_test.LIMIT,
        seed=job.seed,
        dataset=pictures.name,
        progress=bars.show,
    )
    return result.sentences, robustness_test.write_robustness(result, job.out)
