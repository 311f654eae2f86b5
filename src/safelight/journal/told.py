"""Verdicts of every task as the page shows them: a few sentences, and one row of figures with their intervals."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from safelight.journal.words import FEWEST, Place, few, guided, standing
from safelight.json_text import parsed
from safelight.reports.text import count_pictures

SENTENCES = slice(1, 4)  # those after what was judged
SPOKEN = 10  # hints: as the judge of colors tells it (judging/sentences.py)
MAIN = {"psnr": "PSNR", "ciede2000": "CIEDE2000"}


class Figure(NamedTuple):
    """One column: its head, the value, its 95 % interval (nan where there is none)."""

    head: str
    value: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half of the interval's width."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Told:
    """What the page says of one verdict. over: what the heads are; measure: what the figures are."""

    judged: str
    asked: str
    over: str
    measure: str
    figures: tuple[Figure, ...]
    sentences: tuple[str, ...]
    looks: int | None

    @property
    def words(self) -> str:
        """The sentences, and which look at the test split this was."""
        look = (f"Evaluation {self.looks} on this test split.",) if self.looks is not None else ()
        return " ".join((*self.sentences, *look))


def read_told(folder: Path) -> tuple[Told, ...]:
    """The newest verdict of each kind of question in a run's folder, oldest first; what cannot be read is left out."""
    newest: dict[tuple[str, str], Told] = {}
    for path in folder.glob("**/*.json"):
        try:
            stored = parsed(path.read_text(encoding="utf-8"))
            told = TOLD[stored["format"]](stored)
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
            continue
        key = (told.asked, str(stored.get("questions", "")))
        if key not in newest or told.judged >= newest[key].judged:
            newest[key] = told
    return tuple(sorted(newest.values(), key=lambda told: told.judged))


def _told(stored: Mapping[str, Any], how: str, over: str, measure: str, figures: tuple[Figure, ...]) -> Told:
    where = f"{count_pictures(stored['pictures'])} of {stored.get('dataset', '')}/{stored.get('split', '')}"
    return Told(
        judged=str(stored.get("judged", "")),
        asked=f"{where}, {how}",
        over=over,
        measure=measure,
        figures=figures,
        sentences=tuple(map(str, stored.get("sentences", ())))[SENTENCES],
        looks=stored.get("looks"),
    )


def _colors(stored: Mapping[str, Any]) -> Told:
    gains = stored["groups"][0]["curves"][stored["model"]]["gain"]
    figures = tuple(_figure(str(hints), gain) for hints, gain in zip(stored["counts"], gains, strict=True))
    told = _told(stored, f"protocol {stored['protocol']}", "hints", "gain over grey, dB", figures)
    return replace(told, sentences=_of_colors(stored)) if stored.get("comparisons") else told


def _of_colors(stored: Mapping[str, Any]) -> tuple[str, ...]:
    """The sentences made anew: those of old verdicts left kriging out, which their tables hold."""
    counts, comparisons = stored["counts"], stored["comparisons"]
    curves, sentences = stored["groups"][0]["curves"], tuple(map(str, stored["sentences"]))
    places = [
        Place(row["baseline"], MAIN[row["statistic"]], str(row["hints"]), row["standing"])
        for row in comparisons
        if row["statistic"] in MAIN
    ]
    told = stored["pictures"] >= FEWEST
    made = standing(places, [str(count) for count in counts]) if told else few(stored["pictures"])
    if SPOKEN not in counts:
        return (*sentences[1:2], *made)
    at = counts.index(SPOKEN)
    rivals = {name: curve["psnr"][at][0] for name, curve in curves.items() if name != stored["model"]}
    best = max(rivals, key=lambda name: rivals[name])
    leads = [
        row["difference"]
        for row in comparisons
        if (row["baseline"], row["statistic"], row["hints"]) == (best, "psnr", SPOKEN) and best != "grey"
    ]
    gain = curves[stored["model"]]["gain"][at]
    return (*sentences[1:2], guided(gain, SPOKEN, best, leads[0] if leads else None), *made)


def _fills(stored: Mapping[str, Any]) -> Told:
    curve = stored["curves"][stored["model"]]["hole_psnr"]
    # Holes that touch the border ("10-20 % b") are in "all"; a column each would be too many.
    figures = tuple(_figure(cell, curve[cell]) for cell in stored["cells"] if not cell.endswith(" b"))
    return _told(stored, f"holes in {stored['size']} px", "hole", "PSNR in it, dB", figures)


def _codes(stored: Mapping[str, Any]) -> Told:
    figures = tuple(_figure(method, errors["psnr"]) for method, errors in stored["errors"].items())
    return _told(stored, f"codes of {stored['latent']}", "method", "PSNR, dB", figures)


def _finders(stored: Mapping[str, Any]) -> Told:
    curve = stored["curves"][stored["model"]]["f1"]
    figures = tuple(_figure(cell, curve[cell]) for cell in stored["cells"] if curve[cell][0] is not None)
    return _told(stored, f"drawn damage in {stored['size']} px", "damage, px", "F1", figures)


TOLD: dict[str, Callable[[Mapping[str, Any]], Told]] = {
    "safelight-verdict": _colors,
    "safelight-fill-verdict": _fills,
    "safelight-code-verdict": _codes,
    "safelight-scratches-verdict": _finders,
}


def _figure(head: str, estimate: list[float | None]) -> Figure:
    value, low, high = (math.nan if part is None else float(part) for part in estimate)
    return Figure(head, value, low, high)
