"""JSON Lines: a stream in constant memory, and single rows by their offsets."""

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.data.rows import RowFile, read_row, read_rows, read_rows_at, write_rows
from safelight.errors import DatasetError

names = st.text(st.characters(codec=None), max_size=20)  # also lone surrogates: file names that are not UTF-8


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.fixed_dictionaries({"file_name": names, "tags": st.lists(names, max_size=2)}), max_size=5))
def test_rows_come_back_in_order_and_one_by_one(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    path = tmp_path / "rows.jsonl"
    assert write_rows(path, rows) == len(rows)
    assert list(read_rows(path)) == rows
    assert [read_row(path, offset) for offset, _ in read_rows_at(path)] == rows


def test_200_000_rows_are_read_in_constant_memory(tmp_path: Path) -> None:
    path, count = tmp_path / "rows.jsonl", 200_000
    rows = ({"file_name": f"{number:09}.jpg", "split": "train", "tags": ["sky"]} for number in range(count))
    assert write_rows(path, rows) == count
    tracemalloc.start()
    try:
        assert sum(row["split"] == "train" for row in read_rows(path)) == count
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 10_000_000
    assert peak < 500_000  # bytes


@pytest.mark.parametrize("line", ["{", "[1]", "text", "3", "[" * 100_000, '{"a":' * 100_000])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n\n' + line + "\n")
    with pytest.raises(DatasetError, match=r"rows\.jsonl, line 3 is not a JSON object"):
        list(read_rows(path))


def test_numbers_that_json_does_not_have_are_no_numbers(tmp_path: Path) -> None:
    """RFC 8259, section 6: Infinity and NaN are not permitted; Python writes and reads them all the same."""
    path, copy = tmp_path / "rows.jsonl", tmp_path / "copy.jsonl"
    path.write_text('{"tags": NaN, "more": [1, -Infinity, {"deep": Infinity}]}\n')
    write_rows(copy, read_rows(path))
    assert copy.read_text() == '{"tags": null, "more": [1, null, {"deep": null}]}\n'


def test_a_file_held_open_stays_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"file_name": "x" * 100_000}, {"file_name": "b"}]
    write_rows(path, rows)
    offsets = [offset for offset, _ in read_rows_at(path)]
    held = RowFile(path)
    write_rows(tmp_path / "new", [{"file_name": "another"}] * 3)
    (tmp_path / "new").replace(path)
    assert [held.row(offset) for offset in offsets] == rows
    with pytest.raises(DatasetError, match="not a JSON object"):
        held.row(offsets[1] + 1)
