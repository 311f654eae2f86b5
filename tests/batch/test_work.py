"""Orders, jobs and reports are plain data: they come back from JSON and pickles, and equal ones have one hash."""

import json
import pickle
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safelight.batch.colorize import ColorizeSettings
from safelight.batch.work import (
    WORKERS,
    Found,
    Job,
    Manner,
    Order,
    canonical_json,
    order_of,
    settings_of,
    worker_of,
)
from safelight.cli.main import cli
from safelight.errors import ModelError, SafelightError
from safelight.tasks.colorize.hints import Hint, HintSet
from tests.runtime.tiny import make_model

JOB = Job(
    Path("in/ä b.jpg"),
    Path("out/ä b-color.jpg"),
    Path("1920"),
    (Path("in/ä b.png"),),
    "ä b-jpg",
    "",
    Found(Path("in/ä b.hints.json"), ("one of two",)),
    Found(None, ("none",), Path("masks")),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def test_a_job_comes_back_from_json_and_from_a_pickle() -> None:
    for job in (JOB, Job(Path("a"), Path("b"))):
        assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job
        assert pickle.loads(pickle.dumps(job)) == job
    odd = Job(Path("a\udcff.jpg"), Path("b"))  # a name that is no text
    assert Job.from_json(json.loads(json.dumps(odd.to_json()))) == odd


def test_an_order_comes_back_from_json_with_the_same_hash() -> None:
    hints = HintSet(
        (Hint(0.1, 1 / 3, "red", 0.02, ((0, 0), (0.5, 0), (0.5, 0.5))), Hint(0, 1, (0.1, 0.2, 0.3)))
    )
    order = order_of(
        "colorize", ColorizeSettings(vivid=0.3, hints=hints.to_json()), Manner(True, picture="x.png")
    )
    again = Order.from_json(json.loads(json.dumps(order.to_json())))
    assert (again, again.hash) == (order, order.hash)
    assert HintSet.from_json(settings_of(again, ColorizeSettings).hints) == hints


def test_the_hash_is_that_of_the_canonical_line_and_of_nothing_else() -> None:
    order = Order("fill", {"grow": 2.0, "feather": 2.5, "method": "auto", "model": None})
    assert order.canonical == '{"command":"fill","settings":{"feather":2.5,"grow":2}}'
    # printf '%s' LINE | sha256sum
    assert order.hash == "74c70b9a29b6d0d114941937cb0d5521cc59bf3176d0b6e497828715a2910421"
    assert (
        Order("fill", {"feather": 2.5, "method": "auto", "grow": 2}, Manner(overwrite=True)).hash
        == order.hash
    )
    assert Order("fill", {"feather": 2.5, "method": "telea", "grow": 2}).hash != order.hash
    assert Order("repair", order.settings).hash != order.hash


@given(values)
def test_canonical_json_says_the_same_and_is_its_own_canonical_form(value: object) -> None:
    line = canonical_json(value)
    assert "\n" not in line
    assert json.loads(line) == json.loads(json.dumps(value))
    assert canonical_json(json.loads(line)) == line


def test_unknown_commands_settings_and_manners_are_refused() -> None:
    with pytest.raises(SafelightError, match=r"no work 'paint' for photos; expected one of colorize, fill"):
        worker_of(Order("paint", {}))
    with pytest.raises(
        SafelightError,
        match=r"settings of colorize have an unknown 'glow'; expected no_mark, source_type, caption, model",
    ):
        worker_of(Order("colorize", {"glow": 1}))
    with pytest.raises(SafelightError, match="manner have an unknown 'speed'"):
        Order.from_json({"command": "fill", "settings": {}, "manner": {"speed": 1}})
    with pytest.raises(ModelError, match="no model 'colour'"):
        worker_of(Order("colorize", {"model": "colour"}))


@pytest.mark.parametrize("command", WORKERS)
def test_settings_are_called_as_the_options_of_the_command_are(command: str) -> None:
    import importlib

    module = importlib.import_module(f"safelight.batch.{command}")
    settings = getattr(module, f"{command.title()}Settings")
    steps = ("fill", "colorize") if command == "repair" else ()  # which the service sets too
    functions = [cli.get_command(None, name) for name in (command, *steps)]  # type: ignore[arg-type]
    params = [each for function in functions if function for each in function.params]
    options = {option.lstrip("-").replace("-", "_") for each in params for option in each.opts}
    models = {"fill_model", "color_model"} if steps else set()
    assert {each.name for each in fields(settings)} <= options | models


def test_a_worker_says_which_models_it_uses_and_what_it_wrote(tmp_path: Path) -> None:
    import numpy as np

    from safelight.pixels.files import write_photo

    model = make_model(tmp_path)
    write_photo(tmp_path / "a.png", np.full((40, 50, 3), 90, np.uint8))
    worker = worker_of(order_of("colorize", ColorizeSettings(model=str(model))))
    (card,) = worker.cards
    assert len(card.sha256) == 64
    report = worker(Job(tmp_path / "a.png", tmp_path / "o" / "a.png"))
    assert report.written == (tmp_path / "o" / "a.png",)
    assert report.facts.keys() == {"unfamiliarity", "toned"}
    assert json.loads(json.dumps(report.facts)) == report.facts
