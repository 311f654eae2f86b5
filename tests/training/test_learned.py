"""What a model's weights have learned from, through all runs that they have been through."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from safelight.journal.run import Run
from safelight.runtime.card import TrainingSet
from safelight.runtime.modelfile import find_model
from safelight.training.export import history, model_card
from safelight.training.learned import facts_of_learning, sets_in, together, training_sets
from safelight.training.overrides import to_json
from safelight.training.recipe import recipe_named
from tests.training.test_export import Rows, trained

GARDEN, ATTIC = TrainingSet("garden", "unknown", 1), TrainingSet("attic", "CC0", 2)


def test_sources_are_counted_the_largest_first() -> None:
    pictures: Any = Rows()
    assert training_sets(pictures) == (ATTIC, GARDEN)


def test_of_a_set_that_several_runs_saw_the_most_counts() -> None:
    cellar, more = TrainingSet("cellar", "MIT", 9), replace(ATTIC, pictures=5)
    assert together([ATTIC, GARDEN], [cellar], [more]) == (cellar, more, GARDEN)
    other = replace(ATTIC, license="MIT")  # the same name, other terms
    assert set(together([ATTIC], [other])) == {ATTIC, other}


def test_a_run_that_begins_with_a_model_has_learned_what_that_had(tmp_path: Path) -> None:
    """Its card names the model's sets and, before its own command, the model's."""
    card = find_model("color", "colorize").card
    pictures: Any = Rows()
    facts = {"dataset": {"path": "datasets/garden"}, "began_from": "color"}
    facts |= facts_of_learning(pictures, card=card)
    recipe: Any = recipe_named("color")
    own = replace(trained(tmp_path, recipe), run=Run.start(tmp_path, "color", to_json(recipe), facts))
    made = model_card(own, "mine")
    assert set(made.data) == {*card.data, ATTIC, GARDEN}
    assert made.command == f"{card.command}\nsafelight train color --data garden --from color"
    again = json.loads((own.run.folder / "run.json").read_text())
    assert sets_in(again) == made.data


def test_a_run_that_keeps_weights_has_learned_what_its_parents_had(tmp_path: Path) -> None:
    recipe: Any = recipe_named("color")
    cellar = TrainingSet("cellar", "MIT", 9)
    first = {
        "dataset": {"path": "datasets/old"},
        "learned": [["cellar", "MIT", 9]],
        "made_before": "safelight x",
    }
    parent = Run.start(tmp_path, "color", to_json(recipe), first)
    pictures: Any = Rows()
    facts = {"dataset": {"path": "datasets/garden"}, "weights_from": parent.folder.name, "difference": {}}
    own = Run.start(tmp_path, "color", to_json(recipe), facts | facts_of_learning(pictures, parent))
    assert sets_in(own.facts) == (cellar, ATTIC, GARDEN)
    assert history(own).splitlines()[0] == "safelight x"


def test_runs_of_older_versions_name_no_sets(tmp_path: Path) -> None:
    recipe: Any = recipe_named("color")
    parent = Run.start(tmp_path, "color", to_json(recipe), {"dataset": {"path": "datasets/old"}})
    pictures: Any = Rows()
    assert facts_of_learning(pictures, parent) == {"learned": [["attic", "CC0", 2], ["garden", "unknown", 1]]}
