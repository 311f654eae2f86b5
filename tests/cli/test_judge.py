"""What safelight judge refuses in a line, before pictures are opened (test_data_and_judge.py judges)."""

from pathlib import Path

import click
import pytest

from safelight.cli.evaluation_job import EvaluationJob, task_of
from safelight.cli.main import cli
from safelight.errors import RecipeError, RunError
from safelight.journal.run import Run
from safelight.training.overrides import to_json
from safelight.training.recipe import recipe_named
from tests.runtime.tiny import make_model

TASKS = {"quick": "colorize", "fill": "inpaint", "scratches": "scratches", "figures-quick": "autoencode"}


def judge(*words: str | Path) -> object:
    """In this process, of pictures that are not there."""
    given = ["judge", *map(str, words), "--data", "no such folder", "-o", "report"]
    return cli.main(given, standalone_mode=False)


@pytest.mark.parametrize(
    ("judged", "other", "words"),
    [
        ("colorize", "inpaint", "OTHER --task colorize"),
        ("colorize", "inpaint", "OTHER --task colorize --robust"),
        ("colorize", "scratches", "MODEL --beside OTHER"),
        ("colorize", "inpaint", "MODEL --beside OTHER --no-baselines"),
        ("inpaint", "colorize", "OTHER --task fill"),
        ("inpaint", "autoencode", "biharmonic --beside OTHER"),
        ("scratches", "colorize", "OTHER --task scratches"),
        ("scratches", "inpaint", "ridge --beside OTHER"),
    ],
)
def test_a_run_of_another_task_is_refused(judged: str, other: str, words: str, tmp_path: Path) -> None:
    (recipe,) = (name for name, task in TASKS.items() if task == other)
    run = Run.start(tmp_path, recipe, to_json(recipe_named(recipe)), {}).folder
    stands_for = {"OTHER": run, "MODEL": make_model(tmp_path)}
    with pytest.raises(RunError, match=f"is a run of {other}; expected one of {judged}"):
        judge(*(stands_for.get(word, word) for word in words.split()))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("biharmonic", "--robust"), "--robust is not for inpainting models"),
        (("figures", "--protocol", "print"), "--protocol is not for autoencoders"),
        (("telea", "--no-baselines"), "--no-baselines is not for inpainting models"),
        (("ridge", "--robust"), "--robust is not for scratch detectors"),
        (("figures", "--no-baselines"), "--no-baselines is not for autoencoders"),
        (("figures", "--beside", "figures"), "--beside is not for autoencoders"),
        (("color", "--robust", "--beside", "color"), "--beside is not for --robust"),
        (("color", "--robust", "--no-baselines"), "--no-baselines is not for --robust"),
        (("color", "--robust", "--protocol", "print"), "--protocol print is not for --robust"),
        (("color", "--limit", "0"), "0 is not in the range x>=1"),
        (("fill", "--limit", "-2"), "-2 is not in the range x>=1"),
        (("color", "--seed", "-1"), "-1 is not in the range x>=0"),
    ],
)
def test_what_would_be_ignored_or_cannot_be_is_refused(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(click.UsageError, match=says):
        judge(*words)


def test_a_report_that_could_not_be_written_is_refused_first(tmp_path: Path) -> None:
    """Before a look at a test split is counted, and before minutes of it."""
    taken = tmp_path / "report"
    taken.write_text("mine")
    for out, says in (
        (taken, "is a file; expected a folder"),
        (tmp_path / "report.html", "would be a folder"),
    ):
        with pytest.raises(click.UsageError, match=says):
            cli.main(["judge", "color", "--data", "no such folder", "-o", str(out)], standalone_mode=False)
    assert taken.read_text() == "mine"
    (tmp_path / "dataset").mkdir()
    (tmp_path / "dataset" / "report.md").write_text("of the dataset")
    with pytest.raises(click.UsageError, match=r"has a report\.md of something else"):
        cli.main(
            ["judge", "color", "--data", "no such folder", "-o", str(tmp_path / "dataset")],
            standalone_mode=False,
        )


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("color", "--protocol", "holes"), "compact, siggraph17, icolorit, print"),
        (("fill", "--protocol", "compcat"), "holes, print"),
        (("color", "--task", "scratches", "--protocol", "compact"), "scratches, print"),
    ],
)
def test_a_protocol_that_the_task_has_not_is_refused_with_its_names(
    words: tuple[str, ...], names: str
) -> None:
    with pytest.raises(RecipeError, match=f"there is no protocol '.*'; choose one of {names}$"):
        judge(*words)


def test_what_is_judged_beside_is_opened_under_its_label() -> None:
    job = EvaluationJob("a.onnx", Path("set"), Path("report"), "val", None, 0, ("b/x.onnx", "telea"), 1)
    assert job.labels() == ["a", "x", "telea"]
    assert job.labels(["x", "telea"]) == ["a.onnx", "b/x.onnx", "telea"]  # x.onnx is no baseline
    assert job.others(str.upper) == {"x": "B/X.ONNX", "telea": "TELEA"}


def test_a_file_called_like_a_method_is_no_method(tmp_path: Path) -> None:
    assert task_of("ridge").name == "scratches"
    assert task_of("ridge, dark too").name == "scratches"
    assert task_of(str(make_model(tmp_path, "ridgeline"))).name != "scratches"
    assert task_of("ridgeline.onnx").name != "scratches"
