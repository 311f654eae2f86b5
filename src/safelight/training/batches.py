"""Batches: sample number k of a run is always the same picture, crop and hints, whoever loads it.

All randomness of a sample comes from (seed, k): no two workers can draw alike, and a run that stopped at any
step goes on with exactly the samples that it would have had.
"""

import os
import signal
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import torch
from jaxtyping import Float32, Float64, UInt8
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from safelight.errors import RecipeError
from safelight.pixels.color import srgb_to_lab
from safelight.tasks.colorize import AB_SCALE, ask
from safelight.tasks.sampling import draw_points
from safelight.training.augment import age, augment
from safelight.training.recipe import Recipe
from safelight.training.stopping import ASKING


class Pictures(Protocol):
    """What training needs of a dataset: square uint8 pictures by number, and where each comes from."""

    @property
    def sources(self) -> list[str]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> UInt8[np.ndarray, "s s 3"]: ...


class Sample(NamedTuple):
    """One question (7, h, w) and the true ab / 110 (2, h, w)."""

    planes: Float32[np.ndarray, "7 h w"]
    truth: Float32[np.ndarray, "2 h w"]


def shares(sources: list[str], weights: tuple[tuple[str, float], ...]) -> Float64[np.ndarray, " n"]:
    """Cumulative share of draws for each picture. Raises RecipeError for a source that is not there."""
    given = dict(weights)
    strangers = sorted(set(given) - set(sources))
    if strangers:
        raise RecipeError(
            f"data.weights names {strangers[0]!r}; this dataset has {', '.join(sorted(set(sources)))}"
        )
    weight = np.array([given.get(source, 1.0) for source in sources])
    if not (weight >= 0).all() or weight.sum() == 0:
        raise RecipeError("data.weights must be 0 or more, and not all 0")
    total = np.cumsum(weight)
    return np.asarray(total / total[-1])


class Samples(Dataset[Sample]):
    """The endless sequence of a run's samples. Item k depends on nothing but recipe, pictures and k."""

    def __init__(self, pictures: Pictures, recipe: Recipe) -> None:
        self.pictures, self.recipe = pictures, recipe
        self.cumulative = shares(pictures.sources, recipe.data.weights)
        self.last = recipe.train.steps * recipe.data.batch
        self._strata: tuple[int, np.ndarray] = (-1, np.zeros(0))

    def picture_number(self, k: int) -> int:
        """Which picture: each pass draws once from each of as many equal strata as there are pictures.

        Without weights a pass covers the set. With them each picture comes as often as its share says, to
        within one; the strata begin elsewhere in each pass, so that none is left out for good.
        """
        turn, place = divmod(k, len(self.pictures))
        if self._strata[0] != turn:
            rng = np.random.default_rng((self.recipe.train.seed, turn, 1))
            self._strata = (turn, (rng.permutation(len(self.pictures)) + rng.random()) / len(self.pictures))
        return int(np.searchsorted(self.cumulative, self._strata[1][place], side="right"))

    def __getitem__(self, k: int) -> Sample:
        recipe = self.recipe
        rng = np.random.default_rng((recipe.train.seed, k))
        lab = srgb_to_lab(augment(self.pictures[self.picture_number(k)], recipe.augment, rng))
        L, ab = lab[..., 0], np.ascontiguousarray(lab[..., 1:])
        points = draw_points(ab, recipe.hints, rng, k / self.last)
        if rng.random() < recipe.augment.aging:
            L = age(L, rng)
        truth = np.moveaxis(ab / np.float32(AB_SCALE), 2, 0)
        return Sample(ask(L, points, recipe.preparation), np.ascontiguousarray(truth))


class Forward(Sampler[int]):
    """Sample numbers from `start` to `stop`, in order.

    Its length is that of the whole run: the Trainer counts the steps before `start` as done.
    """

    def __init__(self, start: int, stop: int) -> None:
        self.start, self.stop = start, stop

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.stop))

    def __len__(self) -> int:
        return self.stop


def one_thread(_worker: int) -> None:
    """Loading processes leave the processors to the network: one thread, and only when it waits.

    Without the lower priority they push one of the network's threads aside while the others spin at its
    barrier: on two cores a step then took twice as long.
    """
    from threadpoolctl import threadpool_limits

    for number in ASKING:  # they reach the whole group; the training process decides, and ends its workers
        signal.signal(number, signal.SIG_IGN)
    torch.set_num_threads(1)
    threadpool_limits(1)  # numpy's BLAS
    if hasattr(os, "nice"):
        os.nice(10)


def collate(samples: list[Sample]) -> tuple[Tensor, Tensor]:
    """Planes (b, 7, h, w) and truth (b, 2, h, w)."""
    planes = np.stack([sample.planes for sample in samples])
    truth = np.stack([sample.truth for sample in samples])
    return torch.from_numpy(planes), torch.from_numpy(truth)


def training_batches(pictures: Pictures, recipe: Recipe, first_step: int = 0) -> DataLoader[Sample]:
    """The batches from this step of the run to its end."""
    import cv2

    # Before the workers are forked: OpenCV's pool of threads does not come along, and waits for itself there.
    cv2.setNumThreads(1)
    batch = recipe.data.batch
    return DataLoader(
        Samples(pictures, recipe),
        batch_size=batch,
        sampler=Forward(first_step * batch, recipe.train.steps * batch),
        num_workers=recipe.data.workers,
        collate_fn=collate,
        worker_init_fn=one_thread,
        prefetch_factor=4 if recipe.data.workers else None,
    )
