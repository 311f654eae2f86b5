"""What memory do two threads take that color small photos for long, by how ONNX Runtime takes it?

    python benchmarks/arena.py usual|own|patterns|exact|shared|none [--runs 300]

Each setting wants a process of its own. Both threads run the network alone, one photo after the other of five shapes,
without a pause: they meet as often as those of some times as many whole photos. The checksum is of all answers.

  usual     as safelight opens its networks: one arena of all, whose first piece is large
  own       an arena for each, of pieces that begin small and double, as ONNX Runtime does by itself
  patterns  the same, with a block for each whole run of a shape, as ONNX Runtime does by itself (enable_mem_pattern)
  exact     the same, in an arena that grows by what is asked for (kSameAsRequested), of all networks
  shared    the same, in an arena of all networks that grows by doubling
  none      without an arena
"""

import argparse
import hashlib
import os
import resource
import threading
import time
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime

from safelight.runtime import inference
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.restore import load_colorizer

SHAPES = ((192, 289), (192, 263), (192, 237), (192, 262), (192, 246))  # of small copies of photos
PHOTOS = 40
LOOKS = (1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 1000, 2000, 3000)
SETTINGS = ("usual", "own", "patterns", "exact", "shared", "none")


def main() -> None:
    """Run and print the memory at growing numbers of runs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("setting", choices=SETTINGS)
    parser.add_argument("--runs", type=int, default=300)
    given = parser.parse_args()
    if given.setting != "usual":
        open_as(given.setting)
    cv2.setNumThreads(1)
    colorizer = load_colorizer(None, 1)
    rng = np.random.default_rng(0)
    photos = [rng.uniform(0, 100, SHAPES[index % len(SHAPES)]).astype(np.float32) for index in range(PHOTOS)]
    answers, numbers, lock = [b""] * PHOTOS, count(), threading.Lock()

    def work() -> None:
        while True:
            with lock:
                number = next(numbers)
                if number in LOOKS or number == given.runs:
                    print(f"  after {number:5}: {resident():.1f} MB", flush=True)
            if number >= given.runs:
                return
            ab = colorizer.predict(photos[number % PHOTOS], Points.none(), 0.5)
            answers[number % PHOTOS] = np.ascontiguousarray(ab).tobytes()

    start = time.process_time()
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = (time.process_time() - start) / given.runs
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{given.setting}: at most {most:.0f} MB, {spent * 1e3:.1f} ms of processor a run, ", end="")
    print(hashlib.sha256(b"".join(answers)).hexdigest()[:12])


def open_as(setting: str) -> None:
    """Let networks be opened with another setting from now on."""
    if setting in ("exact", "shared"):
        arena = onnxruntime.OrtArenaCfg({"max_mem": 0, "arena_extend_strategy": int(setting == "exact")})
        kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
        place = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
        onnxruntime.create_and_register_allocator(place, arena)

    def open_session(content: bytes, threads: int = 0) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if setting in ("exact", "shared"):
            options.add_session_config_entry("session.use_env_allocators", "1")
        options.enable_cpu_mem_arena = setting != "none"
        options.enable_mem_pattern = setting != "own"
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    inference.open_session = open_session


def resident() -> float:
    """Megabytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    main()
