"""The colorizer of a run as a file with its card."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from safelight.arrays import Planes
from safelight.cli.card_of_run import Trained, base_card, with_notes
from safelight.data.cache import photo_in
from safelight.pixels.color import srgb_to_lab
from safelight.pixels.geometry import resize
from safelight.reports.text import count_pictures
from safelight.tasks.colorize.hint_sampling import draw_points
from safelight.tasks.colorize.prepare import ask

if TYPE_CHECKING:
    from safelight.data.cache import PictureSet
    from safelight.runtime.card import ModelCard
    from safelight.runtime.familiar import Familiarity
    from safelight.tasks.colorize.network import ColorNetwork
    from safelight.tasks.colorize.recipe import ColorizeRecipe

    TrainedColorizer: TypeAlias = Trained[ColorNetwork, ColorizeRecipe]

PRETRAINED = (
    "Its encoder starts from the weights of the TensorFlow EfficientNet-Lite release, trained on ImageNet "
    "(Apache-2.0)."
)


def export_color(trained: "TrainedColorizer", out: Path) -> str:
    """Write MODEL.onnx and its card; one line that tells of it. Raises ModelError."""
    from safelight.tasks.colorize.export import export
    from safelight.tasks.colorize.learn_familiarity import learn_familiarity

    trained.stage("measuring what its training pictures are like")
    measure, familiarity = learn_familiarity(
        trained.network, trained.pictures, trained.held_out, np.random.default_rng(0)
    )
    card = color_card(trained, out.stem, familiarity)
    trained.stage(f"writing {out.name}, and comparing it with torch")
    questions = probe_questions(trained.held_out, trained.recipe)
    parity = export(trained.network, card, out, questions, measure)
    return (
        f"{out}: {out.stat().st_size / 1e6:.1f} MB, {card.parameters / 1e6:.1f} M parameters; "
        f"differs from torch by at most {max(parity.ab, parity.chroma):.2f} units of ab "
        f"on {count_pictures(parity.pictures)}"
    )


def color_card(
    trained: "TrainedColorizer", name: str, familiarity: "Familiarity | None" = None
) -> "ModelCard":
    """The card of a colorizer, without its checksum."""
    from safelight.tasks.colorize.export import INPUTS, OUTPUTS

    notes = PRETRAINED if getattr(trained.recipe.model, "pretrained", False) else ""
    return replace(
        with_notes(base_card(trained, name), notes),
        inputs=INPUTS,
        outputs=OUTPUTS,
        familiarity=familiarity,
    )


def probe_questions(pictures: "PictureSet", recipe: "ColorizeRecipe", count: int = 8) -> list[Planes]:
    """Questions about real pictures, with random hints: what torch and the exported file must agree on."""
    rng = np.random.default_rng(0)
    side = recipe.augment.size
    questions = []
    for number in np.linspace(0, len(pictures) - 1, min(count, len(pictures)), dtype=int):
        lab = srgb_to_lab(resize(photo_in(pictures, number), (side, side)))
        questions.append(ask(lab[..., 0], draw_points(lab[..., 1:], recipe.hints, rng), recipe.preparation))
    return questions
