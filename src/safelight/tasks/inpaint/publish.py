"""The network for holes of a run as a file with its card."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from safelight.cli.card_of_run import Trained, base_card, with_notes
from safelight.data.cache import photo_in
from safelight.reports.text import count_pictures
from safelight.tasks.colorize.publish import PRETRAINED

if TYPE_CHECKING:
    from safelight.arrays import Planes
    from safelight.data.cache import PictureSet
    from safelight.tasks.inpaint.network import Filler
    from safelight.tasks.inpaint.recipe import InpaintRecipe

CHECKED = 8  # pictures that torch and the exported file must agree on


def export_fill(trained: "Trained[Filler, InpaintRecipe]", out: Path) -> str:
    """Write MODEL.onnx and its card; one line that tells of it. Raises ModelError."""
    from safelight.tasks.inpaint.export import export_filler
    from safelight.tasks.inpaint.prepare import SPANS

    began = PRETRAINED if getattr(trained.recipe.model, "pretrained", False) else ""
    card = with_notes(base_card(trained, out.stem), began)
    trained.stage(f"writing {out.name}, and comparing it with torch")
    span = SPANS[trained.recipe.preparation.span]
    parity = export_filler(trained.network, card, out, questions(trained.held_out, trained.recipe), span)
    return (
        f"{out}: {out.stat().st_size / 1e6:.1f} MB, {card.parameters / 1e6:.1f} M parameters; differs from "
        f"torch by at most {parity.srgb * 255:.2g} of 255 levels on {count_pictures(parity.pictures)}"
    )


def questions(pictures: "PictureSet", recipe: "InpaintRecipe") -> "list[Planes]":
    """Questions about real pictures with random holes."""
    from safelight.pixels.geometry import resize
    from safelight.tasks.inpaint.mask_sampling import draw_mask
    from safelight.tasks.inpaint.prepare import ask

    rng, side = np.random.default_rng(0), (recipe.augment.size, recipe.augment.size)
    chosen = np.linspace(0, len(pictures) - 1, min(CHECKED, len(pictures)), dtype=int)
    seen = (
        resize(photo_in(pictures, int(number)), side).astype(np.float32) / np.float32(255)
        for number in chosen
    )
    return [ask(srgb, draw_mask(side, recipe.holes, rng), recipe.preparation) for srgb in seen]
