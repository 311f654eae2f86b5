"""Stopping in good order: Ctrl-C or the system asks, the step under way is finished, the run is saved."""

import signal
import threading
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Checkpoint

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
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "StopRequest":
        if threading.current_thread() is threading.main_thread():
            for number in ASKING:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._ask) or signal.SIG_DFL
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


class LastCheckpoint(Checkpoint):
    """Keeps checkpoints/last.ckpt: every so many steps, at the last step, and when asked to stop.

    It is whole at any moment, and read with weights_only. Where a validation is due after the step, that
    still takes place before the run stops: a run that goes on from the checkpoint does not repeat it.
    """

    def __init__(self, path: Path, every: int, stop: StopRequest) -> None:
        self.path, self.every, self.stop = path, every, stop
        self.saved = -1

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Save if it is time."""
        last = trainer.global_step == trainer.max_steps
        if last or self.stop.asked or trainer.global_step % self.every == 0:
            fresh = self.path.with_suffix(".new")
            trainer.save_checkpoint(fresh)
            fresh.replace(self.path)
            self.saved = trainer.global_step
        if last:
            trainer.should_stop = True  # the Trainer then validates once more, whatever the interval

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Raises Stopped if the step before was the last one asked for."""
        if self.saved == trainer.global_step and self.stop.asked:
            raise Stopped
