"""Who released what and why, and what was decided: for a colleague, or as CSV for an auditor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from headwater.views.figures import count, moment
from headwater.views.layout import Cell

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.views.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One entry of the ledger that somebody may be asked about."""

    at: datetime
    sort: str  # a sort of release, or of a note
    release: int | None
    environment: str
    author: str
    node: str = ""
    text: str = ""


def read_changes(
    project: Project, environment: str | None, period: str | None, limit: int
) -> tuple[Change, ...]:
    """Releases and notes, newest first."""
    from headwater.semantics.periods import parse_period
    from headwater.project.scheduling import is_firing

    ledger = project.ledger
    found = [
        Change(
            at=release.created_at,
            sort=release.sort,
            release=release.number,
            environment=release.environment,
            author=release.author,
            text=release.reason,
        )
        for release in ledger.releases(environment, limit)
    ]
    found += [
        Change(
            at=note.at,
            sort=note.sort,
            release=note.release,
            environment="",
            author=note.author,
            node=str(note.node) if note.node is not None else "",
            text=note.text,
        )
        for note in ledger.notes()
        if not is_firing(note)
    ]
    if period is not None:
        window = parse_period(period, project.workspace.clock)
        found = [change for change in found if window.start <= change.at < window.end]
    found.sort(key=lambda change: (change.at, change.release or 0), reverse=True)
    return tuple(found[:limit])


def print_changes(project: Project, found: Sequence[Change], page: Page) -> None:
    """One line an entry."""
    zone = project.workspace.zone
    page.rows(
        (
            moment(change.at, zone),
            Cell(f"#{change.release}" if change.release else "", "strong", right=True),
            change.environment,
            change.sort,
            change.author,
            change.node,
            change.text,
        )
        for change in found
    )
    page.line(count(len(found), "entry", "entries"))
