"""A run's checkpoints as files: written whole or not at all, and read with a line that says what is wrong.

torch.load compares no checksum, so that a byte that changed on the disk would come back as another weight; the ZIP
archive that a checkpoint is has one for each of its parts, which is compared here.
"""

import os
import shlex
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from torch import Tensor, nn

from safelight.errors import RunError, shown
from safelight.journal.run import Run

LAST, GOOD = "last.ckpt", "good.ckpt"
DAMAGED = "damaged.ckpt"  # what a damaged last.ckpt is called when the run goes on from good.ckpt
NEEDED = ("state_dict", "optimizer_states", "lr_schedulers")

Checkpoint = dict[str, Any]


def read(path: Path) -> Checkpoint:
    """A checkpoint in memory; nothing in it is run. Raises RunError, with the file's name, for a damaged one."""
    try:
        if path.stat().st_size == 0:
            raise RunError(f"{path} is damaged (it is empty)")
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
        if bad is not None:
            raise RunError(f"{path} is damaged (the checksum of {bad} is another)")
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise RunError(f"{path} is not there") from None
    except zipfile.BadZipFile:
        raise RunError(f"{path} is damaged, or no checkpoint (it was cut off, or another file)") from None
    except Exception as error:
        if isinstance(error, RunError):
            raise
        said = " ".join(str(error).split())[:80]
        raise RunError(f"{path} is damaged, or no checkpoint ({said or type(error).__name__})") from None
    if not isinstance(checkpoint, dict) or not isinstance(checkpoint.get("global_step"), int):
        raise RunError(f"{path} is no checkpoint of a run (it names no step)")
    return dict(checkpoint)


def write(checkpoint: Checkpoint, path: Path) -> None:
    """Put a checkpoint in its place, whole at any moment. Raises RunError for a full disk; nothing half is left."""
    fresh = path.with_suffix(".new")
    write_new(checkpoint, fresh)
    fresh.replace(path)


def write_new(checkpoint: Checkpoint, path: Path) -> None:
    """Write a file of its own, or none. Raises RunError."""
    try:
        with path.open("wb") as file:  # given a name, torch does not say why it could not write
            torch.save(checkpoint, file)
    except BaseException as error:
        path.unlink(missing_ok=True)
        cause: BaseException | None = error
        while cause is not None:  # torch raises a RuntimeError of its own on top
            if isinstance(cause, OSError):
                raise RunError(cannot_write(path, cause)) from None
            cause = cause.__context__
        raise


def cannot_write(path: Path, error: OSError) -> str:
    """A line for a file that could not be written."""
    return f"{path} cannot be written ({error.strerror or error}); make room there, then go on with --resume"


class WholeFiles(TorchCheckpointIO):
    """How the Trainer writes: at once to where it is wanted. Left to itself it goes by the temporary folder."""

    def save_checkpoint(self, checkpoint: Checkpoint, path: Any, storage_options: Any | None = None) -> None:
        """Write it. Raises RunError."""
        write_new(checkpoint, Path(path))


def check_fits(checkpoint: Checkpoint, module: nn.Module, path: Path) -> None:
    """Raises RunError for a checkpoint that lacks a part of what this module goes on with."""
    lacking = [name for name in NEEDED if name not in checkpoint]
    if lacking:
        raise RunError(f"{path} is damaged (it has no {lacking[0]})")
    wanted = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    for part in ("state_dict", "current_model_state"):  # the second one: the weights beside their average
        if part not in checkpoint:
            continue
        found = {name: tuple(tensor.shape) for name, tensor in checkpoint[part].items()}
        wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        if wrong:
            raise RunError(f"{path} is damaged ({wrong[0]} in its {part} is missing, or of another shape)")
    for optimizer in checkpoint["optimizer_states"]:
        _check_moments(optimizer, path)


def _check_moments(optimizer: dict[str, Any], path: Path) -> None:
    """Every parameter that an optimizer knows has the same kinds of memory, or none has any."""
    state = optimizer.get("state", {})
    known = {number for group in optimizer.get("param_groups", []) for number in group["params"]}
    kinds = {frozenset(memory) for memory in state.values()}
    shapes = [
        {tensor.shape for tensor in memory.values() if isinstance(tensor, Tensor) and tensor.ndim}
        for memory in state.values()
    ]
    if not state.keys() <= known or len(kinds) > 1 or any(len(each) > 1 for each in shapes):
        raise RunError(f"{path} is damaged (a part of an optimizer's memory is missing)")


def to_go_on_from(run: Run, module: nn.Module) -> tuple[Path, str]:
    """The checkpoint that a run goes on from, and what is to be said of it: last.ckpt, else good.ckpt.

    Raises RunError if neither can be read.
    """
    folder, wrong = run.folder / "checkpoints", []
    for name in (LAST, GOOD):
        path = folder / name
        try:
            stored = read(path)
            check_fits(stored, module, path)
        except RunError as error:
            wrong.append(str(error).removeprefix(f"{folder}{os.sep}"))
            continue
        said = f"{'; '.join(wrong)}: going on from {name}, step {stored['global_step']}" if wrong else ""
        return path, said
    raise RunError(
        f"{run.folder} has no checkpoint to go on from: {'; '.join(wrong)}; train it anew: safelight train "
        f"{run.folder} --data DATASET{_same_beginning(run)}"
    )


def _same_beginning(run: Run) -> str:
    """The option that begins with the weights that this run began with; nothing where they were new."""
    facts = run.facts
    kept = facts.get("weights_from")
    if kept and not (run.folder.parent / str(kept)).is_dir():  # it lies among other runs
        return f" --from RUN, where RUN is the folder of {shown(kept)}"
    began = run.folder.parent / str(kept) if kept else facts.get("began_from")
    return f" --from {shlex.quote(str(began))}" if began else ""


def put_back(run: Run) -> None:
    """Make good.ckpt the last one; a damaged last.ckpt is kept under another name."""
    folder = run.folder / "checkpoints"
    last = folder / LAST
    if last.is_file():
        last.replace(folder / DAMAGED)
    write(read(folder / GOOD), last)


def weights(run: Run) -> dict[str, Tensor]:
    """The run's averaged weights by their names, those of a discriminator too. Raises RunError, with the mend."""
    try:
        stored = read(run.last_checkpoint)
        if "state_dict" not in stored:
            raise RunError(f"{run.last_checkpoint} is damaged (it has no state_dict)")
        return dict(stored["state_dict"])
    except RunError as error:
        good = run.folder / "checkpoints" / GOOD
        try:
            step = read(good)["global_step"]
        except RunError:
            raise error from None
        raise RunError(
            f"{error}; {GOOD}, of step {step}, is whole: safelight train {run.folder} --resume goes on from it"
        ) from None
