"""What the commands of autoencoders share: the model (bundled, exported, or a run), and the table of latent codes."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import click
import numpy as np

from safelight.errors import RunError, SafelightError
from safelight.files import new_file
from safelight.journal.run import Run
from safelight.tasks.autoencode.restore import MIXTURE, MODEL, Autoencoder, Code, load_vae

Row: TypeAlias = tuple[str, Code]  # file name, code


def open_autoencoder(model: str | None) -> Autoencoder:
    """By name, by the path of an exported file, or by that of a run. Raises ModelError, RunError."""
    return load_vae(model_of(model), threads=1)  # more would change bits on some machines


def model_of(model: str | None) -> str:
    """The name of a model, or the path of an exported file; that of a run is exported. Raises RunError.

    A run is exported into its own folder, once for each checkpoint: that part needs torch, and takes seconds.
    """
    if model is not None and (Path(model) / "run.json").is_file():
        return str(exported(Path(model)))
    return MODEL if model is None else model


def exported(folder: Path) -> Path:
    """The run's model in its folder, written now if there is none of its newest checkpoint."""
    run = Run.open(folder)
    out = run.folder / "exported" / f"{run.facts['recipe']}.onnx"
    last = Path(f"{out.with_suffix('')}{MIXTURE}")  # of its files it is written last
    if not last.is_file() or last.stat().st_mtime_ns < run.last_checkpoint.stat().st_mtime_ns:
        click.echo(_export(run.folder, out), err=True)
    return out


def _export(folder: Path, out: Path) -> str:
    from safelight.training.export import Trained, export_run
    from safelight.training.fit import open_sets
    from safelight.training.trained import trained_network

    run = Run.open(folder)
    network, recipe = trained_network(run)
    if recipe.task != "autoencode":
        raise RunError(
            f"{folder} is a run of {recipe.task}, no autoencoder; expected one of safelight train figures"
        )
    sets = open_sets(Path(run.dataset["path"]), run.fold)
    return export_run(Trained(run, network, recipe, *sets, recipe.augment.size, "not stated"), out)


def write_csv(file: BinaryIO, rows: Iterable[Row], latent: int) -> int:
    """file_name, z0, z1, …: a row at a time, in constant memory."""
    text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="")
    table = csv.writer(text)
    table.writerow(["file_name", *(f"z{number}" for number in range(latent))])
    count = 0
    for name, code in rows:
        table.writerow([name, *(f"{value:.7g}" for value in code)])
        count += 1
    text.detach()
    return count


def write_npz(file: BinaryIO, rows: Iterable[Row], latent: int) -> int:
    """Arrays file_name (n,) and codes (n, latent) float32."""
    known = list(rows)
    codes = np.stack([code for _, code in known]) if known else np.zeros((0, latent), np.float32)
    np.savez(file, file_name=np.array([name for name, _ in known], str), codes=codes)
    return len(known)


def write_parquet(file: BinaryIO, rows: Iterable[Row], latent: int) -> int:
    """Columns file_name, z0, z1, …, a thousand rows at a time. Raises SafelightError without pyarrow."""
    try:
        pa, pq = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise SafelightError(
            "Parquet needs pyarrow, which safelight does not: pip install pyarrow, or write a .csv or .npz"
        ) from None
    columns = [("file_name", pa.string()), *((f"z{number}", pa.float32()) for number in range(latent))]
    count = 0
    with pq.ParquetWriter(file, pa.schema(columns)) as table:
        for some in _some(rows):
            codes = np.stack([code for _, code in some])
            data: dict[str, Any] = {"file_name": [name for name, _ in some]}
            data |= {f"z{number}": codes[:, number] for number in range(latent)}
            table.write_table(pa.table(data, schema=pa.schema(columns)))
            count += len(some)
    return count


FORMATS: dict[str, Callable[[BinaryIO, Iterable[Row], int], int]] = {
    ".csv": write_csv,
    ".npz": write_npz,
    ".parquet": write_parquet,
}


def write_codes(path: Path, rows: Iterable[Row], latent: int, overwrite: bool) -> int:
    """Write the rows in the format of the file's ending, all or nothing; how many. Raises SafelightError."""
    try:
        with new_file(path, overwrite) as file:
            return FORMATS[path.suffix.lower()](file, rows, latent)
    except FileExistsError:
        raise SafelightError(f"{path} is there already; use --overwrite, or another name") from None
    except OSError as error:
        raise SafelightError(
            f"{path} cannot be written ({error.strerror or error}); choose another folder"
        ) from None


def _some(rows: Iterable[Row], size: int = 1000) -> Iterator[list[Row]]:
    waiting: list[Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting
