"""What safelight judge refuses in a line, before pictures are opened (test_data_and_judge.py judges)."""

from pathlib import Path

import click
import pytest

from safelight.cli.commands.judge_scratches import is_finder
from safelight.cli.main import cli
from safelight.cli.sitting import Sitting
from safelight.errors import RunError
from safelight.journal.run import Run
from safelight.training.recipe import recipe_named
from safelight.training.tree import to_json
from tests.runtime.tiny import make_model

TASKS = {"quick": "colorize", "fill": "fill", "scratches": "scratches", "figures-quick": "code"}


def judge(*words: str | Path) -> object:
    """In this process, of pictures that are not there."""
    given = ["judge", *map(str, words), "--data", "no such folder", "-o", "report"]
    return cli.main(given, standalone_mode=False)


@pytest.mark.parametrize(
    ("judged", "other", "words"),
    [
        ("colorize", "fill", "OTHER --task colorize"),
        ("colorize", "fill", "OTHER --task colorize --robust"),
        ("colorize", "scratches", "MODEL --beside OTHER"),
        ("colorize", "fill", "MODEL --beside OTHER --no-baselines"),
        ("fill", "colorize", "OTHER --task fill"),
        ("fill", "code", "biharmonic --beside OTHER"),
        ("scratches", "colorize", "OTHER --task scratches"),
        ("scratches", "fill", "ridge --beside OTHER"),
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
        (("biharmonic", "--robust"), "--robust is not for what fills holes"),
        (("fill", "--protocol", "compcat"), "--protocol is not for what fills holes"),
        (("telea", "--no-baselines"), "--no-baselines is not for what fills holes"),
        (("ridge", "--robust"), "--robust is not for what finds scratches"),
        (("color", "--task", "scratches", "--protocol", "compact"), "--protocol is not for what finds"),
        (("figures", "--no-baselines"), "--no-baselines is not for autoencoders"),
        (("figures", "--beside", "figures"), "--beside is not for autoencoders"),
        (("color", "--robust", "--beside", "color"), "--beside is not for --robust"),
        (("color", "--robust", "--no-baselines"), "--no-baselines is not for --robust"),
        (("color", "--limit", "0"), "0 is not in the range x>=1"),
        (("fill", "--limit", "-2"), "-2 is not in the range x>=1"),
        (("color", "--seed", "-1"), "-1 is not in the range x>=0"),
    ],
)
def test_what_would_be_ignored_or_cannot_be_is_refused(words: tuple[str, ...], says: str) -> None:
    with pytest.raises(click.UsageError, match=says):
        judge(*words)


def test_what_is_judged_beside_is_opened_under_its_label() -> None:
    sitting = Sitting("a.onnx", Path("set"), Path("report"), "val", None, 0, ("b/x.onnx", "telea"), 1)
    assert sitting.labels == ["a", "x", "telea"]
    assert sitting.others(str.upper) == {"x": "B/X.ONNX", "telea": "TELEA"}


def test_a_file_called_like_a_method_is_no_method(tmp_path: Path) -> None:
    assert is_finder("ridge")
    assert is_finder("ridge, dark too")
    assert not is_finder(str(make_model(tmp_path, "ridgeline")))
    assert not is_finder("ridgeline.onnx")
