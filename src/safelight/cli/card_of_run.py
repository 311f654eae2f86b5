"""What a run's folder and dataset say, as the card of the model that is exported from it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from safelight.cli.made_by import history

if TYPE_CHECKING:
    from safelight.data.cache import PictureSet
    from safelight.journal.run import Run
    from safelight.runtime.card import ModelCard, TrainingSet

Network = TypeVar("Network")
TaskRecipe = TypeVar("TaskRecipe")


@dataclass(frozen=True)
class Trained(Generic[Network, TaskRecipe]):
    """A run that is to become a file. pictures, held_out: those of its dataset. size: short side in use, pixels.

    stage: told what is done now.
    """

    run: "Run"
    network: Network
    recipe: TaskRecipe
    pictures: "PictureSet"
    held_out: "PictureSet"
    size: int
    license: str
    stage: Callable[[str], None] = lambda what: None


def base_card(trained: Trained[Any, Any], name: str) -> "ModelCard":
    """What the cards of all tasks say: whose, when, of what, how, how well.

    Without inputs, outputs and checksum, which belong to the file.
    """
    from safelight import __version__
    from safelight.nn.layers import count_parameters
    from safelight.runtime.card import ModelCard
    from safelight.tasks.registry import task_named

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
        notes=_sentence(unfinished(run)),
    )


def unfinished(run: "Run") -> str:
    """ "was stopped at step 37 of 12,000"; nothing for a run that came to its end."""
    from safelight.journal.records import read_record

    record = read_record(run.folder)
    if record.state == "finished":
        return ""
    state = {"failed": "failed", "running": "is still running,"}.get(record.state, f"was {record.state}")
    return f"{state} at step {record.step:,} of {record.steps_planned:,}"


def with_notes(card: "ModelCard", notes: str) -> "ModelCard":
    """The card with these notes behind those that it has."""
    return replace(card, notes=" ".join(filter(None, [card.notes, notes])))


def _sentence(early: str) -> str:
    return f"The training {early} steps." if early else ""


def scores(run: "Run") -> dict[str, object]:
    """The newest verdict that stands in the run's folder, else what was measured while it trained."""
    from safelight.verdicts.summary import newest_card_scores

    return newest_card_scores(run.folder / "verdicts") or dict(run.facts.get("scores", {}))


def training_sets(pictures: "PictureSet") -> "tuple[TrainingSet, ...]":
    """Source, license and number of the pictures, the largest first."""
    from safelight.runtime.card import TrainingSet

    rows = (pictures.rows(number) for number in range(len(pictures)))
    counts = Counter((str(row.get("source", "")), str(row.get("licence") or "unknown")) for row in rows)
    return tuple(TrainingSet(source, license, count) for (source, license), count in counts.most_common())
