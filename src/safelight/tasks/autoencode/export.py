"""A trained autoencoder as two ONNX files, encoder and decoder, and the mixture of its codes."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from safelight.arrays import Planes
from safelight.nn.export import ModelPart
from safelight.runtime.card import ModelCard, Port
from safelight.tasks.autoencode.mixture import choose_mixture
from safelight.tasks.autoencode.network import VAE
from safelight.tasks.autoencode.recipe import AutoencodeRecipe
from safelight.tasks.autoencode.restore import CODES, DECODER, ENCODER, MIXTURE
from safelight.tasks.autoencode.validation import codes_of, framed
from safelight.training.export import CHECKED, Export, Exporter, Trained

CODE_TOLERANCE, PICTURE_TOLERANCE = 0.05, 2 / 255  # in a code's units, where the prior's sd is 1; of 0..1


class EncoderModule(nn.Module):
    """The encoder with plain tensors as its outputs."""

    def __init__(self, network: VAE) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """A picture to the mean and the sd of its code."""
        mean, log_var = self.network.encode(picture)
        return mean, torch.exp(0.5 * log_var)


class DecoderModule(nn.Module):
    """The decoder with a plain tensor as its output."""

    def __init__(self, network: VAE) -> None:
        super().__init__()
        self.network = network

    def forward(self, code: Tensor) -> Tensor:
        """A code to its picture."""
        return self.network.decode(code).mean.clamp(0, 1)


def model_parts(network: VAE) -> list[ModelPart]:
    """The files of an autoencoder: a picture to mean and sd of its code; a code to its picture."""
    size, latent = network.size, (1, network.settings.latent)
    picture = Port("picture", (1, 3, size, size), (0.0, 1.0), "sRGB; outside of the photo's box mid grey")
    mean = Port("mean", latent, (-1e3, 1e3), "mean of the code's posterior; the prior is N(0, 1)")
    sd = Port("sd", latent, (0.0, 60.0), "standard deviation of the code's posterior")
    code = Port("code", latent, (-1e3, 1e3), "a code; the prior is N(0, 1)")
    encoder, decoder = EncoderModule(network), DecoderModule(network)
    return [
        ModelPart("encode", encoder, picture, (mean, sd), CODE_TOLERANCE, "in codes", ending=ENCODER),
        ModelPart(
            "decode", decoder, code, (picture,), PICTURE_TOLERANCE, "of 255 levels", 255, ending=DECODER
        ),
    ]


def part_samples(network: VAE, pictures: Sequence[Planes]) -> list[list[Planes]]:
    """Inputs of both parts: the pictures, and the means of their codes."""
    encode = EncoderModule(network.eval())
    with torch.inference_mode():
        codes = [encode(torch.from_numpy(picture)[None])[0][0].numpy() for picture in pictures]
    return [list(pictures), codes]


class AutoencodeExporter(Exporter[VAE, AutoencodeRecipe]):
    """Autoencoders."""

    def parts(self, network: VAE, recipe: AutoencodeRecipe) -> list[ModelPart]:
        """Encoder and decoder."""
        return model_parts(network)

    def prepare(self, trained: Trained[VAE, AutoencodeRecipe], card: ModelCard) -> Export:
        """With the mixture that its codes are drawn from, fitted here; checked on held-out pictures."""
        network, preparation = trained.network, trained.recipe.preparation
        trained.stage("fitting the mixture of its codes")
        mixture, densities = choose_mixture(
            codes_of(network, trained.pictures, preparation),
            codes_of(network, trained.held_out, preparation),
            np.random.default_rng(0),
        )
        content = mixture.to_bytes()
        scores: dict[str, object] = {
            "likelihood": trained.recipe.model.likelihood,
            "sd": network.sd.item(),
            **{
                f"log density of held-out codes, mixture of {count}, nats": density
                for count, density in densities.items()
            },
        }
        card = replace(
            card,
            size=network.size,
            preparation={**card.preparation, CODES: hashlib.sha256(content).hexdigest()},
            scores={**card.scores, **scores},
        )
        pictures = [part.planes for part in framed(trained.held_out, network.size, preparation, CHECKED)]
        remark = f" (a mixture of {len(mixture.weights)} Gaussians)"
        return Export(model_parts(network), part_samples(network, pictures), card, {MIXTURE: content}, remark)
