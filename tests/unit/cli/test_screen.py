"""What a screen writes."""

from __future__ import annotations

from io import StringIO

from headwater.cli.screen import Screen


def test_a_value_gives_the_terminal_no_orders() -> None:
    stream = StringIO()
    Screen(stream).line("\x1b[31mred\x1b]0;title\x07 \u202eabc\r", " end\tof it")
    assert stream.getvalue() == "␛[31mred␛]0;title␇ \ufffdabc␍ end\tof it\n"
