"""The metrics that move between two releases, on the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.views.figures import count
from headwater.views.layout import Cell, Row
from headwater.views.metric_values import calendar_of, manners_of, slot_label

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.project.metrics.moving import MetricMove
    from headwater.views.metric_values import Manner
    from headwater.views.page import Page

_MOST_PERIODS = 6
_MOST_READERS = 4


def print_moves(project: Project, moves: Sequence[MetricMove], page: Page) -> None:
    """Each metric with the periods that move most; those without a moved number at the end."""
    if not moves:
        return
    find = manners_of(project)
    width = max(len(f"metric.{move.metric}") for move in moves)
    for move in sorted(moves, key=lambda move: (move.change != "moved", move.metric)):
        name = f"metric.{move.metric}".ljust(width)
        page.line(Cell(f"  {name}   "), *_said(move), Cell(_facts(move), "quiet"))
        _print_periods(project, move, find(move.metric), page)
    page.line(f"  {_readers_text(moves)}")


def _said(move: MetricMove) -> tuple[Cell, ...]:
    if move.change == "new":
        return (Cell("new", "good"),)
    if move.change == "removed":
        return (Cell("removed", "bad"),)
    if move.change == "meaning":
        return (Cell("= means something else, no number moves", "same"),)
    grain = move.grain
    assert grain is not None
    moved = move.moved.get(grain, 0)
    rest = move.published.get(grain, 0) - moved
    verb = "moves" if moved == 1 else "move"
    others = f", {rest:,} {'does' if rest == 1 else 'do'} not" if rest else ""
    return (Cell(f"{count(moved, _noun(grain))} {verb}{others}"),)


def _facts(move: MetricMove) -> str:
    """Approval, restatements and a changed meaning."""
    facts = []
    if move.meaning_changed and move.change == "moved":
        facts.append("means something else")
    if move.change != "removed":
        approval = move.approval
        facts.append(f"approved by {approval.by}" if approval is not None else "draft")
    grain = move.grain
    restated = move.restated.get(grain, 0) if grain is not None else 0
    if restated:
        assert grain is not None
        facts.append(f"restates {restated:,} published {_noun(grain)}{'s' * (restated != 1)}")
    return "".join(f" · {fact}" for fact in facts)


def _noun(grain: str) -> str:
    return grain.replace("_", " ")


def _print_periods(project: Project, move: MetricMove, manner: Manner, page: Page) -> None:
    """The periods that move most, in order of time; in two columns where there is room."""
    changes = move.of_grain(move.grain)
    largest = sorted(changes, key=lambda c: abs(c.difference), reverse=True)[:_MOST_PERIODS]
    shown = [change for change in changes if change in largest]
    calendar = calendar_of(project)
    rows: list[Row] = [(slot_label(c.slot, calendar), *manner.cells(c)) for c in shown]
    page.rows(_columns(rows, page), indent=6, gap=2)
    if len(changes) > len(shown):
        page.line("      ", Cell(f"… {count(len(changes) - len(shown))} more (`--json`)", "quiet"))


def _columns(rows: list[Row], page: Page) -> list[Row]:
    if len(rows) < 2 or page.width < 100:
        return rows
    half = (len(rows) + 1) // 2
    left, right = rows[:half], rows[half:]
    beside: list[Row] = [(*one, "   ", *other) for one, other in zip(left, right, strict=False)]
    return [*beside, *left[len(right) :]]


def _readers_text(moves: Sequence[MetricMove]) -> str:
    """Who reads what moves: `2 dashboards, 1 report read revenue`."""
    readers = {reader for move in moves for reader in move.readers if reader.kind != "metric"}
    if not readers:
        return "no dashboard, report or model reads them"
    named = ", ".join(sorted(map(str, readers))[:_MOST_READERS])
    more = f" and {len(readers) - _MOST_READERS} more" if len(readers) > _MOST_READERS else ""
    kinds = Counter(reader.kind for reader in sorted(readers))
    counted = ", ".join(_counted(kind, n) for kind, n in sorted(kinds.items()))
    return f"{counted} {'reads' if len(readers) == 1 else 'read'} them: {named}{more}"


def _counted(kind: str, number: int) -> str:
    return count(number, kind, "queries" if kind == "query" else "")
