"""A traced number on the page: its formula, what it counts, and the numbers that it is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from headwater.plan.state import State
from headwater.semantics.spans import day_words
from headwater.views.figures import count
from headwater.views.layout import Cell
from headwater.views.metric_values import Manner, manners_of

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.project.metrics.valuing import TracedValue
    from headwater.project.tracing import Trace
    from headwater.views.page import Page

_IES = ("ay", "ey", "oy", "uy")


def print_value(project: Project, trace: Trace, page: Page) -> None:
    """`revenue on 3 November 2011: 32,131.53 GBP = sum(amount) over 1,632 lines, 49 invoices`.

    Without a day, what there is.
    """
    if trace.value is not None:
        _print(trace.value, manners_of(project), page, 0)
        return
    state = project.view.states.get(trace.target, State(node=trace.target))
    values = count(state.row_count, "value")
    page.line(Cell(str(trace.target), "strong"), f" · {values} published · one day: `--at DATE`")


def _print(traced: TracedValue, find: Callable[[str], Manner], page: Page, depth: int) -> None:
    name = traced.metric if depth else f"{traced.metric} on {day_words(traced.day)}:"
    counted = [count(each.number, each.what, plural(each.what)) for each in traced.counted]
    over = f" over {', '.join(counted)}" if counted else ""
    where = f" where {traced.where}" if traced.where else ""
    said = find(traced.metric).with_unit(traced.value)
    page.line("  " * depth, f"{name} ", Cell(said, "strong"), f" = {traced.formula}{where}{over}")
    for part in traced.parts:
        _print(part, find, page, depth + 1)


def plural(noun: str) -> str:
    """A column's name, for more than one of what it names.

    >>> [plural(noun) for noun in ("line", "day", "category", "box", "address")]
    ['lines', 'days', 'categories', 'boxes', 'addresses']
    """
    if noun.endswith("y") and not noun.endswith(_IES):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"
