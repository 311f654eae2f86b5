"""Codes of many photos as a table: CSV, NumPy's npz, or Parquet where pyarrow is installed."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np

from safelight.errors import SafelightError
from safelight.files import new_file
from safelight.tasks.autoencode.restore import Code

Row: TypeAlias = tuple[str, Code]  # file name, code


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
