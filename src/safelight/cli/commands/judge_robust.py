"""safelight judge --robust: how small changes of a photo move a model's colors."""

from typing import TYPE_CHECKING

import click

from safelight.cli.sitting import Sitting

if TYPE_CHECKING:
    from safelight.tasks.colorize.baselines import Predict
    from safelight.tasks.colorize.protocols import Protocol


def judge_robustness(sitting: Sitting, protocol: "Protocol", predict: "Predict") -> None:
    """Judge, write robustness.md and .json into the report's folder, and say what was found."""
    from safelight.tasks.colorize.robustness import LIMIT, robustness, write_robustness
    from safelight.terminal import Bars

    if sitting.split == "test":
        raise click.UsageError("--robust needs no look at the test split; use --split val")
    with Bars() as bars:
        pictures = sitting.open(bars)
        result = robustness(
            predict,
            sitting.labels[0],
            pictures,
            protocol=protocol,
            limit=sitting.limit or LIMIT,
            seed=sitting.seed,
            dataset=pictures.name,
            progress=bars.show,
        )
    sitting.tell(result.sentences, write_robustness(result, sitting.out))
