"""The ledger of results elsewhere: copied there while the batch runs, and its photos named by URLs. Without Ray."""

import json
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

pytest.importorskip("fsspec")

from safelight.cluster import elsewhere
from safelight.cluster.elsewhere import published
from safelight.cluster.mounts import StandIns
from safelight.ledger.rows import LEDGER


@pytest.fixture
def places() -> Iterator[StandIns]:
    stand_ins = StandIns()
    yield stand_ins
    stand_ins.close()


def outcomes(out: Path, sources: list[str], stops: bool = False) -> Generator[str]:
    for source in sources:
        with (out / LEDGER).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"source": source, "result": "a-color.jpg"}) + "\n")
        yield source
    if stops:
        raise KeyboardInterrupt


def there(folder: Path) -> list[str]:
    return [json.loads(line)["source"] for line in (folder / LEDGER).read_text("utf-8").splitlines()]


def test_it_is_there_at_the_end_and_after_a_stop(tmp_path: Path, places: StandIns) -> None:
    (tmp_path / "in").mkdir()
    scans, out = places(f"file://{tmp_path}/in"), places(f"file://{tmp_path}/out")
    told = list(published(outcomes(out, [f"../{scans.name}/deep/ä.jpg", "/local/b.jpg"]), out, places.mounts))
    assert len(told) == 2
    assert there(tmp_path / "out") == [f"file://{tmp_path}/in/deep/ä.jpg", "/local/b.jpg"]
    with pytest.raises(KeyboardInterrupt):
        list(published(outcomes(out, [f"../{scans.name}/c.jpg"], stops=True), out, places.mounts))
    assert there(tmp_path / "out")[2] == f"file://{tmp_path}/in/c.jpg"


def test_that_of_an_earlier_run_is_gone_on_with(tmp_path: Path, places: StandIns) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / LEDGER).write_text('{"source": "s3://old/a.jpg"}\n', "utf-8")
    out = places(f"file://{tmp_path}/out")
    list(published(outcomes(out, ["/b.jpg"]), out, places.mounts))
    assert there(tmp_path / "out") == ["s3://old/a.jpg", "/b.jpg"]


def test_a_copy_that_fails_meanwhile_ends_no_batch(
    tmp_path: Path, places: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def failing(out: Path, mounts: object) -> None:
        tried.append(out)
        if len(tried) == 1:
            raise ConnectionError("the network is gone")

    monkeypatch.setattr(elsewhere, "EVERY", 0.0)
    monkeypatch.setattr(elsewhere, "put_ledger", failing)
    out = places(f"file://{tmp_path}/out")
    assert list(published(outcomes(out, ["/a.jpg", "/b.jpg"]), out, places.mounts)) == ["/a.jpg", "/b.jpg"]
    assert len(tried) >= 2


def test_a_local_folder_has_its_own(tmp_path: Path) -> None:
    list(published(outcomes(tmp_path, ["/b.jpg"]), tmp_path, ()))
    assert there(tmp_path) == ["/b.jpg"]
