"""Reports as lines: their list, a pack, what became of its deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from headwater.project.reporting.delivering import Delivery
from headwater.project.reporting.figures import plain_text
from headwater.project.reporting.making import ReportStanding
from headwater.project.reporting.pack import Pack
from headwater.views.figures import count, moment
from headwater.views.layout import Cell
from headwater.views.page import Page
from headwater.views.plain import plain

_MARKS = {
    "delivered": Cell("✔", "good"),
    "already": Cell("=", "same"),
    "failed": Cell("✖", "bad"),
}


def print_reports(found: Sequence[ReportStanding], zone: ZoneInfo, page: Page) -> None:
    """One line a report."""
    page.rows(
        (
            Cell(each.report.id.name, "strong"),
            each.report.title,
            f"next {moment(each.next_due, zone)}" if each.next_due is not None else "by hand",
            f"delivered {each.last.period}, {moment(each.last.at, zone)}"
            if each.last is not None
            else "never delivered",
        )
        for each in found
    )
    page.line(count(len(found), "report"))


def reports_data(found: Sequence[ReportStanding]) -> list[dict[str, Any]]:
    """The same for machines."""
    return [
        {
            "report": each.report.id.name,
            "title": each.report.title,
            "schedule": each.report.schedule,
            "next_due": plain(each.next_due),
            "last_delivery": plain(each.last),
        }
        for each in found
    ]


def print_pack(pack: Pack, written: Sequence[Path], page: Page) -> None:
    """What the pack says first, and where it lies."""
    page.line(Cell(pack.title, "strong"), f" · {pack.subtitle}")
    for block in pack.blocks:
        for sentence in block.standing[:1]:
            page.line("  ", plain_text(sentence))
    for word, titles in pack.summary:
        if word in ("Off target", "Restated"):
            page.line("  ", Cell(f"{word}: {', '.join(titles)}", "warning"))
    for path in written:
        page.line("  ", Cell(str(path), "place"))


def print_deliveries(found: Sequence[Delivery], page: Page) -> None:
    """One line a destination."""
    words = {"delivered": "", "already": "was delivered before: `--again`", "failed": "failed"}
    for each in found:
        page.line("  ", _MARKS[each.status], f" {each.destination}   ", words[each.status])
