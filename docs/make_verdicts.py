"""Writes the sentences and reports of docs/judged anew from the stored verdicts; needs no dataset and judges nothing.

    python docs/make_verdicts.py

Pictures and tables stay as they are (the stored verdicts have six digits, the tables were made of all). A test
compares what it would write with what stands there.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from safelight.tasks.autoencode import report as codes_report
from safelight.tasks.autoencode import summary as codes_sentences
from safelight.tasks.colorize import report
from safelight.tasks.colorize import summary as sentences
from safelight.tasks.inpaint import report as holes_report
from safelight.tasks.inpaint import summary as holes_sentences
from safelight.tasks.scratches import report as scratches_report
from safelight.tasks.scratches import summary as scratches_sentences
from safelight.verdicts.verdict import Verdict, load_verdict

JUDGED = Path(__file__).resolve().parent / "judged"
SHEETS = {"no hints": "pictures-0-hints.png", "10 hints": "pictures-10-hints.png"}
SOURCES = "mixture, prior"
FIRST = re.compile(r"(?=^(?:!\[|## ))", re.MULTILINE)


def verdicts() -> Iterator[tuple[Path, Verdict, str]]:
    """Each folder, its verdict with the sentences of today, and the text of its page."""
    color = load_verdict(JUDGED / "color" / "verdict.json")
    color = replace(color, sentences=sentences.summarize(color))
    yield JUDGED / "color", color, report.page_of(color, SHEETS)
    fill = load_verdict(JUDGED / "fill" / "verdict.json")
    fill = replace(fill, sentences=holes_sentences.summarize(fill))
    yield JUDGED / "fill", fill, holes_report.page_of(fill, pictures=True)
    scratches = load_verdict(JUDGED / "scratches" / "verdict.json")
    scratches = replace(scratches, sentences=scratches_sentences.summarize(scratches))
    yield JUDGED / "scratches", scratches, scratches_report.page_of(scratches, pictures=True)
    codes = load_verdict(JUDGED / "figures" / "verdict.json")
    codes = replace(codes, sentences=codes_sentences.summarize(codes))
    yield JUDGED / "figures", codes, codes_report.page_of(codes, SOURCES)


def page_with(page: str, folder: Path) -> str:
    """The page that stands there, with the sentences of this one: all before its first picture or heading."""
    stood = (folder / "report.md").read_text(encoding="utf-8")
    return FIRST.split(page, maxsplit=1)[0] + stood[len(FIRST.split(stood, maxsplit=1)[0]) :]


def main() -> None:
    """Write verdict.json and report.md of each."""
    for folder, verdict, page in verdicts():
        verdict.save(folder / "verdict.json")
        (folder / "report.md").write_text(page_with(page, folder), encoding="utf-8")
        print(folder / "report.md")


if __name__ == "__main__":
    main()
