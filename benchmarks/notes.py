"""Claims of the lab notes, tried again: each is two recipes that differ in one thing, on the same pictures.

  python benchmarks/notes.py --data DATASET [--note 001] [--recipes NAME...] [--seeds 2] [--steps 600]
  python benchmarks/notes.py --data DATASET --judged [--note 003] [--steps 400]

Every recipe is trained once a seed (a run that is already there is not trained again) and asked about the same
held-out pictures. The difference is taken picture by picture; its 95 % interval is a bootstrap over pictures
and seeds. Prints the table of docs/notes.md.

--judged takes each colorization notebook's best known configuration instead: trained once, judged on the val split
beside the baselines (the verdict is kept in the run), and examined by the doctor.
"""

import argparse
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from safelight.data.cache import open_dataset, photo_in
from safelight.errors import RecipeError
from safelight.evaluation.base import EvaluationOptions
from safelight.evaluation.evaluate import evaluate
from safelight.evaluation.metrics import psnr
from safelight.journal.doctor.examine import case_of, examine
from safelight.journal.records import read_record
from safelight.journal.run import Run
from safelight.tasks.autoencode.prepare import frame, unframe
from safelight.tasks.autoencode.validation import NetworkCodes
from safelight.tasks.colorize import validation as color
from safelight.tasks.colorize.baselines import Predict
from safelight.tasks.colorize.evaluate import ColorizeEvaluation
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.validation import NetworkPredict
from safelight.tasks.inpaint import validation as fill
from safelight.tasks.inpaint.validation import NetworkFill
from safelight.training.fit import fit, trained_network
from safelight.training.overrides import override
from safelight.training.recipe import Recipe, all_recipes, from_json, recipe_named
from safelight.verdicts.verdict import Estimate, Verdict, load_verdict

HELD_OUT = 128
JUDGED = 100  # pictures that the judge asks about, at nine numbers of hints
RESAMPLES = 4000


@dataclass(frozen=True)
class Claim:
    """What a note says of `child` against `parent`, both recipes by name."""

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
        if given.note in (None, claim.note) and claim.parent in chosen and claim.child in chosen
    ]
    names = dict.fromkeys(name for claim in claims for name in (claim.parent, claim.child))
    for seed in range(given.seeds):  # all recipes by one seed first: stopped early, all have as many
        for name in names:
            train_once(short(recipe_named(name), given.steps, seed), given)
    scores = {name: scores_of(name, given) for name in names}
    print(f"{given.steps} steps, {given.seeds} seeds, {HELD_OUT} held-out pictures\n")
    print("| note | claim | before | after | difference, dB | |")
    print("|---|---|---|---|---|---|")
    for claim in claims:
        print(row(claim, scores[claim.parent], scores[claim.child]), flush=True)


def scores_of(name: str, given: argparse.Namespace) -> np.ndarray:
    """Of every seed and held-out picture, in dB: (seeds, pictures)."""
    recipes = (short(recipe_named(name), given.steps, seed) for seed in range(given.seeds))
    return np.array([per_picture(train_once(recipe, given), given.data) for recipe in recipes])


def short(recipe: Recipe, steps: int, seed: int) -> Recipe:
    """The recipe for so many steps, looked at when it ends."""
    changed = {f"train.{name}": str(steps) for name in ("steps", "validate_every", "picture_every")}
    return override(recipe, changed | {"train.seed": str(seed)})


def train_once(recipe: Recipe, given: argparse.Namespace) -> Run:
    """The finished run of this very recipe, trained now if there is none."""
    for known in finished(given.runs):
        try:
            same = from_json(known.recipe_json) == recipe  # settings that came later have their defaults
        except RecipeError:
            same = False
        if same:
            return known
    return fit(recipe, given.data, given.runs, quiet=True)


def finished(runs: Path) -> Iterable[Run]:
    """Runs in this folder that came to their end."""
    folders = [path.parent for path in runs.glob("*/run.json")]
    return (run for run in map(Run.open, folders) if run.facts["state"] == "finished")


def per_picture(run: Run, data: Path) -> np.ndarray:
    """Holes: PSNR in the hole. Color: gain over grey without hints. Codes: PSNR of the reconstruction."""
    network, recipe = trained_network(run)
    held_out, size = open_dataset(data, "val"), recipe.augment.size
    if recipe.task == "autoencode":
        codes = NetworkCodes(network, recipe.preparation)
        chosen = np.random.default_rng(0).permutation(len(held_out))[:HELD_OUT]
        return np.array([reconstruction_psnr(codes, photo_in(held_out, int(number))) for number in chosen])
    if recipe.task == "inpaint":
        answer: Any = NetworkFill(network, recipe.preparation)
        asked = fill.choose(held_out, size, HELD_OUT)
        return np.array([fill.hole_psnr(answer(p.srgb, p.mask), p.srgb, p.mask) for p in asked])
    answer = NetworkPredict(network, recipe.preparation)
    probes = color.choose(held_out, size, HELD_OUT)
    return np.array([color.gain_over_grey(probe, answer, len(Points.none())) for probe in probes])


def reconstruction_psnr(codes: NetworkCodes, photo: np.ndarray) -> float:
    """At the photo's own size and aspect, however it was framed."""
    framed = frame(photo, codes.size, codes.preparation)
    given = codes.decode(codes.encode(framed.planes[None])[0])[0]
    result = unframe(given, framed.box, (photo.shape[0], photo.shape[1]))
    return psnr(result, photo.astype(np.float32) / 255)


def row(claim: Claim, parent: np.ndarray, child: np.ndarray) -> str:
    """One line of the table."""
    apart = child - parent
    rng = np.random.default_rng(0)
    seeds, pictures = apart.shape
    means = [
        apart[rng.integers(0, seeds, seeds)][:, rng.integers(0, pictures, pictures)].mean()
        for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(means, (2.5, 97.5))
    verdict = "holds" if low > 0 else "the other way round" if high < 0 else "cannot tell"
    return (
        f"| {claim.note} | {claim.says} | `{claim.parent}` {parent.mean():.2f} | `{claim.child}` "
        f"{child.mean():.2f} | {apart.mean():+.2f} ({low:+.2f} to {high:+.2f}) | {verdict} |"
    )


if __name__ == "__main__":
    main()
