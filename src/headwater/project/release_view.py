"""What a release says, as planning wants it: states, recipes, definitions, tree."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar, cast

from headwater.clock import Periods
from headwater.definitions.model import Definition
from headwater.definitions.tree import Tree
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.graph.graph import Graph
from headwater.graph.node import ColumnRecipe, ColumnRef, Input, Node, Recipe
from headwater.ids import NodeId, digest
from headwater.ledger import DefinitionRecord, Ledger, Release
from headwater.plan.state import State
from headwater.plan.steps import LedgerView

Found = TypeVar("Found")

#: Things remembered of one release; SQL that is ever another ends somewhere.
_MOST: Final = 2_000
_ABSENT: Final = object()


@dataclass(frozen=True, kw_only=True)
class ReleaseView:
    """One release, resolved: what stands where, under which definitions.

    `memo` keeps what was worked out from it, which never changes.
    """

    release: Release | None
    states: Mapping[NodeId, State]
    state_ids: Mapping[NodeId, str]
    definitions: Mapping[NodeId, str]
    ledger: Ledger
    memo: dict[object, Any] = field(init=False, repr=False, compare=False, default_factory=dict)

    @classmethod
    def of(cls, ledger: Ledger, release: Release | None) -> ReleaseView:
        """The view of a release; of nothing for None."""
        if release is None:
            return cls(release=None, states={}, state_ids={}, definitions={}, ledger=ledger)
        resolved = ledger.resolve(release.number)
        by_id = ledger.states(resolved.states.values())
        return cls(
            release=release,
            states={node: by_id[state] for node, state in resolved.states.items()},
            state_ids=resolved.states,
            definitions=resolved.definitions,
            ledger=ledger,
        )

    def tree(self) -> Tree | None:
        """The definitions that the release runs."""
        release = self.release
        if release is None or not release.tree:
            return None
        return self.once("tree", lambda: Tree.from_blobs(self.ledger.tree(release.tree)))

    def once(self, key: object, work: Callable[[], Found]) -> Found:
        """What follows from the release and the key alone, worked out once."""
        found = self.memo.get(key, _ABSENT)
        if found is _ABSENT:
            found = work()
            if len(self.memo) >= _MOST:
                self.memo.clear()
            self.memo[key] = found
        return cast("Found", found)

    def for_planning(self) -> LedgerView:
        """The part of it that planning looks at."""
        return LedgerView(
            release=self.release.number if self.release is not None else None,
            states=self.states,
            recipes=_Recipes(self),
            definitions=self.definitions,
            barred=self.ledger.barred(),
        )


def head_of(ledger: Ledger, environment: str) -> Release:
    """The release that an environment points to. Code E710."""
    head = ledger.head(environment)
    if head is None:
        known = ledger.environments()
        fix = did_you_mean(environment, known, "make it with `headwater run --env NAME`")
        raise UsageError(
            Issue(code="E710", what=f"nothing is published in `{environment}`", fix=fix)
        )
    return head


class _Recipes(Mapping[NodeId, Recipe]):
    """The released recipes, read from the ledger when a reason is sought."""

    def __init__(self, view: ReleaseView) -> None:
        self._view = view

    def __getitem__(self, node: NodeId) -> Recipe:
        name = self._view.definitions[node]
        recipe = read_recipe(self._view.ledger.definitions([name])[name].body)
        if recipe is None:
            raise KeyError(node)
        return recipe

    def __iter__(self) -> Iterator[NodeId]:
        return iter(self._view.definitions)

    def __len__(self) -> int:
        return len(self._view.definitions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What a release keeps of one definition."""

    path: str = ""
    title: str = ""
    description: str = ""
    owner: str = ""
    files: tuple[str, ...] = ()
    time: str | None = None
    key: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    recipe: Recipe | None = None
    fingerprint: str = ""
    meaning: str = ""


def read_body(view: ReleaseView, node: NodeId) -> Body:
    """A node's definition in a release; an empty one where it has none."""
    name = view.definitions.get(node)
    if name is None:
        return Body()
    record = view.ledger.definitions([name])[name]
    data = json.loads(record.body)
    return Body(
        path=record.path,
        title=data["title"],
        description=data["description"],
        owner=data["owner"],
        files=tuple(data["files"]),
        time=data["time"],
        key=tuple(data["key"]),
        inputs=tuple(_read_input(*each) for each in data["inputs"]),
        recipe=read_recipe(record.body),
        fingerprint=record.fingerprint,
        meaning=data.get("meaning", ""),
    )


def definition_records(graph: Graph, tree: Tree) -> dict[NodeId, DefinitionRecord]:
    """Every node's definition as the ledger keeps it."""
    return {node.id: _record(node, tree.hashes) for node in graph.nodes.values()}


def changed_records(
    records: Mapping[NodeId, DefinitionRecord], released: Mapping[NodeId, str]
) -> dict[NodeId, DefinitionRecord | None]:
    """The records that differ from what is released; None for definitions that are gone."""
    changed: dict[NodeId, DefinitionRecord | None] = {
        node: record for node, record in records.items() if released.get(node) != record.hash
    }
    return changed | {node: None for node in released if node not in records}


def read_recipe(body: str) -> Recipe | None:
    """The recipe in a definition's body; None for a source."""
    data = json.loads(body).get("recipe")
    if data is None:
        return None
    return Recipe(
        rows=data["rows"],
        row_reads=frozenset(ColumnRef(*ref) for ref in data["row_reads"]),
        columns={
            name: ColumnRecipe(
                type=kind,
                expression=expression,
                reads=frozenset(ColumnRef(*ref) for ref in reads),
                origin=ColumnRef(*origin) if origin else None,
            )
            for name, kind, expression, reads, origin in data["columns"]
        },
    )


def _record(node: Node, hashes: Mapping[str, str]) -> DefinitionRecord:
    described = node.definition.described
    data = {
        "title": described.title,
        "description": described.description,
        "owner": described.owner,
        "tags": list(described.tags),
        "files": list(node.definition.files),
        "texts": _texts(node.definition, hashes),
        "time": node.time,
        "key": list(node.key),
        "schema": [list(column) for column in node.schema],
        "inputs": [_input_data(i) for i in node.inputs],
        "recipe": _recipe_data(node.recipe),
    }
    if node.meaning:  # left out elsewhere, so that the hashes of older releases stay true
        data["meaning"] = node.meaning
    if settles := getattr(node.definition, "settles_after", ()):
        data["settles_after"] = list(settles)
    body = json.dumps(data, separators=(",", ":"))
    path = node.definition.place.path
    return DefinitionRecord(
        node=node.id,
        hash=digest(str(node.id), path, body, node.fingerprint),
        path=path,
        kind=node.id.kind,
        body=body,
        fingerprint=node.fingerprint,
    )


def _texts(definition: Definition, hashes: Mapping[str, str]) -> str:
    """A hash of what its files say; of one among several in a file, of its own part."""
    own: str | None = getattr(definition, "text_digest", None)
    return own or digest([hashes.get(path, "") for path in definition.files])


def _input_data(edge: Input) -> list[Any]:
    found: list[Any] = [str(edge.node), edge.name, edge.mode]
    found += [edge.before.total_seconds(), edge.after.total_seconds()]
    if edge.periods is None:
        return found
    periods = edge.periods
    return [*found, periods.grain, periods.week_starts, periods.fiscal_year_starts]


def _read_input(
    up: str, called: str, mode: Any, before_s: float, after_s: float, *periods: Any
) -> Input:
    return Input(
        node=NodeId.parse(up),
        name=called,
        mode=mode,
        before=timedelta(seconds=before_s),
        after=timedelta(seconds=after_s),
        periods=Periods(*periods) if periods else None,
    )


def _recipe_data(recipe: Recipe | None) -> dict[str, object] | None:
    if recipe is None:
        return None
    return {
        "rows": recipe.rows,
        "row_reads": _refs(recipe.row_reads),
        "columns": [
            [name, c.type, c.expression, _refs(c.reads), [c.origin.relation, c.origin.column]]
            if c.origin is not None
            else [name, c.type, c.expression, _refs(c.reads), None]
            for name, c in recipe.columns.items()
        ],
    }


def _refs(reads: frozenset[ColumnRef]) -> list[list[str | None]]:
    ordered = sorted(reads, key=lambda ref: (ref.relation, ref.column or ""))
    return [[ref.relation, ref.column] for ref in ordered]
