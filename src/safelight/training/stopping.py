"""Stopping in good order: Ctrl-C or the system asks, the step under way is finished, the run is saved."""

import signal
import threading
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Checkpoint

from safelight.training.guard.rollback import keep_as_good

ASKING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)  # Ctrl-C, the system, a terminal that was closed


class Stopped(BaseException):
    """A run was asked to stop, and its checkpoint is written: no error, like KeyboardInterrupt."""


class StopRequest:
    """Whether this process was asked to stop. Use it in a `with`; asked twice, it stops at once.

    Signals reach a process's main thread alone; elsewhere nothing is asked. A signal that is ignored
    (nohup) stays ignored.
    """

    def __init__(self) -> None:
        self.asked = False
        self.number: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            for number in ASKING:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._ask) or signal.SIG_DFL
        return self

    def listen(self) -> None:
        """Take the signals again from whoever took them since (lightning does when a Trainer starts)."""
        for number in self._before:
            signal.signal(number, self._ask)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def status(self) -> int:
        """What a process that was asked to stop leaves with: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + (self.number or signal.SIGINT)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked, self.number = True, number


class LastCheckpoint(Checkpoint):
    """Keeps checkpoints/last.ckpt: at the start, every so many steps, at the last step, and when asked to stop.

    It is whole at any moment, and read with weights_only. A step is kept once all of it is done, its validation
    and its rows in the logs too, so that a run which goes on from it repeats and misses nothing. With `good`
    the checkpoint before it is kept beside it (guard/rollback.py).
    """

    def __init__(self, path: Path, every: int, stop: StopRequest, good: bool = False) -> None:
        self.path, self.every, self.stop, self.good = path, every, stop, good
        self.saved = -1

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """The step that a run goes on from is kept already."""
        self.saved = checkpoint["global_step"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """From here on a signal is an orderly request: lightning would leave at once."""
        self.stop.listen()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Save what the step before left, if it is time. Raises Stopped if that was the last one asked for."""
        asked = agreed(trainer, self.stop.asked)
        if trainer.global_step % self.every == 0 or asked:
            self._save(trainer)
        if asked:
            raise Stopped

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """After the last step the Trainer validates once more, whatever the interval."""
        if trainer.global_step == trainer.max_steps:
            trainer.should_stop = True

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save the last step."""
        if trainer.global_step == trainer.max_steps:
            self._save(trainer)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Let the loops' counters look as at the end of the step before: the next one has not begun."""
        if trainer.global_step == 0:
            del checkpoint["loops"]
        elif trainer.global_step < trainer.max_steps:
            _end_of_step(checkpoint["loops"]["fit_loop"])

    def _save(self, trainer: pl.Trainer) -> None:
        if self.saved == trainer.global_step:
            return
        fresh = self.path.with_suffix(".new")
        trainer.save_checkpoint(fresh)
        if trainer.is_global_zero:
            if self.good:
                keep_as_good(self.path)
            fresh.replace(self.path)
        self.saved = trainer.global_step


def agreed(trainer: pl.Trainer, asked: bool) -> bool:
    """Whether any process of the run was asked to stop."""
    return trainer.strategy.reduce_boolean_decision(asked, all=False) if trainer.world_size > 1 else asked


def _end_of_step(loop: dict[str, Any]) -> None:
    """The Trainer's counters with the batch that was only fetched taken back.

    It counts a step as completed after the hook at its end, and expects a checkpoint from there.
    """
    progress = loop["epoch_loop.batch_progress"]
    for counter in (progress["total"], progress["current"]):
        counter["ready"] = counter["started"] = counter["processed"]
        counter["completed"] = counter["processed"] - 1
    progress["is_last_batch"] = False
    loop["epoch_loop.state_dict"]["_batches_that_stepped"] -= 1
