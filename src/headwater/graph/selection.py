"""Selection of nodes as dbt users know it.

`+table.orders` adds everything upstream, `table.orders+2` two levels downstream, `@` is not needed.
Methods: `tag:`, `owner:`, `kind:`, `path:`, `state:modified`, `state:new`, `result:failed`,
`result:held`; bare words are ids or names, with `*` as wildcard. A space or several arguments is a
union, a comma an intersection.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from headwater.errors import Issue, UsageError, did_you_mean
from headwater.graph.graph import Graph
from headwater.ids import NodeId

_TERM = re.compile(r"(?P<up>\d*\+)?(?P<core>[^+]+?)(?P<down>\+\d*)?\Z")
METHODS = ("tag", "owner", "kind", "path", "state", "result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What selection by state and result looks at: sets of nodes by word (`modified`, `failed`)."""

    states: Mapping[str, frozenset[NodeId]] = field(default_factory=dict)
    results: Mapping[str, frozenset[NodeId]] = field(default_factory=dict)


def select(
    graph: Graph,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    situation: Situation = Situation(),
) -> frozenset[NodeId]:
    """The chosen nodes; everything where nothing is asked for. Raises UsageError (E802)."""
    chosen = _union(graph, include, situation) if include else set(graph.nodes)
    return frozenset(chosen - _union(graph, exclude, situation))


def _union(graph: Graph, terms: Iterable[str], situation: Situation) -> set[NodeId]:
    found: set[NodeId] = set()
    for term in (word for text in terms for word in text.split()):
        parts = [_term(graph, part, situation) for part in term.split(",") if part]
        found |= set.intersection(*parts) if parts else set()
    return found


def _term(graph: Graph, text: str, situation: Situation) -> set[NodeId]:
    match = _TERM.match(text)
    if match is None:
        raise UsageError(Issue(code="E802", what=f"`{text}` is no selection"))
    core = _core(graph, match["core"], situation)
    found = set(core)
    if match["up"]:
        found |= graph.upstream(core, int(match["up"][:-1]) if match["up"] != "+" else None)
    if match["down"]:
        found |= graph.downstream(core, int(match["down"][1:]) if match["down"] != "+" else None)
    return found


def _core(graph: Graph, text: str, situation: Situation) -> set[NodeId]:
    method, colon, argument = text.partition(":")
    if not colon:
        return _by_name(graph, text)
    if method not in METHODS:
        fix = did_you_mean(method, METHODS, "methods: " + ", ".join(METHODS))
        raise UsageError(Issue(code="E802", what=f"unknown selection method `{method}:`", fix=fix))
    if method in ("state", "result"):
        words = situation.states if method == "state" else situation.results
        if argument not in words:
            fix = did_you_mean(argument, words, "one of: " + ", ".join(sorted(words)))
            raise UsageError(Issue(code="E802", what=f"unknown word in `{text}`", fix=fix))
        return set(words[argument]) & set(graph.nodes)
    accept = _attribute(method, argument)
    return {node_id for node_id in graph.nodes if accept(graph, node_id)}


def _attribute(method: str, argument: str) -> Callable[[Graph, NodeId], bool]:
    def accept(graph: Graph, node_id: NodeId) -> bool:
        definition = graph.nodes[node_id].definition
        if method == "tag":
            return argument in definition.described.tags
        if method == "owner":
            return (definition.described.owner or "none") == argument
        if method == "kind":
            return node_id.kind == argument
        folder = argument.rstrip("/")
        path = definition.place.path
        return path == folder or path.startswith(folder + "/") or fnmatch.fnmatch(path, argument)

    return accept


def _by_name(graph: Graph, text: str) -> set[NodeId]:
    if "*" in text:
        found = {n for n in graph.nodes if fnmatch.fnmatch(str(n), text)}
        return found | {n for n in graph.nodes if fnmatch.fnmatch(n.name, text)}
    found = {n for n in graph.nodes if str(n) == text} or _called(graph, text)
    if not found:
        names = [str(n) for n in graph.nodes] + [n.name for n in graph.nodes]
        raise UsageError(
            Issue(
                code="E801",
                what=f"unknown node `{text}`",
                fix=did_you_mean(text, names, "`headwater ls` lists all"),
            )
        )
    return found


def _called(graph: Graph, name: str) -> set[NodeId]:
    """The nodes of a bare name: what SQL calls so, or else all others."""
    found = {n for n in graph.nodes if n.name == name}
    return {n for n in found if graph.nodes[n].is_relation} or found
