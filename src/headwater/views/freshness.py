"""How fresh the sources are, a line each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from headwater.views.figures import count, moment
from headwater.views.layout import Cell
from headwater.views.page import Page
from headwater.views.plain import plain

if TYPE_CHECKING:
    from headwater.project.recency import SourceFreshness

_MARKS = {"pass": ("✔", "good"), "warn": ("!", "warning"), "error": ("✖", "bad")}


def print_freshness(found: Sequence[SourceFreshness], zone: ZoneInfo, page: Page) -> None:
    """Newest row, complete days, and when it becomes an error."""
    if not found:
        page.line("The project has no sources.")
    page.rows(
        (
            Cell(*_MARKS[each.result.status]),
            str(each.node),
            each.result.text,
            _complete(each),
            _due(each, zone),
            Cell(_stale(each), "warning"),
        )
        for each in found
    )


def _complete(each: SourceFreshness) -> str:
    through = each.watermark.complete_through
    told = through is None or each.result.text.startswith("complete through")
    said = "" if told else f"complete through {through}"
    missing = each.watermark.missing
    if not missing:
        return said
    lacking = f"{count(len(missing), 'day')} missing, the last {missing[-1]}"
    return f"{said}, {lacking}" if said else lacking


def _stale(each: SourceFreshness) -> str:
    return f"stale, the last good load: {', '.join(each.stale)}" if each.stale else ""


def _due(each: SourceFreshness, zone: ZoneInfo) -> Cell:
    due: datetime | None = each.result.due
    if due is None:
        return Cell("no limit", "quiet")
    if each.result.status == "error":
        return Cell(f"due {moment(due, zone)}", "bad")
    return Cell(f"due {moment(due, zone)}", "quiet")


def freshness_data(each: SourceFreshness) -> dict[str, Any]:
    """One source for machines."""
    return {
        "node": str(each.node),
        "status": each.result.status,
        "text": each.result.text,
        "age_s": plain(each.result.age),
        "due": plain(each.result.due),
        "complete_through": plain(each.watermark.complete_through),
        "missing": plain(each.watermark.missing),
        "newest": plain(each.newest),
        "stale": plain(each.stale),
    }
