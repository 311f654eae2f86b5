"""Work that is told to stop, and tells how far it is."""

import threading
import time

import numpy as np
import pytest

from safelight.pixels.photo import Photo
from safelight.runtime.modelfile import find_model
from safelight.runtime.session import Session
from safelight.tasks.inpaint.restore import load_filler
from safelight.watched import StoppedError, Watch, running, step, watched


def test_without_a_watch_steps_say_nothing_and_runs_have_no_options() -> None:
    step(0.5)
    with running() as options:
        assert options is None


def test_the_watch_is_told_and_ends_the_work_at_its_next_step() -> None:
    told: list[float] = []
    watch = Watch(told.append)
    with watched(watch):
        step(0.25)
        watch.stop()
        with pytest.raises(StoppedError):
            step(0.5)
    assert told == [0.25]
    step()  # outside of it nothing is stopped


def test_a_watch_is_one_thread_s_own() -> None:
    watch, went_on = Watch(), threading.Event()
    watch.stop()

    def other() -> None:
        step()
        went_on.set()

    with watched(watch):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert went_on.is_set()


def test_a_running_network_ends_at_once_and_can_be_used_again() -> None:
    network = Session(find_model("scratches", "scratches"), threads=1)
    large = np.zeros((3, 2048, 2048), np.float32)  # some seconds
    watch, ended = Watch(), list[float]()

    def work() -> None:
        with watched(watch), pytest.raises(StoppedError):
            network(planes=large)
        ended.append(time.thread_time())

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.3)
    watch.stop()
    thread.join()
    start = time.thread_time()
    assert network(planes=large[:, :64, :64])
    assert network(planes=large[:, :1024, :1024])
    assert ended[0] < 4 * (time.thread_time() - start), "stopped within the time of a quarter of it"


def test_a_filling_ends_between_its_pieces() -> None:
    filler = load_filler(threads=1)
    hole = np.zeros((400, 400), np.float32)
    hole[::40, 10:390] = 1
    photo = Photo(np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8))
    told: list[float] = []
    watch = Watch()

    def tell(share: float) -> None:
        told.append(share)
        if share > 0.3:
            watch.stop()

    watch = Watch(tell)
    with watched(watch), pytest.raises(StoppedError):
        filler.fill(photo, hole, "telea")
    assert told[0] == 0
    assert told == sorted(told)
    assert 0.3 < told[-1] < 0.5
