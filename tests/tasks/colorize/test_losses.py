"""Losses: values worked out by hand, nothing at the truth, a gradient to each input."""

import math

import pytest
import torch
from torch.autograd import gradcheck

from safelight.errors import RecipeError
from safelight.tasks.colorize.losses import (
    ColorLossSettings,
    bin_cross_entropy,
    chroma_error,
    huber_distance,
    log_error,
)

TRUTH = torch.zeros(1, 2, 2, 2)
BETA = 0.05


def off_by(a: float, b: float) -> torch.Tensor:
    """An answer that is wrong by (a, b) in ab / 110 at every pixel."""
    return TRUTH + torch.tensor([a, b]).view(1, 2, 1, 1)


def random_pair(seed: int = 0, size: tuple[int, int] = (3, 4)) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    one, two = (torch.rand(2, 2, *size, generator=generator, dtype=torch.float64) - 0.5 for _ in range(2))
    return one.requires_grad_(), two.requires_grad_()


def test_huber_by_hand() -> None:
    # distance 0.01 is within beta: 0.01^2 / (2 x 0.05); distance 0.5 is not: 0.5 - 0.05 / 2
    assert huber_distance(off_by(0.006, 0.008), TRUTH, BETA).item() == pytest.approx(0.001, rel=1e-4)
    assert huber_distance(off_by(0.3, -0.4), TRUTH, BETA).item() == pytest.approx(0.475, rel=1e-5)
    half = torch.cat([off_by(0.3, -0.4), off_by(0.006, 0.008)])
    assert huber_distance(half, torch.cat([TRUTH, TRUTH]), BETA).item() == pytest.approx(
        (0.475 + 0.001) / 2, rel=1e-4
    )


def test_huber_joins_smoothly_at_beta() -> None:
    below, above = (huber_distance(off_by(BETA + step, 0), TRUTH, BETA).item() for step in (-1e-5, 1e-5))
    assert below == pytest.approx(BETA / 2, abs=2e-5)
    assert above - below == pytest.approx(2e-5, abs=2e-7)  # slope 1 on both sides


def test_huber_is_the_distance_far_out_and_the_square_near() -> None:
    """Its limits: with beta to 0 the mean distance, with a large beta the mean square / (2 beta)."""
    ab, truth = (each.detach() for each in random_pair())
    distance = torch.linalg.vector_norm(ab - truth, dim=1)
    assert huber_distance(ab, truth, 1e-6).item() == pytest.approx(distance.mean().item(), abs=1e-5)
    assert huber_distance(ab, truth, 100.0).item() == pytest.approx(
        (distance**2).mean().item() / 200, rel=1e-5
    )


def test_huber_does_not_care_which_hue_is_wrong() -> None:
    values = [
        huber_distance(off_by(0.2 * math.cos(t), 0.2 * math.sin(t)), TRUTH, BETA).item() for t in range(6)
    ]
    assert max(values) - min(values) < 1e-6


def test_log_error_by_hand() -> None:
    # off by 0.1 x 110 = 11 units everywhere, floor 3: log(121 + 9) / 2
    assert log_error(off_by(0.06, 0.08), TRUTH, 3.0).item() == pytest.approx(0.5 * math.log(130), rel=1e-5)
    assert log_error(TRUTH, TRUTH, 3.0).item() == pytest.approx(math.log(3), rel=1e-6)


def test_half_the_error_lowers_the_log_by_log_two() -> None:
    ab, truth = (each.detach() for each in random_pair())
    closer = truth + (ab - truth) / 2
    lowered = log_error(ab, truth, 0.01) - log_error(closer, truth, 0.01)
    assert lowered.item() == pytest.approx(math.log(2), abs=1e-5)
    assert (
        log_error(ab * 1e-6, ab * 0, 3.0) - log_error(ab * 0, ab * 0, 3.0)
    ).item() < 1e-6  # all below the floor


def test_log_error_counts_pictures_alike() -> None:
    """A hundredfold error in one picture costs as much as in another, and is no average over their pixels."""
    easy, hard = off_by(0.01, 0), off_by(0.5, 0)
    both = log_error(torch.cat([easy, hard]), torch.cat([TRUTH, TRUTH]), 1.0)
    each = [log_error(one, TRUTH, 1.0) for one in (easy, hard)]
    assert both.item() == pytest.approx((each[0] + each[1]).item() / 2, rel=1e-6)


def test_chroma_error_by_hand() -> None:
    truth = off_by(0.3, -0.4)  # chroma 0.5
    assert chroma_error(torch.full((1, 1, 2, 2), 0.2), truth).item() == pytest.approx(0.3)
    assert chroma_error(torch.full((1, 1, 2, 2), 0.5), truth).item() == pytest.approx(0, abs=1e-7)


def test_bin_cross_entropy_by_hand() -> None:
    logits = torch.log(torch.tensor([0.5, 0.25, 0.25])).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    sure = torch.tensor([0.0, 1.0, 0.0]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    torn = torch.tensor([0.5, 0.5, 0.0]).view(1, 3, 1, 1).expand(1, 3, 2, 2)
    assert bin_cross_entropy(logits, sure).item() == pytest.approx(math.log(4), rel=1e-6)
    assert bin_cross_entropy(logits, torn).item() == pytest.approx((math.log(2) + math.log(4)) / 2, rel=1e-6)


def test_cross_entropy_is_least_at_the_truth() -> None:
    soft = torch.softmax(torch.randn(1, 5, 2, 2, generator=torch.Generator().manual_seed(0)), 1)
    at_truth = bin_cross_entropy(soft.log(), soft)
    entropy = -(soft * soft.log()).sum(1).mean()
    assert at_truth.item() == pytest.approx(entropy.item(), rel=1e-5)
    assert bin_cross_entropy(soft.log() * 0.5, soft) > at_truth


@pytest.mark.parametrize("beta", [0.05, 1.0])
def test_nothing_is_wrong_at_the_truth(beta: float) -> None:
    _, truth = random_pair()
    assert huber_distance(truth, truth, beta).item() == 0
    answer = truth.detach().clone().requires_grad_()
    huber_distance(answer, truth.detach(), beta).backward()
    assert answer.grad is not None
    assert not answer.grad.any()  # and no NaN from the root at 0


def test_gradients_are_those_of_the_formula() -> None:
    ab, truth = random_pair()
    assert gradcheck(lambda a, b: huber_distance(a, b, BETA), (ab, truth))
    assert gradcheck(lambda a, b: huber_distance(a, b, 2.0), (ab, truth))
    assert gradcheck(lambda a, b: log_error(a, b, 3.0), (ab, truth))
    expected = torch.rand(2, 1, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) + 2
    assert gradcheck(chroma_error, (expected.requires_grad_(), truth))


def test_cross_entropy_moves_the_logits_to_the_truth() -> None:
    logits = torch.zeros(2, 5, 3, 3, requires_grad=True)
    soft = torch.softmax(torch.randn(2, 5, 3, 3, generator=torch.Generator().manual_seed(0)), 1)
    bin_cross_entropy(logits, soft).backward()
    assert logits.grad is not None
    torch.testing.assert_close(logits.grad, (0.2 - soft) / 18)  # softmax - truth, over 2 x 3 x 3 pixels


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"beta": 0.0}, "loss.beta"),
        ({"floor": -1.0}, "loss.floor"),
        ({"huber": 0.0}, "no loss on the colors"),
    ],
)
def test_settings_that_cannot_train_are_refused(change: dict[str, float], said: str) -> None:
    with pytest.raises(RecipeError, match=said) as excinfo:
        ColorLossSettings(**change)
    assert "\n" not in str(excinfo.value)


@pytest.mark.parametrize("term", ["l1", "log_error", "bins"])
def test_one_term_on_the_colors_is_enough(term: str) -> None:
    assert getattr(ColorLossSettings(**{"huber": 0.0, term: 1.0}), term) == 1
