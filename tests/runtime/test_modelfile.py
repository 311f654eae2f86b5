"""Cards and model files: round trip, what is refused and how it is said."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from safelight.errors import ModelError
from safelight.runtime import modelfile
from safelight.runtime.card import FORMAT, ModelCard
from safelight.runtime.codes import load_vae
from safelight.runtime.modelfile import card_path, find_model, list_bundled
from safelight.tasks.colorize import Preparation
from tests.runtime.tiny import CARD, make_model


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
        ({"inputs": [{"name": "planes"}]}, "lacks 'range'"),
        ({"data": [{"what": 1}]}, "does not hold together"),
    ],
)
def test_a_wrong_card_is_refused_in_one_line(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = make_model(tmp_path)
    card = json.loads(card_path(path).read_text()) | change
    card_path(path).write_text(json.dumps(card))
    with pytest.raises(ModelError, match=message) as refusal:
        find_model(path)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, '{"format": 1}'])
def test_what_is_no_card_is_refused(text: str) -> None:
    with pytest.raises(ModelError):
        ModelCard.from_json(text)


def test_unknown_fields_of_the_same_format_are_left_out() -> None:
    row = json.loads(CARD.to_json()) | {"later": True}
    assert ModelCard.from_json(json.dumps(row)) == CARD


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
        model.prepared(Preparation)
    assert model.prepared(Preparation, aside="extra") == Preparation(soft_mask=True)


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
