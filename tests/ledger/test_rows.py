"""Rows: what is written is read, whatever names and remarks hold; what is not a row is none."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.ledger.facts import FileFacts, facts_of, is_same, moment
from safelight.ledger.rows import Header, Row, is_inside, read_line, read_place
from tests.ledger.samples import put

TEXT = st.text(max_size=20) | st.sampled_from(["a\nb", "\u2028", "ä\udc80.jpg", '"\\', "\x00"])
FACTS = st.builds(FileFacts, st.integers(0, 2**60), TEXT, st.just("a" * 64))
NAME = TEXT.filter(is_inside)
ROWS = st.builds(
    Row,
    number=st.integers(0, 2**62),
    source=TEXT,
    state=st.sampled_from(["done", "left", "failed"]),
    settings=TEXT,
    command=TEXT,
    result=NAME,
    source_facts=st.none() | FACTS,
    made=st.none() | FACTS,
    models=st.dictionaries(TEXT, TEXT, max_size=2),
    beside=st.dictionaries(TEXT, st.tuples(TEXT, FACTS), max_size=2),
    written=st.dictionaries(NAME, TEXT, max_size=2),
    seconds=st.integers(0, 10**6).map(lambda thousandths: thousandths / 1000),
    facts=st.dictionaries(TEXT, st.integers() | TEXT, max_size=2),
    remarks=st.lists(TEXT, max_size=2).map(tuple),
    error=TEXT,
    when=TEXT,
)


@given(ROWS)
def test_a_row_is_read_as_it_was_written(row: Row) -> None:
    line = row.line()
    assert line.count(b"\n") == 1
    assert read_line(line) == row


@given(ROWS)
def test_the_place_of_a_row_is_its_key_and_number(row: Row) -> None:
    assert read_place(row.line()) == (row.key, row.number)
    assert read_place(row.line()[:-2]) is None


@given(ROWS, st.data())
def test_a_torn_row_is_none(row: Row, data: st.DataObject) -> None:
    line = row.line()
    cut = data.draw(st.integers(0, len(line) - 2))
    assert read_line(line[:cut]) is None


def test_a_header_is_read_as_it_was_written() -> None:
    header = Header(
        "5" * 64, {"command": "fill", "settings": {"grow": None}}, "0.1.0", "2026-11-29T18:00:00Z"
    )
    assert read_line(header.line()) == read_place(header.line()) == header


def test_a_row_says_what_the_documentation_names() -> None:
    row = Row(7, "../scans/ä.jpg", "failed", "5" * 64, "colorize", "ä-color.jpg", error="no picture")
    found = json.loads(row.line())
    assert found["id"] == 7
    assert found["source"] == "../scans/ä.jpg"
    assert found["state"] == "failed"
    assert found["result_sha256"] is None
    assert "ä".encode() in row.line()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"{}",
        b"[]",
        b"null",
        b"1",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"order": 1, "settings": "", "version": "", "when": ""}',
        Row(0, "a", "done", "", "", "../../etc/passwd").line(),
        Row(0, "a", "done", "", "", "/etc/passwd").line(),
        Row(0, "a", "done", "", "", "C:/a" if os.name == "nt" else "/").line(),
        Row(0, "a", "done", "", "", "a", written={"../b": "c"}).line(),
        Row(0, "a", "done", "", "", "a", made=FileFacts(1, "", "short")).line(),
        Row(0, "a", "odd", "", "").line(),  # type: ignore[arg-type]
        Row("0", "a", "done", "", "").line(),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_row_is_none(line: bytes) -> None:
    assert read_line(line) is None


def test_a_file_is_told_apart_by_its_bytes(tmp_path: Path) -> None:
    path = put(tmp_path / "a", b"abc")
    facts = facts_of(path)
    assert facts.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2
    assert is_same(path, facts)
    put(path, b"abd")
    assert not is_same(path, facts)
    put(path, b"abc")
    assert is_same(path, facts)
    assert is_same(path, facts, sure=True)
    assert not is_same(tmp_path / "nothing", facts)


def test_a_moment_is_written_to_the_nanosecond() -> None:
    assert moment(0) == "1970-01-01T00:00:00.000000000Z"
    assert moment(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123456789Z"
    assert moment(-1) == "1969-12-31T23:59:59.999999999Z"
    assert moment(10**30) == f"{10**30} ns"
