"""The report: all files are there, pictures have content, names cannot break the page."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.evaluation.report import write_report
from safelight.evaluation.samples import PictureList
from safelight.tasks.colorize.baselines import kernel_regression
from safelight.tasks.colorize.benchmark import Protocol
from safelight.tasks.colorize.evaluate import ColorizeEvaluation
from safelight.tasks.colorize.report import LAYOUT
from safelight.verdicts.verdict import Verdict, load_verdict
from tests.evaluation.evaluated import evaluate_colors


@pytest.fixture(scope="module")
def protocol(tiny_protocol: Protocol) -> Protocol:
    return replace(tiny_protocol, counts=(0, 1, 10))


@pytest.fixture(scope="module")
def verdict(judged_album: PictureList, protocol: Protocol) -> Verdict:
    return evaluate_colors(kernel_regression, "my_[model]|x", judged_album, protocol, vivid=kernel_regression)


def test_all_files(verdict: Verdict, judged_album: PictureList, protocol: Protocol, tmp_path: Path) -> None:
    task = ColorizeEvaluation(protocol)
    page = task.write_report(verdict, tmp_path / "new" / "report", kernel_regression, judged_album)
    names = {path.name for path in page.parent.iterdir()}
    assert names == {
        "report.md",
        "verdict.json",
        "curve.png",
        "pictures-0-hints.png",
        "pictures-10-hints.png",
    }
    for name in names:
        if name.endswith(".png"):
            assert f"]({name})" in page.read_text()
            with Image.open(page.parent / name) as picture:
                assert min(picture.size) > 500
                assert np.asarray(picture.convert("L")).std() > 5
    with Image.open(page.parent / "pictures-10-hints.png") as sheet:
        assert np.asarray(sheet.convert("HSV"))[..., 1].max() > 100  # there is color in it


def test_the_page_says_what_was_asked_and_escapes_names(verdict: Verdict, tmp_path: Path) -> None:
    page = write_report(verdict, LAYOUT, tmp_path).read_text()
    assert page.startswith("# my\\_\\[model\\]\\|x: colorization\n")
    assert verdict.questions in page
    assert "my_[model]" not in page
    for heading in (
        "## Gain over grey, dB",
        "## CIEDE2000",
        "## Third with low chroma",
        "## By source",
        "## How this was evaluated",
    ):
        assert heading in page
    tables = [part.splitlines() for part in page.split("\n\n") if part.startswith("| ")]
    assert len(tables) > 20
    for rows in tables:
        assert len({row.count("|") - row.count("\\|") for row in rows}) == 1


def test_a_report_replaces_an_older_one(verdict: Verdict, tmp_path: Path) -> None:
    first = write_report(verdict, LAYOUT, tmp_path).read_bytes()
    again = write_report(load_verdict(tmp_path / "verdict.json"), LAYOUT, tmp_path)
    assert again.read_bytes()[:200] == first[:200]
