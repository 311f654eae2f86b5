"""Faults of the service itself: an id for the client, and the way of the error, under that id, for the operator."""

from __future__ import annotations

import logging
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from safelight.service.faults import LOGGER, log_fault, log_to_stderr
from safelight.service.jobs import Jobs, Result
from safelight.service.limits import Limits

ROOT = Path(__file__).parents[2]
SECRET = {"Authorization": "Bearer kept-secret"}
UUID = re.compile(r"urn:uuid:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


@contextmanager
def broken(*words: str) -> Iterator[tuple[httpx.Client, list[str]]]:
    """A client of the broken service, and what the service had printed when it was ended."""
    command = [sys.executable, "-m", "tests.service.broken", "{}", "kept-secret", *words]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        log: list[str] = []
        try:
            with httpx.Client(base_url=address, timeout=300, trust_env=False, headers=SECRET) as client:
                yield client, log
        finally:
            process.terminate()
            log.append(process.communicate(timeout=300)[1])


def send(client: httpx.Client, photo: Path) -> httpx.Response:
    return client.post("/v1/photos", params={"name": "aunt-mildred.jpg"}, content=photo.read_bytes())


def fault_of(problem: dict[str, Any]) -> str:
    """The id in a problem, which is in its line too."""
    found = UUID.fullmatch(problem["instance"])
    assert found, problem
    assert problem["status"] == 500
    assert found[1] in problem["detail"]
    assert "\n" not in problem["detail"]
    return found[1]


def test_the_client_has_an_id_and_the_log_under_it_the_way_of_the_error(grey_photo: Path) -> None:
    with broken() as (client, log):
        photo = send(client, grey_photo).json()
        at = f"/v1/photos/{photo['id']}"
        job = client.post(f"{at}/scratches", json={}).json()
        while job["state"] in ("waiting", "running"):
            time.sleep(0.05)
            job = client.get(f"/v1/jobs/{job['id']}").json()
        assert job["state"] == "failed"
        plain = client.get(f"{at}/lightness", params={"pixels": 777})
        assert plain.status_code == 500
        assert plain.headers["content-type"] == "application/problem+json"
        assert client.get(at).status_code == 200, "it answers as before"
        other = client.get("/v1/photos/nothere")
        assert "instance" not in other.json(), "what a client did wrong is no fault"
    faults = [fault_of(job["problem"]), fault_of(plain.json())]
    said = log[0]
    parts = re.split(r"(?m)^.*fault (?=[0-9a-f]{8}-)", said)[1:]
    assert [part.partition("\n")[0] for part in parts] == faults, said
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ ERROR safelight\.service: fault ", said)
    of_job, of_plain = parts
    assert of_job.index("builtins.FileNotFoundError") < of_job.index("builtins.KeyError"), (
        "the first cause first"
    )
    assert "in find_damage" in of_job
    assert "jobs.py" in of_job
    assert of_plain.rstrip().endswith("builtins.ZeroDivisionError")
    assert "routes/photos.py" in of_plain
    for secret in ("aunt-mildred", "kept-secret", str(grey_photo), "safelight-darkroom-", photo["id"], "777"):
        assert secret not in said
    assert not re.search(r"\[\s*\d+[\s,]+\d+", said), "no pixels"


def test_a_fault_amid_an_upload_is_told_and_leaves_nothing(grey_photo: Path) -> None:
    with broken("upload") as (client, log):
        sent = send(client, grey_photo)
        assert client.get("/v1/photos").json() == {"photos": []}
    assert log[0].count(fault_of(sent.json())) == 1, "once"
    assert log[0].count("builtins.RuntimeError") == 1, log[0]
    assert "kept-secret" not in log[0]


def test_a_fault_is_logged_once_whoever_asks() -> None:
    with pytest.MonkeyPatch.context() as patch:
        said: list[str] = []
        patch.setattr(LOGGER, "error", lambda *words: said.append(words[0] % words[1:]))
        error = ValueError("a name")
        assert log_fault(error) == log_fault(error)
        other = ExceptionGroup("names", [ValueError("a name"), KeyError("another")])
        assert log_fault(other) != log_fault(error)
    assert len(said) == 2
    assert "name" not in said[0] + said[1]
    assert "KeyError" in said[1]


def test_an_operator_s_own_logging_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    before = list(LOGGER.handlers)
    log_to_stderr()  # pytest listens at the root already
    assert LOGGER.handlers == before
    with caplog.at_level(logging.ERROR):
        fault = log_fault(ValueError())
    assert fault in caplog.text


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(3), KeyboardInterrupt()])
def test_a_job_ends_whatever_is_raised_in_it(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    def failing() -> Result:
        raise error

    jobs = Jobs(Limits(workers=1, waiting=4))
    first = jobs.add("fill", "p", failing)
    ended = threading.Event()
    jobs.add("fill", "p", lambda: (ended.set(), Result(json={}))[1])
    assert ended.wait(20), "its worker is free for the next one"
    assert first.state == "failed"
    assert first.problem is not None
    assert fault_of(first.problem) in caplog.text
    jobs.close()
