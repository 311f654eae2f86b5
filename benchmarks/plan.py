"""What a folder of very many photos takes before the first is begun: processor time and memory of its plan.

python benchmarks/plan.py [COUNT ...]

Makes so many empty files, a thousand a folder, and removes them. Prints the processor seconds until the plan is there
and from then to the first outcome of a batch (each file is no picture, and is said to be done), and this process'
memory: after the imports, with the plan, and after a hundredth of the photos.
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from safelight.batch.colorize import ColorizeSettings
from safelight.batch.plan import plan
from safelight.batch.records import Ledgers, Places
from safelight.batch.run import run
from safelight.batch.work import Report, order_of

PER_FOLDER = 1000


def make_files(folder: Path, count: int) -> None:
    """So many empty files."""
    for number in range(count):
        inner = folder / f"{number // PER_FOLDER:04}"
        if number % PER_FOLDER == 0:
            inner.mkdir(parents=True)
        os.close(os.open(f"{inner}/IMG_{number:07}.jpg", os.O_CREAT | os.O_WRONLY))


def resident() -> float:
    """Megabytes of this process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(home: Path, count: int) -> None:
    """Plan a batch of so many photos, and begin it."""
    make_files(home / "in", count)
    before, begun = resident(), time.process_time()
    jobs = plan([home / "in"], home / "out", folder=True)
    planned, held = time.process_time(), resident()
    peak = (
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    )  # of this process so far: small counts first
    places = Places(frozenset([home / "in"]), home / "out")
    with Ledgers(order_of("colorize", ColorizeSettings()), (), "", jobs, places) as ledgers:
        outcomes = run(jobs, lambda job: Report(), records=ledgers, workers=2)
        next(outcomes)
        first = time.process_time()
        for _ in range(count // 100):
            next(outcomes)
        outcomes.close()
    print(
        f"{len(jobs):9,} photos: plan {planned - begun:.1f} CPU s, first outcome {first - planned:.1f} CPU s later; "
        f"{before:.0f} MB, with the plan {held:.0f} (at most {peak:.0f}), after a hundredth {resident():.0f}"
    )


def main() -> None:
    """All counts."""
    for count in map(int, sys.argv[1:] or ["10000", "100000", "1000000"]):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), count)


if __name__ == "__main__":
    main()
