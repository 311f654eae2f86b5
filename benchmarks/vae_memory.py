"""What a training step of an autoencoder takes in memory, beside what its tensors need.

    python benchmarks/vae_memory.py [--size 640] [--batch 8] [--recipe note-004-wide]

Needed: the weights, their gradients and AdamW's two averages; the batch; every tensor that the step keeps for
the way back (each storage once); and twice the largest of them, for the gradients that are under way. Taken: how
much the process has grown at its largest, over three steps, from before the network was built. The ratio is
wanted at 1.3 or less. Lab note 004 saw 22 GB, of virtual memory: addresses, most of which no page ever backs.
"""

import argparse
import os
import resource
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from safelight.tasks.autoencode.dataset import Batch
from safelight.tasks.autoencode.recipe import AutoencodeRecipe
from safelight.tasks.autoencode.training import AutoencodeTraining
from safelight.training.recipe import recipe_named

MB = 1e6
STEPS = 3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=640)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--recipe", default="note-004-wide")
    given = parser.parse_args()
    recipe = recipe_named(given.recipe)
    assert isinstance(recipe, AutoencodeRecipe)
    recipe = replace(recipe, augment=replace(recipe.augment, size=given.size))
    warm_up()
    before = resident()
    needed, parts = step(recipe, given.batch)
    taken = peak() - before
    print(f"{given.recipe} at {given.size} px, batch {given.batch}, float32:")
    for name, size in parts.items():
        print(f"  {name:34} {size / MB:9,.0f} MB")
    print(f"  {'needed':34} {needed / MB:9,.0f} MB")
    print(f"  {'taken at the most':34} {taken / MB:9,.0f} MB = {taken / needed:.2f} × (wanted: 1.3 or less)")
    print(f"  {'virtual, reserved by the process':34} {virtual() / MB:9,.0f} MB")


def step(recipe: AutoencodeRecipe, batch: int) -> tuple[float, dict[str, float]]:
    """Train for a few steps; bytes that are needed, in all and by kind."""
    training = AutoencodeTraining()
    network = training.network(recipe)
    optimizer = torch.optim.AdamW(network.parameters())
    size = recipe.augment.size
    pictures = torch.rand(batch, 3, size, size)
    given = Batch(pictures, torch.zeros(batch, 1, size, size), torch.randn(batch, recipe.model.latent))
    for _ in range(STEPS):
        kept: dict[int, int] = {}
        with torch.autograd.graph.saved_tensors_hooks(partial(note, kept=kept), lambda kept: kept):
            loss = torch.stack(list(training.loss_terms(network, given, recipe, 1.0).values())).sum()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        own = weights(network)
        for tensor in (*network.parameters(), *given):
            kept.pop(tensor.untyped_storage().data_ptr(), None)
        activations = sum(kept.values())
        largest = max(kept.values())
        del loss
    parts = {
        "weights, gradients, two averages": 4.0 * own,
        "the batch": float(sum(tensor.nbytes for tensor in given)),
        "kept for the way back": float(activations),
        "gradients under way": 2.0 * largest,
    }
    return sum(parts.values()), parts


def note(tensor: Tensor, kept: dict[int, int]) -> Tensor:
    """Write down a storage that the step keeps."""
    storage = tensor.untyped_storage()
    kept[storage.data_ptr()] = storage.nbytes()
    return tensor


def weights(network: nn.Module) -> int:
    """Bytes of the parameters."""
    return sum(parameter.nbytes for parameter in network.parameters())


def warm_up() -> None:
    """What torch allocates once, for its threads and kernels, is none of the network's."""
    layer = nn.Conv2d(3, 8, 3)
    layer(torch.rand(1, 3, 32, 32)).sum().backward()


def resident() -> float:
    """Bytes in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(pages * os.sysconf("SC_PAGE_SIZE"))


def virtual() -> float:
    """Bytes of addresses."""
    return float(int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE"))


def peak() -> float:
    """Bytes in memory at the most."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(most if sys.platform == "darwin" else most * 1024)


if __name__ == "__main__":
    main()
