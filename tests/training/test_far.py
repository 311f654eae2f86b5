"""Networks on another device than the pictures: probes, the guard's looks and each task's loss (tests/far.py)."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from safelight.losses.adversarial import AdversarialSettings, r1_penalty
from safelight.losses.perceptual import shared_features
from safelight.nn.bottleneck import BottleneckSettings
from safelight.nn.encoder_unet import EncoderUNetSettings
from safelight.nn.inference import device_of, to_network, to_numpy
from safelight.nn.plain_unet import PlainSettings
from safelight.tasks.autoencode.losses import AutoencodeLossSettings
from safelight.tasks.autoencode.network_settings import VAESettings
from safelight.tasks.autoencode.recipe import AutoencodeRecipe
from safelight.tasks.autoencode.validation import AutoencodeValidation, codes_of
from safelight.tasks.colorize.familiarity import features
from safelight.tasks.colorize.losses import ColorLossSettings
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.inpaint.losses import InpaintLossSettings
from safelight.tasks.inpaint.recipe import InpaintRecipe
from safelight.tasks.registry import task_named
from safelight.tasks.scratches.recipe import ScratchesRecipe
from safelight.training.augment import Augmentation
from safelight.training.callbacks import ReportsEvidence, trained_activations
from safelight.training.dry_run import DryRun
from safelight.training.guard.answers import AnswersAsImages, measure_answers, silent_channels
from safelight.training.guard.watch import StepWatch
from safelight.training.recipe import DataSettings, Recipe, TrainSettings
from safelight.training.task import AdversarialTask, training_task
from tests.far import FAR, Far, FarDevice, send, sent
from tests.nn.small import SMALL, make_network
from tests.training.conftest import Album

DATA, SQUARE = DataSettings(batch=2, workers=0), Augmentation(size=32)
PLAIN = PlainSettings(channels=4, steps=2, blocks=1, skips=(1,))
ON_ENCODER = EncoderUNetSettings(
    encoder=SMALL.encoder, pretrained=False, freeze=False, widths=(8, 8, 8, 8, 8), blocks=1
)
COLOR = ColorizeRecipe(name="color", model=SMALL, augment=SQUARE, data=DATA)
RECIPES: dict[str, Recipe] = {
    "color": COLOR,
    "color, every term": replace(
        COLOR,
        model=replace(SMALL, head="bins"),
        loss=ColorLossSettings(
            l1=1.0,
            smooth_l1=1.0,
            weighted=1.0,
            log_error=1.0,
            rgb=1.0,
            perceptual=1.0,
            style=1.0,
            variation=1.0,
            diversity=1.0,
            bins=1.0,
            rebalance=True,
        ),
    ),
    "fill": InpaintRecipe(
        name="fill",
        model=replace(PLAIN, convolution="gated", bottleneck=BottleneckSettings(contextual=True)),
        augment=SQUARE,
        data=DATA,
        loss=InpaintLossSettings(
            hole=1.0, valid=1.0, log_error=1.0, variation=1.0, perceptual=1.0, style=1.0
        ),
    ),
    "fill, partial": InpaintRecipe(
        name="fill", model=replace(PLAIN, convolution="partial"), augment=SQUARE, data=DATA
    ),
    "fill, encoder": InpaintRecipe(
        name="fill", model=ON_ENCODER, augment=SQUARE, data=DATA, adversarial=AdversarialSettings(weight=0.1)
    ),
    "scratches": ScratchesRecipe(
        name="scratches", model=replace(PLAIN, downsampling="blur_pool"), augment=SQUARE, data=DATA
    ),
    "code": AutoencodeRecipe(
        name="code",
        model=VAESettings(filters=(8, 8), latent=4, hidden=8, likelihood="logistic", learn_sd=True),
        augment=replace(SQUARE, aging=0.0),
        data=DATA,
        loss=AutoencodeLossSettings(free=0.1, perceptual=1.0),
    ),
}


@pytest.fixture
def few(album: Album) -> Album:
    return Album(album.pictures[:3], album.sources[:3])


@pytest.fixture(params=RECIPES)
def recipe(request: pytest.FixtureRequest) -> Iterator[Recipe]:
    """A recipe; networks that losses look through are made anew for whoever comes after."""
    yield RECIPES[request.param]
    shared_features.cache_clear()


def test_questions_go_to_the_network_and_answers_come_back() -> None:
    network = torch.nn.Linear(2, 1)
    numbers = np.ones((1, 2), np.float32)
    assert device_of(torch.nn.ReLU()) == torch.device("cpu")
    assert np.shares_memory(to_network(numbers, network).numpy(), numbers)
    with FarDevice():
        send(network)
        assert device_of(network) == FAR
        answer = network(to_network(numbers, network))
        assert isinstance(answer, Far)
        with pytest.raises(TypeError, match=r"use Tensor.cpu"):
            answer.detach().numpy()
        assert to_numpy(answer.to(torch.bfloat16)).dtype == np.float32
        with pytest.raises(RuntimeError, match="two devices"):
            network(torch.ones(1, 2))


@pytest.mark.parametrize("task", ["color", "fill", "scratches", "code"])
def test_probes_ask_a_network_where_it_is(task: str, few: Album) -> None:
    recipe = RECIPES[task]
    training = training_task(recipe)
    torch.manual_seed(0)
    network, probes = training.network(recipe), training.validation(few, recipe)
    here = probes.score(network)
    assert set(task_named(task).progress) <= set(here)
    with FarDevice():
        send(network)
        assert probes.score(network) == pytest.approx(here, rel=1e-5, abs=1e-6)
        assert probes.sheet(network).dtype == np.uint8
        assert probes.metadata(network) is not None
        if isinstance(probes, ReportsEvidence):
            assert all(np.isfinite(list(probes.evidence(network).values())))
        with silent_channels(trained_activations(network)) as dead:
            probes.sheet(network)
        assert 0 <= dead() <= 1
        if isinstance(probes, AnswersAsImages):
            assert measure_answers(network.eval(), probes.answers).finite


def test_each_loss_is_taken_where_the_network_is(recipe: Recipe, few: Album) -> None:
    training = training_task(recipe)
    samples = training.dataset(few, recipe)
    batch = training.collate([samples[k] for k in range(2)])
    torch.manual_seed(0)
    network = training.network(recipe).train()
    here = training.loss_terms(network, batch, recipe, 0.5)
    with FarDevice():
        there = training.loss_terms(send(network), sent(batch), recipe, 0.5)
        assert set(there) == set(here)
        for name, term in there.items():
            assert float(term.detach()) == pytest.approx(float(here[name].detach()), rel=1e-4)
        torch.stack(list(there.values())).sum().backward()
        if isinstance(training, AdversarialTask):
            judged = training.generator_step(network, sent(batch), recipe, 0.5)
            discriminator = send(training.discriminator(recipe))
            assert isinstance(discriminator(judged.fake), Far)
            assert float(r1_penalty(discriminator, judged.real.detach()).detach()) >= 0
        contradiction = training.contradiction(sent(batch))
        assert (contradiction is not None) == (recipe.task == "colorize")
        assert contradiction is None or 0 <= float(contradiction) <= 1


def test_the_guard_compares_weights_with_averages_that_lie_elsewhere() -> None:
    torch.manual_seed(0)
    weights = torch.nn.Linear(3, 2)
    average = copy.deepcopy(weights)
    with FarDevice():
        optimizer = torch.optim.SGD(send(weights).parameters(), lr=0.1)
        watch = StepWatch([optimizer], weights, average)
        watch.before_batch()
        (batch,) = sent((torch.ones(4, 3),))
        loss = weights(batch).square().mean()
        loss.backward()
        watch.before_step(optimizer)
        optimizer.step()
        names, values = watch.after_batch(loss, batch, [0.1])
    assert names == ["input", "loss", "gradient", "update", "average"]
    moved = 0.1 * weights.weight.grad.as_subclass(torch.Tensor)
    now = weights.weight.detach().as_subclass(torch.Tensor)
    assert float(values[-1]) == pytest.approx(float(moved.norm() / now.norm()), rel=1e-4)


def test_steps_are_measured_where_the_run_will_take_them(few: Album) -> None:
    recipe = replace(RECIPES["scratches"], train=TrainSettings(precision="32"))
    here = DryRun(recipe)
    batch = next(here.batches(few, 2))
    taken = [here.step(batch) for _ in range(2)]
    with FarDevice():
        there = DryRun(recipe, FAR)
        assert device_of(there.network) == FAR
        assert [there.step(batch) for _ in range(2)] == pytest.approx(taken, rel=1e-4)


def test_what_is_looked_up_in_a_network_comes_back(album: Album) -> None:
    network = make_network().eval()
    here = features(network, album, [0, 1])
    recipe: Any = RECIPES["code"]
    vae = training_task(recipe).network(recipe).eval()
    codes = codes_of(vae, album, AutoencodeValidation.choose(album, recipe).preparation)
    with FarDevice():
        np.testing.assert_allclose(features(send(network), album, [0, 1]), here, atol=1e-5)
        again = codes_of(send(vae), album, AutoencodeValidation.choose(album, recipe).preparation)
    np.testing.assert_allclose(again, codes, atol=1e-5)
