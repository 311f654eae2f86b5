"""More than one process for one run: which one this is, and how they agree.

Processes are started by the Trainer (`--devices 2`) or by torchrun. The first one makes the run folder and
writes it; the others are told which it is. Steps, samples and decisions are the same in all.
"""

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from torch.distributed.rendezvous import rendezvous

from safelight.errors import RecipeError, RunError
from safelight.journal.run import Run

FOLDER = "SAFELIGHT_RUN"  # tells the processes that the Trainer starts; they repeat this process's command


class Share(NamedTuple):
    """This process's share of every batch: number `rank` of `world`."""

    rank: int = 0
    world: int = 1


def share(devices: int) -> Share:
    """This process's share, when so many are asked for on this machine or torchrun started some."""
    rank = int(rank_zero_only.rank or 0)  # type: ignore[attr-defined]
    return Share(rank, int(os.environ.get("WORLD_SIZE", devices)) if by_torchrun() else devices)


def by_torchrun() -> bool:
    """Whether torchrun started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def is_first() -> bool:
    """Whether this process writes the run folder, and speaks."""
    return not rank_zero_only.rank  # type: ignore[attr-defined]


def check_shares(batch: int, world: int) -> None:
    """Raises RecipeError if a batch cannot be shared out evenly."""
    if batch % world:
        raise RecipeError(
            f"data.batch is {batch}, which {world} processes cannot share; expected a multiple of {world}"
        )


def shared_run(start: Callable[[], Run]) -> Run:
    """The run's folder in every process: made by the first one, told to the others. Raises RunError."""
    if not by_torchrun():
        if is_first():
            run = start()
            os.environ[FOLDER] = str(run.folder.absolute())
            return run
        if FOLDER not in os.environ:
            raise RunError("start more than one process with --devices N or with torchrun (docs/guard.md)")
        return Run.open(os.environ[FOLDER])
    store, _, _ = next(rendezvous("env://"))
    if is_first():
        run = start()
        store.set(FOLDER, str(run.folder.absolute()))
        return run
    return Run.open(store.get(FOLDER).decode())


def trainer_flags(devices: int, several: str = "ddp") -> dict[str, Any]:
    """What the Trainer is told: so many processes here, on so many machines, and how several work together."""
    if by_torchrun():
        here, everywhere = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"])
        return {"devices": here, "num_nodes": everywhere // here, "strategy": several}
    return {"devices": devices, "strategy": several if devices > 1 else "auto"}


def told_by_first(made: Callable[[], Any]) -> Any:
    """What the first process makes, in every process."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return made()
    told = [made() if is_first() else None]
    torch.distributed.broadcast_object_list(told, src=0)
    return told[0]


def wait_for_all() -> None:
    """Until every process has come this far."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
