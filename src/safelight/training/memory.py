"""What a recipe will need of the machine's memory, before it starts.

Weights, gradients, the optimizer's and the averaged weights are counted. What the backward pass keeps is measured:
a forward pass of a few pictures under torch's saved-tensor hooks, at two batch sizes, which tells what grows
with the batch from what does not. Pictures larger than SMALL are not tried: how each tensor grows from half of
it to SMALL tells how it grows beyond.
"""

import math
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from safelight.errors import RecipeError
from safelight.training.dry_run import DryRun, RandomImages
from safelight.training.hardware import CPU
from safelight.training.overrides import override
from safelight.training.recipe import Recipe

SMALL = 128  # side of the pictures that are tried, at most; half of it is a multiple of 32
TRIED = (2, 4)  # pictures at once
PASSING = 4  # tensors as large as the largest one kept that live for a moment, in the backward pass
PREFETCHED = 4  # batches a loading process keeps ready (training/batches.py)
LOADER = 60e6  # bytes a loading process adds to what it shares with the first, beside its samples
PYTHON = 700e6  # bytes of a process with torch, lightning and OpenCV, where its own cannot be read
KERNELS = 150e6  # bytes that the libraries take at the first step
ROOM = 0.95  # share of the free memory that a run may take
GIGA = 1e9


@dataclass(frozen=True)
class Need:
    """Bytes that a run needs at its peak, by what they are for."""

    program: float
    weights: float
    gradients: float
    optimizer: float
    average: float
    activations: float
    batches: float

    @property
    def total(self) -> float:
        """All of it."""
        return float(sum(getattr(self, field.name) for field in fields(self)))

    def __str__(self) -> str:
        parts = [f"{field.name} {getattr(self, field.name) / GIGA:.2f}" for field in fields(self)]
        return f"{self.total / GIGA:.1f} GB ({', '.join(parts)})"


@dataclass(frozen=True)
class Estimate:
    """What a recipe needs at any batch size."""

    fixed: Need  # at batch 0
    activations: float  # bytes a picture
    batches: float

    def at(self, batch: int) -> Need:
        """The need with so many pictures a step."""
        known = {field.name: getattr(self.fixed, field.name) for field in fields(Need)}
        known["activations"] += batch * self.activations
        known["batches"] += batch * self.batches
        return Need(**known)

    def largest_batch(self, room: float) -> int:
        """The most pictures a step that so many bytes hold; 0 where not even one fits."""
        return max(0, int((room - self.fixed.total) / (self.activations + self.batches)))


def estimate(recipe: Recipe) -> Estimate:
    """What this recipe needs; takes about as long as a few small steps."""
    program = _resident()
    dry_run = DryRun(_sized(recipe, min(recipe.augment.size, SMALL)))
    area = (recipe.augment.size / dry_run.recipe.augment.size) ** 2
    samples = dry_run.batches(RandomImages(dry_run.recipe.augment.size), 1)
    sample = sum(part.nbytes for part in next(samples)) * area
    kept, each = _measured(recipe, dry_run)
    held = recipe.data.workers * PREFETCHED + 2  # batches in the loading processes, and those under way
    weights = _bytes(list(dry_run.network.parameters()) + list(dry_run.network.buffers()))
    trained = _bytes([p for p in dry_run.network.parameters() if p.requires_grad])
    against = _bytes(list(dry_run.discriminator.parameters())) if dry_run.discriminator else 0.0
    states = 3 if recipe.optimizer.amsgrad else 2
    fixed = Need(
        program=program + KERNELS,
        weights=weights + against,
        gradients=trained + against,
        optimizer=(states + 1) * trained + 2 * against,  # and one that passes while they are updated
        average=weights if recipe.train.ema else 0.0,
        activations=kept,
        batches=recipe.data.workers * LOADER,
    )
    return Estimate(fixed, each, sample * held)


def check_memory(recipe: Recipe, device: torch.device = CPU) -> Need:
    """What the recipe needs. Raises RecipeError with the mend where the machine, or its GPU, does not have it."""
    known = estimate(recipe)
    need, limit = known.at(recipe.data.batch), room(device)
    if need.total <= limit:
        return need
    batch = known.largest_batch(limit)
    mend = f"--data.batch {batch} would fit"
    if batch < 1:
        mend = f"not even one picture a step fits; try --augment.size {_half(recipe)} or a smaller model"
    raise RecipeError(
        f"this run needs about {need}; {limit / GIGA:.1f} GB are to be had: {mend} (safelight train … "
        "--find-batch lists what each batch needs)"
    )


def room(device: torch.device = CPU) -> float:
    """Bytes that a run may need in all: what is free and what this process holds, less a reserve."""
    return ROOM * (free_memory(device) + _resident())


def free_memory(device: torch.device = CPU) -> float:
    """Bytes that this process may still take: of the machine, or of its cgroup where that allows less.

    For a CUDA device, of its own memory.
    """
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    return min(_machine_free(), _group_free(Path("/sys/fs/cgroup")))


def _machine_free() -> float:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        pages = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
        return float(pages * os.sysconf("SC_PAGE_SIZE")) if pages else float("inf")


def _group_free(root: Path) -> float:
    """Of a control group (version 2, then 1), its reclaimable file cache counted as free."""
    for limit, used, cached in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
    ):
        try:
            most, now = (root / limit).read_text().strip(), float((root / used).read_text())
            stat = (root / used).with_name("memory.stat").read_text().split()
        except (OSError, ValueError):
            continue
        spare = float(stat[stat.index(cached) + 1]) if cached in stat else 0.0
        return float("inf") if most == "max" else float(most) - now + spare
    return float("inf")


def _resident() -> float:
    """Bytes that this process holds now."""
    try:
        return float(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return PYTHON


def _measured(recipe: Recipe, tried: DryRun) -> tuple[float, float]:
    """Bytes that the backward pass needs at the recipe's size, whatever the batch, and of each picture."""
    few, many = _paired(*(_at_size(recipe, tried, batch) for batch in TRIED))
    each = [max(0.0, (more - less) / (TRIED[1] - TRIED[0])) for less, more in zip(few, many, strict=True)]
    same = [max(0.0, less - TRIED[0] * one) for less, one in zip(few, each, strict=True)]
    return _peak(same), _peak(each)


def _peak(kept: list[float]) -> float:
    return sum(kept) + PASSING * max(kept, default=0.0)


def _at_size(recipe: Recipe, tried: DryRun, batch: int) -> list[float]:
    """What is kept of a batch at the recipe's size: each tensor grows from the size that is tried as it does up to it.

    A convolution's grow with the area, an attention's with its square.
    """
    kept, side = _kept(tried, batch), tried.recipe.augment.size
    if recipe.augment.size == side:
        return kept
    half = DryRun(_sized(recipe, side // 2))
    known = half.recipe.augment.size == side // 2
    small, large = _paired(_kept(half, batch) if known else [size / 4 for size in kept], kept)
    power = math.log2(recipe.augment.size / side)
    return [
        more * (more / less) ** power if less else more * 4**power
        for less, more in zip(small, large, strict=True)
    ]


def _paired(few: list[float], many: list[float]) -> tuple[list[float], list[float]]:
    """Tensor by tensor; by rank where one of the two passes made more of them."""
    if len(few) == len(many):
        return few, many
    longest = max(len(few), len(many))
    ranked = [sorted(each, reverse=True) + [0.0] * (longest - len(each)) for each in (few, many)]
    return ranked[0], ranked[1]


def _kept(dry_run: DryRun, batch: int) -> list[float]:
    """Bytes of each tensor that the backward pass needs of one batch, in order; the weights are not counted."""
    networks = [dry_run.network, *([dry_run.discriminator] if dry_run.discriminator else [])]
    own = {p.untyped_storage().data_ptr() for network in networks for p in network.parameters()}
    kept: dict[int, int] = {}  # in the order in which they were made
    alive: list[Any] = []  # a storage that was freed could lend its address to the next

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
            alive.append(storage)
        return tensor

    some = next(dry_run.batches(RandomImages(dry_run.recipe.augment.size), batch))
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        loss = dry_run.whole_loss(some)
    torch.autograd.backward(loss)
    for network in networks:
        network.zero_grad(set_to_none=True)
    return [float(size) for size in kept.values()]


def _sized(recipe: Recipe, side: int) -> Recipe:
    """The recipe for smaller painted pictures; of its own size where its network does not allow another."""
    painted = override(recipe, {"data.weights": ""})
    try:
        return override(painted, {"augment.size": str(side)})
    except RecipeError:
        return painted


def _half(recipe: Recipe) -> int:
    return max(32, recipe.augment.size // 2 // 32 * 32)


def _bytes(tensors: list[nn.Parameter] | list[Tensor]) -> float:
    return float(sum(tensor.nbytes for tensor in tensors))
