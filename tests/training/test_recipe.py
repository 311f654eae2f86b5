"""Recipes: what is typed, stored and read back is the same; what cannot be meant is refused by name."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import RecipeError
from safelight.tasks.colorize.hint_sampling import HintSampling
from safelight.tasks.colorize.losses import ColorLossSettings
from safelight.tasks.colorize.network import UNetSettings
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.training.augment import Augmentation
from safelight.training.overrides import as_typed, difference, override, settings, to_json
from safelight.training.recipe import DataSettings, OptimizerSettings, TrainSettings, all_recipes, from_json

share = st.floats(0, 1)
positive = st.floats(1e-6, 9.0)
words = st.text("abcdefghij_", min_size=1, max_size=8)


@st.composite
def recipes(draw: st.DrawFn) -> ColorizeRecipe:
    """Recipes of every kind of setting: words, choices, whole numbers, numbers, yes and no, tuples, pairs."""
    bins = draw(st.booleans())
    return ColorizeRecipe(
        name=draw(words),
        model=UNetSettings(
            encoder=draw(words),
            freeze=draw(st.booleans()),
            widths=draw(st.tuples(*[st.integers(1, 512)] * 4)),
            base=draw(st.sampled_from(["gated", "plain", "none"])),
            head="bins" if bins else "regression",
        ),
        hints=HintSampling(
            most=draw(st.integers(0, 500)), automatic=draw(share), patch=(1, draw(st.integers(1, 9)))
        ),
        augment=Augmentation(size=32 * draw(st.integers(1, 8)), aging=draw(share), flip=draw(st.booleans())),
        loss=ColorLossSettings(huber=draw(positive), bins=1.0 if bins else 0.0),
        data=DataSettings(weights=tuple(draw(st.lists(st.tuples(words, positive), max_size=3)))),
        optimizer=OptimizerSettings(
            lr=draw(positive), schedule=draw(st.sampled_from(["one_cycle", "constant"]))
        ),
        train=TrainSettings(steps=draw(st.integers(1, 10**9)), seed=draw(st.integers(0, 2**32 - 1))),
    )


@given(recipes())
def test_a_recipe_comes_back_from_its_json(recipe: ColorizeRecipe) -> None:
    assert from_json(to_json(recipe)) == recipe


@given(recipes())
def test_a_recipe_comes_back_from_its_settings_typed_on_another(recipe: ColorizeRecipe) -> None:
    assert (
        override(ColorizeRecipe("plain"), {name: as_typed(value) for name, value in settings(recipe).items()})
        == recipe
    )


@given(recipes(), recipes())
def test_the_difference_is_what_makes_the_parent_the_child(
    parent: ColorizeRecipe, child: ColorizeRecipe
) -> None:
    changed = difference(parent, child)
    assert override(parent, {name: as_typed(new) for name, (_, new) in changed.items()}) == child
    assert all(settings(parent)[name] == old for name, (old, _) in changed.items())
    assert difference(parent, parent) == {}


def test_one_change_is_one_difference() -> None:
    parent = ColorizeRecipe("one")
    child = override(parent, {"model.norm": "group"})
    assert difference(parent, child) == {"model.norm": ("batch", "group")}
    assert child == replace(parent, model=replace(parent.model, norm="group"))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("optimizer.lr", "3e-4", 3e-4),
        ("optimizer.clip", "2", 2.0),
        ("train.steps", "300", 300),
        ("train.channels_last", "no", False),
        ("train.channels_last", "True", True),
        ("train.precision", "32", "32"),
        ("model.widths", "64,48,32,16", (64, 48, 32, 16)),
        ("optimizer.betas", "0.8, 0.95", (0.8, 0.95)),
        ("data.weights", "flowers=0.5,osie=2", (("flowers", 0.5), ("osie", 2.0))),
        ("data.weights", "", ()),
        ("name", "second", "second"),
    ],
)
def test_settings_are_read_as_they_are_typed(name: str, text: str, value: object) -> None:
    assert settings(override(ColorizeRecipe("one"), {name: text}))[name] == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("model.nrm", "group", "did you mean model.norm?"),
        ("norm", "group", "did you mean model.norm?"),
        ("optimiser.lr", "1", "did you mean optimizer.lr?"),
        ("steps", "1", "did you mean train.steps?"),
        ("lr", "1", "did you mean optimizer.lr?"),
        ("optimizer.learning_rate", "1", "did you mean optimizer.lr?"),
        ("batch-size", "1", "did you mean data.batch?"),
        ("train", "1", "no setting 'train'"),
        ("qqqqqq", "1", "see --settings"),
        ("model.norm", "grop", "model.norm is 'grop'; expected one of batch, group"),
        ("train.precision", "16", "expected one of auto, bf16, 32"),
        ("train.steps", "1e3", "expected a whole number"),
        ("train.steps", "0", "counted in steps, from 1"),
        ("optimizer.lr", "fast", "optimizer.lr is 'fast'; expected a number"),
        ("optimizer.lr", "nan", "optimizer.lr is nan; expected"),
        ("optimizer.weight_decay", "inf", "optimizer.weight_decay is inf; expected"),
        ("optimizer.weight_decay", "-1", "cannot be negative"),
        ("optimizer.betas", "0.9", "optimizer.betas is [0.9]"),
        ("optimizer.betas", "0.9,1", "0 to below 1"),
        ("optimizer.warmup", "1", "share of the run"),
        ("model.widths", "64,48,32", "model.widths is [64, 48, 32]"),
        ("data.weights", "flowers", "expected a number"),
        ("data.batch", "0", "expected 1 and 0 at least"),
        ("train.channels_last", "maybe", "expected bool"),
        ("train.ema", "1", "train.ema is 1.0"),
        ("train.seed", "-1", "train.seed is -1; expected 0 to 4294967295"),
        ("train.seed", "4294967296", "expected 0 to 4294967295"),
        ("augment.size", "100", "multiple of 32"),
        ("loss.bins", "1", "--model.head bins --loss.bins 1"),
        ("hints.patch", "5,1", "hints.patch is (5, 1)"),
        ("name", "../mine", "name is '../mine'"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_line(name: str, text: str, message: str) -> None:
    with pytest.raises(RecipeError) as refusal:
        override(ColorizeRecipe("one"), {name: text})
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "recipe is not JSON"),
        ("[]", "recipe is []; expected an object"),
        ("{}", "name is missing"),
        ('{"name": "a", "modle": {}}', "no setting 'modle'; did you mean model?"),
        ('{"name": "a", "model": {"nrm": "group"}}', "no setting 'model.nrm'; did you mean model.norm?"),
        ('{"name": "a", "model": 3}', "model is 3; expected an object"),
        ('{"name": 3}', "name is 3; expected str"),
        ('{"name": "a", "train": {"steps": 2.5}}', "train.steps is 2.5; expected int"),
        ('{"name": "a", "train": {"steps": true}}', "train.steps is True; expected int"),
        ('{"name": "a", "optimizer": {"lr": NaN}}', "optimizer.lr is nan"),
    ],
)
def test_a_damaged_recipe_file_is_refused_in_a_line(text: str, message: str) -> None:
    with pytest.raises(RecipeError) as refusal:
        from_json(text)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", all_recipes())
def test_settings_name_every_value_of_the_json(name: str) -> None:
    recipe = all_recipes()[name]()
    stored = json.loads(to_json(recipe))
    for setting, value in settings(recipe).items():
        node = stored
        for part in setting.split("."):
            node = node[part]
        assert node == json.loads(json.dumps(value))


@pytest.mark.parametrize("name", ["fill", "scratches"])
def test_recipes_from_when_aging_was_no_choice_open_without_it(name: str) -> None:
    """It did nothing there, but its default was 0.2."""
    recipe = all_recipes()[name]()
    stored = json.loads(to_json(recipe))
    stored["augment"]["aging"] = 0.2
    assert from_json(json.dumps(stored)) == recipe


def test_only_what_is_asked_for_is_aged() -> None:
    assert Augmentation().aging == 0
    assert ColorizeRecipe("one").augment == Augmentation(aging=0.2)
