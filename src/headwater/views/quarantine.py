"""Rows that wait, on a page: which rule, how many, the money at stake, what was torn apart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from headwater.views.diff import number, signed
from headwater.views.figures import count
from headwater.views.layout import Cell, Row, cell
from headwater.views.page import Page
from headwater.views.values import value_text

if TYPE_CHECKING:
    from headwater.project.quarantine import (
        NodeQuarantine,
        QuarantineView,
        RuleGroup,
        Stake,
        WaitingRow,
    )

_MOST_COLUMNS = 7


def print_list(found: Sequence[NodeQuarantine], page: Page) -> None:
    """One line a node and rule; where its delivered rows are."""
    if not found:
        page.line("No rows wait.")
        return
    for node in found:
        reckoning = node.reckoning
        page.line(
            Cell(str(node.node), "strong"),
            f"   {_wait(node.rows)}",
            Cell(f" of {count(reckoning.delivered)} delivered", "quiet")
            if reckoning.delivered
            else "",
        )
        page.rows(
            (
                (rule.rule, Cell(count(rule.rows, "row"), right=True), _days(rule.first, rule.last))
                for rule in node.rules
            ),
            indent=4,
        )
    page.hint(f"`headwater quarantine show {found[0].node.name}`")


def print_quarantine(view: QuarantineView, environment: str, page: Page) -> None:
    """The rows of one node by rule, and what to do with them."""
    if not view.rows:
        page.line(f"No rows of {view.node} wait.")
        return
    for group in view.rules:
        _print_group(group, view, page)
    for entry in view.counter_entries:
        taken = ", ".join(value_text(value) for value in entry.waiting)
        page.line(
            Cell("! ", "warning"),
            f"{value_text(entry.value)} ({signed(entry.amount)}) was published, its reversals "
            f"{taken} wait here: quarantine by `{entry.column}`? "
            f"(on_breach: {{quarantine: {entry.column}}})",
        )
    for split in view.split:
        page.line(
            Cell("! ", "warning"),
            f"{split.column} {value_text(split.value)}: {count(split.waiting, 'row')} here, "
            f"{count(split.published)} published",
        )
    name = view.node.name
    env = "" if environment != "prod" else " --env fix"
    page.hint(
        f"correct the rule, then `headwater quarantine replay {name}{env}`; or drop rows with"
    )
    page.line(f'      `headwater quarantine drop {name} --row ID --reason "…"`')


def _print_group(group: RuleGroup, view: QuarantineView, page: Page) -> None:
    facts = [count(group.rows, "row"), _money(group.stake), _days(group.first, group.last)]
    page.line(
        Cell(f"rule {group.rule}", "strong"),
        Cell(f" ({group.place})" if str(group.place) else "", "place"),
        "   " + " · ".join(fact for fact in facts if fact),
    )
    columns = _columns(view, group)
    worth = group.stake.expression if group.stake is not None else ""
    heads: Row = ("id", *columns, Cell(worth, right=True), "delivered in")
    rows: list[Row] = [tuple(Cell(c.text, "quiet", c.right) for c in map(cell, heads))]
    rows += [
        (
            Cell(row.id, "quiet"),
            *(value_text(row.values.get(column), column) for column in columns),
            Cell(_amount(row), right=True),
            Cell(_origin(row), "place"),
        )
        for row in group.shown
    ]
    page.rows(rows, indent=2, gap=2)
    more = group.rows - len(group.shown)
    if more > 0:
        page.line(Cell(f"  … {count(more)} more (`--limit`)", "quiet"))


def _columns(view: QuarantineView, group: RuleGroup) -> list[str]:
    """The first columns that say something about these rows."""
    telling = [
        column
        for column in view.columns
        if any(row.values.get(column) not in (None, row.amount) for row in group.shown)
    ]
    return telling[:_MOST_COLUMNS]


def _amount(row: WaitingRow) -> str:
    return "" if row.amount is None else number(row.amount)


def _origin(row: WaitingRow) -> str:
    if row.file is None:
        return ""
    name = row.file.rpartition("/")[2]
    return f"{name} row {count(row.row)}" if row.row is not None else name


def _money(stake: Stake | None) -> str:
    return "" if stake is None else f"{number(stake.total)} ({stake.expression})"


def _days(first: date | None, last: date | None) -> str:
    if first is None:
        return ""
    return str(first) if first == last or last is None else f"{first}..{last}"


def _wait(rows: int) -> str:
    return f"{count(rows, 'row')} {'waits' if rows == 1 else 'wait'}"
