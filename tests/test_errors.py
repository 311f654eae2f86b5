"""A wrong value in a message is one short line, whatever it is."""

import numpy as np
import pytest

from safelight import load, read_photo, write_photo
from safelight.errors import SafelightError, in_short

GREY = np.zeros((4, 4), np.uint8)


@pytest.mark.parametrize("wrong", [np.zeros((9, 9)), np.zeros((3, 3, 3), complex), "a\nb" * 99, [10**5000]])
def test_any_value_is_one_short_line(wrong: object) -> None:
    assert in_short(wrong).isprintable()
    assert len(in_short(wrong)) <= 61


def test_it_is_so_wherever_python_is_given_one() -> None:
    wrong = np.zeros((9, 9))
    for use in (
        lambda: load(wrong),
        lambda: load(threads=wrong),
        lambda: read_photo(wrong),
        lambda: write_photo(wrong, GREY),
        lambda: write_photo("x.jpg", GREY, quality=wrong),
    ):
        with pytest.raises(SafelightError) as raised:
            use()
        assert str(raised.value).isprintable()
