"""Columns, colours, plain ASCII, issues on screens of different width."""

from __future__ import annotations

import io

import pytest

from headwater.cli.screen import Screen
from headwater.errors import Issue, Place
from headwater.views.issues import print_issues, tally
from headwater.views.layout import Cell, Row, align


class Stream(io.StringIO):
    """Text that may say to be a terminal, and of which encoding."""

    def __init__(self, *, terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__()
        self._terminal = terminal
        self._encoding = encoding

    def isatty(self) -> bool:
        return self._terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding


def plain(lines: list[tuple[Cell, ...]]) -> list[str]:
    return ["".join(part.text for part in line) for line in lines]


def test_columns_line_up_and_empty_ones_vanish() -> None:
    rows: list[Row] = [
        ("a", "", Cell("1", right=True), "x"),
        ("bcd", "", Cell("1,000", right=True), ""),
    ]
    assert plain(align(rows, indent=1, gap=2)) == [" a        1  x", " bcd  1,000"]


def test_only_the_last_column_is_cut_to_the_width() -> None:
    (line,) = align([["name", "a long explanation"]], indent=0, gap=2, width=16)
    assert plain([line]) == ["name  a long ex…"]


def test_colours_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for terminal, expected in ((True, "\x1b[32mok\x1b[0m\n"), (False, "ok\n")):
        stream = Stream(terminal=terminal)
        Screen(stream).line(Cell("ok", "good"))
        assert stream.getvalue() == expected


def test_no_color_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    stream = Stream(terminal=True)
    Screen(stream).line(Cell("ok", "good"))
    assert stream.getvalue() == "ok\n"


def test_ascii_terminals_get_ascii() -> None:
    stream = Stream(terminal=False, encoding="ascii")
    Screen(stream).line("  ✔ a · b → c … −5 é")
    assert stream.getvalue() == "  + a - b -> c ... -5 ?\n"


ISSUES = (
    Issue(code="E201", what="unknown table `order`", place=Place("a.sql", 4), fix="`orders`?"),
    Issue(code="W410", what="order has ties", place=Place("tables/sales.sql", 13)),
)


def test_issues_in_columns() -> None:
    stream = Stream(terminal=False)
    print_issues(ISSUES, Screen(stream))
    assert stream.getvalue().splitlines() == [
        "E201  unknown table `order`  a.sql:4              `orders`?",
        "W410  order has ties         tables/sales.sql:13",
    ]


def test_issues_on_a_narrow_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    stream = Stream(terminal=True)
    print_issues(ISSUES, Screen(stream))
    assert stream.getvalue().splitlines() == [
        "E201 unknown table `order`",
        "     a.sql:4 · `orders`?",
        "W410 order has ties",
        "     tables/sales.sql:13",
    ]


def test_tally() -> None:
    assert tally(ISSUES) == "1 error, 1 warning"
    assert tally(()) == "no problems"
