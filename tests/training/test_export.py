"""A run's folder and dataset, as the card of its model, and as the model itself."""

import json
import shlex
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

from safelight.journal.run import Run
from safelight.runtime.modelfile import find_model
from safelight.tasks.base import Task
from safelight.tasks.colorize.export import ColorizeExporter
from safelight.tasks.registry import all_tasks, task_named
from safelight.terminal import Stages
from safelight.training.export import Trained, command, export_run, model_card, unfinished
from safelight.training.overrides import override, to_json
from safelight.training.recipe import recipe_named
from safelight.training.task import training_task

SCORES = {"val/loss": 1.5}
SMALL = {
    "model.channels": "4",
    "model.steps": "2",
    "model.blocks": "1",
    "model.skips": "1",
    "augment.size": "64",
}


class Rows:
    """A dataset of noise."""

    sources = ("garden", "attic", "attic")
    licenses = (None, "CC0", "CC0")

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> np.ndarray:
        return np.random.default_rng(index).integers(0, 256, (64, 64, 3), dtype=np.uint8)

    def rows(self, index: int) -> Mapping[str, Any]:
        return {"source": self.sources[index], "licence": self.licenses[index]}


def trained(folder: Path, recipe: Any, size: int = 64, network: Any = None) -> Trained[Any, Any]:
    facts = {"dataset": {"path": "datasets/garden"}, "scores": SCORES}
    run = Run.start(folder, recipe.name, to_json(recipe), facts)
    pictures: Any = Rows()
    return Trained(run, network or nn.Linear(3, 2), recipe, pictures, pictures, size, "MIT")


@pytest.mark.parametrize("name", ["color", "fill", "figures", "scratches"])
def test_every_task_says_whose_and_of_what(tmp_path: Path, name: str) -> None:
    recipe: Any = recipe_named(name)
    card = model_card(trained(tmp_path, recipe), "mine")
    assert (card.name, card.task, card.license, card.recipe_name) == (
        "mine",
        task_named(name).card_tasks[0],
        "MIT",
        name,
    )
    assert (card.parameters, card.size, card.scores) == (3 * 2 + 2, 64, SCORES)
    assert card.preparation == asdict(recipe.preparation)
    assert card.command == f"safelight train {name} --data garden"


VERDICTS = {
    "fill": {
        "format": "safelight-fill-verdict",
        "size": 128,
        "cells": ["1-10 %", "1-10 % b", "all"],
        "curves": {
            "mine": {"hole_psnr": {"1-10 %": [24, 23, 25], "1-10 % b": [2, 1, 3], "all": [19, 18, 20]}}
        },
    },
    "scratches": {
        "format": "safelight-scratches-verdict",
        "size": 256,
        "cells": ["whole", "cracks", "all"],
        "curves": {"mine": {"f1": {"whole": [None] * 3, "cracks": [0.7, 0.6, 0.8], "all": [0.6, 0.5, 0.7]}}},
    },
    "figures": {
        "format": "safelight-code-verdict",
        "latent": 256,
        "errors": {"model": {"psnr": [22.4, 22, 23]}, "PCA": {"psnr": [21.1, 21, 22]}},
    },
}
FIGURES = {
    "fill": {
        "judged": "9 pictures of garden/val, holes in 128 px",
        "PSNR in it, dB, hole: 1-10 %": 24.0,
        "PSNR in it, dB, hole: all": 19.0,
    },
    "scratches": {
        "judged": "9 pictures of garden/val, drawn damage in 256 px",
        "F1, damage, px: cracks": 0.7,
        "F1, damage, px: all": 0.6,
    },
    "figures": {
        "judged": "9 pictures of garden/val, codes of 256",
        "PSNR, dB, method: model": 22.4,
        "PSNR, dB, method: PCA": 21.1,
    },
}


@pytest.mark.parametrize("name", VERDICTS)
def test_scores_are_those_of_the_newest_verdict(tmp_path: Path, name: str) -> None:
    own = trained(tmp_path, recipe_named(name))
    folder = own.run.folder / "verdicts" / ("codes" if name == "figures" else "")
    folder.mkdir(exist_ok=True)
    both = {"version": 1, "seed": 0, "model": "mine", "pictures": 9, "dataset": "garden"}
    for number, split in enumerate(("test", "val")):
        verdict = {**VERDICTS[name], **both, "split": split, "judged": f"2026-11-2{number}T12:00:00+00:00"}
        (folder / f"{number}.json").write_text(json.dumps(verdict))
    assert model_card(own, "mine").scores == FIGURES[name]


def test_a_colorizer_names_its_inputs_and_where_its_encoder_is_from(tmp_path: Path) -> None:
    own = trained(tmp_path, recipe_named("color"), 256)
    export = ColorizeExporter().prepare(own, model_card(own, "mine"))
    assert export.card.size == 256
    assert [part.input.name for part in export.parts] == ["planes"]
    assert "ImageNet" in export.card.notes


def test_a_filler_on_a_pretrained_encoder_says_where_that_is_from(tmp_path: Path) -> None:
    small = {"model.widths": "8,8,8,8,8", "model.blocks": "1", "augment.size": "64"}
    recipe = override(recipe_named("fill-encoder"), small)
    own = trained(tmp_path, recipe, network=training_task(recipe).network(recipe).eval())
    assert "differs from torch by at most" in export_run(own, tmp_path / "mine.onnx")
    assert "ImageNet" in find_model(str(tmp_path / "mine.onnx"), ("fill",)).card.notes


@pytest.mark.parametrize("name", ["fill", "scratches"])
def test_a_network_becomes_a_file_that_is_said_to_answer_as_torch_does(tmp_path: Path, name: str) -> None:
    recipe = override(recipe_named(name), SMALL)
    own = trained(tmp_path, recipe, network=training_task(recipe).network(recipe).eval())
    line = export_run(own, tmp_path / "mine.onnx")
    assert "differs from torch by at most" in line
    card = find_model(str(tmp_path / "mine.onnx"), (name,)).card
    assert (card.name, card.task, card.size) == ("mine", name, 64)


@pytest.mark.parametrize("task", all_tasks(), ids=lambda task: task.name)
def test_the_parts_of_a_model_are_the_files_that_its_task_names(task: Task) -> None:
    recipe = recipe_named({"colorize": "quick", "inpaint": "fill"}.get(task.name, task.main_recipe))
    parts = task.exporting.parts(task.training.network(recipe), recipe)
    assert [(part.ending, part.task) for part in parts] == [*zip(task.endings, task.card_tasks, strict=True)]


def test_a_run_that_was_stopped_says_so_in_its_card(tmp_path: Path) -> None:
    """By hand: 37 of 12,000 steps."""
    recipe = recipe_named("color")
    begun = trained(tmp_path, recipe)
    begun.run.note(state="stopped", step=37)
    assert unfinished(begun.run) == "was stopped at step 37 of 12,000"
    card = model_card(begun, "model").with_notes("Made of photos.")
    assert card.notes == "The training was stopped at step 37 of 12,000 steps. Made of photos."
    assert "was stopped at step 37 of 12,000" in card.to_page()
    begun.run.note(state="finished", step=12_000)
    assert unfinished(begun.run) == ""
    assert model_card(begun, "model").notes == ""


def test_another_name_leaves_the_command_one_that_can_be_typed() -> None:
    """It trains the same recipe, by the one that the settings are nearest to."""
    recipe = override(recipe_named("color"), {"name": "mine", "optimizer.lr": "0.001"})
    words = shlex.split(command(recipe, "photos"))
    assert words[:5] == ["safelight", "train", "color", "--data", "photos"]
    settings = {name.removeprefix("--"): value for name, value in zip(words[5::2], words[6::2], strict=True)}
    assert settings == {"name": "mine", "optimizer.lr": "0.001"}
    assert override(recipe_named("color"), settings) == recipe


def test_a_long_stage_gives_a_sign_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    with Stages(beat=0.02) as stage:
        stage("thinking")
        for _ in range(100):
            time.sleep(0.02)
            if "thinking: 0 s" in (said := capsys.readouterr().err):
                break
    assert "thinking: 0 s" in said
