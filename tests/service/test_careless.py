"""Clients that are careless: conditional requests, streams all at once, photos and jobs that go while they are used."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from safelight.service import jobs as jobs_module
from safelight.service import mending
from safelight.service.jobs import Jobs, Result
from safelight.service.limits import Limits
from safelight.watched import step
from tests.service.conftest import Service, files_below, mask_file, running


def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_if_none_match_may_be_a_list_weak_or_anything(service: Service) -> None:
    tag = service.client.get("/page/main.js").headers["etag"]
    for asked in (tag, f"W/{tag}", f'"x", {tag}', f'W/"x",W/{tag}', "*"):
        answer = service.client.get("/page/main.js", headers={"If-None-Match": asked})
        assert (answer.status_code, answer.headers["etag"]) == (304, tag), asked
    for asked in ('"x"', tag.strip('"'), "", ", ,"):
        assert service.client.get("/page/main.js", headers={"If-None-Match": asked}).status_code == 200


def test_results_are_whole_whatever_is_asked_and_say_so(service: Service, grey_photo: Path) -> None:
    photo = service.send(grey_photo)
    job = service.ended(service.client.post(f"/v1/photos/{photo['id']}/result", json={}).json())
    whole = service.client.get(job["result"])
    assert whole.headers["accept-ranges"] == "none"
    tag = whole.headers["etag"]
    for headers in (
        {"Range": "bytes=5-", "If-Range": tag},
        {"Range": "bytes=5-", "If-Range": "Mon, 30 Nov 2026 00:00:00 GMT"},
        {"If-Match": '"other"'},
        {"If-Unmodified-Since": "Mon, 01 Jan 1990 00:00:00 GMT"},
    ):
        answer = service.client.get(job["result"], headers=headers)
        assert (answer.status_code, answer.content) == (200, whole.content), headers
    sent = service.client.post("/v1/colorize", content=grey_photo.read_bytes())
    assert sent.headers["accept-ranges"] == "none"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("vivd=1", "there is no query parameter 'vivd' here; did you mean vivid?"),
        ("Vivid=1", "did you mean vivid?"),
        ("hint=0.5,0.5,red", "there is no query parameter 'hint' here; "),
    ],
)
def test_a_parameter_that_would_be_ignored_is_refused(
    service: Service, grey_photo: Path, query: str, said: str
) -> None:
    answer = service.client.post(f"/v1/colorize?{query}", content=grey_photo.read_bytes())
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert service.client.get("/v1/photos?page=2").status_code == 422
    assert service.client.get("/health?probe=1").status_code == 200  # load balancers add what they like


def test_streams_that_are_asked_for_at_a_time_are_counted_at_a_time() -> None:
    """Each asked whether there is room before any of them had taken its place."""
    ask = b"GET /v1/jobs/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with running(Limits(streams=3, requests=40)) as service, contextlib.ExitStack() as stack:
        port = int(service.address.rpartition(":")[2])
        talks = [stack.enter_context(socket.create_connection(("127.0.0.1", port), 60)) for _ in range(30)]
        for talk in talks:
            talk.sendall(ask)
        heard = [talk.recv(12) for talk in talks]
        assert heard.count(b"HTTP/1.1 200") == 3, heard
        assert heard.count(b"HTTP/1.1 503") == 27
        assert service.room.jobs.listeners == 3
        for talk in talks:
            talk.close()
        until(lambda: service.room.jobs.listeners == 0)


def test_streams_that_are_left_at_once_keep_no_place() -> None:
    ask = b"GET /v1/jobs/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with running(Limits(streams=64)) as service:
        port = int(service.address.rpartition(":")[2])
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", port), 60) as talk:
                talk.sendall(ask)
        until(lambda: service.room.jobs.listeners == 0)
        assert service.client.get("/health").status_code == 200


def test_a_clock_that_is_set_neither_loses_results_nor_keeps_them(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs(Limits(workers=1, kept_seconds=600))

    def ended() -> str:
        job = jobs.add("fill", "p", lambda: Result(json={}))
        until(lambda: job.state == "done")
        return job.id

    first = ended()
    now = time.time()
    monkeypatch.setattr(jobs_module.time, "time", lambda: now + 86_400)
    second = ended()
    monkeypatch.setattr(jobs_module.time, "time", lambda: now - 86_400)
    third = ended()
    assert [job.id for job in jobs] == [first, second, third]
    later = time.monotonic() + 700
    monkeypatch.setattr(jobs_module.time, "monotonic", lambda: later)
    fourth = ended()
    assert [job.id for job in jobs] == [fourth]
    jobs.close()


def test_a_result_that_comes_after_its_job_was_cancelled_leaves_nothing(tmp_path: Path) -> None:
    jobs = Jobs(Limits(workers=1))
    begun, go, undone = threading.Event(), threading.Event(), threading.Event()
    folder = tmp_path / "made"

    def work() -> Result:
        begun.set()
        assert go.wait(20)
        folder.mkdir()
        (folder / "result.jpg").write_bytes(b"x")
        return Result(file=folder / "result.jpg", undo=undone.set)

    job = jobs.add("fill", "p", work)
    assert begun.wait(20)
    jobs.cancel(job)
    go.set()
    assert undone.wait(20)
    until(lambda: not folder.exists())
    jobs.close()


def test_a_photo_that_goes_while_it_is_mended_leaves_no_photo_behind(
    grey_photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running() as service:
        photo = service.send(grey_photo)["id"]
        at = f"/v1/photos/{photo}"
        service.client.put(f"{at}/mask", content=mask_file(tmp_path / "m.png").read_bytes())

        def deleted(share: float) -> None:
            assert service.client.delete(at).status_code == 204
            step(share)

        monkeypatch.setattr(mending, "step", deleted)
        job = service.ended(service.client.post(f"{at}/fill", json={"method": "telea"}).json())
        assert (job["state"], job["problem"]["status"]) == ("failed", 404)
        assert service.client.get("/v1/photos").json() == {"photos": []}
        until(lambda: not files_below(service.room.folder, "mended.npy"))


def test_a_fill_that_is_cancelled_at_its_very_end_leaves_no_photo_behind(
    grey_photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running() as service:
        photo = service.send(grey_photo)["id"]
        at = f"/v1/photos/{photo}"
        service.client.put(f"{at}/mask", content=mask_file(tmp_path / "m.png").read_bytes())
        describe = service.room.describe

        def cancelled(item: object, opened: bool = True) -> object:
            told = describe(item, opened)  # type: ignore[arg-type]
            for job in service.room.jobs if opened else ():
                service.room.jobs.cancel(job)
            return told

        monkeypatch.setattr(service.room, "describe", cancelled)
        job = service.ended(service.client.post(f"{at}/fill", json={"method": "telea"}).json())
        assert job["state"] == "cancelled"
        until(lambda: len(service.client.get("/v1/photos").json()["photos"]) == 1)
        until(lambda: not files_below(service.room.folder, "mended.npy"))


def test_who_asks_with_head_whether_it_is_there_is_told_so(service: Service) -> None:
    for path in ("/health", "/", "/page/main.js", "/favicon.ico"):
        whole, head = service.client.get(path), service.client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-length", "content-type", "etag", "x-content-type-options"):
            assert head.headers.get(name) == whole.headers.get(name), (path, name)
    for path in ("/page/none.js", "/v1/photos/x"):
        missing = service.client.head(path)
        assert (missing.status_code, missing.content) == (404 if "page" in path else 405, b"")
    assert "get, head" in ", ".join(service.client.get("/openapi.json").json()["paths"]["/health"])
