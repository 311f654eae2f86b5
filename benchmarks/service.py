"""What a click costs: the kriged first colors and the network's answer, beside a whole Colorizer.develop of before.

    git worktree add ../before 9c26eda
    python benchmarks/service.py ../before [PHOTO]

One 2-megapixel photo, 20 hints, one thread; processor time (user and system), medians of alternating runs, so that a
busy machine slows both alike. "first colors" are kriged onto the kept automatic answer; "the network's answer" is the
one that the download has; in both the twentieth hint is new and the photo open. Float16 planes are made in all.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS, TIMES = 5, 9
SIZE = (1155, 1732)
COMMON = """
import json, sys, time
import numpy as np
sys.path.insert(0, {source!r})
from dataclasses import replace
import cv2
from threadpoolctl import threadpool_limits
import safelight
from safelight import Hint, HintSet
photo = safelight.read_photo({photo!r})
photo = replace(photo, pixels=cv2.resize(photo.pixels, {size!r}[::-1], interpolation=cv2.INTER_CUBIC))
rng = np.random.default_rng(0)
hints = [Hint(float(x), float(y), tuple(float(c) for c in rng.random(3))) for x, y in rng.random((20, 2))]
times = {times}
def spent(work, prepare=lambda: None):
    found = []
    for _ in range(times + 1):
        prepare()
        start = time.process_time()
        work()
        found.append(1000 * (time.process_time() - start))
    return sorted(found[1:])[times // 2]
"""
BEFORE = """
colorizer = safelight.load(threads=1)
with threadpool_limits(1):
    develop = spent(lambda: colorizer.develop(photo, HintSet(tuple(hints))))
print(json.dumps({"develop": develop}))
"""
AFTER = """
from safelight.runtime.modelfile import find_model
from safelight.service.darkroom import float16
from safelight.tasks.colorize.live import CutModel, LiveColors
colorizer = safelight.load(threads=1)
live = LiveColors(colorizer, CutModel(find_model(), 1), photo.pixels)
before, all_hints = HintSet(tuple(hints[:19])), HintSet(tuple(hints))
def prepare():
    live.forget()
    live.colors(HintSet(()), 0.5, 0.0)
    live.kriged(before, 0.5, 0.0)
with threadpool_limits(1):
    kriged = spent(lambda: float16(live.kriged(all_hints, 0.5, 0.0).ab), prepare)
    network = spent(lambda: float16(live.colors(all_hints, 0.5, 0.0).ab), prepare)
print(json.dumps({"first colors": kriged, "the network's answer": network}))
"""


def main() -> None:
    """Print the medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path, help="a checkout of 9c26eda")
    parser.add_argument("photo", type=Path, nargs="?", default=Path("examples/scratched.jpg"))
    options = parser.parse_args()
    found: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for checkout, work in ((options.before, BEFORE), (Path(__file__).parents[1], AFTER)):
            source, photo = str(checkout.resolve() / "src"), str(options.photo.resolve())
            script = COMMON.format(source=source, photo=photo, size=SIZE, times=TIMES) + work
            environment = {**os.environ, "PYTHONPATH": source}
            done = subprocess.run(
                [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
            )
            for name, milliseconds in json.loads(done.stdout.splitlines()[-1]).items():
                found.setdefault(name, []).append(milliseconds)
        time.sleep(0.1)
    develop = statistics.median(found["develop"])
    for name, values in found.items():
        median = statistics.median(values)
        said = f"{name:22s} {median:7.1f} ms of processor time (from {min(values):.1f} to {max(values):.1f})"
        print(said + ("" if name == "develop" else f", {develop / median:.1f} times less"))


if __name__ == "__main__":
    main()
