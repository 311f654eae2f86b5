"""What the evaluation of autoencoders takes: framed pictures, an autoencoder in memory or from files, and PCA."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from safelight.data.cache import photo_in
from safelight.errors import DatasetError
from safelight.evaluation.base import EvaluationOptions, Progress
from safelight.evaluation.samples import Pictures as PictureSource
from safelight.evaluation.samples import Samples, hash_lines
from safelight.pixels.geometry import Box
from safelight.shaped import Float32
from safelight.tasks.autoencode.network_settings import LikelihoodName
from safelight.tasks.autoencode.prepare import AutoencodePreparation, frame
from safelight.tasks.autoencode.restore import Autoencoder

MODEL, PCA, MEAN = "model", "PCA", "mean picture"  # methods
MOST_TRAINING = 4000  # pictures: beyond, PCA and neighbors take memory and tell no more
MOST_BYTES = 2**31  # of pictures that are held at once: at 640 pixels these are 436
LEAST = 3  # pictures: intervals leave one out, and a spread takes two

Pictures = Float32[np.ndarray, "n 3 s s"]  # 0..1
Codes = Float32[np.ndarray, "n latent"]
Draw = Callable[[int, np.random.Generator], Codes]  # so many codes


@dataclass(frozen=True)
class FramedSample:
    """One picture as the network sees it. padding: 1 = padding. box: what it fills."""

    index: int
    planes: Float32[np.ndarray, "3 s s"]
    padding: Float32[np.ndarray, "1 s s"]
    box: Box

    @property
    def sha256(self) -> str:
        """Hash of the levels and the padding."""
        levels = np.round(self.planes * 255).astype(np.uint8)
        return hashlib.sha256(levels.tobytes() + np.packbits(self.padding > 0).tobytes()).hexdigest()


Reconstruct = Callable[[Pictures], Pictures]


def draw_samples(
    pictures: PictureSource, subject: "Subject", options: EvaluationOptions
) -> Samples[FramedSample]:
    """The held-out pictures, or a fixed sample of them, framed. Raises DatasetError for fewer than LEAST."""
    limit, what = options.limit or most_at(subject.size), "framing held-out pictures"
    items = frame_pictures(pictures, subject, limit, options.seed, options.progress, what)
    return Samples(
        protocol=f"codes-{subject.size}",
        size=subject.size,
        seed=options.seed,
        items=items,
        sha256=hash_lines([str(items[0].planes.shape), *sorted(item.sha256 for item in items)]),
    )


def most_at(size: int) -> int:
    """How many pictures of this size are held at once."""
    return max(LEAST, MOST_BYTES // (12 * size**2))


def planes_of(items: Sequence[FramedSample]) -> Pictures:
    """Those of all items."""
    return _joined([item.planes for item in items])


def padding_of(items: Sequence[FramedSample]) -> Float32[np.ndarray, "n 1 s s"]:
    """That of all items."""
    return _joined([item.padding for item in items])


def _joined(views: list[np.ndarray]) -> np.ndarray:
    """One array of all, without a copy of gigabytes where they are the rows of one."""
    whole = views[0].base
    return whole if whole is not None and len(whole) == len(views) else np.stack(views)


def frame_picture(pictures: PictureSource, number: int, subject: "Subject") -> FramedSample:
    """One picture as the network sees it."""
    framed = frame(photo_in(pictures, number), subject.size, subject.preparation)
    return FramedSample(number, framed.planes, framed.padding, framed.box)


def frame_pictures(
    pictures: PictureSource, subject: "Subject", limit: int, seed: int, progress: Progress, what: str
) -> tuple[FramedSample, ...]:
    """The pictures, or a fixed sample of them, as the network sees them, views of one array each.

    Raises DatasetError for fewer than LEAST.
    """
    numbers, size = np.arange(len(pictures)), subject.size
    if limit < len(numbers):
        numbers = np.sort(np.random.default_rng((seed, 7)).permutation(len(numbers))[:limit])
    if len(numbers) < LEAST:
        raise DatasetError(
            f"{getattr(pictures, 'name', 'the set')}: {len(numbers)} pictures to judge on; expected {LEAST} or more "
            "(a larger --limit, or more of them)"
        )
    planes, padding = (np.empty((len(numbers), c, size, size), np.float32) for c in (3, 1))
    items = []
    for place, number in enumerate(numbers.tolist()):
        framed = frame_picture(pictures, number, subject)
        planes[place], padding[place] = framed.planes, framed.padding
        items.append(FramedSample(number, planes[place], padding[place], framed.box))
        progress(what, place + 1, len(numbers))
    return tuple(items)


class Subject(Protocol):
    """An autoencoder as a pair of callables, and what its likelihood is."""

    @property
    def size(self) -> int: ...
    @property
    def latent(self) -> int: ...
    @property
    def preparation(self) -> AutoencodePreparation: ...
    @property
    def likelihood(self) -> LikelihoodName: ...
    @property
    def variational(self) -> bool: ...
    @property
    def sd(self) -> float: ...

    def encode(self, pictures: Pictures) -> tuple[Codes, Codes]:
        """Means and sds of the codes."""

    def decode(self, codes: Codes) -> Pictures:
        """The pictures of these codes, 0..1."""


class ExportedCodes:
    """An exported autoencoder as a subject. Its likelihood stands in its card's scores."""

    def __init__(self, vae: Autoencoder) -> None:
        self.vae, self.size, self.latent, self.preparation = vae, vae.size, vae.latent, vae.preparation
        scores, model = vae.card.scores, vae.card.recipe.get("model", {})
        self.likelihood: LikelihoodName = scores.get("likelihood", "gaussian")
        self.variational = bool(model.get("variational", True))
        self.sd = float(scores.get("sd", model.get("sd", 0.1)))

    def encode(self, pictures: Pictures) -> tuple[Codes, Codes]:
        """Means and sds of the codes."""
        posteriors = [self.vae.encode_planes(picture) for picture in pictures]
        return np.stack([each.mean for each in posteriors]), np.stack([each.sd for each in posteriors])

    def decode(self, codes: Codes) -> Pictures:
        """The pictures of these codes, 0..1."""
        return np.stack([self.vae.decode_planes(code) for code in codes])


class Pca:
    """Principal components (Pearson 1901) of the training pictures, as many as a code has numbers.

    Components are the eigenvectors of the pictures' Gram matrix, exact for these pictures.
    """

    def __init__(self, pictures: Pictures, components: int) -> None:
        from scipy.linalg import eigh

        flat = pictures.reshape(len(pictures), -1)
        self.mean = flat.mean(0)
        centered = flat - self.mean
        count = min(components, len(flat) - 1)
        gram = centered @ centered.T
        values, vectors = eigh(gram.astype(np.float64), subset_by_index=(len(flat) - count, len(flat) - 1))
        significant = values > 1e-9 * max(float(values.max(initial=0)), 1e-12)
        self.basis = ((vectors[:, significant] / np.sqrt(values[significant])).T @ centered).astype(
            np.float32
        )

    def reconstruct(self, pictures: Pictures) -> Pictures:
        """Each picture from its scores on the components."""
        flat = pictures.reshape(len(pictures), -1) - self.mean
        answers = self.mean + flat @ self.basis.T @ self.basis
        return np.asarray(np.clip(answers, 0, 1).reshape(pictures.shape))

    def mean_picture(self, pictures: Pictures) -> Pictures:
        """The mean of the training pictures, whatever these are."""
        return np.broadcast_to(self.mean.reshape(pictures.shape[1:]), pictures.shape)
