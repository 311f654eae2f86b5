"""hints.schema.json says what a hint file is; docs/hints.md shows one. Code, schema and page agree."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from matplotlib.colors import CSS4_COLORS

from safelight.errors import HintError
from safelight.tasks.colorize.hint_values import MAX_CORNERS
from safelight.tasks.colorize.hints import MAX_HINTS, Hint, HintSet
from tests.tasks.strategies import fractions, hex_colors, hint_sets

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((files("safelight.tasks.colorize") / "hints.schema.json").read_text(encoding="utf-8"))
FITS = Draft202012Validator(SCHEMA)
PAGE = (ROOT / "docs" / "hints.md").read_text(encoding="utf-8")
ROW: dict[str, Any] = {"x": 0.5, "y": 0.25, "color": "#c04030"}


def document(*rows: object, **other: object) -> dict[str, object]:
    return {"format": "safelight-hints", "version": 1, "hints": list(rows), **other}


def loads(value: object) -> bool:
    try:
        HintSet.from_json(value)
    except HintError:
        return False
    return True


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_names_of_colors_are_those_of_css() -> None:
    """As matplotlib has them."""
    assert set(SCHEMA["$defs"]["name"]["enum"]) == set(CSS4_COLORS)


@pytest.mark.parametrize("color", ["red", "rebeccapurple", "#fff", "#8c2f39", "8c2f39"])
def test_ways_to_write_a_color_in_a_file(color: str) -> None:
    assert FITS.is_valid(document({**ROW, "color": color}))
    assert loads(document({**ROW, "color": color}))


def test_every_word_of_the_schema_is_explained() -> None:
    hint = SCHEMA["$defs"]["hint"]
    for each in (SCHEMA, hint, *SCHEMA["properties"].values(), *hint["properties"].values()):
        assert each["description"]


def test_the_schema_has_the_limits_of_the_code() -> None:
    assert SCHEMA["properties"]["hints"]["maxItems"] == MAX_HINTS
    assert SCHEMA["$defs"]["hint"]["properties"]["region"]["maxItems"] == MAX_CORNERS
    assert SCHEMA["$defs"]["hint"]["properties"]["radius"]["default"] == Hint(0, 0, "#000000").radius


@settings(max_examples=40)
@given(hint_sets)
def test_saved_files_fit(tmp_path_factory: pytest.TempPathFactory, hints: HintSet) -> None:
    path = hints.save(tmp_path_factory.getbasetemp() / "schema.hints.json")
    FITS.validate(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.hints.json")), ids=lambda path: path.name)
def test_the_examples_fit(path: Path) -> None:
    FITS.validate(json.loads(path.read_text(encoding="utf-8")))
    assert len(HintSet.load(path))


@pytest.mark.parametrize(
    "broken",
    [
        [],
        {},
        document(format="other"),
        document(version=2),
        document(version="1"),
        document(hints={}),
        document(3),
        document({"x": 0, "y": 0}),
        document({**ROW, "colour": "#c04030"}),
        document({**ROW, "x": 1.01}),
        document({**ROW, "y": "0.5"}),
        document({**ROW, "radius": 0.51}),
        document({**ROW, "color": "reddish"}),
        document({**ROW, "color": "#ff"}),
        document({**ROW, "color": "fff"}),
        document({**ROW, "color": [1, 1]}),
        document({**ROW, "color": [1, 1, 255]}),
        document({**ROW, "region": [[0, 0], [1, 1]]}),
        document({**ROW, "region": [[0, 0], [1, 1], [1]]}),
        document({**ROW, "region": [[0, 0], [1, 1], [1, 2]]}),
        document(*[ROW] * (MAX_HINTS + 1)),
    ],
    ids=range(21),
)
def test_what_is_broken_fits_neither_schema_nor_code(broken: object) -> None:
    assert not FITS.is_valid(broken)
    assert not loads(broken)


near_rows = st.fixed_dictionaries(
    {},
    optional={
        "x": fractions | st.sampled_from([-0.1, 2, "0", None, True]),
        "y": fractions | st.integers(-1, 2),
        "color": hex_colors
        | st.sampled_from(["#fff", "red", "C04030", "fff", "Red", "reddish"])
        | st.lists(fractions, max_size=4),
        "radius": st.floats(-0.1, 0.6),
        "region": st.none() | st.lists(st.lists(fractions, min_size=1, max_size=3), max_size=4),
        "colour": hex_colors,
    },
)


@settings(max_examples=200)
@given(near_rows.map(lambda row: {**ROW, **row}))
def test_what_fits_the_schema_loads(row: dict[str, object]) -> None:
    assert loads(document(row)) or not FITS.is_valid(document(row))


def test_the_page_shows_a_file_that_loads() -> None:
    shown = [
        json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    ]
    assert shown
    for each in shown:
        FITS.validate(each)
        assert len(HintSet.from_json(each))


def test_the_python_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert blocks
    for block in blocks:
        exec(block, {})
    written = HintSet.load(tmp_path / "dress.hints.json")
    shown = re.search(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert written == HintSet.from_json(json.loads(shown.group(1)))


def test_the_page_explains_every_key_and_limit() -> None:
    for key in (*SCHEMA["properties"], *SCHEMA["$defs"]["hint"]["properties"]):
        assert f"`{key}`" in PAGE
    assert f"{MAX_HINTS:,}" in PAGE
    assert f"{MAX_CORNERS:,}" in PAGE
