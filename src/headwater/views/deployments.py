"""Challengers: how they are tried, how they stand, how they ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from headwater.project.serving.gating import figure_text
from headwater.views.figures import count, moment
from headwater.views.layout import Cell
from headwater.views.plain import plain

if TYPE_CHECKING:
    from headwater.project.serving.deploying import Deployment
    from headwater.project.serving.gating import Standing
    from headwater.views.page import Page

_MARKS = {"promoted": ("✔", "good"), "rolled back": ("✖", "bad"), "stopped": ("·", "quiet")}


def print_deployment(
    deployment: Deployment, zone: ZoneInfo, page: Page, standing: Standing | None = None
) -> None:
    """One that is tried, with its gates; or how it ended."""
    if not deployment.is_live:
        print_ended([deployment], zone, page)
        return
    until = f"decided from {moment(deployment.ends_at, zone)} on"
    how = "a person decides" if deployment.manual else until
    beside = f" beside @{deployment.champion} · {how}"
    page.line(Cell(str(deployment), "strong"), beside)
    values = standing.figures if standing is not None else {}
    rows = []
    for gate in deployment.gates:
        value = values.get(gate.figure)
        mark = "same" if value is None else "good" if gate.holds(value) else "bad"
        shown = "not known yet" if value is None else figure_text(gate.figure, value)
        rows.append((gate.text, Cell(shown, mark) if standing is not None else ""))
    page.rows(rows)
    if standing is not None:
        asked = count(standing.requests, "answer")
        needed = f"{asked} of at least {deployment.min_requests:,}"
        page.line(f"  {needed}; the champion gave {count(standing.champion_requests)}")


def print_ended(ended: Sequence[Deployment], zone: ZoneInfo, page: Page) -> None:
    """How challengers ended, one line each."""
    page.rows(
        (
            Cell(*_MARKS[each.outcome or "stopped"]),
            moment(each.ended_at, zone) if each.ended_at is not None else "",
            str(each),
            each.outcome or "",
            each.text,
        )
        for each in ended
    )


def deployment_data(deployment: Deployment, standing: Standing | None = None) -> dict[str, Any]:
    """For machines."""
    data: dict[str, Any] = plain(deployment)
    if standing is not None:
        data["standing"] = plain(standing)
    return data
