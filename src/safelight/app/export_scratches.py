"""The finder of damage of a run as a file with its card."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from safelight.app.card_of_run import training_sets
from safelight.app.made_by import history

if TYPE_CHECKING:
    from safelight.data.cache import PictureSet
    from safelight.journal.run import Run
    from safelight.models.finder import Finder
    from safelight.runtime.card import ModelCard
    from safelight.training.scratches.recipe import ScratchRecipe

CHECKED = 8  # pictures that torch and the exported file must agree on
NOTES = (
    "Trained on damage that was drawn into clean pictures, so its scores are scores on drawn damage. Look at what "
    "it marks before it is filled."
)


def export_scratches(
    run: "Run",
    network: "Finder",
    recipe: "ScratchRecipe",
    out: Path,
    pictures: "PictureSet",
    held_out: "PictureSet",
    license: str,
) -> str:
    """Write MODEL.onnx and its card; one line that tells of it. Raises ModelError."""
    from safelight.models.finder_export import export_finder
    from safelight.training.scratches.samples import ScratchSamples

    samples = ScratchSamples(held_out, recipe)
    questions = [samples[number].planes for number in range(min(CHECKED, len(held_out)))]
    card = _card(run, network, recipe, pictures, out.stem, license)
    parity = export_finder(network, card, out, questions)
    return (
        f"{out}: {out.stat().st_size / 1e6:.1f} MB, {card.parameters / 1e6:.2f} M parameters; differs from "
        f"torch by at most {parity.likelihood:.2g} of likelihood on {parity.pictures} pictures"
    )


def _card(
    run: "Run", network: "Finder", recipe: "ScratchRecipe", pictures: "PictureSet", name: str, license: str
) -> "ModelCard":
    from safelight import __version__
    from safelight.runtime.card import ModelCard

    return ModelCard(
        name=name,
        task="scratches",
        version=__version__,
        created=datetime.now(UTC).date().isoformat(),
        size=recipe.augment.size,
        inputs=(),
        outputs=(),
        parameters=sum(int(np.prod(parameter.shape)) for parameter in network.parameters()),
        license=license,
        preparation=asdict(recipe.preparation),
        data=training_sets(pictures),
        recipe_name=recipe.name,
        recipe=asdict(recipe),
        command=history(run),
        scores=dict(run.facts.get("scores", {})),
        notes=NOTES,
    )
