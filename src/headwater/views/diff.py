"""A difference between releases on the page: rows, totals and schema, node by node."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from headwater.views.figures import count, span
from headwater.views.layout import Cell, Row

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.project.comparing import NodeDiff, ReleaseDiff
    from headwater.views.page import Page

_MOST_TOTALS = 6


def print_diff(project: Project, diff: ReleaseDiff, page: Page) -> None:
    """All nodes that differ, those that only have a new definition at the end; then the metrics."""
    from headwater.views.metric_moves import print_moves
    from headwater.views.versions import version_changes

    if diff.is_empty:
        page.line("No difference.")
        return
    width = max((len(str(node.node)) for node in diff.nodes), default=0)
    quiet = ("definition only", "rebuilt, equal")
    ordered = sorted(diff.nodes, key=lambda node: node.change in quiet)
    versions = version_changes(project, diff)
    for node in ordered:
        _print_node(project, node, width, page, versions.get(node.node, ()))
    print_moves(project, diff.metrics, page)


def _print_node(
    project: Project, node: NodeDiff, width: int, page: Page, said: tuple[Cell, ...] = ()
) -> None:
    head = f"  {str(node.node).ljust(width)}   "
    if said:
        page.line(Cell(head), *said)
        return
    page.line(Cell(head), *_said(node), Cell(_where(project, node), "quiet"))
    margin = len(head)
    if node.definition and node.change != "added":
        page.line(" " * margin, Cell(f"definition: {', '.join(node.definition)}", "quiet"))
    rows: list[Row] = [
        (column.column, _type_change(column.before, column.after)) for column in node.schema
    ]
    rows += [
        (
            total.column,
            Cell(number(total.before), right=True),
            "→",
            Cell(number(total.after), right=True),
            Cell(signed(total.difference), "bad" if total.difference < 0 else "good", right=True),
            Cell(share(total.before, total.after), "quiet", right=True),
        )
        for total in node.totals[:_MOST_TOTALS]
    ]
    page.rows(rows, indent=margin, gap=2)
    if len(node.totals) > _MOST_TOTALS:
        page.line(" " * margin, f"… {count(len(node.totals) - _MOST_TOTALS, 'more total')}")


def _said(node: NodeDiff) -> tuple[Cell, ...]:
    if node.change == "added":
        rows = f", {count(node.rows_added, 'row')}" if node.has_rows else ""
        return (Cell("new", "good"), Cell(rows))
    if node.change == "removed":
        rows = f", {count(node.rows_removed, 'row')}" if node.has_rows else ""
        return (Cell("removed", "bad"), Cell(rows))
    if node.change == "definition only":
        equal = ", data equal" if node.has_rows else ""
        return (Cell(f"definition changed{equal}", "same"),)
    if node.change == "rebuilt, equal":
        return (Cell("= rebuilt, equal", "same"),)
    if not (node.rows_added or node.rows_removed or node.rows_changed):
        return (Cell("= rows equal", "same"),)
    return (
        Cell(f"+{count(node.rows_added)} rows", "good"),
        Cell(f", −{count(node.rows_removed)}", "bad" if node.rows_removed else ""),
        Cell(f", {count(node.rows_changed)} changed"),
    )


def _where(project: Project, node: NodeDiff) -> str:
    text = span(node.intervals, project.workspace.zone)
    return f"   {text}" if text else ""


def _type_change(before: str | None, after: str | None) -> Cell:
    if before is None:
        return Cell(f"new column, {after}", "good")
    if after is None:
        return Cell(f"column gone, was {before}", "bad")
    return Cell(f"{before} → {after}", "warning")


def number(value: Decimal | float) -> str:
    """A total with thousands separators, a true minus sign, and no more zeros than money has.

    >>> number(Decimal("-158676.1400")), number(Decimal("2.3125")), number(45331)
    ('−158,676.14', '2.3125', '45,331')
    """
    if isinstance(value, Decimal):
        whole, point, decimals = f"{value:,f}".partition(".")
        kept = decimals.rstrip("0").ljust(min(2, len(decimals)), "0")
        text = f"{whole}{point}{kept}" if kept else whole
    else:
        text = f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
    return text.replace("-", "−")


def signed(value: Decimal | float) -> str:
    """A difference with its sign.

    >>> signed(5), signed(Decimal("-158676.14"))
    ('+5', '−158,676.14')
    """
    return number(value) if value < 0 else f"+{number(value)}"


def share(before: Decimal | float, after: Decimal | float) -> str:
    """The difference in percent of what it was; nothing where that was zero.

    >>> share(644174.79, 590580.43)
    '−8.3 %'
    >>> share(644174.79, 644174.8)
    '0.0 %'
    """
    if not before:
        return ""
    old, new = float(before), float(after)
    change = (new - old) / abs(old) * 100
    return f"{change:+,.1f} %".replace("-", "−") if round(change, 1) else "0.0 %"
