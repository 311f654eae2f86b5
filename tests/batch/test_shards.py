"""Shards: each photo in exactly one, whatever lies beside it and in whatever order."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.batch.plan import Plan, plan
from safelight.batch.shards import Shard
from safelight.batch.work import Job

PATHS = st.lists(
    st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=8).filter(
        lambda name: name not in (".", "..")
    ),
    min_size=1,
    max_size=3,
).map(lambda parts: Path(*parts))


def job(path: Path, home: Path = Path("scans")) -> Job:
    return Job(home / path, Path("out") / path, inner=path.parent)


@given(st.lists(PATHS, unique=True, max_size=30), st.integers(1, 9))
def test_each_photo_is_in_exactly_one_shard(paths: list[Path], count: int) -> None:
    jobs = [job(path) for path in paths]
    shards = [Shard(index, count).of(Plan(tuple(jobs))).jobs for index in range(1, count + 1)]
    assert sorted(each.photo for part in shards for each in part) == sorted(each.photo for each in jobs)


@given(PATHS, st.integers(1, 9))
def test_a_shard_knows_neither_the_machine_nor_how_it_writes_an_umlaut(path: Path, count: int) -> None:
    other = Path(unicodedata.normalize("NFD", str(path)))
    for index in range(1, count + 1):
        shard = Shard(index, count)
        assert shard.has(job(path)) == shard.has(job(path, Path("/mnt/elsewhere")))
        assert shard.has(job(path)) == shard.has(job(other))


def test_the_split_is_the_same_for_ever() -> None:
    shard = [
        next(i for i in (1, 2, 3) if Shard(i, 3).has(job(Path(name))))
        for name in ("a.jpg", "b/c.png", "ä.tif")
    ]
    assert shard == [2, 2, 3]


def test_the_shards_are_of_about_one_size() -> None:
    jobs = [job(Path(f"{number}.jpg")) for number in range(4000)]
    sizes = [len(Shard(index, 4).of(Plan(tuple(jobs)))) for index in range(1, 5)]
    assert sum(sizes) == 4000
    assert all(900 < size < 1100 for size in sizes)  # 3.6 standard deviations


def test_results_are_named_as_in_the_whole_batch(tmp_path: Path) -> None:
    for name in ("p.jpg", "p.gif", "q.png"):
        (tmp_path / name).write_bytes(b"")
    whole = plan([tmp_path], tmp_path / "out", folder=True)
    parts = [Shard(index, 2).of(whole).jobs for index in (1, 2)]
    assert {each.result for part in parts for each in part} == {each.result for each in whole}


@pytest.mark.parametrize("text", ["", "1", "0/4", "5/4", "1/0", "-1/4", "1/4/2", "a/b", "1.0/4", "٣/4"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="1/N"):
        Shard.parse(text)


def test_a_shard_is_written_as_it_is_read() -> None:
    assert str(Shard.parse(" 3/8 ")) == "3/8"
