"""Jobs: done, followed, cancelled alone and at once; a full queue; masks, finds and the mended photo."""

import inspect
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fastapi.routing import APIRoute

from safelight.pixels.files import read_photo
from safelight.service.jobs import Jobs, Result
from safelight.service.limits import Limits
from safelight.service.priority import STEP
from safelight.service.problems import ProblemError
from safelight.service.routes import colors, keeping, mending, photos, scripts
from safelight.service.routes import jobs as job_routes
from safelight.watched import step
from tests.service.conftest import Service, files_below, mask_file, running


def until(true: "threading.Event | object", seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.005)


def long_work(begun: threading.Event, ended: threading.Event) -> Result:
    """Work in small steps that never ends by itself."""
    begun.set()
    try:
        while True:
            step(0.5)
            time.sleep(0.005)
    finally:
        ended.set()


def test_cancelling_ends_one_job_at_once_and_no_other() -> None:
    jobs = Jobs(Limits(workers=2, waiting=4))
    events = [(threading.Event(), threading.Event()) for _ in range(3)]
    made = [jobs.add("fill", "p", lambda each=each: long_work(*each)) for each in events]  # type: ignore[misc]
    until(events[0][0].is_set)
    until(events[1][0].is_set)
    assert [job.state for job in made] == ["running", "running", "waiting"]
    asked = time.monotonic()
    jobs.cancel(made[0])
    until(events[0][1].is_set)
    until(events[2][0].is_set)
    assert time.monotonic() - asked < 0.5, "its worker is free for the next one"
    assert [job.state for job in made] == ["cancelled", "running", "running"]
    assert not events[1][1].is_set()
    jobs.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows a niceness of threads")
def test_work_steps_back_for_answers() -> None:
    def nice() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    jobs, own = Jobs(Limits(workers=1)), nice()
    job = jobs.add("fill", "p", lambda: Result(json={"nice": nice()}))
    until(lambda: job.state == "done")
    assert job.result
    assert job.result.json == {"nice": min(own + STEP, 19)}
    assert nice() == own
    jobs.close()


def test_a_waiting_job_is_cancelled_without_being_begun() -> None:
    jobs = Jobs(Limits(workers=1, waiting=4))
    first, second = (threading.Event(), threading.Event()), (threading.Event(), threading.Event())
    jobs.add("fill", "p", lambda: long_work(*first))
    waiting = jobs.add("fill", "p", lambda: long_work(*second))
    jobs.cancel(waiting)
    assert waiting.state == "cancelled"
    assert jobs.counts == (0, 1)
    jobs.close()
    until(first[1].is_set)
    assert not second[0].is_set()


def test_a_worker_is_free_though_the_work_cannot_be_stopped_in_between() -> None:
    jobs = Jobs(Limits(workers=1, waiting=4))
    release, begun = threading.Event(), threading.Event()

    def stubborn() -> Result:
        begun.set()
        release.wait(20)
        return Result(json={})

    job = jobs.add("fill", "p", stubborn)
    until(begun.is_set)
    asked = time.monotonic()
    jobs.cancel(job)
    after = jobs.add("fill", "p", lambda: Result(json={"done": True}))
    until(lambda: after.state == "done")
    assert time.monotonic() - asked < 0.5
    release.set()
    assert job.state == "cancelled"
    jobs.close()


def test_a_full_queue_says_when_to_come_again() -> None:
    jobs = Jobs(Limits(workers=1, waiting=1))
    events = threading.Event(), threading.Event()
    jobs.add("fill", "p", lambda: long_work(*events))
    jobs.add("fill", "p", lambda: long_work(*events))
    with pytest.raises(ProblemError) as refused:
        jobs.add("fill", "p", lambda: long_work(*events))
    assert refused.value.status == 503
    assert int(refused.value.headers["Retry-After"]) > 0
    jobs.close()


def test_without_a_queue_a_free_worker_takes_a_job() -> None:
    jobs = Jobs(Limits(workers=1, waiting=0))
    events = threading.Event(), threading.Event()
    job = jobs.add("fill", "p", lambda: long_work(*events))
    with pytest.raises(ProblemError):
        jobs.add("fill", "p", lambda: long_work(*events))
    jobs.cancel(job)
    after = jobs.add("fill", "p", lambda: Result(json={"done": True}))
    until(lambda: after.state == "done")
    events[1].set()
    jobs.close()


def test_what_fails_is_a_problem_in_a_line() -> None:
    jobs = Jobs(Limits(workers=1))

    def failing() -> Result:
        raise RuntimeError("secret\ndetails")

    job = jobs.add("fill", "p", failing)
    until(lambda: job.state == "failed")
    assert job.problem is not None
    assert job.problem["status"] == 500
    assert "secret" not in json.dumps(job.problem)
    jobs.close()


def test_ended_jobs_are_forgotten_in_time() -> None:
    jobs = Jobs(Limits(workers=1, kept_jobs=2))
    for _ in range(6):
        job = jobs.add("fill", "p", lambda: Result(json={}))
        until(lambda job=job: job.state == "done")  # type: ignore[misc]
    assert len(list(jobs)) <= 4
    jobs.close()


def test_a_mask_is_kept_given_back_and_forgotten(service: Service, grey_photo: Path, tmp_path: Path) -> None:
    photo = service.send(grey_photo)
    at = f"/v1/photos/{photo['id']}/mask"
    assert service.client.get(at).status_code == 404
    sent = mask_file(tmp_path / "m.png")
    said = service.client.put(at, content=sent.read_bytes()).json()
    assert said["marked"] == pytest.approx(float((cv2.imread(str(sent), 0) > 0).mean()))
    back = cv2.imdecode(np.frombuffer(service.client.get(at).content, np.uint8), 0)
    assert np.array_equal(back, cv2.imread(str(sent), 0))
    empty = mask_file(tmp_path / "e.png")
    cv2.imwrite(str(empty), np.zeros((300, 420), np.uint8))
    assert service.client.put(at, content=empty.read_bytes()).json()["marked"] == 0
    wrong = mask_file(tmp_path / "w.png", 100, 420)
    refused = service.client.put(at, content=wrong.read_bytes())
    assert refused.status_code == 422
    assert "the mask" in refused.json()["detail"]
    assert service.client.delete(at).status_code == 204
    assert service.client.get(at).status_code == 404


def test_filling_makes_another_photo_that_is_the_same_outside_the_mask(
    service: Service, grey_photo: Path, tmp_path: Path
) -> None:
    photo = service.send(grey_photo)
    assert service.client.post(f"/v1/photos/{photo['id']}/fill", json={}).status_code == 409
    mask = mask_file(tmp_path / "m.png")
    service.client.put(f"/v1/photos/{photo['id']}/mask", content=mask.read_bytes())
    job = service.client.post(f"/v1/photos/{photo['id']}/fill", json={"method": "telea"}).json()
    ended = service.ended(job)
    assert ended["state"] == "done", ended
    result = service.client.get(ended["result"]).json()
    mended = result["photo"]
    assert (mended["source"], mended["of"]) == ("mended", photo["id"])
    assert result["changed"]
    shown = service.client.get(f"/v1/photos/{mended['id']}/preview", params={"format": "png"})
    pixels = cv2.imdecode(np.frombuffer(shown.content, np.uint8), 1)[..., ::-1]
    hole = cv2.imread(str(mask), 0) > 0
    before = read_photo(grey_photo).pixels
    assert np.array_equal(pixels[~hole], before[~hole])
    assert (pixels[hole] != before[hole]).any()
    assert service.client.post(f"/v1/photos/{mended['id']}/colors", json={}).status_code == 200
    assert service.client.post(f"/v1/photos/{mended['id']}/result", json={}).status_code == 422


def test_filling_a_mended_photo_leaves_that_as_it_is(
    service: Service, grey_photo: Path, tmp_path: Path
) -> None:
    def mended(photo: dict[str, Any], mask: Path) -> dict[str, Any]:
        at = f"/v1/photos/{photo['id']}"
        service.client.put(f"{at}/mask", content=mask.read_bytes())
        job = service.ended(service.client.post(f"{at}/fill", json={"method": "telea"}).json())
        return dict(service.client.get(job["result"]).json()["photo"])

    def preview(photo: dict[str, Any]) -> bytes:
        shown = service.client.get(f"/v1/photos/{photo['id']}/preview", params={"format": "png"})
        return bytes(shown.content)

    first = mended(service.send(grey_photo), mask_file(tmp_path / "m.png"))
    before = preview(first)
    hole = np.zeros((300, 420), np.uint8)
    hole[200:280, 20:380] = 255
    cv2.imwrite(str(tmp_path / "other.png"), hole)
    second = mended(first, tmp_path / "other.png")
    assert preview(second) != before
    assert preview(first) == before


def test_methods_that_there_are_not_are_counted_together(service: Service) -> None:
    """Else each made-up one would be a line of the metrics, and memory, for ever."""
    for number in range(5):
        service.client.request(f"FOO{number}", "/health")
    lines = service.client.get("/metrics").text
    assert 'method="other"' in lines
    assert "FOO" not in lines


def test_scratches_are_found_one_by_one(service: Service) -> None:
    photo = service.send(Path("examples/scratched.jpg"))
    job = service.client.post(f"/v1/photos/{photo['id']}/scratches", json={"sensitivity": 0.8}).json()
    assert service.client.get(f"/v1/jobs/{job['id']}/result").status_code in (200, 409)
    ended = service.ended(job)
    result = service.client.get(ended["result"]).json()
    assert result["finds"]
    assert result["marked"] > 0
    labels = service.client.get(f"/v1/jobs/{job['id']}/labels")
    rgb = cv2.imdecode(np.frombuffer(labels.content, np.uint8), 1)[..., ::-1].astype(int)
    numbers = rgb[..., 0] + 256 * rgb[..., 1] + 65536 * rgb[..., 2]
    assert numbers.shape == (photo["height"], photo["width"])
    for find in result["finds"]:
        rows, columns = np.nonzero(numbers == find["number"])
        assert len(rows) == find["pixels"]
        assert (columns.min(), rows.min()) == (find["left"], find["top"])
        assert (np.ptp(columns) + 1, np.ptp(rows) + 1) == (find["width"], find["height"])
        assert 0 <= find["confidence"] <= 1
    assert numbers.max() == len(result["finds"])


def test_all_jobs_are_followed_in_one_stream_of_events(
    service: Service, grey_photo: Path, tmp_path: Path
) -> None:
    photo = service.send(grey_photo)
    service.client.put(f"/v1/photos/{photo['id']}/mask", content=mask_file(tmp_path / "m.png").read_bytes())
    states = []
    with service.client.stream("GET", "/v1/jobs/events") as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        job = service.client.post(f"/v1/photos/{photo['id']}/fill", json={"method": "telea"}).json()
        for line in events.iter_lines():
            if line.startswith("data: "):
                document = json.loads(line.removeprefix("data: "))
                if document["id"] == job["id"]:
                    states.append(document["state"])
                    if document["state"] == "done":
                        break
    assert states[0] == "waiting"
    assert "running" in states
    assert service.client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert service.client.get(f"/v1/jobs/{job['id']}").status_code == 404


def test_one_shot_forms_answer_with_the_result(service: Service, grey_photo: Path, tmp_path: Path) -> None:
    body = grey_photo.read_bytes()
    colored = service.client.post("/v1/colorize", params={"vivid": 1, "name": "a.jpg"}, content=body)
    assert colored.status_code == 200
    assert colored.headers["content-type"] == "image/jpeg"
    assert "a-color.jpg" in colored.headers["content-disposition"]
    (tmp_path / "c.jpg").write_bytes(colored.content)
    assert read_photo(tmp_path / "c.jpg").size == (300, 420)
    mask = service.client.post("/v1/scratches", content=body)
    assert cv2.imdecode(np.frombuffer(mask.content, np.uint8), 0).shape == (300, 420)
    places = service.client.post("/v1/suggest", params={"count": 1}, content=body)
    assert len(places.json()["places"]) == 1
    cut = np.dstack([read_photo(grey_photo).pixels, np.full((300, 420), 255, np.uint8)])
    cut[100:110, 50:200, 3] = 0
    done, packed = cv2.imencode(".png", cut)
    assert done
    filled = service.client.post("/v1/inpaint", params={"method": "telea"}, content=packed.tobytes())
    assert filled.status_code == 200, filled.text
    pixels = cv2.imdecode(np.frombuffer(filled.content, np.uint8), cv2.IMREAD_UNCHANGED)
    assert pixels.shape == (300, 420, 4)
    assert pixels[..., 3].min() == 255
    until(lambda: not files_below(service.room.folder, "result-*"))  # soon after the answer


def test_no_request_waits_for_a_thread_before_its_work_begins() -> None:
    """FastAPI hands what is not async to a few threads that all share: a request to cancel would wait there."""

    def calls(dependant: object) -> list[object]:
        within = [call for each in dependant.dependencies for call in calls(each)]  # type: ignore[attr-defined]
        return [dependant.call, *within]  # type: ignore[attr-defined]

    seen = 0
    for module in (colors, job_routes, keeping, mending, photos, scripts):
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            for call in calls(route.dependant):
                assert inspect.iscoroutinefunction(call), (route.path, call)
                seen += 1
    assert seen > 40


def test_a_photo_that_goes_while_it_is_worked_on_is_not_there(grey_photo: Path, tmp_path: Path) -> None:
    """Deleted by another request, between the look for it and the work: its file is gone, the rest still to come."""
    with running(Limits(pixels_kept=0)) as service:
        check_gone(service, grey_photo, tmp_path)


def check_gone(service: Service, grey_photo: Path, tmp_path: Path) -> None:
    photo = service.send(grey_photo)["id"]
    at = f"/v1/photos/{photo}"
    service.client.put(f"{at}/mask", content=mask_file(tmp_path / "m.png").read_bytes())
    filled = service.ended(service.client.post(f"{at}/fill", json={"method": "telea"}).json())
    mended = service.client.get(filled["result"]).json()["photo"]["id"]
    for each in (photo, mended):
        service.send(grey_photo)  # the only one whose pixels are kept
        service.room.shelf[each].path.unlink()
        answer = service.client.get(f"/v1/photos/{each}/preview")
        assert answer.status_code == 404, answer.text
        assert "deleted" in answer.json()["detail"]
    for kind in ("result", "fill", "scratches"):
        ended = service.ended(service.client.post(f"{at}/{kind}", json={}).json())
        assert (ended["state"], ended["problem"]["status"]) == ("failed", 404), ended
        assert "deleted" in ended["problem"]["detail"]
