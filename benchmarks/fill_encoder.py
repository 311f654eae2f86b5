"""What a step of training costs with an encoder below a filler, in processor time. No data is needed.

    python benchmarks/fill_encoder.py [--rounds 7] [--size 128] [--batch 16] [--threads 1]

The recipe fill, and fill-encoder as it is, with the last skip, frozen and from scratch, take turns on one batch
that is in memory: forward, backward and the optimizer, without the drawing and the classical filling of holes.
Milliseconds a step, the least and the median of all rounds but the first; processor time, so that other
programs on the machine matter little.
"""

import argparse
import statistics
import time
from collections.abc import Mapping

import torch

from safelight.training.dry_run import DryRun, RandomImages
from safelight.training.overrides import override
from safelight.training.recipe import recipe_named

VARIANTS: dict[str, tuple[str, Mapping[str, str]]] = {
    "fill": ("fill", {}),
    "encoder trained": ("fill-encoder", {}),
    "with the last skip": ("fill-encoder", {"model.skips": "0,1,2,3,4"}),
    "encoder frozen": ("fill-encoder", {"model.freeze": "true"}),
    "from scratch": ("fill-encoder", {"model.pretrained": "false"}),
}


def main() -> None:
    """Print a line for each variant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, value in (("rounds", 7), ("size", 128), ("batch", 16), ("threads", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    size = {"augment.size": str(options.size)}
    steps = {
        name: DryRun(override(recipe_named(recipe), {**changes, **size}))
        for name, (recipe, changes) in VARIANTS.items()
    }
    batch = next(steps["fill"].batches(RandomImages(options.size, options.batch), options.batch))
    took: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for _ in range(options.rounds):
        for name, bare in steps.items():
            began = time.process_time()
            bare.step(batch)
            took[name].append(1e3 * (time.process_time() - began))
    for name, times in took.items():
        later = times[1:] or times
        print(f"{name:20} {min(later):6.0f} ms, median {statistics.median(later):6.0f} ms")


if __name__ == "__main__":
    main()
