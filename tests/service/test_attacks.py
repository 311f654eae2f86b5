"""What somebody would try who means ill: every route without a right to it, odd HTTP, slow clients, names, bombs."""

import contextlib
import io
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from safelight.service.guard import Keys
from safelight.service.limits import Limits
from safelight.service.photos import tidy_name
from safelight.service.routes.jobs import attachment
from tests.service.conftest import Service, mask_file, running

PROBLEM = "application/problem+json"
SECRET = {"Authorization": "Bearer secret"}


SMALL = Limits(megapixels=0.2, photos=3, document=20_000, documents=20_000)


@pytest.fixture(scope="module")
def small() -> Iterator[Service]:
    """A service with a token and small limits."""
    with running(SMALL, Keys("secret", "once")) as started:
        yield started


@pytest.fixture
def not_alone(small: Service) -> Iterator[Service]:
    """The same while another service of the process, started later, takes large photos."""
    with running(Limits()):
        yield small


@pytest.fixture(scope="module")
def impatient() -> Iterator[Service]:
    """A service with a token and little patience."""
    with running(Limits(silent=2), Keys("secret", "once")) as started:
        yield started


@contextlib.contextmanager
def talking(service: Service, first: bytes = b"") -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", int(service.address.rpartition(":")[2])), 20) as talk:
        talk.sendall(first)
        yield talk


def heard(talk: socket.socket) -> bytes:
    """All that comes until the service closes the connection."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while piece := talk.recv(65536):
            parts.append(piece)
    return b"".join(parts)


def routes(service: Service) -> list[tuple[str, str]]:
    """Method and path of all that the service answers, the page's files too."""
    document = service.client.get("/openapi.json", headers=SECRET).json()
    listed = [
        (method.upper(), re.sub(r"\{\w+\}", "x", path))
        for path, operations in document["paths"].items()
        for method in operations
    ]
    return [*listed, ("GET", "/openapi.json"), ("GET", "/"), ("GET", "/page/app.js"), ("GET", "/favicon.ico")]


def test_every_route_refuses_other_hosts_other_sites_and_whoever_has_no_token(small: Service) -> None:
    found = routes(small)
    assert ("GET", "/v1/jobs/events") in found
    assert len(found) > 25
    for method, path in found:
        ask: Callable[..., object] = small.client.request
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
            answer = ask(method, path, headers=SECRET | headers)
            assert answer.status_code == 403, (method, path, headers)  # type: ignore[attr-defined]
        if path.startswith(("/v1", "/metrics", "/openapi")):
            assert ask(method, path).status_code == 401, (method, path)  # type: ignore[attr-defined]


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PATCH", "ODD"])
def test_other_methods_give_nothing_away_and_do_nothing(small: Service, method: str) -> None:
    for path in ("/v1/photos", "/v1/jobs/events", "/v1/photos/x/mask"):
        assert small.client.request(method, path).status_code == 401
        assert small.client.request(method, path, headers=SECRET).status_code == 405
    small.client.request(method, "/", params={"token": "once"})
    assert "set-cookie" not in small.client.request(method, "/", params={"token": "once"}).headers


@pytest.mark.parametrize("host", ["localhost", "[::1]", "[::1]:9", "127.0.0.1:80"])
def test_the_page_s_cookie_has_a_name_under_every_host(host: str) -> None:
    with running(keys=Keys(None, "once")) as opened:
        head = f"GET /?token=once HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        with talking(opened, head.encode()) as talk:
            answer = heard(talk)
        assert answer.startswith(b"HTTP/1.1 303")
        assert b"set-cookie: safelight-" in answer


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ("Origin: http://[::1", 403),
        ("Origin: http://localhost@evil.example", 403),
        ("Origin: http://localhost\r\nOrigin: http://evil.example", 400),
        ("Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site", 400),
        ("Authorization: Bearer secret\r\nAuthorization: Bearer x", 400),
        ("Cookie: " + "a=b; " * 3000, 401),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
        ("Content-Length: 5\r\nContent-Length: 6", 400),
        ("Content-Length: " + "9" * 19, 413),
        ("Content-Length: -1", 400),
        (
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x",
            401,
        ),
        ("X: " + "a" * 200_000, 400),
    ],
)
def test_odd_headers_are_refused(small: Service, headers: str, status: int) -> None:
    with talking(small, f"GET /v1 HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n".encode()) as talk:
        assert talk.recv(100).startswith(f"HTTP/1.1 {status}".encode())
    assert small.client.get("/health").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /v1 HTTP/1.1\r\n\r\n",
        b"GET /v1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"GET /v1 HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n",
        b"GET /v1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST /v1/photos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_told_so_in_a_problem(small: Service, sent: bytes) -> None:
    with talking(small, sent) as talk:
        head, _, body = heard(talk).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert f"content-type: {PROBLEM}".encode() in head.lower()
    assert json.loads(body)["status"] == 400


def test_requests_in_a_row_are_answered_in_a_row_and_a_refused_body_is_no_request(small: Service) -> None:
    asked = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /v1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with talking(small, asked * 5 + last) as talk:
        answers = heard(talk)
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200"] * 5 + [b"401"]
    head = f"POST /v1/photos HTTP/1.1\r\nHost: evil.example\r\nContent-Length: {len(asked)}\r\n\r\n"
    with talking(small, head.encode() + asked + last) as talk:
        answers = heard(talk)
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) in ([b"403"], [b"403", b"401"]), (
        "never the 200 of the body"
    )


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET /health HTTP/1.1\r\nHost: local",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /v1 HTTP/1.1\r\n",
        b"POST /v1/photos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\nContent-Length: 9\r\n\r\n12",
        b"POST /v1/photos/x/colors HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
    ],
)
def test_clients_that_do_not_go_on_are_cut_off(impatient: Service, sent: bytes) -> None:
    start = time.monotonic()
    with talking(impatient, sent) as talk:
        answer = heard(talk)
    assert time.monotonic() - start < 25, "2 s, and 5 where uvicorn waits for another request"
    if b"POST" in sent:
        assert answer.startswith(b"HTTP/1.1 408")
        assert PROBLEM.encode() in answer


def test_a_refused_body_that_never_ends_is_cut_off(impatient: Service) -> None:
    head = b"POST /v1/photos HTTP/1.1\r\nHost: evil.example\r\nTransfer-Encoding: chunked\r\n\r\n"
    with talking(impatient, head) as talk:
        assert talk.recv(100).startswith(b"HTTP/1.1 403")
        with pytest.raises(OSError, match=r"reset|pipe|abort"):
            pour(talk, 25)


def pour(talk: socket.socket, seconds: float) -> None:
    """Send pieces of a body for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        talk.sendall(b"3\r\nabc\r\n")
        time.sleep(0.05)


def test_who_does_not_take_an_answer_is_cut_off(impatient: Service) -> None:
    asked = b"GET /page/app.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.socket() as talk:
        talk.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        talk.connect(("127.0.0.1", int(impatient.address.rpartition(":")[2])))
        talk.settimeout(20)
        with contextlib.suppress(ConnectionError, TimeoutError):
            talk.sendall(asked * 2000)  # answers of some 30 MB
        connections = impatient.server.server_state.connections
        end = time.monotonic() + 120
        while (
            connections and time.monotonic() < end
        ):  # the client is not told: it has no room for that either
            time.sleep(0.05)
        assert not connections
    assert impatient.client.get("/health").status_code == 200


def test_too_many_connections_and_requests_are_told_so() -> None:
    limits = Limits(connections=4, requests=2, silent=5)
    with running(limits) as service, contextlib.ExitStack() as stack:
        follow = b"GET /v1/jobs/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for _ in range(2):
            talk = stack.enter_context(talking(service, follow))
            assert talk.recv(100).startswith(b"HTTP/1.1 200")
        with talking(
            service, b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        ) as talk:
            answer = heard(talk)
            assert answer.startswith(b"HTTP/1.1 503")
            assert PROBLEM.encode() in answer
        for _ in range(2):
            stack.enter_context(talking(service))
        time.sleep(0.2)
        with talking(service) as talk:
            answer = heard(talk)
        assert answer.startswith(b"HTTP/1.1 503")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["status"] == 503
    assert threading.active_count() < 100


def test_streams_of_events_leave_room_for_others() -> None:
    with running(Limits(streams=3, requests=5)) as service, contextlib.ExitStack() as stack:
        follow = b"GET /v1/jobs/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        talks = [stack.enter_context(talking(service, follow)) for _ in range(3)]
        for talk in talks:
            assert talk.recv(100).startswith(b"HTTP/1.1 200")
        with talking(service, follow) as talk:
            answer = heard(talk)
        assert answer.startswith(b"HTTP/1.1 503")
        assert PROBLEM.encode() in answer
        assert service.client.get("/v1/jobs").status_code == 200
        talks[0].close()
        end = time.monotonic() + 30
        while time.monotonic() < end:
            with talking(service, follow) as talk:
                if talk.recv(100).startswith(b"HTTP/1.1 200"):
                    break
            time.sleep(0.05)
        else:
            pytest.fail("who leaves gives his place to another")


def test_large_documents_at_a_time_are_bounded(small: Service) -> None:
    """Two documents of 15 kB where 20 kB are read at a time: the second is told to come again."""
    head = (
        b"POST /v1/photos/x/colors HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n"
        b"Content-Length: 15000\r\nConnection: close\r\n\r\n"
    )
    with talking(small, head) as first, talking(small, head) as second:
        assert heard(second).startswith(b"HTTP/1.1 503")
        first.sendall(b" " * 15000)
        assert not heard(first).startswith(b"HTTP/1.1 503")


NAMES = [
    'a"\r\nSet-Cookie: x=y\r\n\r\n.jpg',
    "😀" * 300 + ".jpg",
    "祖母" * 200,
    "a\u202egpj.exe",
    "CON",
    "%0d%0aX: y",
    "..\\..\\x.jpg",
    ".safelight.json",
    "mask.png",
]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_photo_makes_a_header_a_folder_or_a_fault(
    service: Service, grey_photo: Path, name: str
) -> None:
    sent = service.client.post("/v1/photos", params={"name": name}, content=grey_photo.read_bytes())
    assert sent.status_code == 201, sent.text
    photo = sent.json()
    assert "/" not in photo["name"]
    assert photo["name"].isprintable()
    project = service.client.post(f"/v1/photos/{photo['id']}/project", json={})
    assert project.status_code == 200, project.text
    assert "set-cookie" not in project.headers
    assert project.headers["content-disposition"].isascii()
    job = service.client.post(f"/v1/photos/{photo['id']}/result", json=project.json()).json()
    ended = service.ended(job)
    assert ended["state"] == "done", ended
    result = service.client.get(ended["result"])
    assert result.status_code == 200
    assert "set-cookie" not in result.headers
    inside = {path.resolve().parent.parent for path in service.room.folder.glob("*/*")}
    assert inside <= {service.room.folder.resolve()}


def test_names_are_short_enough_for_any_file_system() -> None:
    for name in NAMES:
        assert len(tidy_name(name).encode()) <= 130
    said = attachment('a\r\nb"\udcff.jpg')
    assert said.isascii()
    assert said.isprintable()


def test_ranges_are_not_served(service: Service, grey_photo: Path) -> None:
    photo = service.send(grey_photo)
    job = service.ended(service.client.post(f"/v1/photos/{photo['id']}/result", json={}).json())
    whole = service.client.get(job["result"])
    for asked in ("bytes=0-0", "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 3000, 2)), "bytes=9-1", "x"):
        answer = service.client.get(job["result"], headers={"Range": asked})
        assert answer.status_code == 200
        assert answer.content == whole.content


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP", "JPEG2000", "AVIF"])
def test_bombs_of_every_kind_are_refused_before_they_are_unpacked(not_alone: Service, kind: str) -> None:
    """A megapixel of one tone, where 0.2 are taken; its file is small."""
    packed = io.BytesIO()
    options = {"compression": "tiff_deflate"} if kind == "TIFF" else {}
    Image.new("L" if kind != "WEBP" else "RGB", (1000, 1000)).save(packed, kind, **options)
    for path in ("/v1/photos", "/v1/colorize", "/v1/suggest", "/v1/scratches"):
        answer = not_alone.client.post(path, content=packed.getvalue(), headers=SECRET)
        assert answer.status_code == 422, answer.text
        assert answer.headers["content-type"] == PROBLEM
        assert "1 megapixels (1000 × 1000); the limit is 0.2" in answer.json()["detail"]


def test_a_mask_that_is_a_bomb_is_refused(not_alone: Service, tmp_path: Path) -> None:
    packed = io.BytesIO()
    Image.fromarray(np.zeros((40, 60), np.uint8)).save(packed, "PNG")
    photo = not_alone.client.post("/v1/photos", content=packed.getvalue(), headers=SECRET).json()
    bomb = mask_file(tmp_path / "m.png", 2000, 3000).read_bytes()
    answer = not_alone.client.put(f"/v1/photos/{photo['id']}/mask", content=bomb, headers=SECRET)
    assert answer.status_code == 422
    assert "megapixels" in answer.json()["detail"]
    not_alone.client.delete(f"/v1/photos/{photo['id']}", headers=SECRET)
    assert not any(not_alone.room.folder.iterdir())


def test_photos_that_are_too_many_bytes_together_are_refused_and_leave_nothing(grey_photo: Path) -> None:
    body = grey_photo.read_bytes()
    with running(Limits(stored=len(body) + 100)) as service:
        first = service.send(grey_photo)
        refused = service.client.post("/v1/photos", content=body)
        assert refused.status_code == 429
        assert refused.headers["retry-after"]
        assert len(list(service.room.folder.iterdir())) == 1
        service.client.delete(f"/v1/photos/{first['id']}")
        service.send(grey_photo)
