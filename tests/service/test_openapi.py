"""schemathesis: requests made of the OpenAPI document, good and bad; every answer is one that is declared."""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytest.importorskip("schemathesis")
HERE = Path(__file__).parent
SECONDS = 120  # for an answer: the machine may be busy
LIMITS = {"photos": 1_000_000, "waiting": 10_000, "short_waiting": 1000, "kept_jobs": 1_000_000}
TOKEN = {"Authorization": "Bearer secret"}


@contextlib.contextmanager
def served(errors: Path) -> Iterator[httpx.Client]:
    """A client of a service in a process of its own, which asks for a token."""
    with (
        errors.open("w") as said,
        subprocess.Popen(
            [sys.executable, "-m", "tests.service.server", json.dumps(LIMITS), "secret"],
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            cwd=HERE.parents[1],
        ) as process,
    ):
        assert process.stdout
        address = process.stdout.readline().strip()
        try:
            with httpx.Client(base_url=address, headers=TOKEN, timeout=SECONDS, trust_env=False) as client:
                yield client
        finally:
            process.terminate()
            process.wait(60)


def prepared(client: httpx.Client) -> dict[str, str]:
    """Three photos with masks, and a job of each kind that has ended: what requests are about."""
    from tests.service.hooks import MASK_PNG, PNG

    photos, jobs = [], []
    for _ in range(3):
        photo = client.post("/v1/photos", params={"name": "a.png"}, content=PNG).json()["id"]
        assert client.put(f"/v1/photos/{photo}/mask", content=MASK_PNG).json()["marked"] > 0
        photos.append(photo)
    for kind in ("scratches", "fill", "result"):
        job = client.post(f"/v1/photos/{photos[0]}/{kind}", json={}).json()
        end = time.monotonic() + SECONDS
        while job["state"] != "done":
            assert time.monotonic() < end, job
            time.sleep(0.05)
            job = client.get(f"/v1/jobs/{job['id']}").json()
        jobs.append(job["id"])
    return {"SAFELIGHT_PHOTOS": " ".join(photos), "SAFELIGHT_JOBS": " ".join(jobs)}


def faults(client: httpx.Client) -> list[dict[str, Any]]:
    """Jobs that failed by a fault of the service: their answers were good, their ends are not."""
    jobs = client.get("/v1/jobs").json()["jobs"]
    return [job for job in jobs if job["problem"] and job["problem"]["status"] >= 500]


def fuzzed(folder: Path, examples: int, phases: str, seed: int = 1, seconds: float = 14_400) -> int:
    """Run all checks against a service; the number of cases.

    Left out is the stream of events alone, which does not end. Health checks are Hypothesis's own, on how quickly it
    can make requests.
    """
    errors = folder / "errors.txt"
    with served(errors) as client:
        assert client.get("/openapi.json").status_code == 200  # made once, in seconds of a busy machine
        ids = prepared(client)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli"),
                *("--config-file", str(HERE / "schemathesis.toml"), "run", f"{client.base_url}/openapi.json"),
                *("--checks", "all", "--max-examples", str(examples), "--phases", phases),
                *("-H", "Authorization: Bearer secret", "--seed", str(seed), "--no-color"),
                *("--exclude-path", "/v1/jobs/events", "--suppress-health-check", "all"),
                *("--request-timeout", str(SECONDS), "--max-response-time", str(SECONDS)),
            ],
            capture_output=True,
            text=True,
            timeout=seconds,
            env={
                **os.environ,
                **ids,
                "SCHEMATHESIS_HOOKS": "tests.service.hooks",
                "NO_PROXY": "*",
                "PYTHONPATH": os.pathsep.join(
                    (str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")]))
                ),
            },
            cwd=folder,
            check=False,
        )
        assert client.get("/health").status_code == 200, "the process is alive"
        assert faults(client) == []
    said = done.stdout + done.stderr
    print(said)
    assert done.returncode == 0, said[-6000:]
    assert errors.read_text() == "", "nothing was raised that nobody caught"
    found = re.search(r"([\d,]+) generated", said)
    assert found, said[-3000:]
    return int(found[1].replace(",", ""))


def test_a_few_cases_of_every_operation(tmp_path: Path) -> None:
    assert fuzzed(tmp_path, 2, "fuzzing", seconds=500) > 40


@pytest.mark.slow
def test_twenty_thousand_cases(tmp_path: Path) -> None:
    """In parts, each with a seed and a service of its own, so that a failure comes early and can be seen again."""
    cases, seed = 0, 0
    while cases < 20_000:
        seed += 1
        cases += fuzzed(tmp_path, 100, "coverage,fuzzing,stateful", seed)
        print(f"seed {seed}: {cases:,} cases so far, no failure")
