"""k runs under one entry, each on pictures of which it leaves one fold out."""

import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from safelight.cli.evaluation_job import EvaluationJob
from safelight.data.cache import PictureSet, open_dataset, open_fold
from safelight.errors import DatasetError, RunError
from safelight.journal.run import Run
from safelight.tasks.colorize.recipe import ColorizeRecipe
from safelight.terminal import Bars
from safelight.training.fit import fit, open_sets, resume
from safelight.training.folds import Spread, fit_folds, spread_of
from safelight.training.modules import TrainingModule
from safelight.training.overrides import override

pytestmark = pytest.mark.usefixtures("two_probes")


def test_spread_by_hand() -> None:
    one = Spread.of([1.0, 2.0, 3.0])
    assert (one.mean, one.spread) == (2.0, 1.0)
    assert one.interval == pytest.approx(4.3027 / np.sqrt(3), rel=1e-4)  # Student's t, 2 degrees of freedom
    assert set(spread_of([{"a": 1, "b": 2}, {"a": 3}])) == {"a"}
    with pytest.raises(RunError, match="two folds at least"):
        spread_of([{"a": 1}])


def test_folds_part_the_pictures_and_never_hold_the_test_split(dataset: Path) -> None:
    every = set(open_dataset(dataset).numbers) - set(open_dataset(dataset, "test").numbers)
    for folds in (2, 5):
        pairs = [open_fold(dataset, fold, folds) for fold in range(folds)]
        held = [number for _, out in pairs for number in out.numbers]
        assert sorted(held) == sorted(every)
        assert all(set(inside.numbers) | set(out.numbers) == every for inside, out in pairs)
    with pytest.raises(DatasetError, match="has 5 folds, not 6; for more, build it with --folds 6"):
        open_fold(dataset, 0, 6)


def test_two_folds_are_trained_judged_and_summed_up(
    dataset: Path, tiny: ColorizeRecipe, tmp_path: Path, one_thread: None
) -> None:
    changes = {"train.steps": "2", "augment.size": "32", "data.batch": "2", "train.precision": "32"}
    recipe = override(tiny, changes)
    held: list[set[int]] = []

    def judge(run: Run, out: PictureSet) -> dict[str, float]:
        held.append(set(map(int, out.numbers)))
        return {"fold/size": float(len(out))}

    entry = fit_folds(recipe, dataset, tmp_path, 2, judge, quiet=True)
    facts = entry.facts
    assert facts["state"] == "finished"
    assert len(facts["children"]) == 2
    assert held[0].isdisjoint(held[1])
    assert facts["scores"]["fold/size"] == pytest.approx((len(held[0]) + len(held[1])) / 2)
    for fold, name in enumerate(facts["children"]):
        child = Run.open(tmp_path / name).facts
        assert (child["parent"], child["state"], child["difference"]) == (entry.folder.name, "finished", {})
        assert child["dataset"]["fold"] == [fold, 2]
        assert child["fold_scores"]["fold/size"] == len(held[fold])
    summary = (entry.folder / "summary.md").read_text()
    assert "| measure | fold 0 | fold 1 | mean | sd | ± 95 % |" in summary
    assert all(name in summary for name in facts["children"])


def test_stopped_folds_leave_as_they_were_asked_to_and_name_what_can_be_resumed(
    dataset: Path, tiny: ColorizeRecipe, tmp_path: Path, one_thread: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = TrainingModule.training_step

    def asked_to_stop(self: TrainingModule, batch: Any, batch_idx: int) -> torch.Tensor:
        signal.raise_signal(signal.SIGTERM)
        return usual(self, batch, batch_idx)

    monkeypatch.setattr(TrainingModule, "training_step", asked_to_stop)
    recipe = override(tiny, {"augment.size": "32", "data.batch": "2"})
    entry = fit_folds(recipe, dataset, tmp_path, 2, quiet=True)
    facts = entry.facts
    assert (facts["state"], facts["status"]) == ("stopped", 128 + signal.SIGTERM)
    (child,) = facts["children"]
    assert Run.open(tmp_path / child).facts["state"] == "stopped"
    with pytest.raises(RunError, match=rf"holds the runs of 2 folds \({child}\); resume one of them"):
        resume(entry)
    assert entry.facts == facts


def test_a_run_of_a_fold_is_not_judged_on_what_it_learned_from(
    dataset: Path, tiny: ColorizeRecipe, tmp_path: Path
) -> None:
    run = fit(override(tiny, {"train.steps": "2"}), dataset, tmp_path / "runs", quiet=True, fold=(1, 3))
    assert run.fold == (1, 3)
    learned, held = open_sets(dataset, run.fold)
    assert not set(learned.numbers) & set(held.numbers)
    job = EvaluationJob("color", dataset, tmp_path / "report", "val", None, 0, (str(run.folder),), 1)
    with Bars() as bars:
        with pytest.raises(RunError, match="is the run of fold 1 of 3 and learned from pictures of val"):
            job.open(bars)
        facts = run.facts["dataset"]
        run.note(dataset={**facts, "fingerprint": "as it was before photos were added"})
        with pytest.raises(RunError, match="is the run of fold 1 of 3"):
            job.open(bars)
        run.note(dataset=facts)
        assert len(replace(job, split="test").open(bars))
        assert len(replace(job, beside=()).open(bars))
