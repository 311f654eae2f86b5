"""What a network finds familiar: like pictures below the threshold, unlike ones above."""

import numpy as np
import pytest
import torch

from safelight.tasks.colorize.familiarity import QUANTILE, Unfamiliarity, features, learn_familiarity
from tests.nn.small import make_network


class Smooth:
    """Soft pictures: some cells of grey, enlarged."""

    def __init__(self, count: int, seed: int, size: int = 70) -> None:
        import cv2

        rng = np.random.default_rng(seed)
        self.pictures = [
            cv2.resize(rng.integers(0, 256, (5, 5, 3), np.uint8), (size, size)) for _ in range(count)
        ]
        self.sources = ["smooth"] * count

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.pictures[index]


class Noise(Smooth):
    def __init__(self, count: int) -> None:
        super().__init__(count, 0)
        self.pictures = list(np.random.default_rng(3).integers(0, 256, (count, 64, 64, 3), np.uint8))


@pytest.fixture(scope="module")
def network() -> torch.nn.Module:
    return make_network().eval()


def far(network: torch.nn.Module, measure: Unfamiliarity, pictures: Smooth) -> np.ndarray:
    return measure(torch.from_numpy(features(network, pictures, range(len(pictures))))).numpy()


def test_the_threshold_is_the_quantile_of_the_held_out_and_noise_is_beyond(network: torch.nn.Module) -> None:
    held_out = Smooth(60, 1)
    measure, told = learn_familiarity(network, Smooth(90, 2), held_out, np.random.default_rng(0))
    assert measure is not None
    assert told is not None
    inside = far(network, measure, held_out)
    assert np.mean(inside <= 1) == pytest.approx(QUANTILE, abs=1.5 / len(held_out))
    assert (far(network, measure, Noise(10)) > 1).all()
    assert (told.kept, told.held_out, told.distance) == (90, 60, measure.threshold)
    assert measure.kept.shape == (90, features(network, held_out, [0]).shape[1])
    torch.testing.assert_close(measure.kept.norm(dim=1), torch.ones(90))


def test_few_pictures_are_enough_to_export(network: torch.nn.Module) -> None:
    measure, told = learn_familiarity(network, Smooth(3, 2), Smooth(2, 1), np.random.default_rng(0))
    assert measure is not None
    assert told is not None
    assert (told.nearest, told.kept) == (3, 3)
    assert np.isfinite(measure.threshold)


def test_a_network_whose_encoder_sees_the_hints_has_none() -> None:
    network = make_network(hints_in="stem")
    assert learn_familiarity(network, Smooth(3, 2), Smooth(2, 1), np.random.default_rng(0)) == (None, None)


def test_batches_change_nothing(network: torch.nn.Module) -> None:
    pictures = Smooth(20, 5, size=32)
    whole = features(network, pictures, range(20))
    one = features(network, pictures, [19])
    np.testing.assert_allclose(whole[19], one[0], rtol=1e-4, atol=1e-5)
