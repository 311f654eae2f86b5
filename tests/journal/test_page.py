"""The written journal: one HTML file that loads nothing, Markdown with its files, curves that hold what they show."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.journal.chapter import tell_trip
from safelight.journal.charts import Line, draw_chart, draw_spark
from safelight.journal.curves import make_curve
from safelight.journal.doctor.examine import case_of, examine
from safelight.journal.doctor.report import write_report
from safelight.journal.looks import count_looks
from safelight.journal.page import write_page
from safelight.journal.records import read_record, read_records
from tests.journal.made import SICK, healthy, write_run, write_verdict

VOID = {"meta", "img", "br"}


class Balanced(HTMLParser):
    """Notes links, sources and ids, and that every tag is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [str(given["href"])] if "href" in given else []
        self.ids += [str(given["id"])] if "id" in given else []
        self.sources += [str(given["src"])] if "src" in given else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """A journal of a healthy run, its sick child with a hostile recipe value, and a failed one."""
    root, rng = tmp_path / "runs", np.random.default_rng(0)
    case = healthy(rng)
    one = write_run(root, "one", case)
    sick = SICK["a leap that stays"][1](case, rng)
    two = write_run(root, "two", sick, parent="one", difference={"model.<b>": ["<i>", "a|b"]})
    write_run(
        root, "three", replace(case, curves={}), state="failed", error="RuntimeError: <script>lamp</script>"
    )
    sheet = rng.integers(0, 255, (64, 160, 3), dtype=np.uint8)
    for step in (10, 20):
        Image.fromarray(sheet).save(one / "pictures" / f"step-{step:07}.jpg")
    write_verdict(one, rng.normal(2, 1, (12, 2)), split="test")
    (two / "guard.jsonl").write_text(
        '{"step": 40, "told": "step 40: the loss leapt. Went back to step 20"}\n{broken\n'
    )
    record = read_record(two)
    write_report(record, case_of(record), examine(case_of(record)))
    records, _ = read_records(root)
    write_page(records, count_looks(records), tmp_path / "journal", "runs")
    return tmp_path / "journal"


def test_the_page_is_whole_and_loads_nothing(journal: Path) -> None:
    text = (journal / "journal.html").read_text()
    page = Balanced()
    page.feed(text.replace("<!doctype html>", ""))
    assert page.open == []
    assert {link.removeprefix("#") for link in page.links} == set(page.ids) == {"one", "two", "three"}
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    assert len(page.sources) == 1
    assert not re.search(r"""(src|href)=["'](https?:|//)|@import|url\(""", text)
    assert "<script" not in text
    assert "prefers-color-scheme: dark" in text


def test_the_page_tells_everything(journal: Path) -> None:
    for text in ((journal / name).read_text() for name in ("journal.html", "journal.md")):
        assert "3 runs: 2 finished, 1 failed." in text
        assert "he test split of photos was looked at once" in text
        assert "unstable" in text
        assert "--optimizer.lr 0.0006" in text
        assert "the loss leapt. Went back to step 20" in text
        assert "Look 1 at this test split." in text
        assert "<script>lamp" not in text
        assert "automatic at step 10, step 20" in text.lower()


def test_every_file_of_the_markdown_is_there(journal: Path) -> None:
    named = re.findall(r"\]\((journal-files/[^)]+)\)", (journal / "journal.md").read_text())
    assert {Path(name).suffix for name in named} == {".svg", ".jpg"}
    for name in named:
        assert (journal / name).is_file()
        if name.endswith(".svg"):
            assert ET.fromstring((journal / name).read_text()).tag.endswith("svg")


def numbers(svg: str, kind: str) -> np.ndarray:
    (path,) = re.findall(rf'class="line {kind}" d="M([^"]+)"', svg)
    return np.array([point.split() for point in path.split("L")], float)


def test_a_chart_draws_higher_values_higher_and_later_steps_to_the_right() -> None:
    curve = make_curve([0, 50, 100], [1.0, 3.0, 2.0])
    points = numbers(draw_chart("gain", [Line("", curve)], marks=[50]), "a")
    assert (np.diff(points[:, 0]) > 0).all()
    assert points[1, 1] < points[2, 1] < points[0, 1]
    assert points[1, 0] == pytest.approx(points[[0, 2], 0].mean(), abs=0.1)
    assert draw_chart("nothing", []) == ""
    assert draw_chart("nothing", [Line("", make_curve([1], [np.nan]))]) == ""
    assert "nan" not in draw_chart(
        "level", [Line("", make_curve([1, 2], [5.0, np.nan])), Line("b", curve, "b")]
    )


def test_a_title_cannot_break_out_of_its_chart() -> None:
    ET.fromstring(
        draw_chart('a "<b>" & c', [Line("<x>", make_curve([1, 2], [0, 1])), Line("y", make_curve([1], [0]))])
    )


def test_long_curves_are_thinned_and_short_ones_need_two_points() -> None:
    curve = make_curve(np.arange(5000), np.sin(np.arange(5000)))
    assert draw_chart("x", [Line("", curve)]).count("L") <= 300
    assert draw_spark(curve).count("L") <= 60
    assert draw_spark(make_curve([1], [1.0])) == ""


def test_a_trip_without_words_is_told_by_its_figures() -> None:
    assert tell_trip({"step": 7, "lr": 0.5, "losses": [1, 2]}) == "step 7, lr 0.5"
