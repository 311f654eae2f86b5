"""One sitting of the judge, whatever the task: its pictures are opened, its verdict is kept and told."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from safelight.data.cache import PictureSet
    from safelight.terminal import Bars
    from safelight.verdicts.verdict import Verdict

T = TypeVar("T")
STAMP = re.compile(r"^\d{4}-\d\d-\d\d_\d\dh\d\dm\d\ds-")  # a run folder's


def task_of(model: str, tasks: tuple[str, ...]) -> str | None:
    """The task of a run, or of a model by name or file if it is one of these; None for what cannot be opened:
    the judge will say why."""
    from safelight.errors import SafelightError
    from safelight.journal.run import Run
    from safelight.runtime.modelfile import find_model
    from safelight.tasks.registry import canonical
    from safelight.training.recipe import recipe_of

    try:
        if Path(model).is_dir():
            return str(recipe_of(Run.open(model)).task)
        return canonical(find_model(model, tasks).card.task)
    except SafelightError:
        return None


def trained_for(folder: str, task: str) -> tuple[Any, Any]:
    """Network and recipe of a run (training/fit.py: trained_network). Raises RunError for one of another task."""
    from safelight.errors import RunError
    from safelight.journal.run import Run
    from safelight.training.fit import trained_network
    from safelight.training.recipe import recipe_of

    run = Run.open(folder)
    found = recipe_of(run).task
    if found != task:
        raise RunError(f"{folder} is a run of {found}; expected one of {task}")
    return trained_network(run)


@dataclass(frozen=True)
class Sitting:
    """What is judged, on which pictures, and where the report goes.

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

    @property
    def labels(self) -> list[str]:
        """Short names for the report, of a run its recipe's; all as they were given where two share one."""
        given = [self.model, *self.beside]
        short = [STAMP.sub("", Path(model).name.removesuffix(".onnx")) for model in given]
        return short if len(set(short)) == len(short) else given

    def others(self, opened: Callable[[str], T]) -> dict[str, T]:
        """What is judged beside the model, by its label."""
        return {label: opened(other) for label, other in zip(self.labels[1:], self.beside, strict=True)}

    def open(self, bars: "Bars", split: str | None = None) -> "PictureSet":
        """The pictures of the sitting's split, or of another; a plain folder is built first.

        Raises DatasetError for "all" of a dataset that has splits, RunError for pictures that a run of folds was
        trained on.
        """
        from safelight.data.cache import open_dataset
        from safelight.data.finished import open_finished
        from safelight.errors import DatasetError

        split = split or self.split
        if split == "all" and open_finished(self.data):
            raise DatasetError(
                f"{self.data} has splits: all of it would count training pictures, and look at test without "
                "counting; take --split val (or test), or give a folder of photos"
            )
        pictures = open_dataset(
            self.data,
            None if split == "all" else split,
            progress=lambda done, total, what: bars.show(what, done, total),
        )
        if split == "val":
            self._refuse_folds(pictures)
        return pictures

    def _refuse_folds(self, val: "PictureSet") -> None:
        """Raises RunError where one of the runs left a fold of this dataset out, and learned from its val split."""
        from safelight.data.cache import open_fold
        from safelight.errors import RunError
        from safelight.journal.run import Run

        for run in (Run.open(model) for model in (self.model, *self.beside) if Path(model).is_dir()):
            if run.fold is None or run.fold[1] > val.dataset.settings.folds:
                continue
            learned, _ = open_fold(self.data, *run.fold)
            if learned.fingerprint == run.dataset["fingerprint"]:
                which, count = run.fold
                raise RunError(
                    f"{run.folder} is the run of fold {which} of {count} and learned from pictures of val; its scores "
                    "on the fold that it left out are in summary.md of the folds' entry; judge it on other photos"
                )

    def keep(self, verdict: "Verdict") -> None:
        """A run keeps its verdicts, with the dataset's path, so that it can be asked the same again."""
        if not Path(self.model).is_dir():
            return
        from safelight.journal.run import Run

        stamp = verdict.judged.replace(":", "-")
        path = Run.open(self.model).folder / "verdicts" / f"{stamp}-{verdict.protocol}-{self.split}.json"
        replace(verdict, data=str(self.data.resolve())).save(path)

    def tell(self, sentences: Sequence[str], page: Path) -> None:
        """What was found, and where it stands."""
        click.echo("\n".join(sentences))
        click.echo(f"the report is {page}")
