"""The page's files: packed where that is understood, not sent again, and nothing else is packed."""

from importlib.resources import files

from tests.service.conftest import Service

PLAIN = {"Accept-Encoding": "identity"}


def test_the_page_s_files_are_sent_packed_and_once(service: Service) -> None:
    for name in ("main.js", "style.css", "icon.svg"):
        written = (files("safelight") / "page" / name).read_bytes()
        packed = service.client.get(f"/page/{name}")
        assert packed.content == written  # the client has unpacked it
        assert packed.headers["content-encoding"] == "gzip"
        assert int(packed.headers["content-length"]) < len(written)
        plain = service.client.get(f"/page/{name}", headers=PLAIN)
        assert plain.content == written
        assert "content-encoding" not in plain.headers
        assert packed.headers["etag"] != plain.headers["etag"]
        assert {packed.headers["vary"], plain.headers["vary"]} == {"Accept-Encoding"}
        for first, headers in ((packed, {}), (plain, PLAIN)):
            again = service.client.get(
                f"/page/{name}", headers={**headers, "If-None-Match": first.headers["etag"]}
            )
            assert (again.status_code, again.content) == (304, b"")


def test_answers_are_never_packed(service: Service) -> None:
    for path in ("/v1", "/v1/photos", "/openapi.json", "/page/none.js"):
        answer = service.client.get(path, headers={"Accept-Encoding": "gzip, br"})
        assert "content-encoding" not in answer.headers
