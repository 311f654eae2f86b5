"""A color recipe with the plain U-Net: chosen by name, checked, stored, trained from fitted weights."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from safelight.errors import RecipeError
from safelight.nn.bottleneck import BottleneckSettings
from safelight.nn.plain_unet import PlainSettings
from safelight.tasks.colorize.network import PlainColorizer, UNetSettings
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.colorize.training import ColorizeTraining
from safelight.training.fit import fit
from safelight.training.overrides import difference, override, settings, to_json
from safelight.training.recipe import from_json, recipe_named
from safelight.training.trained import trained_network
from tests.training.conftest import Album

TINY = {
    "model.kind": "plain",
    "model.channels": "6",
    "model.widest": "12",
    "model.steps": "2",
    "model.skips": "1",
    "model.blocks": "1",
    "augment.size": "32",
}


def tiny(**changes: str) -> ColorizeRecipe:
    return override(recipe_named("quick"), TINY | {name.replace("__", "."): v for name, v in changes.items()})


def test_another_kind_begins_with_its_own_settings() -> None:
    recipe = tiny()
    assert recipe.model == PlainSettings(channels=6, widest=12, steps=2, skips=(1,), blocks=1)
    back = override(recipe, {"model.kind": "hinted", "model.norm": "group"})
    assert back.model == UNetSettings(norm="group")


def test_the_same_kind_keeps_its_settings() -> None:
    quick = recipe_named("quick")
    assert override(quick, {"model.kind": "hinted"}) == quick
    assert override(tiny(), {"model.kind": "plain", "model.norm": "none"}).model.channels == 6


def test_settings_of_settings_are_changed_by_name() -> None:
    recipe = tiny(model__bottleneck__depth="2", model__bottleneck__dilations="1,2", model__skips="")
    assert recipe.model.bottleneck == BottleneckSettings(depth=2, dilations=(1, 2))
    assert recipe.model.skips == ()
    assert settings(recipe)["model.bottleneck.depth"] == 2


def test_stored_and_read_back_it_is_the_same() -> None:
    recipe = tiny(model__convolution="gated", model__bottleneck__self_attention="2")
    assert from_json(to_json(recipe)) == recipe
    assert difference(recipe, tiny(model__convolution="gated")) == {"model.bottleneck.self_attention": (2, 0)}


def test_recipes_from_before_there_were_kinds_are_hinted() -> None:
    tree = json.loads(to_json(recipe_named("color")))
    del tree["model"]["kind"]
    assert from_json(json.dumps(tree)) == recipe_named("color")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model.kind": "odd"}, "model.kind is 'odd'; expected one of hinted, plain"),
        ({"model.chanels": "3"}, "did you mean model.channels"),
        ({"model.encoder": "resnet18"}, "no setting 'model.encoder'"),
        ({"model.channels": "many"}, "expected a whole number"),
        ({"model.downsampling": "wavelet"}, "expected one of strided, max_pool"),
        ({"model.steps": "6"}, "32 times at most"),
        ({"model.output": "sigmoid"}, "negative a or b"),
        ({"model.convolution": "partial"}, "nothing is missing"),
        ({"model.bottleneck.contextual": "true"}, "nothing is missing"),
        ({"model.bottleneck.fully_connected": "4", "model.size": "64,64"}, "make them equal"),
        ({"loss.bins": "1"}, "the plain one has no bins"),
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, str], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as excinfo:
        override(tiny(), changes)
    assert "\n" not in str(excinfo.value)


def test_a_kind_that_is_not_one_is_refused_in_a_stored_recipe() -> None:
    tree = json.loads(to_json(tiny()))
    tree["model"]["kind"] = "plane"
    with pytest.raises(RecipeError, match=r"model.kind is 'plane'; expected one of hinted, plain"):
        from_json(json.dumps(tree))


def fitted(album: Album, recipe: ColorizeRecipe) -> PlainColorizer:
    torch.manual_seed(0)
    training = ColorizeTraining()
    network = training.network(recipe)
    assert isinstance(network, PlainColorizer)
    training.initialize(network, training.dataset(album, recipe), recipe)
    return network


def deviation(network: PlainColorizer, album: Album, recipe: ColorizeRecipe) -> float:
    training, samples = ColorizeTraining(), ColorizeTraining().dataset(album, recipe)
    planes, _ = training.collate([samples[k] for k in range(recipe.data.batch)])
    with torch.no_grad():
        return network.train().unet.raw(planes).std().item()


@pytest.mark.parametrize("how", ["lsuv", "kmeans"])
def test_first_weights_are_fitted_to_the_first_samples(album: Album, how: str) -> None:
    recipe = tiny(model__initialization=how)
    network = fitted(album, recipe)
    assert deviation(network, album, recipe) == pytest.approx(1, abs=0.01)
    again = fitted(album, recipe)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))


def test_drawn_weights_are_left_as_they_were_drawn(album: Album) -> None:
    recipe = tiny(model__initialization="he_normal")
    network = fitted(album, recipe)
    torch.manual_seed(0)
    untouched = ColorizeTraining().network(recipe)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), untouched.parameters(), strict=True))


def test_every_term_trains_every_weight(album: Album) -> None:
    recipe, training = tiny(), ColorizeTraining()
    recipe = replace(recipe, loss=replace(recipe.loss, l1=0.5, chroma=0.5))
    network, samples = training.network(recipe), training.dataset(album, recipe)
    terms: dict[str, Any] = training.loss_terms(
        network, training.collate([samples[k] for k in range(2)]), recipe, 0.0
    )
    assert {"huber", "l1", "chroma"} <= set(terms)
    assert "guess" not in terms
    sum(terms.values()).backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())


def test_the_line_trains_it(dataset: Path, tmp_path: Path) -> None:
    recipe = tiny(
        model__initialization="lsuv", train__steps="4", train__checkpoint_every="4", train__validate_every="4"
    )
    run = fit(recipe, dataset, tmp_path, quiet=True)
    assert run.facts["state"] == "finished"
    network, stored = trained_network(run)
    assert isinstance(network, PlainColorizer)
    assert stored.model == recipe.model
    assert "val/gain_10" in run.facts["scores"]
