"""What using safelight costs on this machine: time, memory, size. `make bench`, or

    python benchmarks/use.py [--model MODEL.onnx]

Each figure is beside the limit that it is held to. Times of one ratio are measured in the same process, in
turns, and the fastest counts: what else runs on the machine only ever adds. Memory is the peak of a process
of its own.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np

HOME = Path(__file__).parent.parent
EXAMPLE = HOME / "examples" / "sphinx-1870s.jpg"
TURNS = 7
MIB = 2**20


def main() -> None:
    """Measure and print; the big pictures live in a temporary folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None, help="a MODEL.onnx instead of the bundled model")
    model = parser.parse_args().model
    with tempfile.TemporaryDirectory() as folder:
        tell("safelight --help", help_seconds(), 0.5, "s")
        tell("installed size of the light half", light_size() / MIB, 400, "MiB")
        twelve = big_photo(Path(folder, "12mp.jpg"), 3000, 4000)
        ratio, parts = colorize_ratio(twelve, model)
        tell("12 MP: colorize / (decode + network + encode)", ratio, 2.0, parts)
        ratio, parts = new_hint_ratio(model)
        tell("network: other hints on the same photo / a new photo", ratio, 1.0, parts)
        seconds, peak = one_process(twelve, model)
        tell(
            "12 MP: peak memory / decoded float picture",
            peak / (3000 * 4000 * 12),
            4.0,
            f"{peak / MIB:.0f} MiB",
        )
        print(f"  12 MP: the whole command, start to end: {seconds:.2f} s")
        hundred = big_photo(Path(folder, "100mp.jpg"), 8660, 11548)
        seconds, peak = one_process(hundred, model)
        tell(
            "100 MP: peak memory / decoded float picture", peak / (8660 * 11548 * 12), 4.0, f"{seconds:.1f} s"
        )


def tell(what: str, value: float, limit: float, note: str) -> None:
    """One line: figure, limit, and whether it holds."""
    print(
        f"  {what}: {value:.2f} (limit {limit:g}{'' if value <= limit else ', MISSED'}; {note})", flush=True
    )


def help_seconds() -> float:
    """The fastest of several starts."""
    return min(
        timed(lambda: subprocess.run(command("--help"), check=True, capture_output=True))
        for _ in range(TURNS)
    )


def light_size() -> int:
    """Bytes of safelight and all that it requires without extras, as installed here."""
    project = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found: dict[str, int] = {}
    waiting = [requirement_name(line) for line in project["dependencies"]]
    while waiting:
        name = waiting.pop()
        if name in found or not is_installed(name):  # what is for another system is not installed here
            continue
        package = metadata.distribution(name)
        files = [Path(str(package.locate_file(file))) for file in package.files or ()]
        found[name] = sum(file.stat().st_size for file in files if file.is_file())
        waiting += [requirement_name(line) for line in package.requires or () if "extra ==" not in line]
    own = sum(file.stat().st_size for file in (HOME / "src").rglob("*") if file.is_file())
    return own + sum(found.values())


def requirement_name(line: str) -> str:
    """numpy of "numpy>=1.26; python_version >= '3.9'"."""
    match = re.match(r"[A-Za-z0-9._-]+", line)
    assert match is not None
    return match.group()


def is_installed(name: str) -> bool:
    """Whether this Python has the package."""
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def big_photo(path: Path, height: int, width: int) -> Path:
    """An example photo enlarged to this size with grain on it, so that its JPEG is of a usual size."""
    import cv2

    from safelight.pixels.files import read_photo, write_photo

    pixels = cv2.resize(read_photo(EXAMPLE).pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(0).integers(-6, 7, (512, 512, 1), np.int16)
    for top in range(0, height, 512):
        for left in range(0, width, 512):
            part = pixels[top : top + 512, left : left + 512]
            part[:] = np.clip(part + grain[: part.shape[0], : part.shape[1]], 0, 255)
    return write_photo(path, pixels, quality=92)


def colorize_ratio(photo: Path, model: str | None) -> tuple[float, str]:
    """The whole against its unavoidable parts, the fastest of several turns of each, and these in words."""
    import safelight
    from safelight.tasks.colorize.hints import Points

    colorizer = safelight.load(model)
    result = photo.with_name("result.jpg")
    side = colorizer.card.size // 32 * 32
    grey = np.full((side, side * 4 // 3 // 32 * 32), 50, np.float32)
    colored = colorizer.recolor(safelight.read_photo(photo))
    steps: dict[str, Callable[[], object]] = {
        "decode": lambda: safelight.read_photo(photo),
        "network": lambda: colorizer.predict(grey, Points.none()),
        "encode": lambda: safelight.write_photo(result, colored, overwrite=True),
        "whole": lambda: safelight.write_photo(
            result, colorizer.recolor(safelight.read_photo(photo)), overwrite=True
        ),
    }
    for step in steps.values():
        step()
    turns = [{name: timed(step) for name, step in steps.items()} for _ in range(TURNS)]
    best = {name: min(turn[name] for turn in turns) for name in steps}
    ratio = best["whole"] / (best["decode"] + best["network"] + best["encode"])
    return ratio, ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in best.items())


def new_hint_ratio(model: str | None) -> tuple[float, str]:
    """What the answer to other hints costs where the photo was looked at before, hints propagated and all."""
    import safelight
    from safelight.tasks.colorize.hints import Hint, HintSet, to_points

    colorizer = safelight.load(model)
    side = colorizer.card.size // 32 * 32
    size = (side, side * 4 // 3 // 32 * 32)
    grey = [np.full(size, level, np.float32) for level in (40, 60)]
    hints = [to_points(HintSet((Hint(x, 0.5, "#8c2f39"),)), size) for x in (0.25, 0.75)]
    turn = iter(range(1_000_000))
    steps: dict[str, Callable[[], object]] = {
        "new photo": lambda: colorizer.predict(grey[next(turn) % 2], hints[0]),
        "other hints": lambda: colorizer.predict(grey[0], hints[next(turn) % 2]),
    }
    best = {}
    for name, step in steps.items():
        step()
        best[name] = min(timed(step) for _ in range(3 * TURNS))
    return best["other hints"] / best["new photo"], ", ".join(
        f"{name} {1000 * seconds:.0f} ms" for name, seconds in best.items()
    )


def one_process(photo: Path, model: str | None) -> tuple[float, int]:
    """Seconds and peak memory in bytes of `safelight colorize` on one photo."""
    words = ["colorize", str(photo), *(["--model", model] if model else [])]
    start = time.perf_counter()
    process = subprocess.Popen(command(*words), stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"safelight {' '.join(words)} failed")
    return time.perf_counter() - start, usage.ru_maxrss * 1024


def command(*words: str) -> list[str]:
    """The command line, run by this Python."""
    return [sys.executable, "-m", "safelight", *words]


def timed(step: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
