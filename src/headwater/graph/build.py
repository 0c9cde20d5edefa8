"""Definitions → graph: names become edges, each kind binds its nodes, upstream first.

A node that cannot be bound is reported once; what reads it is left out without a second message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from zoneinfo import ZoneInfo

from headwater.definitions.model import Definition
from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.graph.graph import Graph, topological_order
from headwater.graph.node import Node, Schema
from headwater.ids import NodeId
from headwater.sql import Query, QueryTemplate, SqlError


class SqlBinding(Protocol):
    """What binds SQL over relations; a project's cached binder."""

    def bind_many(self, queries: Sequence[Query]) -> list[QueryTemplate | SqlError]:
        """The template of each query, or what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BindContext:
    """What a kind needs to bind a definition."""

    sql: SqlBinding
    zone: ZoneInfo
    observe: Callable[[Definition, Mapping[str, Node]], Schema]
    """The schema of what only data or user code can tell: a source without a contract, a Python
    table. Raises HeadwaterError."""


class GraphKind(Protocol):
    """What the graph asks of a kind."""

    @property
    def is_relation(self) -> bool:
        """Whether SQL can read its nodes by name."""

    def references(self, definition: Definition) -> tuple[str, ...]:
        """What the definition reads: names of relations, or node ids (with a dot)."""

    def mention(self, definition: Definition, name: str) -> Place:
        """Where the definition names what it reads."""

    def query(self, definition: Definition, upstream: Mapping[str, Node]) -> Query | None:
        """The SQL that has to be bound over the upstream nodes, if it is SQL that defines it.

        Raises HeadwaterError where there is none to be had.
        """

    def bind(
        self,
        definition: Definition,
        upstream: Mapping[str, Node],
        template: QueryTemplate | None,
        context: BindContext,
    ) -> tuple[Node | None, list[Issue]]:
        """The node, given its upstream nodes by the names it calls them, and its bound SQL."""

    def sql_issue(self, definition: Definition, error: SqlError) -> Issue:
        """What is wrong with the SQL, at its place in the project."""


def build_graph(
    definitions: Mapping[NodeId, Definition],
    kinds: Mapping[str, GraphKind],
    context: BindContext,
) -> tuple[Graph, list[Issue]]:
    """The graph of all nodes that could be bound, and everything that is wrong with the others.

    Codes: E201 unknown name, E208 cycle, and those of the kinds.
    """
    edges, issues = _resolve(definitions, kinds)
    order, cycle = topological_order({node: tuple(ups.values()) for node, ups in edges.items()})
    if cycle:
        issues.append(_cycle_issue(cycle, definitions))
    bound: dict[NodeId, Node] = {}
    for level in _levels(order, edges):
        issues += _bind_level(level, definitions, edges, kinds, bound, context)
    return Graph.of(bound[node] for node in order if node in bound), issues


def _levels(
    order: Sequence[NodeId], edges: Mapping[NodeId, Mapping[str, NodeId]]
) -> list[list[NodeId]]:
    """The nodes by their distance from the sources, so that those of one level bind together."""
    depth: dict[NodeId, int] = {}
    levels: list[list[NodeId]] = []
    for node in order:
        depth[node] = max((depth[up] + 1 for up in edges[node].values()), default=0)
        if depth[node] == len(levels):
            levels.append([])
        levels[depth[node]].append(node)
    return levels


def _bind_level(
    level: Sequence[NodeId],
    definitions: Mapping[NodeId, Definition],
    edges: Mapping[NodeId, Mapping[str, NodeId]],
    kinds: Mapping[str, GraphKind],
    bound: dict[NodeId, Node],
    context: BindContext,
) -> list[Issue]:
    """Add the nodes of a level to `bound`; those that read an unbound node are passed over."""
    upstream = {
        node: {name: bound[up] for name, up in edges[node].items()}
        for node in level
        if all(up in bound for up in edges[node].values())
    }
    issues: list[Issue] = []
    queries: dict[NodeId, Query] = {}
    broken: set[NodeId] = set()
    for node, ups in upstream.items():
        try:
            query = kinds[node.kind].query(definitions[node], ups)
        except HeadwaterError as error:
            issues += error.issues
            broken.add(node)
        else:
            if query is not None:
                queries[node] = query
    templates = dict(zip(queries, context.sql.bind_many(list(queries.values())), strict=True))
    for node, ups in upstream.items():
        if node in broken:
            continue
        kind, definition, template = kinds[node.kind], definitions[node], templates.get(node)
        if isinstance(template, SqlError):
            issues.append(kind.sql_issue(definition, template))
            continue
        made, found = kind.bind(definition, ups, template, context)
        issues += found
        if made is not None:
            bound[node] = made if kind.is_relation else replace(made, is_relation=False)
    return issues


def _resolve(
    definitions: Mapping[NodeId, Definition], kinds: Mapping[str, GraphKind]
) -> tuple[dict[NodeId, dict[str, NodeId]], list[Issue]]:
    """For each node, what its names mean; nodes with an unknown name are left out."""
    relations = {n.name.casefold(): n for n in definitions if kinds[n.kind].is_relation}
    ids = {str(n): n for n in definitions}
    edges: dict[NodeId, dict[str, NodeId]] = {}
    issues: list[Issue] = []
    for node_id, definition in definitions.items():
        found: dict[str, NodeId] = {}
        complete = True
        for name in kinds[node_id.kind].references(definition):
            target = ids.get(name) if "." in name else relations.get(name.casefold())
            if target is None:
                complete = False
                place = kinds[node_id.kind].mention(definition, name)
                issues.append(_unknown(name, place, ids, relations))
            else:
                found[name] = target
        if complete:
            edges[node_id] = found
    return _without_blocked(edges, set(definitions) - set(edges)), issues


def _without_blocked(
    edges: dict[NodeId, dict[str, NodeId]], blocked: set[NodeId]
) -> dict[NodeId, dict[str, NodeId]]:
    """Leave out nodes that are blocked, and all that read them."""
    gone = set(blocked)
    growing = True
    while growing:
        more = {n for n, ups in edges.items() if n not in gone and gone & set(ups.values())}
        gone |= more
        growing = bool(more)
    return {node: ups for node, ups in edges.items() if node not in gone}


def _unknown(
    name: str,
    place: Place,
    ids: Mapping[str, NodeId],
    relations: Mapping[str, NodeId],
) -> Issue:
    kind, dot, short = name.partition(".")
    if dot:
        known = [node.name for node in ids.values() if node.kind == kind]
        what, fix = f"unknown {kind} `{short}`", f"`headwater ls kind:{kind}` lists all"
    else:
        known, short = [node.name for node in relations.values()], name
        what, fix = f"unknown table `{name}`", "sources, tables and seeds can be read by name"
    return Issue(code="E201", what=what, place=place, fix=did_you_mean(short, known, fix))


def _cycle_issue(cycle: list[NodeId], definitions: Mapping[NodeId, Definition]) -> Issue:
    return Issue(
        code="E208",
        what="tables read each other in a circle: " + " → ".join(map(str, cycle)),
        place=definitions[cycle[0]].place,
        fix="take one of these references out",
    )
