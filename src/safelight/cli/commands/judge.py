"""safelight judge: a model of any task is evaluated beside baselines, on the same samples."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from safelight.cli.arguments import PATH
from safelight.cli.evaluation_job import EvaluationJob, task_of

if TYPE_CHECKING:
    from safelight.evaluation.base import EvaluationTask
    from safelight.tasks.base import Task
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

Each evaluation on the test split is logged in the dataset and shown in the report.
"""
OF_SOME_TASKS = ("--beside", "--protocol", "--no-baselines", "--robust")
NOT_WITH_ROBUST = ("--beside", "--no-baselines")


@click.command(short_help="Evaluate a model beside simple methods.", epilog=EXAMPLES)
@click.argument("model", metavar="NAME|FILE|RUN")
@click.option("--data", required=True, type=PATH, metavar="DATASET", help="A dataset or folder.")
@click.option("-o", "out", required=True, type=PATH, metavar="REPORT", help="A folder for it.")
@click.option(
    "--task",
    type=click.Choice(["auto", "colorize", "inpaint", "scratches", "autoencode", "fill", "code"]),
    default="auto",
    show_default=True,
    help="auto: what the model is for. fill: inpaint; code: autoencode.",
)
@click.option("--split", type=click.Choice(["val", "test", "all"]), default="val", show_default=True)
@click.option(
    "--protocol", "protocol_name", default="compact", show_default=True, help="compact, siggraph17, icolorit."
)
@click.option(
    "--limit", type=click.IntRange(1), metavar="N", help="Evaluate on a fixed sample of N pictures."
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Random seed of the places of hints, holes and damage.",
)
@click.option(
    "--beside", multiple=True, metavar="NAME|FILE|RUN", help="Another model to compare with; repeatable."
)
@click.option("--no-baselines", is_flag=True, help="Compare with grey alone: quick, while training.")
@click.option(
    "--robust", is_flag=True, help="Measure instead how much small changes of a photo change its colors."
)
@click.option(
    "--workers", type=int, default=2, show_default=True, help="Processes that run the simple methods."
)
@click.pass_context
def judge(
    context: click.Context,
    model: str,
    data: Path,
    out: Path,
    task: str,
    split: str,
    protocol_name: str,
    limit: int | None,
    seed: int,
    beside: tuple[str, ...],
    no_baselines: bool,
    robust: bool,
    workers: int,
) -> None:
    """Evaluate a model beside simple methods that need no training, on the same pictures.

    Colorization: beside grey, nearest hint, kernel regression, Levin 2004 and kriging, over the number of
    hints. Inpainting: beside the classical methods, on the same holes of six sizes, inside the picture and at
    its border. Scratch detection: beside the ridge filter, on drawn damage of each kind and width.
    Autoencoders: beside PCA with as many components; samples are shown too. The report has tables with 95 %
    intervals, pictures, and says where the model loses.
    """
    from safelight.tasks.registry import task_named
    from safelight.terminal import Bars

    evaluated = task_of(model) if task == "auto" else task_named(task)
    _refuse_ignored(context, evaluated, robust)
    evaluation = evaluated.evaluation
    job = EvaluationJob(model, data, out, split, limit, seed, beside, workers)
    with Bars() as bars:
        if robust:
            sentences, page = _measure_robustness(job, evaluation, protocol_name, bars)
        else:
            verdict, page = job.run(evaluation, protocol_name, not no_baselines, bars)
            sentences = verdict.sentences
    click.echo("\n".join(sentences))
    click.echo(f"the report is {page}")


def _refuse_ignored(context: click.Context, task: "Task", robust: bool) -> None:
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
    job: EvaluationJob, evaluation: "type[EvaluationTask[Any, Any]]", protocol: str, bars: "Bars"
) -> "tuple[tuple[str, ...], Path]":
    """How small changes of a photo change a model's colors: what was found, and the report's page."""
    from safelight.tasks.colorize.benchmark import protocol_named
    from safelight.tasks.colorize.robustness import LIMIT, robustness, write_robustness

    if job.split == "test":
        raise click.UsageError("--robust needs no look at the test split; use --split val")
    _, predict = evaluation.open(job.model, protocol, lambda split: job.open(bars, split))
    pictures = job.open(bars)
    result = robustness(
        predict,
        job.labels[0],
        pictures,
        protocol=protocol_named(protocol),
        limit=job.limit or LIMIT,
        seed=job.seed,
        dataset=pictures.name,
        progress=bars.show,
    )
    return result.sentences, write_robustness(result, job.out)
