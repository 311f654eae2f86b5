"""A training in a process of its own (test_resume.py); imported once, then forked."""

import multiprocessing
import os
import sys
from pathlib import Path

import torch

from safelight.cli.main import main
from safelight.journal.run import Run
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.colorize.validation import ColorizeValidation, choose
from safelight.training import fit as training


def train_here(recipe: ColorizeRecipe, dataset: Path, runs: Path) -> None:
    """Train, or go on with a run, on one thread and with two probes."""
    multiprocessing.set_start_method("fork", force=True)  # of the loaders, as it is in a program of its own
    torch.set_num_threads(1)
    ColorizeValidation.choose = classmethod(lambda cls, found, size, how: cls(choose(found, size, 2), how))  # type: ignore[assignment, method-assign]
    if (runs / "run.json").exists():
        training.resume(Run.open(runs), quiet=True)
    else:
        training.fit(recipe, dataset, runs, quiet=True)


def command_here(words: list[str], told: Path) -> None:
    """The command line, on one thread; what it says goes into a file."""
    multiprocessing.set_start_method("fork", force=True)
    torch.set_num_threads(1)
    ColorizeValidation.choose = classmethod(lambda cls, found, size, how: cls(choose(found, size, 2), how))  # type: ignore[assignment, method-assign]
    with told.open("w") as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    main(words)
