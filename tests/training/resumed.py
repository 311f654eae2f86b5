"""A training in a process of its own (test_resume.py); imported once, then forked."""

import multiprocessing
from pathlib import Path

import torch

from safelight.journal.run import Run
from safelight.training import fit as training
from safelight.training.color.probes import ColorProbes, choose
from safelight.training.color.recipe import ColorRecipe


def train_here(recipe: ColorRecipe, dataset: Path, runs: Path) -> None:
    """Train, or go on with a run, on one thread and with two probes."""
    multiprocessing.set_start_method("fork", force=True)  # of the loaders, as it is in a program of its own
    torch.set_num_threads(1)
    ColorProbes.choose = classmethod(lambda cls, found, size, how: cls(choose(found, size, 2), how))  # type: ignore[assignment, method-assign]
    if (runs / "run.json").exists():
        training.resume(Run.open(runs), quiet=True)
    else:
        training.fit(recipe, dataset, runs, quiet=True)
