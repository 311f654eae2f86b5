"""Autoencoders against a discriminator: off unless asked for, what it is shown, and a run that comes back."""

import csv
import json
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from safelight.losses.adversarial import AdversarialSettings
from safelight.nn.discriminator import DiscriminatorSettings
from safelight.tasks.autoencode.dataset import AutoencodeDataset, collate
from safelight.tasks.autoencode.recipe import AutoencodeRecipe
from safelight.tasks.autoencode.recipes import figures_quick
from safelight.tasks.autoencode.training import AutoencodeTraining
from safelight.training.adversarial import AdversarialModule, module_for
from safelight.training.fit import fit, resume
from safelight.training.modules import TrainingModule
from safelight.training.overrides import to_json
from safelight.training.recipe import all_recipes, from_json
from safelight.training.trained import trained_network
from tests.training.conftest import Album

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def against() -> AutoencodeRecipe:
    """Six steps of a small autoencoder, its discriminator from the third on."""
    recipe = figures_quick()
    train = replace(recipe.train, steps=6, checkpoint_every=2, validate_every=6, picture_every=6)
    return replace(
        recipe,
        adversarial=AdversarialSettings(weight=0.05, r1=1.0, r1_every=2, start=1 / 3),
        discriminator=DiscriminatorSettings(channels=4, widest=8, layers=2),
        train=train,
    )


def test_no_recipe_is_changed() -> None:
    codes = [each() for each in all_recipes().values() if isinstance(each(), AutoencodeRecipe)]
    assert len(codes) > 10
    assert {recipe.adversarial.weight for recipe in codes if isinstance(recipe, AutoencodeRecipe)} == {0}
    assert type(module_for(figures_quick(), AutoencodeTraining())) is TrainingModule


def test_recipes_from_before_are_read() -> None:
    stored = json.loads(to_json(figures_quick()))
    del stored["adversarial"], stored["discriminator"]
    assert from_json(json.dumps(stored)) == figures_quick()


def test_what_the_discriminator_is_shown(album: Album, against: AutoencodeRecipe) -> None:
    training = AutoencodeTraining()
    samples = AutoencodeDataset(album, against)
    pictures, padding, noise = collate([samples[k] for k in range(3)])
    padding[:, :, :8] = 1
    network = training.network(against)
    judged = training.generator_step(network, (pictures, padding, noise), against, 1.0)
    assert torch.allclose(judged.real, 2 * pictures - 1)
    assert torch.equal(judged.fake[:, :, :8], judged.real[:, :, :8])  # no border gives a picture away
    assert not torch.allclose(judged.fake[:, :, 8:], judged.real[:, :, 8:])
    scores = training.discriminator(against)(judged.fake)
    assert scores.shape == (3, 1, 8, 8)
    scores.mean().backward()
    for weight in (network.to_picture.paint.weight, network.to_code.mean.weight):
        assert weight.grad is not None
        assert weight.grad.abs().sum() > 0
    terms = training.loss_terms(network, (pictures, padding, noise), against, 1.0)
    assert terms.keys() == judged.terms.keys() == {"reconstruction", "kl"}


def test_a_stopped_run_goes_on_against_its_discriminator(
    padded: Path, against: AutoencodeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit(against, padded, tmp_path / "whole", quiet=True)
    with (whole.folder / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [bool(row["train/discriminator"]) for row in rows] == [False] * 2 + [True] * 4
    usual = AdversarialModule.training_step

    def interrupted(self: AdversarialModule, batch: Any, batch_idx: int) -> Any:
        if self.trainer.global_step == 3:
            signal.raise_signal(signal.SIGTERM)
        return usual(self, batch, batch_idx)

    with monkeypatch.context() as patch:
        patch.setattr(AdversarialModule, "training_step", interrupted)
        part = fit(against, padded, tmp_path / "part", quiet=True)
    assert (part.facts["state"], part.facts["step"]) == ("stopped", 4)
    resume(part, quiet=True)
    one, two = (torch.load(run.last_checkpoint, weights_only=True) for run in (whole, part))
    for stored in ("state_dict", "current_model_state"):
        assert all(torch.equal(one[stored][name], two[stored][name]) for name in one[stored])
    assert any(name.startswith("discriminator.") for name in one["current_model_state"])
    network, recipe = trained_network(whole)
    assert recipe.adversarial == against.adversarial
    assert not [name for name in network.state_dict() if "discriminator" in name]


def test_a_discriminator_of_features_judges_reconstructions(album: Album, against: AutoencodeRecipe) -> None:
    features = DiscriminatorSettings(channels=4, features="efficientnet_lite0")
    module = module_for(replace(against, discriminator=features), AutoencodeTraining())
    assert isinstance(module, AdversarialModule)
    samples = AutoencodeDataset(album, against)
    made = module.generator_step(collate([samples[k] for k in range(2)]))
    losses = module.discriminator_loss(made.real, made.fake.detach(), penalized=True)
    torch.stack(losses).sum().backward()
    assert len(losses) == 2
    assert all(p.grad is not None for p in module.discriminator.parameters())
    assert not any(p.grad is not None for p in module.network.parameters())
