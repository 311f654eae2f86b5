"""Hints: what is accepted, what is refused in one line, and what survives a file."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safelight.errors import HintError
from safelight.tasks.hints import MAX_CORNERS, MAX_FILE_BYTES, MAX_HINTS, Hint, HintSet
from tests.tasks.strategies import hint_sets, hints

RED = "#c04030"
ROW = {"x": 0.5, "y": 0.25, "color": RED}


def one_line(excinfo: pytest.ExceptionInfo[HintError]) -> str:
    """The message, once it is known to be one line of bearable length."""
    message = str(excinfo.value)
    assert "\n" not in message
    assert len(message) < 300
    return message


def test_a_hint_keeps_what_it_was_told() -> None:
    hint = Hint(0.25, 1, "#FF8000", radius=0.02, region=[[0, 0], [1, 0], [1, 1]])
    assert (hint.x, hint.y, hint.radius) == (0.25, 1.0, 0.02)
    assert hint.color == (1.0, 128 / 255, 0.0)
    assert hint.hex == "#ff8000"
    assert hint.region == ((0, 0), (1, 0), (1, 1))


@pytest.mark.parametrize(
    "color", ["c04030", " #C04030 ", (192 / 255, 64 / 255, 48 / 255), [192 / 255, 64 / 255, 48 / 255]]
)
def test_ways_to_name_a_color(color: object) -> None:
    assert Hint(0, 0, color).hex == RED


def test_numbers_of_numpy_are_numbers() -> None:
    hint = Hint(np.float32(0.5), np.float64(0.25), tuple(np.float32([0, 1, 0])), radius=np.int64(0))
    assert hint == Hint(0.5, 0.25, "#00ff00", radius=0.0)
    assert type(hint.x) is float


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"x": -0.01}, "hint x is -0.01; expected a number from 0 to 1, as a fraction of the picture"),
        (
            {"x": 320},
            "hint x is 320; expected a number from 0 to 1, as a fraction of the picture, not pixels",
        ),
        ({"x": 10**400}, "hint x is 1"),
        ({"y": 1.5}, "hint y is 1.5"),
        ({"y": "0.5"}, "hint y is '0.5'"),
        ({"y": True}, "hint y is True"),
        ({"y": None}, "hint y is None"),
        ({"x": float("nan")}, "hint x is nan"),
        ({"x": float("inf")}, "hint x is inf"),
        (
            {"radius": 0.6},
            "hint radius is 0.6; expected a number from 0 to 0.5, as a fraction of the shorter side",
        ),
        ({"radius": -1}, "hint radius is -1"),
        ({"color": "red"}, "hint color is 'red'; expected #rrggbb, such as #c04030"),
        ({"color": "#fff"}, "hint color is '#fff'"),
        ({"color": "#c04030\n#c04030"}, r"hint color is '#c04030\\n#c04030'"),
        ({"color": (255, 0, 0)}, "hint color is 255; expected a number from 0 to 1, or #rrggbb"),
        ({"color": (0.5, 0.5)}, "expected #rrggbb or three numbers from 0 to 1"),
        ({"color": 0.5}, "hint color is 0.5"),
        ({"color": ["x" * 10_000] * 10_000}, "hint color is"),
        ({"region": []}, "at least three"),
        ({"region": [[0, 0], [1, 1]]}, "at least three"),
        ({"region": "lasso"}, "at least three"),
        ({"region": [[0, 0], [1, 1], [1]]}, r"a corner of a hint region is \[1\]; expected \[x, y\]"),
        ({"region": [[0, 0], [1, 1], [1, 640]]}, "hint region y is 640"),
        ({"region": [[0, 0], [1, 1], "ab"]}, "a corner of a hint region is 'ab'"),
    ],
)
def test_refused_in_one_line(change: dict[str, object], said: str) -> None:
    with pytest.raises(HintError, match=said) as excinfo:
        Hint(**{**ROW, **change})
    one_line(excinfo)


def test_too_many_hints() -> None:
    with pytest.raises(HintError, match=f"found {MAX_HINTS + 1} hints; at most {MAX_HINTS}"):
        HintSet([Hint(**ROW)] * (MAX_HINTS + 1))
    assert len(HintSet([Hint(**ROW)] * MAX_HINTS)) == MAX_HINTS


def test_a_lasso_has_a_limit_of_corners() -> None:
    """A harmless outline, just above it: filling one that crosses itself that often would take very long."""
    outline = [[0.5 + 0.3 * math.cos(t), 0.5 + 0.3 * math.sin(t)] for t in range(MAX_CORNERS + 1)]
    with pytest.raises(
        HintError, match=f"region has {MAX_CORNERS + 1} corners; expected {MAX_CORNERS}"
    ) as excinfo:
        Hint(**ROW, region=outline)
    one_line(excinfo)
    assert len(Hint(**ROW, region=outline[1:]).region or ()) == MAX_CORNERS


@settings(max_examples=60)
@given(hint_sets)
def test_a_file_gives_back_the_very_hints(tmp_path_factory: pytest.TempPathFactory, wanted: HintSet) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.hints.json"
    assert wanted.save(path) == path
    assert HintSet.load(path) == wanted


@settings(max_examples=60)
@given(hints)
def test_hex_is_the_nearest_of_eight_bits(hint: Hint) -> None:
    assert re.fullmatch("#[0-9a-f]{6}", hint.hex)
    np.testing.assert_allclose(Hint(0, 0, hint.hex).color, hint.color, atol=0.5 / 255 + 1e-9)


def test_simple_hints_are_simple_in_the_file(tmp_path: Path) -> None:
    path = HintSet([Hint(0.5, 0.25, RED)]).save(tmp_path / "a.json")
    assert json.loads(path.read_text())["hints"] == [{"x": 0.5, "y": 0.25, "color": RED, "radius": 0.01}]


def test_saving_replaces_the_whole_file_or_nothing(tmp_path: Path) -> None:
    path = HintSet([Hint(**ROW)] * 50).save(tmp_path / "a.json")
    HintSet().save(path)
    assert len(HintSet.load(path)) == 0
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(HintError, match="cannot be written") as excinfo:
        HintSet().save(tmp_path / "no such folder" / "a.json")
    one_line(excinfo)


def test_a_file_from_an_editor_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = HintSet([Hint(**ROW)]).save(tmp_path / "a.json")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert HintSet.load(path) == HintSet([Hint(**ROW)])


def document(*rows: object, **other: object) -> str:
    return json.dumps({"format": "safelight-hints", "version": 1, "hints": list(rows), **other})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not JSON; expected a hint file"),
        ("{", "is not JSON"),
        ("\xff\xd8\xff", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        (document({**ROW, "x": 1}).replace('"x": 1', '"x": 1' + "0" * 5000), "is not JSON"),
        (document({**ROW, "x": 1}).replace('"x": 1', '"x": 1' + "0" * 400), "hint 1: hint x is"),
        (document({**ROW, "x": 1}).replace('"x": 1', '"x": NaN'), "hint 1: hint x is nan"),
        ("[]", 'has no "format"'),
        ("{}", 'has no "format"'),
        (document(format="other"), 'has no "format": "safelight-hints"'),
        (document(version=2), "has version 2; this safelight reads version 1"),
        (document(version=None), "has version None"),
        (document(version=True), "has version True"),
        (document(hints={}), 'has no list "hints"'),
        (document(ROW, 3), "hint 2 is not an object"),
        (document(ROW, {**ROW, "colour": RED}), "hint 2 has an unknown key 'colour'; it takes x, y, color"),
        (document({"x": 0, "color": RED}), "hint 1 has no 'y'"),
        (document({**ROW, "q" * 100_000: 1}), "hint 1 has an unknown key 'qqq"),
        (document(ROW, {**ROW, "x": 77}), "hint 2: hint x is 77"),
        (document(*[ROW] * (MAX_HINTS + 1)), "at most"),
        (" " * (MAX_FILE_BYTES + 1), "is larger than 4 MB"),
    ],
    ids=range(21),
)
def test_a_broken_file_is_named_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "broken.hints.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(HintError, match=re.escape(said)) as excinfo:
        HintSet.load(path)
    assert one_line(excinfo).startswith(f"{path}: ")


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path):
        with pytest.raises(HintError, match=r"cannot be read|there is no hint file") as excinfo:
            HintSet.load(path)
        one_line(excinfo)


any_key = st.sampled_from([*ROW, "region", "radius", "hints"])
any_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_key, inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=100)
@given(any_json)
def test_any_json_is_hints_or_a_hint_error(value: object) -> None:
    for wrong in (value, {"format": "safelight-hints", "version": 1, "hints": [value]}):
        try:
            read = HintSet.from_json(wrong)
        except HintError:
            continue
        assert all(isinstance(hint, Hint) for hint in read)
