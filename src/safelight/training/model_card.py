"""What a run's folder and dataset say, as the card of the model that is exported from it."""

import shlex
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from torch import nn

from safelight import __version__
from safelight.data.cache import PictureSet
from safelight.journal.records import read_record
from safelight.journal.run import Run
from safelight.nn.layers import count_parameters
from safelight.runtime.card import ModelCard, TrainingSet
from safelight.tasks.registry import measured_settings, task_named
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
        data=training_sets(trained.pictures),
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


def training_sets(pictures: PictureSet) -> tuple[TrainingSet, ...]:
    """Source, license and number of the pictures, the largest first."""
    rows = (pictures.rows(number) for number in range(len(pictures)))
    counts = Counter((str(row.get("source", "")), str(row.get("licence") or "unknown")) for row in rows)
    return tuple(TrainingSet(source, license, count) for (source, license), count in counts.most_common())


def history(run: Run) -> str:
    """The command that trained this run; before it, a line each, those of the runs whose weights it began with."""
    facts = run.facts
    dataset, before = Path(facts["dataset"]["path"]).name, facts.get("weights_from")
    if not before:
        made = command(recipe_of(run), dataset)
        return f"{made} --from {shlex.quote(began_from)}" if (began_from := facts.get("began_from")) else made
    # The seed is left out: a run that keeps weights takes its parent's next one by itself.
    changed = {name: new for name, (_, new) in facts["difference"].items() if name != "train.seed"}
    began = _line(before, dataset, changed, "--keep-weights")
    older = run.folder.parent / before
    return f"{history(Run.open(older))}\n{began}" if (older / "run.json").is_file() else began


def command(recipe: Recipe, dataset: str) -> str:
    """The command that trains this recipe: the named one, and each setting that differs from it."""
    changed = difference(all_recipes()[recipe.name](), recipe) if recipe.name in all_recipes() else {}
    settings = {name: value for name, (_, value) in changed.items() if name not in measured_settings()}
    return _line(recipe.name, dataset, settings)


def _line(start: str, dataset: str, settings: dict[str, object], *flags: str) -> str:
    """A training command as it is typed."""
    # What another kind of network does not have is None here, and cannot be given to it.
    typed = {name: as_typed(value) for name, value in settings.items() if value is not None}
    words = [f"--{name} {shlex.quote(text)}" for name, text in typed.items()]
    return " ".join(["safelight train", start, *flags, "--data", dataset, *words])
