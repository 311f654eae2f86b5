"""Linear algebra on one thread, and on as many as before afterwards."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from threadpoolctl import ThreadpoolController

from safelight.runtime.cores import one_thread


def threads() -> set[int]:
    libraries = ThreadpoolController().select(user_api="blas").info()
    return {library["num_threads"] for library in libraries}


@pytest.fixture(autouse=True)
def _three_before() -> object:
    with ThreadpoolController().select(user_api="blas").limit(limits=3):
        assert threads() == {3}
        yield
        assert threads() == {3}


def test_one_inside_and_as_many_as_before_outside() -> None:
    with one_thread:
        assert threads() == {1}
        with one_thread:
            assert threads() == {1}
        assert threads() == {1}


def test_they_come_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), one_thread:
        raise ZeroDivisionError


@pytest.mark.parametrize("other_leaves_first", [True, False])
def test_another_thread_changes_nothing(other_leaves_first: bool) -> None:
    inside, leave = Event(), Event()

    def other() -> None:
        with one_thread:
            inside.set()
            leave.wait(10)

    with ThreadPoolExecutor(1) as pool:
        with one_thread:
            done = pool.submit(other)
            assert inside.wait(10)
            if other_leaves_first:
                leave.set()
                done.result(10)
            assert threads() == {1}
        assert threads() == {3}
        leave.set()
        done.result(10)
    with one_thread:
        assert threads() == {1}
