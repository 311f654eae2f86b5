"""Every command that the documentation writes out is run, each in a fresh copy of what its reader would have.

Trainings end after two steps and the judge asks about two pictures; all else is as it is written.
"""

import base64
import contextlib
import io
import json
import re
import shlex
import shutil
from pathlib import Path

import click
import cv2
import numpy as np
import pytest

from safelight.pixels.files import write_photo
from tests.cli.shell import safelight, start
from tests.cli.test_docs import SPOKEN_OF, WHOLE, lines, understood
from tests.cli.test_four_commands import wait_for

PHOTOS = 120
EXAMPLES = Path(__file__).parents[2] / "examples"
SHORT = shlex.split(
    "--train.steps 2 --train.validate_every 2 --train.picture_every 2 --data.batch 4 --data.workers 0 "
    "--augment.size 64"
)
SERVERS = ("darkroom", "serve")  # run until they are stopped: tests/service does that
# What needs more than a folder of photos, and is run where there is that: tests/cluster, tests/cli/test_masters.py,
# test_infrared.py, tests/batch/test_redo.py, tests/data/test_hold_out.py; and what readers of docs/extending.md add.
ELSEWHERE = (
    *("--engine", "--shard", "s3://", "/mnt/", "--hold-out", "--split foreign"),
    *("album.tif", "map.tif", "slide.tif", "RESULT", "grandmother-color.jpg", "OUT", "--minutes"),
    *("color-wide", "mean_color", "open160f"),
)
STANDS_FOR = {  # what a reader puts into these places
    "DATASET": "datasets/photos",
    "RECIPE": "color",
    "MODEL": "model.onnx",
    "MODEL.onnx": "other.onnx",
    "RUN": "runs/color",
    "runs/RUN": "runs/color",
    "runs/CHILD": "runs/child",
    "photos/ccp_people": "photos",
    "A": "grandmother.jpg",
    "B": "portrait.jpg",
}
OF_CODES = {"runs/RUN": "runs/figures", "RUN": "runs/figures"}


def written_out() -> list[tuple[str, ...]]:
    """The commands that stand on a line of their own, and those in a sentence that name all that they need."""
    spoken = set()
    for line in lines(SPOKEN_OF):
        with (
            contextlib.suppress(click.exceptions.Exit, click.UsageError),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            with understood(line) as (command, context):  # else it is --help, or a part of a command
                pass
            if isinstance(command, click.Group) or "elsewhere" in line or command.name in SERVERS:
                continue
            named = any(
                context.params[each.name] for each in command.params if isinstance(each, click.Argument)
            )
            if named and (
                command.name != "train" or {"--data", "--resume", "--settings"} & set(line.split())
            ):
                spoken.add(line)
    whole = {line for line in lines(WHOLE) if line.split()[1] not in SERVERS}
    own = {line for line in {*whole, *spoken} if not any(word in line for word in ELSEWHERE)}
    return sorted({tuple(words_of(line)) for line in own})


def words_of(line: str) -> list[str]:
    """The words after "safelight", with a reader's own names, and within the test's patience."""
    words = shlex.split(re.sub(r"\s#.*|\s{3,}.*", "", line))[1:]
    of_codes = "figures" in line or words[0] == "sample"
    names = {**STANDS_FOR, **(OF_CODES if of_codes else {})}
    words = [names.get(word, word) for word in words]
    if "fill" in words and words[0] == "judge":
        words = ["fill" if word in ("model.onnx", "runs/color") else word for word in words]
    if words[0] == "train" and "--settings" not in words and "--resume" not in words:
        words += SHORT
    if "--resume" in words:
        words = ["runs/stopped" if word == "runs/color" else word for word in words]
    if words[0] == "judge":
        words += ["--limit", "3"]
    return words


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos with tags, datasets, finished runs and an exported model, under the names of the documentation."""
    folder = tmp_path_factory.mktemp("reader")
    for name in ("photos", "scans"):
        (folder / name).mkdir()
    shutil.copytree(EXAMPLES, folder / "examples")
    rows = []
    for number in range(PHOTOS):
        write_photo(folder / "photos" / f"{number:02}.jpg", blobs(number))
        rows.append({"file_name": f"{number:02}.jpg", "origin_path": str(number), "tags": ["standing"]})
    (folder / "photos" / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shutil.copytree(folder / "photos", folder / "faces")
    for name in ("scans/1.png", "dress.png", "grandmother.jpg", "portrait.jpg"):
        write_photo(folder / name, blobs(len(name)).mean(axis=2).astype(np.uint8))  # grey, as old photos are
    mask = np.zeros((128, 160, 3), np.uint8)
    mask[40:60, 50:70] = 255
    write_photo(folder / "portrait-mask.png", mask)
    hints = {"format": "safelight-hints", "version": 1, "hints": [{"x": 0.5, "y": 0.5, "color": "#8c2f39"}]}
    project = {"format": "safelight-project", "version": 1, "steps": ["mend", "color"]}
    mask_bytes = base64.b64encode((folder / "portrait-mask.png").read_bytes()).decode()
    project |= {"mend": {"mask": {"png": mask_bytes}}}
    (folder / "grandmother.safelight.json").write_text(json.dumps(project))
    for name in ("dress.json", "dress.hints.json"):
        (folder / name).write_text(json.dumps(hints))
    for name in ("photos", "figures"):
        said(folder, "data", "build", "photos", "-o", f"datasets/{name}", "--size", "96")
    for recipe, name in (("quick", "color"), ("figures-quick", "figures")):
        said(folder, "train", recipe, "--data", "datasets/photos", "--runs", "new", *SHORT)
        shutil.move(next((folder / "new").iterdir()), folder / "runs" / name)
    said(
        folder, "train", "runs/color", "--data", "datasets/photos", "--runs", "new", "--optimizer.lr", "1e-3"
    )
    shutil.move(next((folder / "new").iterdir()), folder / "runs" / "child")
    stopped = start(
        "train", "quick", "--data", "datasets/photos", "--runs", "new", "--train.steps", "60", cwd=folder
    )
    wait_for(folder / "new", "*/metrics.csv", stopped)
    stopped.terminate()
    stopped.communicate(timeout=120)
    shutil.move(next((folder / "new").iterdir()), folder / "runs" / "stopped")
    for name in ("color", "child"):
        said(
            folder,
            "judge",
            f"runs/{name}",
            "--data",
            "datasets/photos",
            "-o",
            f"first-{name}",
            "--limit",
            "2",
        )
    said(folder, "export", "runs/color", "-o", "model.onnx")
    said(folder, "colorize", "scans", "-o", "colored")
    return folder


def blobs(seed: int) -> np.ndarray:
    """A photo of soft bright colors, (128, 160, 3)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (160, 128), interpolation=cv2.INTER_CUBIC))


def said(folder: Path, *words: str) -> str:
    """What a command that goes well says."""
    done = safelight(*words, cwd=folder)
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("words", written_out(), ids=shlex.join)
def test_a_written_command_does_what_it_says(words: tuple[str, ...], home: Path, tmp_path: Path) -> None:
    here = shutil.copytree(home, tmp_path / "here")
    written = [here / words[at + 1] for at, word in enumerate(words) if word in ("-o", "--picture", "--plot")]
    if words[0] == "scratches":
        written.append(here / "portrait-mask.png")
    for path in written:  # a reader has not run it before
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    done = safelight(*words, cwd=here)
    found_something = words[0] == "doctor" and "measured" in done.stdout
    assert done.returncode == (1 if found_something else 0), f"{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    assert done.stdout
    for path in written:
        assert path.exists() or list(
            path.parent.glob(f"{path.stem}.*{path.suffix}")
        )  # an encoder and a decoder


def test_there_are_commands_to_run() -> None:
    assert len(written_out()) > 45
    assert {words[0] for words in written_out()} >= {
        "colorize",
        "fill",
        "train",
        "judge",
        "export",
        "journal",
    }
