"""A tree of definitions bound into a graph, with caches that make the second time fast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from headwater.definitions.cache import ParseCache
from headwater.definitions.loader import Loaded, load
from headwater.definitions.model import Definition
from headwater.definitions.tree import Tree
from headwater.errors import Issue
from headwater.graph.build import BindContext, build_graph
from headwater.graph.graph import Graph
from headwater.graph.node import Node, Schema
from headwater.ids import NodeId
from headwater.kinds.metric.bind import same_meanings
from headwater.kinds.source.definition import SourceDefinition
from headwater.kinds.source.opening import sniff_schema
from headwater.kinds.table.call import probe_schema
from headwater.kinds.table.definition import TableDefinition
from headwater.ledger import tree_digest
from headwater.plan.state import State
from headwater.project.workspace import Workspace
from headwater.registry import BY_NAME, KINDS
from headwater.run.references import reference_issues
from headwater.sql import Binder, Parsed, Query, QueryTemplate, SqlError, TemplateCache, TemplateKey
from headwater.sql.cache import template_keys


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A tree as definitions and graph, and everything that is wrong with it."""

    loaded: Loaded
    graph: Graph
    issues: tuple[Issue, ...]
    folder: Path  # where the tree lies, for Python code

    @property
    def errors(self) -> tuple[Issue, ...]:
        """The issues that stop a run."""
        return tuple(issue for issue in self.issues if issue.is_error)

    @cached_property
    def tree_digest(self) -> str:
        """The name by which the ledger knows these definitions."""
        return tree_digest(self.loaded.tree.files)

    @property
    def functions(self) -> tuple[str, ...]:
        """The SQL functions of the project."""
        return tuple(function.text for function in self.loaded.functions)


def bind_tree(
    tree: Tree, workspace: Workspace, states: Mapping[NodeId, State], folder: Path
) -> Bound:
    """Read and bind all definitions. `states` tell the columns of what has no contract."""
    cache = workspace.state_folder / "cache"
    loaded = load(tree, [kind.reader for kind in KINDS], cache / "definitions.db")
    functions = tuple(function.text for function in loaded.functions)
    sql = CachedBinder(functions, cache / "templates.db")
    columns = ParseCache(cache / "columns.db")

    def observe(definition: Definition, upstream: Mapping[str, Node]) -> Schema:
        known = states.get(definition.id)
        if known is not None and known.schema and isinstance(definition, SourceDefinition):
            return known.schema
        if isinstance(definition, SourceDefinition):
            return sniff_schema(definition, workspace.root, workspace.clock)
        assert isinstance(definition, TableDefinition)
        assert definition.python is not None
        given = [(name, node.schema) for name, node in sorted(upstream.items())]
        key = columns.key(definition.python.name, definition.python.source, repr(given))
        kept = columns.get(key)
        if kept is not None:
            return tuple((name, kind) for name, kind in kept)
        schema = probe_schema(definition, upstream, folder, workspace.engine)
        columns.put(key, schema)
        return schema

    context = BindContext(sql=sql, zone=workspace.zone, observe=observe)
    graph, issues = build_graph(loaded.definitions, BY_NAME, context)
    for node in graph.nodes.values():
        issues += BY_NAME[node.id.kind].validate(node.definition, node)
    issues += reference_issues(graph, BY_NAME)
    issues += same_meanings(graph.nodes.values())
    sql.close()
    columns.save()
    broken = frozenset(issue.place.path for issue in loaded.issues if issue.is_error)
    issues = [issue for issue in issues if not _follows(issue, broken)]
    found = sorted({*loaded.issues, *issues}, key=lambda i: (i.place, i.code, i.what))
    return Bound(loaded=loaded, graph=graph, issues=tuple(found), folder=folder)


def _follows(issue: Issue, broken: frozenset[str]) -> bool:
    """Whether a name means nothing only because of what is wrong with the file that defines it.

    E201: it is unknown; E304: it is no table with a key.
    """
    if issue.code not in ("E201", "E304"):
        return False
    told = issue.fix if issue.code == "E304" else issue.what
    names = {name.rpartition(".")[2] for name in told.split("`")[1::2]}
    if issue.what.startswith("unknown metric `"):  # several stand in a file
        return any(path.startswith("metrics/") for path in broken)
    return any(path.rpartition("/")[2].partition(".")[0] in names for path in broken)


class CachedBinder:
    """The binder of a project: templates come from a cache, or from DuckDB when they are new."""

    def __init__(self, functions: tuple[str, ...], path: Path) -> None:
        self._functions = functions
        self._cache = TemplateCache(path)

    @cached_property
    def _binder(self) -> Binder:
        return Binder(self._functions)

    def bind_many(self, queries: Sequence[Query]) -> list[QueryTemplate | SqlError]:
        """The template of each query, or what is wrong with it."""
        if not queries:
            return []
        parsed = self._cache.parse_many([query.parsable for query in queries])
        found: list[QueryTemplate | SqlError | None] = [
            each if isinstance(each, SqlError) else None for each in parsed
        ]
        sound = [(n, text) for n, text in enumerate(parsed) if isinstance(text, Parsed)]
        keys = template_keys([(queries[n], text) for n, text in sound], self._functions)
        missing: list[tuple[int, TemplateKey]] = []
        for (n, _), key, template in zip(sound, keys, self._cache.get_many(keys), strict=True):
            found[n] = template
            if template is None:
                missing.append((n, key))
        if missing:
            bound = self._binder.bind_many([queries[n] for n, _ in missing])
            self._cache.put_many(
                (key, template)
                for (_, key), template in zip(missing, bound, strict=True)
                if isinstance(template, QueryTemplate)
            )
            for (n, _), each in zip(missing, bound, strict=True):
                found[n] = each
        return [each for each in found if each is not None]

    def close(self) -> None:
        """Close the cache."""
        self._cache.close()
