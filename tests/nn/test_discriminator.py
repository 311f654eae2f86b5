"""The patch discriminator: any size, spectral norm that holds, gradients of gradients."""

import copy
from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from safelight.errors import RecipeError
from safelight.losses.adversarial import hinge_discriminator, r1_penalty
from safelight.losses.perceptual import Features, lite0_features
from safelight.nn.discriminator import DiscriminatorSettings, FeatureDiscriminator, PatchDiscriminator

SMALL = DiscriminatorSettings(channels=6, widest=12, layers=3)


def discriminator(**changes: bool) -> PatchDiscriminator:
    torch.manual_seed(0)
    return PatchDiscriminator(4, replace(SMALL, **changes))


@pytest.mark.parametrize("spectral", [True, False])
@pytest.mark.parametrize(("size", "patches"), [((32, 48), (4, 6)), ((33, 7), (5, 1)), ((1, 1), (1, 1))])
def test_any_size_has_a_score_a_patch(
    spectral: bool, size: tuple[int, int], patches: tuple[int, int]
) -> None:
    critic = discriminator(spectral=spectral)
    scores = critic(torch.rand(2, 4, *size))
    assert scores.shape == (2, 1, *patches)
    scores.sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in critic.parameters())


def test_no_layer_stretches_more_than_one() -> None:
    critic = discriminator().train()
    for _ in range(30):
        critic(torch.rand(1, 4, 8, 8))
    critic.eval()
    for layer in [m for m in critic.modules() if isinstance(m, torch.nn.Conv2d)]:
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1, abs=0.02)


def test_bf16_scores_are_finite_and_near() -> None:
    critic, x = discriminator().eval(), torch.rand(2, 4, 32, 32)
    wanted = critic(x)
    with torch.autocast("cpu", torch.bfloat16):
        scores = critic.to(memory_format=torch.channels_last)(x)
    assert scores.dtype == torch.float32
    assert (scores - wanted).abs().max() < 0.05 * wanted.std() + 0.02


def test_real_and_false_in_one_step_and_the_gradient_of_the_gradient() -> None:
    """As a step of hinge loss with R1 does: two looks, one backward, and the gradient's own norm is lowered."""
    critic = discriminator()
    real, false = torch.rand(2, 4, 16, 16).requires_grad_(), torch.rand(2, 4, 16, 16)
    at_real, at_false = critic(real), critic(false)
    (gradient,) = torch.autograd.grad(at_real.sum(), real, create_graph=True)
    ((1 - at_real).relu().mean() + (1 + at_false).relu().mean() + gradient.square().sum()).backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in critic.parameters())


def test_a_patch_sees_its_own_neighborhood_only() -> None:
    critic, x = discriminator().eval(), torch.rand(1, 4, 128, 128)
    other = x.clone()
    other[..., :4, :4] = 0
    moved = (critic(x) != critic(other))[0, 0]
    assert moved[0, 0]
    assert not moved[-4:, -4:].any()


@pytest.mark.parametrize(
    ("change", "said"),
    [({"channels": 0}, "channels is 0"), ({"layers": 0}, "layers 0"), ({"widest": 8}, "widest is 8, below")],
)
def test_what_cannot_work_is_refused(change: dict[str, int], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as excinfo:
        DiscriminatorSettings(**change)
    assert "\n" not in str(excinfo.value)


def test_weights_come_back() -> None:
    critic, x = discriminator().eval(), torch.rand(1, 4, 16, 16)
    other = PatchDiscriminator(4, SMALL).eval()
    other.load_state_dict(critic.state_dict())
    assert torch.equal(critic(x), other(x))


@pytest.fixture(scope="module")
def features() -> Features:
    return lite0_features()


def feature_discriminator(features: Features, more: int = 1) -> FeatureDiscriminator:
    torch.manual_seed(0)
    return FeatureDiscriminator(
        features, more, DiscriminatorSettings(channels=6, features="efficientnet_lite0")
    )


@pytest.mark.parametrize(("size", "cells"), [((64, 96), 4 * 6), ((40, 72), 3 * 5)])
def test_features_have_three_scores_for_every_16_by_16_pixels(
    features: Features, size: tuple[int, int], cells: int
) -> None:
    critic = feature_discriminator(features)
    shown = (2 * torch.rand(2, 4, *size) - 1).requires_grad_()
    scores = critic(shown)
    assert (scores.shape, scores.dtype) == ((2, 3 * cells), torch.float32)
    scores.sum().backward()
    assert shown.grad is not None
    assert shown.grad[:, :3].any(1).float().mean() > 0.9  # all pixels are looked at, and the mask
    assert shown.grad[:, 3].any()
    assert all(p.grad is not None and p.grad.any() for p in critic.parameters())


def test_what_sees_is_no_part_of_the_discriminator_and_never_learns(features: Features) -> None:
    critic = feature_discriminator(features)
    weights = sum(p.numel() for p in critic.parameters())
    # heads of 24, 40 and 112 features and a mask: 3 x 3 to 6, then 2, 1 and 0 halvings, then a score
    assert weights == sum(
        9 * (n + 1) * 6 + 6 + k * (9 * 36 + 6) + 9 * 6 + 1 for n, k in ((24, 2), (40, 1), (112, 0))
    )
    critic.requires_grad_(True).train()
    assert not any(p.requires_grad for p in features.parameters())
    assert not features.training
    assert all(name.startswith("heads.") for name in critic.state_dict())


def test_what_sees_follows_the_discriminator_to_its_device(features: Features) -> None:
    """On "meta", which computes nothing, and as little takes what lies on another device."""
    seeing = copy.deepcopy(features)
    shown = torch.rand(1, 4, 64, 64, device="meta")
    assert feature_discriminator(seeing).to("meta")(shown).device.type == "meta"
    critic = feature_discriminator(seeing)  # which are on the device of the last one now
    assert critic.to("meta")(shown).shape == (1, 3 * 16)


def test_features_tell_noise_from_a_soft_picture_within_a_few_steps(features: Features) -> None:
    critic = feature_discriminator(features, more=0)
    optimizer = torch.optim.Adam(critic.parameters(), 2e-3, (0.0, 0.99))
    generator = torch.Generator().manual_seed(0)
    soft = F.interpolate(2 * torch.rand(8, 3, 5, 5, generator=generator) - 1, (64, 64), mode="bicubic").clamp(
        -1, 1
    )
    noisy = (soft + 0.2 * torch.randn(soft.shape, generator=generator)).clamp(-1, 1)
    for _ in range(40):
        loss = hinge_discriminator(critic(noisy[:6]), critic(soft[:6]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        assert critic(noisy[6:]).mean() > 0.3 + critic(soft[6:]).mean()  # two that it has not seen


def test_a_penalty_on_the_slope_goes_through_the_features(features: Features) -> None:
    critic = feature_discriminator(features)
    r1_penalty(critic, 2 * torch.rand(1, 4, 32, 32) - 1).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in critic.parameters() if p.ndim > 1)
