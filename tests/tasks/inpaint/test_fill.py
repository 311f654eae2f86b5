"""An inpainting run from its dataset to its folder, on the same line as colorization."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from safelight.data.cache import open_dataset
from safelight.errors import RecipeError
from safelight.journal.doctor.examine import case_of, examine
from safelight.journal.records import read_record
from safelight.journal.run import Run
from safelight.losses.adversarial import AdversarialSettings
from safelight.nn.discriminator import DiscriminatorSettings
from safelight.nn.plain_unet import PlainSettings
from safelight.tasks.inpaint.dataset import InpaintDataset
from safelight.tasks.inpaint.prepare import InpaintPreparation
from safelight.tasks.inpaint.recipe import InpaintRecipe
from safelight.tasks.inpaint.validation import InpaintValidation, NetworkFill
from safelight.training import fit as training
from safelight.training import trained
from safelight.training.adversarial import AdversarialModule, module_for
from safelight.training.augment import Augmentation
from safelight.training.guard.answers import AnswerHistory, measure_answers
from safelight.training.guard.events import words
from safelight.training.overrides import to_json
from safelight.training.recipe import DataSettings, TrainSettings, from_json
from safelight.training.task import training_task
from tests.training.conftest import Album

pytestmark = pytest.mark.usefixtures("one_thread")

TINY = InpaintRecipe(
    name="tiny-fill",
    model=PlainSettings(channels=4, steps=2, blocks=1, convolution="gated", skips=(1,)),
    preparation=InpaintPreparation(guess="telea"),
    augment=Augmentation(size=32),
    data=DataSettings(batch=2, workers=0),
    train=TrainSettings(
        steps=4, ema=0.5, precision="32", checkpoint_every=2, validate_every=4, picture_every=4
    ),
)


@pytest.fixture(scope="module")
def run(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Four steps."""
    return training.fit(TINY, dataset, tmp_path_factory.mktemp("runs"), quiet=True)


def test_a_run_leaves_scores_pictures_and_a_recipe_that_reads_back(run: Run) -> None:
    facts = run.facts
    assert (facts["state"], facts["step"], facts["task"]) == ("finished", 4, "inpaint")
    assert {"val/hole_psnr", "val/gain_over_telea"} <= set(facts["scores"])
    assert from_json(run.recipe_json) == TINY
    assert [path.name for path in (run.folder / "pictures").iterdir()] == ["step-0000004.jpg"]


def test_the_doctor_is_told_of_the_holes(run: Run) -> None:
    readings = examine(case_of(read_record(run.folder), with_dataset=False)).readings
    for name in ("hole stays empty", "checkerboard", "color shift at the seam"):
        assert readings[name] is not None, name


def test_the_trained_network_fills_holes_and_nothing_else(run: Run) -> None:
    network, recipe = trained.trained_network(run)
    rng = np.random.default_rng(0)
    picture = rng.random((40, 50, 3), np.float32)  # no multiple of the network's
    mask = np.zeros((40, 50), np.float32)
    mask[10:20, 15:40] = 1
    filled = NetworkFill(network, recipe.preparation)(picture, mask)
    assert np.array_equal(filled[mask == 0], picture[mask == 0])
    assert np.isfinite(filled).all()
    other = picture.copy()
    other[mask == 1] = 0.5  # what stood in the hole is not seen
    assert np.array_equal(NetworkFill(network, recipe.preparation)(other, mask), filled)


def test_a_new_network_with_a_guess_begins_as_the_classical_method() -> None:
    training = training_task(TINY)
    network = training.network(TINY)
    planes = torch.rand(1, 7, 32, 32)
    assert torch.equal(network(planes), planes[:, 4:7])


@pytest.mark.parametrize("guess", ["none", "telea"])
@pytest.mark.parametrize("convolution", ["plain", "gated", "partial"])
def test_gradient_reaches_every_weight(album: Album, guess: str, convolution: str) -> None:
    model = replace(TINY.model, convolution=convolution)
    recipe = replace(TINY, model=model, preparation=replace(TINY.preparation, guess=guess))
    loss = replace(recipe.loss, log_error=0.1, perceptual=0.1, style=1.0, variation=0.1)
    recipe = replace(recipe, loss=loss)
    training = training_task(recipe)
    network = training.network(recipe)
    torch.nn.init.normal_(network.unet.out.weight, std=0.01)  # it begins at zero, which stops all below
    samples = InpaintDataset(album, recipe)
    terms = training.loss_terms(network, training.collate([samples[0], samples[1]]), recipe, 0.5)
    assert set(terms) == {"hole", "valid", "log_error", "perceptual", "style", "variation"}
    sum(terms.values()).backward()
    still = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().any()]
    assert not still


def test_samples_depend_on_their_number_alone(album: Album) -> None:
    one, two = InpaintDataset(album, TINY), InpaintDataset(album, TINY)
    list(map(one.__getitem__, range(3)))
    for a, b in zip(one[5], two[5], strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(one[5].mask, one[6].mask)
    planes, truth, mask = one[5]
    known = mask[0] == 0
    assert np.allclose(planes[:3, known], truth[:, known] * 2 - 1, atol=1e-6)
    assert (planes[:3, ~known] == 0).all()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"augment": Augmentation(size=96), "model": PlainSettings(channels=4, steps=6)}, "multiple of 64"),
        ({"augment": Augmentation(aging=0.5)}, "augment.aging is 0.5; only colorizers see aged pictures"),
        ({"model": PlainSettings(channels=4, output="sigmoid")}, "sigmoid answers 0..1"),
        (
            {
                "model": PlainSettings(channels=4, output="tanh"),
                "preparation": InpaintPreparation(span="unit"),
            },
            "tanh answers -1..1",
        ),
    ],
)
def test_what_cannot_work_together_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        InpaintRecipe(name="odd", **changes)  # type: ignore[arg-type]


def test_a_recipe_keeps_its_task() -> None:
    assert '"task": "inpaint"' in to_json(TINY)


AGAINST = replace(
    TINY,
    adversarial=AdversarialSettings(weight=0.5, start=0.5),
    discriminator=DiscriminatorSettings(channels=4, widest=8, layers=2),
)


def test_a_discriminator_trains_beside_the_filler_and_is_not_kept(dataset: Path, tmp_path: Path) -> None:
    run = training.fit(AGAINST, dataset, tmp_path, quiet=True)
    assert (run.facts["state"], run.facts["step"]) == ("finished", 4)
    rows = [line.split(",") for line in (run.folder / "metrics.csv").read_text().splitlines()]
    told = [row[rows[0].index("train/discriminator")] for row in rows[1:]]
    assert [bool(value) for value in told] == [False, False, True, True]
    assert float(told[2]) > 0
    assert from_json(run.recipe_json) == AGAINST
    assert not [name for name in trained.averaged_weights(run) if "discriminator" in name]


OF_FEATURES = replace(AGAINST, discriminator=DiscriminatorSettings(channels=4, features="efficientnet_lite0"))


def test_a_discriminator_of_features_is_kept_without_what_sees(dataset: Path, tmp_path: Path) -> None:
    """In the checkpoint of a run that averages weights, from which it goes on."""
    whole = training.fit(OF_FEATURES, dataset, tmp_path / "whole", quiet=True)
    stored = torch.load(whole.last_checkpoint, weights_only=True)["current_model_state"]
    kept = {name for name in stored if name.startswith("discriminator.")}
    assert kept
    assert all(name.startswith("discriminator.heads.") for name in kept)
    assert from_json(whole.recipe_json) == OF_FEATURES


@pytest.mark.parametrize("recipe", [AGAINST, OF_FEATURES])
def test_the_discriminator_sees_the_composite_and_the_mask(album: Album, recipe: InpaintRecipe) -> None:
    training, samples = training_task(recipe), InpaintDataset(album, recipe)
    module = module_for(recipe, training)
    assert isinstance(module, AdversarialModule)
    planes, truth, mask = training.collate([samples[0], samples[1]])
    judged = module.task.generator_step(module.network, (planes, truth, mask), recipe, 0.5)
    assert judged.fake.shape == judged.real.shape == (2, 4, 32, 32)
    assert torch.equal(judged.fake[:, 3:], mask)
    known = (mask == 0).expand(-1, 3, -1, -1)
    assert torch.equal(judged.fake[:, :3][known], judged.real[:, :3][known])
    assert torch.allclose(judged.real[:, :3], 2 * truth - 1)
    module.discriminator(judged.fake).sum().backward()
    reached = [p.grad for p in module.network.parameters() if p.grad is not None and p.grad.abs().any()]
    assert reached  # the adversarial term teaches the filler


def test_the_guard_looks_into_the_holes_alone(run: Run, dataset: Path) -> None:
    network, recipe = trained.trained_network(run)
    probes = training_task(recipe).validation(open_dataset(dataset, "val"), recipe)
    assert isinstance(probes, InpaintValidation)
    given, truth = probes.answers(network)
    assert given.shape == truth.shape == (min(16, len(probes)), 32, 32, 3)
    for shown, true, probe in zip(given, truth, probes.samples, strict=False):
        hole = probe.mask > 0
        assert np.array_equal(true[hole], probe.srgb[hole])
        assert np.allclose(shown[~hole], shown[hole].mean(axis=0), atol=1e-5)
    looks = AnswerHistory()
    for healthy in (
        measure_answers(network, probes.answers),
        measure_answers(network, lambda _: (truth, truth)),
    ):
        assert looks.judge(healthy, recipe.guard) is None
        looks.add(healthy)
    one_color = np.broadcast_to(truth.mean(axis=(0, 1, 2)), truth.shape)
    sign = looks.judge(measure_answers(network, lambda _: (one_color, truth)), recipe.guard)
    assert sign is not None
    assert (sign.measure, sign.how) == ("contrast", "lost")


def test_fillings_out_of_range_are_seen_though_they_are_clipped(album: Album) -> None:
    training = training_task(TINY)
    probes, network = training.validation(album, TINY), training.network(TINY)
    assert isinstance(probes, InpaintValidation)
    assert probes.failure(network) is None
    with torch.no_grad():
        hook = network.register_forward_hook(lambda part, given, reply: torch.full_like(reply, 30.0))
        given, _ = probes.answers(network)
        hook.remove()
    sign = probes.failure(network)
    assert given.max() <= 1
    assert sign is not None
    assert (sign.measure, sign.seen) == ("range", pytest.approx(29, rel=0.5))
    assert "beyond 0..1 by" in words(sign)
    assert probes.failure(network) is None  # asked anew


def test_a_run_of_partial_convolutions_gets_past_its_first_step(dataset: Path, tmp_path: Path) -> None:
    recipe = replace(TINY, model=replace(TINY.model, convolution="partial"))
    facts = training.fit(recipe, dataset, tmp_path, quiet=True).facts
    assert (facts["state"], facts["step"]) == ("finished", 4)
