"""The autoencoder that a command works with: a bundled one, an exported one, or a run."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.errors import RunError

if TYPE_CHECKING:
    from safelight.tasks.autoencode.restore import Autoencoder


def open_autoencoder(model: str | None) -> "Autoencoder":
    """By name, by the path of an exported file, or by that of a run. Raises ModelError, RunError.

    A run is exported into its own folder, once for each checkpoint: that part needs torch, and takes seconds.
    """
    from safelight.tasks.autoencode.restore import MODEL, load_vae

    if model is None:
        return load_vae(MODEL)
    if (Path(model) / "run.json").is_file():
        return load_vae(exported(Path(model)))
    return load_vae(model)


def exported(folder: Path) -> Path:
    """The run's model in its folder, written now if there is none of its newest checkpoint."""
    from safelight.journal.run import Run
    from safelight.tasks.autoencode.restore import MIXTURE

    run = Run.open(folder)
    out = run.folder / "exported" / f"{run.facts['recipe']}.onnx"
    last = Path(f"{out.with_suffix('')}{MIXTURE}")  # of its files it is written last
    if not last.is_file() or last.stat().st_mtime_ns < run.last_checkpoint.stat().st_mtime_ns:
        click.echo(_export(run.folder, out), err=True)
    return out


def _export(folder: Path, out: Path) -> str:
    from safelight.cli.card_of_run import Trained
    from safelight.data.cache import open_splits
    from safelight.journal.run import Run
    from safelight.tasks.autoencode.publish import export_codes
    from safelight.training.fit import trained_network

    run = Run.open(folder)
    network, recipe = trained_network(run)
    if recipe.task != "autoencode":
        raise RunError(
            f"{folder} is a run of {recipe.task}, no autoencoder; expected one of safelight train figures"
        )
    data = Path(run.dataset["path"])
    pictures, held_out = open_splits(data)
    return export_codes(Trained(run, network, recipe, pictures, held_out, recipe.augment.size, "MIT"), out)
