"""The guard at work in the Trainer. It only watches and calls a halt; rollback.py finds the way back."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor, nn

from safelight.training.guard.answers import (
    AnswerHistory,
    AnswersAsImages,
    AnswerStatistics,
    FailureCheck,
    measure_answers,
)
from safelight.training.guard.events import Blame, RollbackRequested
from safelight.training.guard.rollback import UNTOUCHED, write_events
from safelight.training.guard.scale import LEAST, Anomaly, Scale, kind_of
from safelight.training.guard.settings import GuardSettings
from safelight.training.guard.watch import StepWatch, contradiction

T = TypeVar("T")
DEEPER = ("answers", "channels")  # what a failure of the task would come from; the rest comes from it
AS_BEFORE = 1.15  # times the error on the validation samples at the last look: the network is not what broke


class Guard(pl.Callback):
    """Judges every step, and every `every` steps the answers to validation samples, before anything is kept of it.

    Stands before the callbacks that average weights and write checkpoints. Raises RollbackRequested in all processes of
    a run alike: their measures are put together before they are judged.
    """

    def __init__(
        self,
        folder: Path | None,
        settings: GuardSettings,
        validation: object,
        every: int,
        clipped: bool = False,
    ) -> None:
        """folder: the run's, in the process that writes it. validation: AnswersAsImages, or FailureCheck, or neither.

        clipped: gradients are clipped, so that a large one does no harm as long as it is finite.
        """
        self.folder, self.settings, self.every, self.clipped = folder, settings, every, clipped
        self.validation = validation if isinstance(validation, AnswersAsImages) else None
        self.failure_check = validation if isinstance(validation, FailureCheck) else None
        self.failing = False  # at the last look
        self.excused = 0.0  # how far out of range the first answers lay, until they are in it
        self.scales: dict[str, Scale] = {}
        self.answers = AnswerHistory()
        self.last_error = float("nan")
        self.history = dict(UNTOUCHED)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take a first look, at what has not learned anything yet."""
        self.watch = StepWatch(trainer.optimizers, pl_module, _average(trainer))
        if self.folder is not None:
            write_events(self.folder, self.history["trips"])
        if not self.answers.first:
            self._check_answers(trainer, pl_module)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Remember what the step begins with."""
        self.rates, self.strayed = _scheduled_rates(trainer), False
        self.watch.before_batch()

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        """Measure the gradient before it is clipped."""
        self.watch.before_step(optimizer)
        self.strayed = self.strayed or _off_schedule(trainer, optimizer)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Judge the step, and the validation samples if it is time. Raises RollbackRequested."""
        names, values = self.watch.after_batch(outputs, batch, self.rates, contradiction(pl_module, batch))
        measured = dict(zip(names, _of_all_processes(trainer, values).tolist(), strict=True))
        self._judge(trainer, pl_module, measured)
        if trainer.global_step % self.every == 0 or trainer.global_step == trainer.max_steps:
            self._check_answers(trainer, pl_module)

    def state_dict(self) -> dict[str, Any]:
        """What the next steps are judged by; plain numbers."""
        return {
            "scales": {name: list(scale.values) for name, scale in self.scales.items()},
            "first": self.answers.first,
            "best": self.answers.best,
            "last_error": self.last_error,
            "ill": self.failing,
            "excused": self.excused,
            **self.history,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with what was known."""
        scales = state_dict.get("scales", {}).items()
        self.scales = {name: Scale(name, self.settings, values) for name, values in scales}
        self.answers = AnswerHistory(state_dict.get("first"), state_dict.get("best"))
        self.last_error = state_dict.get("last_error", float("nan"))
        self.failing = state_dict.get("ill", False)
        self.excused = state_dict.get("excused", 0.0)
        self.history = {name: state_dict.get(name, usual) for name, usual in UNTOUCHED.items()}

    def _judge(self, trainer: pl.Trainer, pl_module: nn.Module, measured: dict[str, float]) -> None:
        signs = []
        for name, value in measured.items():
            anomaly = self.scales.setdefault(name, Scale(name, self.settings)).judge(value)
            harmless = self.clipped and kind_of(name) == "gradient" and math.isfinite(value)
            if anomaly is not None and not harmless:
                signs.append(anomaly)
        if signs:
            signs.sort(key=lambda anomaly: list(LEAST).index(kind_of(anomaly.measure)))
            raise RollbackRequested(
                trainer.global_step, signs, self._blame(trainer, pl_module, signs), self._losses()
            )
        for name, value in measured.items():
            self.scales[name].add(value)

    def _check_answers(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look at the answers of the weights as they are. Raises RollbackRequested."""
        statistics = self._statistics(trainer, pl_module)
        if statistics is None:
            return
        anomaly = self.answers.judge(statistics, self.settings)
        if anomaly is None or anomaly.measure not in DEEPER:
            self._check_failure(trainer, pl_module)
        if anomaly is not None:
            raise RollbackRequested(trainer.global_step, [anomaly], "network", self._losses())
        self.answers.add(statistics)
        self.last_error = statistics.error

    def _check_failure(self, trainer: pl.Trainer, pl_module: nn.Module) -> None:
        """Ask the validation samples for a failure that only their task has. Raises RollbackRequested.

        Where it was there at the last look too, that was no good state, and going back would not help. A run
        that has ended is not stopped: its record names the failure.
        """
        if self.failure_check is None:
            return
        anomaly = self._unexcused(_of_first(trainer, pl_module, self.failure_check.failure), trainer)
        if anomaly is not None and self.failure_check.grace_steps <= trainer.global_step < trainer.max_steps:
            blame: Blame = "recipe" if self.failing else "network"
            raise RollbackRequested(trainer.global_step, [anomaly], blame, self._losses())
        self.failing = anomaly is not None

    def _unexcused(self, anomaly: Anomaly | None, trainer: pl.Trainer) -> Anomaly | None:
        """The failure, unless it is answers out of range that the network began with and has not yet unlearned.

        First weights decide how far those of a new network reach: chance for a colorizer, and partial convolutions
        multiply what little they see. Once they are in range, they have to stay there.
        """
        if anomaly is None or anomaly.measure != "range":
            self.excused = 0.0 if anomaly is None else self.excused
            return anomaly
        if trainer.global_step == 0:
            self.excused = anomaly.seen
        return anomaly if anomaly.seen > self.excused else None

    def _statistics(self, trainer: pl.Trainer, pl_module: nn.Module) -> AnswerStatistics | None:
        """The same look in all processes; None where there is nothing to look at."""
        validation = self.validation
        if validation is None:
            return None
        return _of_first(
            trainer,
            pl_module,
            lambda network: measure_answers(network, validation.answers) if len(validation) else None,  # type: ignore[arg-type]
        )

    def _blame(self, trainer: pl.Trainer, pl_module: nn.Module, signs: Sequence[Anomaly]) -> Blame:
        """What most likely went wrong: the samples, if the network still answers the validation samples as it did."""
        kind = kind_of(signs[0].measure)
        if kind in ("input", "question"):
            return "samples"
        if kind == "average":
            return "average"
        if kind == "update":
            return "rate" if self.strayed else "optimizer"
        if kind == "gradient" and signs[0].how == "not finite":
            return "gradient"  # of a loss that is finite: a number that overflowed on the way back
        statistics = self._statistics(trainer, pl_module)
        as_before = (
            statistics is not None and statistics.finite and statistics.error <= AS_BEFORE * self.last_error
        )
        return "samples" if as_before else "network"

    def _losses(self) -> list[float]:
        return next((scale.values for scale in self.scales.values() if scale.kind == "loss"), [])


def _of_first(
    trainer: pl.Trainer, pl_module: nn.Module, question: Callable[[nn.Module], T | None]
) -> T | None:
    """What the network, as it is in use, answers in the first process; the same in all of them."""
    answer = None
    if trainer.is_global_zero:
        training = pl_module.training
        network = pl_module.get_submodule("network") if hasattr(pl_module, "network") else pl_module
        answer = question(network.eval())
        pl_module.train(training)
    if trainer.world_size > 1:
        answer = trainer.strategy.broadcast(answer)
    return answer


def _average(trainer: pl.Trainer) -> nn.Module | None:
    """The averaged weights, if the run keeps any."""
    for callback in trainer.callbacks:  # type: ignore[attr-defined]
        if isinstance(callback, WeightAveraging) and callback._average_model is not None:
            module: nn.Module = callback._average_model.module
            return module
    return None


def _scheduled_rates(trainer: pl.Trainer) -> list[float]:
    """Each optimizer's learning rate as its schedule has it; 1 without a schedule."""
    scheduled = {
        id(config.scheduler.optimizer): float(config.scheduler.get_last_lr()[0])
        for config in trainer.lr_scheduler_configs
        if hasattr(config.scheduler, "get_last_lr")
    }
    return [scheduled.get(id(optimizer), 1.0) for optimizer in trainer.optimizers]


def _off_schedule(trainer: pl.Trainer, optimizer: torch.optim.Optimizer) -> bool:
    """Whether something other than its schedule set this optimizer's learning rate."""
    for config in trainer.lr_scheduler_configs:
        if config.scheduler.optimizer is optimizer and hasattr(config.scheduler, "get_last_lr"):
            set_by_schedule = config.scheduler.get_last_lr()
            now = [group["lr"] for group in optimizer.param_groups]
            return any(
                abs(rate - meant) > 0.01 * meant for rate, meant in zip(now, set_by_schedule, strict=True)
            )
    return False


def _of_all_processes(trainer: pl.Trainer, values: Tensor) -> Tensor:
    """The largest of each measure, so that all processes judge alike; what is not finite is infinite."""
    values = torch.where(torch.isfinite(values), values, torch.inf)
    if trainer.world_size > 1:
        values = values.to(trainer.strategy.root_device)
        torch.distributed.all_reduce(values, torch.distributed.ReduceOp.MAX)
    return values
