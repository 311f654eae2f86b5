"""What every plain U-Net must do, whatever its settings."""

from dataclasses import replace

import pytest
import torch

from safelight.errors import ModelError
from safelight.nn.layers import count_parameters
from safelight.nn.plain_unet import PlainSettings, PlainUNet
from tests.nn.plain_kinds import KINDS, plain_network, plain_settings, question


@pytest.fixture(params=KINDS, ids=list(KINDS))
def network(request: pytest.FixtureRequest) -> PlainUNet:
    return plain_network(**KINDS[request.param])


RANGES = {"none": (-1e9, 1e9), "sigmoid": (0, 1), "tanh": (-1, 1)}


class TestContract:
    def test_any_multiple_keeps_its_size_and_range(self, network: PlainUNet) -> None:
        fixed, n = network.settings.size, network.multiple
        for size in [fixed] if any(fixed) else [(n, 2 * n), (n, 3 * n), (2 * n, n)]:
            x, mask = question(size)
            with torch.inference_mode():
                y = network.eval()(x, mask)
            assert y.shape == (2, 3, *size)
            low, high = RANGES[network.settings.output]
            assert low <= y.min() < y.max() <= high

    def test_gradients_reach_every_parameter(self, network: PlainUNet) -> None:
        x, mask = question()
        y = network(x.requires_grad_(), mask)
        (y * torch.randn(y.shape, generator=torch.Generator().manual_seed(2))).sum().backward()
        for name, weight in network.named_parameters():
            assert weight.grad is not None, name
            assert weight.grad.any(), name
            assert torch.isfinite(weight.grad).all(), name
        assert x.grad is not None
        assert x.grad[:, :, 16].any()

    @pytest.mark.parametrize("missing", [0.0, 1.0])
    def test_finite_at_the_edges(self, network: PlainUNet, missing: float) -> None:
        x, mask = question()
        nothing = torch.zeros_like(x).requires_grad_()
        y = network(nothing, torch.full_like(mask, missing))
        y.sum().backward()
        assert torch.isfinite(y).all()
        assert all(p.grad is None or torch.isfinite(p.grad).all() for p in network.parameters())

    def test_bf16_channels_last_answers_alike_in_single_precision(self, network: PlainUNet) -> None:
        x, mask = question()
        network.eval()
        with torch.inference_mode():
            wanted = network(x, mask)
            network.to(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                y = network(x.contiguous(memory_format=torch.channels_last), mask)
        assert y.dtype == torch.float32
        assert (y - wanted).std() < 0.05 * wanted.std()

    def test_without_a_mask_nothing_is_missing(self, network: PlainUNet) -> None:
        x, mask = question()
        with torch.inference_mode():
            network.eval()
            torch.testing.assert_close(network(x), network(x, torch.zeros_like(mask)), atol=1e-5, rtol=1e-4)


def test_the_same_generator_draws_the_same_weights() -> None:
    one, two = plain_network(skip_gates=True), plain_network(skip_gates=True)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))
    other = PlainUNet(4, 3, plain_settings(), torch.Generator().manual_seed(1))
    assert not torch.equal(other.out.weight, plain_network().out.weight)


@pytest.mark.parametrize("convolution", ["partial"])
def test_what_is_missing_is_not_seen(convolution: str) -> None:
    """Other values under the mask: not a bit of the answer changes."""
    network = plain_network(convolution=convolution, skips=(0, 1)).eval()
    x, mask = question()
    elsewhere = torch.where(mask > 0, 7 - 3 * x, x)
    with torch.inference_mode():
        assert torch.equal(network(x, mask), network(elsewhere, mask))
        assert not torch.equal(network(x), network(elsewhere))


def test_partial_convolution_fills_a_hole_from_outside_in() -> None:
    """What is known grows with every convolution, and over skips as on the way down."""
    network = plain_network(convolution="partial", skips=(0, 1)).eval()
    x, _ = question()
    mask = torch.ones(2, 1, 32, 48)
    mask[:, :, 12, 20] = 0
    known: list[float] = []
    for name, module in network.named_modules():
        if name.endswith("partial"):
            module.register_forward_hook(lambda m, i, seen: known.append(float(seen.known.mean())))
    with torch.inference_mode():
        network(x, mask)
    assert known[0] == pytest.approx(9 / (32 * 48))
    assert known == sorted(known)


@pytest.mark.parametrize("skips", [(), (0,), (1,), (0, 1)])
def test_only_the_named_levels_have_skips(skips: tuple[int, ...]) -> None:
    """With the way through the bottleneck closed, the answer hears of the input over the skips alone."""
    network = plain_network(skips=skips).eval()
    torch.nn.init.zeros_(network.up[1].narrow.block[0].weight)  # nothing comes up from the bottleneck
    x, _ = question()
    with torch.inference_mode():
        heard = not torch.equal(network(x), network(x.flip(3)))
    assert heard == bool(skips)


def test_an_autoencoder_sees_no_further_than_it_should_and_a_bottleneck_with_attention_all() -> None:
    x, _ = question((64, 64))
    other = x.clone()
    other[:, :, :4, :4] += 1
    reached = {}
    for name in ("autoencoder", "self-attention"):
        network = plain_network(**KINDS[name]).eval()
        with torch.inference_mode():
            reached[name] = (network(x) - network(other)).abs().amax((0, 1))[-4:, -4:].max() > 1e-7
    assert reached == {"autoencoder": False, "self-attention": True}


def test_parameters_grow_with_channels() -> None:
    """By hand: 3 x 3 convolutions with a norm (2 numbers a channel), 1 x 1 on the way up, and the last."""
    settings = PlainSettings(channels=4, widest=8, steps=1, skips=(), blocks=1)

    def with_norm(inputs: int, outputs: int, kernel: int = 3) -> int:
        return inputs * outputs * kernel**2 + 2 * outputs

    down = with_norm(3, 4) + with_norm(4, 8) + with_norm(8, 8)
    up = with_norm(8, 4, 1) + with_norm(4, 4)
    assert count_parameters(PlainUNet(3, 2, settings)) == down + up + 4 * 2 * 9 + 2
    assert settings.widths == (4, 8)
    assert replace(settings, growth=1.0).widths == (4, 4)


@pytest.mark.parametrize("size", [(30, 32), (32, 33), (0, 32)])
def test_a_size_that_does_not_fit_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ModelError, match="takes multiples of 4: pad or resize") as excinfo:
        plain_network()(torch.rand(1, 4, *size))
    assert "\n" not in str(excinfo.value)


def test_the_smallest_picture_is_one_cell_but_not_for_instance_norm() -> None:
    assert plain_network().eval()(torch.rand(1, 4, 4, 4)).shape == (1, 3, 4, 4)
    with pytest.raises(ModelError, match="single cell") as excinfo:
        plain_network(norm="instance")(torch.rand(2, 4, 4, 4))
    assert "\n" not in str(excinfo.value)


def test_a_fully_connected_network_refuses_another_size() -> None:
    with pytest.raises(ModelError, match=r"picture is 32 x 32; .* takes \(32, 48\) only"):
        plain_network(**KINDS["fully-connected"])(torch.rand(1, 4, 32, 32))


def test_a_small_network_learns() -> None:
    """Forty steps on one batch: an autoencoder of a small picture halves its error."""
    network = plain_network(3, 3, norm="none")
    x, _ = question((16, 16), 3)
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    errors = []
    for _ in range(40):
        error = (network(x) - x).square().mean()
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        errors.append(error.item())
    assert errors[-1] < errors[0] / 2
