"""The finder of damage of a run as a file with its card."""

from pathlib import Path
from typing import TYPE_CHECKING

from safelight.cli.card_of_run import Trained, base_card, with_notes
from safelight.reports.text import count_pictures

if TYPE_CHECKING:
    from safelight.tasks.scratches.network import Finder
    from safelight.tasks.scratches.recipe import ScratchRecipe

CHECKED = 8  # pictures that torch and the exported file must agree on
NOTES = (
    "Trained on damage that was drawn into clean pictures, so its scores are scores on drawn damage. Look at what "
    "it marks before it is filled."
)


def export_scratches(trained: "Trained[Finder, ScratchRecipe]", out: Path) -> str:
    """Write MODEL.onnx and its card; one line that tells of it. Raises ModelError."""
    from safelight.tasks.scratches.dataset import ScratchDataset
    from safelight.tasks.scratches.export import export_finder

    samples = ScratchDataset(trained.held_out, trained.recipe)
    questions = [samples[number].planes for number in range(min(CHECKED, len(trained.held_out)))]
    card = with_notes(base_card(trained, out.stem), NOTES)
    trained.stage(f"writing {out.name}, and comparing it with torch")
    parity = export_finder(trained.network, card, out, questions)
    return (
        f"{out}: {out.stat().st_size / 1e6:.1f} MB, {card.parameters / 1e6:.2f} M parameters; differs from "
        f"torch by at most {parity.likelihood:.2g} of likelihood on {count_pictures(parity.pictures)}"
    )
