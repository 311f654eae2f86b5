"""Autoencoders on the line of training: samples, terms, probes, a run that learns, resumes, and a collapse seen."""

import signal
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from safelight.data.cache import PictureSet, open_dataset, photo_in
from safelight.errors import RecipeError
from safelight.pixels.geometry import resize
from safelight.tasks.autoencode.dataset import AutoencodeDataset, collate, fit_of, vary
from safelight.tasks.autoencode.losses import AutoencodeLossSettings, kl_nats, reconstruction_nats
from safelight.tasks.autoencode.network import VAE
from safelight.tasks.autoencode.prepare import AutoencodePreparation
from safelight.tasks.autoencode.recipe import CROPPED_ALONE, AutoencodeRecipe
from safelight.tasks.autoencode.recipes import figures_quick
from safelight.tasks.autoencode.training import AutoencodeTraining
from safelight.tasks.autoencode.validation import AutoencodeValidation
from safelight.tasks.inpaint.validation import choose as chosen_probes
from safelight.training.augment import Augmentation, augment, draw_view
from safelight.training.fit import fit, resume
from safelight.training.overrides import to_json
from safelight.training.recipe import from_json, recipe_named
from safelight.training.trained import trained_network
from tests.training.conftest import Album, soft_picture


@pytest.fixture
def recipe() -> AutoencodeRecipe:
    return figures_quick()


def batch_of(album: Album, recipe: AutoencodeRecipe) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    samples = AutoencodeDataset(album, recipe)
    return collate([samples[k] for k in range(3)])


def test_samples_depend_on_their_number_alone(album: Album, recipe: AutoencodeRecipe) -> None:
    one, two = AutoencodeDataset(album, recipe), AutoencodeDataset(album, recipe)
    for k in (7, 0, 7):
        assert all(np.array_equal(a, b) for a, b in zip(one[k], two[k], strict=True))
    assert not np.array_equal(one[0].noise, one[1].noise)
    assert one[0].picture.shape == (3, 32, 32)
    assert one[0].picture.min() >= 0
    assert one[0].picture.max() <= 1


def test_a_padded_dataset_can_be_framed_in_every_way(padded: Path, recipe: AutoencodeRecipe) -> None:
    pictures = open_dataset(padded, "train")
    assert photo_in(pictures, 0).shape == (48, 64, 3)
    share = {}
    for name in ("pad", "crop", "stretch"):
        asked = replace(recipe, preparation=AutoencodePreparation(name))
        share[name] = AutoencodeDataset(pictures, asked)[0].padding.mean()
    assert share == {"pad": pytest.approx(0.25, abs=0.04), "crop": 0, "stretch": 0}


def test_a_dataset_of_squares_is_taken_as_it_was_built(padded: Path) -> None:
    whole = open_dataset(padded, "train")
    about = {**whole.dataset.about, "settings": {**whole.dataset.about["settings"], "fit": "crop"}}
    squares = PictureSet(replace(whole.dataset, about=about), "squares", whole.numbers)
    assert [fit_of(each, "stretch") for each in (whole, squares)] == ["stretch", "crop"]


@pytest.mark.parametrize("name", ["note-001-unet", "quick", "scratches-quick"])
def test_the_border_of_a_padded_dataset_is_no_picture_to_learn_from(padded: Path, name: str) -> None:
    pictures = open_dataset(padded, "train")
    how = replace(recipe_named(name).augment, size=32, smallest=1.0, flip=False, aging=0.0)
    for number in range(3):
        photo = photo_in(pictures, number)
        own, of_photo, of_square = (
            draw(np.random.default_rng(number))
            for draw in (
                partial(draw_view, pictures, number, how),
                partial(augment, photo, how),
                partial(augment, pictures[number], how),
            )
        )
        assert np.array_equal(own, of_photo)
        assert not np.array_equal(own, of_square)


def test_probes_are_asked_about_the_photo_without_its_border(padded: Path) -> None:
    pictures = open_dataset(padded, "train")
    photos = [
        resize(photo_in(pictures, number), (32, 32)) / np.float32(255) for number in range(len(pictures))
    ]
    for probe in chosen_probes(pictures, 32, count=3):
        assert min(np.abs(probe.srgb - photo).max() for photo in photos) < 1e-6


def test_a_subject_is_found_in_the_photo_without_its_border(padded: Path) -> None:
    pictures = open_dataset(padded, "train")
    row = pictures.rows(0)
    top, left, height, width = row["box"]
    middle = [(left + width / 2) / pictures.size, (top + height / 2) / pictures.size]
    marked = [dict(row, at=at) for at in (middle, [0.0, 0.0])]
    for at, place in zip(marked, ((0.5, 0.5), (0.0, 0.0)), strict=True):
        pictures.rows = lambda number, at=at: at  # type: ignore[method-assign, misc]
        assert pictures.subject(0) == pytest.approx(place)


def test_varied_photos_keep_their_aspect() -> None:
    photo = soft_picture(0, (60, 90))
    rng = np.random.default_rng(0)
    for _ in range(20):
        part = vary(photo, Augmentation(size=32, smallest=0.5, aging=0.0), rng)
        assert part.shape[1] / part.shape[0] == pytest.approx(1.5, abs=0.05)
        assert 30 <= part.shape[0] <= 60
    whole = vary(photo, Augmentation(size=32, smallest=1.0, flip=False, aging=0.0), rng)
    assert np.array_equal(whole, photo)


def test_terms_are_the_bound_in_nats_per_dimension(album: Album, recipe: AutoencodeRecipe) -> None:
    training, batch = AutoencodeTraining(), batch_of(album, recipe)
    network = training.network(recipe).eval()
    terms = training.loss_terms(network, batch, recipe, 1.0)
    pictures, padding, noise = batch
    decoded, posterior = network(pictures, noise)
    nats = reconstruction_nats("gaussian", decoded, pictures, padding, network.sd)
    assert set(terms) == {"reconstruction", "kl"}
    assert terms["reconstruction"].item() == pytest.approx(nats.mean().item() / 3072, rel=1e-5)
    assert terms["kl"].item() == pytest.approx(kl_nats(posterior).sum(1).mean().item() / 3072, rel=1e-4)
    early = training.loss_terms(network, batch, recipe, 0.0)
    assert early["kl"].item() == 0  # warm-up
    plain = replace(recipe, model=replace(recipe.model, variational=False), loss=AutoencodeLossSettings())
    assert set(training.loss_terms(training.network(plain), batch, plain, 1.0)) == {"reconstruction"}


def test_every_term_reaches_encoder_and_decoder(album: Album, recipe: AutoencodeRecipe) -> None:
    recipe = replace(recipe, loss=AutoencodeLossSettings(perceptual=0.1))
    training, batch = AutoencodeTraining(), batch_of(album, recipe)
    for name in ("reconstruction", "kl", "perceptual"):
        network = training.network(recipe)
        with torch.no_grad():  # the posterior starts at the prior's sd, where the KL has no slope in it
            network.to_code.log_var.bias += 0.3
        training.loss_terms(network, batch, recipe, 1.0)[name].backward()
        assert network.to_code.mean.weight.grad is not None
        assert network.to_code.mean.weight.grad.abs().sum() > 0, name
        if name != "kl":
            assert network.to_picture.paint.weight.grad is not None
            assert network.to_picture.paint.weight.grad.abs().sum() > 0, name


def test_recipes_that_cannot_work(recipe: AutoencodeRecipe) -> None:
    with pytest.raises(RecipeError, match="halved"):
        replace(recipe, model=replace(recipe.model, filters=(4,) * 6))
    for name in CROPPED_ALONE:
        with pytest.raises(
            RecipeError, match=f"augment.{name} is 0.5; an autoencoder's pictures are cropped"
        ):
            replace(recipe, augment=replace(Augmentation(size=32), **{name: 0.5}))
    with pytest.raises(RecipeError, match="warmup"):
        replace(recipe, model=replace(recipe.model, variational=False))
    assert from_json(to_json(recipe)) == recipe


def test_probes_say_what_a_network_is_worth(padded: Path, recipe: AutoencodeRecipe) -> None:
    probes = AutoencodeValidation.choose(open_dataset(padded, "val"), recipe)
    network = AutoencodeTraining().network(recipe)
    score = probes.score(network)
    assert score["kl"] == pytest.approx(0, abs=5)
    assert score["mean_picture"] > 0.9
    assert {"psnr", "elbo", "bits", "active_units"} <= set(score)
    assert network.training
    given, truth = probes.answers(network)
    assert given.shape == truth.shape == (min(16, len(probes)), 32, 32, 3)
    assert np.array_equal(given[:, 0], truth[:, 0])  # padding
    assert probes.sheet(network).shape == ((4 if len(probes) <= 8 else 6) * 32, 8 * 32, 3)
    assert probes.metadata(network)["preparation"] == {"fit": "pad", "aspect": 0.75}


def test_a_run_learns_and_comes_back(padded: Path, recipe: AutoencodeRecipe, tmp_path: Path) -> None:
    train = replace(recipe.train, steps=60, validate_every=60, picture_every=60)
    run = fit(
        replace(recipe, train=train, optimizer=replace(recipe.optimizer, lr=1e-2)),
        padded,
        tmp_path,
        quiet=True,
    )
    facts = run.facts
    assert facts["state"] == "finished"
    assert facts["collapse"] is None
    assert facts["scores"]["val/mean_picture"] < 0.9
    assert facts["scores"]["val/active_units"] >= 2
    network, settled = trained_network(run)
    assert isinstance(network, VAE)
    assert settled.preparation == AutoencodePreparation("pad", 0.75)
    assert abs(network.sd.item() - 0.2) > 1e-3  # it was learned
    assert list((run.folder / "pictures").glob("*.jpg"))


def test_a_stopped_run_goes_on_to_the_same_weights(
    padded: Path, recipe: AutoencodeRecipe, tmp_path: Path, one_thread: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(recipe, train=replace(recipe.train, steps=8))
    whole = fit(recipe, padded, tmp_path / "whole", quiet=True)
    terms = AutoencodeTraining.loss_terms
    with monkeypatch.context() as patch:

        def interrupted(
            self: AutoencodeTraining, network: Any, batch: Any, recipe: AutoencodeRecipe, progress: float
        ) -> Any:
            if progress == 0.5:
                signal.raise_signal(signal.SIGINT)
            return terms(self, network, batch, recipe, progress)

        patch.setattr(AutoencodeTraining, "loss_terms", interrupted)
        part = fit(recipe, padded, tmp_path / "part", quiet=True)
    assert (part.facts["state"], part.facts["step"]) == ("stopped", 5)
    resume(part, quiet=True)
    one, two = (trained_network(run)[0].state_dict() for run in (whole, part))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_collapse_is_named(padded: Path, recipe: AutoencodeRecipe, tmp_path: Path) -> None:
    pressed = replace(
        recipe,
        loss=AutoencodeLossSettings(kl=100.0),
        optimizer=replace(recipe.optimizer, lr=1e-2),
        train=replace(recipe.train, steps=80, validate_every=80, picture_every=80),
    )
    run = fit(pressed, padded, tmp_path, quiet=True)
    assert run.facts["collapse"].startswith("posterior collapse: ")


def test_a_linear_path_begins_as_principal_components(
    padded: Path, recipe: AutoencodeRecipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safelight.tasks.autoencode.training.MOST_SAMPLES", 64)
    model = replace(recipe.model, output="none", linear=16, refine=4)
    train = replace(recipe.train, steps=1, ema=0.0, validate_every=1, picture_every=1)
    begun = replace(recipe, model=model, train=train, optimizer=replace(recipe.optimizer, lr=1e-6))
    run = fit(begun, padded, tmp_path, quiet=True)
    # Pictures that six numbers say all of: eight components leave what the small picture blurs.
    assert run.facts["scores"]["val/mean_picture"] < 0.05
    assert run.facts["scores"]["val/active_units"] >= 6
