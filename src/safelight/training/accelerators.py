"""Where a run computes: on the processor or on GPUs; and in which precision."""

import os
from typing import Literal

import torch

from safelight.errors import RunError
from safelight.training.ranks import by_torchrun

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
