"""Many clients of one service for some time: no wrong answer, refusals only of limits, memory bounded.

    python benchmarks/service_load.py [--clients 100] [--seconds 120] [--megapixels 0.5]

A service is started in a process of its own. Each client sends a photo, then asks for views, colors (kriged and the
network's), likely colors, jobs that it follows or cancels, one-shot results, and sends what is no photo. Colors are
compared with those that the service gave a lone client before. Memory is the peak that the system notes (VmHWM). A
job is cancelled by a connection of its own; its seconds end with the answer, which comes when the worker is free. Of
these "unheard" are those in which the service's event loop could run and other programs had the processors.
"""

import argparse
import asyncio
import http.client
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

REFUSALS = {413, 429, 503}  # of what is good
NO_PHOTO = 415
HINTS = [{"x": 0.3, "y": 0.5, "color": "#b04030"}, {"x": 0.7, "y": 0.4, "color": "#3050a0"}]
KINDS = 4  # different photos


def photos(megapixels: float) -> list[bytes]:
    """Grey JPEGs."""
    found, height = [], round((megapixels * 1e6 / 1.4) ** 0.5)
    for seed in range(KINDS):
        coarse = np.random.default_rng(seed).integers(0, 256, (9, 12), dtype=np.uint8)
        grey = cv2.resize(coarse, (round(1.4 * height), height), interpolation=cv2.INTER_CUBIC)
        found.append(cv2.imencode(".jpg", grey)[1].tobytes())
    return found


class Tally:
    """Statuses of answers, what was wrong, and the seconds of cancelling."""

    def __init__(self, address: str, process: int) -> None:
        self.address, self.process = address, process
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []
        self.cancelled: list[tuple[float, float]] = []  # seconds, and those of them that were unheard

    def cancel(self, job: str) -> None:
        """Cancel a job, in a thread of its own; what 100 clients in one process do does not count."""
        talk = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=300)
        talk.connect()
        start, before = time.monotonic(), unheard(self.process)
        talk.request("DELETE", f"/v1/jobs/{job}")
        status = talk.getresponse().status
        self.cancelled.append((time.monotonic() - start, unheard(self.process) - before))
        self.statuses[status] += 1
        if status != 204:
            self.wrong.append(f"cancelling: {status}")
        talk.close()


async def client(
    number: int, address: str, pictures: list[bytes], right: list[bytes], end: float, tally: Tally
) -> None:
    """One client until the end."""
    rng = random.Random(number)
    kind = number % KINDS
    async with httpx.AsyncClient(base_url=address, timeout=300, trust_env=False) as http:

        async def ask(method: str, path: str, bad: bool = False, **more: object) -> httpx.Response:
            try:
                answer = await http.request(method, path, **more)  # type: ignore[arg-type]
            except httpx.TransportError as error:
                tally.wrong.append(f"{method} {path}: {type(error).__name__}")
                return httpx.Response(503, headers={"Retry-After": "1"})
            tally.statuses[answer.status_code] += 1
            expected = answer.status_code == NO_PHOTO if bad else answer.is_success
            if not expected and answer.status_code not in REFUSALS:
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
                await ask("POST", "/v1/photos", bad=True, content=b"no photo")
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
        await asyncio.to_thread(tally.cancel, job)
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
    """MiB that a process had at most."""
    for line in Path(f"/proc/{process}/status").read_text("ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def unheard(process: int) -> float:
    """Seconds in which the first thread of a process could run and had no processor, so far."""
    return int(Path(f"/proc/{process}/task/{process}/schedstat").read_text("ascii").split()[1]) / 1e9


def processor_seconds(process: int) -> float:
    """Processor time of a process, so far."""
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(options: argparse.Namespace, address: str, process: int) -> None:
    """Run the clients and print what came of it."""
    clients, seconds = options.clients, options.seconds
    pictures, right = photos(options.megapixels), []
    async with httpx.AsyncClient(base_url=address, timeout=300, trust_env=False) as http:
        for picture in pictures:
            photo = (await http.post("/v1/photos", content=picture)).json()["id"]
            right.append((await http.post(f"/v1/photos/{photo}/colors", json={"hints": HINTS})).content)
    tally, before, spent = Tally(address, process), memory(process), processor_seconds(process)
    end = time.monotonic() + seconds
    tasks = [
        asyncio.create_task(client(number, address, pictures, right, end, tally)) for number in range(clients)
    ]
    await asyncio.gather(*tasks)
    spent = processor_seconds(process) - spent
    print(
        f"{clients} clients, {seconds:g} s: {sum(tally.statuses.values())} answers in {spent:.0f} s of the "
        "service's processor time"
    )
    print("statuses:", dict(sorted(tally.statuses.items())))
    print(f"memory: at most {before:.0f} MiB before, {memory(process):.0f} after")
    if tally.cancelled:
        late, own = max(tally.cancelled)[0], max(all_ - not_heard for all_, not_heard in tally.cancelled)
        print(
            f"cancelled: {len(tally.cancelled)}, the slowest after {late:.2f} s; without unheard {own:.2f} s"
        )
    print("wrong:", Counter(tally.wrong).most_common(10) or "nothing")


def main() -> None:
    """Start a service, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--megapixels", type=float, default=0.5)
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
        asyncio.run(measure(options, address, service.pid))
        print("alive:", service.poll() is None)
    finally:
        service.send_signal(signal.SIGINT)
        service.wait(300)


if __name__ == "__main__":
    main()
