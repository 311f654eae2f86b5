"""The written journal: one HTML file that loads nothing, Markdown with its files, curves that hold what they show."""

import base64
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.errors import SafelightError
from safelight.journal.charts import Line, draw_chart, draw_spark
from safelight.journal.doctor.examine import case_of, examine
from safelight.journal.doctor.report import write_report
from safelight.journal.page import write_page
from safelight.journal.records import make_curve, read_record, read_records, split_logs_of
from safelight.journal.run_section import event_in_words
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
    write_page(records, split_logs_of(records), tmp_path / "journal", "runs")
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


def test_somebody_elses_journal_is_not_replaced(journal: Path, tmp_path: Path) -> None:
    (tmp_path / "journal.md").write_text("dear diary")
    with pytest.raises(SafelightError, match=r"journal\.md is there and is no journal of safelight's"):
        write_page([], [], tmp_path, "runs")
    assert (tmp_path / "journal.md").read_text() == "dear diary"
    (tmp_path / "journal.md").write_text("# Journal of runs\n\nof an earlier version\n")
    write_page([], [], tmp_path, "runs")
    write_page([], [], tmp_path, "runs")


def test_a_run_that_was_looked_at_once_has_its_chapter(tmp_path: Path) -> None:
    case = healthy(np.random.default_rng(0))
    step = make_curve([10], [2.0])
    curves = {name: own for name, own in case.curves.items() if not name.startswith(("val/", "probe/"))}
    curves |= {"val/gain_0": step, "probe/train_gain_0": step}
    write_run(tmp_path / "runs", "short", replace(case, curves=curves))
    records, _ = read_records(tmp_path / "runs")
    page = write_page(records, split_logs_of(records), tmp_path / "journal", "runs")
    assert "short" in page.read_text()


def test_the_page_tells_everything(journal: Path) -> None:
    for text in ((journal / name).read_text() for name in ("journal.html", "journal.md")):
        assert "3 runs: 2 finished, 1 failed." in text
        assert "he test split of photos was looked at once" in text
        assert "unstable" in text
        assert "--optimizer.lr 0.0006" in text
        assert "the loss leapt. Went back to step 20" in text
        assert "Evaluation 1 on this test split." in text
        assert "<script>lamp" not in text
        assert "automatic at step 10, step 20" in text.lower()


FILL_RECIPE = {"name": "fill", "task": "fill", "augment": {"size": 32}, "train": {"steps": 0}}
FILL_VERDICT = {
    "format": "safelight-fill-verdict",
    "version": 1,
    "seed": 0,
    "model": "holes",
    "dataset": "photos",
    "split": "val",
    "size": 32,
    "questions": "q9",
    "pictures": 12,
    "cells": ["1-10 %", "1-10 % b", "all"],
    "curves": {
        "holes": {
            "hole_psnr": {"1-10 %": [24.5, 23.5, 25.5], "1-10 % b": [1, 1, 1], "all": [18.25, 18, 18.5]}
        }
    },
    "judged": "2026-11-22T12:00:00+00:00",
    "sentences": ["It was judged.", "Holes are filled."],
}


@pytest.fixture
def mixed(tmp_path: Path) -> str:
    """The page of runs of two tasks: two colorizers, and a filler with a sheet, scores and two equal verdicts."""
    root, rng = tmp_path / "runs", np.random.default_rng(0)
    for name in ("first", "second"):
        write_run(root, name, healthy(rng))
    case = healthy(rng)
    psnr = make_curve([100, 200], [15.0, 16.5])
    curves = {"train/loss": case.curves["train/loss"], "val/gain_over_telea": psnr, "val/hole_psnr": psnr}
    holes = write_run(root, "holes", replace(case, curves=curves), recipe=FILL_RECIPE)
    columns = [np.full((6 * 32, 32, 3), tone, np.uint8) for tone in (10, 80, 150, 220)]
    for step in (100, 200):
        Image.fromarray(np.hstack(columns)).save(holes / "pictures" / f"step-{step:07}.png")
    for hour, said in ((11, "An earlier answer."), (12, "Holes are filled.")):
        told = FILL_VERDICT | {
            "judged": f"2026-11-22T{hour}:00:00+00:00",
            "sentences": ["It was judged.", said],
        }
        (holes / "verdicts" / f"{hour}.json").write_text(json.dumps(told))
    (holes / "verdicts" / "broken.json").write_text('{"format": "safelight-fill-verdict"}')
    records, _ = read_records(root)
    return write_page(records, [], tmp_path / "journal", "runs").read_text()


def test_tasks_have_a_table_and_a_scale_each(mixed: str) -> None:
    tables = re.findall(
        r"<h3>(Colorization|Inpainting)</h3>\n<div class=\"scroll\"><table class=\"runs\">\n<tr>(.*?)</tr>",
        mixed,
    )
    heads = {title: re.findall(r'<th class="number">(\w+)</th>', head) for title, head in tables}
    assert heads["Colorization"][2:] == ["gain_0", "gain_10"]
    assert heads["Inpainting"][2:] == ["hole_psnr", "gain_over_telea"]
    assert re.findall(r'class="title" x="0" y="12">(\w+) of the newest runs', mixed) == ["gain_0"]
    assert "hole psnr on held-out pictures" in mixed


def test_holes_are_shown_and_their_newest_verdict_told(mixed: str) -> None:
    assert "the hole; Telea 2004; filled at step 100, step 200; truth" in mixed
    (source,) = re.findall(r"base64,([^\"]+)", mixed)
    with Image.open(io.BytesIO(base64.b64decode(source))) as strip:
        assert strip.size == (5 * 100 - 4, 4 * 100 - 4)
        tones = [int(np.asarray(strip.convert("L"))[48, 48 + 100 * place]) for place in range(5)]
    assert tones == pytest.approx([10, 80, 150, 150, 220], abs=3)
    assert "Holes are filled." in mixed
    assert "An earlier answer." not in mixed
    assert "24.50" in mixed
    assert "±0.25" in mixed
    assert "1-10 % b" not in mixed


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


def test_names_that_find_no_room_beside_the_title_stand_below_it() -> None:
    curve = make_curve([0, 100], [1.0, 3.0])
    for title, below in (("a", False), ("a title that is as long as titles get to be", True)):
        svg = draw_chart(
            title, [Line(name, curve, kind) for name, kind in (("gain_10", "a"), ("gain_100", "b"))]
        )
        heights = {int(y) for y in re.findall(r'class="name end \w" x="\d+" y="(\d+)"', svg)}
        assert heights == ({28} if below else {12})
        assert numbers(svg, "a")[:, 1].min() > max(heights)


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
    assert event_in_words({"step": 7, "lr": 0.5, "losses": [1, 2]}) == "step 7, lr 0.5"
