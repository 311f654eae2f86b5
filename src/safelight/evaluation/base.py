"""What a task brings to its evaluation: samples, baselines, scores, metrics, and the words of its report."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeAlias, TypeVar

from safelight.evaluation.grouping import Members
from safelight.evaluation.intervals import Weights
from safelight.evaluation.metrics import Metric, Scores
from safelight.evaluation.report import write_report
from safelight.evaluation.samples import Pictures, S, Samples
from safelight.evaluation.summary import Layout, summarize
from safelight.reports.sheets import Tile
from safelight.verdicts.verdict import Comparison, Curves, Verdict

if TYPE_CHECKING:
    from safelight.data.cache import PictureSet

P = TypeVar("P")  # a predictor: what answers a sample

Progress: TypeAlias = Callable[[str, int, int], None]  # what is being done, how much is done, of how much
Row: TypeAlias = dict[str, list[float]]  # scores of one sample: column -> one number a cell


@dataclass(frozen=True)
class EvaluationOptions:
    """How an evaluation is done, whatever the task.

    limit: on a fixed sample of so many pictures. baselines: False leaves out those that the scores can do without:
    quick, while training. dataset, split: their names, for the verdict. folder: the dataset's: samples and scores
    of baselines are cached in its folder "judged", and an evaluation on the split "test" is logged there.
    workers: processes that score baselines; 1 scores here. They start afresh, so a script that asks for more needs
    the usual `if __name__ == "__main__":`.
    """

    limit: int | None = None
    seed: int = 0
    baselines: bool = True
    dataset: str = ""
    split: str = ""
    folder: Path | None = None
    workers: int = 1
    progress: Progress = lambda what, done, total: None


@dataclass(frozen=True)
class Evaluated(Generic[S, P]):
    """All methods, scored on all samples. scores: by method, the model first. weights: of the bootstrap."""

    pictures: Pictures
    samples: Samples[S]
    model: P
    scores: Mapping[str, Scores]
    weights: Weights
    options: EvaluationOptions

    @property
    def name(self) -> str:
        """The model's."""
        return next(iter(self.scores))


@dataclass(frozen=True)
class Findings:
    """What the verdict holds of one task alone; see `Verdict`. comparisons: beside those of all tasks."""

    leads: Mapping[int, float] = field(default_factory=dict)
    comparisons: tuple[Comparison, ...] = ()
    tables: Curves = field(default_factory=dict)
    facts: Mapping[str, float | str | None] = field(default_factory=dict)


class EvaluationTask(ABC, Generic[S, P]):
    """The definition of one task's evaluation. Processes get a copy of it: it has to be picklable.

    task: its name. metrics: its table. model_name: what the model is called in curves, if not by its own name.
    baselines: names of methods without training. version: raised when an answer of a baseline changes, so that older
    cached scores are not used again; None where baselines depend on more than the sample, and are not cached.
    indispensable: baselines that scores are relative to. beside_first: whether other models come before the baselines.
    main: the metric by which the best baseline of a cell is chosen. per_image: columns that the verdict holds of each
    picture. mean_of_cells: whether curves end with the mean over cells.
    sheets: of pictures, the cells that each shows. examples_a_rank: how many pictures are best, median, worst.
    layout: of its reports, if it has more to say than its metrics.
    options: those of `safelight judge` that apply to it, beside the common ones. protocols: names of the ways to draw
    its samples, the usual one first.
    """

    task: ClassVar[str]
    metrics: ClassVar[Mapping[str, Metric]]
    model_name: ClassVar[str] = ""
    baselines: ClassVar[tuple[str, ...]] = ()
    version: ClassVar[str | None] = "1"
    indispensable: ClassVar[tuple[str, ...]] = ()
    beside_first: ClassVar[bool] = False
    main: ClassVar[str]
    per_image: ClassVar[tuple[str, ...]]
    mean_of_cells: ClassVar[bool] = True
    sheets: ClassVar[tuple[tuple[str, ...], ...]] = ()
    examples_a_rank: ClassVar[int] = 1
    layout: ClassVar[Layout | None] = None
    options: ClassVar[tuple[str, ...]] = ("--beside",)
    protocols: ClassVar[tuple[str, ...]] = ("",)

    @property
    @abstractmethod
    def cells(self) -> tuple[str, ...]:
        """What each sample is scored in: numbers of hints, kinds of holes, ..."""

    @property
    @abstractmethod
    def columns(self) -> tuple[str, ...]:
        """Those of a row of scores."""

    @abstractmethod
    def samples(self, pictures: Pictures, options: EvaluationOptions) -> Samples[S]:
        """The samples of these pictures. Raises DatasetError where there is none."""

    @abstractmethod
    def baseline(self, name: str) -> P:
        """A fresh predictor for the baseline of that name."""

    @abstractmethod
    def score(self, name: str, predictor: P, sample: S) -> Row:
        """Scores of one method on one sample. Raises ModelError for an answer that cannot be scored."""

    @abstractmethod
    def sample(self, pictures: Pictures, index: int, seed: int) -> S:
        """The sample of one picture."""

    @abstractmethod
    def tiles(self, sample: S, cell: str, predictors: Mapping[str, P]) -> list[Tile]:
        """A row of pictures: what is asked in that cell, each method's answer with its score, the truth."""

    @classmethod
    @abstractmethod
    def open(cls, model: str, protocol: str, open_split: "Callable[[str], PictureSet]") -> tuple[Self, P]:
        """The evaluation of this model, and the model. Raises SafelightError.

        protocol: its name, where there are several. open_split: pictures of another split than the evaluated one.
        """

    @abstractmethod
    def open_predictor(self, model: str) -> P:
        """A method to evaluate: a baseline by name, a run, or a model by name or file. Raises SafelightError."""

    @property
    def report_layout(self) -> Layout:
        """The layout, or one with no more than the metrics."""
        return self.layout or Layout(title=self.task, metrics=self.metrics, main=(self.main,))

    def write_report(self, verdict: Verdict, folder: Path, model: P, pictures: Pictures) -> Path:
        """Write report.md, verdict.json and pictures into the folder; returns the path of report.md.

        The pictures are those where the model did best, in the middle, and worst.
        """
        from safelight.evaluation.examples import report_sheets

        folder.mkdir(parents=True, exist_ok=True)
        sheets = report_sheets(self.like(verdict), verdict, model, pictures)
        files = [sheet.save(folder).name for sheet in sheets]
        return write_report(verdict, self.report_layout, folder, files)

    def summarize(self, verdict: Verdict) -> tuple[str, ...]:
        """The verdict in plain sentences, most important first."""
        return summarize(verdict, self.report_layout)

    def score_all(
        self, name: str, predictor: P, samples: Samples[S], options: EvaluationOptions
    ) -> list[Row]:
        """Scores of one method, a row a sample."""
        rows = []
        for done, sample in enumerate(samples, start=1):
            rows.append(self.score(name, predictor, sample))
            options.progress(name, done, len(samples))
        return rows

    def clean(self) -> Self | None:
        """Where the samples are simulated old prints: the same evaluation of the clean pictures; else None."""
        return None

    def like(self, verdict: Verdict) -> Self:
        """The evaluation with the settings that the verdict was made with."""
        return self

    def ranking(self, verdict: Verdict, cell: str) -> Mapping[int, float]:
        """By what the pictures of a report are chosen: a value for each picture's number, higher is better."""
        return verdict.leads

    def baselines_beside(self, verdict: Verdict, cell: str) -> tuple[str, ...]:
        """Baselines that a report shows beside the model."""
        return (verdict.best.get(cell, self.baselines[-1]),)

    def sheet_names(self, cells: Sequence[str]) -> tuple[str, str]:
        """What a sheet of pictures in these cells is about ("" where there is but one), and its file."""
        return "", "pictures.png"

    def derived(
        self, scores: Mapping[str, Scores], baselines: Mapping[str, Scores], samples: Samples[S]
    ) -> Mapping[str, Scores]:
        """The methods' scores with further columns, such as the gain over a baseline."""
        return scores

    def is_compared(self, method: str, cell: str) -> bool:
        """Whether the model is compared with that method in that cell."""
        return True

    def groups(self, pictures: Pictures, samples: Samples[S]) -> Members:
        """Parts of the pictures that are reported by themselves."""
        return {}

    def values_per_image(self, evaluated: Evaluated[S, P]) -> Mapping[str, Sequence[Sequence[float]]]:
        """What the verdict holds of each picture: column -> for each picture its numbers."""
        scores = evaluated.scores[evaluated.name]
        return {column: scores[column].tolist() for column in self.per_image}

    def findings(self, evaluated: Evaluated[S, P], best: Mapping[str, str]) -> Findings:
        """What is found for this task alone. best: the best baseline of each cell."""
        return Findings()
