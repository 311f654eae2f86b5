"""What a run's folder and dataset say, as the card of the model that is exported from it."""

from collections import Counter
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from safelight.app.made_by import history
from safelight.arrays import Planes
from safelight.pixels.color import srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.tasks.colorize import ask
from safelight.tasks.sampling import draw_points

if TYPE_CHECKING:
    from torch import nn

    from safelight.data.cache import PictureSet
    from safelight.journal.run import Run
    from safelight.models.plain_color import ColorNetwork
    from safelight.runtime.card import ModelCard, TrainingSet
    from safelight.runtime.familiar import Familiarity
    from safelight.training.code.recipe import CodeRecipe
    from safelight.training.color.recipe import ColorRecipe
    from safelight.training.fill.recipe import FillRecipe
    from safelight.training.scratches.recipe import ScratchRecipe

    TaskRecipe: TypeAlias = ColorRecipe | FillRecipe | CodeRecipe | ScratchRecipe

SHOWN = {"gain": "gain over grey, dB", "psnr": "PSNR, dB", "ciede2000": "CIEDE2000"}
PRETRAINED = (
    "Its encoder starts from the weights of the TensorFlow EfficientNet-Lite release, trained on ImageNet "
    "(Apache-2.0)."
)


def base_card(
    run: "Run", network: "nn.Module", recipe: "TaskRecipe", trained_on: "PictureSet", name: str, license: str
) -> "ModelCard":
    """What the cards of all tasks say: whose, when, of what, how; with the scores measured while it trained.

    Without inputs, outputs and checksum, which belong to the file.
    """
    from safelight import __version__
    from safelight.models.layers import count_parameters
    from safelight.runtime.card import ModelCard

    return ModelCard(
        name=name,
        task=recipe.task,
        version=__version__,
        created=datetime.now(UTC).date().isoformat(),
        size=recipe.augment.size,
        inputs=(),
        outputs=(),
        parameters=count_parameters(network),
        license=license,
        preparation=asdict(recipe.preparation),
        data=training_sets(trained_on),
        recipe_name=recipe.name,
        recipe=asdict(recipe),
        command=history(run),
        scores=dict(run.facts.get("scores", {})),
    )


def card_of_run(
    run: "Run",
    network: "ColorNetwork",
    recipe: "ColorRecipe",
    trained_on: "PictureSet",
    name: str,
    size: int,
    license: str,
    familiarity: "Familiarity | None" = None,
) -> "ModelCard":
    """The card of a colorizer, without its checksum. size: short side in use, in pixels."""
    from safelight.models.export import INPUTS, OUTPUTS

    return replace(
        base_card(run, network, recipe, trained_on, name, license),
        size=size,
        inputs=INPUTS,
        outputs=OUTPUTS,
        scores=scores(run),
        familiarity=familiarity,
        notes=PRETRAINED if getattr(recipe.model, "pretrained", False) else "",
    )


def training_sets(pictures: "PictureSet") -> "tuple[TrainingSet, ...]":
    """Source, license and number of the pictures, the largest first."""
    from safelight.runtime.card import TrainingSet

    rows = (pictures.rows(number) for number in range(len(pictures)))
    counts = Counter((str(row.get("source", "")), str(row.get("licence", "not stated"))) for row in rows)
    return tuple(TrainingSet(source, license, count) for (source, license), count in counts.most_common())


def scores(run: "Run") -> dict[str, object]:
    """The newest verdict that stands in the run's folder, else what was measured while it trained."""
    from safelight.judging.verdict import Verdict

    newest = max(
        (run.folder / "verdicts").glob("*.json"), key=lambda path: path.stat().st_mtime, default=None
    )
    if newest is None:
        return dict(run.facts.get("scores", {}))
    verdict = Verdict.load(newest)
    asked = f"{verdict.protocol}, {verdict.pictures} pictures of {verdict.dataset}/{verdict.split}"
    return {
        "judged": asked,
        **{
            f"{title}, {hints} hints": verdict.estimate(verdict.model, statistic, hints).value
            for statistic, title in SHOWN.items()
            for hints in verdict.counts
        },
    }


def probe_questions(pictures: "PictureSet", recipe: "ColorRecipe", count: int = 8) -> list[Planes]:
    """Questions about real pictures, with random hints: what torch and the exported file must agree on."""
    rng = np.random.default_rng(0)
    side = recipe.augment.size
    questions = []
    for number in np.linspace(0, len(pictures) - 1, min(count, len(pictures)), dtype=int):
        lab = srgb_to_lab(resize(pictures[number], (side, side)))
        questions.append(ask(lab[..., 0], draw_points(lab[..., 1:], recipe.hints, rng), recipe.preparation))
    return questions
