"""safelight darkroom and safelight serve as a user runs them: processes of their own."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import httpx
import pytest

from tests.cli.shell import safelight, start


@contextmanager
def started(*words: str | Path) -> Iterator[tuple[Popen[str], str]]:
    """A command and the address that it prints; ended as Ctrl-C does."""
    process = start(*words)
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=300)
        assert "Traceback" not in said[1], said[1]


def test_the_darkroom_prints_an_address_that_opens_the_page_once(grey_photo: Path) -> None:
    with started("darkroom", grey_photo, "--no-browser", "--port", "0") as (process, address):
        base, _, token = address.partition("/?token=")
        assert token, (address, process.poll())
        with httpx.Client(base_url=base, trust_env=False, timeout=60) as browser:
            assert browser.get("/v1/photos").status_code == 401
            page = browser.get("/", params={"token": token}, follow_redirects=True)
            assert page.status_code == 200
            assert page.headers["content-type"].startswith("text/html")
            assert "token" not in str(page.url)
            (photo,) = browser.get("/v1/photos").json()["photos"]
            assert photo["name"] == "grandmother.jpg"
            assert browser.get(f"/v1/photos/{photo['id']}").json()["opened"] is True
        with httpx.Client(base_url=base, trust_env=False, timeout=60) as other:
            other.get("/", params={"token": token}, follow_redirects=True)
            assert other.get("/v1/photos").status_code == 401


def test_serve_answers_whoever_has_the_token() -> None:
    with started("serve", "--token", "secret", "--port", "0") as (_, address):
        assert httpx.get(f"{address}/v1", trust_env=False, timeout=60).status_code == 401
        headers = {"Authorization": "Bearer secret"}
        assert httpx.get(f"{address}/v1", headers=headers, trust_env=False, timeout=60).status_code == 200
        assert httpx.get(f"{address}/", headers=headers, trust_env=False, timeout=60).status_code == 404


def test_a_service_that_is_ended_at_once_ends_in_order_and_says_nothing(grey_photo: Path) -> None:
    """Its models are still being opened then; ONNX Runtime aborts a process that ends around it."""
    process = start("darkroom", grey_photo, "--no-browser", "--port", "0")
    assert process.stdout is not None
    assert process.stdout.readline().startswith("http")
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=300)
    assert (process.returncode, said) == (143, "")


def test_what_clients_send_wrong_fills_no_log() -> None:
    with started("serve", "--port", "0") as (process, address):
        port = int(address.rpartition(":")[2])
        for sent in (
            b"no http\r\n\r\n",
            b"GET /\x1b[2J%0d%0aroot HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            b"GET /v1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: close, upgrade\r\n\r\n",
            b"GET /v1 HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", port), 60) as talk:
                talk.sendall(sent)
                assert talk.recv(100).startswith(b"HTTP/1.1 ")
        hung_up = b"POST /v1/photos HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12"
        with socket.create_connection(("127.0.0.1", port), 60) as talk:
            talk.sendall(hung_up)
        assert httpx.get(f"{address}/health", trust_env=False, timeout=60).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=300)[1].strip() in ("", "safelight: stopped")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("darkroom", "nothere.jpg", "--no-browser"), "nothere.jpg: there is no such photo"),
        (("serve", "--host", "0.0.0.0"), "give a --token"),
        (("serve", "--color-model", "nosuch"), "there is no model 'nosuch'"),
        (("serve", "--host", "256.1.1.1", "--token", "x"), "cannot be listened at"),
    ],
)
def test_what_cannot_be_served_is_said_in_a_line(words: tuple[str, ...], said: str) -> None:
    done = safelight(*words)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_said_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = safelight("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "choose another --port" in done.stderr
