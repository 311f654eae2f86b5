"""Numbers, lists and Markdown: what is filled in stays text."""

import pytest

from safelight.reports.text import (
    Markdown,
    code,
    escape_markdown,
    format_interval,
    format_number,
    image,
    table,
)


@pytest.mark.parametrize(
    ("value", "digits", "signed", "text"),
    [
        (-1.234, 2, False, "−1.23"),
        (2.0, 1, True, "+2.0"),
        (float("nan"), 2, False, "–"),
        (-0.001, 2, False, "0.00"),
        (12345.678, 1, False, "12,345.7"),
    ],
)
def test_numbers(value: float, digits: int, signed: bool, text: str) -> None:
    assert format_number(value, digits, signed) == text


def test_an_interval_that_is_not_known_is_left_out() -> None:
    assert format_interval((2.3, 1.96, 2.64), 2, "dB") == "2.30 dB (1.96 to 2.64)"
    assert format_interval((2.3, float("nan"), float("nan")), 2, "dB", signed=True) == "+2.30 dB"


def test_markdown_is_escaped_once() -> None:
    assert escape_markdown("_a_ b_c *d* [e](f) `g` | <script>\nh") == (
        "\\_a\\_ b_c \\*d\\* \\[e\\](f) \\`g\\` \\| &lt;script> h"
    )
    assert escape_markdown(escape_markdown("a|b")) == "a\\|b"
    assert escape_markdown(12345) == "12,345"


def test_code_is_fenced_by_more_backticks_than_it_holds() -> None:
    assert code("--a `b` c") == "`` --a `b` c ``"
    assert code("a\nb") == "`a b`"


def test_a_table_has_as_many_cells_in_each_row_whatever_is_in_them() -> None:
    text = table(["a", "b"], [["x|y", 1], ["<b>\nz", Markdown("**2**")]])
    assert text.splitlines() == ["| a | b |", "| --- | ---: |", "| x\\|y | 1 |", "| &lt;b> z | **2** |"]
    assert table(["a", "b"], [["x", "1"]]) == "| a | b |\n| --- | ---: |\n| x | 1 |"
    assert image("[a]", "b.png") == "![\\[a\\]](b.png)"
