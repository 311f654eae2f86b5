"""Hints: what is accepted, what is refused in one line, and what survives a file."""

import itertools
import json
import math
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import CSS4_COLORS

from safelight.errors import HintError
from safelight.tasks.colorize.hint_values import MAX_CORNERS
from safelight.tasks.colorize.hints import MAX_FILE_BYTES, MAX_HINTS, Hint, HintSet, as_hint_set
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


@pytest.mark.parametrize("name", sorted(CSS4_COLORS))
def test_names_of_css(name: str) -> None:
    """As matplotlib has them."""
    assert Hint(0, 0, name).hex == CSS4_COLORS[name].lower()


@pytest.mark.parametrize(
    ("color", "wanted"),
    [
        ("Dark Red", "#8b0000"),
        (" RED ", "#ff0000"),
        ("#f80", "#ff8800"),
        (" #F80 ", "#ff8800"),
        ("#000", "#000000"),
    ],
)
def test_short_and_spoken_colors(color: str, wanted: str) -> None:
    assert Hint(0, 0, color).hex == wanted


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
        ({"color": "redd"}, "hint color is 'redd'; expected #rrggbb, such as #c04030.*; did you mean red"),
        ({"color": "#ffff"}, "hint color is '#ffff'; expected #rrggbb"),
        ({"color": "fff"}, "hint color is 'fff'"),
        ({"color": ""}, "hint color is ''"),
        ({"color": np.zeros((3, 3))}, "hint color is array"),
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
        ("", "is not JSON (line 1, column 1: expecting value); expected a hint file"),
        ("{\n 1}", "is not JSON (line 2, column 2: "),
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
        (document(ROW, {**ROW, "colour": RED}), "and optionally radius and region: write 'color'"),
        (document({"x": 0, "color": RED}), "hint 1 has no 'y'"),
        (document(ROW).replace('"y"', '"x"'), "has the key 'x' twice in one object; keep one"),
        (document(ROW).replace('"version"', '"hints"'), "has the key 'hints' twice"),
        (document({**ROW, "q" * 100_000: 1}), "hint 1 has an unknown key 'qqq"),
        (document(ROW, {**ROW, "x": 77}), "hint 2: hint x is 77"),
        (document(*[ROW] * (MAX_HINTS + 1)), "at most"),
        (" " * (MAX_FILE_BYTES + 1), "is larger than 4 MB"),
    ],
    ids=range(25),
)
def test_a_broken_file_is_named_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "broken.hints.json"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(HintError, match=re.escape(said)) as excinfo:
        HintSet.load(path)
    assert one_line(excinfo).startswith(f"{path}: ")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_and_a_device_are_not_waited_for(tmp_path: Path) -> None:
    pipe, link = tmp_path / "a.hints.json", tmp_path / "b.hints.json"
    os.mkfifo(pipe)
    link.symlink_to("/dev/zero")
    for path in (pipe, link):
        with pytest.raises(HintError, match="is not a regular file; expected a hint file") as excinfo:
            HintSet.load(path)
        assert one_line(excinfo).startswith(f"{path}: ")


def test_what_counts_as_hints() -> None:
    hint = Hint(0.5, 0.25, "red", 0.02)
    row = (0.5, 0.25, "#f00", 0.02)
    for given_ in (hint, row, [hint], [row], (row,), HintSet([row]), iter([hint]), [list(row)]):
        assert as_hint_set(given_) == HintSet([hint])
    assert as_hint_set(None) == as_hint_set([]) == as_hint_set(()) == HintSet()
    assert as_hint_set((0.5, 0.25, "red")) == HintSet([Hint(0.5, 0.25, "red")])


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("dress.json", "hints: expected a HintSet, .* found 'dress.json'; HintSet.load reads a hint file"),
        (Path("dress.json"), "HintSet.load reads"),
        ({"x": 0.5}, "hints: expected a HintSet, .* found {'x': 0.5}"),
        (5, "hints: expected a HintSet, .* found 5"),
        (["red"], r"hints: expected a HintSet, .* number 1 is \['red'\]"),
        ([(0.5, 0.5, "red"), "red"], "number 2 is 'red'"),
        ([(0.5, 0.5)], r"number 1 is \(0.5, 0.5\)"),
        ([None], "number 1 is None"),
        (np.zeros((2, 3)), "number 1 is array"),
        ([(320, 0.5, "red")], "hint 1: hint x is 320"),
        (itertools.repeat(Hint(0, 0, "red")), "at most"),
    ],
)
def test_what_does_not(wrong: object, said: str) -> None:
    with pytest.raises(HintError, match=said) as excinfo:
        as_hint_set(wrong)
    one_line(excinfo)


@pytest.mark.parametrize("wrong", [None, ["red", "blue"], "red", 5])
def test_a_set_looks_at_what_it_is_made_of(wrong: object) -> None:
    with pytest.raises(HintError, match="hints: expected a HintSet"):
        HintSet(wrong)  # type: ignore[arg-type]


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


def test_a_strange_name_is_said_in_one_line(tmp_path: Path) -> None:
    """A name may hold line ends and what a terminal takes for orders; both are shown, not done."""
    path = tmp_path / "a\nb\x1b[31m.json"
    for _ in range(2):
        with pytest.raises(HintError, match=r"a\\nb\\x1b\[31m\.json") as raised:
            HintSet.load(path)
        assert str(raised.value).isprintable()
        path.write_text("no JSON")


@pytest.mark.parametrize("wrong", [None, 5, b"x", [], {}, np.zeros((9, 9)), ""])
def test_a_path_that_is_none_is_one_line(wrong: object) -> None:
    for use in (HintSet.load, HintSet().save):
        with pytest.raises(HintError, match="expected its path") as raised:
            use(wrong)  # type: ignore[arg-type]
        assert str(raised.value).isprintable()


def test_a_number_of_numpy_is_no_list() -> None:
    """An array without axes says that it can be iterated, and cannot."""
    with pytest.raises(HintError, match="expected a HintSet"):
        HintSet(np.array("x"))  # type: ignore[arg-type]
