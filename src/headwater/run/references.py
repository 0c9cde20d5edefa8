"""References between nodes, judged once both sides are built and before the release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from headwater.contracts.conditions import ExistsIn
from headwater.contracts.definition import RowRule
from headwater.contracts.quoting import quote_all
from headwater.contracts.relation import Relation
from headwater.contracts.sql import missing_reference
from headwater.errors import Issue, Place, did_you_mean
from headwater.graph.graph import Graph
from headwater.graph.node import Node
from headwater.ids import ALL_TIME, DataInterval, NodeId
from headwater.plan.state import RuleOutcome, State
from headwater.plan.steps import LedgerView
from headwater.run.context import Executors, NodeOutcome, RunContext
from headwater.run.query import relation_of, show_relation

OWN, TARGET, TARGET_BEFORE = "__headwater_own", "__headwater_target", "__headwater_target_before"


def check_references(
    context: RunContext,
    executors: Executors,
    touched: frozenset[NodeId],
    before: LedgerView,
) -> dict[NodeId, NodeOutcome]:
    """The nodes that a broken reference holds, with what broke. Code E725.

    A reference is judged when either side was touched, or its definition changed. What was released
    `before` kept it: where the other table has lost no key, only new files are looked at.
    """
    found: dict[NodeId, NodeOutcome] = {}
    edited = {
        node
        for node, name in context.definition_hashes.items()
        if node in context.states and before.definitions.get(node) != name
    }
    if not touched and not edited:
        return found
    by_name = relations_by_name(context.graph)
    for node, rule in references_of(context.graph, executors):
        target = by_name.get(rule.condition.node.casefold())  # type: ignore[union-attr]
        if target is None or not (touched & {node.id, target.id} or node.id in edited):
            continue
        condition = resolved(rule, target)
        missing, span = 0, None
        if condition is not None:
            states = {} if node.id in edited else before.states
            span = _span_to_judge(node, target, condition, context, states)
        if condition is not None and span is not None:
            missing = count_missing(node, target, condition, context, span)
        if missing:
            found[node.id] = _outcome(node, rule, missing)
    return {n: o for n, o in found.items() if o.status == "held"}


def reference_issues(graph: Graph, executors: Executors) -> list[Issue]:
    """References that cannot be judged: E201 an unknown target, E304 one without such a key."""
    by_name = relations_by_name(graph)
    issues: list[Issue] = []
    for node, rule in references_of(graph, executors):
        assert isinstance(rule.condition, ExistsIn)
        name = rule.condition.node
        place: Place = rule.place if rule.place.path else node.definition.place
        target = by_name.get(name.casefold())
        if target is None:
            fix = did_you_mean(name, by_name, "sources, tables and seeds can be referred to")
            what = f"{node.id} refers to the unknown table `{name}`"
            issues.append(Issue(code="E201", what=what, place=place, fix=fix))
        elif resolved(rule, target) is None:
            own = ", ".join(rule.condition.columns)
            what = f"`{own}` of {node.id} refers to {target.id}, which has no key for it"
            fix = f"give `{name}` a `key` of {len(rule.condition.columns)} column(s)"
            issues.append(Issue(code="E304", what=what, place=place, fix=fix))
    return issues


def relations_by_name(graph: Graph) -> dict[str, Node]:
    """What references can lead to, by names in one case."""
    return {node.id.name.casefold(): node for node in graph.nodes.values() if node.is_relation}


def references_of(graph: Graph, executors: Executors) -> Iterator[tuple[Node, RowRule]]:
    """Every reference, with the node that makes it."""
    for node in graph.nodes.values():
        for rule in executors[node.id.kind].promises(node).rules:
            if isinstance(rule, RowRule) and isinstance(rule.condition, ExistsIn):
                yield node, rule


def resolved(rule: RowRule, target: Node) -> ExistsIn | None:
    """The condition with the columns that it means: those named, or else the target's key.

    None where the target has no key of that many columns, or lacks a named one.
    """
    condition = rule.condition
    assert isinstance(condition, ExistsIn)
    columns = condition.target_columns or target.key
    if len(columns) != len(condition.columns) or not set(columns) <= set(target.column_names):
        return None
    return replace(condition, target_columns=columns)


def _span_to_judge(
    node: Node,
    target: Node,
    condition: ExistsIn,
    context: RunContext,
    before: Mapping[NodeId, State],
) -> DataInterval | None:
    """Where rows may refer to nothing that did not before; None where none can."""
    old, new = before.get(node.id), context.states.get(node.id)
    if old is None or new is None or node.time is None:
        return ALL_TIME
    if target.id not in before or _loses_keys(target, condition, context, before[target.id]):
        return ALL_TIME
    known = {(f.path, f.interval) for f in old.files}
    fresh = [f.interval for f in new.part("rows") if (f.path, f.interval) not in known]
    if not fresh:
        return None
    return DataInterval(min(i.start for i in fresh), max(i.end for i in fresh))


def _loses_keys(target: Node, condition: ExistsIn, context: RunContext, before: State) -> bool:
    """Whether a key that could be referred to is no longer there."""
    if context.states.get(target.id) is before:
        return False
    if not set(condition.target_columns) <= {name for name, _ in before.schema}:
        return True
    old = show_relation(TARGET_BEFORE, target, before, context, ALL_TIME, frozenset())
    with context.engine.session() as session:
        session.bind_inputs([old, relation_of(TARGET, target, context)])
        keys = quote_all(condition.target_columns)
        lost = f"SELECT {keys} FROM {TARGET_BEFORE} EXCEPT SELECT {keys} FROM {TARGET}"
        return bool(session.fetch(f"SELECT 1 FROM ({lost}) LIMIT 1"))


def count_missing(
    node: Node,
    target: Node,
    condition: ExistsIn,
    context: RunContext,
    span: DataInterval = ALL_TIME,
) -> int:
    """How many rows of a node, in a span, refer to nothing in another."""
    if node.id not in context.states:
        return 0
    with context.engine.session() as session:
        own = relation_of(OWN, node, context, span)
        session.bind_inputs([own, relation_of(TARGET, target, context)])
        test = missing_reference(condition, Relation.named(TARGET))
        return int(session.fetch(f"SELECT count(*) FROM {OWN} WHERE {test}")[0][0])


def _outcome(node: Node, rule: RowRule, missing: int) -> NodeOutcome:
    text = f"{rule.name}: {missing:,} rows"
    outcome = RuleOutcome(
        rule=rule.name, severity=str(rule.severity), passed=False, failed_rows=missing, text=text
    )
    issue = Issue(
        code="E725" if rule.severity == "error" else "W725",
        what=f"{node.id}: {text} refer to nothing in {rule.condition.node}",  # type: ignore[union-attr]
        place=rule.place if rule.place.path else node.definition.place,
        fix="build both sides together, or mend the rows",
    )
    held = rule.severity == "error"
    return NodeOutcome(
        node=node.id,
        status="held" if held else "built",
        issues=(issue,),
        outcomes=(outcome,),
    )
