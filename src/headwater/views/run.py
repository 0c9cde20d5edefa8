"""What became of a run, node by node and in the end."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from headwater.project.metrics.restating import restated_in
from headwater.views.figures import count, seconds
from headwater.views.headline import headline
from headwater.views.issues import print_issues
from headwater.views.layout import Cell, Line
from headwater.views.restated import restated_text
from headwater.views.summaries import outcome_text

if TYPE_CHECKING:
    from headwater.errors import Issue
    from headwater.ids import NodeId
    from headwater.ledger import Release
    from headwater.project import Project
    from headwater.project.recording import RunReport
    from headwater.run.context import NodeOutcome
    from headwater.views.page import Page

_FIGURES: Final = re.compile(r"\d[\d,.]*")
MARKS = {
    "loaded": ("✔", "good"),
    "built": ("✔", "good"),
    "identical": ("=", "same"),
    "removed": ("−", "warning"),
    "held": ("✖", "bad"),
    "failed": ("✖", "bad"),
    "waiting": ("·", "quiet"),
}


def outcome_line(outcome: NodeOutcome, name_width: int, width: int) -> Line:
    """`  ✔ table.sales   1,044,842 rows          1.9 s`."""
    mark, style = MARKS[outcome.status]
    name = str(outcome.node).ljust(name_width)
    text = outcome_text(outcome)
    time = seconds(outcome.seconds) if outcome.status != "waiting" else ""
    room = width - 4 - name_width - 3 - 12
    return (
        Cell("  "),
        Cell(mark, style),
        Cell(f" {name}   "),
        Cell(text.ljust(room) if time else text),
        Cell(f"   {time}" if time else "", "quiet"),
    )


def print_report(project: Project, report: RunReport, page: Page) -> None:
    """What was held and why, which releases were made, and what waits for somebody."""
    print_issues(_issues(report), page)
    held = {o.node: o for o in report.outcomes if o.status in ("held", "failed")}
    for outcome in held.values():  # once, though held of the released definitions and the new
        _print_held(project, report, outcome, page)
    for release in report.releases:
        facts = (
            release.environment,
            release.sort,
            changed_text(project, release),
            restated_text(restated_in(project.ledger, release.number)),
            headline(project) if release == project.view.release else "",
            seconds(report.seconds),
        )
        page.line(
            Cell(f"release #{release.number}", "strong"),
            "".join(f" · {fact}" for fact in facts if fact),
        )
    if not report.releases and not held:
        head = project.view.release
        at = f" (release #{head.number})" if head is not None else ""
        page.line(f"Nothing to do: everything is up to date{at}. {seconds(report.seconds)}")
    _print_quarantine(report, page)
    if report.edited:
        named = ", ".join(map(str, report.edited[:3])) + (" …" if len(report.edited) > 3 else "")
        edited = count(len(report.edited), "edited definition")
        page.line(Cell("! ", "warning"), f"{edited} not released: {named}")
        page.hint("`headwater run --apply` releases them, `--env NAME` builds them beside")
    for node in report.barred:
        page.line(Cell("! ", "warning"), f"{node} keeps its state: a rollback rejected the new one")


def _issues(report: RunReport) -> tuple[Issue, ...]:
    """What is told of each node; a warning once, with the figures of the newest release."""
    found: dict[object, Issue] = {}
    for outcome in report.outcomes:
        for issue in outcome.issues:
            what = issue.what if issue.is_error else _FIGURES.sub("", issue.what)
            found[outcome.node, issue.code, issue.place, what] = issue
    return tuple(found.values())


def _print_held(project: Project, report: RunReport, outcome: NodeOutcome, page: Page) -> None:
    """What is held with a node, what went on, and whom to ask."""
    kept_back = ("held", "failed", "waiting")
    waiting = [str(o.node) for o in report.outcomes if o.because == outcome.node]
    went_on = sum(o.status not in kept_back for o in report.outcomes)
    facts = [f"went on: {count(went_on, 'other')}", _owner(project, outcome.node)]
    if waiting:
        named = ", ".join(waiting[:5]) + (f" and {len(waiting) - 5} more" * (len(waiting) > 5))
        facts.insert(0, f"held with it: {named}")
    if outcome.node in project.view.states:
        facts.append(f"`headwater trace {outcome.node}`")
    page.line(
        Cell("✖ ", "bad"),
        Cell(f"{outcome.node} {outcome.status}", "strong"),
        "; what is published stays" if outcome.node in project.view.states else "",
    )
    page.line("  " + " · ".join(fact for fact in facts if fact))


def _owner(project: Project, node: NodeId) -> str:
    """`owner data (data-lead)`."""
    known = project.bound.graph.nodes.get(node)
    owner = known.definition.described.owner if known is not None else ""
    team = project.settings.teams.get(owner)
    people = f" ({', '.join(team.members)})" if team is not None and team.members else ""
    return f"owner {owner}{people}" if owner else ""


def changed_text(project: Project, release: Release) -> str:
    """`9 nodes changed, 7 of them rollups and histories`: what follows from others counts apart."""
    ledger = project.ledger
    now = ledger.resolve(release.number)
    if release.parent is None:
        return f"{count(len(now.states), 'node')} changed"
    before = ledger.resolve(release.parent)
    nodes = [
        node
        for node in {**now.definitions, **before.definitions}
        if now.definitions.get(node) != before.definitions.get(node)
        or now.states.get(node) != before.states.get(node)
    ]

    def as_written(node: NodeId, released: Mapping[NodeId, str]) -> str:
        name = released.get(node)
        return json.loads(ledger.definitions([name])[name].body)["texts"] if name else ""

    rollups = sum(node.kind == "rollup" for node in nodes)
    histories = sum(
        node.kind == "metric"
        and as_written(node, now.definitions) == as_written(node, before.definitions)
        for node in nodes
    )
    told = f"{count(len(nodes), 'node')} changed"
    words = [word for word, n in (("rollups", rollups), ("histories", histories)) if n]
    return f"{told}, {rollups + histories:,} of them {' and '.join(words)}" if words else told


def _print_quarantine(report: RunReport, page: Page) -> None:
    for outcome in report.outcomes:
        rows = outcome.reckoning.quarantined if outcome.reckoning is not None else 0
        if rows:
            waits = f"{count(rows, 'row')} {'waits' if rows == 1 else 'wait'}"
            page.line(f"{waits}: `headwater quarantine show {outcome.node.name}`")
