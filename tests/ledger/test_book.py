"""The ledger of a batch under way, and its index: the last row of each result, whoever wrote it."""

import threading
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.ledger import index as index_module
from safelight.ledger.book import Book, relative
from safelight.ledger.index import Index
from safelight.ledger.rows import LEDGER, Header, Row
from tests.ledger.samples import ORDER, SETTINGS, book_in


def row(number: int, result: str = "", seconds: float = 0.0) -> Row:
    return Row(
        number,
        f"{number}.jpg",
        "done",
        SETTINGS,
        "colorize",
        result or f"{number}-color.jpg",
        seconds=seconds,
    )


def test_the_header_comes_before_the_first_row_and_once(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with book_in(folder) as book:
        book.write(row(0))
        assert not folder.exists()  # photos of which nothing is made leave nothing
        folder.mkdir()
        book.write(row(1))
    with book_in(folder) as book:
        book.write(row(2))
    found = (folder / LEDGER).read_text().splitlines()
    assert ['"order"' in line for line in found] == [True, False, False, False]
    with book_in(folder, "6" * 64) as book:
        book.write(row(3))
    assert Index(folder).headers.keys() == {SETTINGS, "6" * 64}
    assert Index(folder).headers[SETTINGS].order == ORDER


def test_the_last_row_of_a_result_holds(tmp_path: Path) -> None:
    with book_in(tmp_path) as book:
        for seconds in (1.0, 2.0, 3.0):
            book.write(row(0, seconds=seconds))
        book.write(row(1))
    index = Index(tmp_path)
    assert len(index) == 2
    found = index.find("0-color.jpg")
    assert found
    assert found.seconds == 3.0
    assert index.find("2-color.jpg") is None


def test_rows_of_others_are_seen_after_a_look(tmp_path: Path) -> None:
    with book_in(tmp_path) as one, book_in(tmp_path) as other:
        one.write(row(0))
        assert other.index.find("0-color.jpg") is None
        other.index.refresh()
        assert other.index.find("0-color.jpg") == row(0)
        other.write(row(1))
    assert [each.number for each in Index(tmp_path).rows()] == [0, 1]


def test_rows_come_by_number_whatever_their_order_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "FEW", 7)
    numbers = [(37 * number) % 100 for number in range(100)]
    with book_in(tmp_path) as book:
        for number in numbers:
            book.write(row(number))
        for number in range(0, 100, 3):
            book.write(row(number, seconds=9.0))
    index = Index(tmp_path)
    assert [each.number for each in index.rows()] == list(range(100))
    assert [each.number for each in index.rows() if each.seconds == 9.0] == list(range(0, 100, 3))
    assert all(index.find(f"{number}-color.jpg") for number in range(100))


@given(
    writes=st.lists(
        st.tuples(st.integers(0, 9), st.floats(0, 9).map(lambda value: round(value, 3))), max_size=40
    )
)
def test_an_index_is_a_dictionary(
    writes: list[tuple[int, float]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder, expected = tmp_path_factory.mktemp("index"), {}
    (folder / LEDGER).write_bytes(b"".join(row(number, seconds=seconds).line() for number, seconds in writes))
    for number, seconds in writes:
        expected[f"{number}-color.jpg"] = seconds
    index = Index(folder)
    assert {each.result: each.seconds for each in index.rows()} == expected
    assert len(index) == len(expected)


def test_damaged_lines_are_counted_and_cost_no_other(tmp_path: Path) -> None:
    good = [row(number).line() for number in range(3)]
    (tmp_path / LEDGER).write_bytes(good[0] + b"\0" * 50 + b"\n{}\n\n" + good[1] + good[2][:-9])
    index = Index(tmp_path)
    assert [each.number for each in index.rows()] == [0, 1]
    assert index.damaged == 2
    with book_in(tmp_path) as book:
        book.write(row(3))
    index.refresh()
    assert [each.number for each in index.rows()] == [0, 1, 3]
    assert index.damaged == 3  # the torn one too, now that it is ended


def test_a_last_row_without_its_line_break_is_a_row(tmp_path: Path) -> None:
    (tmp_path / LEDGER).write_bytes(row(0).line()[:-1])
    with book_in(tmp_path) as book:
        assert book.index.find("0-color.jpg") == row(0)
        book.write(row(1))
    assert [each.number for each in Index(tmp_path).rows()] == [0, 1]


def test_a_ledger_that_was_taken_away_is_begun_anew(tmp_path: Path) -> None:
    with book_in(tmp_path) as book:
        book.write(row(0))
        book.index.refresh()
        (tmp_path / LEDGER).unlink()
        book.index.refresh()
        assert book.index.find("0-color.jpg") is None
        book.write(row(1))
    assert [each.number for each in Index(tmp_path).rows()] == [1]


def test_threads_share_a_book(tmp_path: Path) -> None:
    def write(start: int) -> None:
        for number in range(start, start + 50):
            book.write(row(number))

    with book_in(tmp_path) as book:
        threads = [threading.Thread(target=write, args=(50 * number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [each.number for each in Index(tmp_path).rows()] == list(range(200))


def test_threads_look_while_others_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thread looks at a row of another book just after it was written; nothing is lost or raised."""
    monkeypatch.setattr(index_module, "FEW", 5)
    index, missed = Index(tmp_path), []

    def look(start: int) -> None:
        for number in range(start, start + 40):
            other.write(row(number))
            index.refresh()
            if index.find(f"{number}-color.jpg") is None:
                missed.append(number)

    with book_in(tmp_path) as other:
        threads = [threading.Thread(target=look, args=(40 * number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert missed == []
    assert len(index) == 160


def test_rows_wait_for_room_and_are_counted_until_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*words: object) -> None:
        raise OSError(28, "No space left on device")

    with book_in(tmp_path) as book:
        with monkeypatch.context() as patch:
            patch.setattr("safelight.ledger.lines.append", full)
            for number in range(3):
                book.write(row(number))
            assert (book.missing, book.trouble) == (3, "No space left on device")
        book.write(row(3))
        assert (book.missing, book.trouble) == (0, "")
    assert [each.number for each in Index(tmp_path).rows()] == [0, 1, 2, 3]


def test_the_index_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """20,000 rows, 9 MB: the index takes 24 bytes a row, and what is at hand while it is sorted."""
    monkeypatch.setattr(index_module, "FEW", 1000)
    line = row(0).line()
    with (tmp_path / LEDGER).open("wb") as file:
        file.write(Header(SETTINGS, ORDER).line())
        for number in range(20_000):
            file.write(
                line.replace(b'"id": 0', b'"id": %d' % number).replace(b'"0-color', b'"%d-color' % number)
            )
    tracemalloc.start()
    index = Index(tmp_path)
    size, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(index) == 20_000
    assert size < 3e6
    assert peak < 6e6


def test_a_path_is_written_as_seen_from_the_results(tmp_path: Path) -> None:
    out = tmp_path / "a" / "out"
    out.mkdir(parents=True)
    (tmp_path / "link").symlink_to(out)
    assert relative(tmp_path / "a" / "scans" / "b.jpg", out) == "../scans/b.jpg"
    assert relative(tmp_path / "link" / "b.jpg", out) == "b.jpg"
    assert relative(out / "c" / "b.jpg", tmp_path / "link") == "c/b.jpg"
    assert Book(tmp_path / "link", SETTINGS, ORDER).name(out / "b.jpg") == "b.jpg"
