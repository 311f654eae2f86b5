"""safelight journal: listed without a name, drawn, compared or refused with the command that mends it."""

from pathlib import Path

import click
import numpy as np
import pytest

from safelight.cli.main import cli
from safelight.errors import RunError
from safelight.evaluation.paired import most_changed, pair
from safelight.journal.records import read_record
from tests.journal.made import RECIPE, healthy, write_run, write_verdict

CASE = healthy(np.random.default_rng(0))


def here(*words: str | Path) -> object:
    return cli.main(list(map(str, words)), standalone_mode=False)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs a change apart, judged alike, and a third that was not judged."""
    root, rng = tmp_path / "runs", np.random.default_rng(0)
    gains = rng.normal(2, 2, (40, 2))
    changed = {**RECIPE, "optimizer": {**RECIPE["optimizer"], "lr": 0.001}}
    write_verdict(write_run(root, "a", CASE), gains)
    write_verdict(
        write_run(root, "b", CASE, parent="a", difference={"optimizer.lr": [0.002, 0.001]}, recipe=changed),
        gains + 0.3 + rng.normal(0, 0.2, gains.shape),
    )
    write_run(root, "c", CASE, recipe={**RECIPE, "train": {**RECIPE["train"], "seed": 1}})
    return root


def test_the_runs_are_listed_with_and_without_the_name(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here("journal", runs)
    short = capsys.readouterr().out
    here("journal", "list", runs)
    assert capsys.readouterr().out == short
    assert "└─ b" in short
    assert "optimizer.lr 0.002 → 0.001" in short


def test_the_page_is_written(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    here("journal", "page", runs, "-o", tmp_path / "out")
    assert str(tmp_path / "out" / "journal.html") in capsys.readouterr().out
    assert (tmp_path / "out" / "journal.md").is_file()


def test_a_better_run_is_called_better_and_its_one_change_named(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here("journal", "compare", runs / "a", runs / "b", "-o", tmp_path / "out")
    told = capsys.readouterr()
    assert "b is better than a" in told.out
    assert "One thing differs: optimizer.lr 0.002 → 0.001." in told.out
    assert "no pictures" in told.err  # these runs have neither dataset nor weights
    assert (tmp_path / "out" / "compare.md").is_file()


def test_what_was_not_judged_is_refused_with_the_command(runs: Path) -> None:
    with pytest.raises(RunError, match=r"c was not judged.*safelight judge .*c --data .*photos --split val"):
        here("journal", "compare", runs / "a", runs / "c")
    with pytest.raises(click.UsageError, match="two runs"):
        here("journal", "compare", runs / "a", runs / "a")
    with pytest.raises(RunError, match="not a folder"):
        here("journal", runs / "missing")


def test_the_most_changed_pictures_are_the_ends(runs: Path) -> None:
    one, other = (read_record(runs / name).verdicts for name in "ab")
    pairing = pair(one, other)
    change = pairing.differences[:, 1]
    chosen = most_changed(change, each=2)
    assert {rank for rank, _ in chosen} == {"improved", "worsened"}
    assert change[chosen[0][1]] == change.max()
    assert change[chosen[2][1]] == change.min()
    assert len({place for _, place in chosen}) == len(chosen)
