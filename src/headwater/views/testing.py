"""What tests found: passed ones in a line, failed ones with the rows that differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from headwater.plan.reasons import days_text
from headwater.views.figures import count, seconds
from headwater.views.issues import print_issues
from headwater.views.layout import Cell, Row
from headwater.views.page import Page
from headwater.views.values import value_text

if TYPE_CHECKING:
    from headwater.project.testing import DataResult, Difference, Proof, UnitResult

_MOST_ROWS = 10


def print_unit(results: Sequence[UnitResult], page: Page) -> None:
    """Unit tests."""
    width = max((len(str(result.node)) for result in results), default=0)
    names = max((len(result.name) for result in results), default=0)
    for result in results:
        page.line(
            _mark(passed=result.passed),
            f"{str(result.node).ljust(width)}   {result.name.ljust(names)}",
            Cell(f"   {seconds(result.seconds)}", "quiet"),
            Cell("" if result.passed else f"   {result.place}", "place"),
        )
        if result.difference is not None and not result.difference.is_empty:
            print_difference(result.difference, page)
        print_issues(result.issues, page)


def print_proofs(proofs: Sequence[Proof], zone: ZoneInfo, page: Page) -> None:
    """Incremental tables beside a full build."""
    width = max((len(str(proof.node)) for proof in proofs), default=0)
    spans = [days_text(p.interval, zone) if p.interval is not None else "" for p in proofs]
    longest = max(map(len, spans), default=0)
    for proof, days in zip(proofs, spans, strict=True):
        head = f"{str(proof.node).ljust(width)}   {days.ljust(longest)}   "
        if proof.status == "skipped":
            page.line(Cell("  · ", "quiet"), f"{head}{proof.text}")
            continue
        said = f"incremental = full, {count(proof.rows, 'row')}"
        if not proof.passed:
            said = (
                f"{count(proof.missing_rows, 'row')} missing, {count(proof.surplus_rows)} too many"
            )
        page.line(
            _mark(passed=proof.passed),
            f"{head}{said}",
            Cell(f"   {seconds(proof.seconds)}", "quiet"),
        )
        if proof.difference is not None and not proof.passed:
            print_difference(proof.difference, page)
        print_issues(proof.issues, page)


def print_data(results: Sequence[DataResult], page: Page) -> None:
    """Rules over what is published."""
    width = max((len(str(result.node)) for result in results), default=0)
    for result in results:
        broken = sum(not outcome.passed for outcome in result.outcomes)
        rules = count(len(result.outcomes), "rule")
        page.line(
            _mark(passed=result.passed),
            f"{str(result.node).ljust(width)}   {rules} over {count(result.rows, 'row')}",
            f", {count(broken, 'breach', 'breaches')}" if broken else "",
            Cell(f"   {seconds(result.seconds)}", "quiet"),
        )
        print_issues(result.issues, page)


def print_difference(difference: Difference, page: Page) -> None:
    """Rows that are missing (−), not expected (+), or almost right (~, with what differs)."""
    rows: list[Row] = [("", *(Cell(column, "quiet") for column in difference.columns))]
    for near in difference.near[:_MOST_ROWS]:
        pairs = zip(difference.columns, near.expected, near.actual, strict=True)
        rows.append(
            (
                Cell("~", "warning"),
                *(
                    Cell(f"{value_text(old)} → {_shown(new)}", "warning")
                    if column in near.differing
                    else _shown(new)
                    for column, old, new in pairs
                ),
            )
        )
    for mark, style, some in (
        ("−", "bad", difference.missing),
        ("+", "good", difference.unexpected),
    ):
        rows += [(Cell(mark, style), *map(_shown, row)) for row in some[:_MOST_ROWS]]
    page.rows(rows, indent=4, gap=2)
    left = sum(
        max(len(some) - _MOST_ROWS, 0)
        for some in (difference.near, difference.missing, difference.unexpected)
    )
    if left:
        page.line(f"    … {count(left)} more")


def _shown(value: object) -> str:
    return "null" if value is None else value_text(value)


def _mark(*, passed: bool) -> Cell:
    return Cell("  ✔ ", "good") if passed else Cell("  ✖ ", "bad")
