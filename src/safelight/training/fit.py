"""From a recipe and a dataset to a run folder with trained weights, on lightning's Trainer."""

import warnings
from dataclasses import replace
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, EMAWeightAveraging, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from safelight.data.cache import PictureSet, open_dataset
from safelight.journal.run import Run
from safelight.models.unet import ColorUNet
from safelight.training.batches import training_batches
from safelight.training.modules import ColorizeModule
from safelight.training.predict import NetworkPredict
from safelight.training.probes import ProbeCallback, choose
from safelight.training.recipe import Recipe, difference, from_json
from safelight.training.vivid import vivid_gain

MATTERS_NOT = (
    ".*does not have many workers.*",
    ".*Checkpoint directory .* exists and is not empty.*",
    ".*The number of training batches .*",
    ".*You're resuming from a checkpoint that ended before the epoch ended.*",
    ".*isinstance.treespec, LeafSpec.*",
)


def fit(recipe: Recipe, data: Path, runs: Path, parent: Run | None = None, quiet: bool = False) -> Run:
    """Train a recipe on a dataset (or plain folder) in a new run folder; the run, finished.

    An interrupted run is marked stopped and can be resumed. Raises DatasetError, RecipeError.
    """
    pictures, held_out = open_dataset(data, "train"), open_dataset(data, "val")
    changed = difference(from_json(parent.recipe_json), recipe) if parent else {}
    facts = {
        "recipe": recipe.name,
        "parent": parent.folder.name if parent else None,
        "difference": {name: list(pair) for name, pair in changed.items()},
        "dataset": {
            "path": str(data),
            "fingerprint": pictures.fingerprint,
            "train": len(pictures),
            "val": len(held_out),
        },
    }
    run = Run.start(runs, recipe.name, recipe.to_json(), facts)
    return _train(run, recipe, pictures, held_out, None, quiet)


def resume(run: Run, data: Path | None = None, quiet: bool = False) -> Run:
    """Go on with a run from its last checkpoint. Raises RunError, DatasetError."""
    recipe = from_json(run.recipe_json)
    data = data or Path(run.facts["dataset"]["path"])
    checkpoint = run.last_checkpoint
    run.note(state="running", resumed=[*run.facts.get("resumed", []), step_of(checkpoint)])
    return _train(run, recipe, open_dataset(data, "train"), open_dataset(data, "val"), checkpoint, quiet)


def step_of(checkpoint: Path) -> int:
    """How many optimiser steps a checkpoint has seen."""
    return int(torch.load(checkpoint, map_location="cpu", weights_only=True)["global_step"])


def trained_network(run: Run) -> tuple[ColorUNet, Recipe]:
    """The run's averaged weights in its network, and its recipe with the vivid gain measured on it. Raises RunError."""
    recipe = from_json(run.recipe_json)
    gain = run.facts.get("vivid_gain", recipe.preparation.vivid_gain)
    recipe = replace(recipe, preparation=replace(recipe.preparation, vivid_gain=gain))
    module = ColorizeModule(recipe)
    state = torch.load(run.last_checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    module.load_state_dict(state)
    return module.network.eval().to(memory_format=torch.contiguous_format), recipe


def _train(
    run: Run, recipe: Recipe, pictures: PictureSet, held_out: PictureSet, checkpoint: Path | None, quiet: bool
) -> Run:
    pl.seed_everything(recipe.train.seed, verbose=False)
    module = ColorizeModule(recipe)
    first = step_of(checkpoint) if checkpoint else 0
    trainer = _trainer(run, recipe, held_out, quiet)
    batches = training_batches(pictures, recipe, first)
    try:
        with warnings.catch_warnings():
            for message in MATTERS_NOT:
                warnings.filterwarnings("ignore", message)
            trainer.fit(
                module, batches, _one_look(), ckpt_path=checkpoint, weights_only=True if checkpoint else None
            )
    except BaseException as error:
        run.finish("failed", error=f"{type(error).__name__}: {error}")
        raise
    if not trainer.interrupted:
        predict = NetworkPredict(trained_network(run)[0], recipe.preparation)
        run.note(vivid_gain=vivid_gain(predict, choose(held_out, recipe.augment.size)))
    scores = {
        name: float(value) for name, value in trainer.callback_metrics.items() if name.startswith("val/")
    }
    run.finish("stopped" if trainer.interrupted else "finished", step=trainer.global_step, scores=scores)
    return run


def _trainer(run: Run, recipe: Recipe, held_out: PictureSet, quiet: bool) -> pl.Trainer:
    settings = recipe.train
    callbacks: list[Callback] = [
        ProbeCallback(run, choose(held_out, recipe.augment.size), settings.picture_every),
        ModelCheckpoint(
            run.folder / "checkpoints",
            filename="step",
            every_n_train_steps=min(settings.checkpoint_every, settings.steps),
            save_last=True,
            save_top_k=1,
            save_on_train_epoch_end=False,
            enable_version_counter=False,
        ),
    ]
    if settings.ema:  # after the probes: it takes the averaged weights away again when validation ends
        callbacks.append(EMAWeightAveraging(decay=settings.ema))
    if not quiet:
        callbacks.append(RichProgressBar())
    return pl.Trainer(
        max_steps=settings.steps,
        max_epochs=-1,
        accelerator="auto",
        devices=1,
        precision="bf16-mixed" if settings.precision == "bf16" else "32-true",
        gradient_clip_val=recipe.optimizer.clip or None,
        logger=[
            CSVLogger(run.folder, name="", version=""),
            TensorBoardLogger(run.folder, name="", version="tensorboard"),
        ],
        callbacks=callbacks,
        val_check_interval=min(settings.validate_every, settings.steps),
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        log_every_n_steps=min(25, settings.steps),
        enable_progress_bar=not quiet,
        enable_model_summary=False,
        default_root_dir=run.folder,
    )


def _one_look() -> DataLoader[tuple[Tensor, ...]]:
    """Validation looks at the probes, which the callback holds; the Trainer wants one batch to start it."""
    return DataLoader(TensorDataset(torch.zeros(1)), batch_size=1)
