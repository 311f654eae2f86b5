"""From a recipe and a dataset to a run folder with trained weights, on lightning's Trainer."""

import contextlib
import errno
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import lightning.pytorch as pl
import torch
from torch.utils.data import Dataset

from safelight.data.cache import PictureSet, open_fold, open_splits
from safelight.errors import RunError, SafelightError
from safelight.journal.run import Run, locked
from safelight.training.adversarial import module_for
from safelight.training.batches import as_raised, training_batches
from safelight.training.begin import card_of, see, take_model, take_run
from safelight.training.callbacks import some_pictures
from safelight.training.checkpoints import cannot_write, put_back, read, to_go_on_from
from safelight.training.console import without_chatter
from safelight.training.guard.events import RollbackRequested
from safelight.training.guard.rollback import guard_state, loader_died, roll_back_or_stop
from safelight.training.hardware import (
    Accelerator,
    Precision,
    barrier,
    check_batch_splits,
    device_for,
    is_rank_zero,
    precision_for,
    rank_of,
    shared_run,
)
from safelight.training.learned import facts_of_learning
from safelight.training.modules import AnyModule
from safelight.training.overrides import difference, override, to_json
from safelight.training.progress import silent
from safelight.training.recipe import Recipe, recipe_of
from safelight.training.stopping import Stopped, StopRequest
from safelight.training.task import training_task
from safelight.training.trained import trained_network
from safelight.training.trainer import Work, dummy_val_loader, trainer_for

OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)

Stages: TypeAlias = Callable[[], AbstractContextManager[Callable[[str], None] | None]]
Again: TypeAlias = Callable[[Path], Work]  # a run's work from one of its checkpoints


def fit(
    recipe: Recipe,
    data: Path,
    runs: Path,
    parent: Run | None = None,
    quiet: bool = False,
    keep_weights: bool = False,
    devices: int = 1,
    fold: tuple[int, int] | None = None,
    accelerator: Accelerator = "auto",
    sets: tuple[PictureSet, PictureSet] | None = None,
    begin: str | None = None,
    stage: Stages = nullcontext,
) -> Run:
    """Train a recipe on a dataset (or plain folder) in a new run folder; the run, finished or stopped.

    keep_weights: begin with the parent's averaged weights instead of new ones, and with samples that it did
    not draw: to train a run for longer, or again at another learning rate.
    devices: how many processes share each batch; each of them comes here (training/hardware.py).
    fold: (which, of how many) is held out in place of the val split (training/folds.py).
    accelerator: where it is trained; "auto": on a GPU if there is one (training/hardware.py).
    sets: the pictures of `data` to train on and those held out, where they are open.
    begin: a bundled or exported model whose weights it begins with (training/begin.py).
    stage: whoever is told what goes on before the first step; see terminal.py (Stages).
    A run that is asked to stop (Ctrl-C, SIGTERM) finishes its step, keeps a checkpoint and can be resumed.
    Raises DatasetError, RecipeError, GuardError for a run that cannot be kept healthy; what goes wrong in
    training is raised too, and the run marked failed.
    """
    device = device_for(accelerator, devices)
    pictures, held_out = sets or open_sets(data, fold)
    before = recipe_of(parent) if parent else None
    if keep_weights and before is not None and recipe.train.seed == before.train.seed:
        recipe = override(recipe, {"train.seed": str(before.train.seed + 1)})
    precision = precision_for(recipe.train.precision, device)
    again = partial(_prepare, recipe, pictures, held_out, devices, device, precision)
    new_weights: list[str] = []
    began_with: dict[str, float] = {}
    with stage() as tell:
        report = tell or silent

        def first_weights(module: AnyModule, samples: Dataset[Any]) -> None:
            if begin is not None:
                report(f"reading the weights of {begin}")
                began = take_model(module.network, begin, recipe)
                see(module.network, began, samples, recipe)
                new_weights.extend(began.missing)
            elif keep_weights and parent:
                began = take_run(module.network, parent, recipe)
                see(module.network, began, samples, recipe)
                new_weights.extend(began.missing)
            else:
                report("first weights")
                module.task.initialize(module.network, samples, recipe)

        report("preparing")
        work = again(None, first_weights)
        if begin is not None and len(work.validation):
            report("scoring what it begins with")
            began_with = work.validation.score(work.module.network)
    facts = {
        "recipe": recipe.name,
        "task": recipe.task,
        "precision": precision,
        **descent(recipe, parent),
        "weights_from": parent.folder.name if parent and keep_weights else None,
        "new_weights": new_weights,
        **({"began_from": begin, "began_with": began_with} if begin is not None else {}),
        **facts_of_learning(
            pictures, parent if keep_weights else None, card_of(begin, recipe) if begin else None
        ),
        **({"repeats": True} if parent and _repeats(parent, recipe, pictures, keep_weights, begin) else {}),
        "dataset": {
            "path": str(data.absolute()),
            "fingerprint": pictures.fingerprint,
            "train": len(pictures),
            "val": len(held_out),
            "fold": fold,
        },
    }
    run = shared_run(lambda: Run.start(runs, recipe.name, to_json(recipe), facts))
    with locked(run.folder, is_rank_zero()):
        return _train(run, work, again, quiet, stage)


def _repeats(
    parent: Run, recipe: Recipe, pictures: PictureSet, keep_weights: bool, begin: str | None
) -> bool:
    """Whether a run would be its parent over again."""
    facts = parent.facts
    if keep_weights or "folds" in facts or facts.get("weights_from") or facts.get("began_from") != begin:
        return False
    known = facts.get("dataset") or {}
    return known.get("fingerprint") == pictures.fingerprint and not difference(recipe_of(parent), recipe)


def descent(recipe: Recipe, parent: Run | None) -> dict[str, Any]:
    """Facts of a run: the one that it was started from, and the settings that differ from that one's."""
    changed = difference(recipe_of(parent), recipe) if parent else {}
    return {
        "parent": parent.folder.name if parent else None,
        "difference": {name: list(pair) for name, pair in changed.items()},
    }


def resume(
    run: Run,
    data: Path | None = None,
    quiet: bool = False,
    devices: int = 1,
    accelerator: Accelerator = "auto",
    stage: Stages = nullcontext,
) -> Run:
    """Go on with a run from its last checkpoint to what it would have been; from the start if it has none.

    Raises RunError, DatasetError, and what `fit` raises.
    """
    device = device_for(accelerator, devices)
    with locked(run.folder, is_rank_zero()):
        with stage() as tell:
            (tell or silent)("preparing")
            work, again = _taken_up(run, data, devices, device)
        if is_rank_zero():
            resumed = [*run.facts.get("resumed", []), work.steps_done]
            moved = {"dataset": {**run.dataset, "path": str(data.absolute())}} if data else {}
            run.note(state="running", resumed=resumed, error=None, ended=None, step=None, **moved)
        return _train(run, work, again, quiet, stage)


def open_sets(data: Path, fold: tuple[int, int] | None) -> tuple[PictureSet, PictureSet]:
    """The pictures to train on and those held out: a fold, or the val split. Raises DatasetError."""
    return open_fold(data, *fold) if fold else open_splits(data)


def _taken_up(run: Run, data: Path | None, devices: int, device: torch.device) -> tuple[Work, Again]:
    """A run's work from where it was left."""
    facts = run.facts
    if "folds" in facts:
        raise RunError(
            f"{run.folder} holds the runs of {facts['folds']} folds ({', '.join(facts['children']) or 'none yet'}); "
            f"resume one of them, or start all anew with --folds {facts['folds']}"
        )
    if facts["state"] == "finished" and _is_whole(run.folder / "checkpoints" / "last.ckpt"):
        raise RunError(
            f"{run.folder} is finished; to train longer: safelight train {run.folder} --keep-weights "
            "--data DATASET (docs/training.md)"
        )
    recipe, data = recipe_of(run), data or Path(run.dataset["path"])
    pictures, held_out = open_sets(data, run.fold)
    if pictures.fingerprint != run.dataset["fingerprint"]:
        raise RunError(
            f"{data} is no longer what {run.folder} was trained on, so it cannot go on to what it would have been; "
            f"with its weights and the new pictures: safelight train {run.folder} --data {data} --keep-weights"
        )
    # a run goes on in the precision that it began with, wherever it is resumed
    precision = facts.get("precision") or precision_for(recipe.train.precision, device)
    again = partial(_prepare, recipe, pictures, held_out, devices, device, precision)
    checkpoints = [run.folder / "checkpoints" / name for name in ("last.ckpt", "good.ckpt")]
    if not any(path.is_file() for path in checkpoints) and not (
        facts.get("weights_from") or facts.get("began_from")
    ):
        return again(None), again
    chosen, said = to_go_on_from(run, module_for(recipe, training_task(recipe)))
    if said and is_rank_zero():
        print(f"safelight: {said}", file=sys.stderr)
        if chosen != checkpoints[0]:
            put_back(run)
    return again(checkpoints[0]), again


def _is_whole(checkpoint: Path) -> bool:
    try:
        read(checkpoint)
    except RunError:
        return False
    return True


def step_of(checkpoint: Path) -> int:
    """How many optimizer steps a checkpoint has seen; 0 where it cannot be read."""
    return int(read(checkpoint)["global_step"]) if _is_whole(checkpoint) else 0


def _prepare(
    recipe: Recipe,
    pictures: PictureSet,
    held_out: PictureSet,
    devices: int,
    device: torch.device,
    precision: Precision,
    checkpoint: Path | None,
    first_weights: Callable[[AnyModule, Dataset[Any]], None] | None = None,
) -> Work:
    """All that a run needs from this checkpoint on, or from its start. Raises RecipeError.

    first_weights: what gives the network its first ones, in place of the recipe's own.
    """
    pl.seed_everything(recipe.train.seed, verbose=False)
    rank, world_size = rank_of(devices)
    check_batch_splits(recipe.data.batch, world_size)
    stored = read(checkpoint) if checkpoint else {"global_step": 0}
    done, skipped = int(stored["global_step"]), guard_state(stored)["skipped"]
    task = training_task(recipe)
    batches = training_batches(
        task.dataset(pictures, recipe), task.collate, recipe, done, skipped, rank, world_size
    )
    validation = task.validation(held_out, recipe)
    module = module_for(recipe, task)
    task.prepare_loss(module.network, pictures, recipe)
    if checkpoint is None and first_weights is not None:
        first_weights(module, task.dataset(pictures, recipe))
    elif checkpoint is None:
        task.initialize(module.network, task.dataset(pictures, recipe), recipe)
    on_training = task.validation(some_pictures(pictures), recipe)
    return Work(
        recipe, module, batches, validation, checkpoint, done, devices, on_training, device, precision
    )


def _train(run: Run, work: Work, again: Again, quiet: bool, stage: Stages = nullcontext) -> Run:
    """Train, and close the run whatever happens."""
    with StopRequest() as stop, without_chatter():
        try:
            finished, trainer = take_all_steps(run, work, again, stop, quiet)
            if is_rank_zero():
                if finished:
                    with stage() as tell:
                        (tell or silent)("measuring the finished model")
                        measured = _measured(run, work, trainer)
                    run.finish("finished", step=trainer.global_step, **measured)
                else:
                    run.finish("stopped", step=trainer.global_step, status=stop.status)
            barrier()
        except BaseException as error:
            if not is_rank_zero():
                sys.exit(1)  # the first process tells
            raised = _with_its_file(error, run)
            _close_failed(run, raised)
            if raised is error:
                raise
            raise raised from None
    return run


def _with_its_file(error: BaseException, run: Run) -> BaseException:
    """A full disk, or one that broke, as an error that says where: writing does not."""
    if isinstance(error, OSError) and error.errno in OF_THE_DISK:
        place = Path(error.filename) if isinstance(error.filename, str) else run.folder
        return RunError(cannot_write(place, error))
    return error


def take_all_steps(
    run: Run, work: Work, again: Again, stop: StopRequest, quiet: bool
) -> tuple[bool, pl.Trainer]:
    """Train, however often the guard goes back. Whether all steps were taken; the last Trainer."""
    while True:
        trainer = trainer_for(run, work, stop, quiet)
        tripped = _take_steps(trainer, work, stop)
        if tripped is None:
            return trainer.global_step >= work.recipe.train.steps, trainer
        roll_back_or_stop(run, tripped, work.recipe, quiet)
        work = again(run.last_checkpoint)


def _take_steps(trainer: pl.Trainer, work: Work, stop: StopRequest) -> RollbackRequested | None:
    """Train to the last step, or until that is stopped, or to where the guard does not let it go on."""
    resumed: dict[str, Any] = {"ckpt_path": work.checkpoint, "weights_only": True} if work.checkpoint else {}
    try:
        trainer.fit(work.module, work.batches, dummy_val_loader(), **resumed)
    except RollbackRequested as tripped:
        return tripped
    except (Stopped, SystemExit, KeyboardInterrupt):  # lightning makes SystemExit of an interrupt
        pass
    except Exception as error:
        if stop.asked:  # a loading process was ended by the same signal
            return None
        if work.recipe.guard.on and work.recipe.data.workers and loader_died(error):
            return RollbackRequested.from_loader(trainer.global_step, error)
        raised = as_raised(error)
        if raised is error:
            raise
        raise raised from None
    finally:
        work.batches.end()
    return None


def _close_failed(run: Run, error: BaseException) -> None:
    """Failures stay, and say what went wrong: in words if the user can act on it, else with the traceback.

    Where the disk is full there may be no room for that either; the error itself is what is told then.
    """
    message = error_text(error)
    whole = message + "\n" if isinstance(error, SafelightError) else traceback.format_exc()
    with contextlib.suppress(OSError):
        (run.folder / "error.txt").write_text(whole, encoding="utf-8")
    with contextlib.suppress(OSError, SafelightError):
        run.finish("failed", step=step_of(run.folder / "checkpoints" / "last.ckpt"), error=message)


def error_text(error: BaseException) -> str:
    """An error in a line, for run.json."""
    return str(error) if isinstance(error, SafelightError) else f"{type(error).__name__}: {error}"


def _measured(run: Run, work: Work, trainer: pl.Trainer) -> dict[str, Any]:
    """What a finished run knows of its network: its scores on the validation samples, and what its task adds."""
    network = trained_network(run)[0]
    measures = {name: float(value) for name, value in trainer.callback_metrics.items()}
    scores = {name: value for name, value in measures.items() if name.startswith("val/")}
    if not scores:  # the run was killed after its last checkpoint, and no step was left to take
        scores = {f"val/{name}": value for name, value in work.validation.score(network).items()}
    return {"scores": scores, **work.validation.metadata(network)}
