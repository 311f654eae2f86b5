"""The Trainer of a run, with all that watches it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, WeightAveraging
from lightning.pytorch.loggers import Logger, TensorBoardLogger
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn
from torch.utils.data import DataLoader, TensorDataset

from safelight.journal.run import Run
from safelight.tasks.registry import task_named
from safelight.training.batches import Batches
from safelight.training.callbacks import EvidenceCallback, LiveDoctor, StepRandomness, ValidationCallback
from safelight.training.checkpoints import WholeFiles
from safelight.training.console import ConsoleOutput, headline
from safelight.training.guard.callback import Guard
from safelight.training.hardware import CPU, Precision, is_rank_zero, trainer_flags
from safelight.training.metrics_file import MetricsFile
from safelight.training.modules import AnyModule
from safelight.training.recipe import Recipe
from safelight.training.stopping import LastCheckpoint, StopRequest
from safelight.training.task import ValidationSet

LOGGED = 25  # steps between two rows of metrics, at most


@dataclass(frozen=True)
class Work:
    """All that a run needs before it begins; making it refuses what cannot be trained.

    checkpoint, steps_done: where it goes on from. devices: processes on this machine. on_training: the same on
    training pictures, beside which overfitting shows. device: that of this process. precision: in which it computes.
    """

    recipe: Recipe
    module: AnyModule
    batches: Batches[Any]
    validation: ValidationSet[Any]
    checkpoint: Path | None = None
    steps_done: int = 0
    devices: int = 1
    on_training: ValidationSet[Any] | None = None
    device: torch.device = CPU
    precision: Precision = "32"


def trainer_for(run: Run, work: Work, stop: StopRequest, quiet: bool) -> pl.Trainer:
    """The Trainer of a run. Only the first of its processes writes and speaks."""
    settings = work.recipe.train
    return pl.Trainer(
        max_steps=settings.steps,
        max_epochs=-1,
        accelerator=work.device.type,
        precision="bf16-mixed" if work.precision == "bf16" else "32-true",
        # a module that takes its steps itself clips itself
        gradient_clip_val=(work.recipe.optimizer.clip or None)
        if work.module.automatic_optimization
        else None,
        logger=_loggers(run, work) if is_rank_zero() else False,
        callbacks=_callbacks(run, work, stop, quiet),
        val_check_interval=min(settings.validate_every, settings.steps),
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        log_every_n_steps=max(1, min(LOGGED, settings.steps // 10)),
        use_distributed_sampler=False,  # the sampler knows its share
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run.folder,
        plugins=[WholeFiles()],
        **trainer_flags(work.devices, work.module.strategy),
    )


def dummy_val_loader() -> DataLoader[tuple[Tensor, ...]]:
    """Validation looks at the validation samples, which the callback holds; the Trainer wants one batch to start it."""
    return DataLoader(TensorDataset(torch.zeros(1)), batch_size=1)


def _callbacks(run: Run, work: Work, stop: StopRequest, quiet: bool) -> list[Callback]:
    """In the order in which they take their turn after a step."""
    settings, guard = work.recipe.train, work.recipe.guard
    callbacks: list[Callback] = [StepRandomness(settings.seed)]
    if guard.on:  # before anything is kept of the step
        folder = run.folder if is_rank_zero() else None
        clipped = work.recipe.optimizer.clip > 0
        callbacks.append(Guard(folder, guard, work.validation, settings.checkpoint_every, clipped))
    if is_rank_zero():
        callbacks.append(ValidationCallback(run, work.validation, settings.picture_every))
        callbacks.append(EvidenceCallback(work.validation, work.on_training))
    if settings.ema:  # after the validation: it takes the averaged weights away again when validation ends
        average = get_ema_multi_avg_fn(settings.ema)  # type: ignore[no-untyped-call]
        # left to itself, lightning keeps the average where the network was before it was moved
        callbacks.append(WeightAveraging(device=work.device, multi_avg_fn=average))
    if is_rank_zero() and not quiet:
        callbacks += [
            ConsoleOutput(
                headline(run, work.recipe, work.steps_done),
                run.folder / "pictures",
                task_named(work.recipe.task).progress,
            ),
            LiveDoctor(run),
        ]
    last = run.folder / "checkpoints" / "last.ckpt"
    return [*callbacks, LastCheckpoint(last, settings.checkpoint_every, stop, good=guard.on)]


def _loggers(run: Run, work: Work) -> list[Logger]:
    """The table and TensorBoard's events, without what they saw beyond the step that the run goes on from."""
    purge: dict[str, Any] = {"purge_step": work.steps_done + 1} if work.checkpoint else {}
    return [
        MetricsFile(run.folder / "metrics.csv", work.steps_done),
        TensorBoardLogger(run.folder, name="", version="tensorboard", default_hp_metric=False, **purge),
    ]
