"""Features of a picture, and the distance to the pictures that were kept, against numbers worked out by hand."""

import math

import pytest
import torch

from safelight.tasks.colorize.familiarity import Unfamiliarity, pool
from tests.nn.small import make_network, random_planes


def test_features_are_the_mean_and_deviation_of_two_levels() -> None:
    levels = [torch.rand(2, channels, 4, 6) for channels in (1, 2, 3, 4, 5)]
    features = pool(levels)
    assert features.shape == (2, 2 * (3 + 4))
    torch.testing.assert_close(features[1, :3], levels[2][1].reshape(3, -1).mean(1))
    torch.testing.assert_close(features[1, 3:6], levels[2][1].reshape(3, -1).std(1, correction=0))
    torch.testing.assert_close(features[0, 6:10], levels[3][0].reshape(4, -1).mean(1))


def test_a_level_of_one_place_has_no_deviation() -> None:
    assert pool([torch.ones(1, 2, 1, 1)] * 5).tolist() == [[1, 1, 0, 0, 1, 1, 0, 0]]


def test_hints_do_not_make_a_photo_familiar() -> None:
    network = make_network().eval()
    with torch.no_grad():
        hinted, bare = (pool(network.encode(random_planes(1, hinted=hinted))[0]) for hinted in (True, False))
    torch.testing.assert_close(hinted, bare)


@pytest.mark.parametrize(("nearest", "distance"), [(1, 0.0), (2, math.sqrt(2)), (3, 2.0)])
def test_distance_to_the_kth_nearest_on_the_unit_sphere(nearest: int, distance: float) -> None:
    kept = torch.tensor([[0.0, 1.0], [1.0, 0.0], [-1.0, 0.0]])
    asked = torch.tensor([[7.0, 0.0]])  # its length does not matter
    assert Unfamiliarity(kept, nearest, 1.0)(asked).item() == pytest.approx(distance, abs=1e-3)
    assert Unfamiliarity(kept, nearest, 0.5)(asked).item() == pytest.approx(2 * distance, abs=1e-3)
