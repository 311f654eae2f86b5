"""Verdicts as the page tells them: of every task, the newest of each kind, and none that cannot be read."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from safelight.verdicts.summary import newest_summaries
from safelight.verdicts.verdict import Estimate
from tests.journal.made import verdict_json

CODES: dict[str, Any] = {
    "format": "safelight-code-verdict",
    "version": 2,
    "model": "figures",
    "seed": 0,
    "dataset": "people",
    "split": "test",
    "pictures": 40,
    "latent": 64,
    "errors": {"model": {"psnr": [20.5, 20, 21]}, "PCA": {"psnr": [19, None, None]}},
    "judged": "2026-11-22T09:00:00+00:00",
    "looks": 2,
    "sentences": ["It was judged.", "It wins.", "It is summary.", "So is this.", "This is too much."],
}


def test_codes_are_told_by_method(tmp_path: Path) -> None:
    (tmp_path / "codes").mkdir()
    (tmp_path / "codes" / "a.json").write_text(json.dumps(CODES))
    (summary,) = newest_summaries(tmp_path)
    assert summary.samples == "40 pictures of people/test, codes of 64"
    assert list(summary.values) == ["model", "PCA"]
    assert summary.values["model"] == Estimate(20.5, 20, 21)
    assert summary.values["model"].half == 0.5
    assert np.isnan(summary.values["PCA"].half)
    assert summary.words == "It wins. It is summary. So is this. Evaluation 2 on this test split."


def test_of_verdicts_on_the_same_questions_the_newest_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for hour, questions in ((9, "q1"), (11, "q1"), (10, "q2")):
        stored = verdict_json("run", rng.normal(hour, 0.1, (8, 2)), questions=questions)
        stored["judged"] = f"2026-11-22T{hour:02}:00:00+00:00"
        (tmp_path / f"{hour}.json").write_text(json.dumps(stored))
    summary = newest_summaries(tmp_path)
    assert [each.judged[11:13] for each in summary] == ["10", "11"]
    assert [each.values["0"].value for each in summary] == pytest.approx([10, 11], abs=0.3)
    assert list(summary[0].values) == ["0", "10"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "safelight-verdict"}', '{"format": "other"}'])
def test_what_is_no_verdict_is_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    assert newest_summaries(tmp_path) == ()
    assert newest_summaries(tmp_path / "nowhere") == ()
