"""One of two releases that are compared: its states and definitions, read when asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Self, TypeVar

from headwater.ids import NodeId
from headwater.ledger import DefinitionRecord
from headwater.plan.state import State
from headwater.project.release_view import ReleaseView

#: Kinds that follow from others: what changed there is said of what they follow from.
DERIVED = frozenset({"metric", "rollup"})

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of two releases: what stands where, under which definitions."""

    states: Mapping[NodeId, State]
    records: Mapping[NodeId, DefinitionRecord]

    @classmethod
    def of(
        cls,
        view: ReleaseView,
        states: Mapping[NodeId, State | str | None] | None = None,
        definitions: Mapping[NodeId, DefinitionRecord | None] | None = None,
    ) -> Self:
        """A release, or what follows it with other states and definitions; None: removed.

        Its states are those that the ledger keeps, whatever the view shows instead.
        """
        shown = {**view.state_ids, **(states or {})}
        defined = {**view.definitions, **(definitions or {})}
        return cls(
            states=_Lazy({n: s for n, s in shown.items() if s is not None}, view.ledger.states),
            records=_Lazy(
                {n: d for n, d in defined.items() if d is not None}, view.ledger.definitions
            ),
        )

    def inputs(self, node: NodeId) -> tuple[NodeId, ...]:
        """What a node reads; nothing where it is not defined."""
        record = self.records.get(node)
        if record is None:
            return ()
        return tuple(NodeId.parse(entry[0]) for entry in json.loads(record.body)["inputs"])

    def upstream(self, node: NodeId) -> frozenset[NodeId]:
        """Everything that a node reads, directly or through others."""
        found: set[NodeId] = set()
        queue = [node]
        while queue:
            for parent in self.inputs(queue.pop()):
                if parent not in found:
                    found.add(parent)
                    queue.append(parent)
        return frozenset(found)

    def meaning(self, node: NodeId) -> str:
        """The hash of what a node means, whatever it is called or described as."""
        record = self.records.get(node)
        return "" if record is None else meaning_of(record)

    def settles_after(self, node: NodeId) -> tuple[str, ...]:
        """How long after its end a period of a metric still moves: `30 day`, or `ever`."""
        record = self.records.get(node)
        return () if record is None else tuple(json.loads(record.body).get("settles_after", ()))

    def data_until(self, node: NodeId) -> datetime | None:
        """Where the data of the nearest nodes with a time end, the earliest of them."""
        ends: list[datetime] = []
        seen: set[NodeId] = set()
        queue = list(self.inputs(node))
        while queue:
            current = queue.pop()
            if current in seen:
                continue
            seen.add(current)
            state = self.states.get(current)
            hull = state.segments.hull if state is not None and state.time else None
            if hull is not None and current.kind not in DERIVED:
                ends.append(hull.end)
            else:
                queue += self.inputs(current)
        return min(ends, default=None)


class _Lazy(Mapping[NodeId, Value], Generic[Value]):
    """Values by node, of which some are only named; a name is looked up once, when asked for."""

    def __init__(
        self,
        given: Mapping[NodeId, Value | str],
        find: Callable[[Iterable[str]], Mapping[str, Value]],
    ) -> None:
        self._given: dict[NodeId, Value | str] = dict(given)
        self._find = find

    def __getitem__(self, node: NodeId) -> Value:
        found = self._given[node]
        if isinstance(found, str):
            found = self._given[node] = self._find([found])[found]
        return found

    def __iter__(self) -> Iterator[NodeId]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def meaning_of(record: DefinitionRecord) -> str:
    """What approval is of: of a metric, what it counts; of other kinds, their fingerprint."""
    return str(json.loads(record.body).get("meaning") or record.fingerprint)
