"""k-fold cross-validation: k runs, each judged on the fold that it did not see, under one entry of the journal."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from safelight.data.cache import PictureSet, fold_of, open_source
from safelight.errors import RunError
from safelight.files import put_text
from safelight.journal.run import Run
from safelight.training.fit import descent, error_text, fit
from safelight.training.hardware import Accelerator
from safelight.training.overrides import to_json
from safelight.training.recipe import Recipe

Judge: TypeAlias = Callable[[Run, PictureSet], Mapping[str, float]]  # a finished run on its held-out fold


@dataclass(frozen=True)
class Spread:
    """One measure over the folds. spread: standard deviation between folds; interval: 95 % of the mean."""

    mean: float
    spread: float
    interval: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Mean, sample standard deviation, and half the width of Student's 95 % interval, of k values."""
        from scipy.stats import t

        deviation = float(np.std(values, ddof=1))
        half = float(t.ppf(0.975, len(values) - 1)) * deviation / float(np.sqrt(len(values)))
        return cls(float(np.mean(values)), deviation, half)


def fit_folds(
    recipe: Recipe,
    data: Path,
    runs: Path,
    folds: int,
    judge: Judge | None = None,
    quiet: bool = False,
    parent: Run | None = None,
    accelerator: Accelerator = "auto",
) -> Run:
    """Train a recipe once for each fold of a dataset; the entry that holds the runs together.

    parent: the run whose recipe this one was changed from.

    Each run leaves one fold out, and is scored on it: by its validation samples, and by `judge`. The entry's run.json
    names the runs and says mean and spread; summary.md is the same for people. Stopped in between, the entry is
    stopped, with the folds that were finished. Raises what `fit` raises; DatasetError for a dataset without
    such folds.
    """
    source = open_source(data)  # once: all folds are of the same pictures, though it is brought up to date
    fold_of(source, data, 0, folds)
    facts = {"task": recipe.task, "recipe": recipe.name, "folds": folds, "children": []}
    facts |= descent(recipe, parent)
    dataset = {"path": str(data.absolute()), "fingerprint": source.fingerprint}
    entry = Run.start(runs, f"{recipe.name}-folds", to_json(recipe), {**facts, "dataset": dataset})
    scores: list[dict[str, float]] = []
    try:
        for fold in range(folds):
            sets = fold_of(source, data, fold, folds)
            child = fit(
                recipe,
                data,
                runs,
                parent=entry,
                quiet=quiet,
                fold=(fold, folds),
                accelerator=accelerator,
                sets=sets,
            )
            entry.note(children=[*entry.facts["children"], child.folder.name])
            if child.facts["state"] != "finished":
                entry.finish("stopped", status=child.facts["status"], **_summary(scores))
                return entry
            scores.append(_scores(child, judge, sets[1]))
            child.note(fold_scores=scores[-1])
            _write(entry, scores)
    except (KeyboardInterrupt, SystemExit):
        entry.finish("stopped", **_summary(scores))
        raise
    except BaseException as error:
        with contextlib.suppress(OSError):  # a full disk: the error itself is told
            entry.finish("failed", error=error_text(error), **_summary(scores))
        raise
    entry.finish("finished", **_summary(scores))
    return entry


def _scores(child: Run, judge: Judge | None, held: PictureSet) -> dict[str, float]:
    own = {name: float(value) for name, value in child.facts.get("scores", {}).items()}
    return own | (dict(judge(child, held)) if judge else {})


def _summary(scores: list[dict[str, float]]) -> dict[str, Any]:
    """Means as the entry's scores, and the spread of each beside them."""
    if len(scores) < 2:
        return {}
    spreads = spread_of(scores)
    return {
        "scores": {name: one.mean for name, one in spreads.items()},
        "spread": {name: one.spread for name, one in spreads.items()},
        "interval": {name: one.interval for name, one in spreads.items()},
    }


def spread_of(scores: list[dict[str, float]]) -> dict[str, Spread]:
    """Each measure that every fold has, over the folds. Raises RunError where there are fewer than two."""
    if len(scores) < 2:
        raise RunError("a spread needs two folds at least")
    names = [name for name in scores[0] if all(name in one for one in scores)]
    return {name: Spread.of([one[name] for one in scores]) for name in names}


def _write(entry: Run, scores: list[dict[str, float]]) -> None:
    """summary.md: a row a measure, a column a fold, mean and spread."""
    names = list(scores[0])
    header = ["measure", *(f"fold {fold}" for fold in range(len(scores))), "mean", "sd", "± 95 %"]
    rows = [header, ["---", *["---:"] * (len(header) - 1)]]
    spreads = spread_of(scores) if len(scores) > 1 else {}
    for name in names:
        cells = [f"{one.get(name, float('nan')):.4g}" for one in scores]
        known = spreads.get(name)
        tail = (
            [f"{known.mean:.4g}", f"{known.spread:.2g}", f"{known.interval:.2g}"] if known else ["", "", ""]
        )
        rows.append([name, *cells, *tail])
    table = "\n".join("| " + " | ".join(row) + " |" for row in rows)
    children = "\n".join(f"- fold {number}: {name}" for number, name in enumerate(entry.facts["children"]))
    text = f"# {entry.folder.name}\n\nEach run was scored on the fold that it did not see.\n\n{table}\n\n{children}\n"
    put_text(entry.folder / "summary.md", text)
