"""What a network draws while it trains (dropout, noise) is the same for the same step of the same run."""

from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch


class StepRandomness(pl.Callback):
    """Seeds torch before every step from (seed, step, process), so that a run can go on from any step."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Seed all of torch's generators."""
        entropy = np.random.SeedSequence((self.seed, trainer.global_step, trainer.global_rank))
        torch.manual_seed(int(entropy.generate_state(1, np.uint32)[0]))
