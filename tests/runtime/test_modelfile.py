"""Cards and model files: round trip, what is refused and how it is said."""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from safelight.errors import ModelError
from safelight.runtime import modelfile
from safelight.runtime.card import FORMAT, ModelCard, TrainingSet
from safelight.runtime.familiar import Familiarity
from safelight.runtime.modelfile import card_path, find_model, list_bundled
from safelight.tasks.autoencode import prepare as autoencode
from safelight.tasks.autoencode.restore import load_vae
from safelight.tasks.colorize.prepare import ColorizePreparation
from safelight.tasks.inpaint import prepare as inpaint
from safelight.tasks.registry import load
from safelight.tasks.scratches import prepare as finding
from tests.runtime.tiny import CARD, make_model

TOLD = {
    "method": "distance",
    "source": "somebody",
    "features": "of a network",
    "kept": 400,
    "nearest": 5,
    "quantile": 0.97,
    "held_out": 907,
    "distance": 0.43,
}


def port(**change: object) -> dict[str, object]:
    """A port as it stands in a card."""
    return {
        "name": "planes",
        "shape": [1, 7, "h", "w"],
        "range": [-1, 1],
        "meaning": "the question",
        **change,
    }


def test_a_card_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = make_model(tmp_path)
    found = find_model(path)
    assert found.card == replace(CARD, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    assert found.read() == path.read_bytes()


def test_the_page_says_what_a_person_must_know(tmp_path: Path) -> None:
    make_model(tmp_path)
    page = (tmp_path / "tiny.card.md").read_text()
    for part in ("# tiny", "MIT", "| 0 | nothing | CC0 |", "safelight train tiny", "1 × 7 × h × w", "20.5"):
        assert part in page


def test_a_set_of_many_licenses_is_one_row_of_the_page() -> None:
    sets = [("towns", "CC0", 3), ("flowers", "MIT", 6), ("towns", "CC BY", 5)]
    page = replace(CARD, data=tuple(TrainingSet(*each) for each in sets)).to_page()
    assert "| 8 | towns | CC BY; CC0 |\n| 6 | flowers | MIT |\n" in page


def test_a_table_cell_cannot_break_the_table() -> None:
    page = replace(CARD, license="a|b\nc").to_page()
    assert "a\\|b c" in page


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    path = make_model(tmp_path)
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(ModelError, match="checksum"):
        find_model(path).read()


def test_a_model_without_card_is_refused(tmp_path: Path) -> None:
    path = make_model(tmp_path)
    card_path(path).unlink()
    with pytest.raises(ModelError, match=r"has no card; expected tiny\.card\.json"):
        find_model(path)


def test_a_photo_is_no_model_and_a_model_of_another_task_is_called_as_it_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = tmp_path / "grandmother.jpg"
    photo.write_bytes(b"")
    with pytest.raises(ModelError, match=r"grandmother\.jpg: is no \.onnx model; expected a MODEL\.onnx"):
        find_model(photo)
    monkeypatch.setattr(modelfile, "WEIGHTS", tmp_path)
    make_model(tmp_path, "color")
    with pytest.raises(
        ModelError, match=r"^color: is made for the task 'colorize'; expected a model for 'fill'"
    ):
        find_model("color", "fill")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": FORMAT + 1}, "upgrade safelight"),
        ({"format": "one"}, 'no "format" number'),
        ({"task": "inpaint"}, "expected a model for 'colorize'"),
        ({"task": 3}, "task is 3"),
        ({"size": 0}, "size is 0"),
        ({"preparation": []}, "preparation is .*, not an object"),
        ({"scores": "high"}, "scores is 'high', not an object"),
        ({"inputs": [{"name": "planes"}]}, "lacks 'shape'"),
        ({"data": [{"what": 1}]}, "lacks 'name'"),
        ({"format": 0}, "has format 0; expected 1"),
        ({"format": -1}, "has format -1; expected 1"),
        ({"format": True}, 'no "format" number'),
        ({"size": True}, "size is True, not a whole number"),
        ({"size": 10**9}, "size is 1000000000, not a whole number from 1 to 4096"),
        ({"parameters": 24.5}, r"parameters is 24\.5"),
        ({"name": "\ud800"}, "does not hold together .*surrogates"),
        ({"notes": 5}, "notes is 5, not text"),
        ({"inputs": [port(range=[float("nan"), 1])]}, r"range is \[nan, 1\]"),
        ({"inputs": [port(range=[0, float("inf")])]}, r"range is \[0, inf\]"),
        ({"inputs": [port(range=[1, 0])]}, "the lower first"),
        ({"inputs": [port(range=[True, 1])]}, "range is"),
        ({"inputs": [port(shape=[1, 0])]}, "shape is"),
        ({"inputs": {"planes": 1}}, "not a list of objects"),
        ({"data": [{"name": "a", "license": "b", "pictures": -1}]}, "pictures is -1"),
        ({"familiarity": 3}, "familiarity is 3, not an object"),
        ({"familiarity": {**TOLD, "distance": float("nan")}}, "distance is nan"),
        ({"familiarity": {**TOLD, "kept": "many"}}, "kept is 'many'"),
        ({"familiarity": {**TOLD, "quantile": 97}}, "quantile is 97, not a number from 0 to 1"),
    ],
)
def test_a_wrong_card_is_refused_in_one_line(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = make_model(tmp_path)
    card = json.loads(card_path(path).read_text()) | change
    card_path(path).write_text(json.dumps(card))
    with pytest.raises(ModelError, match=message) as refusal:
        find_model(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", "[" * 100_000, '{"format": 1}', '{"format": 1' + "0" * 5000 + "}", "NaN"],
    ids=lambda text: f"{text[:14]}…",
)
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(ModelError) as refusal:
        ModelCard.from_json(text)
    assert len(str(refusal.value)) < 200


def test_a_number_without_end_is_refused_in_one_short_line() -> None:
    text = CARD.to_json().replace('"size": 64', '"size": ' + "9" * 5000)
    with pytest.raises(ModelError, match="is not JSON"):
        ModelCard.from_json(text)
    with pytest.raises(ModelError, match=r"size is 9{60}…, not a whole number"):
        ModelCard.from_json(CARD.to_json().replace('"size": 64', '"size": ' + "9" * 4000))


def test_unknown_fields_of_the_same_format_are_left_out_at_every_level() -> None:
    card = replace(CARD, familiarity=Familiarity(**TOLD))
    row = json.loads(card.to_json()) | {"later": True}
    for part in (row["familiarity"], *row["data"], *row["inputs"], *row["outputs"]):
        part["later"] = {"what": [1]}
    assert ModelCard.from_json(json.dumps(row)) == card


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("vivid_gain", float("nan"), "vivid_gain nan; expected a number"),
        ("vivid_gain", -1, "vivid_gain is -1; expected a number above 0"),
        ("vivid_gain", 1e308, r"vivid_gain is 1e\+308; expected"),
        ("vivid_gain", 10**400, "vivid_gain 1000.*…; expected a number"),
        ("vivid_gain", "much", "vivid_gain 'much'; expected a number"),
        ("vivid_gain", True, "vivid_gain True; expected a number"),
        ("soft_mask", 1, "soft_mask 1; expected true or false"),
        ("propagate", None, "propagate None; expected true or false"),
    ],
)
def test_a_wild_number_in_the_preparation_is_refused(
    tmp_path: Path, name: str, value: object, message: str
) -> None:
    model = make_model(tmp_path, card=replace(CARD, preparation={name: value}))
    with pytest.raises(ModelError, match=message) as refusal:
        load(model)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("task", "preparation"),
    [
        (finding.ScratchesPreparation, {"threshold": float("nan")}),
        (finding.ScratchesPreparation, {"working": 1e3}),
        (finding.ScratchesPreparation, {"working": 3}),
        (inpaint.InpaintPreparation, {"crossover": float("inf")}),
        (inpaint.InpaintPreparation, {"guess": 4}),
        (inpaint.InpaintPreparation, {"span": "bits"}),
        (autoencode.AutoencodePreparation, {"aspect": 1e9}),
    ],
)
def test_so_are_those_of_the_other_tasks(tmp_path: Path, task: type, preparation: dict[str, object]) -> None:
    model = find_model(make_model(tmp_path, card=replace(CARD, preparation=preparation)))
    with pytest.raises(ModelError, match=next(iter(preparation))):
        model.prepared(task)


def test_a_card_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    path = make_model(tmp_path)
    card_path(path).unlink()
    os.mkfifo(card_path(path))
    with pytest.raises(ModelError, match="is no file of at most 16 MB"):
        find_model(path)


def test_bundled_models_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modelfile, "WEIGHTS", tmp_path)
    make_model(tmp_path, "color")
    assert find_model("color").path == tmp_path / "color.onnx"
    assert [model.card.name for model in list_bundled(tmp_path)] == ["color"]
    with pytest.raises(ModelError, match="did you mean 'color'"):
        find_model("colour")
    with pytest.raises(ModelError, match="bundled are: color"):
        find_model("xyz")
    with pytest.raises(ModelError, match="there is no such file"):
        find_model("elsewhere/xyz.onnx")


def test_a_preparation_of_a_newer_safelight_is_refused_in_a_line(tmp_path: Path) -> None:
    asked = {"soft_mask": True, "extra": 1}
    model = find_model(make_model(tmp_path, card=replace(CARD, preparation=asked)))
    with pytest.raises(ModelError, match=r"asks for a preparation .*'extra': 1.*; upgrade safelight"):
        model.prepared(ColorizePreparation)
    assert model.prepared(ColorizePreparation, aside="extra") == ColorizePreparation(soft_mask=True)


def test_a_user_that_there_is_not_is_no_traceback() -> None:
    with pytest.raises(ModelError, match="there is no such file"):
        find_model("~nobody-of-this-name/m.onnx", "colorize")
    with pytest.raises(ModelError):
        load_vae("~nobody-of-this-name/m.onnx")


def test_what_is_no_file_of_a_model_is_called_by_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="is a folder; of a run, export the model first: safelight export"):
        find_model(tmp_path, "colorize")
    with pytest.raises(ModelError, match="figures is an autoencoder; safelight reconstruct"):
        find_model("figures", "fill")
    with pytest.raises(ModelError, match=r"bundled are: color, figures, fill, scratches \("):
        find_model("nonsense", "fill")
