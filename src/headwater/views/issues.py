"""Issues as a user reads them: code and what, place, fix, in columns."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.errors import Issue
from headwater.views.figures import count
from headwater.views.layout import Cell, align
from headwater.views.page import Page

_WIDEST = 80  # a longer `what` does not push the places of the others aside


def print_issues(issues: Sequence[Issue], page: Page) -> None:
    """All issues, aligned where the page is wide enough, else the fix on a line of its own."""
    rows = [
        (
            Cell(issue.code, "bad" if issue.is_error else "warning"),
            issue.what,
            Cell(str(issue.place), "place"),
            issue.fix,
        )
        for issue in issues
    ]
    short = all(len(issue.what) <= _WIDEST for issue in issues)
    lines = align(rows, indent=0, gap=2)
    widest = max((sum(len(part.text) for part in line) for line in lines), default=0)
    if short and (not page.is_narrow or widest <= page.width):
        page.rows(rows, indent=0, gap=2)
        return
    for code, what, place, fix in rows:
        page.line(code, f" {what}")
        where = [part for part in (place, Cell(fix)) if part.text]
        if where:
            between = [Cell("     "), where[0]]
            for part in where[1:]:
                between += [Cell(" · ", "quiet"), part]
            page.line(*between)


def tally(issues: Sequence[Issue]) -> str:
    """`4 errors, 1 warning`."""
    errors = sum(issue.is_error for issue in issues)
    warnings = len(issues) - errors
    parts = [count(errors, "error")] if errors else []
    parts += [count(warnings, "warning")] if warnings else []
    return ", ".join(parts) or "no problems"
