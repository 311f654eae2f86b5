"""What is done about a trip: the good state is put in place, written down, and told."""

from typing import NamedTuple

from rich.console import Console

from safelight.journal.run import Run
from safelight.training.checkpoints import read
from safelight.training.guard.states import guard_state, set_right, write_trips
from safelight.training.guard.trips import GuardError, Tripped
from safelight.training.ranks import is_first, told_by_first
from safelight.training.recipe import Recipe


class Outcome(NamedTuple):
    """One line for the user, and whether the run can go on."""

    told: str
    mended: bool


def go_back(run: Run, tripped: Tripped, recipe: Recipe, quiet: bool) -> None:
    """Make last.ckpt a good state, and say so. Raises GuardError, alike in all processes of the run."""
    outcome = told_by_first(lambda: _set_right(run, tripped, recipe))
    if not outcome.mended:
        raise GuardError(outcome.told)
    if is_first() and not quiet:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"guard: {outcome.told}", markup=False)


def loader_died(error: BaseException) -> bool:
    """Whether this is how it shows that a process which loads samples is gone; not that it raised an error."""
    if str(error).startswith("Caught "):
        return False
    if isinstance(error, RuntimeError):
        return "DataLoader worker" in str(error)
    return isinstance(error, (ConnectionError, EOFError))  # it went while it handed over a batch


def _set_right(run: Run, tripped: Tripped, recipe: Recipe) -> Outcome:
    try:
        trip = set_right(
            run.folder, tripped, recipe.guard, recipe.data.batch, recipe.optimizer.lr, recipe.task
        )
    except GuardError as error:
        return Outcome(str(error), False)
    trips = guard_state(read(run.last_checkpoint))["trips"]
    write_trips(run.folder, trips)
    run.note(guard=[trip["told"] for trip in trips])
    return Outcome(trip.told, True)
