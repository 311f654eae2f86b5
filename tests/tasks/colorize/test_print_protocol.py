"""The protocol of old prints: the same pictures and hints as on clean ones, other lightness, one verdict with both."""

from dataclasses import replace

import numpy as np
import pytest

from safelight.evaluation.report import page_of
from safelight.evaluation.samples import PictureList
from safelight.pixels.color import srgb_to_lab
from safelight.tasks.colorize.baselines import kernel_regression
from safelight.tasks.colorize.benchmark import PROTOCOLS, Protocol, draw_samples
from safelight.tasks.colorize.report import LAYOUT
from safelight.verdicts.verdict import Verdict, verdict_from_json
from tests.evaluation.evaluated import evaluate_colors


@pytest.fixture(scope="module")
def on_prints(tiny_protocol: Protocol) -> Protocol:
    return replace(tiny_protocol, prints=True)


class KnowsCleanPictures:
    """Knows the truth of the lightness that clean pictures have, and nothing of any other."""

    def __init__(self, pictures: PictureList, protocol: Protocol) -> None:
        labs = [srgb_to_lab(sample.pixels) for sample in draw_samples(pictures, protocol)]
        self.known = {lab[..., 0].tobytes(): lab[..., 1:] for lab in labs}

    def __call__(self, L: np.ndarray, points: object) -> np.ndarray:
        return self.known.get(L.tobytes(), np.zeros((*L.shape, 2), np.float32))


@pytest.fixture(scope="module")
def verdict(judged_album: PictureList, tiny_protocol: Protocol, on_prints: Protocol) -> Verdict:
    model = KnowsCleanPictures(judged_album, tiny_protocol)
    return evaluate_colors(model, "m", judged_album, on_prints, beside={"kernel": kernel_regression})


def test_pictures_and_hints_are_those_of_the_clean_ones(
    judged_album: PictureList, tiny_protocol: Protocol, on_prints: Protocol
) -> None:
    clean, prints = draw_samples(judged_album, tiny_protocol), draw_samples(judged_album, on_prints)
    again = draw_samples(judged_album, on_prints)
    assert prints.sha256 == again.sha256 != clean.sha256
    for one, other, same in zip(clean, prints, again, strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)
        np.testing.assert_array_equal(one.points.ab, other.points.ab)
        np.testing.assert_array_equal(other.L, same.L)
        assert np.abs(one.L - other.L).mean() > 1


def test_colors_are_scored_on_the_lightness_of_the_clean_picture(verdict: Verdict) -> None:
    assert verdict.estimate("grey", "psnr", 0).value < 40
    assert verdict.tables["clean"]["psnr"]["0"].value == pytest.approx(50)
    assert verdict.estimate("m", "gain", 0).value == pytest.approx(0)  # what it answers to prints is grey


def test_what_is_lost_on_prints_is_paired(verdict: Verdict) -> None:
    lost, clean = verdict.tables["lost on prints"]["gain"], verdict.tables["clean"]["gain"]
    for cell in verdict.cells:
        assert lost[cell].value == pytest.approx(
            clean[cell].value - verdict.estimate("m", "gain", cell).value
        )
        assert lost[cell].above_zero
    worse = verdict.tables["lost on prints"]["ciede2000"]["0"]  # of what is better when low, too
    assert worse.above_zero
    assert any(
        s.startswith("These are simulated old prints; on the same pictures, clean") for s in verdict.sentences
    )


def test_the_report_has_both(verdict: Verdict) -> None:
    page = page_of(verdict, LAYOUT, [])
    assert "## m on simulated old prints, and on the same pictures, clean" in page
    assert "| hints | old prints | clean | lost on prints, paired |" in page
    assert verdict_from_json(verdict.to_json()).to_json() == verdict.to_json()


def test_the_protocol_is_that_of_compact() -> None:
    own, compact = PROTOCOLS["print"], PROTOCOLS["compact"]
    assert own.prints
    assert replace(own, name="compact", source=compact.source, prints=False) == compact
