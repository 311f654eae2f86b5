"""safelight doctor: exit codes, and every flag that it can name is one that the recipe takes."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from safelight.cli.main import cli
from safelight.errors import RunError
from safelight.journal.records import flatten
from safelight.training.overrides import override, settings, to_json
from safelight.training.recipe import all_recipes, from_json
from tests.journal.made import SICK, SYMPTOMS, healthy, write_run

CASE = healthy(np.random.default_rng(0))


def here(*words: str | Path) -> object:
    return cli.main(list(map(str, words)), standalone_mode=False)


def flags(text: str) -> dict[str, str]:
    """{"model.norm": "group"} of "--model.norm group"."""
    return dict(re.findall(r"--([\w.]+) (\S+)", text))


@pytest.mark.parametrize("name", all_recipes())
def test_every_flag_is_valid_for_every_recipe(name: str) -> None:
    recipe = all_recipes()[name]()
    stored = flatten(json.loads(to_json(recipe)))
    assert set(stored) == set(settings(recipe))
    tried = 0
    for symptom in SYMPTOMS:
        for remedy in symptom.remedies:
            changes = remedy(stored)
            if changes:
                tried += 1
                changed = override(recipe, changes)  # refuses what it does not know, or what cannot work
                assert changed != recipe
                assert dataclasses.is_dataclass(from_json(to_json(changed)))
    assert tried > 5


@pytest.mark.parametrize("kind", ["a leap that stays", "pale", "deaf to hints", "standstill"])
def test_a_sick_run_leaves_with_one_and_a_flag(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected, sicken = SICK[kind]
    folder = write_run(tmp_path, "run", sicken(CASE, np.random.default_rng(0)))
    stored = json.loads(to_json(all_recipes()["color"]()))
    stored["train"]["steps"] = CASE.planned
    (folder / "recipe.json").write_text(json.dumps(stored))
    assert here("doctor", folder) == 1
    told = capsys.readouterr().out
    assert expected in told
    (attempt,) = re.findall(r"try {7}(--.*)", told)
    assert override(all_recipes()["color"](), flags(attempt)) != all_recipes()["color"]()
    assert (folder / "doctor" / "report.md").is_file()


def test_a_healthy_run_leaves_with_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_run(tmp_path, "run", CASE)
    assert here("doctor", folder, "--no-report") == 0
    assert "run: healthy: 12 of 14 checks for a colorizer could be made" in capsys.readouterr().out
    assert not (folder / "doctor").exists()


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run folder"):
        here("doctor", tmp_path)
