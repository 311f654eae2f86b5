"""From a recipe and a dataset to a run folder with trained weights, on lightning's Trainer."""

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import Callback, EMAWeightAveraging
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from safelight.data.cache import PictureSet, open_dataset
from safelight.errors import RecipeError, RunError
from safelight.journal.run import Run
from safelight.training.batches import training_batches
from safelight.training.craft import Probes
from safelight.training.crafts import craft_of, from_json
from safelight.training.metrics_file import MetricsFile
from safelight.training.modules import TrainingModule
from safelight.training.recipe import Recipe
from safelight.training.stopping import LastCheckpoint, Stopped, StopRequest
from safelight.training.tell import Teller, without_chatter
from safelight.training.tree import difference, override, to_json
from safelight.training.watching import ProbeCallback

LOGGED = 25  # steps between two rows of metrics, at most


@dataclass(frozen=True)
class Work:
    """All that a run needs before it begins; making it refuses what cannot be trained."""

    recipe: Recipe
    module: TrainingModule
    batches: DataLoader[Any]
    probes: Probes
    checkpoint: Path | None = None
    steps_done: int = 0


def fit(
    recipe: Recipe,
    data: Path,
    runs: Path,
    parent: Run | None = None,
    quiet: bool = False,
    keep_weights: bool = False,
) -> Run:
    """Train a recipe on a dataset (or plain folder) in a new run folder; the run, finished or stopped.

    keep_weights: begin with the parent's averaged weights instead of new ones, and with samples that it did
    not draw: to train a run for longer, or again at another learning rate.
    A run that is asked to stop (Ctrl-C, SIGTERM) finishes its step, keeps a checkpoint and can be resumed.
    Raises DatasetError, RecipeError; what goes wrong in training is raised too, and the run marked failed.
    """
    pictures, held_out = open_dataset(data, "train"), open_dataset(data, "val")
    before = from_json(parent.recipe_json) if parent else None
    if keep_weights and before is not None and recipe.train.seed == before.train.seed:
        recipe = override(recipe, {"train.seed": str(before.train.seed + 1)})
    work = _prepare(recipe, pictures, held_out)
    new_weights = take_weights(work.module, parent) if keep_weights and parent else []
    changed = difference(before, recipe) if before else {}
    facts = {
        "recipe": recipe.name,
        "task": recipe.task,
        "parent": parent.folder.name if parent else None,
        "difference": {name: list(pair) for name, pair in changed.items()},
        "weights_from": parent.folder.name if parent and keep_weights else None,
        "new_weights": new_weights,
        "dataset": {
            "path": str(data.absolute()),
            "fingerprint": pictures.fingerprint,
            "train": len(pictures),
            "val": len(held_out),
        },
    }
    return _train(Run.start(runs, recipe.name, to_json(recipe), facts), work, quiet)


def resume(run: Run, data: Path | None = None, quiet: bool = False) -> Run:
    """Go on with a run from its last checkpoint to what it would have been. Raises RunError, DatasetError."""
    facts = run.facts
    if facts["state"] == "finished":
        raise RunError(
            f"{run.folder} is finished; to train longer, start anew from its recipe with more --train.steps"
        )
    recipe, data = from_json(run.recipe_json), data or Path(facts["dataset"]["path"])
    pictures, held_out = open_dataset(data, "train"), open_dataset(data, "val")
    if pictures.fingerprint != facts["dataset"]["fingerprint"]:
        raise RunError(f"{data} is no longer what {run.folder} was trained on; start a new run from it")
    work = _prepare(recipe, pictures, held_out, run.last_checkpoint)
    run.note(state="running", resumed=[*facts.get("resumed", []), work.steps_done], error=None)
    return _train(run, work, quiet)


def step_of(checkpoint: Path) -> int:
    """How many optimiser steps a checkpoint has seen."""
    return int(torch.load(checkpoint, map_location="cpu", weights_only=True)["global_step"])


def averaged_weights(run: Run) -> dict[str, Tensor]:
    """The run's weights as they are judged and exported, by their names in the network. Raises RunError."""
    state = torch.load(run.last_checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    return {name.removeprefix("network."): tensor for name, tensor in state.items()}


def take_weights(module: TrainingModule, run: Run) -> list[str]:
    """Begin with this run's averaged weights; the names of those that it did not have, and that are new.

    Raises RecipeError if weights have other shapes.
    """
    try:
        return list(module.network.load_state_dict(averaged_weights(run), strict=False).missing_keys)
    except RuntimeError as error:
        first = next((line.strip() for line in str(error).splitlines()[1:]), str(error))
        raise RecipeError(
            f"this recipe's network cannot take the weights of {run.folder} ({first}); "
            "leave the settings under model as they were, or begin with new weights"
        ) from None


def trained_network(run: Run) -> tuple[Any, Any]:
    """The run's averaged weights in its network, and its recipe with what was measured on them.

    Raises RunError.
    """
    recipe = from_json(run.recipe_json)
    craft = craft_of(recipe)
    network = craft.network(recipe)
    network.load_state_dict(averaged_weights(run))
    return network.eval(), craft.settled(recipe, run.facts)


def _prepare(
    recipe: Recipe, pictures: PictureSet, held_out: PictureSet, checkpoint: Path | None = None
) -> Work:
    pl.seed_everything(recipe.train.seed, verbose=False)
    done = step_of(checkpoint) if checkpoint else 0
    craft = craft_of(recipe)
    batches = training_batches(craft.samples(pictures, recipe), craft.collate, recipe, done)
    return Work(
        recipe, TrainingModule(recipe, craft), batches, craft.probes(held_out, recipe), checkpoint, done
    )


def _train(run: Run, work: Work, quiet: bool) -> Run:
    with StopRequest() as stop, without_chatter():
        trainer = trainer_for(run, work, stop, quiet)
        try:
            if _take_all_steps(trainer, work, stop):
                run.finish("finished", step=trainer.global_step, **_measured(run, work, trainer))
            else:
                run.finish("stopped", step=trainer.global_step)
        except BaseException as error:
            (run.folder / "error.txt").write_text(traceback.format_exc(), encoding="utf-8")
            run.finish("failed", step=trainer.global_step, error=f"{type(error).__name__}: {error}")
            raise
    return run


def _take_all_steps(trainer: pl.Trainer, work: Work, stop: StopRequest) -> bool:
    """Train; False if that was stopped before the last step."""
    resumed: dict[str, Any] = {"ckpt_path": work.checkpoint, "weights_only": True} if work.checkpoint else {}
    try:
        trainer.fit(work.module, work.batches, _one_look(), **resumed)
    except (Stopped, SystemExit, KeyboardInterrupt):  # lightning makes SystemExit of an interrupt
        pass
    except Exception:
        if not stop.asked:  # else a loading process was ended by the same signal
            raise
    return trainer.global_step >= work.recipe.train.steps


def _measured(run: Run, work: Work, trainer: pl.Trainer) -> dict[str, Any]:
    """What a finished run knows of its network: its scores on the probes, and what its task adds."""
    measures = trainer.callback_metrics.items()
    return {
        "scores": {name: float(value) for name, value in measures if name.startswith("val/")},
        **work.probes.findings(trained_network(run)[0]),
    }


def trainer_for(run: Run, work: Work, stop: StopRequest, quiet: bool) -> pl.Trainer:
    """The Trainer of a run, with all that watches it."""
    settings = work.recipe.train
    checkpoint = run.folder / "checkpoints" / "last.ckpt"
    callbacks: list[Callback] = [
        ProbeCallback(run, work.probes, settings.picture_every),
        LastCheckpoint(checkpoint, settings.checkpoint_every, stop),
    ]
    if settings.ema:  # after the probes: it takes the averaged weights away again when validation ends
        callbacks.append(EMAWeightAveraging(decay=settings.ema))
    if not quiet:
        callbacks.append(Teller(_headline(run, work)))
    return pl.Trainer(
        max_steps=settings.steps,
        max_epochs=-1,
        accelerator="auto",
        devices=1,
        precision="bf16-mixed" if settings.precision == "bf16" else "32-true",
        gradient_clip_val=work.recipe.optimizer.clip or None,
        logger=[MetricsFile(run.folder / "metrics.csv", work.steps_done), _events(run, work.steps_done)],
        callbacks=callbacks,
        val_check_interval=min(settings.validate_every, settings.steps),
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        log_every_n_steps=max(1, min(LOGGED, settings.steps // 10)),
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=run.folder,
    )


def _events(run: Run, steps_done: int) -> TensorBoardLogger:
    """TensorBoard's, without what it saw beyond the checkpoint that the run goes on from."""
    purge: dict[str, Any] = {"purge_step": steps_done + 1} if steps_done else {}
    return TensorBoardLogger(run.folder, name="", version="tensorboard", default_hp_metric=False, **purge)


def _headline(run: Run, work: Work) -> str:
    recipe, dataset = work.recipe, run.facts["dataset"]
    begin = f"from step {work.steps_done} to " if work.steps_done else ""
    return (
        f"{recipe.name}: {begin}{recipe.train.steps} steps of {recipe.data.batch} on {dataset['train']} "
        f"pictures of {Path(dataset['path']).name}, {dataset['val']} held out; the run is {run.folder}"
    )


def _one_look() -> DataLoader[tuple[Tensor, ...]]:
    """Validation looks at the probes, which the callback holds; the Trainer wants one batch to start it."""
    return DataLoader(TensorDataset(torch.zeros(1)), batch_size=1)
