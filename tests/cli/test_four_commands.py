"""From photos to a colored photo as the README goes: each command a process of its own, in a fresh folder."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

import cv2
import numpy as np
import pytest

from safelight.pixels.color import srgb_to_lab
from safelight.pixels.files import read_photo, write_photo
from tests.cli.shell import ENVIRONMENT, fresh, start

PHOTOS = 60


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """For networks this small a second thread only waits for the first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENVIRONMENT, "OMP_NUM_THREADS", "1")
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of bright blobs, split by their origins, and the dataset that a command makes of them."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "photos").mkdir()
    rows = []
    for number in range(PHOTOS):
        coarse = np.random.default_rng(number).integers(0, 256, (6, 8, 3), dtype=np.uint8)
        name = f"{number:02}.jpg"
        write_photo(folder / "photos" / name, cv2.resize(coarse, (160, 128), interpolation=cv2.INTER_CUBIC))
        rows.append(
            {"file_name": name, "origin_path": f"garden/{number}", "source": "garden", "licence": "CC0"}
        )
    (folder / "photos" / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    built = said(folder, "data", "build", "photos", "-o", "datasets/garden", "--size", "96")
    assert f"{PHOTOS} pictures" in built
    return folder


def said(home: Path, *words: str) -> str:
    """What a command that goes well says, without a warning beside it."""
    done = fresh(*words, cwd=home)
    assert done.returncode == 0, done.stderr
    assert "arning" not in done.stderr
    return done.stdout


SAID = (  # beside the headline and the measures
    "measuring ",
    "preparing: ",
    "only ",
    "20 steps: too short to show anything",
    "answers to look at: ",
)


def test_from_photos_to_a_colored_photo(home: Path) -> None:
    trained = fresh("train", "quick", "--data", "datasets/garden", cwd=home)
    (run,) = (home / "runs").iterdir()
    assert trained.stdout.startswith(f"runs/{run.name}: finished at step 20; gain ")
    assert trained.stdout.splitlines()[1].startswith(f"next: safelight judge runs/{run.name} --data ")
    lines = trained.stderr.splitlines()  # and no warning, but on how little is held out
    first, *measures = [line for line in lines if not line.startswith(SAID)]
    assert first.startswith("quick: 20 steps, 4 pictures each; of garden ")
    assert first.endswith(f" held out; the run is runs/{run.name}")
    assert [line.partition(":")[0] for line in measures] == ["step 20 of 20"]

    question = ("--data", "datasets/garden", "--split", "test", "--limit", "2", "--workers", "1")
    verdict = said(home, "judge", f"runs/{run.name}", *question, "-o", "report")
    assert "the report is report" in verdict
    curves = json.loads((home / "report" / "verdict.json").read_text())["groups"][0]["curves"]
    assert {"grey", "nearest hint", "kernel regression", "Levin 2004"} <= set(curves)
    assert (home / "report" / "report.md").is_file()

    said(home, "export", f"runs/{run.name}", "-o", "mine.onnx")
    card = json.loads((home / "mine.card.json").read_text())
    assert card["command"] == "safelight train quick --data garden"
    assert "garden/test" in card["scores"]["judged"]

    grey = np.repeat(read_photo(home / "photos" / "00.jpg").pixels.mean(axis=2, keepdims=True), 3, axis=2)
    write_photo(home / "grandmother.png", grey.astype(np.uint8))
    said(home, "colorize", "grandmother.png", "--model", "mine.onnx", "--hint", "0.3,0.6,#b03028,0.05")
    photo, colored = (
        read_photo(home / "grandmother.png").srgb,
        read_photo(home / "grandmother-color.png").srgb,
    )
    assert colored.shape == photo.shape
    lab, before = srgb_to_lab(colored), srgb_to_lab(photo)
    assert np.abs(lab[..., 0] - before[..., 0]).mean() < 1  # the photo's own lightness
    here = lab[round(0.6 * 128), round(0.3 * 160), 1:]
    assert (
        np.linalg.norm(here - srgb_to_lab(np.array([0xB0, 0x30, 0x28], np.uint8))[1:]) < 25
    )  # the hint's color


def test_a_training_that_is_ended_is_marked_and_goes_on(home: Path) -> None:
    words = ("train", "quick", "--data", "datasets/garden", "--runs", "ended")
    process = start(*words, "--train.steps", "100000", "--data.workers", "1", cwd=home)
    metrics = wait_for(home / "ended", "*/metrics.csv", process)
    process.send_signal(signal.SIGTERM)
    _, complaint = process.communicate(timeout=120)
    assert process.returncode not in (0, 1)
    assert "Traceback" not in complaint
    facts = json.loads((metrics.parent / "run.json").read_text())
    assert facts["state"] == "stopped"
    assert facts["step"] > 0
    assert (metrics.parent / "checkpoints" / "last.ckpt").is_file()


def wait_for(folder: Path, pattern: str, process: "Popen[str]", seconds: float = 240) -> Path:
    """The first file of that name, as soon as it is there."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        found = next(folder.glob(pattern), None)
        if found is not None:
            return found
        time.sleep(0.1)
    raise AssertionError(process.communicate(timeout=10)[1])
