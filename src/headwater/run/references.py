"""References between tables, judged once both sides are built and before the release."""

from __future__ import annotations

from headwater.contracts.conditions import ExistsIn
from headwater.contracts.definition import RowRule
from headwater.contracts.relation import Relation
from headwater.contracts.sql import missing_reference
from headwater.errors import Issue
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.plan.state import RuleOutcome
from headwater.run.context import Executors, NodeOutcome, RunContext
from headwater.run.query import relation_of

OWN, TARGET = "__headwater_own", "__headwater_target"


def check_references(
    context: RunContext, executors: Executors, touched: frozenset[NodeId]
) -> dict[NodeId, NodeOutcome]:
    """The nodes that a broken reference holds, with what broke. Code E725.

    A reference is judged when either side was touched; a warning only joins the outcomes.
    """
    found: dict[NodeId, NodeOutcome] = {}
    if not touched:
        return found
    by_name = {node.id.name: node for node in context.graph.nodes.values()}
    for node in context.graph.nodes.values():
        for rule in executors[node.id.kind].promises(node).rules:
            if not isinstance(rule, RowRule) or not isinstance(rule.condition, ExistsIn):
                continue
            target = by_name.get(rule.condition.node)
            if target is None or not touched & {node.id, target.id}:
                continue
            missing = _count_missing(node, target, rule.condition, context)
            if missing:
                found[node.id] = _outcome(node, rule, missing)
    return {n: o for n, o in found.items() if o.status == "held"}


def _count_missing(node: Node, target: Node, condition: ExistsIn, context: RunContext) -> int:
    if node.id not in context.states:
        return 0
    with context.engine.session() as session:
        session.bind_inputs([relation_of(OWN, node, context), relation_of(TARGET, target, context)])
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
