"""Many clients of one service for some time: no wrong answer, refusals only of limits, memory bounded.

    python benchmarks/service_load.py [--clients 100] [--seconds 120]

A service is started in a process of its own. Each client sends a photo, then asks for views, colors (kriged and the
network's), likely colors, jobs that it follows or cancels, one-shot results, and sends what is no photo. Colors are
compared with those that the service gave a lone client before; the memory of the process is read each second.
"""

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import cv2
import httpx
import numpy as np

REFUSALS = {413, 415, 422, 429, 503}
HINTS = [{"x": 0.3, "y": 0.5, "color": "#b04030"}, {"x": 0.7, "y": 0.4, "color": "#3050a0"}]
KINDS = 4  # different photos


def photos() -> list[bytes]:
    """Grey JPEGs of half a megapixel."""
    found = []
    for seed in range(KINDS):
        coarse = np.random.default_rng(seed).integers(0, 256, (9, 12), dtype=np.uint8)
        grey = cv2.resize(coarse, (840, 600), interpolation=cv2.INTER_CUBIC)
        found.append(cv2.imencode(".jpg", grey)[1].tobytes())
    return found


class Tally:
    """Statuses of answers, what was wrong, and the seconds of cancelling."""

    def __init__(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.cancelled: list[float] = []


async def client(
    number: int, address: str, pictures: list[bytes], right: list[bytes], end: float, tally: Tally
) -> None:
    """One client until the end."""
    rng = random.Random(number)
    kind = number % KINDS
    async with httpx.AsyncClient(base_url=address, timeout=300, trust_env=False) as http:

        async def ask(method: str, path: str, **more: object) -> httpx.Response:
            answer = await http.request(method, path, **more)  # type: ignore[arg-type]
            tally.statuses[answer.status_code] += 1
            if answer.status_code >= 400 and answer.status_code not in REFUSALS:
                tally.wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
            if answer.status_code == 503:
                await asyncio.sleep(float(answer.headers["Retry-After"]) * rng.random())
            return answer

        photo = ""
        while time.monotonic() < end:
            if not photo:
                sent = await ask("POST", "/v1/photos", params={"name": "a.jpg"}, content=pictures[kind])
                photo = sent.json()["id"] if sent.status_code == 201 else ""
                continue
            here, what = f"/v1/photos/{photo}", rng.randrange(9)
            if what <= 2:
                answer = await ask("POST", f"{here}/colors", json={"hints": HINTS})
                if answer.status_code == 200 and answer.content != right[kind]:
                    planes, wanted = (np.frombuffer(each, "<f2") for each in (answer.content, right[kind]))
                    if planes.shape != wanted.shape or np.abs(planes - wanted).max() > 0.25:
                        tally.wrong.append("other colors than a lone client got")
            elif what == 3:
                await ask("GET", f"{here}/preview", params={"pixels": 100_000})
            elif what == 4:
                await ask("POST", f"{here}/likely", json={"x": 0.5, "y": 0.5})
            elif what == 5:
                await ask("POST", "/v1/photos", content=b"no photo")
            elif what == 6:
                await ask("POST", "/v1/colorize", content=pictures[kind])
            elif what == 7:
                job = await ask("POST", f"{here}/result", json={"color": {"hints": HINTS}})
                if job.status_code == 202:
                    await follow(ask, job.json()["id"], rng.random() < 0.5, tally)
            elif rng.random() < 0.1:
                await ask("DELETE", here)
                photo = ""


async def follow(ask, job: str, cancel: bool, tally: Tally) -> None:  # type: ignore[no-untyped-def]
    """A job to its end, or cancelled."""
    if cancel:
        await asyncio.sleep(0.05)
        start = time.monotonic()
        await ask("DELETE", f"/v1/jobs/{job}")
        tally.cancelled.append(time.monotonic() - start)
        return
    while True:
        state = (await ask("GET", f"/v1/jobs/{job}")).json().get("state")
        if state not in ("waiting", "running"):
            break
        await asyncio.sleep(0.5)
    if state != "done":
        tally.wrong.append(f"a job that nobody cancelled is {state}")
    else:
        await ask("DELETE", f"/v1/jobs/{job}")


def memory(process: int) -> float:
    """MiB of a process."""
    for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


async def measure(clients: int, seconds: float, address: str, process: int) -> None:
    """Run the clients and print what came of it."""
    pictures, right = photos(), []
    async with httpx.AsyncClient(base_url=address, timeout=300, trust_env=False) as http:
        for picture in pictures:
            photo = (await http.post("/v1/photos", content=picture)).json()["id"]
            right.append((await http.post(f"/v1/photos/{photo}/colors", json={"hints": HINTS})).content)
    tally, before, most = Tally(), memory(process), 0.0
    end = time.monotonic() + seconds
    tasks = [
        asyncio.create_task(client(number, address, pictures, right, end, tally)) for number in range(clients)
    ]
    while not all(task.done() for task in tasks):
        most = max(most, memory(process))
        await asyncio.sleep(1)
    await asyncio.gather(*tasks)
    print(f"{clients} clients, {seconds:g} s: {sum(tally.statuses.values())} answers")
    print("statuses:", dict(sorted(tally.statuses.items())))
    print(f"memory: {before:.0f} MiB before, {most:.0f} at most")
    if tally.cancelled:
        late = max(tally.cancelled)
        print(f"cancelled: {len(tally.cancelled)}, the slowest answered after {late:.2f} s")
    print("wrong:", Counter(tally.wrong).most_common(10) or "nothing")


def main() -> None:
    """Start a service, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=120)
    options = parser.parse_args()
    source = str(Path(__file__).parents[1] / "src")
    service = subprocess.Popen(
        [sys.executable, "-m", "safelight", "serve"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert service.stdout is not None
    try:
        address = service.stdout.readline().strip()
        asyncio.run(measure(options.clients, options.seconds, address, service.pid))
        print("alive:", service.poll() is None)
    finally:
        service.send_signal(signal.SIGINT)
        service.wait(30)


if __name__ == "__main__":
    main()
