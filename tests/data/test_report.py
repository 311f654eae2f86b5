"""The report names every count, shows every picture file it links to, and survives odd names."""

import re
from pathlib import Path

from PIL import Image

from safelight.data.build import build_dataset
from safelight.data.charts import chroma_chart
from safelight.reports.pages import Figure, Table, render
from safelight.reports.sheets import Tile, contact_sheet
from safelight.reports.style import save_figure

from .conftest import FolderMaker, paint
from .test_build import SMALL

import numpy as np  # isort: skip


def test_the_report_counts_and_shows(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out = painted("photos", range(12)), tmp_path / "out"
    paint(3).convert("L").save(photos / "grey <b>|.png")
    (photos / "broken.png").write_bytes(b"nothing")
    summary = build_dataset(photos, out, SMALL)
    counts = [summary.splits[split] for split in ("train", "val", "test")]
    markdown, page = (out / "report.md").read_text(), (out / "report.html").read_text()
    assert f"| photos | {counts[0]} | {counts[1]} | {counts[2]} | 12 | 12 |" in markdown
    assert "| grey | 1 |" in markdown
    links = re.findall(r"\((report_\w+\.png)\)", markdown)
    assert links == re.findall(r'src="(\w+\.png)"', page)
    assert {f"report_{name}.png" for name in ("chroma", "tone", "casts", "kept", "refused")} == set(links)
    for link in links:
        with Image.open(out / link) as picture:
            assert min(picture.size) > 100


def test_a_sheet_that_is_no_longer_needed_goes(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out = painted("photos", range(4)), tmp_path / "out"
    (photos / "broken.png").write_bytes(b"nothing")
    build_dataset(photos, out, SMALL)
    assert (out / "report_refused.png").exists()
    (photos / "broken.png").unlink()
    build_dataset(photos, out, SMALL)
    assert not (out / "report_refused.png").exists()


def test_text_stays_text() -> None:
    parts = [Table("T", ("name", "n"), [("<x>|", 12345)]), Figure("F", "f.png", "c")]
    page = {"title": "<a> | b", "summary": "one & two", "parts": parts}
    markdown, html = render("dataset.md", page), render("dataset.html", page)
    assert "| &lt;x>\\| | 12,345 |" in markdown
    assert "| --- | ---: |" in markdown
    assert "![F](f.png)" in markdown
    assert '<td>&lt;x&gt;|</td><td class="number">12,345</td>' in html
    assert "<title>&lt;a&gt; | b</title>" in html


def test_cells_are_set_in_rows() -> None:
    red = np.full((40, 80, 3), (255, 0, 0), np.uint8)
    sheet = contact_sheet([Tile(red, "a name " * 20)] * 2 + [Tile(None, "missing")], columns=2)
    step = sheet.width // 2
    assert sheet.getpixel((step // 2, 76)) == (255, 0, 0)
    assert sheet.getpixel((step // 2, 20)) != (255, 0, 0)  # the whole picture, not cropped
    assert sheet.height > step * 2


def test_the_report_says_what_was_not_taken(painted: FolderMaker, tmp_path: Path) -> None:
    photos, out = painted("photos", range(12)), tmp_path / "out"
    (photos / "@eaDir").mkdir()
    paint(3).save(photos / "@eaDir" / "SYNOPHOTO_THUMB_M.png")
    (photos / "raw.xcf").write_bytes(b"x")
    said = build_dataset(photos, out, SMALL).remarks
    assert said == (
        "passed over, kept by servers, systems or programs for themselves: 1 @eaDir",
        "1 file of kinds that are not read: 1 .xcf",
    )
    assert all(line in (out / "report.md").read_text() for line in said)
    assert build_dataset(photos, out, SMALL).remarks == said  # nothing new, and said all the same


def test_a_chart_takes_every_name_that_a_folder_can_have(tmp_path: Path) -> None:
    """Warnings are errors here: letters that the font lacks, long names, names that look like formulas."""
    names = ["写真", "n" * 200, "$a_{$b$", "a\nb", "odd\udcff", ""]
    chroma = np.linspace(1, 40, len(names)).astype(np.float32)
    save_figure(chroma_chart(chroma, names, 3), tmp_path / "chart.png")
    assert (tmp_path / "chart.png").stat().st_size > 1000
