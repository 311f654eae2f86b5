"""Asking a process to stop: once in good order, twice at once; and whose signals are left alone."""

import signal
import threading
from collections.abc import Iterator

import pytest

from safelight.training.stopping import ASKING, StopRequest


@pytest.fixture(autouse=True)
def usual_handlers() -> Iterator[None]:
    """Python's own, whatever the tests were started under."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in ASKING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", ASKING)
def test_a_signal_asks_and_the_handlers_come_back(number: signal.Signals) -> None:
    with StopRequest() as stop:
        assert not stop.asked
        signal.raise_signal(number)
        assert stop.asked
    assert signal.getsignal(number) is signal.default_int_handler


def test_asked_twice_it_stops_at_once() -> None:
    with StopRequest() as stop:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        assert stop.asked


def test_an_ignored_signal_stays_ignored() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with StopRequest() as stop:
        signal.raise_signal(signal.SIGINT)
        assert not stop.asked
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_another_thread_asks_nothing() -> None:
    found = []

    def elsewhere() -> None:
        with StopRequest() as stop:
            found.append(stop.asked)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [False]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_status_says_what_asked(number: signal.Signals, status: int) -> None:
    with StopRequest() as stop:
        assert stop.status == 130
        signal.raise_signal(number)
        assert stop.status == status


def test_signals_that_another_took_are_taken_again() -> None:
    with StopRequest() as stop:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stop.listen()
        signal.raise_signal(signal.SIGTERM)
        assert stop.asked
