"""Fit the covariance of tasks/colorize/kriging.py on the training pictures of a dataset.

    python benchmarks/fit_kriging.py DATASET [--terms 3] [--steps 1000]

Minimises the mean log of each picture's squared ab error (so that every picture counts alike, as in a mean of
PSNRs) over random numbers of hints, 1 to 200 with as many pictures at 1 to 2 as at 100 to 200. Prints the
Covariance to put into tasks/colorize/kriging.py, and its gain over kernel regression on pictures held out of the fit.
Only the train split is read. About a minute on two cores.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from safelight.data.cache import PictureSet, open_dataset
from safelight.pixels.color import srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.kriging import FEATURES, Covariance, describe, krige
from safelight.tasks.colorize.propagation import kernel_regression

SIZE = 64  # hints are propagated at half of the network's 128 pixels
FLOOR = 1.0  # of the squared error, in units of ab squared
LEAST_RANGE = 5.0
HELD_OUT = 100
START = ((0.05, 0.05, 0.5, 0.2, 0.2, 0.4), (0.2, 0.2, 0.5, 0.25, 0.3, 0.7), (1.2, 3.0, 0.5, 0.3, 0.7, 0.9))


def load(pictures: PictureSet, count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Lightness (s, s) and ab (s, s, 2) of pictures spread over the set that have color."""
    lightness, ab = [], []
    for number in np.random.default_rng(0).permutation(len(pictures)):
        lab = srgb_to_lab(resize(pictures[int(number)], (SIZE, SIZE)))
        if np.ptp(lab[..., 1:], axis=(0, 1)).max() >= LEAST_RANGE:
            lightness.append(np.ascontiguousarray(lab[..., 0]))
            ab.append(np.ascontiguousarray(lab[..., 1:]))
        if len(ab) == count:
            break
    return lightness, ab


class Fit(torch.nn.Module):
    """The numbers of a Covariance, as logarithms that can be trained."""

    def __init__(self, terms: int) -> None:
        super().__init__()
        self.scales = torch.nn.Parameter(torch.tensor(START[-terms:]).log())
        self.variances = torch.nn.Parameter(torch.tensor([0.3, 0.6, 3.0][-terms:]).log())
        self.constant = torch.nn.Parameter(torch.tensor(0.2).log())
        self.noise = torch.nn.Parameter(torch.tensor(0.03).log())

    def covariance(self, a: Tensor, b: Tensor) -> Tensor:
        """Covariances (batch, n, m) of features (batch, n, f) and (batch, m, f)."""
        total = self.constant.exp().expand(a.shape[0], a.shape[1], b.shape[1])
        for scale, variance in zip(self.scales.exp(), self.variances.exp(), strict=True):
            total = total + variance * torch.exp(
                -0.5 * ((a / scale)[:, :, None] - (b / scale)[:, None]).square().sum(-1)
            )
        return total

    def predict(self, asked: Tensor, hinted: Tensor, colors: Tensor) -> Tensor:
        """Posterior mean at the asked features."""
        among = self.covariance(hinted, hinted) + self.noise.exp() * torch.eye(hinted.shape[1])
        mean: Tensor = self.covariance(asked, hinted) @ torch.linalg.solve(among, colors)
        return mean

    def result(self) -> Covariance:
        """As tasks/colorize/kriging.py holds it."""
        rows = tuple(tuple(round(x, 4) for x in row) for row in self.scales.exp().tolist())
        variances = tuple(round(x, 4) for x in self.variances.exp().tolist())
        return Covariance(
            round(self.constant.exp().item(), 4), variances, rows, round(self.noise.exp().item(), 4)
        )


def fit(
    features: Tensor, colors: Tensor, terms: int, steps: int, batch: int = 16, asked: int = 256
) -> Covariance:
    """Gradient descent on random questions."""
    rng = np.random.default_rng(0)
    model = Fit(terms)
    optimizer = torch.optim.Adam(model.parameters(), 0.04)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, steps)
    for _ in range(steps):
        count = int(np.exp(rng.uniform(0, np.log(201))))
        picture = torch.from_numpy(rng.integers(0, len(features), (batch, 1)))
        at = torch.from_numpy(rng.integers(0, SIZE * SIZE, (batch, asked)))
        hint = torch.from_numpy(rng.integers(0, SIZE * SIZE, (batch, count)))
        guess = model.predict(features[picture, at], features[picture, hint], colors[picture, hint])
        loss = (guess - colors[picture, at]).square().mean((1, 2)).add(FLOOR).log().mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
    return model.result()


def gain(
    lightness: list[np.ndarray], ab: list[np.ndarray], covariance: Covariance, count: int
) -> tuple[float, float]:
    """Mean gain over grey in dB of the squared ab error: kriging's, and kernel regression's."""
    gains = []
    for number, (L, truth) in enumerate(zip(lightness, ab, strict=True)):
        rng = np.random.default_rng((1, number))
        y, x = (rng.integers(0, SIZE, count).astype(np.int32) for _ in range(2))
        points = Points(y, x, truth[y, x], np.zeros(count, np.float32))
        results = (krige(describe(L), points, covariance)[0], kernel_regression(L, points)[0])
        grey = np.mean(truth**2) + FLOOR
        gains.append([10 * np.log10(grey / (np.mean((r - truth) ** 2) + FLOOR)) for r in results])
    kriged, regressed = np.mean(gains, axis=0)
    return float(kriged), float(regressed)


def main() -> None:
    """Fit, print, compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--terms", type=int, default=3, choices=(1, 2, 3))
    parser.add_argument("--steps", type=int, default=1000)
    asked = parser.parse_args()
    lightness, ab = load(open_dataset(asked.dataset, "train"), 500 + HELD_OUT)
    features = torch.from_numpy(np.stack([describe(L).reshape(-1, FEATURES) for L in lightness[HELD_OUT:]]))
    colors = torch.from_numpy(np.stack(ab[HELD_OUT:]).reshape(len(features), -1, 2))
    covariance = fit(features, colors, asked.terms, asked.steps)
    print(covariance)
    print("hints  kriging  kernel regression   (gain over grey, dB of squared ab error)")
    for count in (1, 2, 5, 10, 20, 50, 100, 200):
        kriged, regressed = gain(lightness[:HELD_OUT], ab[:HELD_OUT], covariance, count)
        print(f"{count:5}  {kriged:7.2f}  {regressed:7.2f}")


if __name__ == "__main__":
    main()
