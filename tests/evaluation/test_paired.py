"""Pairing: better, worse or cannot tell; intervals that hold what they promise; over seeds too."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import bootstrap, ttest_ind

from safelight.errors import SafelightError
from safelight.evaluation.paired import most_changed, overall_values, pair
from safelight.evaluation.paired_report import (
    caution,
    changed,
    headline,
    lead_table,
    text_table,
    write_comparison,
)
from safelight.verdicts.measure import picture_scores
from safelight.verdicts.verdict import Verdict, load_verdict
from tests.journal.made import measured_json, verdict_json


def verdict(tmp_path: Path, gains: np.ndarray, name: str = "run", **changes: str) -> Verdict:
    import json

    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(verdict_json(name, gains, **changes)))
    return load_verdict(path)


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
    leads = picture_scores(other).parts - picture_scores(one).parts
    assert found.overall.difference.value == pytest.approx(leads.mean())
    assert found.overall.difference.low < 0.1 < found.overall.difference.high
    assert [lead.column for lead in found.leads] == [None, "0", "10"]
    np.testing.assert_allclose(found.differences, leads[..., 0], atol=1e-12)
    np.testing.assert_allclose(found.changes, found.differences.mean(1))


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
    found = pair([one], [load_verdict(tmp_path / "other.json")])
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
    lines = text_table(lead_table(found))
    assert lines[1].split()[0] == "all"
    assert lines[1].endswith("better")
    page = write_comparison("one", "two", found, "One thing differs.", "200 pictures", tmp_path / "out", [])
    assert "| all | 2" in page.read_text() or "| all | 3" in page.read_text()


def of_task(tmp_path: Path, task: str, values: dict[str, np.ndarray], name: str) -> Verdict:
    import json

    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(measured_json(task, name, values)))
    return load_verdict(path)


def test_holes_are_compared_by_their_psnr(tmp_path: Path) -> None:
    psnr = np.random.default_rng(3).normal(20, 4, (30, 12))
    psnr[4, 7] -= 36  # of twelve holes: three dB of mean gain that the other makes good
    better = psnr + 0.5
    better[4, 7] += 36
    one, other = (of_task(tmp_path, "fill", {"hole_psnr": v}, n) for v, n in ((psnr, "one"), (better, "two")))
    found = pair([one], [other])
    assert found.overall.outcome == "better"
    assert found.overall.difference.value == pytest.approx(0.6)
    assert "dB of PSNR in the hole, mean over 12 kinds of holes, 30 pictures." in headline("a", "b", found)
    assert changed(found)[0].startswith("most improved: 4.png +3.50, ")
    assert len(lead_table(found)) == 14


def test_codes_are_compared_by_the_psnr_of_their_pooled_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    errors = rng.lognormal(-4, 0.8, (60, 2))
    one, other = (of_task(tmp_path, "code", {"mse": errors[:, [n]]}, str(n)) for n in (0, 1))
    found = pair([one], [other])

    def lead(a: np.ndarray, b: np.ndarray) -> float:
        return float(10 * np.log10(a.mean() / b.mean()))

    known = bootstrap(
        (errors[:, 0], errors[:, 1]), lead, paired=True, vectorized=False, method="percentile", rng=rng
    ).confidence_interval
    overall = found.overall.difference
    assert overall.value == pytest.approx(lead(errors[:, 0], errors[:, 1]))
    assert (overall.low, overall.high) == pytest.approx((known.low, known.high), abs=0.1)
    np.testing.assert_allclose(found.changes, 10 * np.log10(errors[:, 0] / errors[:, 1]), atol=1e-5)
    assert len(lead_table(found)) == 2
    assert "dB of PSNR, 60 pictures." in headline("a", "b", found)


def test_finders_are_compared_by_the_f1_of_all_pixels(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    damaged = rng.integers(20, 200, (40, 3)).astype(float)
    damaged[:, 2] = 0
    blind = {part: np.zeros((40, 3)) for part in ("found", "right", "seen")} | {"damaged": damaged}
    half = blind | {"found": damaged, "right": damaged / 2, "seen": damaged / 2}
    keen = blind | {"found": damaged, "right": damaged, "seen": damaged}
    nothing, one, two = (
        of_task(tmp_path, "scratches", own, name)
        for name, own in (("nothing", blind), ("half", half), ("keen", keen))
    )
    found = pair([one], [two])
    assert [lead.difference.value for lead in found.leads] == pytest.approx([0.5] * 3)
    assert found.overall.outcome == "better"
    assert found.changes == pytest.approx(np.full(40, 0.5))
    assert headline("a", "b", found).endswith("of F1, mean over 2 kinds of damage, 40 pictures.")
    assert overall_values([nothing, one, two]) == pytest.approx([0, 0.5, 1])
    assert pair([nothing, nothing], [one, two]).overall.outcome == "cannot tell"  # seeds that differ by half


def test_a_picture_without_damage_takes_part_and_is_not_called_changed(tmp_path: Path) -> None:
    damaged = np.array([[0.0, 0.0], *[[50.0, 0.0]] * 10, [0.0, 50.0]])
    parts = dict.fromkeys(("right", "damaged", "seen"), damaged)
    one, two = (
        of_task(tmp_path, "scratches", parts | {"found": damaged * share + 1}, name)
        for name, share in (("wide", 3), ("exact", 1))
    )
    found = pair([one], [two])
    assert found.overall.outcome == "better"
    assert np.isnan(found.changes[0])
    assert all(place for _, place in most_changed(found.changes, 20))


def test_the_most_changed_are_the_ends() -> None:
    change = np.array([0.0, 3, -1, 2, -5, np.nan])
    assert most_changed(change, 2) == [("improved", 1), ("improved", 3), ("worsened", 4), ("worsened", 2)]
    assert most_changed(change[:1]) == []


def test_seeds_that_agree_exactly_leave_the_pictures_alone_to_vary(tmp_path: Path, gains: np.ndarray) -> None:
    sides = [[verdict(tmp_path, gains + lead, f"{lead}-{seed}") for seed in range(2)] for lead in (0.0, 0.5)]
    found = pair(*sides).overall.difference
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))


def test_too_few_pictures_are_given_as_the_reason(tmp_path: Path, gains: np.ndarray) -> None:
    few = pair([verdict(tmp_path, gains[:4], "a")], [verdict(tmp_path, gains[:4] + 1, "b")])
    assert few.overall.outcome == "cannot tell"
    assert caution(few) == "4 pictures are too few to tell better from worse; judge 50 or more."
