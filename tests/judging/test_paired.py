"""Pairing: better, worse or cannot tell; intervals that hold what they promise; over seeds too."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import ttest_ind

from safelight.errors import SafelightError
from safelight.journal.verdicts import StoredVerdict, read_verdict
from safelight.judging.paired import pair
from safelight.judging.paired_report import caution, headline, lead_table, tell_table, write_comparison
from tests.journal.made import verdict_json


def verdict(tmp_path: Path, gains: np.ndarray, name: str = "run", **changes: str) -> StoredVerdict:
    import json

    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(verdict_json(name, gains, **changes)))
    return read_verdict(path)


@pytest.fixture
def gains() -> np.ndarray:
    """Pictures differ far more than runs do."""
    return np.random.default_rng(0).normal(3, 3, (200, 2))


def test_a_small_lead_on_every_picture_is_seen(tmp_path: Path, gains: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    one = verdict(tmp_path, gains)
    other = verdict(tmp_path, gains + 0.1 + rng.normal(0, 0.3, gains.shape), "other")
    found = pair([one], [other])
    assert found.overall.outcome == "better"
    assert pair([other], [one]).overall.outcome == "worse"
    assert found.overall.difference.value == pytest.approx((other.gains - one.gains).mean())
    assert found.overall.difference.low < 0.1 < found.overall.difference.high
    assert [lead.hints for lead in found.leads] == [None, 0, 10]
    np.testing.assert_allclose(found.differences, other.gains - one.gains)


def test_no_lead_cannot_be_told_and_the_interval_is_the_textbook_one(
    tmp_path: Path, gains: np.ndarray
) -> None:
    noise = np.random.default_rng(2).normal(0, 1, gains.shape)
    found = pair([verdict(tmp_path, gains)], [verdict(tmp_path, gains + noise - noise.mean(), "other")])
    assert found.overall.outcome == "cannot tell"
    reach = (found.overall.difference.high - found.overall.difference.low) / 2
    assert reach == pytest.approx(1.96 * noise.mean(1).std() / np.sqrt(200), rel=0.1)


def test_few_pictures_decide_nothing(tmp_path: Path, gains: np.ndarray) -> None:
    few = gains[:5]
    assert (
        pair([verdict(tmp_path, few)], [verdict(tmp_path, few + 9, "other")]).overall.outcome == "cannot tell"
    )


def test_pictures_are_paired_by_name_not_by_place(tmp_path: Path, gains: np.ndarray) -> None:
    import json

    one = verdict(tmp_path, gains)
    stored = verdict_json("other", gains + 0.5)
    stored["scores"] = stored["scores"][::-1]
    (tmp_path / "other.json").write_text(json.dumps(stored))
    found = pair([one], [read_verdict(tmp_path / "other.json")])
    np.testing.assert_allclose(found.differences, 0.5, atol=1e-9)


def test_what_was_asked_otherwise_is_refused(tmp_path: Path, gains: np.ndarray) -> None:
    with pytest.raises(SafelightError, match="not on the same questions"):
        pair([verdict(tmp_path, gains)], [verdict(tmp_path, gains, "other", questions="q2")])


def test_the_luck_of_a_seed_is_no_lead(tmp_path: Path, gains: np.ndarray) -> None:
    """Seeds that vary by 0.3 dB: a lead of 0.1 that one seed shows beyond doubt is not told from two."""
    shifts = {"a0": 0.0, "a1": 0.3, "b0": 0.1, "b1": 0.45}
    runs = {name: verdict(tmp_path, gains + shift, name) for name, shift in shifts.items()}
    assert pair([runs["a0"]], [runs["b0"]]).overall.outcome == "better"
    both = pair([runs["a0"], runs["a1"]], [runs["b0"], runs["b1"]])
    assert both.overall.outcome == "cannot tell"
    assert both.seeds == (2, 2)
    assert both.spread[0] == pytest.approx(0.3 / np.sqrt(2))
    assert "2 and 2 seeds" in caution(both)
    assert "one seed" in caution(pair([runs["a0"]], [runs["b0"]]))


def test_over_seeds_it_is_welchs_interval(tmp_path: Path, gains: np.ndarray) -> None:
    """Runs that differ by a constant on every picture leave the seeds alone to vary."""
    a, b = [0.0, 0.2, 0.1], [0.5, 0.9, 0.6, 0.7]
    sides = [
        [verdict(tmp_path, gains + shift, f"{side}{shift}") for shift in shifts]
        for side, shifts in (("a", a), ("b", b))
    ]
    found = pair(*sides).overall.difference
    expected = ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    assert found.low == pytest.approx(expected.low, abs=1e-6)
    assert found.high == pytest.approx(expected.high, abs=1e-6)


def test_it_is_said_in_a_sentence_and_written_on_a_page(tmp_path: Path, gains: np.ndarray) -> None:
    found = pair([verdict(tmp_path, gains)], [verdict(tmp_path, gains + 0.25, "other")])
    assert headline("one", "two", found).startswith("two is better than one: +0.25 (+0.25 to +0.25) dB")
    lines = tell_table(lead_table(found))
    assert lines[1].split()[0] == "all"
    assert lines[1].endswith("better")
    page = write_comparison("one", "two", found, "One thing differs.", "200 pictures", tmp_path / "out", {})
    assert "| all | 2" in page.read_text() or "| all | 3" in page.read_text()
