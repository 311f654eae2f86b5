"""Claims of the lab notes, tried again: each is two recipes that differ in one thing, on the same pictures.

  python benchmarks/notes.py --data DATASET [--note 001] [--recipes NAME...] [--seeds 2] [--steps 600]
                             [--narrow 4] [--kept SCORES.json] [--curves CURVES.png]
  python benchmarks/notes.py --data DATASET --judged [--note 003] [--steps 400]

Every recipe is trained once a seed (a run that is already there is not trained again, one that was stopped goes on)
and asked about the same held-out pictures. The difference is taken picture by picture; its 95 % interval is a
bootstrap over pictures and seeds. Prints the table of docs/notes.md.

--narrow 4: all networks of the claims have a quarter of their channels, and take a fraction of the time: what is
found is of those then. Notes 002 and 003 have wide ones.

Of color two things are told: how near the answers come, and how colorful they are. Of runs that are still there also
how far their training losses jump, as note 002 is about losses that oscillate.

--kept: scores and curves of runs go into this file, and what it has is not trained again: a long comparison can be
made in several sittings, on several machines. --curves: draws the score on held-out pictures over the steps.

--judged takes each colorization notebook's best known configuration instead: trained once, judged on the val split
beside the baselines (the verdict is kept in the run), and examined by the doctor.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from safelight.data.cache import open_dataset, photo_in
from safelight.errors import RecipeError
from safelight.evaluation.base import EvaluationOptions
from safelight.evaluation.evaluate import evaluate
from safelight.evaluation.metrics import psnr
from safelight.journal.doctor.examine import case_of, examine
from safelight.journal.records import Curve, read_record
from safelight.journal.run import Run
from safelight.pixels.color import colorfulness
from safelight.tasks.autoencode.prepare import frame, unframe
from safelight.tasks.autoencode.validation import NetworkCodes
from safelight.tasks.colorize import validation as color
from safelight.tasks.colorize.baselines import Predict
from safelight.tasks.colorize.evaluate import ColorizeEvaluation
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.validation import NetworkPredict
from safelight.tasks.inpaint import validation as fill
from safelight.tasks.inpaint.validation import NetworkFill
from safelight.training.fit import fit, resume
from safelight.training.guard.events import GuardError
from safelight.training.overrides import override
from safelight.training.recipe import Recipe, all_recipes, from_json, recipe_named
from safelight.training.trained import trained_network
from safelight.verdicts.verdict import Estimate, Verdict, load_verdict

HELD_OUT = 128
JUDGED = 100  # pictures that the judge asks about, at nine numbers of hints
RESAMPLES = 4000
LOOKS = 10  # at the held-out pictures, in the course of a run
SCORE = {
    "inpaint": "val/hole_psnr",
    "colorize": "val/gain_0",
    "autoencode": "val/psnr",
}  # what is drawn of them
# What is told of each picture, and what a difference above and below 0 says of a claim.
MEASURES = {
    "scores": ("dB", "holds", "the other way round"),
    "colorfulness": ("colorfulness", "more", "less"),  # of the answers, Hasler & Süsstrunk 2003
}
SIMPLE, LAB = "note-002-simple", "note-003-lab"
SQUARED = f"{LAB} --loss.smooth_l1 40 --loss.beta 2"  # nowhere linear, and as steep as its Huber near 0


@dataclass(frozen=True)
class Claim:
    """What a note says of `child` against `parent`: recipes by name, with what they have other than it.

    As on the command line: "note-002-simple --optimizer.lr 1e-4".
    """

    note: str
    says: str
    parent: str
    child: str


CLAIMS = (
    Claim("001", "a U-Net has more detail than an autoencoder", "note-001-autoencoder", "note-001-unet"),
    Claim("001", "with the last skip, holes are not filled properly", "note-001-last-skip", "note-001-unet"),
    Claim("001", "small rectangles first, then bigger ones", "note-001-unet", "note-001-small-then-big"),
    Claim("001", "dilated convolution", "note-001-deep", "note-001-dilated"),
    Claim("001", "gated convolution", "note-001-unet", "note-001-gated"),
    Claim("001", "partial convolution", "note-001-unet", "note-001-partial"),
    Claim("001", "gated against partial", "note-001-partial", "note-001-gated"),
    Claim("001", "attention", "note-001-unet", "note-001-attention"),
    Claim("001", "a discriminator after the reconstruction", "note-001-unet", "note-001-discriminator"),
    Claim("001", "0..1 trains better than 0..255", "note-001-byte-range", "note-001-unit-range"),
    Claim("002", "5e-5 in place of 1e-4", f"{SIMPLE} --optimizer.lr 1e-4", SIMPLE),
    Claim("002", "5e-5 in place of 2e-4", f"{SIMPLE} --optimizer.lr 2e-4", SIMPLE),
    Claim("002", "96 channels, not 64", f"{SIMPLE} --model.channels 64 --model.widest 256", SIMPLE),
    Claim("002", "one cycle in place of a constant rate", f"{SIMPLE} --optimizer.schedule constant", SIMPLE),
    Claim("002", "batches of 16, not 64, with batch norm", f"{SIMPLE} --data.batch 64", SIMPLE),
    Claim("003", "diversity", f"{LAB} --loss.diversity 0", LAB),
    Claim("003", "Huber's error in place of the squared one", SQUARED, LAB),
    Claim("003", "averaged weights", f"{LAB} --train.ema 0", LAB),
    Claim("004", "squared error in place of cross-entropy", "note-004-bce", "note-004-sigmoid"),
    Claim("004", "tanh in place of sigmoid", "note-004-sigmoid", "note-004-tanh"),
    Claim("004", "tanh with values -1..1 in place of 0..1", "note-004-tanh", "note-004-tanh-both"),
    Claim("004", "kernels of 5", "note-004-tanh", "note-004-kernel-5"),
    Claim("004", "no activation in place of tanh", "note-004-tanh", "note-004-none"),
    Claim("004", "no activation in place of sigmoid", "note-004-sigmoid", "note-004-none"),
    Claim("004", "32 filters first, 10 pictures a step", "note-004-none", "note-004-wide"),
    Claim("004", "learning rate 5e-5", "note-004-wide", "note-004-lr-5"),
    Claim("004", "learning rate 1e-4", "note-004-lr-5", "note-004-lr-10"),
    Claim("004", "128 numbers in a code, not 64", "note-004-lr-10", "note-004-latent-128"),
    Claim("004", "first weights he_normal", "note-004-lr-10", "note-004-he-normal"),
    Claim("004", "padding in place of stretching", "note-004-lr-10", "note-004-pad"),
)


@dataclass(frozen=True)
class Best:
    """A note's best known configuration, and what the note says of it."""

    note: str
    recipe: str
    says: str


BEST = (
    Best("000", "note-000-hints", "hints reach the whole picture without shortcuts; many hints to few"),
    Best("000", "note-000-colorful", "bins of color, rebalanced, do not average to grey"),
    Best(
        "002",
        "note-002-simple",
        "squared error by saturation is enough: a steady loss, neither sepia nor grey",
    ),
    Best("003", "note-003-lab", "four terms: all hues, neither sepia, red and green alone nor washed out"),
)


def main() -> None:
    """Train what is missing, compare or judge, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=Path("runs/notes"))
    parser.add_argument("--note", help="claims of this note alone")
    parser.add_argument("--recipes", nargs="+", help="claims about two of these recipes alone")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--narrow", type=int, default=1, help="a fraction of the channels of every network")
    parser.add_argument("--kept", type=Path, help="file of scores; what it has is not trained again")
    parser.add_argument("--curves", type=Path, help="draw the scores over the steps into this picture")
    parser.add_argument("--judged", action="store_true", help="the best configurations, beside the baselines")
    given = parser.parse_args()
    if given.judged:
        judged(given)
    else:
        compared(given)


def judged(given: argparse.Namespace) -> None:
    """A row for each notebook's best known configuration."""
    print(f"{given.steps} steps, {JUDGED} held-out pictures\n")
    print(
        "| recipe | what the note says | time | without hints, dB | 10 hints, dB | colorful | the doctor | loses to |"
    )
    print("|---|---|---:|---|---|---|---|---|")
    for best in BEST:
        if given.note in (None, best.note):
            run = train_once(short(recipe_named(best.recipe), given.steps, 0), given)
            print(judged_row(best, run, verdict_of(run, given.data)), flush=True)


def verdict_of(run: Run, data: Path) -> Verdict:
    """The judge's, beside all baselines on the val split; kept in the run, and not asked for again."""
    for path in sorted((run.folder / "verdicts").glob("*-compact-val.json")):
        return load_verdict(path)
    network, recipe = trained_network(run)
    options = EvaluationOptions(limit=JUDGED, dataset=data.name, split="val", folder=data)
    predictors: dict[str, Predict] = {recipe.name: NetworkPredict(network, recipe.preparation)}
    found = evaluate(ColorizeEvaluation(), predictors, open_dataset(data, "val"), options)
    found.save(run.folder / "verdicts" / f"{found.judged.replace(':', '-')}-compact-val.json")
    return found


def judged_row(best: Best, run: Run, found: Verdict) -> str:
    """One line of the table of --judged."""
    began, ended = (datetime.fromisoformat(run.facts[name]) for name in ("started", "ended"))
    sick = examine(case_of(read_record(run.folder), with_dataset=False)).findings
    colorful = found.estimate(found.model, "colorfulness", 0).value / found.facts["true_colorfulness"]
    lost: dict[str, list[str]] = {}
    for each in found.losses():
        if each.statistic == "psnr":
            lost.setdefault(each.method, []).append(each.cell)
    behind = "; ".join(f"{name} at {', '.join(hints)}" for name, hints in lost.items())
    gains = " | ".join(interval(found.estimate(found.model, "gain", hints)) for hints in (0, 10))
    return (
        f"| `{best.recipe}` | {best.says} | {(ended - began).seconds / 60:.1f} min | {gains} | {colorful:.2f} | "
        f"{', '.join(finding.name for finding in sick) or 'nothing'} | {behind or 'none'} |"
    )


def interval(estimate: Estimate) -> str:
    """With its 95 % interval."""
    return f"{estimate.value:+.2f} ({estimate.low:+.2f} to {estimate.high:+.2f})"


def compared(given: argparse.Namespace) -> None:
    """A row for each claim."""
    chosen = given.recipes or all_recipes()
    claims = [
        claim
        for claim in CLAIMS
        if given.note in (None, claim.note) and all(each.split()[0] in chosen for each in pair(claim))
    ]
    kept = KeptScores(given.kept, given.data.name, given.steps)
    narrower = f", channels divided by {given.narrow}" if given.narrow > 1 else ""
    names = dict.fromkeys(name for claim in claims for name in pair(claim))
    seeds = range(given.seeds)  # all recipes by one seed first: stopped early, all have as many
    recipes = [(name, labelled(name, given.steps, seed, given.narrow)) for seed in seeds for name in names]
    for name, recipe in recipes:
        if kept.of(name, recipe) is None:
            kept.add(name, recipe, *measure(recipe, given))
        if kept.jumps(name, recipe) is None and (run := found(partial(same_training, recipe), given)):
            kept.add_jumps(name, recipe, jumps(run))
    print(f"{given.steps} steps, {given.seeds} seeds, {HELD_OUT} held-out pictures{narrower}\n")
    for figure, (words, above, below) in MEASURES.items():
        of_names = {name: kept.scores(name, figure, given.seeds) for name in names if kept.has(name, figure)}
        told = [claim for claim in claims if set(pair(claim)) <= set(of_names)]
        if told:
            print(f"| note | claim | before | after | difference, {words} | |")
            print("|---|---|---|---|---|---|")
        for claim in told:
            line, low, high = row(claim, of_names[claim.parent], of_names[claim.child])
            print(f"{line} {above if low > 0 else below if high < 0 else 'cannot tell'} |", flush=True)
        print()
    of_losses = {name: shares for name in names if (shares := kept.all_jumps(name, given.seeds))}
    if of_losses:
        print("How far the training loss jumps from look to look, of its mean (all seeds):")
        print(", ".join(f"`{name}` {np.mean(shares):.0%}" for name, shares in of_losses.items()), end="\n\n")
    if given.curves:
        draw_curves(claims, kept, given.curves)


def pair(claim: Claim) -> tuple[str, str]:
    """Both recipes, as they are written."""
    return claim.parent, claim.child


def labelled(name: str, steps: int, seed: int, narrow: int = 1) -> Recipe:
    """The recipe of "NAME --SETTING VALUE ...", for so many steps; with other batches, for as many pictures.

    narrow: what the channels of its network are divided by.
    """
    first, *changes = name.split()
    plain, settings = recipe_named(first), [each.removeprefix("--") for each in changes[::2]]
    recipe = override(plain, dict(zip(settings, changes[1::2], strict=True)))
    if narrow > 1:
        model = asdict(recipe)["model"]
        if not {"channels", "widest"} <= model.keys():
            raise SystemExit(
                f"--narrow is for networks of channels, and {first} has none; choose a --note without it"
            )
        widths = {each: model[each] // narrow for each in ("channels", "widest")}
        recipe = override(recipe, {f"model.{each}": str(width) for each, width in widths.items()})
    return short(recipe, steps * plain.data.batch // recipe.data.batch, seed)


def short(recipe: Recipe, steps: int, seed: int) -> Recipe:
    """The recipe for so many steps, scored LOOKS times on the way."""
    changed = {"steps": steps, "validate_every": max(1, steps // LOOKS), "picture_every": steps, "seed": seed}
    return override(recipe, {f"train.{name}": str(value) for name, value in changed.items()})


def same_training(recipe: Recipe, other: Recipe) -> bool:
    """Whether they learn the same, however often they are looked at."""
    one, two = (
        replace(each, train=replace(each.train, validate_every=1, picture_every=1))
        for each in (recipe, other)
    )
    return one == two


class KeptScores:
    """Scores of each recipe and seed, and their curves; in a file, if one is named."""

    def __init__(self, path: Path | None, dataset: str, steps: int) -> None:
        self.path = path
        self.tree: dict[str, Any] = {"dataset": dataset, "steps": steps, "held_out": HELD_OUT, "recipes": {}}
        if path is not None and path.exists():
            found = json.loads(path.read_text())
            differ = [name for name in ("dataset", "steps", "held_out") if found[name] != self.tree[name]]
            if differ:
                raise SystemExit(f"{path} has other {' and '.join(differ)}; name another file")
            self.tree = found

    def of(self, name: str, recipe: Recipe) -> Mapping[str, Any] | None:
        """What was measured of this very recipe; None if nothing was."""
        known = self.tree["recipes"].get(name)
        if known is None or str(recipe.train.seed) not in known["seeds"]:
            return None
        before = from_json(json.dumps(known["recipe"]))
        if not same_training(replace(before, train=replace(before.train, seed=recipe.train.seed)), recipe):
            raise SystemExit(f"{self.path} has scores of another {name}; name another file")
        found: Mapping[str, Any] = known["seeds"][str(recipe.train.seed)]
        return found

    def add(self, name: str, recipe: Recipe, measures: Mapping[str, np.ndarray], curve: Curve | None) -> None:
        """Keep them, in the file at once."""
        known = self.tree["recipes"].setdefault(name, {"recipe": asdict(recipe), "seeds": {}})
        of_seed: dict[str, Any] = {measure: values.round(3).tolist() for measure, values in measures.items()}
        if curve is not None:
            of_seed["curve"] = [curve.steps.tolist(), curve.values.round(3).tolist()]
        known["seeds"][str(recipe.train.seed)] = of_seed
        self._write()

    def _write(self) -> None:
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside = self.path.with_suffix(".part")
            beside.write_text(json.dumps(self.tree))
            beside.replace(self.path)

    def jumps(self, name: str, recipe: Recipe) -> float | None:
        """How far the losses of this very recipe jump (`jumps`); None where that was not measured."""
        of_seed = self.of(name, recipe)
        return None if of_seed is None else of_seed.get("jumps")

    def add_jumps(self, name: str, recipe: Recipe, share: float) -> None:
        """Keep it, in the file at once."""
        self.tree["recipes"][name]["seeds"][str(recipe.train.seed)]["jumps"] = round(share, 3)
        self._write()

    def all_jumps(self, name: str, seeds: int) -> list[float]:
        """Of every seed; none where one was not measured."""
        known = self.tree["recipes"][name]["seeds"]
        told = [known[str(seed)].get("jumps") for seed in range(seeds)]
        return [] if None in told else told

    def has(self, name: str, measure: str) -> bool:
        """Whether this was measured of the recipe."""
        return all(measure in of_seed for of_seed in self.tree["recipes"][name]["seeds"].values())

    def scores(self, name: str, measure: str, seeds: int) -> np.ndarray:
        """Of every seed and held-out picture: (seeds, pictures)."""
        known = self.tree["recipes"][name]["seeds"]
        return np.array([known[str(seed)][measure] for seed in range(seeds)])

    def curves(self, name: str) -> list[np.ndarray]:
        """Of each seed that has one: (2, looks), steps and scores."""
        known = self.tree["recipes"][name]["seeds"].values()
        return [np.array(each["curve"]) for each in known if "curve" in each]


def measure(recipe: Recipe, given: argparse.Namespace) -> tuple[dict[str, np.ndarray], Curve | None]:
    """MEASURES of each held-out picture, and the mean score in the course of the run, if it was looked at.

    What is learned is the same with averaged weights and without: one run has both, but looked at the averaged ones.
    """
    averaged = None if recipe.train.ema else found(lambda known: is_averaged(known, recipe), given)
    run = averaged or train_once(recipe, given)
    network, trained = trained_network(run)
    if averaged:
        own = torch.load(run.last_checkpoint, weights_only=True)["current_model_state"]
        network.load_state_dict(
            {name.removeprefix("network."): own[name] for name in own if name.startswith("network.")}
        )
    curve = None if averaged else read_record(run.folder).curves.get(SCORE[run.facts["task"]])
    told = curve if curve is not None and len(curve) > 1 else None
    return per_picture(network, trained, given.data), told


def jumps(run: Run) -> float:
    """How far the training loss jumps from one look to the next, of its mean, after the first fifth of the run.

    The standard deviation of the differences over the root of 2: what is steady, however steep, jumps by next to
    nothing, and what is chance alone by its own deviation.
    """
    curve = read_record(run.folder).curves["train/loss"]
    values = curve.values[curve.steps >= curve.steps[-1] / 5]
    return float(np.diff(values).std() / np.sqrt(2) / values.mean())


def is_averaged(recipe: Recipe, other: Recipe) -> bool:
    """Whether this is the other recipe with averaged weights."""
    plain = replace(recipe, train=replace(recipe.train, ema=0.0), guard=other.guard)
    return recipe.train.ema > 0 and same_training(plain, other)


def draw_curves(claims: list[Claim], kept: KeptScores, path: Path) -> None:
    """A panel a claim: the score on held-out pictures over the steps, a thin line a seed, a thick one their mean."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    columns = min(4, len(claims))
    rows = -(-len(claims) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(3.2 * columns, 2.6 * rows), squeeze=False)
    for panel, claim in zip(axes.flat, claims, strict=False):
        panel.set_title(claim.says, fontsize=8)
        for name, ink in zip(pair(claim), ("0.55", "tab:red"), strict=True):
            curves = kept.curves(name)
            for steps, values in curves:
                panel.plot(steps, values, color=ink, linewidth=0.5)
            if curves:
                panel.plot(curves[0][0], np.mean(curves, axis=0)[1], color=ink, label=name)
        panel.legend(fontsize=6, loc="best")
        panel.tick_params(labelsize=6)
    for panel in axes.flat[len(claims) :]:
        panel.set_axis_off()
    figure.supxlabel("steps", fontsize=8)
    figure.supylabel("held-out pictures, dB", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def train_once(recipe: Recipe, given: argparse.Namespace) -> Run:
    """The finished run of this very recipe: one that is there, one that was stopped and goes on, or a new one.

    Where the guard gives up, the same recipe without it: else a claim would have no answer. That is printed.
    """

    def is_it(other: Recipe) -> bool:
        return same_training(other, recipe)

    known = found(is_it, given)
    if known is not None:
        return known
    begun = found(is_it, given, finished=False)
    try:
        run = (
            resume(begun, given.data, quiet=True)
            if begun
            else fit(recipe, given.data, given.runs, quiet=True)
        )
    except GuardError as error:
        print(f"{recipe.name}, seed {recipe.train.seed}: {error}; trained without the guard", file=sys.stderr)
        return train_once(override(recipe, {"guard.on": "false"}), given)
    if run.facts["state"] != "finished":
        raise SystemExit(f"{run.folder} was stopped; the same command goes on")
    return run


def found(wanted: Callable[[Recipe], bool], given: argparse.Namespace, finished: bool = True) -> Run | None:
    """A run of such a recipe that came to its end, or one that did not and has a checkpoint."""
    for folder in sorted(path.parent for path in given.runs.glob("*/run.json")):
        known = Run.open(folder)
        if (known.facts["state"] == "finished") != finished:
            continue
        if not finished and not (folder / "checkpoints" / "last.ckpt").is_file():
            continue
        try:
            if wanted(from_json(known.recipe_json)):  # later settings have their defaults
                return known
        except RecipeError:
            continue
    return None


def per_picture(network: Any, recipe: Any, data: Path) -> dict[str, np.ndarray]:
    """Holes: PSNR in the hole. Color: gain over grey without hints. Codes: PSNR of the reconstruction.

    Of color the colorfulness of the answers as well.
    """
    held_out, size = open_dataset(data, "val"), recipe.augment.size
    if recipe.task == "autoencode":
        codes = NetworkCodes(network, recipe.preparation)
        chosen = np.random.default_rng(0).permutation(len(held_out))[:HELD_OUT]
        scores = [reconstruction_psnr(codes, photo_in(held_out, int(number))) for number in chosen]
        return {"scores": np.array(scores)}
    if recipe.task == "inpaint":
        answer: Any = NetworkFill(network, recipe.preparation)
        asked = fill.choose(held_out, size, HELD_OUT)
        return {"scores": np.array([fill.hole_psnr(answer(p.srgb, p.mask), p.srgb, p.mask) for p in asked])}
    answer = NetworkPredict(network, recipe.preparation)
    probes = color.choose(held_out, size, HELD_OUT)
    nothing = Points.none()
    colored = [color.join(probe.L, answer(probe.L, nothing)) for probe in probes]
    return {
        "scores": np.array([color.gain_over_grey(probe, answer, len(nothing)) for probe in probes]),
        "colorfulness": np.array([colorfulness(picture) for picture in colored]),
    }


def reconstruction_psnr(codes: NetworkCodes, photo: np.ndarray) -> float:
    """At the photo's own size and aspect, however it was framed."""
    framed = frame(photo, codes.size, codes.preparation)
    given = codes.decode(codes.encode(framed.planes[None])[0])[0]
    result = unframe(given, framed.box, (photo.shape[0], photo.shape[1]))
    return psnr(result, photo.astype(np.float32) / 255)


def row(claim: Claim, parent: np.ndarray, child: np.ndarray) -> tuple[str, float, float]:
    """One line of the table, without what it says of the claim; the interval."""
    apart = child - parent
    rng = np.random.default_rng(0)
    seeds, pictures = apart.shape
    means = [
        apart[rng.integers(0, seeds, seeds)][:, rng.integers(0, pictures, pictures)].mean()
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(means, (2.5, 97.5))
    line = (
        f"| {claim.note} | {claim.says} | `{claim.parent}` {parent.mean():.2f} | `{claim.child}` "
        f"{child.mean():.2f} | {apart.mean():+.2f} ({low:+.2f} to {high:+.2f}) |"
    )
    return line, float(low), float(high)


if __name__ == "__main__":
    main()
