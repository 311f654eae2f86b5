"""Where a run computes: on the processor, or on GPUs."""

import os
from typing import Literal

import torch

from safelight.errors import RunError
from safelight.training.ranks import by_torchrun

Accelerator = Literal["auto", "cpu", "gpu"]
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


def _gpus() -> tuple[str, int]:
    """Which kind of GPUs torch can use here, and how many."""
    if torch.cuda.is_available():
        return "cuda", torch.cuda.device_count()
    return "mps", int(torch.backends.mps.is_available())
