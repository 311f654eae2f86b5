"""Runs that are injured on purpose, with the guard and without: what comes of each.

    python benchmarks/faults.py [--data DATASET] [--seeds 3] [--faults NaN,dead] [--steps 240]

A small colorizer learns 32 px pictures of a dataset (or of scikit-image's own photos). Each fault strikes runs of
each seed, once with --guard.on true and once with false. The score is the loss on the same held-out questions,
of the averaged weights, over that of the same run unharmed: 1.00 is as good. Prints the table of docs/guard.md.
"""

import argparse
import json
import multiprocessing
import os
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import lightning.pytorch as pl
import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from safelight.data.cache import open_dataset
from safelight.journal.run import Run
from safelight.nn.plain_unet import PlainSettings
from safelight.tasks.colorize.dataset import ColorizeDataset, Sample
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.tasks.colorize.training import ColorizeTraining
from safelight.tasks.colorize.validation import ColorizeValidation, choose
from safelight.training.batches import Pictures, training_batches
from safelight.training.checkpoints import read
from safelight.training.console import without_chatter
from safelight.training.fit import take_all_steps
from safelight.training.guard.events import GuardError
from safelight.training.guard.rollback import guard_state
from safelight.training.modules import AnyModule, TrainingModule
from safelight.training.overrides import override, to_json
from safelight.training.recipe import recipe_named
from safelight.training.stopping import StopRequest
from safelight.training.trainer import Work

BATCH, EVERY = 8, 20
NEAR = 1.02  # of the unharmed run's score: as good
HELD_OUT, PROBES = 192, 8


class Hurt(NamedTuple):
    """When and how long a fault strikes: steps counted from 1, of the run or (samples) of the data."""

    first: int
    steps: int

    def now(self, step: int) -> bool:
        return self.first <= step < self.first + self.steps


@dataclass(frozen=True)
class Fault:
    """One way to go wrong.

    sample: what becomes of a sample. before, backward, after: what happens to the module before a step, after its
    gradients are there, and after it. module: another module. right: what a diagnosis must say, if it comes to one.
    lasts: it strikes again whenever its step or sample comes again.
    """

    name: str
    hurt: Hurt
    sample: Callable[[Sample, int], Sample] | None = None
    before: Callable[[AnyModule], None] | None = None
    backward: Callable[[AnyModule], None] | None = None
    after: Callable[[AnyModule], None] | None = None
    start: Callable[[AnyModule], None] | None = None
    adversarial: bool = False
    workers: int = 0
    right: str = ""


# ---- what happens to samples


def nan_sample(sample: Sample, k: int) -> Sample:
    """A picture that was decoded to what is no number."""
    return Sample(np.full_like(sample.planes, np.nan), sample.truth)


def noise_sample(sample: Sample, k: int) -> Sample:
    """A damaged picture: its colors are noise."""
    rng = np.random.default_rng((9, k))
    return Sample(sample.planes, rng.uniform(-1, 1, sample.truth.shape).astype(np.float32))


def bytes_sample(sample: Sample, k: int) -> Sample:
    """0..255 in place of 0..1, in the question alone: truths like that are refused by the loss."""
    return Sample(sample.planes * np.float32(255), sample.truth)


def shuffled_sample(sample: Sample, k: int) -> Sample:
    """The hints of a picture of quite other colors: planes 1 and 2 are turned round."""
    planes = sample.planes.copy()
    planes[1:3] = -planes[1:3]
    return Sample(planes, sample.truth)


def killing_sample(sample: Sample, k: int) -> Sample:
    """The process that loads samples is killed, the first time."""
    flag = Path(os.environ["SAFELIGHT_FAULT"])
    if multiprocessing.parent_process() is not None and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return sample


# ---- what happens to the module


def spike_rate(module: AnyModule) -> None:
    """A learning rate a hundred times as high as the schedule says."""
    for optimizer in module.trainer.optimizers:
        for group in optimizer.param_groups:
            group["lr"] *= 100


def infinite_gradient(module: AnyModule) -> None:
    """One number of the gradient is infinite."""
    next(p.grad for p in module.network.parameters() if p.grad is not None).view(-1)[0] = torch.inf


def collapse(module: AnyModule) -> None:
    """The last layer answers one color to everything."""
    last = [
        part for part in module.network.modules() if isinstance(part, nn.Conv2d) and part.bias is not None
    ][-1]
    assert last.bias is not None
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(torch.linspace(5, -5, len(last.bias)))


def wipe_moments(module: AnyModule) -> None:
    """Adam's second moments are lost, its first ones are not."""
    for state in module.trainer.optimizers[0].state.values():
        state["exp_avg_sq"].zero_()


def poison_average(module: AnyModule) -> None:
    """The averaged weights are multiplied by ten."""
    for callback in module.trainer.callbacks:  # type: ignore[attr-defined]
        average = getattr(callback, "_average_model", None)
        if average is not None:
            with torch.no_grad():
                for parameter in average.module.parameters():
                    parameter.mul_(10)


def kill_units(module: AnyModule) -> None:
    """Every unit starts so far below zero that it never answers."""
    for part in module.network.modules():
        if isinstance(part, (nn.BatchNorm2d, nn.GroupNorm)):
            nn.init.zeros_(part.weight)
            nn.init.constant_(part.bias, -100)


def explode_discriminator(module: AnyModule) -> None:
    """The discriminator's weights are multiplied by thirty."""
    assert isinstance(module, Adversarial)
    with torch.no_grad():
        for parameter in module.discriminator.parameters():
            parameter.mul_(30)


LATE = 130
FAULTS = (
    Fault("learning rate × 100, 3 steps", Hurt(LATE, 3), before=spike_rate, right="steps"),
    Fault("learning rate × 100, from a step on", Hurt(LATE, 10**6), before=spike_rate, right="optimizer.lr"),
    Fault("NaN batch", Hurt(LATE, 1), sample=nan_sample, right="samples"),
    Fault("infinite gradient", Hurt(LATE, 1), backward=infinite_gradient, right="gradient"),
    Fault("damaged pictures, 6 batches", Hurt(LATE, 6), sample=noise_sample, right="samples"),
    Fault("damaged pictures, from a batch on", Hurt(LATE, 10**6), sample=noise_sample, right="samples"),
    Fault("0..255, 2 batches", Hurt(LATE, 2), sample=bytes_sample, right="0..255"),
    Fault("0..255, from a batch on", Hurt(LATE, 10**6), sample=bytes_sample, right="0..255"),
    Fault("collapse to one color", Hurt(LATE, 1), after=collapse, right="learning rate"),
    Fault("exploding discriminator", Hurt(LATE, 1), after=explode_discriminator, adversarial=True),
    Fault("dead units from the start", Hurt(1, 0), start=kill_units, right="dead units"),
    Fault("hints of other pictures, 6 batches", Hurt(LATE, 6), sample=shuffled_sample, right="samples"),
    Fault(
        "hints of other pictures, from a batch on", Hurt(LATE, 10**6), sample=shuffled_sample, right="samples"
    ),
    Fault("optimizer's moments wiped", Hurt(LATE, 1), before=wipe_moments, right="optimizer"),
    Fault("averaged weights poisoned", Hurt(LATE, 1), after=poison_average, right="ema"),
    Fault("a loading process killed", Hurt(LATE, 1), sample=killing_sample, workers=1),
)


# ---- the line, with the fault in it


class HurtSamples(Dataset[Sample]):
    """Samples of which some are spoilt, always the same ones. Runs of one seed draw the same: they are kept."""

    kept: ClassVar[dict[tuple[int, int], Sample]] = {}

    def __init__(self, samples: ColorizeDataset, fault: Fault | None) -> None:
        self.samples, self.fault = samples, fault

    def __getitem__(self, k: int) -> Sample:
        key = (self.samples.recipe.train.seed, k)
        if key not in self.kept:
            self.kept[key] = self.samples[k]
        sample = self.kept[key]
        if self.fault and self.fault.sample and self.fault.hurt.now(k // BATCH + 1):
            return self.fault.sample(sample, k)
        return sample


class HurtModule(TrainingModule[Any, Any, Any, Any]):
    """A module to which something happens; transient faults strike once, not again when a step is taken again."""

    def prepare(self, fault: Fault | None, struck: set[int]) -> "HurtModule":
        self.fault, self.struck = fault, struck
        if fault and fault.start:
            fault.start(self)
        return self

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        self._strike("before")

    def on_after_backward(self) -> None:
        self._strike("backward")

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        self._strike("after", self.trainer.global_step)

    def _strike(self, when: str, step: int | None = None) -> None:
        happens = getattr(self.fault, when) if self.fault else None
        step = self.trainer.global_step + 1 if step is None else step
        lasting = self.fault is not None and self.fault.hurt.steps > 1000
        if happens and self.fault and self.fault.hurt.now(step) and (lasting or step not in self.struck):
            self.struck.add(step)
            happens(self)


class Adversarial(HurtModule):
    """The same network, judged by a small discriminator of its colors: two losses, two optimizers."""

    def __init__(self, recipe: ColorizeRecipe, training: ColorizeTraining) -> None:
        super().__init__(recipe, training)
        self.automatic_optimization = False
        self.discriminator = nn.Sequential(
            nn.Conv2d(3, 16, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(16, 32, 4, 2, 1), nn.LeakyReLU(0.2),
            nn.Conv2d(32, 1, 3, 1, 1),
        )  # fmt: skip

    def training_step(self, batch: Any, batch_idx: int) -> dict[str, Tensor]:
        planes, truth = batch
        own: Any = self.optimizers(use_pl_optimizer=True)
        schedule: Any = self.lr_schedulers()
        judge = self.trainer.optimizers[1]
        answer = self.network(planes).ab
        real, fake = torch.cat([planes[:, :1], truth], 1), torch.cat([planes[:, :1], answer], 1)
        hinge = torch.relu(1 - self.discriminator(real)).mean()
        hinge = hinge + torch.relu(1 + self.discriminator(fake.detach())).mean()
        judge.zero_grad()
        self.manual_backward(hinge)
        judge.step()
        loss = (
            torch.stack(list(self.loss_terms(batch).values())).sum() - 0.01 * self.discriminator(fake).mean()
        )
        own[0].zero_grad()
        self.manual_backward(loss)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        own[0].step()
        schedule.step()
        return {"loss": loss.detach(), "discriminator": hinge.detach()}

    def configure_optimizers(self) -> Any:
        own = super().configure_optimizers()
        judge = torch.optim.Adam(self.discriminator.parameters(), lr=5e-4, betas=(0.5, 0.9))
        return [own["optimizer"], judge], [own["lr_scheduler"]]


class QuietProbes(ColorizeValidation):
    """ValidationSet that the guard looks at; the benchmark has a score of its own."""

    def score(self, network: nn.Module) -> dict[str, float]:
        return {}

    def evidence(self, network: nn.Module) -> dict[str, float]:
        return {}


class Outcome(NamedTuple):
    """How a run ended."""

    score: float  # loss of the averaged weights on the held-out questions; nan where there are none
    trips: int
    first: str
    stopped: str  # the diagnosis
    seconds: float


def small(seed: int, steps: int, guard: bool) -> ColorizeRecipe:
    """The recipe: seconds on one thread."""
    changes = {
        "augment.size": "32",
        "augment.smallest": "0.9",
        "preparation.propagate": "false",
        "hints.count": "fixed",
        "hints.most": "60",
        "hints.automatic": "0",
        "loss.guess": "0",
        "data.batch": str(BATCH),
        "data.workers": "0",
        "data.weights": "",
        "optimizer.lr": "6e-3",
        "train.steps": str(steps),
        "train.seed": str(seed),
        "train.ema": "0.95",
        "train.precision": "32",
        "train.channels_last": "false",
        "train.checkpoint_every": str(EVERY),
        "train.validate_every": str(steps),
        "guard.on": str(guard).lower(),
    }
    network = PlainSettings(
        channels=12, growth=1.5, steps=3, blocks=1, activation="relu", norm="group", skips=(0, 1, 2)
    )
    quick = recipe_named("quick")
    assert isinstance(quick, ColorizeRecipe)
    return replace(override(quick, changes), model=network)


def run_once(pictures: Pictures, held_out: Pictures, recipe: ColorizeRecipe, fault: Fault | None) -> Outcome:
    """Train under a fault, and score what came of it."""
    training, struck = ColorizeTraining(), set[int]()
    recipe = replace(recipe, data=replace(recipe.data, workers=fault.workers if fault else 0))
    probes = QuietProbes(choose(held_out, recipe.augment.size, PROBES), recipe.preparation)
    kind = Adversarial if fault and fault.adversarial else HurtModule

    def again(checkpoint: Path | None) -> Work:
        pl.seed_everything(recipe.train.seed, verbose=False)
        stored = read(checkpoint) if checkpoint else {"global_step": 0}
        done, skipped = int(stored["global_step"]), guard_state(stored)["skipped"]
        samples = HurtSamples(ColorizeDataset(pictures, recipe), fault)
        batches = training_batches(samples, training.collate, recipe, done, skipped)
        return Work(recipe, kind(recipe, training).prepare(fault, struck), batches, probes, checkpoint, done)

    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, StopRequest() as stop, without_chatter():
        os.environ["SAFELIGHT_FAULT"] = str(Path(folder) / "struck")
        run = Run.start(Path(folder), recipe.name, to_json(recipe), {"dataset": {}})
        stopped = ""
        try:
            take_all_steps(run, again(None), again, stop, quiet=True)
        except GuardError as error:
            stopped = str(error)
        except Exception as error:
            stopped = f"{type(error).__name__}: {error}".splitlines()[0]
        lines = run.folder / "guard.jsonl"
        trips = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
        score = score_of(run, held_out, recipe)
    first = trips[0]["signs"][0]["measure"] + " " + trips[0]["signs"][0]["how"] if trips else ""
    return Outcome(score, len(trips), first, stopped, time.perf_counter() - began)


def score_of(run: Run, held_out: Pictures, recipe: ColorizeRecipe) -> float:
    """The loss of the run's averaged weights on questions that are the same for all runs."""
    path = run.folder / "checkpoints" / "last.ckpt"
    if not path.exists():
        return float("nan")
    training = ColorizeTraining()
    network = training.network(recipe)
    stored = read(path)["state_dict"]
    network.load_state_dict(
        {
            name.removeprefix("network."): value
            for name, value in stored.items()
            if name.startswith("network.")
        }
    )
    fixed = replace(recipe, train=replace(recipe.train, seed=12345))
    samples = ColorizeDataset(held_out, fixed)
    batch = training.collate([samples[k] for k in range(HELD_OUT)])
    with torch.inference_mode():
        return float(torch.stack(list(training.loss_terms(network.eval(), batch, fixed, 1.0).values())).sum())


class Album:
    """scikit-image's photos, cut into squares of 64 px."""

    def __init__(self, part: int) -> None:
        from skimage import data
        from skimage.transform import resize

        squares = []
        for photo in (data.astronaut(), data.coffee(), data.chelsea(), data.rocket()):
            small = (resize(photo, (192, 256), anti_aliasing=True) * 255).astype(np.uint8)
            squares += [small[y : y + 64, x : x + 64] for y in (0, 64, 128) for x in (0, 64, 128, 192)]
        self.squares = [square for number, square in enumerate(squares) if (number % 5 == 0) == bool(part)]
        self.sources = ["scikit-image"] * len(self.squares)

    def __len__(self) -> int:
        return len(self.squares)

    def __getitem__(self, index: int) -> np.ndarray:
        return np.asarray(self.squares[index])


def row(fault: Fault, calm: Sequence[Outcome], hurt: Sequence[Outcome], bare: Sequence[Outcome]) -> str:
    """One line of the table."""

    def ratios(outcomes: Sequence[Outcome]) -> str:
        shown = []
        for one, unharmed in zip(outcomes, calm, strict=True):
            ratio = one.score / unharmed.score
            shown.append("stopped" if one.stopped else f"{ratio:.3f}" if np.isfinite(ratio) else "NaN")
        return " ".join(shown)

    good = sum(passed(fault, one, unharmed) for one, unharmed in zip(hurt, calm, strict=True))
    stops = [one.stopped for one in hurt if one.stopped]
    words = (stops[0].partition("Likely: ")[2].partition(". Try")[0] or stops[0]) if stops else ""
    seen = next((one.first for one in hurt if one.first), "")
    trips = f"{statistics.mean(one.trips for one in hurt):.1f}"
    return (
        f"| {fault.name} | {seen or ('start' if stops else 'nothing')} | {trips} | {ratios(hurt)} | "
        f"{good} of {len(hurt)} | {ratios(bare)} | {words} |"
    )


def passed(fault: Fault, one: Outcome, unharmed: Outcome) -> bool:
    """As good as the unharmed run, or stopped with the right words."""
    if one.stopped:
        return bool(fault.right) and fault.right in one.stopped
    return one.score <= NEAR * unharmed.score


def main() -> None:
    """Injure, and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="a dataset; scikit-image's photos without")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--faults", default="", help="parts of the names of faults, with commas")
    given = parser.parse_args()
    torch.set_num_threads(1)
    pictures = open_dataset(given.data, "train") if given.data else Album(0)
    held_out = open_dataset(given.data, "val") if given.data else Album(1)
    chosen = [f for f in FAULTS if any(part in f.name for part in given.faults.split(","))]
    if not chosen:
        parser.error(f"no fault is named {given.faults!r}; there are: {', '.join(f.name for f in FAULTS)}")
    print("| fault | first sign | trips | with the guard | passed | without | diagnosis |")
    print("|---|---|---|---|---|---|---|", flush=True)
    calm: dict[tuple[bool, int], Outcome] = {}
    for fault in chosen:
        hurt, bare = [], []
        for seed in range(given.seeds):
            key = (fault.adversarial, seed)
            if key not in calm:
                unharmed = Fault("none", Hurt(10**9, 0), adversarial=fault.adversarial)
                calm[key] = run_once(pictures, held_out, small(seed, given.steps, True), unharmed)
                print(f"<!-- unharmed, seed {seed}: {calm[key]} -->", flush=True)
            hurt.append(run_once(pictures, held_out, small(seed, given.steps, True), fault))
            bare.append(run_once(pictures, held_out, small(seed, given.steps, False), fault))
        print(
            row(fault, [calm[fault.adversarial, seed] for seed in range(given.seeds)], hurt, bare), flush=True
        )


if __name__ == "__main__":
    main()
