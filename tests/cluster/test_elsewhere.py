"""Folders elsewhere: their stand-ins, and work on files that are brought and put. Without Ray."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

fsspec = pytest.importorskip("fsspec")

from safelight.batch.plan import plan  # noqa: E402
from safelight.batch.run import Outcome  # noqa: E402
from safelight.batch.work import Found, Job, Report  # noqa: E402
from safelight.cluster.mounts import Mount, StandIns, url_of  # noqa: E402
from safelight.cluster.staging import work_elsewhere  # noqa: E402
from safelight.errors import PhotoError, SafelightError  # noqa: E402
from safelight.files import new_file  # noqa: E402
from safelight.runtime.folders import exists  # noqa: E402


@pytest.fixture
def places() -> Iterator[StandIns]:
    stand_ins = StandIns()
    yield stand_ins
    stand_ins.close()


def backwards(job: Job) -> Report:
    """The photo's bytes from behind; a photo of nothing fails."""
    content = job.photo.read_bytes()
    if not content:
        raise PhotoError(f"{job.photo} is empty")
    job.result.parent.mkdir(parents=True, exist_ok=True)
    with new_file(job.result) as file:
        file.write(content[::-1] + (job.hints.file.read_bytes() if job.hints.file else b""))
    extra = job.result.with_suffix(".txt")
    extra.write_text("extra")
    return Report((f"read {job.photo}",), written=(job.result, extra))


def work(job: Job, places: StandIns, overwrite: bool = False) -> Outcome:
    outcome, files = work_elsewhere(job, backwards, places.mounts, overwrite)
    if outcome.state == "done":
        assert files[job.photo].sha256 == hashlib.sha256(b"abc").hexdigest()
        assert files[job.result].size == 4
    return outcome


def test_a_plan_is_made_of_names_elsewhere(tmp_path: Path, places: StandIns) -> None:
    for name in ("a.jpg", "b/c.png", "b/c.hints.json", "out/a-color.jpg"):
        (tmp_path / "scans" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "scans" / name).write_bytes(b"x" * 70_000)
    url = f"file://{tmp_path}/scans"
    scans, out = places(url), places(f"{url}/out/")
    jobs = plan([scans], out, folder=True)
    assert [url_of(job.photo, places.mounts) for job in jobs] == [f"{url}/a.jpg", f"{url}/b/c.png"]
    assert [url_of(job.result, places.mounts) for job in jobs] == [
        f"{url}/out/a-color.jpg",
        f"{url}/out/b/c-color.png",
    ]
    assert [exists(job.result) for job in jobs] == [True, False]
    photo = jobs.jobs[0].photo
    assert photo.stat().st_size == 70_000
    assert photo.stat().st_blocks == 0  # none of its bytes was brought


def test_a_folder_within_another_is_listed_once_in_either_order(tmp_path: Path, places: StandIns) -> None:
    (tmp_path / "scans/out").mkdir(parents=True)
    (tmp_path / "scans/a.jpg").write_bytes(b"a")
    (tmp_path / "scans/out/b.jpg").write_bytes(b"b")
    out, scans = places(f"file://{tmp_path}/scans/out"), places(f"file://{tmp_path}/scans")
    assert [job.photo for job in plan([scans], out, folder=True)] == [scans / "a.jpg"]


def test_one_file_elsewhere_and_what_is_not_there(tmp_path: Path, places: StandIns) -> None:
    (tmp_path / "a.jpg").write_bytes(b"abc")
    (tmp_path / "a.hints.json").write_bytes(b"")
    photo = places(f"file://{tmp_path}/a.jpg")
    assert photo.name == "a.jpg"
    assert photo.stat().st_size == 3
    assert photo.with_name("a.hints.json").is_file()
    assert places(f"file://{tmp_path}/a.hints.json") == photo.with_name("a.hints.json")
    assert list(places(f"file://{tmp_path}/nowhere").iterdir()) == []


def test_a_url_that_nobody_knows_is_one_line(places: StandIns) -> None:
    with pytest.raises(SafelightError, match="nonsense") as found:
        places("nonsense://bucket/scans")
    assert "\n" not in str(found.value)


def elsewhere(tmp_path: Path, places: StandIns) -> Job:
    """A photo with a hint file; all of it elsewhere."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.jpg").write_bytes(b"abc")
    (tmp_path / "in/a.hints.json").write_bytes(b"!")
    scans, out = places(f"file://{tmp_path}/in"), places(f"file://{tmp_path}/out")
    return Job(scans / "a.jpg", out / "deep/a-color.jpg", hints=Found(scans / "a.hints.json"))


def test_files_are_brought_and_put_and_nothing_else_is_left(tmp_path: Path, places: StandIns) -> None:
    job = elsewhere(tmp_path, places)
    outcome = work(job, places)
    assert outcome.state == "done"
    assert outcome.job == job
    assert outcome.report.written[0] == job.result
    assert outcome.report.remarks == (f"read file://{tmp_path}/in/a.jpg",)
    there = {path.name: path.read_bytes() for path in (tmp_path / "out/deep").iterdir()}
    assert there == {"a-color.jpg": b"cba!", "a-color.txt": b"extra"}
    assert work(job, places).state == "skipped"


def test_a_result_elsewhere_is_replaced_only_when_asked(tmp_path: Path, places: StandIns) -> None:
    job = elsewhere(tmp_path, places)
    (tmp_path / "out/deep").mkdir(parents=True)
    (tmp_path / "out/deep/a-color.jpg").write_bytes(b"mine")
    assert work(job, places).state == "skipped"
    assert (tmp_path / "out/deep/a-color.jpg").read_bytes() == b"mine"
    assert work(job, places, overwrite=True).state == "done"
    assert (tmp_path / "out/deep/a-color.jpg").read_bytes() == b"cba!"


def test_what_fails_elsewhere_is_one_line_with_its_url(tmp_path: Path, places: StandIns) -> None:
    job = elsewhere(tmp_path, places)
    (tmp_path / "in/a.jpg").write_bytes(b"")
    outcome = work(job, places)
    assert outcome.state == "failed"
    assert outcome.remarks == (f"file://{tmp_path}/in/a.jpg is empty",)
    (tmp_path / "in/a.jpg").unlink()
    outcome = work(job, places)
    assert outcome.state == "failed"
    assert "\n" not in outcome.remarks[0]
    assert not (tmp_path / "out").exists()


def test_a_store_of_whole_objects_needs_no_other_name(tmp_path: Path) -> None:
    """memory:// stands for s3://: both show an object whole or not at all."""
    store = fsspec.filesystem("memory")
    store.pipe_file("/scans/a.jpg", b"abc")
    here = (Mount(tmp_path / "0", "memory://scans"), Mount(tmp_path / "1", "memory://out"))
    job = Job(tmp_path / "0/a.jpg", tmp_path / "1/a-color.jpg")
    outcome, _ = work_elsewhere(job, backwards, here)
    assert outcome.state == "done", outcome.remarks
    assert store.cat_file("/out/a-color.jpg") == b"cba"
    assert sorted(store.find("/out")) == ["/out/a-color.jpg", "/out/a-color.txt"]
    store.rm("/scans", recursive=True)
    store.rm("/out", recursive=True)
