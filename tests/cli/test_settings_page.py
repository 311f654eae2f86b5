"""The page of settings: made from the code, and never behind it."""

import re
from pathlib import Path

import pytest

from safelight.cli.settings_page import MAIN, settings_page
from safelight.tasks.registry import TASKS
from safelight.training.overrides import settings
from safelight.training.recipe import all_recipes, recipe_named

DOCS = Path(__file__).parents[2] / "docs"
ROW = re.compile(
    r"^\| `([a-z_0-9.]+)` \| (.+?) \| (.+?) \| (.+?) \| \[[a-z]+\]\(([a-z]+\.md)[^)]*\) \|$", re.MULTILINE
)


@pytest.fixture(scope="module")
def page() -> str:
    return settings_page()


def test_the_page_is_written(page: str) -> None:
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == page, "run `make docs`"


def test_every_setting_of_every_recipe_has_a_row(page: str) -> None:
    rows = {name for name, *_ in ROW.findall(page)}
    assert {name for recipe in all_recipes() for name in settings(recipe_named(recipe))} <= rows
    assert len(ROW.findall(page)) == len(re.findall(r"^\| `", page, re.MULTILINE))


def test_a_row_has_choices_values_meaning_and_a_page(page: str) -> None:
    rows = {name: cells for name, *cells in ROW.findall(page)}
    typed, value, meaning, more = rows["train.precision"]
    assert (typed, value, more) == ("`auto`, `bf16`, `32`", "`auto`", "training.md")
    assert "autocast" in meaning
    assert rows["model.skip_gates"][0] == "true or false"
    assert rows["name"][1] == "; ".join(f"{name}: `{name}`" for name in MAIN)
    assert rows["data.weights"][1] == "(none)"
    assert {more for *_, more in rows.values()} <= {path.name for path in DOCS.glob("*.md")}
    assert "measured" in rows["preparation.vivid_gain"][2]


def test_each_task_has_a_main_recipe() -> None:
    assert {recipe_named(name).task for name in MAIN} == set(TASKS)
