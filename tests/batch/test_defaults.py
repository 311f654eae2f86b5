"""A setting that a later version adds leaves every hash as it is; every other value of every setting has its own."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import numpy as np
import pytest

from safelight.batch.colorize import ColorizeSettings
from safelight.batch.defaults import SETTINGS, first, first_defaults, settings_kind
from safelight.batch.plan import plan
from safelight.batch.records import Ledgers, Places
from safelight.batch.run import DONE_BEFORE, IS_THERE, run
from safelight.batch.work import WORKERS, Json, Order, canonical_json, order_of, settings_of, worker_of
from safelight.ledger.rows import LEDGER
from safelight.pixels.files import write_photo
from tests.runtime.tiny import make_model

LABELS = {"no_mark": False, "source_type": "", "caption": None}
PAGES = {"pages": "all", "tiff": "deflate"}
COLOR = {"hints": None, "vivid": 0.5, "reach": 0, "recolor": False, "keep_toning": False, "no_mount": False}
FIRST: Mapping[str, Mapping[str, Json]] = {  # those of 0.1.0, for ever: see safelight.batch.defaults
    "colorize": {"model": None, **COLOR, **LABELS, **PAGES},
    "fill": {
        **{"model": None, "method": "auto", "missing": "auto", "grow": 0, "feather": 0},
        **LABELS,
        **PAGES,
    },
    "repair": {
        **{"sensitivity": 0.5, "find": "auto", "grow": None, "method": "model", "color": False, "feather": 0},
        **{"color_model": None, "fill_model": None},
        **COLOR,
        **LABELS,
        **PAGES,
    },
    "scratches": {
        **{"model": None, "sensitivity": 0.5, "method": "auto", "dark": False, "no_dust": False, "grow": 1}
    },
    "reconstruct": {"model": None, "full_size": False, **LABELS},
    "sample": {"model": None, "count": 64, "seed": 0, "source": "mixture", **LABELS},
    "interpolate": {"model": None, "steps": 8, **LABELS},
    "pairs": {"model": None, **LABELS},
}
OTHERS: Mapping[object, tuple[Json, ...]] = {  # what another value may be, for each kind of default
    bool: (True, 1),
    str: ("x", None, False, 0),
    int: (3, 2.5, None, False, "0"),
    float: (0.25, 3, None, False, "0.5"),
    type(None): ("x", 0, False, "", {}),
}


@dataclass(frozen=True, kw_only=True)
class WiderSettings(ColorizeSettings):
    """Those of a later version: one setting more, one that is on though it was not there, and another default."""

    glow: float = 0.0
    calm: bool = field(default=True, metadata=first(False))
    vivid: float = field(default=0.75, metadata=first(0.5))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later version."""
    monkeypatch.setitem(SETTINGS, "colorize", f"{__name__}:WiderSettings")


def test_every_command_has_its_settings() -> None:
    assert set(WORKERS) <= set(SETTINGS)
    assert settings_kind("nothing") is None


@pytest.mark.parametrize("command", SETTINGS)
def test_no_first_default_changes(command: str) -> None:
    """Where this fails a default was changed: keep the first one beside it (safelight.batch.defaults)."""
    kind = settings_kind(command)
    assert kind
    known = first_defaults(kind)
    assert {name: canonical_json(known[name]) for name in FIRST[command]} == {
        name: canonical_json(value) for name, value in FIRST[command].items()
    }
    assert set(known) == {each.name for each in fields(kind)}


@pytest.mark.parametrize("command", SETTINGS)
def test_each_other_value_has_a_hash_of_its_own(command: str) -> None:
    usual = FIRST[command]
    hashes = [Order(command, usual).hash]
    for name, value in usual.items():
        hashes += [Order(command, {**usual, name: other}).hash for other in OTHERS[type(value)]]
    assert len(set(hashes)) == len(hashes)
    assert Order(command, {}).hash == hashes[0]


def test_two_settings_changed_at_once_are_neither_of_them_alone() -> None:
    changes: list[dict[str, Json]] = [{"vivid": 1}, {"reach": 1}, {"vivid": 1, "reach": 1}, {"reach": 0.5}]
    assert len({Order("colorize", change).hash for change in changes}) == len(changes)


@pytest.mark.usefixtures("later")
def test_a_setting_that_is_added_changes_no_hash() -> None:
    # printf '%s' '{"command":"colorize","settings":{"vivid":1}}' | sha256sum
    known = "a4b0ef7f2572ffc46205ce823763a955d3fd3c8ce63e072bfce34448d83fa919"
    assert Order("colorize", {**asdict(ColorizeSettings()), "vivid": 1.0}).hash == known
    assert order_of("colorize", WiderSettings(vivid=1, calm=False)).hash == known
    assert order_of("colorize", WiderSettings(vivid=1, calm=False, glow=0.5)).hash != known
    assert order_of("colorize", WiderSettings(vivid=1)).hash != known  # calm, which it was not
    before = Order("colorize", asdict(ColorizeSettings()))
    assert order_of("colorize", WiderSettings(vivid=0.5, calm=False)).hash == before.hash
    assert order_of("colorize", WiderSettings()).hash != before.hash


@pytest.mark.usefixtures("later")
def test_an_order_of_an_earlier_version_means_what_it_did() -> None:
    assert settings_of(Order("colorize", {"reach": 1}), WiderSettings) == WiderSettings(
        reach=1, vivid=0.5, calm=False
    )


class Batch:
    """A batch of one photo."""

    def __init__(self, home: Path) -> None:
        self.model = str(make_model(home))
        (home / "in").mkdir()
        write_photo(home / "in/a.png", np.full((24, 32, 3), 90, np.uint8))
        self.jobs, self.places = (
            plan([home / "in"], home / "out", folder=True),
            Places(frozenset(), home / "out"),
        )
        self.ledger = home / "out" / LEDGER

    def run(self, vivid: float = 0.5) -> tuple[str, str]:
        """Whether the photo was done, or why not; and what is said at the end."""
        order = order_of("colorize", ColorizeSettings(model=self.model, vivid=vivid, no_mark=True))
        worker = worker_of(order)
        with Ledgers(order, worker.cards, "engine", self.jobs, self.places) as ledgers:
            (outcome,) = run(self.jobs, worker, records=ledgers)
        return outcome.because or outcome.state, "".join(ledgers.lines())


def test_a_ledger_whose_hashes_are_of_every_setting_holds_by_the_settings_that_it_spells_out(
    tmp_path: Path,
) -> None:
    batch = Batch(tmp_path)
    assert batch.run() == ("done", "")
    text = batch.ledger.read_text("utf-8")
    today = json.loads(text.splitlines()[0])["settings"]
    batch.ledger.write_text(text.replace(today, "5" * 64), "utf-8")
    assert batch.run() == (DONE_BEFORE, "")
    why, said = batch.run(vivid=1)
    assert why == IS_THERE
    assert "made with other settings (vivid 0.5 then, 1 now)" in said
    batch.ledger.write_text(text.replace(today, "5" * 64).split("\n", 1)[1], "utf-8")  # without its header
    why, said = batch.run()
    assert why == IS_THERE
    assert "made with other settings: a-color.png" in said  # which ones, nobody knows
