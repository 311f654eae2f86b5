"""safelight judge --task fill: a model and the classical methods fill the same holes."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from safelight.judging.holes.verdict import FillVerdict
    from safelight.tasks.fills import Fill


def is_filler(model: str) -> bool:
    """Whether that name, file or run fills holes; False for what cannot be opened: the judge will say why."""
    from safelight.errors import SafelightError
    from safelight.runtime.fill import MODEL
    from safelight.tasks.fills import CLASSICAL

    if model == MODEL or model in CLASSICAL:
        return True
    try:
        return _task(model) == "fill"
    except SafelightError:
        return False


def judge_filler(
    model: str,
    data: Path,
    out: Path,
    split: str,
    limit: int | None,
    seed: int,
    beside: Sequence[str],
    workers: int,
) -> None:
    """Judge, write the report, and say what was found."""
    from safelight.app.progress import Bars
    from safelight.data.cache import open_dataset
    from safelight.judging.holes.judge import judge_fill
    from safelight.judging.holes.report import write_fill_report
    from safelight.judging.holes.sheet import pick_fills

    fill = open_fill(model)
    with Bars() as bars:
        pictures = open_dataset(
            data,
            None if split == "all" else split,
            progress=lambda done, total, what: bars.show(what, done, total),
        )
        verdict = judge_fill(
            fill,
            _label(model),
            pictures,
            limit=limit,
            seed=seed,
            beside={_label(other): open_fill(other) for other in beside},
            dataset=data.name,
            split=split,
            folder=pictures.dataset.folder,
            workers=workers,
            progress=bars.show,
        )
    _keep(verdict, model)
    page = write_fill_report(verdict, out, pick_fills(verdict, fill, pictures))
    click.echo("\n".join(verdict.sentences))
    click.echo(f"the report is {page}")


def open_fill(model: str) -> "Fill":
    """What fills holes: a classical method by name, a run, or a model. Raises SafelightError."""
    from safelight.runtime.fill import load_filler
    from safelight.tasks.fills import CLASSICAL

    if model in CLASSICAL:
        return CLASSICAL[model]
    if not Path(model).is_dir():
        return load_filler(model).predict
    from safelight.journal.run import Run
    from safelight.training.fill.predict import NetworkFill
    from safelight.training.fit import trained_network

    network, recipe = trained_network(Run.open(model))
    return NetworkFill(network, recipe.preparation)


def _task(model: str) -> str:
    """The task of a run or of a model's card."""
    if Path(model).is_dir():
        from safelight.journal.run import Run
        from safelight.training.crafts import from_json

        return str(from_json(Run.open(model).recipe_json).task)
    from safelight.runtime.modelfile import find_model

    return find_model(model, ("colorize", "fill")).card.task


def _label(model: str) -> str:
    return Path(model).name.removesuffix(".onnx")


def _keep(verdict: "FillVerdict", model: str) -> None:
    """A run keeps what was said about it."""
    if not Path(model).is_dir():
        return
    from safelight.journal.run import Run

    stamp = verdict.judged.replace(":", "-")
    verdict.save(Run.open(model).folder / "verdicts" / f"{stamp}-{verdict.protocol}-{verdict.split}.json")
