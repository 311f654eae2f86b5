"""Good states: the run's own checkpoints, and the way back to one of them.

checkpoints/last.ckpt is the newest state, kept every train.checkpoint_every steps and only if the step and the
answers to the validation samples were healthy. When the next one is written it becomes good.ckpt. A rollback goes to
last.ckpt if that was followed by `guard.patience` healthy steps, and to good.ckpt if not. The state that the run goes
on from is written as last.ckpt before anything else happens, so a kill after a rollback loses nothing.
"""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import torch
from rich.console import Console
from torch import Tensor

from safelight.errors import RunError
from safelight.journal.run import Run
from safelight.training.checkpoints import GOOD, LAST, Checkpoint, cannot_write, read, write
from safelight.training.guard.diagnosis import diagnosis
from safelight.training.guard.events import GuardError, GuardEvent, RollbackRequested, record
from safelight.training.guard.settings import GuardSettings
from safelight.training.hardware import broadcast_from_rank0, is_rank_zero
from safelight.training.recipe import Recipe

STATE = "Guard"  # under "callbacks" in a checkpoint
RATES = ("lr", "initial_lr", "max_lr", "min_lr", "base_lrs", "_last_lr", "min_lrs")
MORE = 4  # batches beyond those seen that bad samples cost, to the power of the trips in a row
UNTOUCHED: dict[str, Any] = {"trips": [], "skipped": 0, "lr": 1.0}


def keep_as_good(last: Path) -> None:
    """The checkpoint that is about to be replaced becomes the good state. last.ckpt stays where it is."""
    if not last.is_file():
        return
    fresh = last.with_name(GOOD).with_suffix(".keep")
    fresh.unlink(missing_ok=True)
    try:
        os.link(last, fresh)
    except OSError:  # a file system without links
        try:
            shutil.copyfile(last, fresh)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise RunError(cannot_write(last.with_name(GOOD), error)) from None
    fresh.replace(last.with_name(GOOD))


def guard_state(checkpoint: Checkpoint) -> dict[str, Any]:
    """What the guard knew when the checkpoint was made; of a run without a guard, that nothing happened."""
    state: dict[str, Any] = UNTOUCHED | checkpoint.get("callbacks", {}).get(STATE, {})
    return state


def roll_back(
    folder: Path, request: RollbackRequested, settings: GuardSettings, batch: int, lr: float, task: str = ""
) -> GuardEvent:
    """Make last.ckpt the state that the run goes on from, and say what was done.

    folder: the run's. batch: samples a step. lr, task: the recipe's, for the diagnosis.
    Raises GuardError where that would be once too often, or where nothing good is left.
    """
    path = folder / "checkpoints" / LAST
    last = _readable(path) or _readable(path.with_name(GOOD)) or {}
    known = guard_state(last)
    restorable = bool(last) and (request.step > 0 or request.blame == "loader") and request.blame != "recipe"
    if len(known["trips"]) >= settings.trips or not restorable:
        raise GuardError(diagnosis(known["trips"], request, settings, lr * known["lr"], restorable, task))
    chosen = _choose(folder, last, request, settings)
    restored = int(chosen["global_step"])
    before = _in_a_row(last)
    more = MORE**before if before and request.blame == "samples" else 0
    left_out = 0 if request.blame == "loader" else (request.step - restored + more) * batch
    first = known["skipped"] + restored * batch
    lowered = {"network": 1 + before, "optimizer": before, "gradient": before}.get(request.blame, 0)
    factor = settings.lr_factor**lowered
    cleared = _clear_poisoned_moments(chosen)
    trip = record(request, restored, (first, first + left_out), factor, cleared)
    _scale_rates(chosen, known["lr"] * factor / guard_state(chosen)["lr"])
    chosen.setdefault("callbacks", {})[STATE] = guard_state(chosen) | {
        "trips": [*known["trips"], asdict(trip)],
        "skipped": known["skipped"] + left_out,
        "lr": known["lr"] * factor,
    }
    write(chosen, path)
    return trip


def write_events(folder: Path, trips: list[dict[str, Any]]) -> None:
    """guard.jsonl: a line a trip. It is written whole, so that it always agrees with the checkpoint."""
    path = folder / "guard.jsonl"
    if not trips and not path.exists():
        return
    fresh = path.with_suffix(".new")
    fresh.write_text("".join(json.dumps(trip) + "\n" for trip in trips), encoding="utf-8")
    fresh.replace(path)


def _in_a_row(last: Checkpoint) -> int:
    """How many trips there were since a checkpoint was last kept on the way forward."""
    count, reached = 0, last["global_step"]
    for trip in reversed(guard_state(last)["trips"]):
        if trip["restored"] < reached:  # the run went on well after this one
            break
        count, reached = count + 1, trip["restored"]
    return count


def _choose(
    folder: Path, last: Checkpoint, request: RollbackRequested, settings: GuardSettings
) -> Checkpoint:
    """The newest state that was followed by healthy steps, and not the one that did not help just now."""
    good = folder / "checkpoints" / GOOD
    trips = guard_state(last)["trips"]
    tried = bool(trips) and trips[-1]["restored"] == last["global_step"]
    proven = request.step - last["global_step"] >= settings.patience
    if request.blame == "loader" or (proven and not tried):
        return last
    earlier = _readable(good)
    return earlier if earlier and earlier["global_step"] <= last["global_step"] else last


def _readable(path: Path) -> Checkpoint | None:
    """A checkpoint, or None where there is none, or a damaged one."""
    try:
        return read(path)
    except RunError:
        return None


def _clear_poisoned_moments(checkpoint: Checkpoint) -> bool:
    """Empty the memory of an optimizer that holds what no healthy one does; whether one did."""
    cleared = False
    for optimizer in checkpoint.get("optimizer_states", []):
        if not all(bool(torch.isfinite(tensor).all()) for tensor in _tensors(optimizer["state"])):
            optimizer["state"] = {}
            cleared = True
    return cleared


def _scale_rates(checkpoint: Checkpoint, factor: float) -> None:
    """Multiply every learning rate of optimizers and schedules, those of nested schedules too."""
    for part in (*checkpoint.get("optimizer_states", []), *checkpoint.get("lr_schedulers", [])):
        _scale(part, factor)


def _scale(tree: Any, factor: float) -> None:
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key in RATES and isinstance(value, (float, int)):
                tree[key] = value * factor
            elif key in RATES and isinstance(value, list):
                tree[key] = [rate * factor for rate in value]
            elif key != "state":
                _scale(value, factor)
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            _scale(part, factor)


def _tensors(tree: Any) -> Iterator[Tensor]:
    if isinstance(tree, Tensor):
        yield tree
    elif isinstance(tree, dict):
        for part in tree.values():
            yield from _tensors(part)


class Outcome(NamedTuple):
    """One line for the user, and whether the run can go on."""

    told: str
    mended: bool


def roll_back_or_stop(run: Run, request: RollbackRequested, recipe: Recipe, quiet: bool) -> None:
    """Make last.ckpt a good state, and say so. Raises GuardError, alike in all processes of the run."""
    outcome = broadcast_from_rank0(lambda: _set_right(run, request, recipe))
    if not outcome.mended:
        raise GuardError(outcome.told)
    if is_rank_zero() and not quiet:
        Console(stderr=True, highlight=False, soft_wrap=True).print(f"guard: {outcome.told}", markup=False)


def loader_died(error: BaseException) -> bool:
    """Whether this is how it shows that a process which loads samples is gone; not that it raised an error."""
    if str(error).startswith("Caught "):
        return False
    if isinstance(error, RuntimeError):
        return "DataLoader worker" in str(error)
    return isinstance(error, (ConnectionError, EOFError))  # it went while it handed over a batch


def _set_right(run: Run, request: RollbackRequested, recipe: Recipe) -> Outcome:
    try:
        trip = roll_back(
            run.folder, request, recipe.guard, recipe.data.batch, recipe.optimizer.lr, recipe.task
        )
    except GuardError as error:
        return Outcome(str(error), False)
    trips = guard_state(read(run.last_checkpoint))["trips"]
    write_events(run.folder, trips)
    run.note(guard=[trip["told"] for trip in trips])
    return Outcome(trip.told, True)
