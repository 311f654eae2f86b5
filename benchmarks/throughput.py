"""How fast is a folder colored, beside an older safelight and beside what nothing can spare? `make throughput`, or

    python benchmarks/throughput.py OLD [NEW] [--photos 200] [--large 24] [--pairs 2] [--singles 7] [--many 0]

OLD and NEW are each a Python executable, or a folder that holds the package `safelight` (`src`), which this Python
then runs; NEW is this one, if it is left out. For an earlier commit: `git archive COMMIT src | tar x -C /tmp/old`.

The photos are the shipped examples, enlarged, with grain that a seed draws: half of them grey, a quarter RGB without
color, a quarter toned. Each command is a process of its own, start and end included; old and new alternate, and a
ratio is the median of those of the pairs. Processor time stands beside wall time: it tells about the same on a
machine that does other things, too. It needs about five minutes on two quiet cores.

  throughput    photos of 2 and of 12 megapixels a second, as one command on a folder
  floors        the same photos read and written alone, and the networks alone, a thread a core, in the new install
  stages        what a photo costs in one thread, part by part (new install)
  first result  the command on one photo
  equal         decoded samples of the results that are the same in both, or a level apart
  memory        --many N small photos: resident memory at the tenths of the way (new install)
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

HOME = Path(__file__).parent.parent
EXAMPLES = ("civil-war-camp-1860s", "madison-square-1900", "sphinx-1870s", "three-children-1860s", "cat")
DIFFERENT = 40  # photos drawn; more are their links
TONE = (1.0, 0.9, 0.74)  # of a sepia print: red, green and blue of white
LOOK_AGAIN = 0.2  # seconds
GRAIN = 12.0  # levels, standard deviation before it is softened
START = """
import sys
try:
    from safelight.cli.main import main
except ModuleNotFoundError:
    from safelight.app.cli import main
sys.argv[0] = "safelight"
sys.exit(main())
"""
FLOORS = """
import json, os, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
import cv2, numpy as np
from safelight.pixels.files import read_photo, write_photo
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.restore import load_colorizer
cv2.setNumThreads(1)
photos, out = sorted(Path(sys.argv[1]).iterdir()), Path(sys.argv[2])
cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
colorizer = load_colorizer(None, 1)
lightness = [colorizer.lightness(read_photo(photo).pixels) for photo in photos[:20]]

def timed(work, items):
    start, used = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(cores) as pool:
        list(pool.map(work, items))
    return time.perf_counter() - start, time.process_time() - used

def files(photo):
    write_photo(out / photo.name, read_photo(photo), overwrite=True)

def network(number):
    L = lightness[number % len(lightness)] + np.float32(number / 1e4)  # another photo each time: nothing is kept
    colorizer.predict(L, Points.none(), 0.5)

network(0)
print(json.dumps({"files": timed(files, photos), "networks": timed(network, range(1, len(photos) + 1))}))
"""
STAGES = """
import json, sys, time
from pathlib import Path
import cv2, numpy as np
from safelight.pixels.files import read_photo, write_photo
from safelight.pixels.recolor import replace_ab
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.restore import load_colorizer
from safelight.tasks.colorize.tone_and_mount import analyze
cv2.setNumThreads(1)
photos, out, found = sorted(Path(sys.argv[1]).iterdir())[:8], Path(sys.argv[2]), {}
colorizer = load_colorizer(None, 1)

def timed(stage, work, *words, **more):
    start = time.process_time()
    result = work(*words, **more)
    found.setdefault(stage, []).append(time.process_time() - start)
    return result

for photo in photos * 2:
    picture = timed("reading", read_photo, photo)
    timed("look and mount", analyze, picture.pixels)
    L = timed("lightness", colorizer.lightness, picture.pixels)
    ab = timed("network", colorizer.predict, L, Points.none(), 0.5)
    pixels = timed("recoloring", replace_ab, picture.pixels, ab, 1)
    timed("writing", write_photo, out / photo.name, pixels, overwrite=True)
print(json.dumps({stage: float(np.median(times)) for stage, times in found.items()}))
"""


@dataclass(frozen=True)
class Install:
    """A Python, and what PYTHONPATH it runs with."""

    python: str
    path: str

    @classmethod
    def of(cls, word: str) -> "Install":
        """A Python executable, or a folder with the package in it."""
        if Path(word, "safelight").is_dir():
            return cls(sys.executable, str(Path(word).resolve()))
        return cls(word, "")

    def command(self, code: str, *arguments: str) -> list[str]:
        """The words that run the code."""
        return [self.python, "-c", code, *arguments]

    def environment(self) -> dict[str, str]:
        """With compiled modules kept, as an installed package has them."""
        own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return own | ({"PYTHONPATH": self.path} if self.path else {})


@dataclass(frozen=True)
class Cost:
    """Seconds of a process from its start to its end, its processor's seconds, and the most memory it had, in MB."""

    wall: float
    cpu: float
    peak: float


def main() -> None:
    """Draw the photos, run all parts and print them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Install.of)
    parser.add_argument("new", type=Install.of, nargs="?", default=str(HOME / "src"))
    parser.add_argument("--photos", type=int, default=200, help="photos of 2 megapixels")
    parser.add_argument("--large", type=int, default=24, help="photos of 12 megapixels")
    parser.add_argument(
        "--pairs", type=int, default=2, help="how often each folder is colored by each install"
    )
    parser.add_argument("--singles", type=int, default=7, help="how often one photo is")
    parser.add_argument("--many", type=int, default=0, metavar="N", help="small photos for the memory curve")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        room = Path(folder)
        print(f"{len(os.sched_getaffinity(0))} cores; load before: {os.getloadavg()[0]:.2f}")
        for megapixels, number in ((2, given.photos), (12, given.large)):
            if number:
                photos = draw(room / f"photos-{megapixels}", megapixels, number)
                throughput(photos, room / "out", megapixels, given)
        if given.singles:
            first_result(draw(room / "one", 2, 1), room / "out", given)
        if given.many:
            memory(draw(room / "many", 0.02, given.many), room / "out", given.new)


def draw(folder: Path, megapixels: float, number: int) -> Path:
    """A folder of so many photos, the same each time."""
    import cv2

    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(min(number, DIFFERENT)):
        grey = cv2.imread(
            str(HOME / "examples" / f"{EXAMPLES[index % len(EXAMPLES)]}.jpg"), cv2.IMREAD_GRAYSCALE
        )
        assert grey is not None
        scale = np.sqrt(megapixels * 1e6 / grey.size)
        size = round(grey.shape[1] * scale), round(grey.shape[0] * scale)
        large = cv2.resize(grey, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)[
            :, :: 1 - index % 3 // 2 * 2
        ]
        grain = cv2.GaussianBlur(rng.normal(0, GRAIN, large.shape).astype(np.float32), (0, 0), 0.8)
        photo: np.ndarray = np.clip(large + grain, 0, 255)
        if index % 2:
            photo = photo[..., None] * np.array(TONE[::-1] if index % 4 == 1 else (1, 1, 1), np.float32)
        cv2.imwrite(str(folder / f"{index:05}.jpg"), photo.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 92])
    for index in range(DIFFERENT, number):
        os.link(folder / f"{index % DIFFERENT:05}.jpg", folder / f"{index:05}.jpg")
    return folder


def throughput(photos: Path, out: Path, megapixels: float, given: argparse.Namespace) -> None:
    """Both installs on the folder, in turns; the floors; and how equal the results are."""
    number = len(list(photos.iterdir()))
    print(f"\n{number} photos of {megapixels} megapixels, the whole command:")
    pairs: list[tuple[Cost, Cost]] = []
    for turn in range(given.pairs):
        both = {}
        for name in ("old", "new") if turn % 2 == 0 else ("new", "old"):
            result = out / name
            shutil.rmtree(result, ignore_errors=True)
            both[name] = cost(getattr(given, name), "colorize", str(photos), "-o", str(result))
        pairs.append((both["old"], both["new"]))
    for name, costs in (("old", [old for old, _ in pairs]), ("new", [new for _, new in pairs])):
        wall, cpu = (float(np.median([getattr(each, kind) for each in costs])) for kind in ("wall", "cpu"))
        print(
            f"  {name}: {number / wall:6.2f} photos a second, {cpu / number * 1e3:4.0f} ms of processor each, "
            f"at most {max(each.peak for each in costs):.0f} MB"
        )
    print(
        f"  throughput new / old: {ratio(pairs, 'wall'):.2f} (processor time old / new {ratio(pairs, 'cpu'):.2f})"
    )
    floors(photos, out, given.new, float(np.median([new.wall for _, new in pairs])))
    stages(photos, out, given.new)
    equal(out / "old", out / "new")
    shutil.rmtree(out)


def floors(photos: Path, out: Path, install: Install, whole: float) -> None:
    """Reading and writing alone, and the networks alone."""
    again = out / "again"
    again.mkdir()
    found = said_by(install, FLOORS, photos, again)
    for name, words in (("files", "read and written alone"), ("networks", "networks alone")):
        wall, cpu = found[name]
        print(
            f"  {words}: {wall:.1f} s ({cpu:.1f} of processor); the whole command takes {whole / wall:.2f} times that"
        )
    both = sum(wall for wall, _ in found.values())
    print(f"  both one after the other: {both:.1f} s; the whole command takes {whole / both:.2f} times that")


def stages(photos: Path, out: Path, install: Install) -> None:
    """What a photo costs in one thread, part by part."""
    found = said_by(install, STAGES, photos, out / "again")
    words = (f"{stage} {seconds * 1e3:.0f}" for stage, seconds in found.items())
    print(f"  ms of processor a photo: {', '.join(words)}; sum {sum(found.values()) * 1e3:.0f}")


def said_by(install: Install, code: str, photos: Path, out: Path) -> Any:
    """The JSON that the code prints of these photos. Ends this process if that failed."""
    words = install.command(code, str(photos), str(out))
    done = subprocess.run(words, env=install.environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def equal(old: Path, new: Path) -> None:
    """How many of the decoded samples are equal, and how many at most one level apart; the worst photo counts."""
    import cv2

    same, near, apart, number = 1.0, 1.0, 0, 0
    for path in sorted(old.glob("*.jpg"))[:DIFFERENT]:
        first, second = (cv2.imread(str(each)) for each in (path, new / path.name))
        assert first is not None
        assert second is not None
        difference = cv2.absdiff(first, second)
        same, near = min(same, float(np.mean(difference == 0))), min(near, float(np.mean(difference <= 1)))
        apart, number = max(apart, int(difference.max())), number + 1
    print(
        f"  {number} results: {same:.4%} of the samples equal, {near:.4%} within a level, at most {apart} apart"
    )


def first_result(photos: Path, out: Path, given: argparse.Namespace) -> None:
    """The command on one photo, to its end."""
    (photo,) = photos.iterdir()
    pairs = []
    for turn in range(given.singles + 1):
        both = {}
        for name in ("old", "new") if turn % 2 == 0 else ("new", "old"):
            words = ("colorize", str(photo), "-o", str(out / "one.jpg"), "--overwrite")
            both[name] = cost(getattr(given, name), *words)
        pairs.append((both["old"], both["new"]))
    pairs = pairs[1:]  # the first compiles
    for place, name in enumerate(("old", "new")):
        wall, cpu = (
            float(np.median([getattr(each[place], kind) for each in pairs])) for kind in ("wall", "cpu")
        )
        print(f"\none photo, {name}: {wall:.3f} s, {cpu:.3f} of processor", end="")
    print(f"\n  sooner old / new: {ratio(pairs, 'wall'):.2f} (processor time {ratio(pairs, 'cpu'):.2f})")


def memory(photos: Path, out: Path, install: Install) -> None:
    """Resident memory while results are counted."""
    number, result = len(list(photos.iterdir())), out / "many"
    steps, seen = [number * tenth // 10 for tenth in range(1, 10)], list[tuple[int, float]]()

    def look(process: int) -> None:
        done = sum(1 for _ in os.scandir(result)) if result.is_dir() else 0
        while steps and done >= steps[0]:
            seen.append((steps.pop(0), resident(process)))

    spent = cost(install, "colorize", str(photos), "-o", str(result), look=look)
    print(f"\n{number} small photos in {spent.wall:.0f} s: resident memory")
    for done, megabytes in seen:
        print(f"  after {done:6}: {megabytes:.1f} MB")
    if seen:
        print(f"  last / first: {seen[-1][1] / seen[0][1]:.3f}; at most {spent.peak:.0f} MB")


def cost(install: Install, *words: str, look: Callable[[int], None] | None = None) -> Cost:
    """What `safelight WORDS` costs to its end; `look` is given its number meanwhile. Ends this one if it failed."""
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        process = subprocess.Popen(
            install.command(START, *words), env=install.environment(), stdout=subprocess.DEVNULL, stderr=said
        )
        ended, status, used = os.wait4(process.pid, os.WNOHANG if look else 0)
        while look and not ended:
            look(process.pid)
            time.sleep(LOOK_AGAIN)
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            sys.exit(f"safelight {' '.join(words)}: {said.read().decode(errors='replace')}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def resident(process: int) -> float:
    """Megabytes that a process has in memory; 0 where that is not known."""
    try:
        lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def ratio(pairs: Sequence[tuple[Cost, Cost]], kind: str) -> float:
    """The median of old / new."""
    return float(np.median([getattr(old, kind) / getattr(new, kind) for old, new in pairs]))


if __name__ == "__main__":
    main()
