"""The doctor at a run's side: it measures its evidence at each validation, and tells a symptom when it appears."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor, nn

from safelight.data.cache import PictureSet
from safelight.journal.doctor.case import Finding
from safelight.journal.doctor.examine import case_of, examine
from safelight.journal.records import read_record
from safelight.journal.run import Run
from safelight.training.modules import TrainingModule
from safelight.training.task import ValidationSet

FAMILIAR = 24  # training pictures asked beside the held-out ones
# What can die: LeakyReLU and ELU answer to everything.
ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.SiLU, nn.GELU, nn.Hardswish)
SILENT = 1e-6
EARLY = 50  # steps: so soon after the beginning everything looks sick


@runtime_checkable
class Telling(Protocol):
    """ValidationSet that measure more than scores."""

    def evidence(self, network: nn.Module) -> dict[str, float]:
        """Measures by name; they are logged as probe/NAME."""


def some_pictures(pictures: PictureSet, count: int = FAMILIAR) -> PictureSet:
    """A few pictures spread over a set, the same each time."""
    chosen = np.sort(np.random.default_rng(0).permutation(len(pictures))[:count])
    return PictureSet(pictures.dataset, pictures.name, pictures.numbers[chosen])


class EvidenceCallback(pl.Callback):
    """Logs probe/NAME at each validation, from the averaged weights.

    train_SCORE: each score on training pictures (overfitting shows beside val/SCORE). dead: share of the
    channels that are trained and answer the same to everything. And what the probes themselves tell.
    """

    def __init__(self, probes: ValidationSet[Any], familiar: ValidationSet[Any] | None) -> None:
        self.probes, self.familiar = probes, familiar

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Measure and log."""
        if trainer.sanity_checking or not isinstance(pl_module, TrainingModule):
            return
        network = pl_module.network
        measures: dict[str, float] = {}
        if self.familiar is not None and len(self.familiar):
            with silent_channels(network) as dead:
                familiar = self.familiar.score(network)
            measures |= {f"train_{name}": value for name, value in familiar.items()} | {"dead": dead()}
        if len(self.probes) and isinstance(self.probes, Telling):
            measures |= self.probes.evidence(network)
        pl_module.log("step", float(trainer.global_step))
        pl_module.log_dict({f"probe/{name}": float(value) for name, value in measures.items()})


class LiveDoctor(pl.Callback):
    """Reads what the run has written so far after each validation, and tells each symptom once, in a line."""

    def __init__(self, run: Run, say: Callable[[str], None] | None = None) -> None:
        self.run, self.say = run, say or _say
        self.told: set[str] = set()
        self._due = False

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The new measures are only written when this is over."""
        self._due = not trainer.sanity_checking

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Look, if there is something new."""
        self._look()

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """A last look."""
        self._look()

    def _look(self) -> None:
        if not self._due:
            return
        self._due = False
        record = read_record(self.run.folder)
        if record.step < EARLY:
            return
        for finding in examine(case_of(record, with_dataset=False)).findings:
            if finding.name not in self.told:
                self.told.add(finding.name)
                self.say(live_line(record.step, finding))


def live_line(step: int, finding: Finding) -> str:
    """A finding in one line."""
    attempt = finding.flags or finding.advice
    return f"step {step}: {finding.name}: {finding.reading.says}; try {attempt}"


@contextmanager
def silent_channels(network: nn.Module) -> Iterator[Callable[[], float]]:
    """While it lasts, note the range of each trained channel behind an activation; then the share without any."""
    ranges: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def note(module: nn.Module, inputs: object, output: Tensor) -> None:
        flat = output.detach().float().transpose(0, 1).flatten(1)
        low, high = torch.aminmax(flat, dim=1)
        known = ranges.get(module)
        ranges[module] = (low, high) if known is None else (low.minimum(known[0]), high.maximum(known[1]))

    def share() -> float:
        silent = [(high - low <= SILENT).float() for low, high in ranges.values()]
        return float(torch.cat(silent).mean()) if silent else 0.0

    hooks = [module.register_forward_hook(note) for module in _trained_activations(network)]
    try:
        yield share
    finally:
        for hook in hooks:
            hook.remove()


def _trained_activations(network: nn.Module) -> Iterator[nn.Module]:
    """Activations whose own block has something that is trained: what is frozen cannot be mended."""
    for block in network.modules():
        if any(parameter.requires_grad for parameter in block.parameters()):
            yield from (child for child in block.children() if isinstance(child, ACTIVATIONS))


def _say(line: str) -> None:
    # A bar that is on screen catches what is printed, and keeps it above itself.
    print(f"doctor: {line}", file=sys.stderr, flush=True)
