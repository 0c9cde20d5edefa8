"""What a kind is: one value that ties its doors together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from headwater.definitions.loader import KindReader
from headwater.definitions.model import Definition
from headwater.errors import Issue, Place
from headwater.graph.build import BindContext
from headwater.graph.node import Node
from headwater.plan.steps import Load
from headwater.plan.steps import Query as QueryStep
from headwater.run.context import Promises, RunContext, StepResult
from headwater.sql import Query, QueryTemplate, SqlError


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of node. Every door is a function of the kind's own folder.

    `references`, `mention`, `query` and `bind` serve the graph, `execute` and `promises` the run
    loop. Definitions are `Any` here because each kind has its own class and gets only its own.
    """

    name: str
    reader: KindReader
    is_relation: bool
    references: Callable[[Any], tuple[str, ...]]
    mention: Callable[[Any, str], Place]
    query: Callable[[Any, Mapping[str, Node]], Query | None]
    sql_issue: Callable[[Any, SqlError], Issue]
    bind: Callable[
        [Any, Mapping[str, Node], QueryTemplate | None, BindContext],
        tuple[Node | None, list[Issue]],
    ]
    execute: Callable[[Load | QueryStep, Node, RunContext], StepResult]
    promises: Callable[[Node], Promises]
    validate: Callable[[Definition, Node], list[Issue]]


def nothing_to_validate(definition: Definition, node: Node) -> list[Issue]:
    """For kinds whose reading and binding find every mistake."""
    del definition, node
    return []


def no_query(definition: Any, upstream: Mapping[str, Node]) -> Query | None:
    """For kinds that no SQL defines."""
    del definition, upstream
    return None


def plain_sql_issue(definition: Any, error: SqlError) -> Issue:
    """What is wrong with the SQL, at the definition's place."""
    problem = error.problem
    return Issue(code=problem.code, what=problem.what, place=definition.place, fix=problem.fix)


def no_references(definition: Any) -> tuple[str, ...]:
    """For kinds that read no other node."""
    del definition
    return ()


def main_place(definition: Any, name: str) -> Place:
    """The definition's own place, for kinds that know no better one."""
    del name
    place: Place = definition.place
    return place


def never_executed(step: Load | QueryStep, node: Node, context: RunContext) -> StepResult:
    """For kinds whose nodes are definitions alone (`is_built` False): no plan holds a step."""
    del step, context
    raise AssertionError(f"{node.id} has no content to build")


def no_promises(node: Node) -> Promises:
    """For kinds without rows of their own."""
    del node
    return Promises()
