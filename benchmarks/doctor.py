"""How often the doctor finds what is wrong, and how often it finds what is not there.

    python benchmarks/doctor.py [--runs 200]
    python benchmarks/doctor.py --data DATASET [--trained 1]

First made-up runs (tests/journal/made.py): healthy ones of many lengths, batches and noises, and each sickness put
into one. With --data small networks are trained too, some so that they fail; that takes minutes.
"""

import argparse
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.journal.made import SICK, healthy

from safelight.journal.doctor.examine import case_of, examine
from safelight.journal.records import read_record

SMALL = {
    "augment.size": "64", "model.widths": "64,48,32,16", "data.batch": "8", "data.workers": "0", "data.weights": "",
    "train.steps": "300",
    "train.precision": "32", "train.ema": "0.98", "train.validate_every": "60", "train.picture_every": "300",
    "train.checkpoint_every": "300", "guard.on": "false",
}  # fmt: skip
# What is set so that a run goes wrong, and what the doctor should say (any of these).
FAILING: dict[str, tuple[dict[str, str], set[str]]] = {
    "healthy": ({}, set()),
    "healthy, group norm": ({"model.norm": "group", "train.seed": "1"}, set()),
    "healthy, longer": ({"train.steps": "400", "train.seed": "2"}, set()),
    "rate far too low": ({"optimizer.lr": "1e-7"}, {"no progress"}),
    "rate far too high": (
        {"optimizer.lr": "0.5", "optimizer.clip": "0", "optimizer.warmup": "0.001", "model.norm": "none"},
        {"unstable", "no progress", "oscillation"},
    ),
    "rate too high": (
        {"optimizer.lr": "0.1", "optimizer.schedule": "constant", "optimizer.clip": "0", "train.ema": "0"},
        {"oscillation", "unstable"},
    ),
    "no hints in training": (
        {"hints.automatic": "1.0", "preparation.propagate": "false", "model.base": "none"}, {"hints ignored"},
    ),
    "a bottleneck of 8": (
        {"model.widths": "8,8,8,8", "model.attention": "0"}, {"underfitting", "plateau", "washed out"},
    ),
    "too short": ({"train.steps": "120", "train.validate_every": "30"}, {"washed out", "no progress"}),
}  # fmt: skip


def main() -> None:
    """Print both rates."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--runs", type=int, default=200, help="made-up runs of each kind")
    options.add_argument("--data", type=Path, help="train small networks on this dataset too")
    options.add_argument("--trained", type=int, default=1, help="seeds of the trained ones")
    given = options.parse_args()
    made_up(given.runs)
    if given.data:
        trained(given.data, given.trained)


def made_up(runs: int) -> None:
    """Both rates on made-up runs."""
    alarms: Counter[str] = Counter()
    for seed in range(runs):
        alarms.update(finding.name for finding in examine(healthy(np.random.default_rng(seed))).findings)
    print(f"{'made-up runs':24} {'expected':20} found  beside it")
    for name, (expected, sicken) in SICK.items():
        found, beside = 0, 0
        for seed in range(runs):
            rng = np.random.default_rng((seed, 1))
            names = {finding.name for finding in examine(sicken(healthy(rng), rng)).findings}
            found += expected in names
            beside += bool(names - {expected})
        print(f"{name:24} {expected:20} {found / runs:5.0%}  {beside / runs:5.0%}")
    total = sum(alarms.values())
    print(f"healthy: {total} false alarms in {runs} runs ({total / runs:.1%}) {dict(alarms) or ''}")


def trained(data: Path, seeds: int) -> None:
    """Both rates on networks that were really trained."""
    from safelight.recipes import recipe_named
    from safelight.training.fit import fit
    from safelight.training.tree import override

    print(f"\n{'trained runs':24} found")
    for name, (changes, expected) in FAILING.items():
        for seed in range(seeds):
            recipe = override(recipe_named("color"), {"train.seed": str(seed), **SMALL, **changes})
            with tempfile.TemporaryDirectory() as folder:
                try:
                    place = fit(recipe, data, Path(folder), quiet=True).folder
                except Exception as error:  # a run may well fail here; its folder stays
                    print(f"  {name}: {type(error).__name__}: {error}")
                    place = next(Path(folder).iterdir(), None)
                    if place is None:  # refused before it began
                        raise
                record = read_record(place)
                names = {finding.name for finding in examine(case_of(record, with_dataset=False)).findings}
                told = {key: round(curve.last, 3) for key, curve in record.curves.items() if key in TOLD}
            standing = "as expected" if (names & expected if expected else not names) else "NOT AS EXPECTED"
            print(f"{name:24} {', '.join(sorted(names)) or 'nothing'}: {standing} {told}", flush=True)


TOLD = ("val/gain_0", "probe/chroma", "probe/obeyed", "probe/dead", "probe/concentration", "probe/hue_error")

if __name__ == "__main__":
    main()
