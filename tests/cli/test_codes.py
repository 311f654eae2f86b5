"""The commands of autoencoders as a user runs them: train, export, judge, reconstruct, sample, interpolate, encode."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from safelight.cli.main import cli
from safelight.errors import SafelightError
from safelight.pixels.files import read_photo, write_photo
from tests.cli.shell import safelight


@pytest.fixture(scope="module")
def model(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """small.onnx of a short training on the sixty soft pictures."""
    folder = tmp_path_factory.mktemp("codes")
    done = safelight("train", "figures-quick", "--data", dataset, "--runs", folder / "runs", "--quiet")
    assert done.returncode == 0, done.stderr
    run = next((folder / "runs").iterdir())
    done = safelight("export", run, "-o", folder / "small.onnx")
    assert done.returncode == 0, done.stderr
    assert "small.decoder.onnx" in done.stdout
    return folder / "small.onnx"


@pytest.mark.parametrize("words", [("interpolate", "a.png", "b.png"), ("reconstruct", "a.png", "b.png")])
def test_photos_that_a_picture_is_made_of_are_never_replaced(tmp_path: Path, words: tuple[str, ...]) -> None:
    for name in ("a.png", "b.png"):
        write_photo(tmp_path / name, np.full((40, 40, 3), 99, np.uint8))
    before = (tmp_path / "b.png").read_bytes()
    done = safelight(*words, "-o", "b.png", "--overwrite", cwd=tmp_path)
    assert done.returncode == 2
    assert "b.png would be replaced by its own result" in done.stderr
    assert (tmp_path / "b.png").read_bytes() == before


def test_samples_are_the_same_for_the_same_seed(model: Path, tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        done = safelight(
            "sample", "-n", "4", "--seed", str(seed), "--model", model, "-o", tmp_path / f"{name}.png"
        )
        assert done.returncode == 0, done.stderr
    one, again, other = (read_photo(tmp_path / f"{name}.png").pixels for name in ("one", "again", "other"))
    assert one.shape == (66, 66, 3)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    done = safelight("sample", "-n", "3", "--from", "prior", "--model", model, "-o", tmp_path / "many")
    assert sorted(path.name for path in (tmp_path / "many").iterdir()) == ["0.png", "1.png", "2.png"]
    done = safelight("sample", "-n", "1", "--model", model, "-o", tmp_path / "one.png")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_photos_to_codes_and_back(model: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for number in range(3):
        picture = np.random.default_rng(number).integers(0, 256, (40, 30, 3), dtype=np.uint8)
        write_photo(tmp_path / "photos" / f"{number}.png", picture)
    (tmp_path / "photos" / "torn.png").write_bytes(b"no picture")
    done = safelight("encode", tmp_path / "photos", "--model", model, "-o", tmp_path / "codes.csv")
    assert done.returncode == 1
    assert "codes of 3 photos, 8 numbers each, 1 failed" in done.stdout
    with (tmp_path / "codes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    done = safelight("encode", tmp_path / "photos", "--model", model, "-o", tmp_path / "codes.npz")
    stored = np.load(tmp_path / "codes.npz")
    assert stored["codes"].shape == (3, 8)
    assert [float(rows[1][f"z{n}"]) for n in range(8)] == pytest.approx(stored["codes"][1].tolist(), rel=1e-5)
    (tmp_path / "photos" / "torn.png").unlink()
    done = safelight("reconstruct", tmp_path / "photos", "--model", model, "-o", tmp_path / "pairs.png")
    assert done.returncode == 0, done.stderr
    ends = (tmp_path / "photos" / "0.png", tmp_path / "photos" / "1.png")
    done = safelight("interpolate", *ends, "--steps", "5", "--model", model, "-o", tmp_path / "way.png")
    assert done.returncode == 0, done.stderr
    assert read_photo(tmp_path / "way.png").pixels.shape == (32, 5 * 34 - 2, 3)
    done = safelight("reconstruct", ends[0], "--full-size", "--model", model, "-o", tmp_path / "back")
    assert read_photo(tmp_path / "back" / "0-reconstructed.png").size == (40, 30)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two photos of one name in two folders, a third of another kind beside one, and a torn one."""
    folder = tmp_path / "photos"
    for number, name in enumerate(("a/x.jpg", "a/x.png", "b/x.jpg")):
        picture = np.random.default_rng(number).integers(0, 256, (20, 30, 3), dtype=np.uint8)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_photo(folder / name, picture)
    (folder / "a" / "torn.jpg").write_bytes(b"no picture")
    return folder


def reconstruct(photos: Path, out: Path) -> Result:
    """In this process, with the bundled autoencoder."""
    return CliRunner().invoke(cli, ["reconstruct", str(photos), "-o", str(out)], standalone_mode=False)


def test_each_photo_of_a_folder_comes_back_and_a_torn_one_ends_nothing(photos: Path, tmp_path: Path) -> None:
    done = reconstruct(photos, tmp_path / "back")
    assert done.return_value == 1
    torn, summary = done.output.splitlines()
    assert torn.startswith(f"{photos / 'a' / 'torn.jpg'} ")
    assert summary.startswith("3 photos reconstructed")
    assert "3 wider or taller than the photos learned from" in summary
    assert "1 failed" in summary
    back = sorted(path.relative_to(tmp_path / "back").as_posix() for path in (tmp_path / "back").rglob("*.*"))
    results = ["a/x-jpg-reconstructed.png", "a/x-reconstructed.png", "b/x-reconstructed.png"]
    assert back == [*results, "safelight-ledger.jsonl"]
    again = reconstruct(photos, tmp_path / "back")
    assert ", 3 skipped" in again.output
    done = reconstruct(photos, tmp_path / "pairs.png")
    assert done.return_value == 1
    assert done.output.splitlines()[1].startswith("3 photos reconstructed (")
    assert "pairs.png: 3 pictures in one grid" in done.output


@pytest.mark.parametrize(("words", "out"), [(["encode"], "codes.csv"), (["reconstruct"], "pairs.png")])
def test_what_is_in_the_way_or_missing_is_said_before_the_model_is_opened(
    words: list[str], out: str, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safelight.cli.autoencoder.open_autoencoder", pytest.fail)
    (tmp_path / out).write_bytes(b"mine")
    with pytest.raises(SafelightError, match=f"{out} is there already: add --overwrite"):
        cli.main([*words, str(photos), "-o", str(tmp_path / out)], standalone_mode=False)
    assert (tmp_path / out).read_bytes() == b"mine"
    (tmp_path / "empty").mkdir()
    with pytest.raises(SafelightError, match=r"no photos in .*empty; expected JPEG"):
        cli.main([*words, str(tmp_path / "empty"), "-o", str(tmp_path / f"new-{out}")], standalone_mode=False)
    assert not (tmp_path / f"new-{out}").exists()


def test_a_run_is_a_model_too(model: Path, tmp_path: Path) -> None:
    run = next((model.parent / "runs").iterdir())
    for name in ("one", "again"):
        done = safelight("sample", "-n", "4", "--seed", "1", "--model", run, "-o", tmp_path / f"{name}.png")
        assert done.returncode == 0, done.stderr
        assert ("figures-quick.decoder.onnx" in done.stderr) == (name == "one")  # exported once
    done = safelight("sample", "-n", "4", "--seed", "1", "--model", model, "-o", tmp_path / "file.png")
    one, again, file = (read_photo(tmp_path / f"{name}.png").pixels for name in ("one", "again", "file"))
    assert np.array_equal(one, again)
    assert np.array_equal(one, file)


def test_mistakes_are_told_in_a_line(model: Path, tmp_path: Path) -> None:
    for words in (
        ("encode", tmp_path, "--model", model, "-o", tmp_path / "codes.parquet"),
        ("sample", "--model", tmp_path / "nobody.onnx", "-o", tmp_path / "s.png"),
        ("interpolate", tmp_path / "a.jpg", tmp_path / "b.jpg", "--model", model, "-o", tmp_path / "i.png"),
        ("reconstruct", tmp_path, "--model", model, "-o", tmp_path / "r.png"),
    ):
        done = safelight(*words)
        if words[0] == "encode" and done.returncode == 0:
            continue  # pyarrow is installed
        assert done.returncode == 1, words
        assert done.stderr.startswith("safelight: ")
        assert done.stderr.count("\n") == 1, done.stderr


def test_the_judge_says_how_it_stands(model: Path, dataset: Path, tmp_path: Path) -> None:
    done = safelight("judge", model, "--data", dataset, "-o", tmp_path / "report")
    assert done.returncode == 0, done.stderr
    assert "PCA" in done.stdout
    assert (tmp_path / "report" / "samples.png").is_file()


@pytest.mark.slow
def test_two_processes_train_one_autoencoder_and_the_journal_knows_it(dataset: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    words = ("train", "figures-quick", "--data", dataset, "--runs", runs, "--quiet")
    done = safelight(*words, "--devices", "2", "--model.norm", "group")
    assert done.returncode == 0, done.stderr
    (run,) = runs.iterdir()
    facts = json.loads((run / "run.json").read_text())
    assert (facts["state"], facts["step"], facts["task"]) == ("finished", 20, "autoencode")
    done = safelight("journal", "list", runs)
    assert done.returncode == 0, done.stderr
    assert run.name in done.stdout
    done = safelight("journal", "page", runs, "-o", tmp_path / "page")
    assert done.returncode == 0, done.stderr
    assert any(run.name in page.read_text(encoding="utf-8") for page in (tmp_path / "page").glob("*.html"))


def test_the_doctor_names_a_collapse(dataset: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    pressed = ("--loss.kl", "10000", "--loss.warmup", "0", "--train.steps", "90", "--optimizer.lr", "0.01")
    looks = ("--train.validate_every", "30")
    done = safelight("train", "figures-quick", "--data", dataset, "--runs", runs, *pressed, *looks)
    assert done.returncode == 0, done.stderr
    assert "posterior collapse" in done.stderr
    (run,) = runs.iterdir()
    done = safelight("doctor", run, "--no-dataset")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "posterior collapse" in done.stdout
    assert "--loss.kl 1" in done.stdout
