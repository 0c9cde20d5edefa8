"""What plans, runs and nodes come to; the faces print, encode or draw the same facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from headwater.errors import Issue
from headwater.graph.graph import Graph
from headwater.graph.node import Node
from headwater.ids import DataInterval, NodeId, join_intervals
from headwater.kinds.feature_view.contract import contract_rules
from headwater.kinds.feature_view.definition import FeatureViewDefinition
from headwater.kinds.query.definition import QueryDefinition
from headwater.kinds.source.definition import SourceDefinition
from headwater.kinds.table.definition import TableDefinition
from headwater.ledger import Release
from headwater.plan.state import State
from headwater.plan.steps import Load, Plan, Query, Step
from headwater.project import Project
from headwater.project.recording import RunReport
from headwater.project.release_view import ReleaseView
from headwater.run.context import NodeOutcome
from headwater.views.figures import count, span
from headwater.views.given import GIVEN_COLUMNS

_NAMED_IN_SQL = ("table", "source", "rollup")
#: Nodes that come from a model's file and share its title.
_OF_A_MODEL = {"scores": "scores", "training_set": "training set"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """What a plan does with one node for one reason."""

    action: str  # load | recheck | build | remove
    node: NodeId
    what: str  # `318 files`, `2009-12-01..2011-12-09, 739 days`
    reason: str
    steps: int
    intervals: tuple[DataInterval, ...] = ()


def plan_lines(plan: Plan, zone: ZoneInfo) -> tuple[PlanLine, ...]:
    """The steps of a plan, grouped by node, action and reason, in the order in which they run."""
    groups: dict[tuple[NodeId, str, str], list[Step]] = {}
    for step in plan.steps:
        groups.setdefault((step.node, _action(step), str(step.reason)), []).append(step)
    lines = []
    for (node, action, reason), steps in groups.items():
        intervals = join_intervals(s.interval for s in steps if not isinstance(s, Load))
        deliveries = sum(len(s.deliveries) for s in steps if isinstance(s, Load))
        if intervals:
            what = span(intervals, zone)
        else:
            what = count(deliveries, "delivery", "deliveries") if deliveries else ""
        lines.append(
            PlanLine(
                action=action,
                node=node,
                what=what,
                reason=reason,
                steps=len(steps),
                intervals=intervals,
            )
        )
    return tuple(lines)


def later_nodes(plan: Plan, graph: Graph) -> tuple[NodeId, ...]:
    """What reads the plan's loads and is not in it: only the rows will say which days it needs."""
    loads = [step.node for step in plan.steps if isinstance(step, Load)]
    reached = graph.downstream(loads) - set(plan.nodes)
    return tuple(name for name, node in graph.nodes.items() if name in reached and node.is_built)


def _action(step: Step) -> str:
    if isinstance(step, Load):
        return "recheck" if step.recheck else "load"
    return "build" if isinstance(step, Query) else "remove"


def plan_data(plan: Plan, zone: ZoneInfo) -> dict[str, Any]:
    """A plan for machines: every step, and the same in lines."""
    return {
        "environment": plan.environment,
        "release": plan.release,
        "now": plan.now.isoformat(),
        "steps": [_step_data(step) for step in plan.steps],
        "lines": [
            {"action": e.action, "node": str(e.node), "what": e.what, "reason": e.reason}
            for e in plan_lines(plan, zone)
        ],
        "removed": [str(node) for node in plan.removed],
        "barred": [str(node) for node in plan.barred],
    }


def _step_data(step: Step) -> dict[str, Any]:
    data: dict[str, Any] = {
        "action": _action(step),
        "node": str(step.node),
        "reason": step.reason.sort,
        "detail": step.reason.detail,
    }
    if isinstance(step, Load):
        return data | {"deliveries": list(step.deliveries)}
    return data | {"interval": interval_data(step.interval)}


def interval_data(interval: DataInterval) -> dict[str, str]:
    """A data interval in UTC, half-open."""
    return {"start": interval.start.isoformat(), "end": interval.end.isoformat()}


def issue_data(issue: Issue) -> dict[str, Any]:
    """An issue for machines and editors."""
    return {
        "code": issue.code,
        "severity": "error" if issue.is_error else "warning",
        "what": issue.what,
        "path": issue.place.path,
        "line": issue.place.line,
        "column": issue.place.column,
        "fix": issue.fix,
    }


def reckoning_text(outcome: NodeOutcome) -> str:
    """Where the delivered rows went: `10 delivered = 8 published + 2 quarantined`."""
    reckoning = outcome.reckoning
    if reckoning is None:
        return ""
    parts = [
        f"{count(number)} {word}"
        for word, number in (
            ("published", reckoning.published),
            ("superseded", reckoning.superseded),
            ("quarantined", reckoning.quarantined),
            ("dropped", reckoning.dropped),
        )
        if number or word == "published"
    ]
    return f"{count(reckoning.delivered)} delivered = {' + '.join(parts)}"


def outcome_text(outcome: NodeOutcome) -> str:
    """What became of a node, in one clause."""
    notes = " · ".join(outcome.notes)
    if outcome.status == "identical":
        said = "rebuilt, identical: nothing below it is touched"
    elif outcome.status == "waiting":
        said = f"waits for {outcome.because}"
    elif outcome.status in ("held", "failed"):
        said = f"{outcome.status}; what is published stays"
    elif outcome.status == "removed":
        said = "removed"
    else:
        said = reckoning_text(outcome) or count(outcome.rows, "row")
        if notes.startswith("@"):  # a version: its files are nobody's rows
            said, notes = notes, ""
        if outcome.reason and outcome.reason != "new" and outcome.status == "built":
            said = f"{said} · {outcome.reason}"
    return f"{said} · {notes}" if notes else said


def run_data(report: RunReport) -> dict[str, Any]:
    """A run for machines."""
    return {
        "run": report.run,
        "environment": report.environment,
        "failed": report.failed,
        "seconds": round(report.seconds, 3),
        "releases": [release_data(release) for release in report.releases],
        "nodes": [_outcome_data(outcome) for outcome in report.outcomes],
        "edited": [str(node) for node in report.edited],
        "barred": [str(node) for node in report.barred],
    }


def _outcome_data(outcome: NodeOutcome) -> dict[str, Any]:
    r = outcome.reckoning
    return {
        "node": str(outcome.node),
        "status": outcome.status,
        "reason": outcome.reason,
        "rows": outcome.rows,
        "steps": outcome.steps,
        "seconds": round(outcome.seconds, 3),
        "because": str(outcome.because) if outcome.because else None,
        "reckoning": None
        if r is None
        else {
            "delivered": r.delivered,
            "published": r.published,
            "superseded": r.superseded,
            "quarantined": r.quarantined,
            "dropped": r.dropped,
        },
        "rules": [
            {
                "rule": o.rule,
                "severity": o.severity,
                "passed": o.passed,
                "failed_rows": o.failed_rows,
            }
            for o in outcome.outcomes
        ],
        "issues": [issue_data(issue) for issue in outcome.issues],
        "notes": list(outcome.notes),
    }


def release_data(release: Release) -> dict[str, Any]:
    """A release for machines."""
    return {
        "number": release.number,
        "environment": release.environment,
        "parent": release.parent,
        "created_at": release.created_at.isoformat(),
        "author": release.author,
        "sort": release.sort,
        "reason": release.reason,
        "run": release.run,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFact:
    """One column of a node: its documentation, and where it comes from unchanged."""

    name: str
    type: str
    description: str = ""
    origin: str = ""  # `source.invoices.invoice`
    masked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """What there is to say about one node."""

    node: NodeId
    title: str
    description: str
    owner: str
    tags: tuple[str, ...]
    path: str
    time: str | None
    key: tuple[str, ...]
    columns: tuple[ColumnFact, ...]
    parents: tuple[NodeId, ...]
    children: tuple[NodeId, ...]
    rules: tuple[str, ...]
    rows: int | None  # None: nothing is published
    intervals: tuple[DataInterval, ...] = ()
    files: int = 0
    bytes: int = 0
    edited: bool = False
    is_built: bool = True  # False: a definition alone, which has no rows

    @property
    def unit(self) -> str:
        """What is counted of it: a model has files."""
        return "file" if self.node.kind == "model" else "row"

    @property
    def called(self) -> str:
        """What people call it: its title; what SQL reads goes by the name that it has there."""
        if self.node.kind in _OF_A_MODEL:
            return f"{self.title or self.node.name}, {_OF_A_MODEL[self.node.kind]}"
        return self.node.name if self.node.kind in _NAMED_IN_SQL else self.title or self.node.name


def node_facts(
    graph: Graph, view: ReleaseView, edited: frozenset[NodeId] = frozenset()
) -> dict[NodeId, NodeFacts]:
    """The facts of every node, upstream first; documentation flows down along the lineage."""
    columns = _documented(graph)
    return {
        node.id: _facts(node, graph, columns[node.id], view.states.get(node.id), node.id in edited)
        for node in graph.nodes.values()
    }


def project_facts(project: Project) -> dict[NodeId, NodeFacts]:
    """The facts of every node on disk, with what the environment publishes of it."""
    return node_facts(project.bound.graph, project.view, frozenset(project.edited))


def _facts(
    node: Node, graph: Graph, columns: tuple[ColumnFact, ...], state: State | None, edited: bool
) -> NodeFacts:
    described = node.definition.described
    published = state.part("rows") if state is not None else ()
    return NodeFacts(
        node=node.id,
        title=described.title,
        description=described.description or _contract_text(node),
        owner=described.owner,
        tags=described.tags,
        path=node.definition.place.path,
        time=node.time,
        key=node.key,
        columns=columns,
        parents=graph.parents(node.id),
        children=graph.children.get(node.id, ()),
        rules=_rules(node),
        rows=state.row_count if state is not None else None,
        intervals=join_intervals(state.segments.intervals) if state is not None else (),
        files=len(published),
        bytes=sum(file.bytes for file in published),
        edited=edited,
        is_built=node.is_built,
    )


def _documented(graph: Graph) -> dict[NodeId, tuple[ColumnFact, ...]]:
    """The columns of each node; one passed through unchanged keeps its documentation and mask."""
    found: dict[NodeId, tuple[ColumnFact, ...]] = {}
    known: dict[tuple[NodeId, str], ColumnFact] = {}
    for node in graph.nodes.values():
        own = _own_docs(node)
        given = [edge.node for edge in node.inputs if edge.node.kind == "feature_view"]
        masks = _own_masks(node)
        by_name = {edge.name.casefold(): edge.node for edge in node.inputs}
        columns = []
        for name, kind in node.schema:
            key = name.casefold()
            views = given if name not in node.key else ()  # a feature is told of by its view
            recipe = node.recipe.columns.get(name) if node.recipe is not None else None
            upstream = None
            origin = ""
            if recipe is not None and recipe.origin is not None and recipe.origin.column:
                parent = by_name.get(recipe.origin.relation.casefold())
                if parent is not None:
                    origin = f"{parent}.{recipe.origin.column}"
                    upstream = known.get((parent, recipe.origin.column.casefold()))
            fact = ColumnFact(
                name=name,
                type=kind,
                description=own.get(key, "")
                or (upstream.description if upstream is not None else "")
                or next((known[v, key].description for v in views if (v, key) in known), ""),
                origin=origin,
                masked=masks.get(name, "") or (upstream.masked if upstream is not None else ""),
            )
            known[node.id, key] = fact
            columns.append(fact)
        found[node.id] = tuple(columns)
    return found


def _own_docs(node: Node) -> Mapping[str, str]:
    definition = node.definition
    if isinstance(definition, TableDefinition | QueryDefinition | FeatureViewDefinition):
        return {name.casefold(): text for name, text in definition.column_docs.items()}
    if isinstance(definition, SourceDefinition) and definition.contract is not None:
        return {c.name.casefold(): c.description for c in definition.contract.columns}
    return GIVEN_COLUMNS.get(node.id.kind, {})


def _own_masks(node: Node) -> Mapping[str, str]:
    """How the columns are masked that the node itself calls personal."""
    definition = node.definition
    if isinstance(definition, TableDefinition):
        return definition.pii
    if isinstance(definition, SourceDefinition) and definition.contract is not None:
        return {c.name: "hash" for c in definition.contract.columns if c.is_personal}
    return {}


def _contract_text(node: Node) -> str:
    definition = node.definition
    if isinstance(definition, SourceDefinition) and definition.contract is not None:
        return definition.contract.description
    return ""


def _rules(node: Node) -> tuple[str, ...]:
    definition = node.definition
    if isinstance(definition, TableDefinition):
        return tuple(f"{rule.name} ({rule.severity})" for rule in definition.rules)
    if isinstance(definition, SourceDefinition) and definition.contract is not None:
        return tuple(f"{rule.name} ({rule.severity})" for rule in definition.contract.rules)
    if isinstance(definition, FeatureViewDefinition):
        return tuple(
            f"{rule.name} ({rule.severity})" for rule in contract_rules(definition, node.schema)
        )
    return ()


def facts_data(facts: NodeFacts) -> dict[str, Any]:
    """A node for machines."""
    return {
        "node": str(facts.node),
        "kind": facts.node.kind,
        "name": facts.node.name,
        "title": facts.title,
        "description": facts.description,
        "owner": facts.owner,
        "tags": list(facts.tags),
        "path": facts.path,
        "time": facts.time,
        "key": list(facts.key),
        "columns": [
            {
                "name": c.name,
                "type": c.type,
                "description": c.description,
                "origin": c.origin,
                "masked": c.masked,
            }
            for c in facts.columns
        ],
        "parents": [str(node) for node in facts.parents],
        "children": [str(node) for node in facts.children],
        "rules": list(facts.rules),
        "rows": facts.rows,
        "intervals": [interval_data(i) for i in facts.intervals],
        "files": facts.files,
        "bytes": facts.bytes,
        "edited": facts.edited,
    }
