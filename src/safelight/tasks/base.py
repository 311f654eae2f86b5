"""What the shared code knows of a task: its names and words, and, imported when asked for, its working parts.

A task is a folder in tasks/ with a module `task`, whose `TASK` is one of these, and a line in tasks/registry.py.
Training, evaluation, the journal, export and the commands know `Task`, and no task.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from safelight.evaluation.base import EvaluationTask
    from safelight.training.export import Exporter
    from safelight.training.recipe import Recipe
    from safelight.training.task import TrainingTask


class Advice(NamedTuple):
    """The likely cause of a failure in training, and what to try."""

    cause: str
    attempt: str


class SheetLayout(NamedTuple):
    """The contact sheets of a task's validation samples, a row a sample.

    columns: what each shows, in order; none where rows are whole. answer: number of the column that the run changes.
    hidden: columns that the journal leaves out. caption: what a sheet without columns shows.
    """

    columns: tuple[str, ...] = ()
    answer: int = 0
    hidden: tuple[str, ...] = ()
    caption: str = "the validation samples"


class IgnoredSetting(NamedTuple):
    """A setting that did nothing for a task when its default was `was`; old recipes are read as having `now`."""

    name: str
    was: Any
    now: Any


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A task's main statistic; higher is better.

    statistic: its name in the curves. columns: what it is made of in each picture (`Measured.values`).
    value: from the means of these parts over pictures, (..., parts), to the value itself, as "module:attribute".
    what, unit, digits: its name in a sentence, its unit ("" for none), its digits.
    title: its name with its unit over a row of values. cells: what verdicts have a value for each of ("hints");
    cell: one of them by its name, on a card; mean: of all of them, by {names} or their {count}.
    protocol: how the samples were made, in words, by fields and facts of the verdict.
    hidden: how the names of cells end that summaries leave out. on_card: further statistics of the card, with titles.
    """

    statistic: str
    columns: tuple[str, ...]
    value: str = "safelight.verdicts.measure:only_part"
    what: str
    unit: str = ""
    digits: int = 2
    title: str
    cells: str
    cell: str
    mean: str = ""
    protocol: str
    hidden: tuple[str, ...] = ()
    on_card: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_unit(self) -> str:
        """What stands after a number."""
        return f" {self.unit}" if self.unit else ""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One thing that networks are trained for.

    Parts that need torch, or are seldom used, are named as "module:attribute" and imported when asked for.

    name: that of its folder, its recipes and verdicts. title: of its runs in the journal.
    noun: a trained network of it with its article; plural: several.
    trainer, evaluator: its TrainingTask and EvaluationTask, classes. recipes: a table, name -> function without
    arguments. main_recipe: the one that the bundled model was trained by.

    loader: (model or None, threads) -> what `safelight.load` returns; None is the bundled model.
    card_tasks: what the cards of its model files name as their task, a file each; endings: of these files' names.
    bundled: the bundled model's name.
    recognizes: (model) -> whether a name or path is of its models, for a task whose models are several files.
    used_by: the commands that take the bundled model where none is given.
    fixed_size: why `safelight export --size` is refused, where it is.
    exporter: its training.export.Exporter, a class: how its networks become model files.

    progress: scores of its validation samples that are shown while a run goes on, each as a format string.
    sheet: how contact sheets of its validation samples are laid out.
    checklist: what the doctor checks of its runs (journal/doctor/case.py: Checklist); none: what any run can have.
    failures: advice for what its guard names, beside the general one, by kind of measure.
    ignored: settings of old recipes.
    measured: settings that are found after training, and cannot be asked for.
    compared_at: settings that must agree before two of its runs are compared: their questions depend on them.
    has_protocols: it is evaluated by one of several protocols (safelight judge --protocol).
    fold_judge: (run, held-out pictures) -> scores, beside those of the validation samples; for --folds.
    measure: by which its verdicts are summarized, and its runs compared.
    key_sentences: (verdict) -> the sentences for the journal, where those that a verdict holds are not taken.
    """

    name: str
    title: str
    noun: str
    plural: str
    trainer: str
    evaluator: str
    recipes: str
    main_recipe: str = ""

    loader: str = ""
    card_tasks: tuple[str, ...] = ()
    endings: tuple[str, ...] = (".onnx",)
    recognizes: str = ""
    bundled: str = ""
    used_by: str = ""
    fixed_size: str = ""
    exporter: str = ""

    progress: Mapping[str, str] = field(default_factory=dict)
    sheet: SheetLayout = field(default_factory=SheetLayout)
    checklist: str = ""
    failures: Mapping[str, Advice] = field(default_factory=dict)
    ignored: tuple[IgnoredSetting, ...] = ()
    measured: tuple[str, ...] = ()
    compared_at: tuple[str, ...] = ()
    has_protocols: bool = False
    fold_judge: str = ""
    measure: Measure | None = None
    key_sentences: str = ""

    @cached_property
    def training(self) -> "TrainingTask[Any, Any, Any, Any]":
        """How it is trained. Imports torch."""
        training: TrainingTask[Any, Any, Any, Any] = resolve(self.trainer)()
        return training

    @cached_property
    def evaluation(self) -> "type[EvaluationTask[Any, Any]]":
        """How its models are evaluated."""
        evaluation: type[EvaluationTask[Any, Any]] = resolve(self.evaluator)
        return evaluation

    @cached_property
    def recipe_table(self) -> "Mapping[str, Callable[[], Recipe]]":
        """Its recipes by name. Imports torch."""
        table: Mapping[str, Callable[[], Recipe]] = resolve(self.recipes)
        return table

    @cached_property
    def exporting(self) -> "Exporter[Any, Any]":
        """How its networks become model files. Imports torch."""
        exporter: Exporter[Any, Any] = resolve(self.exporter)()
        return exporter

    def load(self, model: Any = None, threads: int = 0) -> Any:
        """Its model, ready to use: by name or path; None is the bundled one. Raises ModelError."""
        return resolve(self.loader)(model, threads)


def resolve(part: str) -> Any:
    """What "module:attribute" names, imported now."""
    module, _, attribute = part.partition(":")
    return getattr(import_module(module), attribute)
