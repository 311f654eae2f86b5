"""The manifest of a batch, its blocks, rows of results, and the checks before a run. Without Ray."""

from pathlib import Path

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from safelight.batch.run import Outcome  # noqa: E402
from safelight.batch.work import Found, Job, Order, Report  # noqa: E402
from safelight.cluster import manifest, start  # noqa: E402
from safelight.cluster.attempts import Attempts  # noqa: E402
from safelight.cluster.extra import ClusterError  # noqa: E402
from safelight.cluster.folder import BatchFolder, Manifest, prepared  # noqa: E402
from safelight.cluster.worker import done_of, results  # noqa: E402
from safelight.ledger.facts import FileFacts  # noqa: E402

JOBS = (
    Job(Path("in/a.jpg"), Path("out/a-color.jpg")),
    Job(
        Path("in/b/c\udce4.png"),
        Path("out/b/c.png"),
        Path("b"),
        (Path("in/b/c.gif"),),
        "c-png",
        "trouble",
        Found(Path("h.json"), ("one", "two")),
        Found(None, (), Path("masks")),
    ),
)


@pytest.mark.parametrize("job", JOBS)
def test_a_job_is_packed_and_unpacked(job: Job) -> None:
    assert manifest.unpacked(manifest.packed(job)) == job


def test_a_row_of_most_jobs_is_short() -> None:
    assert len(manifest.packed(JOBS[0])) < 60


def test_the_ids_of_a_manifest_are_the_numbers_of_the_plan(tmp_path: Path) -> None:
    jobs = [Job(tmp_path / f"{number}.jpg", Path(f"{number}.png")) for number in range(25_000)]
    jobs[3].photo.write_bytes(b"12345")
    manifest.write_manifest(jobs, tmp_path / "manifest.parquet")
    table = pq.read_table(tmp_path / "manifest.parquet")
    assert Manifest(BatchFolder(str(tmp_path), 1)).jobs([24_999, 4_999, 5_000]) == [
        jobs[24_999],
        jobs[4_999],
        jobs[5_000],
    ]
    manifest.check_ids(table)
    assert table["id"].type == pa.int64()
    assert table["id"].to_pylist() == list(range(25_000))
    assert table["size"].to_pylist()[2:5] == [-1, 5, -1]
    assert manifest.unpacked(table["job"][24_999].as_py()) == jobs[24_999]


@pytest.mark.parametrize("ids", [[0, 1, 1], [0, None, 2], [0.0, 1.0, 2.0]])
def test_ids_that_repeat_or_are_none_are_refused(ids: list[int]) -> None:
    with pytest.raises(ClusterError, match="expected"):
        manifest.check_ids(pa.table({"id": ids}))


@pytest.mark.parametrize(
    ("megabytes", "count", "workers", "rows"),
    [
        (1.0, 10_000, 4, 50),
        (20.0, 5_000, 4, 3),
        (20.0, 10_000, 4, 5),
        (0.01, 100_000, 100, 131),
        (0.01, 1_000_000, 100, 500),
        (0.01, 1_000_000, 10_000, 25),
        (1.0, 40, 2, 5),
        (300, 10, 2, 1),
    ],
)
def test_a_block_is_seconds_of_work_and_blocks_are_no_more_than_the_memory_for_them(
    megabytes: float, count: int, workers: int, rows: int
) -> None:
    assert manifest.rows_per_block(np.full(count, int(megabytes * 1e6)), workers) == rows


def test_a_folder_is_found_again_by_the_same_order_and_plan_alone(tmp_path: Path) -> None:
    def folder(vivid: float = 0.5, jobs: tuple[Job, ...] = JOBS, limit: float = 200.0) -> str:
        return prepared(Order("colorize", {"vivid": vivid}), jobs, tmp_path, (), limit, 2).place

    first = folder()
    assert folder() == first
    found = Manifest(BatchFolder(first, 1))
    assert found.jobs([1, 0]) == [JOBS[1], JOBS[0]]
    with pytest.raises(KeyError):
        found.jobs([2])
    others = {folder(1.0), folder(jobs=JOBS[:1]), folder(limit=300.0)}
    assert len(others) == 3
    assert first not in others


def test_another_model_under_the_same_name_is_another_batch(tmp_path: Path) -> None:
    """Else its stopped batch would be taken up, and its results called those of the new model."""
    model = tmp_path / "mine.onnx"

    def place() -> str:
        order = Order("colorize", {"vivid": 0.5, "model": str(model)})
        return prepared(order, JOBS, tmp_path, (), 200, 2).place

    model.write_bytes(b"one")
    first = place()
    assert place() == first
    model.write_bytes(b"another")
    assert place() != first


def test_rows_of_results_tell_the_outcomes(tmp_path: Path) -> None:
    done = Outcome(
        JOBS[0], "done", ("fine",), 1.5, Report(("fine",), False, {"x": 1}, (Path("out/a-color.jpg"),))
    )
    failed = Outcome(JOBS[1], "failed", ("bad \udce4",))
    files = {Path("in/a.jpg"): FileFacts(3, "2026-11-29T18:30:00.000000000Z", "0" * 64)}
    table = results([7, 8], [(done, files), (failed, {})])
    assert table["id"].to_pylist() == [7, 8]
    rows = table.to_pylist()
    assert done_of(rows[0], JOBS[0]) == (done, files)
    assert done_of(rows[1], JOBS[1])[0].remarks == ("bad ?",)
    outcome, moved = done_of(rows[0], JOBS[0], lambda path: tmp_path / path)
    assert outcome.report.written == (tmp_path / "out/a-color.jpg",)
    assert list(moved) == [tmp_path / "in/a.jpg"]
    assert len(results([], [])) == 0


def test_a_cluster_that_would_stand_still_is_refused_before_it_starts() -> None:
    start.check(start.Capacity(3, 1 << 30, 1))
    with pytest.raises(ClusterError, match="2 CPUs free; expected 3"):
        start.check(start.Capacity(2, 1 << 30, 1))
    with pytest.raises(ClusterError, match=r"0\.5 GiB .* expected 1 GiB"):
        start.check(start.Capacity(8, 1 << 29, 1))


def test_a_photo_that_ended_its_worker_twice_is_known(tmp_path: Path) -> None:
    class Death(BaseException):
        pass

    attempts = Attempts(str(tmp_path / "attempts"), "run")

    def attempt(dies_at: int) -> list[str]:
        said = []
        with attempts.block([4, 5, 6]) as again:
            for number in (4, 5, 6):
                if again:
                    with attempts.photo(number) as ended:
                        if number == dies_at and not ended:
                            raise Death
                        said.append("ended" if ended else "done")
                elif number == dies_at:
                    raise Death
        return said

    for _ in range(2):
        with pytest.raises(Death):
            attempt(5)
    assert attempt(5) == ["done", "ended", "done"]
    assert attempt(0) == []  # all marks are gone
    assert list((tmp_path / "attempts").iterdir()) == []
