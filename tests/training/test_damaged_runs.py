"""Files of a run that were damaged: a line that names the file, from each command that reads them."""

from pathlib import Path

import pytest
import torch

from safelight.cli.main import cli
from safelight.errors import RunError, SafelightError
from safelight.journal.run import Run
from safelight.training.checkpoints import to_go_on_from
from safelight.training.metrics_file import MetricsFile
from safelight.training.overrides import to_json
from safelight.training.recipe import recipe_named, recipe_of

FACTS = {"dataset": {"path": "/nowhere", "fingerprint": "f", "train": 1, "val": 1}}
DAMAGE = {"half": '{"state": "stop', "a list": "[1, 2]", "no facts": "{}", "deep": "[" * 100_000, "empty": ""}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.start(tmp_path, "quick", to_json(recipe_named("quick")), dict(FACTS))


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_run_json_is_named(run: Run, damage: str) -> None:
    path = run.folder / "run.json"
    path.write_text(DAMAGE[damage])
    for words in (["train", str(run.folder), "--resume"], ["export", str(run.folder), "-o", "x.onnx"]):
        with pytest.raises(SafelightError) as error:
            cli.main(words, standalone_mode=False)
        said = str(error.value)
        assert (str(run.folder) in said, "\n" in said) == (True, False)
    with pytest.raises(RunError, match=r"run\.json is damaged"):
        _ = run.facts
    assert path.read_text() == DAMAGE[damage]


@pytest.mark.parametrize(
    ("began", "option"),
    [
        ({}, ""),
        ({"began_from": "color"}, " --from color"),
        ({"weights_from": "a run"}, " --from '{}/a run'"),
        ({"weights_from": "elsewhere"}, " --from RUN, where RUN is the folder of elsewhere"),
    ],
)
def test_a_run_without_checkpoints_says_how_it_began(run: Run, began: dict[str, str], option: str) -> None:
    """Trained anew by another beginning it would be another run."""
    (run.folder.parent / "a run").mkdir()
    run.note(**began)
    (run.folder / "checkpoints" / "last.ckpt").write_bytes(b"cut")
    with pytest.raises(RunError) as error:
        to_go_on_from(run, torch.nn.Linear(1, 1))
    assert str(error.value).endswith(f"--data DATASET{option.format(run.folder.parent)}")


def test_a_run_json_without_its_dataset_is_named(run: Run) -> None:
    run.note(dataset=None)
    with pytest.raises(RunError, match=r"run\.json is damaged \(it names no dataset"):
        _ = run.dataset


@pytest.mark.parametrize("text", ['{"name": "qui', "[]", '{"name": 5}', "[" * 100_000])
def test_a_damaged_recipe_json_is_named(run: Run, text: str) -> None:
    (run.folder / "recipe.json").write_text(text)
    with pytest.raises(RunError, match=r"recipe\.json cannot be used: ") as error:
        recipe_of(run)
    assert "\n" not in str(error.value)
    (run.folder / "recipe.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunError, match=r"recipe\.json is damaged"):
        recipe_of(run)


@pytest.mark.parametrize("strange", ["what,is,this", "\0\0\0\0", "7,1,2,3,4,5"])
def test_a_damaged_table_keeps_its_readable_rows_and_itself(
    tmp_path: Path, strange: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "metrics.csv"
    text = f"step,loss\n1,0.5\n{strange}\n2,0.25\n3,0.125\n"
    path.write_text(text)
    table = MetricsFile(path, 2)
    table.log_metrics({"loss": 0.2}, 3)
    assert path.read_text() == "step,loss\n1,0.5\n2,0.25\n3,0.2\n"
    assert (tmp_path / "metrics.damaged.csv").read_text() == text
    said = capfd.readouterr().err
    assert ("metrics.csv was damaged" in said, said.count("\n")) == (True, 1)


def test_a_table_without_steps_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("a,b\n1,2\n")
    MetricsFile(path, 5).log_metrics({"loss": 0.2}, 6)
    assert path.read_text().splitlines()[-1].startswith("6,")
    assert (tmp_path / "metrics.damaged.csv").read_text() == "a,b\n1,2\n"


def test_a_run_that_cannot_be_begun_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Run, **facts: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Run, "note", full)
    with pytest.raises(RunError, match=r"quick cannot be written \(No space left on device\)"):
        Run.start(tmp_path, "quick", "{}", {})
    assert list(tmp_path.iterdir()) == []
