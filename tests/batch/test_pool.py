"""Several photos at once: in order, within memory, stopped as a whole; results as those of one after the other."""

import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from safelight.batch.memory import Room
from safelight.batch.pool import in_threads
from safelight.batch.run import run
from safelight.batch.work import Job, Report
from safelight.errors import PhotoError
from safelight.runtime.cores import own_cores, usable_cores
from safelight.watched import StoppedError, step


def nothing(item: object) -> int:
    return 0


def wait_until(what: threading.Event) -> None:
    assert what.wait(20), "it did not happen"


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 4))
@settings(max_examples=20, deadline=None)
def test_what_came_of_the_items_comes_in_their_order(naps: list[int], workers: int) -> None:
    def nap(milliseconds: int) -> int:
        time.sleep(milliseconds / 1000)
        return milliseconds

    assert list(in_threads(naps, nap, workers, nothing)) == naps


def test_items_are_worked_on_at_once_each_with_one_processor() -> None:
    both = threading.Barrier(2, timeout=20)

    def meet(item: int) -> tuple[int, int, int]:
        both.wait()
        blas = max(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")
        return cv2.getNumThreads(), blas, own_cores()

    before = cv2.getNumThreads()
    assert list(in_threads([1, 2], meet, 2, nothing)) == [(1, 1, 1)] * 2
    assert (cv2.getNumThreads(), own_cores()) == (before, usable_cores())


def test_together_they_never_take_more_memory_than_there_is_and_what_is_larger_is_alone() -> None:
    lock, inside, most = threading.Lock(), list[int](), list[tuple[int, ...]]()

    def work(size: int) -> None:
        with lock:
            inside.append(size)
            most.append(tuple(inside))
        time.sleep(0.01)
        with lock:
            inside.remove(size)

    sizes = [30, 30, 60, 500, 30, 70, 100, 10, 10, 10]
    list(in_threads(sizes, work, 4, lambda size: size, Room(100)))
    assert all(sum(each) <= 100 or each == (500,) for each in most)
    assert max(len(each) for each in most) > 1


def test_what_the_work_raises_ends_it_and_is_raised() -> None:
    begun = []

    def work(item: int) -> None:
        begun.append(item)
        if item == 2:
            raise KeyboardInterrupt
        time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        list(in_threads(range(1000), work, 2, nothing))
    assert len(begun) < 20
    assert not [each for each in threading.enumerate() if each.name.startswith("photo-")]


def test_closed_it_begins_nothing_more_and_ends_what_steps() -> None:
    running = threading.Event()
    begun, ended = [], []

    def work(item: int) -> int:
        begun.append(item)
        if item == 0:
            return 0
        running.set()
        try:
            while True:
                time.sleep(0.005)
                step()
        except StoppedError:
            ended.append(item)
            raise

    results = in_threads(range(100), work, 2, nothing)
    assert next(results) == 0
    wait_until(running)
    results.close()
    assert sorted(begun[1:]) == sorted(ended)
    assert len(begun) <= 3
    assert not [each for each in threading.enumerate() if each.name.startswith("photo-")]


def test_a_batch_in_threads_goes_on_past_bad_photos_and_reports_in_order(tmp_path: Path) -> None:
    jobs = [Job(tmp_path / f"{number}", tmp_path / f"{number}.png") for number in range(40)]

    def work(job: Job) -> Report:
        number = int(job.photo.name)
        time.sleep((number * 7 % 5) / 1000)
        if number % 10 == 3:
            raise PhotoError("found nothing")
        job.result.write_bytes(b"x")
        return Report((f"number {number}",), facts={"number": number})

    outcomes = list(run(jobs, work, workers=4))
    assert [outcome.job for outcome in outcomes] == jobs
    assert [outcome.state for outcome in outcomes] == [
        "failed" if number % 10 == 3 else "done" for number in range(40)
    ]
    assert [outcome.report.facts["number"] for outcome in outcomes if outcome.state == "done"] == [
        number for number in range(40) if number % 10 != 3
    ]
    states = [outcome.state for outcome in run(jobs, work, workers=4)]
    assert (states.count("skipped"), states.count("failed")) == (36, 4)


def test_stopped_work_is_no_failed_photo(tmp_path: Path) -> None:
    def work(job: Job) -> Report:
        raise StoppedError("it was stopped")

    with pytest.raises(StoppedError):
        list(run([Job(tmp_path / "a", tmp_path / "b")], work))


def test_kriging_with_its_own_threads_and_within_a_pool_gives_the_same_bytes() -> None:
    from safelight.tasks.colorize.hints import Hint, HintSet, to_points
    from safelight.tasks.colorize.kriging import describe, krige

    rng = np.random.default_rng(5)
    features = describe(rng.uniform(0, 100, (96, 128)).astype(np.float32))
    points = to_points(HintSet([Hint(*rng.uniform(0, 1, 2), "red") for _ in range(400)]), (96, 128))
    alone = krige(features, points)
    for ab, confidence in in_threads([points] * 4, lambda each: krige(features, each), 2, nothing):
        np.testing.assert_array_equal(ab, alone[0])
        np.testing.assert_array_equal(confidence, alone[1])
