"""A program that trains in two processes (test_processes.py): `python two_processes.py DATASET RUNS [STEP]`.

The samples of the batch after step STEP are not a number.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from safelight.tasks.colorize.dataset import ColorizeDataset, Sample
from safelight.tasks.colorize.validation import ColorizeValidation, choose
from safelight.training import fit as training
from safelight.training.overrides import override
from safelight.training.recipe import recipe_named

BATCH = 4
CHANGES = {
    "train.steps": "24",
    "train.checkpoint_every": "8",
    "train.validate_every": "24",
    "augment.size": "32",
    "preparation.propagate": "false",
    "model.norm": "group",
    "guard.settle": "6",
    "guard.patience": "4",
}


def main(dataset: Path, runs: Path, wrong_after: int | None) -> None:
    """Train."""
    torch.set_num_threads(1)
    usual = ColorizeDataset.__getitem__

    def spoilt(self: ColorizeDataset, k: int) -> Sample:
        sample = usual(self, k)
        wrong = (
            k == BATCH * wrong_after if wrong_after is not None else False
        )  # the first process's share alone
        return Sample(np.full_like(sample.planes, np.nan), sample.truth) if wrong else sample

    ColorizeDataset.__getitem__ = spoilt  # type: ignore[method-assign]
    ColorizeValidation.choose = classmethod(lambda cls, found, size, how: cls(choose(found, size, 2), how))  # type: ignore[assignment, method-assign]
    training.fit(override(recipe_named("quick"), CHANGES), dataset, runs, quiet=True, devices=2)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
