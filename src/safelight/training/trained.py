"""What a run has learned: its averaged weights, alone and in its network."""

from pathlib import Path
from typing import Any

from torch import Tensor

from safelight.errors import RunError
from safelight.journal.run import Run
from safelight.training.checkpoints import weights
from safelight.training.recipe import recipe_of
from safelight.training.task import training_task


def averaged_weights(run: Run) -> dict[str, Tensor]:
    """The run's weights as they are judged and exported, by their names in the network. Raises RunError."""
    prefix = "network."  # a discriminator is no part of what is judged
    return {
        name.removeprefix(prefix): tensor for name, tensor in weights(run).items() if name.startswith(prefix)
    }


def trained_network(run: Run) -> tuple[Any, Any]:
    """The run's averaged weights in its network, and its recipe with what was measured on them.

    Raises RunError.
    """
    recipe = recipe_of(run)
    task = training_task(recipe)
    network = task.network(recipe)
    try:
        network.load_state_dict(averaged_weights(run))
    except RuntimeError as error:
        raise RunError(
            f"{run.last_checkpoint} does not hold the weights of its recipe.json ({first_misfit(error)}); one of "
            "the two was damaged or replaced"
        ) from None
    return network.eval(), task.with_measured(recipe, run.facts)


def trained_for(folder: Path | str, task: str) -> tuple[Any, Any]:
    """Network and recipe of the run in this folder. Raises RunError for one of another task."""
    run = Run.open(folder)
    found = recipe_of(run).task
    if found != task:
        raise RunError(f"{folder} is a run of {found}; expected one of {task}")
    return trained_network(run)


def first_misfit(error: RuntimeError) -> str:
    """The first of the weights that do not fit, of what torch says of all."""
    return next((line.strip() for line in str(error).splitlines()[1:]), str(error))
