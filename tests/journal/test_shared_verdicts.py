"""The advice of `journal compare`, followed to the letter, always ends in a comparison."""

import json
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from safelight.errors import RunError
from safelight.journal.records import Record, read_record
from safelight.journal.shared_verdicts import shared_verdicts
from safelight.verdicts.verdict import Verdict
from tests.journal.made import RECIPE, healthy, older, verdict_json, write_run

CASE = healthy(np.random.default_rng(0))
TOTALS = {"photos": 21, "grey": 1, "flowers": 60}


class Sat(NamedTuple):
    """What was judged: which dataset, in which state, split, seed and limit; old: without scores by picture."""

    data: str
    split: str = "val"
    limit: int | None = None
    seed: int = 0
    version: int = 0
    old: bool = False
    path: bool = True


class House:
    """Two runs and three datasets; a judge that asks what `safelight judge` would: the same where all is the same."""

    def __init__(self, root: Path, datasets: tuple[str, str] = ("photos", "photos")) -> None:
        self.root, self.clock, self.version = root, 0, 0
        for name in TOTALS:
            (root / "datasets" / name).mkdir(parents=True)
        self.folders = [
            write_run(
                root / "runs",
                name,
                CASE,
                recipe={**RECIPE, "optimizer": {**RECIPE["optimizer"], "lr": lr}},
                dataset={"path": str(root / "datasets" / data), "fingerprint": data},
            )
            for name, lr, data in zip("ab", (1e-3, 2e-3), datasets, strict=True)
        ]

    def records(self) -> list[Record]:
        return [read_record(folder) for folder in self.folders]

    def judge(self, folder: Path, sat: Sat) -> None:
        self.clock += 1
        pictures = min(sat.limit or 10_000, TOTALS[sat.data])
        questions = repr((sat.data, sat.split, sat.seed, pictures, sat.version))
        stored = verdict_json(
            folder.name, np.ones((pictures, 2)), questions=questions, split=sat.split, counts=(0, 10)
        )
        stored |= {"dataset": sat.data, "seed": sat.seed, "judged": f"2026-11-22T12:00:{self.clock:02}+00:00"}
        if sat.path:
            stored["data"] = str(self.root / "datasets" / sat.data)
        stored = older(stored) | {"version": 0} if sat.old else stored
        (folder / "verdicts" / f"{self.clock}.json").write_text(json.dumps(stored))

    def obey(self, advice: str) -> None:
        """Run the commands that stand in the message, as a shell would."""
        for command in re.findall(r"safelight judge .*?(?= && |$)", advice):
            words = shlex.split(command)[2:]
            options = dict(zip(words[1::2], words[2::2], strict=True))
            data = Path(options["--data"])
            assert data.is_dir(), f"there is no dataset {data}"
            limit = int(options["--limit"]) if "--limit" in options else None
            seed = int(options.get("--seed", 0))
            sat = Sat(data.name, options.get("--split", "val"), limit, seed, self.version)
            self.judge(Path(words[0]), sat)

    def compare(self, split: str | None = None, rounds: int = 1) -> list[Verdict]:
        """Compare; where it is refused, do as told, and compare again: then it must work."""
        for _ in range(rounds):
            try:
                return shared_verdicts(self.records(), split)
            except RunError as refusal:
                self.obey(str(refusal))
        return shared_verdicts(self.records(), split)


def test_judged_once_by_mistake_on_another_dataset(tmp_path: Path) -> None:
    """As a new user met it: a judged on `grey`, one picture; told to judge b on `photos` with limit 1, for ever."""
    house = House(tmp_path)
    house.judge(house.folders[0], Sat("grey"))
    one, two = house.compare()
    assert (one.dataset, one.pictures) == (two.dataset, two.pictures) == ("photos", 21)


@pytest.mark.parametrize("path", [True, False])
def test_the_set_that_was_judged_is_the_set_that_is_named(tmp_path: Path, path: bool) -> None:
    """Verdicts of today hold the path; of older ones the name is looked for beside the run's own dataset."""
    house = House(tmp_path)
    house.judge(house.folders[0], Sat("flowers", limit=30, seed=3, path=path))
    with pytest.raises(
        RunError, match=rf"b --data {tmp_path}/datasets/flowers --split val .* --seed 3 --limit 30"
    ):
        shared_verdicts(house.records())
    assert {each.dataset for each in house.compare()} == {"flowers"}


def test_what_both_have_is_used_though_it_is_not_the_newest(tmp_path: Path) -> None:
    house = House(tmp_path)
    for folder in house.folders:
        house.judge(folder, Sat("photos"))
    house.judge(house.folders[0], Sat("grey"))
    house.judge(house.folders[1], Sat("flowers"))
    assert {each.dataset for each in shared_verdicts(house.records())} == {"photos"}


def test_of_what_both_have_one_picture_is_not_chosen(tmp_path: Path) -> None:
    house = House(tmp_path)
    for data in ("photos", "grey"):
        for folder in house.folders:
            house.judge(folder, Sat(data))
    assert {each.dataset for each in shared_verdicts(house.records())} == {"photos"}


def test_a_dataset_that_changed_between_two_judgings(tmp_path: Path) -> None:
    """The old questions cannot be asked any more: all are judged again."""
    house = House(tmp_path)
    house.judge(house.folders[0], Sat("photos"))
    house.version = 1
    house.judge(house.folders[1], Sat("photos", version=1))
    with pytest.raises(
        RunError, match=r"a and b were judged on photos, which has changed .* judge both again"
    ):
        shared_verdicts(house.records())
    assert len(house.compare()) == 2


def test_one_sign_that_a_dataset_changed_is_enough(tmp_path: Path) -> None:
    """Judged on all of the old pictures and on nine: after nine of the new, nobody is asked for all of the old."""
    house = House(tmp_path)
    for limit in (None, 9):
        house.judge(house.folders[0], Sat("flowers", limit=limit))
    house.version = 1
    house.judge(house.folders[1], Sat("flowers", limit=9, version=1))
    assert len(house.compare()) == 2


def test_runs_of_two_datasets_are_judged_on_one(tmp_path: Path) -> None:
    house = House(tmp_path, ("photos", "flowers"))
    assert {each.dataset for each in house.compare()} == {"photos"}


SITTINGS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.builds(
            Sat,
            data=st.sampled_from(sorted(TOTALS)),
            split=st.sampled_from(["val", "test"]),
            limit=st.sampled_from([None, 1, 9]),
            seed=st.integers(0, 1),
            version=st.integers(0, 1),
            old=st.booleans(),
            path=st.booleans(),
        ),
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SITTINGS, st.sampled_from([None, "val", "test"]), st.sampled_from(["photos", "flowers"]))
def test_whatever_was_judged_before_the_advice_ends_in_a_comparison(
    tmp_path_factory: pytest.TempPathFactory,
    sittings: list[tuple[int, Sat]],
    split: str | None,
    other: str,
) -> None:
    house = House(tmp_path_factory.mktemp("house"), ("photos", other))
    house.version = 1  # the state of the datasets when the advice is followed
    for which, sat in sittings:
        house.judge(house.folders[which], sat)
    # Once more for each dataset that changed since the one was judged on it, which shows when the other is.
    changed = {sat.data for _, sat in sittings if sat.version != house.version}
    one, two = house.compare(split, rounds=1 + len(changed))
    assert one.questions == two.questions
    assert split in (None, one.split)
