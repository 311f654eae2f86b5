"""What a command says of many photos, in as much memory as of few."""

import weakref
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Literal

import pytest

from safelight.batch.plan import Plan
from safelight.batch.records import Numbers
from safelight.batch.run import DONE_BEFORE, Outcome
from safelight.batch.work import Job, Report
from safelight.cli.batch_output import report

State = Literal["done", "left", "skipped", "failed"]


def outcome(number: int, state: State, because: str = "") -> Outcome:
    job = Job(Path(f"in/{number}.jpg"), Path(f"out/{number}-color.jpg"))
    return Outcome(job, state, report=Report(facts={"number": number}), because=because)


def given(outcomes: Iterable[Outcome]) -> Generator[Outcome]:
    yield from outcomes


def last_of(reports: Iterable[Report]) -> str:
    return ", ".join(str(each.facts["number"]) for each in reports)


def test_each_state_is_counted_and_named(capsys: pytest.CaptureFixture[str]) -> None:
    states: list[tuple[State, str]] = [
        ("done", ""),
        ("skipped", DONE_BEFORE),
        ("left", ""),
        ("failed", ""),
        ("done", ""),
        ("skipped", ""),
        ("skipped", DONE_BEFORE),
    ]
    outcomes = [outcome(number, *each) for number, each in enumerate(states)]
    assert report(given(outcomes), Plan(()), "coloring", "colored", last_of, "no mask") == 1
    said = capsys.readouterr().out
    assert said.startswith(
        "2 photos colored (0, 4), 1 left as it is (no mask), 2 skipped (done before), "
        "1 skipped (the result is there; --overwrite replaces it), 1 failed, "
    )


def test_of_one_photo_the_result_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(given([outcome(7, "done")]), Plan(()), "coloring", "colored") == 0
    assert capsys.readouterr().out.startswith("colored out/7-color.jpg, ")


@pytest.mark.parametrize("asks", [True, False])
def test_what_was_said_of_a_photo_is_not_kept(asks: bool) -> None:
    seen: list[weakref.ref[Outcome]] = []
    most = 0

    def outcomes() -> Generator[Outcome]:
        nonlocal most
        for number in range(50):
            each = outcome(number, "done")
            seen.append(weakref.ref(each))
            yield each
            most = max(most, sum(reference() is not None for reference in seen))

    def number_of(reports: Iterable[Report]) -> str:
        return str(sum(1 for _ in reports)) if asks else ""

    report(outcomes(), Plan(()), "coloring", "colored", number_of)
    assert len(seen) == 50
    assert most <= 2


def test_photos_have_their_numbers_in_the_plan() -> None:
    photos = [Path(f"in/{number % 7}/ä {number}.jpg") for number in range(2_000)]
    numbers = Numbers(photos)
    assert [numbers.of(Path(str(photo))) for photo in photos] == list(range(2_000))
    assert numbers.of(Path("in/other.jpg")) == 0
    assert Numbers([]).of(Path("a.jpg")) == 0
