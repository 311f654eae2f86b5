"""The filler with an encoder: what the encoder sees is timm's, what is told it is refused or kept."""

from typing import Any

import pytest
import timm
import torch

from safelight.errors import ModelError, RecipeError
from safelight.nn.encoder_unet import EncoderUNet, EncoderUNetSettings
from safelight.nn.encoders import TimmEncoder, packaged_weights
from safelight.nn.layers import count_parameters
from safelight.tasks.inpaint.network import GUESS, KNOWN, MASK, InpaintUNet

LITE = "tf_efficientnet_lite0"
SCRATCH = EncoderUNetSettings(
    encoder="mobilenetv3_small_050", pretrained=False, freeze=False, widths=(12, 8, 8, 6, 4), blocks=1
)
NARROW = EncoderUNetSettings(widths=(12, 8, 8, 6, 4), blocks=1)


def questions(planes: int = 7, size: tuple[int, int] = (64, 32), batch: int = 2) -> torch.Tensor:
    """Planes as tasks.inpaint.ask makes them: what is known the same in both pictures."""
    drawn = torch.Generator().manual_seed(0)
    picture = 2 * torch.rand(batch, 3, *size, generator=drawn) - 1
    mask = torch.zeros(batch, 1, *size)
    mask[..., 5:20, 8:25] = 1
    asked = torch.cat([picture * (1 - mask), mask, picture], 1)
    return asked[:, :planes]


def seen_by_the_encoder(
    network: InpaintUNet, planes: torch.Tensor
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """What goes into the encoder and what comes out, when the whole network is asked."""
    told: dict[str, Any] = {}
    assert isinstance(network.unet, EncoderUNet)
    hook = network.unet.encoder.register_forward_hook(lambda _, i, o: told.update(given=i[0], features=o))
    with torch.no_grad():
        network.eval()(planes)
    hook.remove()
    return told["given"], told["features"]


def test_the_encoders_features_are_timms_own_of_the_filled_picture() -> None:
    timms = timm.create_model(LITE, pretrained=False, features_only=True).eval()
    weights = packaged_weights(LITE)
    timms.load_state_dict({name: weights[name] for name in timms.state_dict()})
    planes = questions()
    levels = (planes[:, GUESS] + 1) / 2  # 0..1, as others prepare pictures for timm
    mean, std = (torch.tensor(timms.default_cfg[name]).reshape(1, 3, 1, 1) for name in ("mean", "std"))
    with torch.no_grad():
        wanted = timms((levels - mean) / std)
    given, features = seen_by_the_encoder(InpaintUNet(7, NARROW), planes)
    assert torch.equal(given, planes[:, GUESS])
    assert [level.shape[2:] for level in features] == [(64 // n, 32 // n) for n in (2, 4, 8, 16, 32)]
    for own, timms_own in zip(features, wanted, strict=True):
        torch.testing.assert_close(own, timms_own, atol=1e-3, rtol=1e-3)  # norms are folded


def test_a_stem_for_color_keeps_what_it_learned_and_adds_zeros() -> None:
    picture, more = torch.randn(1, 3, 32, 32), torch.randn(1, 2, 32, 32)
    plain = TimmEncoder(LITE, frozen=False, color=True).eval()
    extended = TimmEncoder(LITE, frozen=False, color=True, extra=2).eval()
    with torch.no_grad():
        for a, b in zip(plain(picture), extended(torch.cat([picture, more], 1)), strict=True):
            torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_without_a_guess_the_encoder_sees_what_is_known() -> None:
    planes = questions(4)
    network = InpaintUNet(4, SCRATCH)
    given, _ = seen_by_the_encoder(network, planes)
    assert torch.equal(given, planes[:, KNOWN])
    with torch.no_grad():
        answer = network(planes)
    assert answer.shape == (2, 3, 64, 32)
    assert answer.dtype == torch.float32


def test_with_a_guess_it_begins_as_the_classical_method() -> None:
    planes = questions()
    assert torch.equal(InpaintUNet(7, SCRATCH)(planes), planes[:, GUESS])


def test_a_shallow_encoder_has_timms_features_and_none_of_its_later_stages() -> None:
    timms = timm.create_model(LITE, pretrained=False, features_only=True).eval()
    weights = packaged_weights(LITE)
    timms.load_state_dict({name: weights[name] for name in timms.state_dict()})
    picture = 2 * torch.rand(1, 3, 64, 32, generator=torch.Generator().manual_seed(0)) - 1
    shallow = TimmEncoder(LITE, color=True, frozen=False, deepest=16).eval()
    with torch.no_grad():
        for own, timms_own in zip(shallow.halvings(picture), timms(picture)[:4], strict=True):
            torch.testing.assert_close(own, timms_own)
    kept = ("conv_stem", "bn1", "blocks.0.", "blocks.1.", "blocks.2.", "blocks.3.", "blocks.4.")
    wanted = sum(p.numel() for name, p in timms.named_parameters() if name.startswith(kept))
    assert count_parameters(shallow) == wanted


def test_without_a_mask_it_answers_the_picture_alone() -> None:
    settings = EncoderUNetSettings(freeze=False, deepest=4, widths=(8, 8, 6, 4), blocks=1, skips=(0, 2))
    network = EncoderUNet(settings, outputs=1, masked=False)
    assert network.multiple == 16
    answer = network(torch.rand(2, 3, 48, 32))
    assert answer.shape == (2, 1, 48, 32)
    torch.nn.init.normal_(network.out.weight)
    network(torch.rand(2, 3, 48, 32)).square().sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize("skips", [(), (0,), (4, 1), (0, 1, 2, 3, 4)])
def test_any_skip_is_on_or_off(skips: tuple[int, ...]) -> None:
    settings = EncoderUNetSettings(
        encoder=SCRATCH.encoder, pretrained=False, freeze=False, widths=(8, 8, 8, 8, 8), skips=skips
    )
    planes, network = questions(), EncoderUNet(settings).eval()
    assert network(planes[:, GUESS], planes[:, MASK]).shape == (2, 3, 64, 32)
    bare = EncoderUNet(EncoderUNetSettings(**{**vars(settings), "skips": ()}))
    channels = {0: 3} | {level: network.encoder.channels()[2**level] for level in range(1, 5)}
    added = count_parameters(network) - count_parameters(bare)
    assert added == sum(channels[level] * 8 * 9 for level in skips)


def test_without_the_last_skip_the_picture_enters_through_the_encoder_alone() -> None:
    planes = questions()
    for skips, told in (((1, 2, 3, 4), False), ((0, 1, 2, 3, 4), True)):
        network = EncoderUNet(EncoderUNetSettings(**{**vars(SCRATCH), "skips": skips})).eval()
        silent = [torch.zeros_like(level) for level in network.encoder(planes[:, GUESS])]
        network.encoder.forward = lambda picture, silent=silent: silent
        with torch.no_grad():
            one, other = (
                network(picture, planes[:, MASK]) for picture in (planes[:, GUESS], 0 * planes[:, GUESS])
            )
        assert bool((one != other).any()) == told


def test_the_mask_is_seen_at_every_level() -> None:
    planes, network = questions(), EncoderUNet(SCRATCH).eval()
    mask = planes[:, MASK].requires_grad_()
    widths: list[int] = []
    for part in (network.deepest, *network.up):
        part.register_forward_pre_hook(lambda _, i: widths.append(i[0].shape[2]))
        part.register_forward_pre_hook(lambda _, i: shares.append(i[0][:, -1:].mean().item()))
    shares: list[float] = []
    network(planes[:, GUESS], mask)
    assert widths == [2, 4, 8, 16, 32, 64]
    assert shares == pytest.approx([mask.mean().item()] * 6)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pretrained": False}, "would keep random features"),
        ({"widths": (8, 8, 0, 8, 8)}, "model.widths is .* expected 1 or more each"),
        ({"blocks": 0}, "model.blocks 0; expected 1 or more"),
        ({"skips": (1, 5)}, "each level once at most, from 0 .* to 4"),
        ({"skips": (1, 1)}, "each level once at most"),
        ({"deepest": 2, "widths": (8, 8)}, "model.deepest is 2; expected 3 to 5"),
        ({"deepest": 4}, "model.widths is .* expected 4 numbers, one for each level above the deepest"),
        ({"deepest": 4, "widths": (8, 8, 8, 8), "skips": (4,)}, "from 0 .* to 3"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as refusal:
        EncoderUNetSettings(**changes)
    assert "\n" not in str(refusal.value)


def test_an_encoder_without_the_five_levels_is_refused() -> None:
    settings = EncoderUNetSettings(encoder="vit_tiny_patch16_224", pretrained=False, freeze=False)
    with pytest.raises(RecipeError, match="vit_tiny_patch16_224 has features at 1/16; expected them at 1/2"):
        EncoderUNet(settings)


def test_a_size_that_does_not_fit_is_refused() -> None:
    network = EncoderUNet(SCRATCH)
    with pytest.raises(ModelError, match="48 x 32; this network takes multiples of 32: pad or resize it"):
        network(torch.zeros(1, 3, 48, 32), torch.zeros(1, 1, 48, 32))
