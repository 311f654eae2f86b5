"""The terms of a colorizer's loss: each alone, at the edges of what there is to color, and with a gradient."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.tasks.colorize.dataset import Batch
from safelight.tasks.colorize.losses import (
    ColorLossSettings,
    color_terms,
    colorization_loss,
    colorization_weighted_loss,
    join,
)
from safelight.tasks.colorize.network import Colors, ColorUNet
from safelight.tasks.colorize.training import ColorizeTraining
from safelight.training.overrides import override, settings
from safelight.training.recipe import recipe_named
from tests.journal.made import SYMPTOMS
from tests.nn.small import make_network, random_planes
from tests.training.conftest import Album

NOTHING = ColorLossSettings(huber=0.0, l1=1.0, chroma=0.0, guess=0.0)
ON_AB = (
    "huber",
    "l1",
    "smooth_l1",
    "weighted",
    "log_error",
    "rgb",
    "perceptual",
    "style",
    "variation",
    "diversity",
)
SIZE = (1, 1, 32, 32)


def only(name: str) -> ColorLossSettings:
    """That term and none beside it; l1 where there must be another."""
    return replace(NOTHING, **{name: 1.0})


def asked(L: Tensor, ab: Tensor, truth: Tensor, weights: ColorLossSettings) -> dict[str, Tensor]:
    answer = Colors(ab, torch.zeros_like(L))
    return color_terms(answer, None, L, truth, make_network(), weights)


def random_colors(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    L, ab, truth = (torch.rand(2, n, 32, 32, generator=generator) - 0.5 for n in (1, 2, 2))
    return L, 0.6 * ab, 0.6 * truth


@pytest.mark.parametrize("name", ON_AB)
@pytest.mark.parametrize("edge", ["equal", "black", "grey", "white"])
def test_each_term_is_finite_at_the_edges(name: str, edge: str) -> None:
    L = torch.full(SIZE, {"black": -0.5, "grey": 0.0, "white": 0.5}.get(edge, 0.2))
    truth = torch.zeros(1, 2, 32, 32) + (0.3 if edge == "equal" else 0.0)
    ab = truth.clone().requires_grad_()
    value = asked(L, ab, truth, only(name))[name]
    value.backward()
    assert torch.isfinite(value)
    assert ab.grad is not None
    assert torch.isfinite(ab.grad).all()
    at_rest = {"log_error": torch.log(torch.tensor(3.0)), "diversity": -torch.log(torch.tensor(1e-6))}
    torch.testing.assert_close(value.detach(), at_rest.get(name, torch.tensor(0.0)))


@pytest.mark.parametrize("name", ON_AB)
def test_each_term_pulls_on_both_channels(name: str) -> None:
    L, ab, truth = random_colors()
    ab.requires_grad_()
    terms = asked(L, ab, truth, only(name))
    assert set(terms) == {name, "l1"}
    terms[name].backward()
    assert ab.grad is not None
    assert (ab.grad.abs().amax((0, 2, 3)) > 0).all()


def test_an_answer_that_flew_off_is_no_picture_of_0_to_255() -> None:
    """A network that has only begun, under a term that rewards variety: its answers are wild, and are pulled back."""
    L, ab, truth = random_colors()
    wild = (50 * ab).requires_grad_()
    terms = asked(L, wild, truth, colorization_loss())
    assert all(torch.isfinite(term) for term in terms.values())
    torch.stack(list(terms.values())).sum().backward()
    assert wild.grad is not None
    assert torch.isfinite(wild.grad).all()
    assert (wild.grad * wild).sum() > 0


@pytest.mark.parametrize("name", ON_AB)
def test_twice_the_weight_is_twice_the_term(name: str) -> None:
    once, twice = (asked(*random_colors(), replace(only(name), **{name: weight})) for weight in (1.0, 2.0))
    torch.testing.assert_close(2 * once[name], twice[name])


def test_the_loss_of_note_002_by_hand() -> None:
    """A pixel of chroma 33 and one of chroma 11, each wrong by (0.1, 0.3): mean square 0.05, times 1.5 and 0.5."""
    truth = torch.tensor([[0.3, 0.1], [0.0, 0.0]]).view(1, 2, 1, 2)
    ab = truth + torch.tensor([0.1, 0.3]).view(1, 2, 1, 1)
    terms = asked(torch.zeros(1, 1, 1, 2), ab, truth, colorization_weighted_loss())
    assert list(terms) == ["weighted"]
    assert terms["weighted"].item() == pytest.approx((1.5 * 0.05 + 0.5 * 0.05) / 2)


def test_the_loss_of_note_003_is_its_four_terms() -> None:
    """As its code has them: smooth_l1_loss, torch.var over the pixels, and the weights 2, 0.1, 0.5 and 1."""
    L, ab, truth = random_colors()
    terms = asked(L, ab, truth, colorization_loss())
    assert set(terms) == {"smooth_l1", "rgb", "perceptual", "diversity"}
    torch.testing.assert_close(terms["smooth_l1"], 2.0 * F.smooth_l1_loss(ab, truth, beta=0.1))
    variance = torch.var(ab.reshape(2, 2, -1), dim=2).mean()
    torch.testing.assert_close(terms["diversity"], -0.1 * torch.log(variance + 1e-6))
    torch.testing.assert_close(terms["rgb"], 0.5 * (join(L, ab) - join(L, truth)).abs().mean())
    assert 0 < terms["perceptual"].item() < 4


def test_diversity_by_hand() -> None:
    """One channel is -0.1 and 0.1 in turn, with a variance of 0.01 (64 / 63 of it), the other is flat."""
    ab = torch.zeros(1, 2, 8, 8)
    ab[:, 0, :, ::2], ab[:, 0, :, 1::2] = 0.1, -0.1
    terms = asked(torch.zeros(1, 1, 8, 8), ab, ab, only("diversity"))
    assert terms["diversity"].item() == pytest.approx(
        -torch.log(torch.tensor(0.005 * 64 / 63 + 1e-6)).item(), rel=1e-4
    )


def test_diversity_rewards_nothing_beyond_the_truth_nor_beyond_the_gamut() -> None:
    """The truth's own variety is the most that counts; a color at 50 times 110 units of ab counts as one at 110."""
    truth = torch.zeros(1, 2, 8, 8)
    truth[:, :, ::2] = 0.2
    L = torch.zeros(1, 1, 8, 8)

    def term(ab: Tensor) -> float:
        return asked(L, ab, truth, only("diversity"))["diversity"].item()

    assert term(truth) == pytest.approx(-torch.log(torch.var(truth.flatten(2), 2).mean() + 1e-6).item())
    assert term(3 * truth) == term(truth)
    assert term(0.5 * truth) > term(truth)
    wild, vivid = truth * 0, truth * 0
    wild[..., 3, 3], vivid[..., 3, 3] = 50.0, 1.0
    assert term(wild) == pytest.approx(term(vivid))


def test_with_the_advised_weight_no_color_runs_away() -> None:
    """Free colors under the loss of `color` with diversity 0.1: as it was, a few pixels of one picture of sixteen
    went to thousands of units of ab (a variance grows with the square, the Huber loss in proportion).
    """
    generator = torch.Generator().manual_seed(0)
    truth = 0.2 * torch.randn(16, 2, 8, 8, generator=generator).clamp(-2, 2)
    ab = (0.05 * torch.randn(16, 2, 8, 8, generator=generator)).requires_grad_()
    optimizer = torch.optim.SGD([ab], lr=200.0)
    weights = replace(NOTHING, l1=0.0, huber=0.5, log_error=0.05, diversity=0.1)
    L = torch.zeros(16, 1, 8, 8)
    for _ in range(100):
        optimizer.zero_grad()
        torch.stack(list(asked(L, ab, truth, weights).values())).sum().backward()
        optimizer.step()
    assert ab.detach().abs().max() < 2


def test_weights_that_the_doctor_raises_for_colors_act_on_the_colors() -> None:
    """loss.chroma was advised against pale colors, and trains the expected chroma alone (docs/doctor.md)."""
    L, ab, truth = random_colors()
    raised = {
        name.removeprefix("loss.")
        for symptom in SYMPTOMS
        if symptom.of_answers
        for remedy in symptom.remedies
        for name, value in (remedy(settings(recipe_named("color"))) or {}).items()
        if name.startswith("loss.") and value != "0" and not name.endswith(".bins")
    }
    assert raised == {"huber", "perceptual"}
    for name in (*raised, "chroma"):
        colors = ab.clone().requires_grad_()
        term = asked(L, colors, truth, only(name))[name]
        if term.requires_grad:
            term.backward()
        pulls = colors.grad is not None and bool((colors.grad.abs() > 0).any())
        assert pulls == (name in raised), name


def test_rebalanced_bins_weigh_what_the_samples_say(album: Album) -> None:
    """A weight of 3 for all bins is three times the loss; without weights the terms are as they were."""
    recipe = override(
        recipe_named("quick"),
        {"model.head": "bins", "loss.bins": "1", "loss.rebalance": "true", "data.batch": "2"},
    )
    training = ColorizeTraining()
    samples = training.dataset(album, recipe)
    batch = training.collate([samples[0], samples[1]])
    network = make_network(head="bins")
    plain = training.loss_terms(network, batch, recipe, 0.0)["bins"]
    network.bins.weights = torch.full((network.bins.count,), 3.0)
    thrice = training.loss_terms(network, batch, recipe, 0.0)["bins"]
    torch.testing.assert_close(thrice, 3 * plain)
    network.zero_grad()
    training.prepare_loss(network, album, recipe)
    assert network.bins.weights.shape == (network.bins.count,)
    training.loss_terms(network, batch, recipe, 0.0)["bins"].backward()
    assert network.to_bins.weight.grad.any()


def test_the_network_is_trained_by_every_term_it_can_be() -> None:
    names = dict.fromkeys((*ON_AB, "chroma", "guess", "bins"), 1.0)
    recipe = replace(
        recipe_named("quick"),
        model=replace(recipe_named("quick").model, head="bins"),
        loss=ColorLossSettings(**names),
    )
    network = make_network(head="bins")
    assert isinstance(network, ColorUNet)
    terms = ColorizeTraining().loss_terms(
        network, Batch(random_planes(size=(32, 32)), random_colors()[2]), recipe, 0.0
    )
    assert set(terms) == set(names)
    sum(terms.values()).backward()  # type: ignore[union-attr]
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in network.parameters())


def test_missing_weights_are_refused_before_a_run_begins(album: Album, tmp_path: Path) -> None:
    changes = {"loss.perceptual": "1", "loss.features": "vgg16", "loss.vgg16": str(tmp_path / "vgg16.pth")}
    with pytest.raises(RecipeError, match="is not a file"):
        ColorizeTraining().dataset(album, override(recipe_named("quick"), changes))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"perceptual": -1.0}, "loss.perceptual is -1; expected 0 or more"),
        ({"features": "vgg16"}, "loss.features vgg16 needs its weights"),
        ({"vgg16": "vgg16.pth"}, "loss.vgg16 is given, but loss.features is efficientnet_lite0"),
        ({"rebalance": True}, "loss.rebalance weighs bins"),
        ({"bins": 1.0, "rebalance": True, "rebalance_mix": 1.5}, "loss.rebalance_mix"),
        ({"huber": 0.0, "perceptual": 1.0}, "no loss on the colors"),
    ],
)
def test_settings_that_cannot_work_together_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as excinfo:
        ColorLossSettings(**change)  # type: ignore[arg-type]
    assert "\n" not in str(excinfo.value)
