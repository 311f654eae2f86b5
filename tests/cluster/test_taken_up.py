"""A batch that was stopped, taken up: results that are no more, or are others, are not called done. Without Ray."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

from safelight.batch.plan import Plan, plan  # noqa: E402
from safelight.batch.records import Ledgers, Places  # noqa: E402
from safelight.batch.run import DONE_BEFORE, Outcome  # noqa: E402
from safelight.batch.work import Order, Report  # noqa: E402
from safelight.cluster.folder import BatchFolder  # noqa: E402
from safelight.cluster.gather import Gathering  # noqa: E402
from safelight.cluster.mounts import opened  # noqa: E402
from safelight.cluster.staging import files_of  # noqa: E402
from safelight.cluster.taken_up import take_up  # noqa: E402
from safelight.cluster.worker import results  # noqa: E402
from safelight.pixels.files import write_photo  # noqa: E402

ORDER = Order("colorize", {"vivid": 0.5})


class Stopped:
    """A batch of six photos: 0 to 4 were written, of which Ray has committed 0 to 3; 3 has failed."""

    def __init__(self, home: Path) -> None:
        self.home = home
        for number in range(6):
            path = home / "in" / f"{number}.png"
            path.parent.mkdir(exist_ok=True)
            write_photo(path, np.full((8, 8, 3), number, np.uint8))
        self.jobs: Plan = plan([home / "in"], home / "out", folder=True)
        (home / "out").mkdir()
        self.batch = BatchFolder(str(home / "batch"), 2)
        for folder in (self.batch.rows, self.batch.checkpoint):
            Path(folder).mkdir(parents=True)
        for number in range(5):
            self._write(number)

    def _write(self, number: int) -> None:
        job = self.jobs.jobs[number]
        outcome = Outcome(job, "failed", ("bad",))
        if number != 3:
            job.result.write_bytes(b"result of %d" % number)
            outcome = Outcome(job, "done", report=Report(written=(job.result,)))
        pq.write_table(
            results([number], [(outcome, files_of(outcome))]), f"{self.batch.rows}/{number}-0.parquet"
        )
        pending = ".pending" if number == 4 else ""
        pq.write_table(pa.table({"id": [number]}), f"{self.batch.checkpoint}/{number}{pending}.parquet")

    def take_up(self, overwrite: bool = False, order: Order = ORDER) -> dict[str, Outcome]:
        """The outcomes that stand, by the photos' names; with a ledger, as the command has it."""
        places = Places(frozenset(), self.home / "out")
        with Ledgers(order, (), "engine", self.jobs, places) as ledgers:
            gathering = Gathering(self.batch, self.jobs.jobs)
            return {outcome.job.photo.name: outcome for outcome in take_up(gathering, ledgers, overwrite, ())}

    def checkpoint(self) -> list[int]:
        """The ids that Ray takes for done."""
        files = [path for path in Path(self.batch.checkpoint).iterdir() if ".pending" not in path.name]
        return sorted(number for file in files for number in pq.read_table(file)["id"].to_pylist())


@pytest.fixture
def stopped(tmp_path: Path) -> Stopped:
    return Stopped(tmp_path)


def test_what_is_as_its_row_says_stands_and_what_failed_is_tried_again(stopped: Stopped) -> None:
    outcomes = stopped.take_up()
    assert sorted(outcomes) == ["0.png", "1.png", "2.png"]
    assert {outcome.because for outcome in outcomes.values()} == {DONE_BEFORE}
    assert stopped.checkpoint() == [0, 1, 2]
    assert (stopped.home / "out/safelight-ledger.jsonl").read_text("utf-8").count('"done"') == 3
    stopped.take_up()
    assert (stopped.home / "out/safelight-ledger.jsonl").read_text("utf-8").count('"done"') == 3


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_result_that_was_deleted_is_made_again(stopped: Stopped, overwrite: bool) -> None:
    stopped.jobs.jobs[1].result.unlink()
    assert sorted(stopped.take_up(overwrite)) == ["0.png", "2.png"]
    assert stopped.checkpoint() == [0, 2]


@pytest.mark.parametrize(
    "change",
    [
        lambda job: job.result.write_bytes(b"edited by hand"),
        lambda job: write_photo(job.photo, np.full((8, 9, 3), 9, np.uint8), overwrite=True),
    ],
)
def test_what_has_changed_since_is_kept_or_with_overwrite_made_again(
    stopped: Stopped, change: Callable[..., object]
) -> None:
    stopped.take_up()  # the ledger has its rows
    change(stopped.jobs.jobs[1])
    outcome = stopped.take_up()["1.png"]
    assert outcome.state == "skipped"
    assert outcome.because != DONE_BEFORE
    assert stopped.checkpoint() == [0, 1, 2]
    assert "1.png" not in stopped.take_up(overwrite=True)
    assert stopped.checkpoint() == [0, 2]


def test_nothing_to_keep_leaves_no_checkpoint(stopped: Stopped) -> None:
    for job in stopped.jobs:
        job.result.unlink(missing_ok=True)
    assert stopped.take_up() == {}
    assert stopped.checkpoint() == []


def test_rows_of_the_earlier_run_are_not_told_again(stopped: Stopped) -> None:
    places = Places(frozenset(), stopped.home / "out")
    with Ledgers(ORDER, (), "engine", stopped.jobs, places) as ledgers:
        gathering = Gathering(stopped.batch, stopped.jobs.jobs)
        list(take_up(gathering, ledgers, False, ()))
        assert list(gathering.new()) == []
        again = Outcome(stopped.jobs.jobs[3], "failed", ("still bad",))
        pq.write_table(results([3, 0], [(again, {}), (again, {})]), f"{stopped.batch.rows}/again-0.parquet")
        assert [outcome.job.photo.name for outcome, _ in gathering.new()] == ["3.png"]
        assert [outcome.job.photo.name for outcome, _ in gathering.missing()] == ["4.png", "5.png"]


def test_rows_are_seen_where_a_file_system_remembers_its_lists(stopped: Stopped) -> None:
    """As s3fs does, without an end: other machines write there, and this one never lists again."""
    fsspec = pytest.importorskip("fsspec")
    from fsspec.implementations.memory import MemoryFileSystem

    class Remembering(MemoryFileSystem):
        protocol = "remembering"
        lists: ClassVar[dict[str, object]] = {}

        def find(self, path: str, *given: object, **options: object) -> object:
            if path not in self.lists:
                self.lists[path] = super().find(path, *given, **options)
            return self.lists[path]

        def invalidate_cache(self, path: str | None = None) -> None:
            self.lists.clear()

    fsspec.register_implementation("remembering", Remembering, clobber=True)
    home = "remembering://batch"
    gathering = Gathering(BatchFolder(home, 2), stopped.jobs.jobs)
    seen = []
    for number in range(3):
        path = Path(stopped.batch.rows) / f"{number}-0.parquet"
        _, there = opened(f"{home}/rows/{path.name}")
        MemoryFileSystem().pipe_file(there, path.read_bytes())  # by another machine
        seen.append([outcome.job.photo.name for outcome, _ in gathering.new()])
    assert seen == [["0.png"], ["1.png"], ["2.png"]]
    MemoryFileSystem().rm(opened(home)[1], recursive=True)
