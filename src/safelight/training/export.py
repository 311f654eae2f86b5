"""A trained run as a model that needs no torch: what a task brings, how its files come to be, and their card."""

import shlex
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from torch import nn

from safelight import __version__
from safelight.arrays import Planes
from safelight.data.cache import PictureSet
from safelight.files import new_file
from safelight.journal.records import read_record
from safelight.journal.run import Run
from safelight.nn.export import ModelPart, export_onnx, part_path
from safelight.nn.layers import count_parameters
from safelight.reports.text import count_pictures, join_words
from safelight.runtime.card import ModelCard
from safelight.tasks.registry import measured_settings, task_named
from safelight.training.learned import sets_in, together, training_sets
from safelight.training.overrides import as_typed, difference
from safelight.training.recipe import Recipe, all_recipes, recipe_of
from safelight.verdicts.summary import newest_card_scores

NetworkT = TypeVar("NetworkT", bound=nn.Module)
RecipeT = TypeVar("RecipeT", bound=Recipe)

CHECKED = 8  # pictures that torch and the exported files must agree on


@dataclass(frozen=True)
class Trained(Generic[NetworkT, RecipeT]):
    """A run that is to become a model. pictures, held_out: those of its dataset. size: short side in use, pixels.

    stage: is told what is done now.
    """

    run: Run
    network: NetworkT
    recipe: RecipeT
    pictures: PictureSet
    held_out: PictureSet
    size: int
    license: str
    stage: Callable[[str], None] = lambda what: None

    def checked_pictures(self) -> list[int]:
        """Numbers of the held-out pictures that the files are compared with torch on, spread over all."""
        count = min(CHECKED, len(self.held_out))
        return [int(number) for number in np.linspace(0, len(self.held_out) - 1, count, dtype=int)]


@dataclass(frozen=True)
class Export:
    """A model about to be written.

    samples: for each part, inputs made of real pictures. card: of the whole. files: further ones, by their endings.
    remark: said of the model beside sizes and differences.
    """

    parts: Sequence[ModelPart]
    samples: Sequence[Sequence[Planes]]
    card: ModelCard
    files: Mapping[str, bytes] = field(default_factory=dict)
    remark: str = ""

    def write(self, out: Path) -> str:
        """Write NAME.onnx, or the files whose endings stand in its place, and their cards; one line that says so.

        Raises ModelError.
        """
        parities = export_onnx(self.parts, self.card, out, self.samples)
        paths = [part_path(out, part) for part in self.parts]
        for ending, content in self.files.items():
            paths.append(Path(f"{out.with_suffix('')}{ending}"))
            with new_file(paths[-1], overwrite=True) as file:
                file.write(content)
        size, weights = sum(path.stat().st_size for path in paths) / 1e6, self.card.parameters / 1e6
        verb = "differs" if len(paths) == 1 else "differ"
        return (
            f"{join_words(map(str, paths))}{self.remark}: {size:.1f} MB, {weights:.2g} M parameters; {verb} from torch "
            f"by at most {join_words(map(str, parities))} on {count_pictures(parities[0].images)}"
        )


class Exporter(ABC, Generic[NetworkT, RecipeT]):
    """What one task brings to `safelight export`, and to a training that begins with an exported model."""

    @abstractmethod
    def parts(self, network: NetworkT, recipe: RecipeT) -> list[ModelPart]:
        """The model's files, in the order of the task's `endings`.

        Raises ModelError for a network that no photo can be given to.
        """

    @abstractmethod
    def prepare(self, trained: Trained[NetworkT, RecipeT], card: ModelCard) -> Export:
        """All that is to be written. card: what the run's folder and dataset say, without ports and checksum."""


def export_run(trained: Trained[Any, Any], out: Path) -> str:
    """Write the model of a run, NAME.onnx, and its card; one line that says so. Raises ModelError."""
    export = task_named(trained.recipe.task).exporting.prepare(trained, model_card(trained, out.stem))
    trained.stage(f"writing {out.name}, and comparing it with torch")
    return export.write(out)


def model_card(trained: Trained[Any, Any], name: str) -> ModelCard:
    """What the cards of all tasks say: whose, when, of what, how, how well.

    Without inputs, outputs and checksum, which belong to the file.
    """
    run, recipe = trained.run, trained.recipe
    return ModelCard(
        name=name,
        task=task_named(recipe.task).card_tasks[0],
        version=__version__,
        created=datetime.now(UTC).date().isoformat(),
        size=trained.size,
        inputs=(),
        outputs=(),
        parameters=count_parameters(trained.network),
        license=trained.license,
        preparation=asdict(recipe.preparation),
        data=together(training_sets(trained.pictures), sets_in(run.facts)),
        recipe_name=recipe.name,
        recipe=asdict(recipe),
        command=history(run),
        scores=scores(run),
        notes=f"The training {early} steps." if (early := unfinished(run)) else "",
    )


def unfinished(run: Run) -> str:
    """ "was stopped at step 37 of 12,000"; nothing for a run that came to its end."""
    record = read_record(run.folder)
    if record.state == "finished":
        return ""
    state = {"failed": "failed", "running": "is still running,"}.get(record.state, f"was {record.state}")
    return f"{state} at step {record.step:,} of {record.steps_planned:,}"


def scores(run: Run) -> dict[str, object]:
    """The newest verdict that stands in the run's folder, else what was measured while it trained."""
    return newest_card_scores(run.folder / "verdicts") or dict(run.facts.get("scores", {}))


def history(run: Run) -> str:
    """The command that trained this run; before it, a line each, those of the runs or the model that it began with."""
    facts = run.facts
    dataset, before = Path(facts["dataset"]["path"]).name, facts.get("weights_from")
    if not before:
        made = command(recipe_of(run), dataset)
        if began_from := facts.get("began_from"):
            made += f" --from {shlex.quote(began_from)}"
        return "\n".join(filter(None, [facts.get("made_before"), made]))
    # The seed is left out: a run that keeps weights takes its parent's next one by itself.
    changed = {name: new for name, (_, new) in facts["difference"].items() if name != "train.seed"}
    began = _line(before, dataset, changed, "--keep-weights")
    older = run.folder.parent / before
    return f"{history(Run.open(older))}\n{began}" if (older / "run.json").is_file() else began


def command(recipe: Recipe, dataset: str) -> str:
    """The command that trains this recipe: the named one, and each setting that differs from it.

    One that was given another name is told as the recipe that it differs least from.
    """
    made = {name: make() for name, make in all_recipes().items()}
    known = [made[recipe.name]] if recipe.name in made else made.values()
    of_task = {each.name: difference(each, recipe) for each in known if each.task == recipe.task}
    start = min(of_task, key=lambda name: len(of_task[name]), default=recipe.name)
    changed = of_task.get(start, {})
    settings = {name: value for name, (_, value) in changed.items() if name not in measured_settings()}
    return _line(start, dataset, settings)


def _line(start: str, dataset: str, settings: dict[str, object], *flags: str) -> str:
    """A training command as it is typed."""
    # What another kind of network does not have is None here, and cannot be given to it.
    typed = {name: as_typed(value) for name, value in settings.items() if value is not None}
    words = [f"--{name} {shlex.quote(text)}" for name, text in typed.items()]
    return " ".join(["safelight train", start, *flags, "--data", dataset, *words])
