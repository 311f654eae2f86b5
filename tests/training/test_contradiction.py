"""Whether hints belong to their pictures: told from the batch alone."""

import torch

from safelight.tasks.colorize.training import FEW, ColorizeTraining

TRAINING = ColorizeTraining()


def batch(painted: float, true: float, hinted: int) -> tuple[torch.Tensor, torch.Tensor]:
    """One picture with so many pixels under hints of one color, on a truth of one color."""
    planes, truth = torch.zeros(1, 7, 16, 16), torch.full((1, 2, 16, 16), true)
    planes.view(1, 7, -1)[:, 3, :hinted] = 1
    planes.view(1, 7, -1)[:, 1:3, :hinted] = painted
    return planes, truth


def test_hints_of_the_picture_contradict_nothing_and_turned_ones_all() -> None:
    assert TRAINING.contradiction(batch(0.2, 0.2, FEW)).item() == 0
    torch.testing.assert_close(TRAINING.contradiction(batch(-0.2, 0.2, FEW)), torch.tensor(1.0))
    torch.testing.assert_close(TRAINING.contradiction(batch(0.1, 0.3, 200)), torch.tensor(0.5))


def test_few_hints_say_nothing() -> None:
    assert TRAINING.contradiction(batch(-0.2, 0.2, FEW - 1)).item() == 0
    assert TRAINING.contradiction(batch(0.0, 0.0, 256)).item() == 0  # grey on grey
