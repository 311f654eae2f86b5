"""JSON bodies that mean two things, or nothing, are refused in a line, wherever JSON comes in."""

import re
from pathlib import Path

import pytest

from tests.service.conftest import Service, mask_file

ROUTES = ("colors", "certainty", "likely", "suggestions", "scratches", "fill", "project", "result")
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def photo(service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of an open photo that has a mask, so that only the body can be at fault."""
    sent = service.send(Path("examples/scratched.jpg"))
    at = f"/v1/photos/{sent['id']}"
    mask = mask_file(tmp_path_factory.mktemp("mask") / "m.png", sent["height"], sent["width"])
    assert service.client.put(f"{at}/mask", content=mask.read_bytes()).is_success
    return at


@pytest.mark.parametrize("route", ROUTES)
def test_a_key_that_is_there_twice_is_refused_on_every_route(
    service: Service, photo: str, route: str
) -> None:
    answer = service.client.post(f"{photo}/{route}", content=b'{"x": 0.1, "y": 0.5, "x": 0.9}')
    assert answer.status_code == 422
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["detail"] == "the body has the key 'x' twice in one object; keep one"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (
            b'{"hints": [{"x": 0.1, "y": 0.1, "color": "#aaa", "color": "#bbb"}]}',
            422,
            "the key 'color' twice",
        ),
        (b'{"vivid": 0.5, "vi\\u0076id": 0.6}', 422, "the key 'vivid' twice"),
        (b'{"vivid": NaN}', 400, "not JSON"),
        (b'{"vivid": -Infinity}', 400, "not JSON"),
        (b'{"vivid": 0.5', 400, "not JSON"),
        ('{"vivid": 0.5}'.encode("utf-16"), 400, "not JSON"),
        (b'{"vivid": ' + b"9" * 5000 + b"}", 400, "not JSON"),
        (b"[" * 100_000, 422, "nested too deeply"),
        (b'{"\\ud800": 1}', 422, "half of a letter"),
        (b'{"reach": "\\udfff"}', 422, "half of a letter"),
        (b'{"unknown": 1}', 422, "unknown"),
    ],
)
def test_what_is_no_clear_json_is_refused(
    service: Service, photo: str, body: bytes, status: int, said: str
) -> None:
    answer = service.client.post(f"{photo}/colors", content=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    assert said in answer.json()["detail"]
    assert "\n" not in answer.json()["detail"]


def test_whole_letters_and_a_mark_at_the_beginning_pass(service: Service, photo: str) -> None:
    body = b'\xef\xbb\xbf{"page": {"\\ud83d\\ude00": "\\u00e9"}}'
    answer = service.client.post(f"{photo}/project", content=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["page"] == {"😀": "é"}


def test_what_the_page_keeps_for_itself_may_not_be_nested_without_end(service: Service, photo: str) -> None:
    for depth, status in ((30, 200), (40, 422), (400, 422), (900, 422)):
        body = b'{"page": {"a": ' + b"[" * depth + b"]" * depth + b"}}"
        answer = service.client.post(f"{photo}/project", content=body)
        assert answer.status_code == status, (depth, answer.text)


@pytest.mark.parametrize(
    ("route", "body", "status"),
    [
        ("suggestions", '{"count": 2.0}', 200),
        ("suggestions", '{"count": 2.5}', 422),
        ("suggestions", '{"count": "2"}', 422),
        ("suggestions", '{"count": true}', 422),
        ("suggestions", '{"count": 1e400}', 422),
        ("project", '{"version": 1.0}', 200),
        ("project", '{"version": true}', 422),
    ],
)
def test_a_number_is_whole_however_it_is_written(
    service: Service, photo: str, route: str, body: str, status: int
) -> None:
    """JSON and JSON Schema know no difference between 2 and 2.0, and some languages write no other."""
    answer = service.client.post(f"{photo}/{route}", content=body)
    assert answer.status_code == status, answer.text


def test_the_document_says_which_steps_and_times_a_project_may_have(service: Service) -> None:
    fields = service.client.get("/openapi.json").json()["components"]["schemas"]["ProjectJson"]["properties"]
    assert fields["steps"]["enum"] == [["mend"], ["color"], ["mend", "color"]]
    (saved,) = (each["pattern"] for each in fields["saved"]["anyOf"] if "pattern" in each)
    assert re.search(saved, "2028-02-29T23:59:59Z")
    for wrong in (
        "2026-13-01T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T24:00:00Z",
    ):
        assert not re.search(saved, wrong)
