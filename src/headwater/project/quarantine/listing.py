"""Which rows wait: by node and rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.engines.protocol import Session
from headwater.ids import NodeId
from headwater.plan.state import State
from headwater.project.quarantine.model import NodeQuarantine, WaitingRule
from headwater.project.quarantine.waiting import WAITING, day_of, show_waiting
from headwater.run.context import Reckoning

if TYPE_CHECKING:
    from headwater.project import Project


def list_quarantine(project: Project) -> tuple[NodeQuarantine, ...]:
    """The nodes of which rows wait in the project's environment, most rows first."""
    found: list[NodeQuarantine] = []
    for node, state in project.view.states.items():
        if state.part("quarantined"):
            with project.workspace.engine.session() as session:
                show_waiting(state, project.workspace.lake, session)
                found.append(_list_node(node, state, session))
    return tuple(sorted(found, key=lambda each: (-each.rows, each.node)))


def reckon(state: State) -> Reckoning:
    """Where all rows of a state are."""
    rows = dict.fromkeys(("rows", "superseded", "quarantined", "dropped"), 0)
    for file in state.files:
        rows[file.part] += file.rows
    return Reckoning(
        delivered=sum(rows.values()),
        published=rows["rows"],
        superseded=rows["superseded"],
        quarantined=rows["quarantined"],
        dropped=rows["dropped"],
    )


def _list_node(node: NodeId, state: State, session: Session) -> NodeQuarantine:
    rules = session.fetch(
        f"SELECT rule, count(*), min(day), max(day) FROM "
        f"(SELECT unnest(_rules) AS rule, {day_of(state)} AS day FROM {WAITING}) "
        f"GROUP BY rule ORDER BY count(*) DESC, rule"
    )
    return NodeQuarantine(
        node=node,
        rows=sum(f.rows for f in state.part("quarantined")),
        rules=tuple(
            WaitingRule(rule=rule, rows=rows, first=first, last=last)
            for rule, rows, first, last in rules
        ),
        reckoning=reckon(state),
    )
