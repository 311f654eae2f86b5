"""A real darkroom on a free port and a real headless Chromium. Every test fails on an error of the page, on what its
security policy refuses, and on any request to another host."""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.page.desk import WAIT, Desk

EXAMPLES = Path(__file__).parents[2] / "examples"
START = WAIT // 1000  # seconds


class Room:
    """A running `safelight darkroom`: its address, and the cookie that its one-time token was changed for."""

    def __init__(self, process: subprocess.Popen[str] | None, address: str) -> None:
        self.process, self.address = process, address
        self.origin = "{0.scheme}://{0.netloc}".format(urlsplit(address))
        self.cookies: list[Any] = []


def start(*photos: Path, port: int = 0) -> Room:
    """Start the command, and read the address that it prints."""
    command = [sys.executable, "-m", "safelight", "darkroom", "--no-browser", "--port", str(port)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [*command, *map(str, photos)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )
    assert process.stdout
    said, end = "", time.monotonic() + START
    while time.monotonic() < end:
        line = process.stdout.readline()
        said += line
        found = re.search(r"http://\S+", line)
        if found:
            return Room(process, found.group())
        if not line and process.poll() is not None:
            break
    process.kill()
    process.communicate()
    raise AssertionError(f"safelight darkroom printed no address: {said}")


def stop(room: Room) -> None:
    """End it as Ctrl-C does."""
    if room.process:
        room.process.terminate()
        room.process.communicate(timeout=START)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all tests of a process."""
    api = pytest.importorskip("playwright.sync_api", reason="the page's tests need playwright")
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("the page's tests need a Chromium")
    with warnings.catch_warnings():
        # Playwright leaves the pipes of its driver to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        with api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"], timeout=WAIT)
            yield browser
            browser.close()
        del browser, playwright
        gc.collect()


@pytest.fixture(scope="session")
def room() -> Iterator[Room]:
    """One darkroom without photos of its own, for all tests of a process."""
    pytest.importorskip("fastapi", reason="the page's tests need safelight[darkroom]")
    pytest.importorskip("uvicorn", reason="the page's tests need safelight[darkroom]")
    given = os.environ.get("SAFELIGHT_TEST_ROOM")
    if given:
        yield Room(None, given)
        return
    running = start()
    yield running
    stop(running)


MakeDesk = Callable[..., Desk]


@pytest.fixture
def make_desk(chromium: Any, room: Room) -> Iterator[MakeDesk]:
    """Opens the page in a browser context of its own; at the end nothing may have gone wrong in any."""
    contexts: list[Any] = []
    wrong: list[str] = []

    def make(other: Room | None = None, **options: Any) -> Desk:
        asked = other or room
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", **options}
        context = chromium.new_context(accept_downloads=True, **options)
        context.set_default_timeout(WAIT)
        contexts.append(context)
        context.add_cookies(asked.cookies)
        context.on("request", lambda request: _check_host(request.url, asked.origin, wrong))
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(f"error in the page: {error}"))
        page.on("console", lambda message: _check_message(message, wrong))
        page.goto(asked.origin if asked.cookies else asked.address)
        if not asked.cookies:
            asked.cookies = context.cookies()
        if other is None:
            _forget_photos(page)
            page.reload()
        return Desk(page).ready()

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    """The page at 1280 × 800, empty."""
    return make_desk()


@pytest.fixture
def children(desk: Desk) -> Desk:
    """The page with the three children of the 1860s, in color."""
    return desk.open(EXAMPLES / "three-children-1860s.jpg")


def _check_host(url: str, origin: str, wrong: list[str]) -> None:
    if not url.startswith((origin, "blob:", "data:")):
        wrong.append(f"a request to another host: {url}")


def _check_message(message: Any, wrong: list[str]) -> None:
    # An HTTP error that the page shows to its user is also a line on the console.
    if message.type == "error" and not message.text.startswith("Failed to load resource"):
        wrong.append(f"on the console: {message.text}")


FORGET = """async () => {
  const { photos } = await (await fetch("/v1/photos")).json();
  await Promise.all(photos.map((each) => fetch(`/v1/photos/${each.id}`, { method: "DELETE" })));
}"""


def _forget_photos(page: Any) -> None:
    page.evaluate(FORGET)
