"""Where a run computes: on the processor or on GPUs; and in which precision."""

import os
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import torch
from lightning.fabric.utilities.rank_zero import rank_zero_only
from torch.distributed.rendezvous import rendezvous

from safelight.errors import RecipeError, RunError
from safelight.journal.run import Run

Accelerator = Literal["auto", "cpu", "gpu"]
Precision = Literal["bf16", "32"]
CPU = torch.device("cpu")


def device_for(accelerator: Accelerator = "auto", devices: int = 1) -> torch.device:
    """The device of this process: a GPU if it is asked for, or if there is one and nothing is asked for.

    devices: how many processes of this machine need one each. Raises RunError where there are fewer GPUs.
    """
    kind, count = _gpus()
    if accelerator == "cpu" or (accelerator == "auto" and not count):
        return CPU
    needed = int(os.environ["LOCAL_WORLD_SIZE"]) if by_torchrun() else devices
    if count >= needed:
        return torch.device(kind, int(os.environ.get("LOCAL_RANK", "0")))
    found = f"{count} GPU{'s' if count > 1 else ''}" if count else "no GPU that torch can use"
    fewer = f"take --devices {count}, or train on the processor: --accelerator cpu"
    raise RunError(
        f"this machine has {found} (torch {torch.__version__}); {needed} "
        f"{'were' if needed > 1 else 'was'} asked for: "
        + (fewer if count else "leave --accelerator gpu out to train on the processor")
    )


def precision_for(asked: str, device: torch.device) -> Precision:
    """The precision of a run: as the recipe asks, or for "auto" bf16 where the device computes it natively, else 32.

    Elsewhere convolutions in bf16 fall back to ones that are several times slower than in 32 bits.
    """
    if asked == "auto":
        return "bf16" if computes_bf16(device) else "32"
    return "bf16" if asked == "bf16" else "32"


def computes_bf16(device: torch.device) -> bool:
    """Whether a device has instructions for bf16."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def autocast(asked: str, device: torch.device) -> torch.autocast:
    """The context in which a step's forward pass runs on this device."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision_for(asked, device) == "bf16")


def _gpus() -> tuple[str, int]:
    """Which kind of GPUs torch can use here, and how many."""
    if torch.cuda.is_available():
        return "cuda", torch.cuda.device_count()
    return "mps", int(torch.backends.mps.is_available())


FOLDER = "SAFELIGHT_RUN"  # tells the processes that the Trainer starts; they repeat this process's command


class Rank(NamedTuple):
    """Which of the processes of a run this is: it has a share of every batch."""

    rank: int = 0
    world_size: int = 1


def rank_of(devices: int) -> Rank:
    """This process, when so many are asked for on this machine or torchrun started some."""
    rank = int(rank_zero_only.rank or 0)  # type: ignore[attr-defined]
    return Rank(rank, int(os.environ.get("WORLD_SIZE", devices)) if by_torchrun() else devices)


def by_torchrun() -> bool:
    """Whether torchrun started this process."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def is_rank_zero() -> bool:
    """Whether this process writes the run folder, and speaks."""
    return not rank_zero_only.rank  # type: ignore[attr-defined]


def check_batch_splits(batch: int, world_size: int) -> None:
    """Raises RecipeError if a batch cannot be shared out evenly."""
    if batch % world_size:
        raise RecipeError(
            f"data.batch is {batch}, which {world_size} processes cannot share; expected a multiple of {world_size}"
        )


def shared_run(start: Callable[[], Run]) -> Run:
    """The run's folder in every process: made by the first one, told to the others. Raises RunError."""
    if not by_torchrun():
        if is_rank_zero():
            run = start()
            os.environ[FOLDER] = str(run.folder.absolute())
            return run
        if FOLDER not in os.environ:
            raise RunError("start more than one process with --devices N or with torchrun (docs/guard.md)")
        return Run.open(os.environ[FOLDER])
    store, _, _ = next(rendezvous("env://"))
    if is_rank_zero():
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


def broadcast_from_rank0(made: Callable[[], Any]) -> Any:
    """What the first process makes, in every process."""
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return made()
    made_there = [made() if is_rank_zero() else None]
    torch.distributed.broadcast_object_list(made_there, src=0)
    return made_there[0]


def barrier() -> None:
    """Until every process has come this far."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()
