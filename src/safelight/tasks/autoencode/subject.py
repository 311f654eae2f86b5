"""What the judge of codes asks: an autoencoder in memory or from files, and the baselines it must beat."""

from typing import Protocol

import numpy as np
from jaxtyping import Float32

from safelight.tasks.autoencode.network_settings import LikelihoodName
from safelight.tasks.autoencode.prepare import Preparation
from safelight.tasks.autoencode.restore import Autoencoder

Pictures = Float32[np.ndarray, "n 3 s s"]  # 0..1
Codes = Float32[np.ndarray, "n latent"]


class Subject(Protocol):
    """An autoencoder as a pair of callables, and what its likelihood is."""

    @property
    def size(self) -> int: ...
    @property
    def latent(self) -> int: ...
    @property
    def preparation(self) -> Preparation: ...
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
        asked = [self.vae.ask(picture) for picture in pictures]
        return np.stack([each.mean for each in asked]), np.stack([each.sd for each in asked])

    def decode(self, codes: Codes) -> Pictures:
        """The pictures of these codes, 0..1."""
        return np.stack([self.vae.answer(code) for code in codes])


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
        kept = values > 1e-9 * max(float(values.max(initial=0)), 1e-12)
        self.basis = ((vectors[:, kept] / np.sqrt(values[kept])).T @ centered).astype(np.float32)

    def reconstruct(self, pictures: Pictures) -> Pictures:
        """Each picture from its scores on the components."""
        flat = pictures.reshape(len(pictures), -1) - self.mean
        given = self.mean + flat @ self.basis.T @ self.basis
        return np.asarray(np.clip(given, 0, 1).reshape(pictures.shape))

    def mean_picture(self, pictures: Pictures) -> Pictures:
        """The mean of the training pictures, whatever was asked."""
        return np.broadcast_to(self.mean.reshape(pictures.shape[1:]), pictures.shape)
