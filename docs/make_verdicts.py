"""Writes the sentences and reports of docs/judged anew from the stored verdicts; needs no dataset, evaluates nothing.

The scores of the verdicts go into the cards of the bundled models.

    python docs/make_verdicts.py

Pictures stay as they are. A test compares what it would write with what stands there.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from safelight.evaluation.report import page_of
from safelight.evaluation.summary import summarize
from safelight.runtime.card import ModelCard
from safelight.runtime.modelfile import ModelFile, find_model, write_card
from safelight.tasks.autoencode import report as autoencode
from safelight.tasks.colorize import report as colorize
from safelight.tasks.inpaint import report as inpaint
from safelight.tasks.scratches import report as scratches
from safelight.verdicts.summary import card_scores
from safelight.verdicts.verdict import Verdict, load_verdict

JUDGED = Path(__file__).resolve().parent / "judged"
LAYOUTS = {
    "color": colorize.LAYOUT,
    "color-foreign": colorize.LAYOUT,
    "fill": inpaint.LAYOUT,
    "fill-foreign": inpaint.LAYOUT,
    "scratches": scratches.LAYOUT,
    "scratches-foreign": scratches.LAYOUT,
    "figures": autoencode.LAYOUT,
}


BUNDLED = ("color", "fill", "scratches")  # judged on pictures of any kind; the autoencoder is on its own


def cards() -> Iterator[tuple[ModelFile, ModelCard]]:
    """Each bundled model that is judged on pictures, and its card with the scores of its verdicts."""
    for name in BUNDLED:
        model = find_model(name, ("colorize", "fill", "scratches"))
        folders = (name, f"{name}-foreign")
        found = card_scores([load_verdict(JUDGED / folder / "verdict.json") for folder in folders])
        yield model, replace(model.card, scores={**model.card.scores, **found})


def verdicts() -> Iterator[tuple[Path, Verdict, str]]:
    """Each folder, its verdict with the sentences of today, and the text of its page."""
    for name, layout in LAYOUTS.items():
        folder = JUDGED / name
        verdict = load_verdict(folder / "verdict.json")
        verdict = replace(verdict, sentences=summarize(verdict, layout))
        yield folder, verdict, page_of(verdict, layout, [path.name for path in folder.glob("*.png")])


def main() -> None:
    """Write verdict.json and report.md of each, and the cards."""
    for folder, verdict, page in verdicts():
        verdict.save(folder / "verdict.json")
        (folder / "report.md").write_text(page, encoding="utf-8")
        print(folder / "report.md")
    for model, card in cards():
        write_card(card, model.path)
        print(model.path)


if __name__ == "__main__":
    main()
