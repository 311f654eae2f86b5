"""The patch discriminator: any size, spectral norm that holds, gradients of gradients."""

import pytest
import torch

from safelight.errors import RecipeError
from safelight.nn.discriminator import DiscriminatorSettings, PatchDiscriminator

SMALL = DiscriminatorSettings(channels=6, widest=12, layers=3)


def discriminator(**changes: bool) -> PatchDiscriminator:
    torch.manual_seed(0)
    return PatchDiscriminator(4, DiscriminatorSettings(6, 12, 3, **changes))


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
