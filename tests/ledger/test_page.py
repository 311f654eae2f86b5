"""The page of a batch: failures first, pictures in it, limits that are said; thumbnails of every kind of file."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.errors import SafelightError
from safelight.ledger.page import PAGE, SIDE, small, write_page
from safelight.ledger.rows import Row
from safelight.pixels.files import write_photo
from tests.ledger.samples import SETTINGS, book_in, put, row_of


def picture(path: Path, color: tuple[int, int, int] = (200, 30, 40)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_photo(path, np.full((300, 400, 3), color, np.uint8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four results, one with a remark and one edited since; a photo that failed, with a name that is HTML."""
    out = tmp_path / "out"
    with book_in(out) as book:
        for number in range(4):
            source, result = picture(tmp_path / f"in/{number}.png"), picture(out / f"{number}-color.png")
            remarks = ("is unfamiliar <b>",) if number == 2 else ()
            book.write(row_of(book, source, result, number, remarks=remarks))
        odd = put(tmp_path / "in" / "<script>.png")
        book.write(
            row_of(book, odd, odd, 4, state="failed", made=None, result="x.png", error="no <picture> & more")
        )
    put(out / "3-color.png", b"edited, and no picture")
    return out


class Words(HTMLParser):
    """The text of a page, and what it would load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.loads, self.tags = "", list[str](), list[str]()
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href")]


def test_failures_come_first_and_what_was_remarked_next(folder: Path) -> None:
    page = write_page(folder)
    assert page == folder / PAGE
    found = Words(page.read_text("utf-8"))
    places = [
        found.text.index(words)
        for words in ("no <picture> & more", "3-color.png", "2-color.png", "0-color.png")
    ]
    assert places == sorted(places)
    assert "1 failed, 4 done" in found.text
    assert "is unfamiliar <b>" in found.text
    assert "edited since" in found.text
    assert "script" not in found.tags


def test_the_page_holds_its_pictures_and_loads_nothing(folder: Path) -> None:
    found = Words(write_page(folder).read_text("utf-8"))
    assert len(found.loads) == 7  # four photos, three results that are pictures
    assert all(each.startswith("data:image/jpeg;base64,") for each in found.loads)
    assert not re.search(r"url\(|@import|http", re.sub(r"<style>.*?</style>", "", found.text))
    assert found.text.count("no picture") == 1


def test_what_the_page_does_not_show_is_said(folder: Path, tmp_path: Path) -> None:
    page = write_page(folder, tmp_path / "page.html", most=2)
    found = Words(page.read_text("utf-8"))
    assert "2 are shown, those with remarks first; 2 more are in safelight-ledger.jsonl" in found.text
    assert "2-color.png" in found.text
    assert len(found.loads) == 4


def test_somebody_elses_page_is_not_replaced(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<p>mine</p>")
    with pytest.raises(SafelightError, match="is no page of safelight's"):
        write_page(folder, page)
    assert page.read_text() == "<p>mine</p>"
    page.unlink()
    assert write_page(folder, page) == write_page(folder, page)  # an older one of ours is


def test_ten_thousand_photos_are_a_page_of_a_size_that_opens(tmp_path: Path) -> None:
    with book_in(tmp_path) as book:
        for number in range(2000):
            failed = number % 2 == 0
            book.write(
                Row(
                    number,
                    f"scans/{number}.jpg",
                    "failed" if failed else "done",
                    SETTINGS,
                    "colorize",
                    f"{number}-color.jpg",
                    error="no picture" if failed else "",
                )
            )
    text = write_page(tmp_path).read_text("utf-8")
    assert len(text) < 1e6
    assert "1,000 failed, 1,000 done" in Words(text).text
    assert "300 are shown" in Words(text).text


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "1", "I;16", "CMYK", "I", "F"])
def test_every_mode_becomes_a_small_jpeg(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.tif"
    grey = (
        Image.fromarray(np.full((400, 200), 30000, np.uint16))
        if mode.startswith("I") or mode == "F"
        else None
    )
    (grey.convert(mode) if grey else Image.new("RGB", (200, 400), (120, 120, 120)).convert(mode)).save(path)
    data = small(path)
    assert data
    seen = Image.open(io.BytesIO(data))
    assert (seen.mode, max(seen.size)) == ("RGB", SIDE)
    if mode not in ("1",):
        assert abs(float(np.asarray(seen).mean()) - 118) < 8


def test_what_is_no_picture_has_none(tmp_path: Path) -> None:
    assert small(tmp_path / "nothing.jpg") is None
    assert small(put(tmp_path / "a.jpg", b"\xff\xd8\xff" + b"x" * 99)) is None
    whole = picture(tmp_path / "b.png").read_bytes()
    assert small(put(tmp_path / "c.png", whole[: len(whole) // 2])) is None
