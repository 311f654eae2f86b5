"""Validation samples of an autoencoder's run: fixed held-out pictures, and fixed codes from the prior."""

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from safelight.data.cache import photo_in
from safelight.nn.inference import device_of, in_use, to_network, to_numpy
from safelight.shaped import Float, Float32, UInt8
from safelight.tasks.autoencode.dataset import Sample, collate, fit_of
from safelight.tasks.autoencode.losses import (
    LEAST_NATS,
    Collapse,
    active_units,
    bits_per_dimension,
    dimensions,
    find_collapse,
    kl_nats,
    reconstruction_nats,
)
from safelight.tasks.autoencode.network import VAE
from safelight.tasks.autoencode.network_settings import LikelihoodName
from safelight.tasks.autoencode.prepare import AutoencodePreparation, Framed, frame
from safelight.tasks.autoencode.recipe import AutoencodeRecipe
from safelight.training.batches import Pictures
from safelight.training.guard.scale import Anomaly

SCORED, SHOWN, COLUMNS = 64, 16, 8
AT_ONCE = 64  # pictures that are encoded together
FEWEST = 8  # pictures, to tell a collapse from few data
EARLY, EARLIEST = 0.25, 1000  # of a run, and steps: till then a code may be silent, and many begin so


class NetworkCodes:
    """A torch network as the subject of an evaluation (benchmark.py)."""

    def __init__(self, network: VAE, preparation: AutoencodePreparation) -> None:
        self.network, self.preparation = network.eval(), preparation
        self.size, self.latent = network.size, network.settings.latent
        self.likelihood: LikelihoodName = network.settings.likelihood
        self.variational, self.sd = network.settings.variational, network.sd.item()

    def encode(
        self, pictures: Float32[np.ndarray, "n 3 s s"]
    ) -> tuple[Float32[np.ndarray, "n latent"], Float32[np.ndarray, "n latent"]]:
        """Means and sds of the codes."""
        with torch.inference_mode():
            mean, log_var = self.network.encode(to_network(pictures, self.network))
            return to_numpy(mean), to_numpy(torch.exp(0.5 * log_var))

    def decode(self, codes: Float32[np.ndarray, "n latent"]) -> Float32[np.ndarray, "n 3 s s"]:
        """The pictures of these codes, 0..1."""
        with torch.inference_mode():
            return to_numpy(self.network.decode(to_network(codes, self.network)).mean.clamp(0, 1))


def framed(
    pictures: Pictures, size: int, preparation: AutoencodePreparation, count: int | None = None
) -> Iterator[Framed]:
    """The first pictures, or all of them, as the network sees them."""
    for number in range(len(pictures) if count is None else min(count, len(pictures))):
        yield frame(photo_in(pictures, number), size, preparation)


def codes_of(
    network: VAE, pictures: Pictures, preparation: AutoencodePreparation
) -> Float32[np.ndarray, "n latent"]:
    """The code of each picture: the mean of its posterior."""
    codes = NetworkCodes(network, preparation)
    means, waiting = [], []
    for number, each in enumerate(framed(pictures, network.size, preparation), start=1):
        waiting.append(each.planes)
        if len(waiting) == AT_ONCE or number == len(pictures):
            means.append(codes.encode(np.stack(waiting))[0])
            waiting = []
    return np.concatenate(means)


class Reconstructed(NamedTuple):
    """What a network makes of the samples: reconstructions from the means of the codes, and what they cost.

    pictures (n, 3, s, s); means, kl (n, latent); nats (n,): one draw of the negative bound, per picture.
    """

    pictures: Tensor
    means: Tensor
    kl: Tensor
    nats: Tensor


class AutoencodeValidation:
    """The samples of an autoencoder's run (training/task.py: ValidationSet)."""

    measured = SCORED

    def __init__(
        self,
        samples: list[Sample],
        preparation: AutoencodePreparation,
        likelihood: LikelihoodName,
        grace_steps: int,
    ) -> None:
        """grace_steps: the step from which a silent code is a failure (training/guard/answers.py: FailureCheck)."""
        self.preparation, self.likelihood, self.grace_steps = preparation, likelihood, grace_steps
        self.count = len(samples)
        if samples:
            self.pictures, self.padding, self.noise = collate(samples)

    @classmethod
    def choose(cls, held_out: Pictures, recipe: AutoencodeRecipe) -> "AutoencodeValidation":
        """The same samples each time: pictures spread over the set, and the noise that their codes get."""
        fit, size, latent = fit_of(held_out, recipe.preparation.fit), recipe.augment.size, recipe.model.latent
        rng = np.random.default_rng(0)
        samples, aspects = [], []
        for number in rng.permutation(len(held_out))[:SCORED]:
            photo = photo_in(held_out, int(number))
            framed = frame(photo, size, AutoencodePreparation(fit))
            samples.append(Sample(framed.planes, framed.padding, rng.standard_normal(latent, np.float32)))
            aspects.append(photo.shape[0] / photo.shape[1])
        aspect = float(np.clip(np.median(aspects), 0.05, 20)) if fit == "pad" and aspects else 1.0
        grace_steps = max(EARLIEST, round(max(EARLY, recipe.loss.warmup) * recipe.train.steps))
        return cls(
            samples, AutoencodePreparation(fit, round(aspect, 3)), recipe.model.likelihood, grace_steps
        )

    def __len__(self) -> int:
        return self.count

    def score(self, network: VAE) -> dict[str, float]:
        """PSNR in dB and, in nats per picture, the bound and the KL; how many units are active.

        mean_picture: error as a share of that of the samples' mean picture; 1 means that the code is ignored.
        """
        read = self._reconstruct(network)
        error, floor = self._errors(read)
        bits = bits_per_dimension(read.nats, dimensions(self.padding), self.likelihood)
        measures = {
            "psnr": -10 * float(np.log10(error + 1e-12)),
            "elbo": -float(read.nats.mean()),
            "kl": float(read.kl.sum(1).mean()),
            "active_units": float(active_units(read.means)),
            "mean_picture": error / floor if floor > 0 else 1.0,
        }
        return measures if self.likelihood == "bernoulli" else measures | {"bits": float(bits.mean())}

    def evidence(self, network: VAE) -> dict[str, float]:
        """What the doctor reads (training/callbacks.py: ReportsEvidence)."""
        score = self.score(network)
        return {
            "active_share": score["active_units"] / self.noise.shape[1],
            "kl": score["kl"],
            "mean_picture": score["mean_picture"],
        }

    def collapse(self, network: VAE) -> Collapse | None:
        """Whether the decoder ignores its code; None too where the samples are too few to tell."""
        if len(self) < FEWEST:
            return None
        read = self._reconstruct(network)
        return find_collapse(read.means, read.kl, *self._errors(read))

    def failure(self, network: VAE) -> Anomaly | None:
        """Posterior collapse, by its KL in nats a picture: what the guard asks for beside the answers.

        A plain autoencoder cannot have it: its code has no scale to be silent on.
        """
        found = self.collapse(network) if network.settings.variational else None
        if found is None or not found.silent:
            return None
        return Anomaly("code", found.evidence, found.cost, LEAST_NATS, math.nan)

    def answers(self, network: VAE) -> tuple[Float32[np.ndarray, "n h w 3"], Float32[np.ndarray, "n h w 3"]]:
        """Reconstructions of the first samples, their padding grey, and the truths: what the guard looks at."""
        return _channels_last(self._shown(network)), _channels_last(self.pictures[:SHOWN])

    def sheet(self, network: VAE) -> UInt8[np.ndarray, "h w 3"]:
        """Rows of pictures, each with its reconstructions below; at the end, samples from the prior."""
        shown, rows = self._shown(network), []
        for first in range(0, len(shown), COLUMNS):
            chosen = slice(first, first + COLUMNS)
            rows += [_row(self.pictures[:SHOWN][chosen]), _row(shown[chosen])]
        sampled = _channels_last(self._sample(network))
        inside = np.zeros((sampled.shape[1], sampled.shape[1], 1), bool)
        inside[self.preparation.typical_box(sampled.shape[1]).slices] = True
        samples = torch.from_numpy(np.moveaxis(np.where(inside, sampled, np.float32(0.5)), 3, 1).copy())
        rows += [_row(samples[first : first + COLUMNS]) for first in range(0, len(samples), COLUMNS)]
        sheet: np.ndarray = np.nan_to_num(np.vstack(rows))  # broken answers are black
        return np.asarray(np.round(np.clip(sheet, 0, 1) * 255), np.uint8)

    def metadata(self, network: VAE) -> dict[str, Any]:
        """How the pictures were framed, and whether the posterior collapsed."""
        collapse = self.collapse(network) if len(self) else None
        return {"preparation": asdict(self.preparation), "collapse": str(collapse) if collapse else None}

    def _shown(self, network: VAE) -> Float[Tensor, "n 3 s s"]:
        """The first reconstructions, padded as the pictures are."""
        return torch.where(self.padding > 0, self.pictures, self._reconstruct(network).pictures)[:SHOWN]

    def _reconstruct(self, network: VAE) -> Reconstructed:
        with in_use(network) as vae:
            inputs = (self.pictures, self.padding, self.noise)
            pictures, padding, noise = (part.to(device_of(vae)) for part in inputs)
            posterior = vae.encode(pictures)
            kl = kl_nats(posterior) if vae.settings.variational else torch.zeros_like(posterior.mean)
            drawn, _ = vae(pictures, noise)
            nats = reconstruction_nats(self.likelihood, drawn, pictures, padding, vae.sd)
            read = (vae.decode(posterior.mean).mean, posterior.mean, kl, nats + kl.sum(1))
            return Reconstructed(*(part.float().cpu() for part in read))

    def _errors(self, read: Reconstructed) -> tuple[float, float]:
        """Mean squared error of the reconstructions, and of the mean picture of the samples."""
        valid = (1 - self.padding).expand_as(self.pictures)
        mean = (self.pictures * valid).sum(0) / valid.sum(0).clamp(min=1)
        errors = [
            (((each - self.pictures) ** 2 * valid).sum() / valid.sum()) for each in (read.pictures, mean)
        ]
        return float(errors[0]), float(errors[1])

    def _sample(self, network: VAE) -> Float[Tensor, "n 3 s s"]:
        with in_use(network) as vae:
            return vae.decode(self.noise[:SHOWN].to(device_of(vae))).mean.float().cpu()


def _channels_last(pictures: Float[Tensor, "n 3 s s"]) -> Float32[np.ndarray, "n s s 3"]:
    return np.moveaxis(to_numpy(pictures), 1, 3)


def _row(pictures: Float[Tensor, "n 3 s s"]) -> Float32[np.ndarray, "s w 3"]:
    """Side by side; places without a picture are grey."""
    row = list(_channels_last(pictures))
    row += [np.full_like(row[0], 0.5)] * (COLUMNS - len(row))
    return np.hstack(row)
