"""A run that learns to find damage, from its dataset to its folder and its file, on the same line as the others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from safelight.cli.commands.export import export
from safelight.errors import PhotoError, RecipeError
from safelight.journal.run import Run
from safelight.nn.bottleneck import BottleneckSettings
from safelight.nn.plain_unet import PlainSettings
from safelight.tasks.scratches.dataset import ScratchesDataset, wear
from safelight.tasks.scratches.network import RARE
from safelight.tasks.scratches.recipe import ScratchesRecipe
from safelight.tasks.scratches.restore import load_finder
from safelight.tasks.scratches.training import ScratchesTraining
from safelight.tasks.scratches.validation import THRESHOLDS, NetworkFinder, ScratchesValidation, WornPicture
from safelight.training import fit as training
from safelight.training import trained
from safelight.training.augment import Augmentation
from safelight.training.overrides import override
from safelight.training.recipe import DataSettings, TrainSettings, from_json
from safelight.training.task import training_task
from tests.training.conftest import Album

pytestmark = pytest.mark.usefixtures("one_thread")

TINY = ScratchesRecipe(
    name="tiny-scratches",
    model=PlainSettings(channels=4, steps=2, blocks=1, skips=(0, 1)),
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
    assert (facts["state"], facts["step"], facts["task"]) == ("finished", 4, "scratches")
    wanted = {"val/f1", "val/precision", "val/recall", "val/average_precision", "val/false_finds"}
    assert wanted <= set(facts["scores"])
    assert all(np.isfinite(value) for value in facts["scores"].values())
    assert from_json(run.recipe_json) == TINY
    assert [path.name for path in (run.folder / "pictures").iterdir()] == ["step-0000004.jpg"]


def test_a_finished_run_knows_the_threshold_that_leaves_whole_prints_alone(run: Run) -> None:
    network, recipe = trained.trained_network(run)
    assert run.facts["threshold"] in THRESHOLDS
    assert recipe.preparation.threshold == run.facts["threshold"]
    print_ = np.full((32, 32, 3), 0.5, np.float32)
    sure = WornPicture(print_, np.zeros((32, 32), np.float32), np.zeros((32, 32), np.float32))
    network.unet.out.weight.data.zero_()
    for logit, expected in ((-9.0, THRESHOLDS[0]), (0.5, 0.65), (9.0, THRESHOLDS[-1])):
        network.unet.out.bias.data.fill_(logit)
        assert ScratchesValidation([sure], 0.5).metadata(network) == {"threshold": expected}
    assert ScratchesValidation([], 0.5).metadata(network) == {}


def test_the_run_becomes_a_file_that_finds(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "own.onnx"
    done = CliRunner().invoke(export, [str(run.folder), "-o", str(out)], catch_exceptions=False)
    assert done.output.startswith(f"{out}: 0.0 MB, ")
    network, _ = trained.trained_network(run)
    picture = np.random.default_rng(0).random((40, 52, 3), np.float32)
    finder = load_finder(out)
    expected = NetworkFinder(network)(picture)
    assert expected.shape == (40, 52)
    np.testing.assert_allclose(finder.predict(picture)[:24, :36], expected[:24, :36], atol=0.02)
    assert finder.card is not None
    assert finder.card.recipe_name == "tiny-scratches"
    assert finder.card.license == "not stated"
    written = out.read_bytes()
    again = CliRunner().invoke(export, [str(run.folder), "-o", str(out)])
    assert isinstance(again.exception, PhotoError)
    assert "is there already: add --overwrite" in str(again.exception)
    words = ["--overwrite", "--license", "CC0-1.0"]
    assert CliRunner().invoke(export, [str(run.folder), "-o", str(out), *words]).exit_code == 0
    assert out.read_bytes() == written
    assert load_finder(out).card.license == "CC0-1.0"


def test_probes_without_damage_are_scored_by_their_false_finds_alone() -> None:
    sound = WornPicture(np.full((32, 32, 3), 0.5, np.float32), *2 * (np.zeros((32, 32), np.float32),))
    network = training_task(TINY).network(TINY)
    scores = ScratchesValidation([sound], 0.5).score(network)
    assert set(scores) == {"false_finds"}
    assert 0 <= scores["false_finds"] <= 1000


def test_samples_depend_on_their_number_alone(album: Album) -> None:
    one, two = ScratchesDataset(album, TINY), ScratchesDataset(album, TINY)
    list(map(one.__getitem__, range(3)))
    for a, b in zip(one[5], two[5], strict=True):
        assert np.array_equal(a, b)
    assert not np.array_equal(one[5].planes, one[6].planes)
    assert one[5].planes.shape == (3, 32, 32)
    assert abs(one[5].planes).max() <= 1
    assert set(np.unique(np.concatenate([one[k].mask for k in range(8)]))) == {0, 1}


def test_the_share_of_whole_prints_is_as_asked(album: Album) -> None:
    picture = album[0].astype(np.float32) / np.float32(255)
    often = replace(TINY, unharmed=0.9)
    whole = [not wear(picture, often, np.random.default_rng(k))[1].any() for k in range(60)]
    assert 0.75 < np.mean(whole) < 1
    assert not any(wear(picture, often, np.random.default_rng(k), harmed=False)[1].any() for k in range(5))


def test_gradient_reaches_every_weight(album: Album) -> None:
    training = training_task(TINY)
    network, samples = training.network(TINY), ScratchesDataset(album, TINY)
    terms = training.loss_terms(network, training.collate([samples[0], samples[1]]), TINY, 0.5)
    assert set(terms) == {"cross_entropy", "dice"}
    torch.stack(list(terms.values())).sum().backward()
    still = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().any()]
    assert not still


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"augment": Augmentation(size=96), "model": PlainSettings(channels=4, steps=6)}, "multiple of 64"),
        ({"model": PlainSettings(channels=4, output="sigmoid")}, "answers are logits"),
        ({"model": PlainSettings(channels=4, convolution="partial")}, "need a mask"),
        ({"model": PlainSettings(channels=4, bottleneck=BottleneckSettings(contextual=True))}, "need a mask"),
        ({"unharmed": 1}, "unharmed"),
        (
            {"augment": Augmentation(aging=0.5)},
            "augment.aging is 0.5; prints are aged by the settings of prints",
        ),
    ],
)
def test_what_cannot_work_is_refused(changes: dict[str, object], says: str) -> None:
    with pytest.raises(RecipeError, match=says):
        ScratchesRecipe(name="odd", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("how", ["he_normal", "lsuv", "kmeans"])
def test_damage_is_rare_whatever_the_first_weights_are(album: Album, how: str) -> None:
    recipe = override(TINY, {"model.initialization": how})
    training = ScratchesTraining()
    network = training.network(recipe)
    training.initialize(network, training.dataset(album, recipe), recipe)
    assert network.unet.out.bias is not None
    assert torch.sigmoid(network.unet.out.bias).item() == pytest.approx(RARE)
