"""A run that begins with a model's weights; a run that ends in a given time; what is said of both."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnx import load_from_string, numpy_helper

from safelight.errors import ModelError, RecipeError
from safelight.journal.run import Run
from safelight.nn.encoders import TimmEncoder
from safelight.nn.read_back import unfolding
from safelight.runtime.modelfile import find_model
from safelight.runtime.session import Session
from safelight.training.begin import check_same_network, take_model, take_run
from safelight.training.console import Clock, in_words
from safelight.training.optimizers import learning_rate_share
from safelight.training.overrides import override, to_json
from safelight.training.pace import Pace, ending_in
from safelight.training.recipe import all_recipes, recipe_named
from safelight.training.task import training_task


def test_the_bundled_finder_is_begun_with() -> None:
    """take_model itself refuses weights whose answers are not the file's; here, that the file's numbers are there."""
    recipe = recipe_named("scratches-encoder")
    torch.manual_seed(1)
    network = training_task(recipe).network(recipe)
    began = take_model(network, "scratches", recipe)
    assert began.missing == []
    stored = {
        t.name: numpy_helper.to_array(t)
        for t in load_from_string(find_model("scratches", "scratches").read()).graph.initializer
    }
    out = network.unet.out  # type: ignore[union-attr]
    assert np.array_equal(out.weight.detach().numpy(), stored["network.unet.out.weight"])  # type: ignore[union-attr]


def test_a_frozen_encoder_can_be_trained_on() -> None:
    """take_model sees that the answers are the file's; here, that its norms are back and that all of it learns."""
    recipe = recipe_named("color")
    recipe = replace(recipe, model=replace(recipe.model, freeze=False))  # type: ignore[attr-defined]
    network = training_task(recipe).network(recipe)
    began = take_model(network, "color", recipe)
    assert began.missing == []
    assert all(weight.requires_grad for weight in network.parameters())
    assert sum(pair.conv.startswith("encoder.body.") for pair in began.folded) > 40


def test_an_encoder_that_was_trained_can_be_kept_as_it_is() -> None:
    """A frozen encoder's file has another order than a trained one's; the answers are those of the file."""
    recipe = recipe_named("fill-encoder")
    assert not recipe.model.freeze  # type: ignore[attr-defined]
    recipe = replace(recipe, model=replace(recipe.model, freeze=True))  # type: ignore[attr-defined]
    network = training_task(recipe).network(recipe)
    began = take_model(network, "fill", recipe)
    assert began.missing == []
    stays, learns = set(), set()
    for name, weight in network.named_parameters():
        (learns if weight.requires_grad else stays).add(name.split(".")[1])
    assert stays == {"encoder"}
    assert "encoder" not in learns
    planes = torch.rand(1, 7, 64, 96, generator=torch.Generator().manual_seed(0))
    reply = Session(find_model("fill", "fill"))(planes=planes[0].numpy())
    with torch.no_grad():
        assert np.abs(network.eval()(planes)[0].numpy() - reply["rgb"]).max() < 0.01
    norms = {name for name, module in network.named_modules() if isinstance(module, torch.nn.BatchNorm2d)}
    assert {pair.norm for pair in began.folded} == norms


@pytest.mark.parametrize(
    ("model", "recipe", "error", "message"),
    [
        (
            "color",
            "quick",
            RecipeError,
            r"than the recipe quick: .* \(color\), or give .*--model.widths 128,96,64,32 ",
        ),
        ("fill", "fill", RecipeError, r"than the recipe fill: .* \(fill-encoder, .* --model.kind encoder\)$"),
        ("color", "scratches", ModelError, "made for the task 'colorize'"),
        ("colour", "color", ModelError, "did you mean 'color'"),
    ],
)
def test_what_cannot_be_begun_with_is_said(
    model: str, recipe: str, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message) as refusal:
        check_same_network(model, recipe_named(recipe))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", all_recipes())
def test_every_recipe_can_be_made_to_end_in_time(name: str) -> None:
    """By the sum: steps, looks and what comes once take the time that was given, to within a step."""
    recipe, pace = recipe_named(name), Pace(step=0.5, look=12.0, once=20.0)
    short = ending_in(recipe, 600.0, pace)
    looks = -(-short.train.steps // short.train.validate_every)
    assert 600 - 0.5 <= short.train.steps * 0.5 + looks * 12 + 20 <= 600 + 12
    assert pace.seconds(short) == pytest.approx(600, abs=12.5)
    assert 1 / (1 - short.train.ema) <= short.train.steps / 9 or not recipe.train.ema
    share = learning_rate_share(short.optimizer, short.train.steps)
    if short.optimizer.schedule == "one_cycle":
        assert share(short.train.steps - 1) < 0.05
    assert replace(short, train=recipe.train, optimizer=recipe.optimizer) == recipe


def test_too_few_minutes_say_how_many_are_needed() -> None:
    with pytest.raises(RecipeError, match=r"1 minutes are too few: .* expected 2 at least"):
        ending_in(recipe_named("color"), 60.0, Pace(step=3.0, look=20.0, once=10.0))


def test_the_time_left_counts_the_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("safelight.training.console.time.monotonic", lambda: now[0])
    clock = Clock()
    clock.begin(0, 10, 4)  # looks after 4, 8 and 10
    for step in range(1, 5):
        now[0] += 2.0
        clock.step(step)
    clock.look_begins()
    now[0] += 60.0
    clock.look_ends()
    assert clock.seconds() == 6 * 2.0 + 2 * 60.0
    assert clock.left() == "about 2 minutes left"
    assert [in_words(each) for each in (4, 65, 600, 3 * 3600)] == [
        "10 seconds",
        "60 seconds",
        "10 minutes",
        "3.0 hours",
    ]


def test_a_run_that_has_none_of_the_weights_is_refused(tmp_path: Path) -> None:
    """Else the new run would say that it began with them, and had begun with chance."""
    recipe = recipe_named("scratches-quick")
    run = Run.start(tmp_path, "scratches-quick", to_json(recipe), {})
    stored = {"global_step": 1, "state_dict": {"network.another.weight": torch.zeros(2, 3)}}
    torch.save(stored, run.folder / "checkpoints" / "last.ckpt")
    network = torch.nn.Linear(3, 2)
    with pytest.raises(RecipeError, match=r"none of the weights of .*, a run of the recipe scratches-quick"):
        take_run(network, run, recipe)
    stored["state_dict"] = {"network.weight": torch.ones(2, 3)}
    torch.save(stored, run.folder / "checkpoints" / "last.ckpt")
    assert take_run(network, run, recipe).missing == ["bias"]
    assert network.weight.sum() == 6


@pytest.mark.parametrize("name", ["color", "fill-encoder", "scratches-encoder"])
@pytest.mark.parametrize("frozen_first", [True, False])
def test_an_encoder_is_thawed_or_frozen_on_the_way(tmp_path: Path, name: str, frozen_first: bool) -> None:
    """The usual two steps, frozen and then trained, begin where the first one ended: the same answers."""
    first, then = (
        override(recipe_named(name), {"model.freeze": frozen})
        for frozen in (str(frozen_first), str(not frozen_first))
    )
    task = training_task(first)
    torch.manual_seed(1)
    learned = task.network(first)
    with torch.no_grad():  # as training leaves them: other weights, and norms that saw pictures
        for tensor in learned.state_dict().values():
            if tensor.is_floating_point():
                tensor.mul_(1.0 + 0.1 * torch.rand(tensor.shape))
    run = Run.start(tmp_path, name, to_json(first), {})
    state = {f"network.{key}": tensor for key, tensor in learned.state_dict().items()}
    torch.save({"global_step": 1, "state_dict": state}, run.folder / "checkpoints" / "last.ckpt")
    network = task.network(then)
    began = take_run(network, run, then)
    assert began.missing == []
    assert bool(began.folded) == frozen_first
    planes = torch.rand(2, task_planes(first), 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, answer = (first_of(each.eval()(planes)) for each in (learned, network))
        assert (answer - expected).abs().max() <= 1e-3 * expected.abs().max()
        with unfolding(network, began.folded):
            network(planes)
        assert (first_of(network(planes)) - expected).abs().max() <= 1e-3 * expected.abs().max()
    encoder = next(module for module in network.modules() if isinstance(module, TimmEncoder))
    assert all(weight.requires_grad == frozen_first for weight in encoder.parameters())


def task_planes(recipe: Any) -> int:
    """How many planes a question of the recipe has."""
    return {"colorize": 7, "inpaint": 7, "scratches": 3}[recipe.task]


def first_of(answer: Any) -> torch.Tensor:
    """The answer, or the first of its parts."""
    return answer if isinstance(answer, torch.Tensor) else answer[0]
