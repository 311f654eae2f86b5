"""The memory of a real server: bounded by the queue and by the size of a picture, not by how many clients there are."""

import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from tests.service.conftest import SECONDS

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
MEBIBYTE = 1 << 20
REFUSED = {413, 429, 503}


@contextmanager
def server(**limits: float) -> Iterator[tuple[str, int]]:
    """A server's address and process."""
    home = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.service.server", json.dumps(limits)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=home,
        # One arena: how much glibc keeps of what was freed shall not depend on which thread freed it.
        env={**os.environ, "MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1"},
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip(), process.pid
            assert process.poll() is None, "the server is alive"
        finally:
            process.terminate()
            process.wait(60)


def peak(process: int) -> int:
    """Bytes of memory that a process had at most."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


def picture(megapixels: float) -> bytes:
    """A grey photo that is small as a file and large when it is decoded."""
    side = round((megapixels * 1e6) ** 0.5)
    ramp = np.linspace(20, 230, side, dtype=np.uint8)
    return cv2.imencode(".png", np.minimum(ramp[None], ramp[:, None]))[1].tobytes()


def mask(megapixels: float) -> bytes:
    """A mask of one scratch."""
    white = np.zeros((round((megapixels * 1e6) ** 0.5),) * 2, np.uint8)
    white[100:104, 100:600] = 255
    return cv2.imencode(".png", white)[1].tobytes()


def visited(address: str, photo: bytes, scratch: bytes, turns: int, statuses: Counter[int]) -> None:
    """One client: sends a photo and a mask, asks for a view, a filling and a result, and deletes nothing."""
    with httpx.Client(base_url=address, timeout=SECONDS, trust_env=False) as client:
        for _ in range(turns):
            sent = client.post("/v1/photos", content=photo)
            statuses[sent.status_code] += 1
            if sent.status_code != 201:
                continue
            at = f"/v1/photos/{sent.json()['id']}"
            answers = [
                client.put(f"{at}/mask", content=scratch),
                client.get(f"{at}/preview", params={"pixels": 10_000}),
                client.post(f"{at}/result", json={}),
            ]
            statuses.update(each.status_code for each in answers)


def all_at_once(address: str, clients: int, turns: int, megapixels: float) -> Counter[int]:
    """What so many clients were answered."""
    statuses: Counter[int] = Counter()
    photo, scratch = picture(megapixels), mask(megapixels)
    threads = [
        threading.Thread(target=visited, args=(address, photo, scratch, turns, statuses))
        for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def held(clients: int, turns: int, megapixels: float, photos: int) -> tuple[int, Counter[int]]:
    """The server's growth in bytes beyond what one client took alone, and the answers to so many clients."""
    limits = {"workers": 1, "waiting": 2, "short_waiting": 2, "photos": photos, "kept_jobs": 2}
    with server(**limits, pixels_kept=int(3e6 * megapixels), live_kept=1) as (address, process):
        alone = all_at_once(address, 1, 1, megapixels)
        assert set(alone) <= {200, 201, 202}, alone
        before = peak(process)
        statuses = all_at_once(address, clients, turns, megapixels)
        assert httpx.get(f"{address}/health", trust_env=False, timeout=SECONDS).status_code == 200
        return peak(process) - before, statuses


def check(grown: int, statuses: Counter[int], megapixels: float) -> None:
    """At most the pictures that are worked on: two or more quick answers and a job, at 20 MiB a megapixel each."""
    threads = max(2, len(os.sched_getaffinity(0))) + 1
    assert set(statuses) <= {200, 201, 202} | REFUSED, statuses
    assert statuses[503] + statuses[429] > 0, "more was sent than the queue takes"
    assert grown < threads * 20 * megapixels * MEBIBYTE, (grown / MEBIBYTE, statuses)


def test_many_clients_take_no_more_memory_than_the_queue_does() -> None:
    """24 clients with pictures of 3 MB each (9 decoded): together more than what may be held."""
    grown, statuses = held(24, 1, 3, photos=16)
    check(grown, statuses, 3)


@pytest.mark.slow
def test_a_hundred_clients_with_large_pictures_take_no_more_memory_than_the_queue_does() -> None:
    """100 clients, three pictures of 24 megapixels each: 21 GB, if all were held."""
    grown, statuses = held(100, 3, 24, photos=200)
    check(grown, statuses, 24)
    few, _ = held(10, 3, 24, photos=200)
    assert grown < 1.3 * few + 100 * MEBIBYTE, "not more with ten times the clients"
