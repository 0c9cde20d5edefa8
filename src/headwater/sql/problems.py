"""What is wrong with a SQL text, and where in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlProblem:
    """One mistake (`E…`) or warning (`W…`) in a SQL text.

    `line` and `column` count from 1 inside the text; both are 0 where the position is unknown.
    """

    code: str
    what: str
    fix: str = ""
    line: int = 0
    column: int = 0

    @property
    def is_error(self) -> bool:
        """Whether it stops the work; a warning does not."""
        return self.code.startswith("E")


class SqlError(Exception):
    """A text that DuckDB cannot parse or bind, or that a table may not hold."""

    def __init__(self, problem: SqlProblem) -> None:
        super().__init__(f"{problem.code} {problem.what}")
        self.problem = problem


def position(sql: str, offset: int | None) -> tuple[int, int]:
    r"""Line and column, from 1, of a byte offset; `(0, 0)` for one outside the text.

    >>> position("select\n  a", 9)
    (2, 3)
    """
    if offset is None:
        return 0, 0
    raw = sql.encode()
    if not 0 <= offset <= len(raw):
        return 0, 0
    before = raw[:offset].decode(errors="replace")
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def problem_at(sql: str, offset: int | None, code: str, what: str, fix: str = "") -> SqlProblem:
    """A problem at a byte offset of the text."""
    line, column = position(sql, offset)
    return SqlProblem(code=code, what=what, fix=fix, line=line, column=column)
