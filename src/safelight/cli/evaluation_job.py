"""One evaluation as it was asked for on the command line: its pictures are opened, its verdict is stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from safelight.data import cache, finished
from safelight.errors import DatasetError, RunError, SafelightError
from safelight.evaluation import base, evaluate
from safelight.journal.run import Run
from safelight.runtime.folders import same_file
from safelight.tasks import registry
from safelight.tasks.base import Task
from safelight.terminal import Bars
from safelight.training import recipe
from safelight.verdicts import verdict as verdicts

P = TypeVar("P")
STAMP = re.compile(r"^\d{4}-\d\d-\d\d_\d\dh\d\dm\d\ds-")  # a run folder's


def task_of(model: str) -> Task:
    """The task of a run, a baseline, or a model by name or file.

    What cannot be opened is taken for a colorizer: its evaluation says why.
    """
    try:
        if Path(model).is_dir():
            return registry.task_named(recipe.recipe_of(Run.open(model)).task)
        baseline_of = [task for task in registry.all_tasks() if model in task.evaluation.baselines]
        return baseline_of[0] if baseline_of else registry.find_task(model)
    except SafelightError:
        return registry.task_named("colorize")


@dataclass(frozen=True)
class EvaluationJob:
    """What is evaluated, on which pictures, and where the report goes.

    model, beside: names, files or runs. out: the report's folder. limit: a fixed sample of so many pictures.
    workers: processes that score the baselines.
    """

    model: str
    data: Path
    out: Path
    split: str
    limit: int | None
    seed: int
    beside: tuple[str, ...]
    workers: int

    def labels(self, baselines: Collection[str] = ()) -> list[str]:
        """Short names for the report, of a run its recipe's.

        All as they were given where two share one, or a file is called like a baseline.
        """
        models = [self.model, *self.beside]
        short = [STAMP.sub("", Path(model).name.removesuffix(".onnx")) for model in models]
        taken = any(label in baselines and label not in models for label in short)
        return models if taken or len(set(short)) < len(short) else short

    def others(self, open_predictor: Callable[[str], P], baselines: Collection[str] = ()) -> dict[str, P]:
        """What is evaluated beside the model, by its label."""
        labels = self.labels(baselines)[1:]
        return {label: open_predictor(other) for label, other in zip(labels, self.beside, strict=True)}

    def run(
        self, evaluation: type[base.EvaluationTask[Any, Any]], protocol: str, baselines: bool, bars: Bars
    ) -> tuple[verdicts.Verdict, Path]:
        """Evaluate, store the verdict in the run, and write the report; the verdict and the report's page."""
        task, model = evaluation.open(
            self.model, protocol, lambda split: self._beside_the_judged(bars, split)
        )
        label, others = self.labels(task.baselines)[0], self.others(task.open_predictor, task.baselines)
        pictures = self.open(bars)
        options = base.EvaluationOptions(
            limit=self.limit,
            seed=self.seed,
            baselines=baselines,
            dataset=self.data.name,
            split=self.split,
            folder=pictures.dataset.folder,
            workers=self.workers,
            progress=bars.show,
        )
        verdict = evaluate.evaluate(task, {label: model, **others}, pictures, options)
        self.store(verdict)
        return verdict, task.write_report(verdict, self.out, model, pictures)

    def _beside_the_judged(self, bars: Bars, split: str) -> cache.PictureSet:
        """Pictures of another split, which the task compares with. Raises DatasetError where they are judged too."""
        if self.split == "all":
            raise DatasetError(
                f"{self.data} cannot be judged whole here: the baseline, and what samples are compared with, are made "
                f"of its {split} pictures, which would be judged too; leave --split all out"
            )
        return self.open(bars, split)

    def open(self, bars: Bars, split: str | None = None) -> cache.PictureSet:
        """The pictures of the job's split, or of another; a plain folder is built first.

        Raises DatasetError for "all" of a dataset that has splits, RunError for pictures that a run of folds was
        trained on.
        """
        split = split or self.split
        if split == "all" and finished.open_finished(self.data):
            raise DatasetError(
                f"{self.data} has splits: all of it would count training pictures, and look at test without "
                "counting; take --split val (or test), or give a folder of photos"
            )
        pictures = cache.open_dataset(
            self.data,
            None if split == "all" else split,
            progress=lambda done, total, what: bars.show(what, done, total),
        )
        if split == "val":
            self._refuse_folds(pictures)
        return pictures

    def _refuse_folds(self, val: cache.PictureSet) -> None:
        """Raises RunError where one of the runs left a fold of this dataset out, and learned from its val split."""
        for run in (Run.open(model) for model in (self.model, *self.beside) if Path(model).is_dir()):
            if run.fold is not None and self._is_of_fold(run, run.fold, val):
                which, count = run.fold
                raise RunError(
                    f"{run.folder} is the run of fold {which} of {count} and learned from pictures of val; its scores "
                    "on the fold that it left out are in summary.md of the folds' entry; judge it on other photos"
                )

    def _is_of_fold(self, run: Run, fold: tuple[int, int], val: cache.PictureSet) -> bool:
        """Whether the run learned from folds of this dataset, as it is or as it was before pictures were added."""
        path = run.dataset.get("path")
        if path and same_file(Path(path), self.data):
            return True
        if fold[1] > val.dataset.settings.folds:
            return False
        learned, _ = cache.open_fold(self.data, *fold)
        return bool(learned.fingerprint == run.dataset["fingerprint"])

    def store(self, verdict: verdicts.Verdict) -> None:
        """A run keeps its verdicts, with the dataset's path, so that it can be evaluated in the same way again."""
        if not Path(self.model).is_dir():
            return
        stamp = verdict.judged.replace(":", "-")
        path = Run.open(self.model).folder / "verdicts" / f"{stamp}-{verdict.protocol}-{self.split}.json"
        replace(verdict, data=str(self.data.resolve())).save(path)
