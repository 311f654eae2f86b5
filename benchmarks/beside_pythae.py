"""The same autoencoder under safelight's loss and step, and under pythae's, on the same pictures.

    pip install pythae        (in an environment of its own)
    python benchmarks/beside_pythae.py --data DATASET [--steps 400] [--batch 32]

Both train the network of the recipe figures from equal first weights on equal batches with AdamW, each in a
process of its own, and are asked for the error of their reconstructions on held-out pictures. pythae's loss is
half the sum of squares, which is a Gaussian likelihood of sd 1: safelight is set to that too; a third row has the
sd learned, as the recipe has it.
"""

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from safelight.data.cache import open_dataset
from safelight.tasks.autoencode.dataset import AutoencodeDataset, Batch, collate
from safelight.tasks.autoencode.network import VAE
from safelight.tasks.autoencode.recipe import AutoencodeRecipe
from safelight.tasks.autoencode.recipes import figures
from safelight.tasks.autoencode.training import AutoencodeTraining
from safelight.tasks.autoencode.validation import AutoencodeValidation

METHODS = ("safelight, sd 1", "pythae VAE, mse", "safelight, sd learned")
Loss = Callable[[VAE, Batch], Tensor]


def main() -> None:
    """Train each and print a row."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    print("method                     PSNR, dB   CPU s a step     peak memory, MB")
    for name in METHODS:  # a process each: the peak of one is not that of all
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as one:
            psnr, seconds, most = one.submit(measured, name, given).result()
        print(f"{name:26} {psnr:8.2f} {seconds:16.3f} {most:17.0f}", flush=True)


def measured(name: str, given: argparse.Namespace) -> tuple[float, float, float]:
    """PSNR in dB, seconds a step, and peak memory in MB of one method."""
    torch.set_num_threads(given.threads)
    recipe = without_schedule(figures(), given.steps, given.batch)
    if "learned" not in name:
        recipe = replace(recipe, model=replace(recipe.model, sd=1.0, learn_sd=False))
    loss = pythae_loss(recipe) if name.startswith("pythae") else own_loss(recipe)
    psnr, seconds = train(recipe, loss, given.data)
    return psnr, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def without_schedule(recipe: AutoencodeRecipe, steps: int, batch: int) -> AutoencodeRecipe:
    """The recipe at a constant rate, in float32."""
    return replace(
        recipe,
        data=replace(recipe.data, batch=batch, workers=0),
        loss=replace(recipe.loss, warmup=0.0),
        train=replace(recipe.train, steps=steps, precision="32", ema=0.0),
    )


def train(recipe: AutoencodeRecipe, loss: Loss, data: Path) -> tuple[float, float]:
    """PSNR in dB on held-out pictures, and the median time of a step, in seconds of all processors."""
    torch.manual_seed(0)
    network = AutoencodeTraining().network(recipe)
    samples = AutoencodeDataset(open_dataset(data, "train"), recipe)
    AutoencodeTraining().initialize(network, samples, recipe)
    probes = AutoencodeValidation.choose(open_dataset(data, "val"), recipe)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    times, batch = [], recipe.data.batch
    for step in range(recipe.train.steps):
        given = collate([samples[k] for k in range(step * batch, (step + 1) * batch)])
        start = time.process_time()
        optimizer.zero_grad()
        torch.autograd.backward(loss(network, given))
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        times.append(time.process_time() - start)
    return probes.score(network)["psnr"], statistics.median(times)


def own_loss(recipe: AutoencodeRecipe) -> Loss:
    """safelight's: nats per dimension."""
    training = AutoencodeTraining()
    return lambda network, batch: torch.stack(
        list(training.loss_terms(network, batch, recipe, 1.0).values())
    ).sum()


def pythae_loss(recipe: AutoencodeRecipe) -> Loss:
    """pythae's, through its own model around our encoder and decoder."""
    try:
        from pythae import models
        from pythae.models.base.base_utils import ModelOutput
        from pythae.models.nn import BaseDecoder, BaseEncoder
    except ImportError:
        sys.exit("pythae is not installed here: pip install pythae")

    class Encoder(BaseEncoder):  # type: ignore[misc]
        def __init__(self, network: VAE) -> None:
            super().__init__()
            self.network = network

        def forward(self, pictures: Tensor) -> object:
            posterior = self.network.encode(pictures)
            return ModelOutput(embedding=posterior.mean, log_covariance=posterior.log_var)

    class Decoder(BaseDecoder):  # type: ignore[misc]
        def __init__(self, network: VAE) -> None:
            super().__init__()
            self.network = network

        def forward(self, codes: Tensor) -> object:
            return ModelOutput(reconstruction=self.network.decode(codes).mean)

    made: dict[int, nn.Module] = {}

    def loss(network: VAE, batch: Batch) -> Tensor:
        if id(network) not in made:
            side = recipe.augment.size
            config = models.VAEConfig(
                input_dim=(3, side, side), latent_dim=recipe.model.latent, reconstruction_loss="mse"
            )
            made[id(network)] = models.VAE(config, Encoder(network), Decoder(network))
        told: Tensor = made[id(network)]({"data": batch[0]}).loss
        # Over the number of values, as ours is: AdamW does not care, the clipping would.
        return told / float(np.prod(batch[0].shape[1:]))

    return loss


if __name__ == "__main__":
    main()
