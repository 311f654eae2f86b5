#!/bin/sh
# Ray 2.60.0 (ray[data]), Python 3.11, Linux: checkpoints of Ray Data (CheckpointConfig, beta), keyed by an id column.
# Two rows with one id: a run that is not stopped does both. Where a run is stopped when only the first one's block is
# committed, the run that resumes it leaves the second one out, without an error or a warning, and ends as a success:
# its work is never done, and its row is missing from the output. The documentation asks for unique ids; nothing
# looks whether they are.
# Seen: "quiet: 40 rows", "resumed: 39 rows, without row 39". Expected: 40 rows, or an error that names the id.
# Exits 0 while this is so, 1 when it has changed. Ray's servers run in a network of their own (unshare, as root).
# PYTHON names a Python that has ray[data] 2.60.0 already; else a virtual environment is made (640 MB).
set -eu
folder=$(mktemp -d /tmp/ray-id-XXXX)
trap 'rm -rf "$folder"' EXIT
if [ -z "${PYTHON:-}" ]; then
  python3 -m venv "$folder/env"
  PYTHON="$folder/env/bin/python"
  "$PYTHON" -m pip install -q --disable-pip-version-check "ray[data]==2.60.0"
fi
cat >"$folder/run.py" <<'PYTHON'
import logging
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import ray
from ray.data import ActorPoolStrategy, DataContext
from ray.data.checkpoint import CheckpointConfig

ROWS, FOLDER = 40, Path(sys.argv[1])


class Worker:
    """Gives each row its id. With "stop", row 20 and those after it fail."""

    def __init__(self, stops: bool) -> None:
        self.stops = stops

    def __call__(self, rows):
        numbers = rows["number"].to_pylist()
        if self.stops and max(numbers) >= 20:
            raise RuntimeError("stopped")
        return rows


def write_manifest() -> None:
    """The id is the number, but for the last row, which has that of the first."""
    numbers = list(range(ROWS))
    ids = [0 if number == ROWS - 1 else number for number in numbers]
    pq.write_table(pa.table({"id": ids, "number": numbers}), FOLDER / "manifest.parquet")


def batch(name: str, stops: bool) -> list[int]:
    context = DataContext.get_current()
    context.enable_progress_bars = False
    context.checkpoint_config = CheckpointConfig(
        id_column="id", checkpoint_path=str(FOLDER / f"{name}-checkpoint"), delete_checkpoint_on_success=False
    )
    rows = ray.data.read_parquet(str(FOLDER / "manifest.parquet")).repartition(target_num_rows_per_block=10)
    work = rows.map_batches(
        Worker, batch_size=None, batch_format="pyarrow", fn_constructor_args=(stops,), compute=ActorPoolStrategy(size=1)
    )
    try:
        work.write_parquet(str(FOLDER / name))
    except Exception as error:
        if not stops:
            raise
        print("stopped:", type(error).__name__)
    files = sorted((FOLDER / name).glob("*.parquet"))
    return sorted(number for file in files for number in pq.read_table(file)["number"].to_pylist())


ray.init(address="local", num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
logging.getLogger("ray.data").setLevel(logging.CRITICAL)
write_manifest()
quiet = batch("quiet", stops=False)
print(f"quiet: {len(quiet)} rows")
print("stopped with", batch("stopped", stops=True))
resumed = batch("stopped", stops=False)
missing = sorted(set(range(ROWS)) - set(resumed))
print(f"resumed: {len(resumed)} rows, without row {missing}")
sys.exit(0 if len(quiet) == ROWS and missing == [ROWS - 1] else 1)
PYTHON
RAY_TMPDIR="$folder" RAY_USAGE_STATS_ENABLED=0 unshare --net sh -c 'ip link set lo up; exec "$@"' sh \
  "$PYTHON" "$folder/run.py" "$folder"
