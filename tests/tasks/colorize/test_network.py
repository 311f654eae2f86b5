"""What every colorizing U-Net must do, whatever its settings."""

from typing import Any

import pytest
import torch
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.nn.layers import count_parameters
from safelight.tasks.colorize.network import HINT_AB, HINT_MASK, L_PLANE, SPREAD, ColorUNet, UNetSettings
from tests.nn.small import make_network, random_planes

KINDS: dict[str, dict[str, Any]] = {
    "small": {},
    "stem": {"hints_in": "stem"},
    "bins": {"head": "bins"},
    "no-attention": {"attention": 0},
    "plain": {"base": "plain"},
    "no-base": {"base": "none"},
    "group-gelu": {"norm": "group", "activation": "gelu"},
    "instance-bins-stem": {"norm": "instance", "head": "bins", "hints_in": "stem", "attention": 0},
}


@pytest.fixture(scope="module", params=KINDS, ids=list(KINDS))
def network(request: pytest.FixtureRequest) -> ColorUNet:
    return make_network(**KINDS[request.param])


@pytest.fixture(autouse=True)
def _clean(request: pytest.FixtureRequest) -> None:
    """No gradients and no mode left over from the test before."""
    if "network" in request.fixturenames:
        network: ColorUNet = request.getfixturevalue("network")
        network.eval().zero_grad()


class TestContract:
    @pytest.mark.parametrize("size", [(64, 96), (96, 32), (64, 64)])
    def test_shapes_and_ranges(self, network: ColorUNet, size: tuple[int, int]) -> None:
        with torch.inference_mode():
            colors = network(random_planes(2, size))
        assert colors.ab.shape == (2, 2, *size)
        assert colors.chroma.shape == (2, 1, *size)
        assert colors.ab.dtype == colors.chroma.dtype == torch.float32
        assert all(torch.isfinite(each).all() for each in (colors.ab, colors.chroma))
        assert (colors.chroma > 0).all()
        if network.settings.head == "bins":
            assert network.bins is not None
            assert colors.logits is not None
            assert colors.logits.shape == (2, network.bins.count, size[0] // 4, size[1] // 4)
        else:
            assert colors.logits is None

    def test_gradients_reach_every_trained_parameter(self, network: ColorUNet) -> None:
        network.train()
        colors = network(random_planes())
        told = torch.Generator().manual_seed(2)
        loss = sum(
            (each * torch.rand(each.shape, generator=told)).sum() for each in colors if each is not None
        )
        assert isinstance(loss, torch.Tensor)
        loss.backward()
        untouched = [
            name
            for name, weight in network.named_parameters()
            if weight.requires_grad and (weight.grad is None or not weight.grad.any())
        ]
        assert not untouched
        assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)

    def test_look_and_answer_are_the_whole(self, network: ColorUNet) -> None:
        planes = random_planes()
        with torch.inference_mode():
            levels, features = network.encode(planes)
            apart, whole = network.decode(planes, levels, features), network(planes)
        assert features.shape[2:] == (8, 12)
        torch.testing.assert_close(apart.ab, whole.ab)
        torch.testing.assert_close(apart.chroma, whole.chroma)

    def test_pictures_of_a_batch_do_not_see_each_other(self, network: ColorUNet) -> None:
        planes = random_planes(3)
        with torch.inference_mode():
            together, alone = network(planes), network(planes[1:2])
        torch.testing.assert_close(together.ab[1:2], alone.ab, atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(together.chroma[1:2], alone.chroma, atol=1e-5, rtol=1e-4)

    def test_untrained_it_answers_with_the_carried_hints(self, network: ColorUNet) -> None:
        """At the first step the residual is small: the answer is the base that the settings name."""
        planes = random_planes()
        with torch.inference_mode():
            ab = network(planes).ab
            if network.bins is not None:  # plus the bins' own guess, which is near the middle of the gamut
                levels, features = network.encode(planes)
                logits = network.decode(planes, levels, features).logits
                guess = network.bins.annealed_mean(logits, network.settings.temperature)
                ab = ab - F.interpolate(
                    F.interpolate(guess, scale_factor=2, mode="bilinear"), scale_factor=2, mode="bilinear"
                )
        gate = {"gated": torch.sigmoid(torch.tensor(1.0)), "plain": 1.0, "none": 0.0}[network.settings.base]
        torch.testing.assert_close(ab, planes[:, SPREAD][:, :2] * gate, atol=0.06, rtol=0)

    def test_saved_weights_give_the_same_answer(self, network: ColorUNet) -> None:
        other = ColorUNet(network.settings).eval()
        other.load_state_dict(network.state_dict())
        planes = random_planes(1)
        with torch.inference_mode():
            torch.testing.assert_close(other(planes).ab, network(planes).ab)


def test_the_smallest_picture() -> None:
    """32 x 32: one cell at the pyramid's top. Instance norm has nothing to normalize there, the others go on."""
    for norm in ("batch", "group", "none"):
        with torch.inference_mode():
            assert make_network(norm=norm).eval()(random_planes(1, (32, 32))).ab.shape == (1, 2, 32, 32)


def shaken(network: ColorUNet) -> ColorUNet:
    """The network with its zeros replaced, as training would: nothing is silent by initialization alone."""
    torch.manual_seed(3)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.1)
    return network.eval()


def with_other_hints(planes: torch.Tensor) -> torch.Tensor:
    """The same lightness; every other plane from another place."""
    return torch.cat([planes[:, L_PLANE], planes[:, 1:].flip(1, 3)], 1)


def test_the_trunk_sees_lightness_alone() -> None:
    network, planes = shaken(make_network()), random_planes()
    with torch.inference_mode():
        levels, features = network.encode(planes)
        again, same = network.encode(with_other_hints(planes))
    assert torch.equal(features, same)
    assert all(torch.equal(one, two) for one, two in zip(levels, again, strict=True))


@pytest.mark.parametrize(("hints_in", "channels"), [("decoder", 1), ("stem", 7)])
def test_the_encoder_sees_black_as_minus_one_and_white_as_one(hints_in: str, channels: int) -> None:
    """As in the pictures that its weights were trained with; hint planes go in as they are."""
    network, planes = make_network(hints_in=hints_in).eval(), random_planes()
    planes[:, L_PLANE, :32], planes[:, L_PLANE, 32:] = -0.5, 0.5  # L 0 and 100
    seen: list[torch.Tensor] = []
    network.encoder.register_forward_hook(lambda module, inputs, output: seen.extend(inputs))
    with torch.inference_mode():
        network.encode(planes)
    assert seen[0].shape[1] == channels
    assert (seen[0][:, 0, :32] == -1).all()
    assert (seen[0][:, 0, 32:] == 1).all()
    assert torch.equal(seen[0][:, 1:], planes[:, 1:channels])


def test_a_hinted_stem_sees_the_hints() -> None:
    network, planes = make_network(hints_in="stem").eval(), random_planes()
    with torch.inference_mode():
        before, _ = network.encode(planes)
        untold, _ = network.encode(with_other_hints(planes))
        assert torch.equal(before[0], untold[0]), "its new filters begin at zero"
        after, _ = shaken(network).encode(planes)
        told, _ = network.encode(with_other_hints(planes))
    assert not torch.allclose(after[0], told[0])


def test_a_hinted_stem_learns_to_see() -> None:
    network = make_network(hints_in="stem")
    network(random_planes()).ab.square().sum().backward()
    stem = next(m for m in network.encoder.modules() if isinstance(m, torch.nn.Conv2d))
    assert stem.weight.shape[1] == 7
    assert stem.weight.grad is not None
    assert (stem.weight.grad.abs().amax((0, 2, 3)) > 0).all()


@pytest.mark.parametrize("plane", range(7))
def test_every_plane_matters(plane: int) -> None:
    network, planes = shaken(make_network()), random_planes()
    changed = planes.clone()
    changed[:, plane] = changed[:, plane].flip(1)
    with torch.inference_mode():
        assert (network(planes).ab - network(changed).ab).abs().max() > 1e-4


@pytest.mark.parametrize("strength", [1.0, 0.3])
def test_attention_hears_a_hint_as_it_was_painted(strength: float) -> None:
    """A cell's color over its mask is the hint's own, however soft the mask and whatever lies beside it."""
    network, planes = shaken(make_network()), random_planes(1, hinted=False)
    planes[:, HINT_AB] = 0.7  # not under the mask: nobody's color
    planes[:, HINT_AB, 4:7, 20:23] = torch.tensor([0.4, -0.2]).view(1, 2, 1, 1)
    planes[:, HINT_MASK, 4:7, 20:23] = strength
    heard: list[torch.Tensor] = []
    assert network.attention is not None
    network.attention.register_forward_hook(lambda module, inputs, output: heard.extend(inputs))
    with torch.inference_mode():
        network(planes)
    _, _, ab, mask = heard
    assert mask.count_nonzero() == 1
    assert mask[0, 0, 0, 2].item() == pytest.approx(strength * 9 / 64)
    torch.testing.assert_close((ab / mask)[0, :, 0, 2], torch.tensor([0.4, -0.2]))
    assert not ab[mask.expand_as(ab) == 0].any()


def test_one_hint_is_heard_at_the_other_end() -> None:
    network = shaken(make_network())
    nothing = random_planes(1, hinted=False)
    hinted = nothing.clone()
    hinted[:, HINT_AB, 5, 5] = 0.5
    hinted[:, HINT_MASK, 5, 5] = 1
    with torch.inference_mode():
        moved = (network(nothing).ab - network(hinted).ab).abs().sum(1)[0]
    assert moved[:8, :8].max() > 1e-4
    assert moved[-8:, -8:].max() > 1e-6


@pytest.fixture(scope="module")
def frozen() -> ColorUNet:
    torch.manual_seed(0)
    return ColorUNet(UNetSettings(widths=(16, 12, 8, 8)))


def test_a_frozen_encoder_is_not_trained(frozen: ColorUNet) -> None:
    frozen.train()
    before = {name: value.clone() for name, value in frozen.encoder.state_dict().items()}
    trained = [p for p in frozen.parameters() if p.requires_grad]
    assert count_parameters(frozen, trained_only=True) == sum(p.numel() for p in trained)
    optimizer = torch.optim.SGD(trained, 0.1)
    colors = frozen(random_planes())
    (colors.ab.square().sum() + colors.chroma.sum()).backward()
    optimizer.step()
    assert all(p.grad is None for p in frozen.encoder.parameters())
    assert all(torch.equal(before[name], value) for name, value in frozen.encoder.state_dict().items())
    assert not frozen.encoder.training
    assert all(p.grad is not None and p.grad.any() for p in trained)


def test_the_default_network_counts(frozen: ColorUNet) -> None:
    whole = count_parameters(frozen)
    encoder = count_parameters(frozen.encoder)
    assert whole - encoder == count_parameters(frozen, trained_only=True)
    assert [stage.reduction for stage in frozen.encoder.stages] == [2, 4, 8, 16, 32]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"freeze": True, "pretrained": True, "hints_in": "stem"}, "hints_in stem needs model.freeze false"),
        ({"freeze": True, "pretrained": False}, "would keep random features; add --model.freeze false"),
        ({"temperature": 0.0}, "model.temperature is 0.0; expected above 0, at most 1"),
        ({"temperature": 1.5}, "model.temperature is 1.5"),
    ],
)
def test_settings_that_cannot_work_are_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as excinfo:
        UNetSettings(**change)
    assert "\n" not in str(excinfo.value)


def test_an_encoder_without_a_pyramid_is_refused() -> None:
    said = r"vit_tiny_patch16_224 has features at 1/16; expected them at 1/2, .* and 1/32: take tf_efficient"
    with pytest.raises(RecipeError, match=said) as excinfo:
        make_network(encoder="vit_tiny_patch16_224")
    assert "\n" not in str(excinfo.value)
    assert make_network(encoder="resnet18").encoder.channels()[32] == 512  # what the refusal names
