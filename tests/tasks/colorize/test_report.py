"""The report: all files are there, pictures have content, names cannot break the page."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.evaluation.examples import report_sheets
from safelight.evaluation.samples import PictureList
from safelight.reports.text import format_number
from safelight.tasks.colorize.baselines import kernel_regression
from safelight.tasks.colorize.benchmark import Protocol
from safelight.tasks.colorize.evaluate import ColorizeEvaluation
from safelight.tasks.colorize.report import write_report
from safelight.tasks.colorize.tables import table
from safelight.verdicts.verdict import Verdict, load_verdict
from tests.evaluation.evaluated import evaluate_colors


@pytest.fixture(scope="module")
def protocol(tiny_protocol: Protocol) -> Protocol:
    return replace(tiny_protocol, counts=(0, 1, 10))


@pytest.fixture(scope="module")
def verdict(judged_album: PictureList, protocol: Protocol) -> Verdict:
    return evaluate_colors(kernel_regression, "my_[model]|x", judged_album, protocol, vivid=kernel_regression)


def test_all_files(verdict: Verdict, judged_album: PictureList, protocol: Protocol, tmp_path: Path) -> None:
    sheets = report_sheets(ColorizeEvaluation(protocol), verdict, kernel_regression, judged_album)
    page = write_report(verdict, tmp_path / "new" / "report", sheets)
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
    page = write_report(verdict, tmp_path).read_text()
    assert page.startswith("# my\\_\\[model\\]\\|x: verdict\n")
    assert verdict.questions in page
    assert "my_[model]" not in page
    for heading in (
        "## Gain over grey, dB",
        "## CIEDE2000",
        "## By chroma",
        "## By source",
        "## How this was judged",
    ):
        assert heading in page
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    assert all(line.count("|") - line.count("\\|") in (5, 6) for line in rows)


def test_a_report_replaces_an_older_one(verdict: Verdict, tmp_path: Path) -> None:
    first = write_report(verdict, tmp_path).read_bytes()
    assert write_report(load_verdict(tmp_path / "verdict.json"), tmp_path).read_bytes()[:200] == first[:200]


def test_tables() -> None:
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
    assert [format_number(-1.234, 2), format_number(2.0, 1, signed=True), format_number(float("nan"), 2)] == [
        "−1.23",
        "+2.0",
        "–",
    ]
    assert format_number(-0.001, 2) == "0.00"
