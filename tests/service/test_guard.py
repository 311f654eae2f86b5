"""Who is let in: hosts, sites, tokens; and what is refused before it costs anything."""

import socket
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from safelight.service.guard import Keys, is_loopback
from safelight.service.limits import Limits
from safelight.service.photos import tidy_name
from tests.service.conftest import Service, running

PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def locked() -> Iterator[Service]:
    """A service with a token, a page's token and small limits."""
    limits = Limits(upload=100_000, document=20_000, mask=50_000, megapixels=0.2, photos=3)
    with running(limits, Keys("secret", "once")) as started:
        yield started


def authorized(token: str = "secret") -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost", "127.0.0.1", "[::1]", "[::1]:8000", "127.0.0.9:80"]
)
def test_every_name_of_loopback_is_ours_in_any_case(service: Service, host: str) -> None:
    assert service.client.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", "", "a b"]
)
def test_dns_rebinding_is_refused(service: Service, host: str) -> None:
    answer = service.client.get("/v1/photos", headers={"Host": host})
    assert answer.status_code == 403 or (answer.status_code == 400 and not host)


def test_two_hosts_are_refused(service: Service) -> None:
    with socket.create_connection(("127.0.0.1", int(service.address.rpartition(":")[2]))) as talk:
        talk.sendall(b"GET /v1 HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert talk.recv(100).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_requests_of_other_sites_are_refused(service: Service, headers: dict[str, str]) -> None:
    answer = service.client.post("/v1/photos", headers=headers, content=b"x")
    assert answer.status_code == 403
    assert answer.headers["content-type"] == PROBLEM


def test_the_page_s_own_requests_pass(service: Service) -> None:
    headers = {"Origin": service.address.upper().replace("HTTP", "http"), "Sec-Fetch-Site": "same-origin"}
    assert service.client.get("/v1", headers=headers).status_code == 200


def test_without_the_token_nothing_but_health_and_the_page_s_code_is_told(locked: Service) -> None:
    for path in ("/v1", "/v1/photos", "/v1/jobs", "/metrics", "/openapi.json"):
        answer = locked.client.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert locked.client.get(path, headers=authorized("wrong")).status_code == 401
        assert locked.client.get(path, headers={"Authorization": "Basic secret"}).status_code == 401
        assert locked.client.get(path, headers=authorized()).status_code == 200
    assert locked.client.get("/health").status_code == 200


def test_the_document_says_where_a_token_is_needed(locked: Service, service: Service) -> None:
    """So that clients made of it send one, and schemathesis tries what comes without."""
    document = locked.client.get("/openapi.json", headers=authorized()).json()
    (name,) = document["components"]["securitySchemes"]
    scheme = document["components"]["securitySchemes"][name]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation.get("security") == (None if path == "/health" else [{name: []}]), path
    assert "securitySchemes" not in service.client.get("/openapi.json").json()["components"]


def test_the_page_s_token_works_once() -> None:
    with running(keys=Keys(None, "once")) as opened:
        assert opened.client.get("/v1").status_code == 401
        wrong = opened.client.get("/", params={"token": "twice"})
        assert "set-cookie" not in wrong.headers
        first = opened.client.get("/", params={"token": "once"})
        assert first.status_code == 303
        assert first.headers["location"] == "/"
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert opened.client.get("/v1").status_code == 200, "the browser has a cookie now"
        opened.client.cookies.clear()
        assert "set-cookie" not in opened.client.get("/", params={"token": "once"}).headers
        assert opened.client.get("/v1").status_code == 401


def test_every_answer_carries_the_headers_that_keep_a_page_safe(service: Service) -> None:
    for path in ("/health", "/nothing", "/"):
        headers = service.client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/page/../pyproject.toml",
        "/page/..%2f..%2fpyproject.toml",
        "/page/%2e%2e/%2e%2e/etc/passwd",
        "/page//etc/passwd",
        "/page/index.html%00.js",
        "/v1/photos/..%2f..%2fetc%2fpasswd/preview",
        "/v1/photos/%2e%2e/preview",
        "/v1/jobs/../../etc/passwd",
    ],
)
def test_no_path_of_a_request_reaches_the_disk(service: Service, path: str) -> None:
    with socket.create_connection(("127.0.0.1", int(service.address.rpartition(":")[2]))) as talk:
        talk.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: talk.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 404"), answer[:80]
    assert PROBLEM.encode() in answer


@pytest.mark.parametrize(
    ("name", "tidy"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\me.JPG", "me.JPG"),
        ("a\nb\x00.png", "ab.png"),
        ("..", "photo"),
        ("", "photo"),
        (".hidden", "hidden"),
        ("x" * 400 + ".tif", "x" * 120 + ".tif"),
    ],
)
def test_names_are_names(name: str, tidy: str) -> None:
    assert tidy_name(name) == tidy


def png_bomb(width: int, height: int) -> bytes:
    """A PNG that says that it is large, and is a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "image/png", 422),
        (b"no picture", "image/png", 415),
        (b"%PDF-1.7", "application/octet-stream", 415),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "image/jpeg", 422),
        (b"{}", "application/json", 415),
        (b"x", "multipart/form-data; boundary=x", 415),
        (png_bomb(60_000, 60_000), "image/png", 422),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 200_000, "image/png", 413),
    ],
)
def test_bodies_that_are_no_photo_are_refused_in_a_line(
    locked: Service, body: bytes, kind: str, status: int
) -> None:
    for path in ("/v1/photos", "/v1/colorize"):
        answer = locked.client.post(path, content=body, headers={**authorized(), "Content-Type": kind})
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == PROBLEM
        detail = answer.json()["detail"]
        assert "\n" not in detail
        assert str(locked.room.folder) not in detail
    assert locked.client.get("/health").status_code == 200
    assert not any(locked.room.folder.iterdir()), "nothing is left of it"


def test_a_body_without_a_length_is_counted(locked: Service) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            yield b"\xff\xd8\xff" * 1000

    answer = locked.client.post("/v1/photos", content=pieces(), headers=authorized())
    assert answer.status_code == 413
    assert answer.headers["content-type"] == PROBLEM


def test_a_parameter_that_is_there_twice_is_refused(service: Service) -> None:
    answer = service.client.post("/v1/colorize?vivid=0.1&vivid=0.9", content=b"x")
    assert answer.status_code == 422


def test_too_many_photos_are_refused(locked: Service, grey_photo: Path) -> None:
    from PIL import Image

    Image.new("L", (40, 40), 90).save(grey_photo)
    answers = [
        locked.client.post("/v1/photos", content=grey_photo.read_bytes(), headers=authorized())
        for _ in range(4)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert answers[-1].headers["retry-after"]


def test_loopback() -> None:
    assert is_loopback("[::1]")
    assert is_loopback("127.1.2.3")
    assert not is_loopback("0.0.0.0")
    assert not is_loopback("localhost.example")
