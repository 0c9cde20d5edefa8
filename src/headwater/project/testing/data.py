"""The rules over everything that is published, not over one interval."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from headwater.contracts.conditions import ExistsIn
from headwater.contracts.dataset import RuleResult, judge
from headwater.contracts.definition import RowRule, Rule
from headwater.contracts.relation import ALONE, Relation
from headwater.contracts.rules import key_rules
from headwater.errors import Issue
from headwater.graph.node import Node
from headwater.project.testing.model import DataResult
from headwater.project.testing.published import read_published
from headwater.registry import BY_NAME
from headwater.run.audit import measure, outcome_of
from headwater.run.context import RunContext
from headwater.run.query import relation_of
from headwater.run.references import count_missing, relations_by_name, resolved

if TYPE_CHECKING:
    from headwater.project import Project

ALL = "__headwater_all"


def check_published(
    project: Project, select: Sequence[str] = (), exclude: Sequence[str] = ()
) -> tuple[DataResult, ...]:
    """Judge what the environment shows by the rules of the definitions that it runs.

    Issues: E720 a rule of severity error, W724 a warning.
    """
    published = read_published(project, "data tests")
    if published is None:
        return ()
    return tuple(
        result
        for node in published.nodes(project, select, exclude)
        if (result := _check_node(node, published.context)) is not None
    )


def _check_node(node: Node, context: RunContext) -> DataResult | None:
    """The verdict on one node; None where nothing is promised."""
    began = time.perf_counter()
    promises = BY_NAME[node.id.kind].promises(node)
    keyed = key_rules(promises.key, node.definition.place) if promises.key else ()
    rules = (*promises.rules, *keyed)
    if not rules:
        return None
    with context.engine.session() as session:
        hidden = frozenset(name for name, _ in node.hidden)
        shown = replace(relation_of(ALL, node, context, hidden=hidden), time=None, cut=None)
        session.bind_inputs([shown])
        relation = Relation.named(ALL, order=promises.key)
        results = measure(rules, relation, ALONE, node.time, None, session, context.clock)
    results = (*results, *_references(rules, node, context))
    return DataResult(
        node=node.id,
        outcomes=tuple(map(outcome_of, results)),
        issues=tuple(_issue(node, result) for result in results if not result.passed),
        rows=context.states[node.id].row_count,
        seconds=time.perf_counter() - began,
    )


def _references(rules: Sequence[Rule], node: Node, context: RunContext) -> tuple[RuleResult, ...]:
    by_name = relations_by_name(context.graph)
    found: list[RuleResult] = []
    for rule in rules:
        if not isinstance(rule, RowRule) or not isinstance(rule.condition, ExistsIn):
            continue
        target = by_name.get(rule.condition.node.casefold())
        condition = resolved(rule, target) if target is not None else None
        if condition is not None and target is not None:
            found.append(judge(rule, count_missing(node, target, condition, context)))
    return tuple(found)


def _issue(node: Node, result: RuleResult) -> Issue:
    return Issue(
        code="E720" if result.is_breach else "W724",
        what=f"{node.id}: {result.text}",
        place=result.place if result.place.path else node.definition.place,
        fix="`headwater sql` finds the rows" if result.is_breach else "",
    )
