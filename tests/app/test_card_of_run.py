"""A run's folder and dataset, as the card of its model."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from torch import nn

from safelight.app.card_of_run import base_card, card_of_run, training_sets
from safelight.journal.run import Run
from safelight.recipes import recipe_named
from safelight.training.tree import to_json

SCORES = {"val/loss": 1.5}


class Rows:
    """A dataset's metadata without its pixels."""

    def __len__(self) -> int:
        return 3

    def rows(self, index: int) -> Mapping[str, Any]:
        return {"source": "attic" if index else "garden", "licence": "CC0"}


def started(folder: Path, recipe: Any) -> Run:
    facts = {"dataset": {"path": "datasets/garden"}, "scores": SCORES}
    return Run.start(folder, recipe.name, to_json(recipe), facts)


def test_sources_are_counted_the_largest_first() -> None:
    pictures: Any = Rows()
    assert [(part.name, part.license, part.pictures) for part in training_sets(pictures)] == [
        ("attic", "CC0", 2),
        ("garden", "CC0", 1),
    ]


@pytest.mark.parametrize("name", ["color", "fill", "figures"])
def test_every_task_says_whose_and_of_what(tmp_path: Path, name: str) -> None:
    recipe: Any = recipe_named(name)
    pictures: Any = Rows()
    card = base_card(started(tmp_path, recipe), nn.Linear(3, 2), recipe, pictures, "mine", "MIT")
    assert (card.name, card.task, card.license, card.recipe_name) == ("mine", recipe.task, "MIT", name)
    assert (card.parameters, card.size, card.scores) == (3 * 2 + 2, recipe.augment.size, SCORES)
    assert card.preparation == asdict(recipe.preparation)
    assert card.command == f"safelight train {name} --data garden"


def test_a_colorizer_names_its_inputs_and_where_its_encoder_is_from(tmp_path: Path) -> None:
    recipe: Any = recipe_named("color")
    network: Any = nn.Linear(3, 2)
    pictures: Any = Rows()
    card = card_of_run(started(tmp_path, recipe), network, recipe, pictures, "mine", 256, "MIT")
    assert card.size == 256
    assert [part.name for part in card.inputs] == ["planes"]
    assert "ImageNet" in card.notes
