"""safelight judge: a model and the baselines answer the same questions."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from safelight.cli.arguments import PATH
from safelight.cli.sitting import Sitting, trained_for

if TYPE_CHECKING:
    from safelight.tasks.colorize.baselines import Predict
    from safelight.tasks.colorize.protocols import Protocol

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
OF_COLORS = ("--robust", "--protocol", "--no-baselines")
IGNORED = {  # kind of judge: what it is for, options that it does not look at
    "fill": ("what fills holes", OF_COLORS),
    "scratches": ("what finds scratches", OF_COLORS),
    "code": ("autoencoders", (*OF_COLORS, "--beside")),
    "robust": ("--robust", ("--beside", "--no-baselines")),
}


@click.command(short_help="Evaluate a model beside simple methods.", epilog=EXAMPLES)
@click.argument("model", metavar="NAME|FILE|RUN")
@click.option("--data", required=True, type=PATH, metavar="DATASET", help="A dataset or folder.")
@click.option("-o", "out", required=True, type=PATH, metavar="REPORT", help="A folder for it.")
@click.option(
    "--task",
    type=click.Choice(["auto", "colorize", "fill", "scratches"]),
    default="auto",
    show_default=True,
    help="auto: what the model is for. fill, scratches: classical methods can be named as models too.",
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
    from safelight.cli.commands.judge_codes import judge_autoencoder
    from safelight.cli.commands.judge_fill import judge_filler
    from safelight.cli.commands.judge_robust import judge_robustness
    from safelight.cli.commands.judge_scratches import judge_finder
    from safelight.tasks.colorize.protocols import protocol_named

    sitting = Sitting(model, data, out, split, limit, seed, beside, workers)
    kind = _kind(model) if task == "auto" else task
    _refuse_ignored(context, "robust" if robust and kind == "colorize" else kind)
    if kind == "fill":
        judge_filler(sitting)
    elif kind == "scratches":
        judge_finder(sitting)
    elif kind == "code":
        judge_autoencoder(sitting)
    elif robust:
        judge_robustness(sitting, protocol_named(protocol_name), _predicts(model)[0])
    else:
        _judge_colorizer(sitting, protocol_named(protocol_name), baselines=not no_baselines)


def _kind(model: str) -> str:
    """The task of a name, file or run; what cannot be opened is taken for a colorizer, and its judge says why."""
    from safelight.cli.commands.judge_codes import is_autoencoder
    from safelight.cli.commands.judge_fill import is_filler
    from safelight.cli.commands.judge_scratches import is_finder

    kinds = {"fill": is_filler, "scratches": is_finder, "code": is_autoencoder}
    return next((kind for kind, is_one in kinds.items() if is_one(model)), "colorize")


def _refuse_ignored(context: click.Context, kind: str) -> None:
    """Raises UsageError for an option that was typed and that the judge of this kind would not look at."""
    what, ignored = IGNORED.get(kind, ("", ()))
    for option in context.command.params:
        typed = context.get_parameter_source(option.name or "") is ParameterSource.COMMANDLINE
        if typed and option.opts[0] in ignored:
            raise click.UsageError(f"{option.opts[0]} is not for {what}; leave it out")


def _judge_colorizer(sitting: Sitting, protocol: "Protocol", baselines: bool) -> None:
    """Judge, write the report, and say what was found."""
    from safelight.tasks.colorize.evaluate import judge as run_judge
    from safelight.tasks.colorize.examples import pick_examples
    from safelight.tasks.colorize.report import write_report
    from safelight.terminal import Bars

    predict, vivid = _predicts(sitting.model)
    others = sitting.others(lambda model: _predicts(model)[0])
    with Bars() as bars:
        pictures = sitting.open(bars)
        verdict = run_judge(
            predict,
            sitting.labels[0],
            pictures,
            protocol,
            vivid=vivid,
            limit=sitting.limit,
            seed=sitting.seed,
            baselines=baselines,
            beside=others,
            dataset=sitting.data.name,
            split=sitting.split,
            folder=pictures.dataset.folder,
            workers=sitting.workers,
            progress=bars.show,
        )
    sitting.keep(verdict)
    page = write_report(verdict, sitting.out, pick_examples(verdict, predict, pictures, protocol))
    sitting.tell(verdict.sentences, page)


def _predicts(model: str) -> "tuple[Predict, Predict]":
    """The model's cautious answer and its most colorful one."""
    from functools import partial

    if Path(model).is_dir():
        from safelight.tasks.colorize.validation import NetworkPredict

        network, recipe = trained_for(model, "colorize")
        return NetworkPredict(network, recipe.preparation), NetworkPredict(
            network, recipe.preparation, vivid=1.0
        )
    from safelight.tasks.colorize.restore import load_colorizer

    colorizer = load_colorizer(model)
    return colorizer.predict, partial(colorizer.predict, vivid=1.0)
