"""The record of a step: there and back, always the same bytes, and whatever somebody else may have written."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.errors import PhotoError
from safelight.provenance.made import Made, Region, Source, UsedFile, UsedModel, checksum, now

SHA = "ab" * 32
WHOLE = Made(
    "fill",
    "learned",
    {"method": "auto", "grow": 2.0, "hints": [{"x": 0.5}]},
    (UsedModel("fill", SHA),),
    (Source("a.jpg", SHA, "print", "xmp.did:1", "xmp.iid:2"),),
    {"mask": UsedFile("a-mask.png", SHA)},
    Region(1, 2, 3, 4, 5),
    "print",
    "onnxruntime 1.0",
    {"numpy": "2"},
    "0.1.0",
    "2026-11-29T05:00:00Z",
)


def test_there_and_back() -> None:
    assert Made.from_json(WHOLE.to_json()) == WHOLE
    small = Made("sample", "generated")
    assert Made.from_json(small.to_json()) == small


@given(st.text(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_any_settings_and_names(name: str, value: object) -> None:
    made = Made("colorize", "learned", {name: value}, files={"mask": UsedFile("a", SHA)})
    text = made.to_json()
    assert text.isascii()
    assert "\n" not in text
    assert Made.from_json(text) == made


def test_the_id_follows_from_all_of_it() -> None:
    from dataclasses import replace

    assert WHOLE.id == Made.from_json(WHOLE.to_json()).id
    others = [replace(WHOLE, when="x"), replace(WHOLE, settings={}), replace(WHOLE, sources=())]
    assert len({WHOLE.id, *(each.id for each in others)}) == 4


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "C:\\Users\\else\\passwd", "a/../passwd", "passwd"]
)
def test_a_record_of_others_names_files_and_no_folders(name: str) -> None:
    said = json.loads(WHOLE.to_json())
    said["sources"][0]["name"] = said["files"]["mask"]["name"] = name
    made = Made.from_json(json.dumps(said))
    assert made.sources[0].name == made.files["mask"].name == "passwd"


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "null", "{", '"a"', "[" * 100_000, "{}", '{"format":2}', '{"format":1}'),
        *('{"format":1,"command":1,"kind":"learned"}', '{"format":1,"command":"a","kind":"odd"}'),
        *('{"format":1,"command":"a","kind":[]}', '{"format":1,"command":"a","kind":"learned","models":3}'),
        *(
            '{"format":1,"command":"a","kind":"learned","models":[1]}',
            '{"format":1,"command":"a","kind":"learned","files":[]}',
        ),
        *(
            '{"format":1,"command":"a","kind":"learned","region":{"left":1}}',
            '{"format":1,"command":"a","kind":"learned","region":{"left":"x","top":1,"width":1,"height":1,"pixels":1}}',
        ),
        '{"format":1,"command":"a","kind":"learned","sources":[{"name":"a"}]}',
        '{"format":1,"command":"a","kind":"learned","settings":7}',
    ],
)
def test_what_is_no_record_is_said_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        Made.from_json(text)


def test_unknown_fields_of_a_newer_safelight_are_passed_over() -> None:
    said = json.loads(WHOLE.to_json()) | {"mood": "good"}
    assert Made.from_json(json.dumps(said)) == WHOLE


def test_the_time_is_that_of_source_date_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert now() == "1970-01-01T00:00:00Z" == Made("a", "learned").when
    for odd in ("soon", "-1", "9" * 30):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", odd)
        assert now() > "2026"


def test_a_checksum(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert checksum(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(PhotoError, match="cannot be read"):
        checksum(tmp_path / "b")
