"""safelight judge --robust: how small changes of a photo move a model's colors."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from safelight.judging.baselines import Predict
    from safelight.judging.protocols import Protocol


def judge_robustness(
    predict: "Predict",
    name: str,
    data: Path,
    out: Path,
    split: str,
    protocol: "Protocol",
    limit: int | None,
    seed: int,
) -> None:
    """Judge, write robustness.md and .json into the report's folder, and say what was found."""
    from safelight.app.progress import Bars
    from safelight.data.cache import open_dataset
    from safelight.judging.robust import LIMIT, robustness, write_robustness

    if split == "test":
        raise click.UsageError("--robust needs no look at the test split; use --split val")
    with Bars() as bars:
        pictures = open_dataset(data, None if split == "all" else split)
        result = robustness(
            predict,
            name,
            pictures,
            protocol=protocol,
            limit=limit or LIMIT,
            seed=seed,
            dataset=pictures.name,
            progress=bars.show,
        )
    page = write_robustness(result, out)
    click.echo("\n".join(result.sentences))
    click.echo(f"the report is {page}")
