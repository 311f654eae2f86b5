"""Models that stay open: the same one for who asks the same, none kept for others."""

from collections.abc import Callable

import pytest

from safelight.batch.colorize import ColorizeSettings
from safelight.batch.work import order_of, worker_of
from safelight.errors import ModelError
from safelight.runtime.kept import Kept, keeping
from safelight.tasks.colorize.restore import load_colorizer
from safelight.tasks.inpaint.restore import load_filler
from safelight.tasks.scratches.restore import load_finder


@pytest.mark.parametrize("load", [load_colorizer, load_filler, load_finder])
def test_a_model_is_opened_once_for_those_who_ask_the_same(load: Callable[..., object]) -> None:
    kept = Kept()
    with keeping(kept):
        first = load(threads=1)
        assert load(threads=1) is first
        assert load(threads=2) is not first, "another number of threads gives other last bits"
    assert load(threads=1) is not first, "outside none is kept"
    with keeping(Kept()):
        assert load(threads=1) is not first
    kept.clear()
    with keeping(kept):
        assert load(threads=1) is not first


def test_workers_with_other_settings_share_a_model() -> None:
    kept = Kept()
    with keeping(kept):
        for vivid in (0.2, 0.9):
            worker_of(order_of("colorize", ColorizeSettings(vivid=vivid)))
    assert len(kept) == 1


def test_a_model_that_is_not_there_is_asked_for_again() -> None:
    with keeping(Kept()):
        for _ in range(2):
            with pytest.raises(ModelError):
                load_colorizer("no-such-model")
