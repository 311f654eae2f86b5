"""A real service on a free port, in this process, and a client that speaks to it."""

import contextlib
import fnmatch
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

httpx = pytest.importorskip("httpx")
pytest.importorskip("fastapi")
uvicorn = pytest.importorskip("uvicorn")

from safelight.pixels.encode import write_photo  # noqa: E402
from safelight.pixels.photo import Photo  # noqa: E402
from safelight.service.darkroom import Darkroom, Models  # noqa: E402
from safelight.service.guard import Keys  # noqa: E402
from safelight.service.limits import Limits  # noqa: E402
from safelight.service.serving import Place, address_of, configured  # noqa: E402

SECONDS = 120.0  # that a job may take on a busy machine


class Service:
    """A running service: its darkroom, its address and a client without any token."""

    def __init__(self, room: Darkroom, address: str, server: Any) -> None:
        self.room, self.address, self.server = room, address, server
        self.client = httpx.Client(base_url=address, timeout=SECONDS, trust_env=False)

    def send(self, path: Path) -> dict[str, Any]:
        """Send a photo; the photo as JSON."""
        answer = self.client.post("/v1/photos", params={"name": path.name}, content=path.read_bytes())
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def ended(self, job: dict[str, Any]) -> dict[str, Any]:
        """The job once it has ended."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            found = self.client.get(f"/v1/jobs/{job['id']}").json()
            if found["state"] not in ("waiting", "running"):
                return dict(found)
            time.sleep(0.05)
        raise AssertionError("the job does not end")

    def planes(self, answer: Any) -> np.ndarray:
        """The planes of an answer."""
        assert answer.status_code == 200, answer.text
        shape = tuple(map(int, answer.headers["Safelight-Shape"].split(",")))
        return np.frombuffer(answer.content, "<f2").reshape(shape).astype(np.float32)


Start = Callable[..., Service]


@contextlib.contextmanager
def running(
    limits: Limits | None = None, keys: Keys | None = None, photos: tuple[Path, ...] = (), page: bool = True
) -> Iterator[Service]:
    """A service that ends with the block."""
    room = Darkroom(limits or Limits(), Models(), photos)
    listening = Place().open()
    server = uvicorn.Server(configured(room, keys or Keys(None), page=page))
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    service = Service(room, address_of(listening), server)
    try:
        yield service
    finally:
        service.client.close()
        server.should_exit = True
        # On a busy machine a job may run on for some seconds, and the socket stays open until then.
        thread.join(60)
        listening.close()


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """One service for the tests of a module."""
    with running() as started:
        yield started


def drawn(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A grey picture with edges, gradients and some grain: uint8 (h, w)."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    picture = 90 + 60 * np.sin(columns / width * 7) + 40 * rows / height
    picture = picture.astype(np.float32)
    cv2.circle(picture, (width // 3, height // 2), min(height, width) // 4, 200.0, -1)
    cv2.rectangle(picture, (width // 2, height // 4), (width - width // 8, height // 2), 40.0, -1)
    return (picture + rng.normal(0, 3, picture.shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture
def grey_photo(tmp_path: Path) -> Path:
    """A grey JPEG of 300 x 420 pixels."""
    grey = np.repeat(drawn(300, 420)[..., None], 3, axis=2)
    return write_photo(tmp_path / "grandmother.jpg", Photo(grey))


def mask_file(path: Path, height: int = 300, width: int = 420) -> Path:
    """A mask of one long scratch."""
    mask = np.zeros((height, width), np.uint8)
    cv2.line(mask, (20, 30), (width - 30, height - 60), 255, 4)
    cv2.imwrite(str(path), mask)
    return path


def files_below(folder: Path, pattern: str) -> list[str]:
    """Names of the files below a folder. Folders may go meanwhile, which Path.rglob trips over."""
    return [name for _, _, names in os.walk(folder) for name in fnmatch.filter(names, pattern)]
