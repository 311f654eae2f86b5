"""Memory over a metadata table of a million rows: read as a stream, row by row, and the way that note 004 did.

    python benchmarks/metadata_memory.py [--rows 1000000]

Each way runs in a process of its own; its peak memory is told beside that of the same way over a thousandth of
the rows, which is the interpreter and its libraries.
"""

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from safelight.data.rows import Row, read_row, read_rows, read_rows_at, write_rows

LOOKED_AT = 10_000  # rows by number


def main() -> None:
    """Write the tables, go over them in each way, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        few, many = Path(folder) / "few.jsonl", Path(folder) / "many.jsonl"
        write_rows(few, made_up(given.rows // 1000))
        write_rows(many, made_up(given.rows))
        print(f"{given.rows:,} rows, {many.stat().st_size / 1e6:.0f} MB\n")
        print("| way | peak memory, MB | over a thousandth of the rows | seconds |")
        print("|---|---:|---:|---:|")
        for name, way in WAYS.items():
            least, (most, seconds) = apart(way, few)[0], apart(way, many)
            print(f"| {name} | {most:.0f} | {least:.0f} | {seconds:.1f} |", flush=True)


def made_up(count: int) -> Iterator[Row]:
    """Rows such as a set of figures has."""
    for number in range(count):
        tags = ["skin", "shoes", ("dress", "coat", "pants")[number % 3]]
        yield {"file_name": f"figures/{number:09}.jpg", "source": "figures", "licence": "CC0", "tags": tags}


def stream(path: Path) -> int:
    """How many rows have a tag: what `data build --tag` asks."""
    return sum("coat" in row["tags"] for row in read_rows(path))


def by_number(path: Path) -> int:
    """Rows by their places, in any order: what training asks."""
    places = np.fromiter((offset for offset, _ in read_rows_at(path)), np.int64)
    chosen = np.random.default_rng(0).integers(0, len(places), LOOKED_AT)
    return sum("coat" in read_row(path, int(places[number]))["tags"] for number in chosen)


def all_at_once(path: Path) -> int:
    """Every row in memory, as a data frame holds them."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return sum("coat" in row["tags"] for row in rows)


WAYS: dict[str, Callable[[Path], int]] = {
    "a stream": stream,
    "by number": by_number,
    "all at once": all_at_once,
}


def apart(way: Callable[[Path], int], path: Path) -> tuple[float, float]:
    """Peak memory in MB and seconds, in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as one:
        return one.submit(measured, way, path).result()


def measured(way: Callable[[Path], int], path: Path) -> tuple[float, float]:
    """Peak memory in MB and seconds of this process."""
    start = time.perf_counter()
    way(path)
    seconds = time.perf_counter() - start
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, seconds


if __name__ == "__main__":
    main()
