"""Who released what and why, and what was decided: for a colleague, or as CSV for an auditor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from headwater.errors import Issue, UsageError, did_you_mean
from headwater.ids import NodeId
from headwater.project.metrics.definition_history import DefinitionVersion, definition_history
from headwater.project.metrics.restating import RESTATEMENT, Restatement, decode
from headwater.project.recording import PROD
from headwater.views.figures import count, moment
from headwater.views.layout import Cell, align

if TYPE_CHECKING:
    from headwater.ledger import Ledger
    from headwater.project import Project
    from headwater.views.page import Page

_MOST_PERIODS = 6
_COLOURS = {"+": "good", "-": "bad"}


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
    restatement: Restatement | None = None
    difference: str = ""  # of a definition, as a unified diff


def read_changes(
    project: Project,
    environment: str | None,
    period: str | None,
    limit: int,
    metric: str | None = None,
) -> tuple[Change, ...]:
    """Releases and notes, newest first; of one metric, its notes and its definitions."""
    from headwater.project.scheduling import is_firing
    from headwater.semantics.periods import parse_period

    ledger = project.ledger
    node = _metric(project, metric) if metric is not None else None
    found = (
        _definitions(ledger, node) if node is not None else _releases(ledger, environment, limit)
    )
    found += [
        Change(
            at=note.at,
            sort=note.sort,
            release=note.release,
            environment="",
            author=note.author,
            node=str(note.node) if note.node is not None else "",
            text=note.text,
            restatement=decode(note) if note.sort == RESTATEMENT else None,
        )
        for note in ledger.notes(node=node)
        if not is_firing(note)
    ]
    if period is not None:
        window = parse_period(period, project.workspace.clock)
        found = [change for change in found if window.start <= change.at < window.end]
    found.sort(key=lambda change: (change.at, change.release or 0), reverse=True)
    return tuple(found[:limit])


def _releases(ledger: Ledger, environment: str | None, limit: int) -> list[Change]:
    return [
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


def _definitions(ledger: Ledger, node: NodeId) -> list[Change]:
    """Every definition of a metric that was published."""
    return [
        Change(
            at=version.at,
            sort="definition",
            release=version.release,
            environment=PROD,
            author=version.author,
            node=str(node),
            text=" · ".join(text for text in (_version_text(version), version.reason) if text),
            difference=version.difference,
        )
        for version in definition_history(ledger, node)
    ]


def _version_text(version: DefinitionVersion) -> str:
    if version.is_removed:
        return "removed"
    if not version.difference:
        return "first published"
    return "means something else" if version.meaning_changed else "other words, the same meaning"


def _metric(project: Project, name: str) -> NodeId:
    """A metric that is or was published. Code E939."""
    node = NodeId("metric", name.removeprefix("metric."))
    if node not in project.view.definitions and not definition_history(project.ledger, node):
        known = [n.name for n in project.view.definitions if n.kind == "metric"]
        fix = did_you_mean(node.name, known, "metrics: " + (", ".join(sorted(known)) or "none"))
        what = f"no metric `{node.name}` was ever published"
        raise UsageError(Issue(code="E939", what=what, fix=fix))
    return node


def print_changes(project: Project, found: Sequence[Change], page: Page) -> None:
    """One line an entry; below a restatement the numbers that moved most."""
    from headwater.views.metric_values import manners_of, slot_label

    zone = project.workspace.zone
    lines = align(
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
    find = manners_of(project) if any(change.restatement for change in found) else None
    for change, line in zip(found, lines, strict=True):
        page.line(*line)
        restated = change.restatement
        if restated is not None and find is not None:
            manner = find(restated.metric)
            moved = restated.of_grain(restated.grain)[:_MOST_PERIODS]
            page.rows(((slot_label(c.slot), *manner.cells(c)) for c in moved), indent=20, gap=2)
            if restated.periods > len(moved):
                page.line(" " * 20, Cell(f"… {restated.periods - len(moved):,} more", "quiet"))
        for text in change.difference.splitlines()[2:]:
            page.line(" " * 20, Cell(text, _COLOURS.get(text[:1], "quiet")))
    page.line(count(len(found), "entry", "entries"))


def change_rows(found: Sequence[Change]) -> Iterator[tuple[object, ...]]:
    """CSV: a line for each entry, and one for each number of a restatement."""
    numbers = ("cause", "grain", "period", "step", "before", "after")
    yield ("at", "sort", "release", "environment", "author", "node", "text", *numbers)
    for c in found:
        entry = (c.at.isoformat(), c.sort, c.release, c.environment, c.author, c.node, c.text)
        restated = c.restatement
        if restated is None:
            yield (*entry, *("" for _ in numbers))
            continue
        for change in restated.changes:
            slot = change.slot
            number = (slot.grain, slot.period, slot.step, change.before, change.after)
            yield (*entry, restated.cause, *number)
