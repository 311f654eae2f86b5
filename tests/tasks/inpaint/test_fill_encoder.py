"""An inpainting run with an encoder: chosen by name, stored, trained, judged, resumed and exported as any other."""

import json
import shlex
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

from safelight.errors import RecipeError
from safelight.journal.run import Run
from safelight.nn.encoder_unet import EncoderUNet, EncoderUNetSettings
from safelight.nn.export import export_onnx
from safelight.nn.plain_unet import PlainSettings
from safelight.runtime.card import ModelCard
from safelight.tasks.inpaint.dataset import InpaintDataset
from safelight.tasks.inpaint.export import model_part
from safelight.tasks.inpaint.network import InpaintUNet
from safelight.tasks.inpaint.prepare import SPANS, InpaintPreparation, preprocess
from safelight.tasks.inpaint.recipe import InpaintRecipe
from safelight.tasks.inpaint.restore import load_filler
from safelight.tasks.inpaint.validation import NetworkFill
from safelight.training import fit as training
from safelight.training import trained
from safelight.training.dry_run import DryRun
from safelight.training.export import command
from safelight.training.optimizers import make_optimizer
from safelight.training.overrides import override, to_json
from safelight.training.recipe import from_json, recipe_named
from safelight.training.task import training_task
from tests.training.conftest import Album
from tests.training.test_fit import at_step

pytestmark = pytest.mark.usefixtures("one_thread")

TINY = {
    "model.widths": "8,8,8,8,4",
    "model.blocks": "1",
    "preparation.guess": "telea",
    "augment.size": "32",
    "data.batch": "2",
    "data.workers": "0",
    "train.steps": "3",
    "train.precision": "32",
    "train.checkpoint_every": "3",
    "train.validate_every": "3",
    "train.picture_every": "3",
}
SCRATCH = {"model.encoder": "mobilenetv3_small_050", "model.pretrained": "false", "model.freeze": "false"}
CARD = ModelCard(
    name="tiny", task="fill", version="0", created="2026-11-22", size=64, inputs=(), outputs=(),
    parameters=1, license="MIT", preparation={"span": "centered", "guess": "telea", "crossover": 0.0},
)  # fmt: skip


def tiny(**changes: str) -> InpaintRecipe:
    """fill-encoder, small; dots in names are two underscores."""
    return override(
        recipe_named("fill-encoder"), TINY | {n.replace("__", "."): v for n, v in changes.items()}
    )


def scratch() -> InpaintRecipe:
    """The same with a small encoder that is trained from the beginning."""
    return override(recipe_named("fill-encoder"), TINY | SCRATCH)


@pytest.fixture(scope="module")
def run(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three steps of a network from scratch."""
    return training.fit(scratch(), dataset, tmp_path_factory.mktemp("runs"), quiet=True)


def test_another_kind_begins_with_its_own_settings_and_is_read_back() -> None:
    changed = override(recipe_named("fill"), {"model.kind": "encoder", "model.norm": "group"})
    assert changed.model == EncoderUNetSettings(norm="group")
    assert override(changed, {"model.kind": "plain"}).model == PlainSettings()
    for recipe in (tiny(), scratch(), changed):
        assert from_json(to_json(recipe)) == recipe


def test_recipes_from_before_there_were_kinds_are_plain() -> None:
    tree = json.loads(to_json(recipe_named("fill")))
    del tree["model"]["kind"]
    assert from_json(json.dumps(tree)) == recipe_named("fill")


def test_the_command_of_another_kind_trains_the_same() -> None:
    changed = override(recipe_named("fill"), {"model.kind": "encoder", "model.skips": ""})
    words = shlex.split(command(changed, "album"))[5:]
    flags = {name.removeprefix("--"): value for name, value in zip(words[::2], words[1::2], strict=True)}
    assert override(recipe_named("fill"), flags) == changed


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model.kind": "odd"}, "model.kind is 'odd'; expected one of plain, encoder"),
        ({"model.convolution": "gated"}, "no setting 'model.convolution'"),
        ({"model.norm": "instance"}, "model.norm is 'instance'; expected one of batch, group, none"),
        ({"model.widths": "8,8"}, "model.widths is"),
        ({"augment.size": "48"}, "expected a multiple of 32"),
        ({"preparation.span": "unit"}, "an encoder sees -1..1.*set preparation.span centered"),
        ({"model.pretrained": "false", "model.freeze": "true"}, "would keep random features"),
    ],
)
def test_what_cannot_work_together_is_refused(changes: dict[str, str], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as refusal:
        override(tiny(), changes)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("recipe", [tiny(), tiny(model__freeze="true", model__skips="0,1,2,3,4"), scratch()])
def test_gradient_reaches_every_weight_that_is_trained(album: Album, recipe: InpaintRecipe) -> None:
    training = training_task(recipe)
    network = training.network(recipe)
    torch.nn.init.normal_(network.unet.out.weight, std=0.01)  # it begins at zero, which stops all below
    samples = InpaintDataset(album, recipe)
    terms = training.loss_terms(
        network.train(), training.collate([samples[k] for k in range(4)]), recipe, 0.5
    )
    sum(terms.values()).backward()
    trained = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    assert any("encoder" in name for name, _ in trained) != recipe.model.freeze
    assert not [name for name, p in trained if p.grad is None or not p.grad.abs().any()]


@pytest.mark.parametrize("freeze", [True, False])
def test_a_step_changes_an_encoder_unless_it_is_frozen(album: Album, freeze: bool) -> None:
    bare = DryRun(tiny(model__freeze=str(freeze)))
    assert isinstance(bare.network.unet, EncoderUNet)
    encoder = bare.network.unet.encoder
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    batches = bare.batches(album, 2)
    for _ in range(2):  # the last layer begins at zero: at the first step nothing below it moves
        bare.step(next(batches))
    moved = [name for name, value in encoder.state_dict().items() if not torch.equal(value, before[name])]
    assert bool(moved) != freeze
    out = bare.network.unet.out.weight
    assert out.abs().any()


def test_a_trained_encoder_has_a_learning_rate_of_its_own() -> None:
    recipe = scratch()
    groups = make_optimizer(training_task(recipe).network(recipe), recipe.optimizer).param_groups
    lr = recipe.optimizer.lr
    assert [group["lr"] for group in groups] == pytest.approx([lr, lr, *[recipe.optimizer.encoder * lr] * 2])
    assert recipe.optimizer.encoder < 1


def test_a_run_is_scored_read_back_and_fills_holes_alone(run: Run) -> None:
    assert (run.facts["state"], run.facts["step"]) == ("finished", 3)
    assert {"val/hole_psnr", "val/gain_over_telea"} <= set(run.facts["scores"])
    network, recipe = trained.trained_network(run)
    assert recipe == scratch()
    rng = np.random.default_rng(0)
    picture, mask = rng.random((40, 50, 3), np.float32), np.zeros((40, 50), np.float32)
    mask[10:20, 15:40] = 1
    filled = NetworkFill(network, recipe.preparation)(picture, mask)
    assert np.array_equal(filled[mask == 0], picture[mask == 0])
    picture[mask == 1] = 0.5  # what stood in the hole is not seen
    assert np.array_equal(NetworkFill(network, recipe.preparation)(picture, mask), filled)


@pytest.mark.parametrize("recipe", [tiny(model__skips="0,1,2,3,4"), scratch()])
def test_the_file_answers_as_torch_does_and_fills_photos(recipe: InpaintRecipe, tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = InpaintUNet(7, recipe.model)
    torch.nn.init.normal_(network.unet.out.weight, std=0.05)
    rng = np.random.default_rng(1)
    picture, mask = rng.random((70, 90, 3), np.float32), np.zeros((70, 90), np.float32)
    mask[20:50, 30:60] = 1
    asked = [
        preprocess(picture[:h, :w], mask[:h, :w], InpaintPreparation(guess="telea"))
        for h, w in ((64, 64), (32, 64))
    ]
    part = model_part(network.eval(), SPANS["centered"])
    (parity,) = export_onnx([part], CARD, tmp_path / "tiny.onnx", [asked])
    assert parity.largest_difference < 1
    filled = load_filler(tmp_path / "tiny.onnx")(picture, mask, method="model")
    assert np.array_equal(filled[mask == 0], picture[mask == 0])
    assert np.ptp(filled[mask == 1]) > 0


def test_a_stopped_run_goes_on_to_what_it_would_have_been(
    run: Run, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as asked:
        at_step(asked, 2, lambda: signal.raise_signal(signal.SIGTERM))
        stopped = training.fit(scratch(), dataset, tmp_path, quiet=True)
    assert (stopped.facts["state"], stopped.facts["step"]) == ("stopped", 2)
    training.resume(stopped, quiet=True)
    weights, other = trained.averaged_weights(run), trained.averaged_weights(stopped)
    assert weights.keys() == other.keys()
    assert all(torch.equal(weights[name], other[name]) for name in weights)
