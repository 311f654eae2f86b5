"""Do two installs of safelight give the same results, byte for byte?

    python benchmarks/two_installs.py OLD NEW [--photos examples] [--train 20 --recipe quick]

OLD and NEW are each a Python executable, or a folder that holds the package `safelight` (`src`), which this Python
then runs. For an earlier commit: `git archive COMMIT | tar x -C /tmp/old`, and `/tmp/old/src`.

Each command of the table runs once in each install, in a folder of its own. The names of the files that it leaves
must be the same, and so must their bytes. With `--train STEPS` each recipe is trained in both for so many steps, in
32-bit precision, on the same drawn pictures, and every weight must be equal, bit for bit. What a command prints is
not compared. The exit status is 1 if anything differs.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).parent.parent
PICTURES = 40  # drawn to train on
# the command stood in safelight.app until the rooms were named anew
START = """
import sys
try:
    from safelight.cli.main import main
except ModuleNotFoundError:
    from safelight.app.cli import main
sys.argv[0] = "safelight"
sys.exit(main())
"""


@dataclass(frozen=True)
class Install:
    """A Python, and what PYTHONPATH it runs with."""

    python: str
    path: str

    def run(self, arguments: list[str], folder: Path) -> str:
        """Run `safelight ARGUMENTS` in FOLDER. Returns its error output if it failed, else nothing."""
        environment = {**os.environ, "PYTHONPATH": self.path, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
        done = subprocess.run(
            [self.python, "-c", START, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stderr.strip() or f"exit status {done.returncode}" if done.returncode else ""


def main() -> None:
    """Run both, print a table, and fail if they differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=install)
    parser.add_argument("new", type=install)
    parser.add_argument("--photos", type=Path, default=HOME / "examples", help="a folder of photos")
    parser.add_argument("--train", type=int, default=0, metavar="STEPS", help="also train for so many steps")
    parser.add_argument("--recipe", nargs="+", default=["quick"], help="the recipes to train")
    parser.add_argument(
        "--only", nargs="+", default=None, metavar="NAME", help="only these rows of the table"
    )
    given = parser.parse_args()
    photos = given.photos.resolve()
    with tempfile.TemporaryDirectory() as folder:
        jobs = {
            name: [word.format(photos=photos) for word in words]
            for name, words in commands(photos).items()
            if given.only is None or name in given.only
        }
        rows = [
            compare(name, words, given.old, given.new, Path(folder, name)) for name, words in jobs.items()
        ]
        if given.train:
            rows += trainings(given, Path(folder, "train"))
    differing = [name for name, answer in rows if not answer.startswith("equal")]
    print(f"{len(rows) - len(differing)} of {len(rows)} equal" + f"; differ: {differing}" * bool(differing))
    sys.exit(bool(differing))


def install(text: str) -> Install:
    """A Python executable, or the folder of a package `safelight`, as typed."""
    place = Path(text)
    if (place / "safelight").is_dir():
        return Install(sys.executable, str(place.resolve()))
    if place.is_file() and os.access(place, os.X_OK):
        return Install(text, "")
    raise argparse.ArgumentTypeError(f"{text} is neither a Python nor a folder that holds safelight/")


def commands(photos: Path) -> dict[str, list[str]]:
    """Row of the table -> arguments of safelight; results go to `out`."""
    scratched = "{photos}/scratched.jpg"
    mask = ["fill", scratched, "--mask", "mask.png"]
    sphinx = "{photos}/sphinx-1870s.jpg"
    everything = {
        "colorize": ["colorize", "{photos}", "-o", "out/"],
        "colorize --recolor": [
            "colorize",
            "{photos}",
            "-o",
            "out/",
            "--recolor",
            "--vivid",
            "1",
            "--reach",
            "1",
        ],
        "colorize --hints": [
            "colorize",
            "{photos}/coffee.jpg",
            "--recolor",
            "--hint",
            "0.3,0.6,red",
            "-o",
            "out/",
        ],
        "colorize --keep-toning": ["colorize", sphinx, "--keep-toning", "--no-mount", "-o", "out/"],
        "scratches": ["scratches", "{photos}", "-o", "out/"],
        "scratches ridge": ["scratches", scratched, "--method", "ridge", "--dark", "-o", "out/"],
        "fill": [*mask, "-o", "out/"],
        "fill model": [*mask, "--method", "model", "--grow", "2", "--feather", "2", "-o", "out/"],
        "fill telea": [*mask, "--method", "telea", "-o", "out/"],
        "repair": ["repair", "{photos}", "-o", "out/", "--keep-mask", "--preview"],
        "repair --color": ["repair", scratched, "--color", "-o", "out/"],
        "sample": ["sample", "-n", "16", "--seed", "1", "-o", "out/samples.png"],
        "sample prior": ["sample", "-n", "4", "--from", "prior", "-o", "out/"],
        "reconstruct": ["reconstruct", "{photos}", "-o", "out/"],
        "reconstruct --full-size": ["reconstruct", sphinx, "-o", "out/", "--full-size"],
        "interpolate": ["interpolate", sphinx, "{photos}/cat.jpg", "--steps", "4", "-o", "out/between.png"],
        "encode": ["encode", "{photos}", "-o", "out/codes.csv"],
        "suggest": ["suggest", sphinx, "-n", "5", "-o", "out/hints.json", "--picture", "out/places.png"],
    }
    named = {word for words in everything.values() for word in words if word.startswith("{photos}/")}
    missing = [word for word in sorted(named) if not Path(word.format(photos=photos)).exists()]
    return {  # of another folder of photos only the commands that take it whole
        name: words for name, words in everything.items() if not set(missing) & set(words)
    }


def compare(name: str, words: list[str], old: Install, new: Install, folder: Path) -> tuple[str, str]:
    """Run one command in both. Returns its row: name, and "equal …" or what differs."""
    results = []
    for side, one in (("old", old), ("new", new)):
        place = folder / side
        (place / "out").mkdir(parents=True)
        if "mask.png" in words:
            draw_mask(Path(words[1]), place / "mask.png")
        if error := one.run(words, place):
            return tell(name, f"{side} FAILED: {error.splitlines()[-1]}")
        results.append(
            {str(p.relative_to(place)): p.read_bytes() for p in (place / "out").rglob("*") if p.is_file()}
        )
    ours, theirs = results
    if ours.keys() != theirs.keys():
        return tell(name, f"OTHER FILES: {sorted(ours.keys() ^ theirs.keys())}")
    if different := sorted(file for file in ours if ours[file] != theirs[file]):
        return tell(name, f"OTHER BYTES: {different}")
    return tell(
        name, f"equal: {len(ours)} files, {sum(map(len, ours.values())):,} bytes" if ours else "NO FILES"
    )


def trainings(given: argparse.Namespace, folder: Path) -> list[tuple[str, str]]:
    """Train each recipe in both installs on drawn pictures; their rows."""
    draw_pictures(folder / "drawn")
    words = ["data", "build", str(folder / "drawn"), "-o", str(folder / "dataset"), "--size", "64"]
    if error := given.old.run(words, folder):
        return [tell("data build", f"old FAILED: {error.splitlines()[-1]}")]
    return [train(recipe, given, folder) for recipe in given.recipe]


def train(recipe: str, given: argparse.Namespace, folder: Path) -> tuple[str, str]:
    """One recipe in both installs; its row."""
    import torch

    weights = []
    name = f"train {recipe}, {given.train} steps"
    for side, one in (("old", given.old), ("new", given.new)):
        runs = folder / side / recipe
        runs.mkdir(parents=True)
        words = ["train", recipe, "--data", str(folder / "dataset"), "--runs", str(runs), "--quiet"]
        words += ["--train.steps", str(given.train), "--train.precision", "32"]
        if error := one.run(words, folder):
            return tell(name, f"{side} FAILED: {error.splitlines()[-1]}")
        (last,) = runs.glob("*/checkpoints/last.ckpt")
        weights.append(torch.load(last, map_location="cpu", weights_only=True)["state_dict"])
    ours, theirs = weights
    if ours.keys() != theirs.keys():
        return tell(name, f"OTHER WEIGHTS: {sorted(ours.keys() ^ theirs.keys())[:6]}")
    if different := [key for key in ours if not torch.equal(ours[key], theirs[key])]:
        return tell(name, f"OTHER NUMBERS in {len(different)} of {len(ours)} tensors: {different[:3]}")
    return tell(name, f"equal: {len(ours)} tensors, {sum(t.numel() for t in ours.values()):,} numbers")


def draw_mask(photo: Path, mask: Path) -> None:
    """A thin scratch and a wide hole, so that both methods of `fill` have work."""
    from PIL import Image, ImageDraw

    with Image.open(photo) as opened:
        width, height = opened.size
    drawn = Image.new("L", (width, height))
    pen = ImageDraw.Draw(drawn)
    pen.line([(width // 5, 0), (width // 3, height)], fill=255, width=3)
    pen.ellipse([width // 2, height // 2, width // 2 + width // 8, height // 2 + height // 8], fill=255)
    drawn.save(mask)


def draw_pictures(folder: Path) -> None:
    """Colored shapes on colored grounds, the same ones each time."""
    import numpy as np
    from PIL import Image, ImageDraw

    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for k in range(PICTURES):
        ground = rng.integers(0, 256, (4, 4, 3)).astype(np.uint8)
        picture = Image.fromarray(ground).resize((128, 128), Image.Resampling.BICUBIC)
        pen = ImageDraw.Draw(picture)
        for _ in range(6):
            x, y, side = (int(n) for n in rng.integers(8, 100, 3))
            red, green, blue = (int(n) for n in rng.integers(0, 256, 3))
            pen.ellipse([x, y, x + side // 2, y + side // 2], fill=(red, green, blue))
        picture.save(folder / f"{k:03}.png")


def tell(name: str, answer: str) -> tuple[str, str]:
    """Print a row at once, and return it."""
    print(f"  {name:30} {answer}", flush=True)
    return name, answer


if __name__ == "__main__":
    main()
