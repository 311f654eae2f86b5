"""How often the doctor finds what is wrong, and how often it finds what is not there.

    python benchmarks/doctor.py [--runs 200]
    python benchmarks/doctor.py --data DATASET [--trained 1] [--only NAME,...]
    python benchmarks/doctor.py --data DATASET --advice [--only NAME,...]
    python benchmarks/doctor.py --healthy RUN RUN ...

First made-up runs (tests/journal/made.py): healthy ones of many lengths, batches and noises, and each sickness put
into one. With --data small networks are trained instead, most so that they fail; that takes a minute each and more.
With --advice each of those runs is followed by one that does as the doctor said, and an unharmed run by one for each
advice on color: what the advice does to the symptom, and what it costs. With --healthy finished runs that are known
to be good are examined: all that is found there is a false alarm.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.journal.made import SICK, healthy

from safelight.data.cache import PictureSet
from safelight.journal.doctor.case import Examination
from safelight.journal.doctor.examine import case_of, examine
from safelight.journal.records import Record, read_record
from safelight.tasks.colorize.dataset import ColorizeDataset, Sample
from safelight.tasks.colorize.training import ColorizeTraining
from safelight.tasks.colorize.validation import ColorizeValidation, choose
from safelight.training import fit as fitting
from safelight.training.callbacks import some_pictures
from safelight.training.fit import fit
from safelight.training.overrides import override
from safelight.training.recipe import recipe_named

SMALL = {
    "augment.size": "64", "model.widths": "64,48,32,16", "data.batch": "8", "data.workers": "0", "data.weights": "",
    "train.steps": "300",
    "train.precision": "32", "train.ema": "0.98", "train.validate_every": "60", "train.picture_every": "300",
    "train.checkpoint_every": "300", "guard.on": "false",
}  # fmt: skip


class Failing(NamedTuple):
    """A run that goes wrong, and what the doctor should say of it (any of these).

    changes: of the recipe. sample: what becomes of each sample. few: pictures that there are (0: all). start: what
    happens to the network before it learns.
    """

    changes: dict[str, str]
    expected: set[str]
    sample: Callable[[Sample], Sample] | None = None
    few: int = 0
    start: Callable[[nn.Module], None] | None = None


def turned(sample: Sample) -> Sample:
    """Every color and every hint is the opposite one."""
    planes = sample.planes.copy()
    planes[1:3] = -planes[1:3]
    return sample._replace(planes=planes, truth=-sample.truth)


def on_one_axis(sample: Sample) -> Sample:
    """Nothing is blue or yellow."""
    truth = sample.truth.copy()
    truth[1] = 0
    return sample._replace(truth=truth)


def browned(sample: Sample) -> Sample:
    """As colorful as it was, and all of it brown."""
    chroma = np.hypot(*sample.truth)
    return sample._replace(truth=np.stack([0.5 * chroma, 0.87 * chroma]).astype(np.float32))


def half_dead(network: nn.Module) -> None:
    """Half of all normed channels start so far below zero that they never answer."""
    for part in network.modules():
        if isinstance(part, (nn.BatchNorm2d, nn.GroupNorm)) and part.weight.requires_grad:
            with torch.no_grad():
                part.weight[::2] = 0
                part.bias[::2] = -100


FAILING = {
    # Three hundred steps are enough for no more than pale colors; what else is found in these is a false alarm.
    "unharmed": Failing({}, {"washed out"}),
    "unharmed, group norm": Failing({"model.norm": "group"}, {"washed out"}),
    "unharmed, longer": Failing({"train.steps": "400"}, {"washed out"}),
    "rate far too low": Failing({"optimizer.lr": "1e-7"}, {"no progress"}),
    "rate far too high": Failing(
        {"optimizer.lr": "0.5", "optimizer.clip": "0", "optimizer.warmup": "0.001", "model.norm": "none"},
        {"unstable", "no progress", "oscillation", "dead units"},
    ),
    "rate too high": Failing(
        {"optimizer.lr": "0.1", "optimizer.schedule": "constant", "optimizer.clip": "0", "train.ema": "0"},
        {"oscillation", "unstable", "dead units"},
    ),
    "no hints in training": Failing(
        {"hints.automatic": "1.0", "preparation.propagate": "false", "model.base": "none"}, {"hints ignored"}
    ),
    "a bottleneck of 8": Failing(
        {"model.widths": "8,8,8,8", "model.attention": "0"}, {"underfitting", "plateau"}
    ),
    "too short": Failing(
        {"train.steps": "120", "train.validate_every": "30"}, {"washed out", "no progress", "sepia"}
    ),
    "24 pictures": Failing(
        {"train.steps": "400", "augment.smallest": "1", "optimizer.schedule": "constant"},
        {"overfitting"},
        few=24,
    ),
    "truths of red and green": Failing({}, {"red and green only"}, sample=on_one_axis),
    "truths of brown": Failing({}, {"sepia"}, sample=browned),
    "truths of opposite colors": Failing({}, {"implausible hue"}, sample=turned),
    "half of it dead": Failing({"model.norm": "group"}, {"dead units"}, start=half_dead),
}
# Advice on color, each alone on a run without a fault: what it costs where nothing is wrong.
COLOR_ADVICE = (
    "--loss.chroma 0.4", "--loss.perceptual 0.1", "--train.steps 240", "--optimizer.lr 0.0006",
    "--model.widths 96,72,48,24", "--model.freeze false", "--loss.diversity 0.1", "--train.seed 1",
)  # fmt: skip
TINY = {"augment.size": "32", "train.steps": "120", "train.validate_every": "30"}
PROBES = 12
SHOWN = ("val/gain_0", "val/gain_10", "probe/chroma", "probe/concentration", "probe/most_chroma")
TOLD = ("val/gain_0", "probe/chroma", "probe/obeyed", "probe/dead", "probe/concentration", "probe/hue_error")


def main() -> None:
    """Print both rates."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--runs", type=int, default=200, help="made-up runs of each kind")
    options.add_argument("--data", type=Path, help="train small networks on this dataset too")
    options.add_argument("--trained", type=int, default=1, help="seeds of the trained ones")
    options.add_argument("--only", default="", help="parts of the names of trained ones, with commas")
    options.add_argument(
        "--advice", action="store_true", help="follow the advice: what it does, what it costs"
    )
    options.add_argument("--healthy", type=Path, nargs="+", metavar="RUN", help="finished runs that are good")
    given = options.parse_args()
    if given.healthy:
        known_good(given.healthy)
    elif given.data and given.advice:
        advised(given.data, given.only.split(","))
    elif given.data:
        trained(given.data, given.trained, given.only.split(","))
    else:
        made_up(given.runs)


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


def known_good(folders: Sequence[Path]) -> None:
    """False alarms on runs that are good. A run that did not come to its end is refused."""
    records = [read_record(folder) for folder in folders]
    for record in records:
        if record.state != "finished":
            raise SystemExit(f"{record.folder} is {record.state}; only finished runs can be called healthy")
    alarms = 0
    for record in records:
        found = examine(case_of(record, with_dataset=False))
        alarms += bool(found.findings)
        made = sum(reading is not None for reading in found.readings.values())
        told = "; ".join(f"{each.name}: {each.reading.evidence}" for each in found.findings) or "nothing"
        print(f"{record.name:44} {made:2} of {len(found.readings)} checks  {told}", flush=True)
    print(f"healthy: false alarms in {alarms} of {len(records)} runs")


def trained(data: Path, seeds: int, only: Sequence[str]) -> None:
    """Both rates on networks that were really trained."""
    right: Counter[bool] = Counter()
    print(f"{'trained runs':24} found")
    for number, (name, failing) in enumerate(FAILING.items()):
        if not any(part in name for part in only):
            continue
        for seed in range(seeds):
            recipe = override(
                recipe_named("color"), {**SMALL, **failing.changes} | {"train.seed": str(100 * seed + number)}
            )
            began = time.perf_counter()
            with tempfile.TemporaryDirectory() as folder, sickened(failing):
                try:
                    place = fit(recipe, data, Path(folder), quiet=True).folder
                except Exception as error:  # a run may well fail here; its folder stays
                    print(f"  {name}: {type(error).__name__}: {error}")
                    found = next(Path(folder).iterdir(), None)
                    if found is None:  # refused before it began
                        raise
                    place = found
                record = read_record(place)
                if record.state == "stopped":
                    raise SystemExit(
                        f"{name} was stopped at step {record.step}: it shows nothing; run it again"
                    )
                names = {finding.name for finding in examine(case_of(record, with_dataset=False)).findings}
                told = {key: round(curve.last, 3) for key, curve in record.curves.items() if key in TOLD}
            harmed = failing.expected != {"washed out"}
            expected = bool(names & failing.expected) if harmed else names <= failing.expected
            right[expected] += 1
            standing = "as expected" if expected else "NOT AS EXPECTED"
            seconds = time.perf_counter() - began
            print(
                f"{name:24} {', '.join(sorted(names)) or 'nothing'}: {standing}, {seconds:.0f} s {told}",
                flush=True,
            )
    print(f"as expected: {right[True]} of {right.total()}")


def advised(data: Path, only: Sequence[str]) -> None:
    """Each sick run, and one that does as it was told; then each advice on color where nothing is wrong."""
    for name, failing in FAILING.items():
        if failing.expected == {"washed out"} or not any(part in name for part in only):
            continue
        longer = int(failing.changes.get("train.steps", 300)) * int(TINY["train.steps"]) // 300
        changes = {**SMALL, **TINY, **failing.changes, "train.steps": str(longer)}
        record, examination = _trained(data, failing, changes)
        finding = next((each for each in examination.findings if each.flags), None)
        if finding is None:
            print(f"{name:26} nothing that has a flag was found", flush=True)
            continue
        after, again = _trained(data, failing, changes | _flags(finding.flags))
        reading = again.readings[finding.name]
        figure = f"{finding.reading.figure:.3g} -> {reading.figure:.3g}" if reading else "gone"
        side = "below" if finding.reading.below else "above"
        print(
            f"{name:26} {finding.name} ({side} {finding.reading.limit:.3g}): {finding.flags}: {figure}; "
            f"{_shown(record)} -> {_shown(after)}",
            flush=True,
        )
    if any(part in "unharmed" for part in only):
        before, _ = _trained(data, FAILING["unharmed"], {**SMALL, **TINY})
        print(f"unharmed: {_shown(before)}", flush=True)
        for advice in COLOR_ADVICE:
            after, _ = _trained(data, FAILING["unharmed"], {**SMALL, **TINY} | _flags(advice))
            print(f"unharmed {advice}: {_shown(after)}", flush=True)


def _trained(data: Path, failing: Failing, changes: dict[str, str]) -> tuple[Record, Examination]:
    recipe = override(recipe_named("color"), changes)
    few = classmethod(lambda cls, found, size, how: cls(choose(found, size, PROBES), how))
    with (
        tempfile.TemporaryDirectory() as folder,
        sickened(failing),
        patch.object(ColorizeValidation, "choose", few),
    ):
        record = read_record(fit(recipe, data, Path(folder), quiet=True).folder)
        examination = examine(case_of(record, with_dataset=False))
        assert record.curves is not None  # read while the folder is there
    return record, examination


def _flags(typed: str) -> dict[str, str]:
    words = typed.split()
    return dict(zip((word.removeprefix("--") for word in words[::2]), words[1::2], strict=True))


def _shown(record: Record) -> str:
    return ", ".join(f"{key} {record.curves[key].last:.3g}" for key in SHOWN if key in record.curves)


@contextmanager
def sickened(failing: Failing) -> Iterator[None]:
    """While it lasts, runs go wrong in this way."""
    draw, opened, built = ColorizeDataset.__getitem__, fitting.open_sets, ColorizeTraining.network

    def spoilt(self: ColorizeDataset, k: int) -> Sample:
        sample = draw(self, k)
        return failing.sample(sample) if failing.sample else sample

    def fewer(data: Path, fold: tuple[int, int] | None) -> tuple[PictureSet, PictureSet]:
        pictures, held_out = opened(data, fold)
        return (some_pictures(pictures, failing.few) if failing.few else pictures), held_out

    def harmed(self: ColorizeTraining, recipe: Any) -> nn.Module:
        network = built(self, recipe)
        if failing.start:
            failing.start(network)
        return network

    with (
        patch.object(ColorizeDataset, "__getitem__", spoilt),
        patch.object(fitting, "open_sets", fewer),
        patch.object(ColorizeTraining, "network", harmed),
    ):
        yield


if __name__ == "__main__":
    main()
