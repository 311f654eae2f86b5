"""Runs made up for the doctor: healthy ones with the noise that runs have, and one sick in each way."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from safelight.journal.doctor.case import Case, Leaks
from safelight.journal.doctor.examine import checklist_of
from safelight.journal.records import Curve, make_curve
from safelight.tasks.registry import TASKS

RECIPE: dict[str, Any] = {
    "name": "color",
    "task": "colorize",
    "model": {
        "pretrained": True,
        "freeze": True,
        "widths": [128, 96, 64, 32],
        "attention": 4,
        "base": "gated",
        "head": "regression",
        "norm": "batch",
        "activation": "relu",
    },
    "hints": {"most": 200, "automatic": 0.15},
    "preparation": {"propagate": True},
    "augment": {"size": 32, "smallest": 0.6},
    "loss": {"huber": 0.5, "chroma": 0.2, "bins": 0.0},
    "data": {"batch": 16},
    "optimizer": {
        "lr": 0.002,
        "weight_decay": 0.01,
        "schedule": "one_cycle",
        "warmup": 0.1,
        "clip": 1.0,
    },
    "train": {"steps": 4000, "seed": 0},
}
Sickness = Callable[[Case, np.random.Generator], Case]
SYMPTOMS = tuple(
    dict.fromkeys(symptom for task in TASKS for symptom in checklist_of(task).symptoms)
)  # of any task


def settings_of(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A recipe's settings by dotted name."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat |= settings_of(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return flat


def healthy(rng: np.random.Generator) -> Case:
    """A run that went well: its length, noise, batch and success drawn at random."""
    steps, rows = int(rng.choice([1000, 4000, 8000])), int(rng.integers(40, 300))
    batch = int(rng.choice([4, 8, 16, 32]))
    settings = settings_of(RECIPE) | {"train.steps": steps, "data.batch": batch, "model.norm": "group"}
    at = np.unique(np.linspace(steps / rows, steps, rows).astype(int))
    part = at / steps
    floor = rng.uniform(0.05, 0.3)
    level = floor * (1 + rng.uniform(0.4, 3) * np.exp(-part * rng.uniform(3, 20)) - 0.15 * part)
    noise = rng.uniform(0.3, 0.8) / np.sqrt(batch)
    rise = np.clip(part / 0.1, 0.04, 1)
    curves: dict[str, Curve] = {
        "train/loss": make_curve(at, level * np.exp(rng.normal(0, noise, len(at)))),
        "train/lr": make_curve(at, 0.002 * np.where(part < 0.1, rise, np.cos(np.pi / 2 * part) ** 2 + 1e-4)),
        "train/gradient_norm": make_curve(at, rng.lognormal(-1.5, 0.5, len(at))),
    }
    count = int(rng.integers(4, 12))
    looks = np.linspace(steps / count, steps, count).astype(int)
    grown = 1 - np.exp(-3 * looks / steps)
    gain = rng.uniform(1.2, 2.5) * grown
    wobble = rng.normal(0, 0.03, (4, count))
    lead = rng.uniform(-0.3, 0.4) + 0.25 * grown
    chroma = rng.uniform(0.5, 0.8) * grown
    for name, values in {
        "val/gain_0": gain + wobble[0],
        "val/gain_10": gain + 3.5 + wobble[1],
        "probe/train_gain_0": gain + lead + wobble[2],
        "probe/chroma": chroma,
        "probe/most_chroma": np.full(count, rng.uniform(20, 130)),
        "probe/between": chroma,
        "probe/red_green": np.full(count, rng.uniform(0.15, 0.5)),
        "probe/truth_red_green": np.full(count, 0.34),
        "probe/concentration": np.full(count, rng.uniform(0.2, 0.88)),
        "probe/truth_concentration": np.full(count, 0.5),
        "probe/hue": rng.uniform(30, 100, count),
        "probe/hue_error": 55 - 30 * grown + rng.normal(0, 1.5, count),
        "probe/hue_distance": 30 - 15 * grown,
        "probe/obeyed": np.full(count, rng.uniform(0.6, 0.95)),
        "probe/dead": np.full(count, rng.uniform(0, 0.1)),
    }.items():
        curves[name] = make_curve(looks, values)
    return Case(settings, curves, steps, leaks=Leaks(900, ()))


def _with(case: Case, **changes: object) -> Case:
    """A case with curves (names with __ for /) replaced by arrays of values at the same steps."""
    curves = dict(case.curves)
    for name, values in changes.items():
        key = name.replace("__", "/", 1)
        curves[key] = make_curve(curves[key].steps, np.broadcast_to(np.asarray(values), len(curves[key])))
    return replace(case, curves=curves)


def _spiky(case: Case, rng: np.random.Generator) -> Case:
    loss = case.curves["train/loss"].values.copy()
    places = rng.choice(np.arange(len(loss) // 4, len(loss)), 3, replace=False)
    loss[places] *= rng.uniform(6, 40, 3)
    return _with(case, train__loss=loss)


def _leapt(case: Case, rng: np.random.Generator) -> Case:
    loss, gain = case.curves["train/loss"].values.copy(), case.curves["val/gain_0"].values.copy()
    share = rng.uniform(0.3, 0.7)
    loss[int(len(loss) * share) :] *= rng.uniform(2.5, 8)
    gain[int(len(gain) * share) :] = rng.uniform(-1, 0.2)
    return _with(case, train__loss=loss, val__gain_0=gain)


def _not_finite(case: Case, rng: np.random.Generator) -> Case:
    loss = case.curves["train/loss"].values.copy()
    loss[int(len(loss) * rng.uniform(0.2, 0.9)) :] = np.nan
    return _with(case, train__loss=loss)


def _oscillating(case: Case, rng: np.random.Generator) -> Case:
    """Note 002's: 0.12, 0.15, 0.09, 0.13."""
    loss = case.curves["train/loss"]
    swing = rng.uniform(1.0, 1.6) * np.sin(np.arange(len(loss)) * rng.uniform(1.2, 2.6))
    batch = case.number("data.batch", 16)
    return _with(case, train__loss=loss.values * np.exp(swing * np.sqrt(16 / batch) * 0.6))


def _swinging_scores(case: Case, rng: np.random.Generator) -> Case:
    looks = np.linspace(case.step / 12, case.step, 12).astype(int)
    gain = 1.0 + rng.uniform(0.3, 0.8) * np.where(np.arange(12) % 2, 1, -1) + rng.normal(0, 0.03, 12)
    return replace(case, curves={**case.curves, "val/gain_0": make_curve(looks, gain)})


def _no_progress(case: Case, rng: np.random.Generator) -> Case:
    loss = case.curves["train/loss"].values
    noise = np.exp(rng.normal(0, 0.4 / np.sqrt(case.number("data.batch", 16)), len(loss)))
    flat = _with(
        case, train__loss=0.3 * noise, val__gain_0=rng.normal(0, 0.01, len(case.curves["val/gain_0"]))
    )
    return _with(flat, probe__train_gain_0=0.01, probe__chroma=0.02)


def _plateau(case: Case, rng: np.random.Generator) -> Case:
    looks = np.linspace(case.step / 12, case.step, 12).astype(int)
    gain = 0.9 * (1 - np.exp(-8 * looks / case.step)) + rng.normal(0, 0.005, 12)
    gain[6:] = gain[:6].max() - np.abs(rng.normal(0, 0.01, 6))
    curves = {**case.curves, "val/gain_0": make_curve(looks, gain)}
    settings = {**case.settings, "optimizer.schedule": "constant"}
    flat = _with(replace(case, curves=curves, settings=settings), train__lr=0.002)
    return replace(flat, curves={k: v for k, v in flat.curves.items() if k != "probe/train_gain_0"})


def _overfitting(case: Case, rng: np.random.Generator) -> Case:
    looks = np.linspace(case.step / 10, case.step, 10).astype(int)
    part = looks / case.step
    held_out = 2.0 * (1 - np.exp(-6 * part)) - rng.uniform(1.0, 2.0) * np.clip(part - 0.4, 0, 1)
    familiar = 4.0 * (1 - np.exp(-3 * part)) + rng.normal(0, 0.03, 10)
    curves = {"val/gain_0": make_curve(looks, held_out), "probe/train_gain_0": make_curve(looks, familiar)}
    return replace(case, curves={**case.curves, **curves})


def _underfitting(case: Case, rng: np.random.Generator) -> Case:
    looks = np.linspace(case.step / 8, case.step, 8).astype(int)
    gain = rng.uniform(0.3, 0.6) * (1 - np.exp(-10 * looks / case.step))
    curves = {
        "val/gain_0": make_curve(looks, gain + rng.normal(0, 0.01, 8)),
        "probe/train_gain_0": make_curve(looks, gain + 0.1 + rng.normal(0, 0.01, 8)),
    }
    return replace(
        case, curves={**case.curves, **curves}, settings={**case.settings, "model.widths": [16, 8, 8, 8]}
    )


def _leaking(case: Case, rng: np.random.Generator) -> Case:
    twins = tuple((int(number), int(number) + 1000) for number in rng.choice(900, rng.integers(1, 60), False))
    return replace(case, leaks=Leaks(900, twins))


def _deaf_decoder(case: Case, rng: np.random.Generator) -> Case:
    """An autoencoder's run whose code says nothing."""
    looks = case.curves["val/gain_0"].steps
    measures = {"active_share": 0.0, "kl": rng.uniform(0, 0.5), "mean_picture": rng.uniform(0.985, 1.1)}
    curves = {
        f"probe/{name}": make_curve(looks, np.full(len(looks), figure)) for name, figure in measures.items()
    }
    settings = {**case.settings, "task": "code", "loss.kl": 4.0, "loss.warmup": 0.0}
    settings["model.variational"] = True
    return replace(case, curves={**case.curves, **curves}, settings=settings)


def _holes(case: Case, **figures: float) -> Case:
    """A filler's run: its holes as good as the classical method's, but for these figures."""
    looks = case.curves["val/gain_0"].steps
    well = {"filled": 0.9, "checkerboard": 1.0, "truth_checkerboard": 1.0, "seam": 4.0, "classical_seam": 5.0}
    curves = {
        f"probe/{name}": make_curve(looks, np.full(len(looks), v)) for name, v in (well | figures).items()
    }
    return replace(case, curves={**case.curves, **curves}, settings={**case.settings, "task": "fill"})


SICK: dict[str, tuple[str, Sickness]] = {
    "spikes": ("unstable", _spiky),
    "a leap that stays": ("unstable", _leapt),
    "not a number": ("unstable", _not_finite),
    "a bouncing loss": ("oscillation", _oscillating),
    "bouncing scores": ("oscillation", _swinging_scores),
    "nothing learned": ("no progress", _no_progress),
    "standstill": ("plateau", _plateau),
    "learned by heart": ("overfitting", _overfitting),
    "a narrow bottleneck": ("underfitting", _underfitting),
    "red and green": (
        "red and green only",
        lambda case, rng: _with(case, probe__red_green=rng.uniform(0.86, 0.99), probe__hue=5.0),
    ),
    "brown": (
        "sepia",
        lambda case, rng: _with(
            case, probe__concentration=rng.uniform(0.94, 0.999), probe__hue=rng.uniform(50, 85)
        ),
    ),
    "neon": (
        "colors out of range",
        lambda case, rng: _with(case, probe__most_chroma=rng.uniform(300, 50_000)),
    ),
    "pale": ("washed out", lambda case, rng: _with(case, probe__chroma=rng.uniform(0.05, 0.3))),
    "blue grass": ("implausible hue", lambda case, rng: _with(case, probe__hue_error=rng.uniform(52, 95))),
    "deaf to hints": ("hints ignored", lambda case, rng: _with(case, probe__obeyed=rng.uniform(-0.1, 0.2))),
    "dead channels": ("dead units", lambda case, rng: _with(case, probe__dead=rng.uniform(0.35, 0.95))),
    "a deaf decoder": ("posterior collapse", _deaf_decoder),
    "a black hole": ("hole stays empty", lambda case, rng: _holes(case, filled=rng.uniform(0, 0.25))),
    "a grid": ("checkerboard", lambda case, rng: _holes(case, checkerboard=rng.uniform(1.8, 6))),
    "a patch": ("color shift at the seam", lambda case, rng: _holes(case, seam=rng.uniform(12, 60))),
    "twins": ("leaking split", _leaking),
}


def write_run(
    root: Path,
    name: str,
    case: Case,
    parent: str | None = None,
    difference: dict[str, Any] | None = None,
    state: str = "finished",
    recipe: dict[str, Any] | None = None,
    **facts: Any,
) -> Path:
    """A case as a run folder, without pictures and verdicts."""
    folder = root / name
    for part in ("pictures", "verdicts"):
        (folder / part).mkdir(parents=True)
    tree = json.loads(json.dumps(recipe or RECIPE))
    tree["train"]["steps"] = case.planned
    (folder / "recipe.json").write_text(json.dumps(tree))
    stored = {
        "state": state,
        "started": f"2026-11-22T{10 + len(list(root.iterdir())):02}:00:00+00:00",
        "ended": f"2026-11-22T{10 + len(list(root.iterdir())):02}:44:00+00:00",
        "recipe": "color",
        "parent": parent,
        "difference": difference or {},
        "dataset": {"path": str(root.parent / "photos"), "fingerprint": "f1", "train": 9751, "val": 907},
        "step": case.step,
        **facts,
    }
    (folder / "run.json").write_text(json.dumps(stored))
    steps = sorted({int(step) for curve in case.curves.values() for step in curve.steps})
    names = list(case.curves)
    known = {
        name: dict(zip(curve.steps.tolist(), curve.values.tolist(), strict=True))
        for name, curve in case.curves.items()
    }
    lines = [",".join(["step", *names])]
    lines += [
        ",".join([str(step), *(f"{known[n][step]:.6g}" if step in known[n] else "" for n in names)])
        for step in steps
    ]
    (folder / "metrics.csv").write_text("\n".join(lines) + "\n")
    return folder


def verdict_json(
    name: str, gains: np.ndarray, questions: str = "q1", split: str = "val", counts: tuple[int, ...] = (0, 10)
) -> dict[str, Any]:
    """A verdict of these gains, (pictures, counts), as it was written before all tasks had one format."""
    means = [
        [float(column.mean()), float(column.mean() - 0.1), float(column.mean() + 0.1)] for column in gains.T
    ]
    return {
        "format": "safelight-verdict",
        "version": 1,
        "model": name,
        "dataset": "photos",
        "split": split,
        "protocol": "compact",
        "seed": 0,
        "questions": questions,
        "pictures": len(gains),
        "left_out": 0,
        "counts": list(counts),
        "groups": [{"name": "all", "pictures": len(gains), "curves": {name: {"gain": means}}}],
        "scores": [
            {"index": i, "name": f"{i}.png", "source": "", "chroma": 20.0, "gain": [float(v) for v in row]}
            for i, row in enumerate(gains)
        ],
        "looks": 1 if split == "test" else None,
        "judged": "2026-11-22T12:00:00+00:00",
        "sentences": ["It was judged.", "It gains.", "With hints more."],
    }


def measured_json(
    task: str, name: str, values: dict[str, np.ndarray], questions: str = "q1", split: str = "val"
) -> dict[str, Any]:
    """A verdict on holes, damage or codes in its old format: of each picture these parts, (pictures, cells)."""
    pictures, cells = next(iter(values.values())).shape
    return {
        "format": {"fill": "safelight-fill-verdict", "scratches": "safelight-scratches-verdict"}.get(
            task, "safelight-code-verdict"
        ),
        "version": 2,
        "model": name,
        "dataset": "photos",
        "split": split,
        "size": 64,
        "seed": 0,
        "questions": questions,
        "pictures": pictures,
        "cells": [*(f"kind {cell}" for cell in range(cells)), "all"],
        "scores": [
            {
                "index": number,
                "name": f"{number}.png",
                "values": {part: column[number].tolist() for part, column in values.items()},
            }
            for number in range(pictures)
        ],
        "looks": None,
        "judged": "2026-11-22T12:00:00+00:00",
        "sentences": ["It was judged."],
    }


def older(stored: dict[str, Any]) -> dict[str, Any]:
    """The verdict as it was written before it held scores by picture."""
    return {key: value for key, value in stored.items() if key != "scores"} | {"version": 1}


def keep_verdict(folder: Path, stored: dict[str, Any]) -> None:
    """Store it where the run's judge would."""
    where = folder / "verdicts" / ("codes" if stored["format"] == "safelight-code-verdict" else "")
    where.mkdir(exist_ok=True)
    (where / f"{stored['questions']}.json").write_text(json.dumps(stored))


def write_verdict(folder: Path, gains: np.ndarray, **changes: Any) -> None:
    """Store a verdict in a run folder."""
    stored = verdict_json(folder.name, gains, **changes)
    (folder / "verdicts" / f"{stored['questions']}.json").write_text(json.dumps(stored))
