"""What a verdict says agrees with what its tables show: the same methods, and never two things at once."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from docs.make_verdicts import JUDGED, cards, verdicts

from safelight.evaluation.samples import PictureList
from safelight.evaluation.summary import few, name_methods, wins
from safelight.tasks.colorize.baselines import grey
from safelight.tasks.colorize.benchmark import Protocol
from safelight.tasks.colorize.report import LAYOUT, summarize
from safelight.verdicts.summary import newest_summaries
from safelight.verdicts.verdict import Comparison, Estimate, Verdict, load_verdict
from tests.evaluation.evaluated import evaluate_colors

COLOR = JUDGED / "color" / "verdict.json"


@pytest.fixture(scope="module")
def color() -> Verdict:
    return load_verdict(COLOR)


def with_kriging(verdict: Verdict, standings: dict[int, str]) -> Verdict:
    """The verdict, but for how it stands beside kriging in PSNR at these numbers of hints."""

    def changed(c: Comparison) -> Comparison:
        told = standings.get(int(c.cell)) if (c.method, c.statistic) == ("kriging", "psnr") else None
        return replace(c, standing=told) if told else c  # type: ignore[arg-type]

    return replace(verdict, comparisons=tuple(map(changed, verdict.comparisons)))


def counts_in(text: str) -> set[int]:
    return {int(word) for word in re.findall(r"\b\d+\b", text)}


def test_where_it_is_better_than_all_it_cannot_be_told_from_none(color: Verdict) -> None:
    """The case of a run of flowers: told to be clear of every baseline, and not told from kriging, in two lines."""
    sentences = summarize(with_kriging(color, dict.fromkeys((5, 50, 200), "cannot tell")))
    in_psnr, _ = (s for s in sentences if s.startswith("It is better than"))
    (unclear,) = (s for s in sentences if s.startswith("It cannot be told from kriging"))
    assert ", in PSNR, " in in_psnr
    assert in_psnr.endswith("at 0, 1, 2, 10, 20 and 100 hints, but not at 5, 50 and 200 hints.")
    assert "in PSNR at 5, 50 and 200 hints" in unclear


def test_the_lead_is_over_the_best_column_of_the_table(color: Verdict) -> None:
    """By hand from the table of docs/judged/color: at 10 hints kriging has 5.78, Levin 4.57, the model 6.88."""
    (guided,) = (s for s in summarize(color) if s.startswith("With 10 hints"))
    assert guided.endswith("1.09 dB (0.97 to 1.22) more than the best other method there, kriging.")
    gains = {m: color.estimate(m, "gain", 10).value for m in color.methods}
    assert round(gains["color"] - max(gains[m] for m in color.methods[1:]), 2) == 1.09


def test_every_method_of_the_table_is_named(color: Verdict) -> None:
    (better,) = (s for s in summarize(color) if s.startswith("It is better than"))
    assert all(method in better for method in color.methods[1:])


def test_beside_grey_alone_only_grey_is_claimed(judged_album: PictureList, tiny_protocol: Protocol) -> None:
    verdict = evaluate_colors(
        lambda L, points: grey(L, points) + 9, "nine", judged_album, tiny_protocol, baselines=False
    )
    won = Comparison("grey", "psnr", "0", Estimate(1, 0.5, 2), "wins")
    told = replace(
        verdict,
        comparisons=tuple(replace(won, statistic=c.statistic, cell=c.cell) for c in verdict.comparisons),
    )
    text = " ".join(summarize(told))
    assert (
        "It is better than grey (95 % interval), in PSNR and in CIEDE2000, at every number of hints." in text
    )
    assert "baseline" not in text
    assert "every other method" not in text


@pytest.mark.parametrize(("judged", "told"), [(4, False), (8, True)])
def test_of_too_few_pictures_only_that_is_said(color: Verdict, judged: int, told: bool) -> None:
    """Of 4 pictures it was said that the gain is 1.25 to 2.81 dB, and that it cannot be told from grey."""
    unclear = tuple(replace(c, standing="cannot tell") for c in color.comparisons)
    sentences = summarize(replace(color, pictures=judged, comparisons=unclear))
    assert sum(" too few to tell which method is better" in s for s in sentences) == (not told)
    assert any(s.startswith("It cannot be told from grey") for s in sentences) == told
    assert any(s.startswith("At no number of hints is it better") for s in sentences) == told


def test_colors_beyond_any_scale_are_called_so(color: Verdict) -> None:
    curves = {method: dict(own) for method, own in color.curves.items()}
    curves["color"]["rms_ab"] = {**curves["color"]["rms_ab"], "0": Estimate(5084.08, 3000, 7000)}
    lost = Comparison("grey", "rms_ab", "0", Estimate(-5056.4, -7000, -3000), "loses")
    wild = replace(
        color,
        curves=curves,
        comparisons=(*color.comparisons, lost),
    )
    (told,) = (s for s in summarize(wild) if "far outside" in s)
    assert "without hints" in told
    assert "5,084" in told
    assert not any("loses to grey in pooled" in s for s in summarize(wild))


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 picture is too few"), (7, "7 pictures are too few"), (8, "8 pictures are few"), (50, "")],
)
def test_few_pictures(count: int, words: str) -> None:
    told = " ".join(few(count))
    assert told.startswith(words)
    assert bool(told) == bool(words)


def test_standing_by_hand(color: Verdict) -> None:
    def said(*rows: str) -> list[str]:
        """Of grey in PSNR alone, by cell."""
        standings = dict(row.split() for row in rows)
        difference = Estimate(0, 0, 0)
        found = [
            Comparison("grey", "psnr", cell, difference, standing) for cell, standing in standings.items()
        ]  # type: ignore[arg-type]
        return wins(replace(color, cells=("0", "1"), comparisons=tuple(found)), LAYOUT)

    assert said("0 wins", "1 wins") == [
        "It is better than grey (95 % interval), in PSNR, at every number of hints."
    ]
    assert said("0 loses", "1 wins")[0].endswith("at 1 hint, but not without hints.")
    assert said("0 loses")[0].startswith("At no number of hints is it better than grey")
    assert said() == []
    assert name_methods(["a", "b"]) == "every other method (a, b; 95 % intervals)"


def test_old_verdicts_are_told_by_their_tables(tmp_path: Path) -> None:
    """As safelight 0.1.0 wrote it: kriging in the table, and left out of the sentences."""
    stored = json.loads(COLOR.read_text())
    stored["sentences"] = [
        stored["sentences"][0],
        stored["sentences"][1],
        "With 10 hints it gains 6.93 dB over grey, 2.36 dB more than the best baseline there, Levin 2004.",
        "It is clear of every baseline (95 % intervals), in PSNR and in CIEDE2000, at every number of hints.",
    ]
    for row in stored["comparisons"]:
        if (row["method"], row["statistic"], row["cell"]) == ("kriging", "psnr", "5"):
            row["standing"] = "cannot tell"
    (tmp_path / "old.json").write_text(json.dumps(stored))
    (told,) = newest_summaries(tmp_path)
    assert "1.09 dB (0.97 to 1.22) more than the best other method there, kriging." in told.words
    assert "but not at 5 hints" in told.words
    assert "Levin 2004." not in told.words
    assert load_verdict(tmp_path / "old.json").sentences[-1].startswith("It is clear of every baseline")
    (tmp_path / "old.json").write_text(json.dumps({**stored, "pictures": 4}))
    (few_told,) = newest_summaries(tmp_path)
    assert "4 pictures are too few to tell which method is better" in few_told.words
    assert "every other method" not in few_told.words


def test_the_judged_pages_say_what_their_verdicts_say() -> None:
    for folder, verdict, page in verdicts():
        stored = json.loads((folder / "verdict.json").read_text())
        assert list(verdict.sentences) == stored["sentences"], "run docs/make_verdicts.py"
        assert page == (folder / "report.md").read_text(), "run docs/make_verdicts.py"
        assert not any("clear of every" in sentence for sentence in verdict.sentences)


def test_the_cards_of_bundled_models_say_what_their_verdicts_say() -> None:
    for model, card in cards():
        assert dict(card.scores) == dict(model.card.scores), "run docs/make_verdicts.py"
        assert any(name.startswith("foreign: ") for name in card.scores)
