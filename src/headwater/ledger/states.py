"""States: a node's segments, files and deliveries, kept as differences (see `differences`)."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from headwater.errors import HeadwaterError, Issue
from headwater.ids import IntervalMap, NodeId
from headwater.ledger import differences
from headwater.ledger.database import Database
from headwater.ledger.differences import Edit
from headwater.ledger.encoding import (
    Texts,
    dump,
    keep_schema,
    load_all,
    node_id,
    pack,
    read_contents,
    read_delivery,
    read_file,
    read_schema,
    read_segment,
    text_hash,
    write_delivery,
    write_file,
    write_segment,
)
from headwater.ledger.schema import states
from headwater.ledger.values import Values
from headwater.plan.state import State

_SMALL = 16  # items; so small a state is written whole, and read without its ancestors
_CACHED = 50_000  # states in memory
_NO_BODY: list[Any] = [None, None, None, [], [], []]


@dataclass(frozen=True, slots=True)
class _Version:
    """A stored state: three edits against those of `base`, or the whole of it."""

    node: str
    base: str | None
    depth: int
    header: list[Any]  # hash of the schema, time, cursor
    edits: tuple[Edit, Edit, Edit]  # segments, files, deliveries

    def row(self) -> dict[str, object]:
        """The row to insert; its id is the hash of what it says."""
        text = dump([*self.header, *self.edits])
        return {
            "id": text_hash(f"{self.node} {self.base} {text}"),
            "node": self.node,
            "base": self.base,
            "depth": self.depth,
            "body": pack(text),
        }


class States:
    """The table `states`."""

    def __init__(self, database: Database, values: Values) -> None:
        self._database = database
        self._values = values
        self._cache: dict[str, State] = {}

    def get(self, ids: Iterable[str]) -> dict[str, State]:
        """Each state by its id; raises for one that the ledger does not hold."""
        wanted = set(ids)
        found = {name: self._cache[name] for name in wanted if name in self._cache}
        if len(found) < len(wanted):
            with _collector_paused():
                read = self._read(wanted - found.keys())
            if len(self._cache) > _CACHED:
                self._cache.clear()
            self._cache.update(read)
            found |= read
        return found

    def _read(self, ids: set[str]) -> dict[str, State]:
        versions = self._versions(ids)
        whole: dict[str, tuple[Edit, Edit, Edit]] = {}

        def resolve(name: str) -> tuple[Edit, Edit, Edit]:
            if name not in whole:
                version = versions[name]
                parts = version.edits
                if version.base is not None:
                    older = resolve(version.base)
                    parts = (
                        differences.apply(parts[0], older[0]),
                        differences.apply(parts[1], older[1]),
                        differences.apply(parts[2], older[2]),
                    )
                whole[name] = parts
            return whole[name]

        parts = {name: resolve(name) for name in ids}
        contents = self._values.get(
            {item[4] for segments, _, _ in parts.values() for item in segments}, read_contents
        )
        schemas = self._values.get({versions[name].header[0] for name in ids}, read_schema)
        return {
            name: State(
                node=node_id(versions[name].node),
                schema=schemas[versions[name].header[0]],
                time=versions[name].header[1],
                cursor=versions[name].header[2],
                segments=IntervalMap(tuple(read_segment(item, contents) for item in segments)),
                files=tuple(map(read_file, files)),
                deliveries=tuple(map(read_delivery, deliveries)),
            )
            for name, (segments, files, deliveries) in parts.items()
        }

    def _versions(self, ids: Iterable[str]) -> dict[str, _Version]:
        """The stored versions, and all that they are differences from."""
        found: dict[str, _Version] = {}
        missing = set(ids)
        with self._database.read() as connection:
            while missing:
                query = sa.select(
                    states.c.id, states.c.node, states.c.base, states.c.depth, states.c.body
                ).where(self._database.among(states.c.id, missing))
                rows = connection.execute(query).all()
                bodies = load_all(row.body for row in rows)
                read = {
                    name: _version(node, base, depth, body)
                    for (name, node, base, depth, _), body in zip(rows, bodies, strict=True)
                }
                if len(read) < len(missing):
                    raise _unknown(missing - read.keys())
                found |= read
                missing = {v.base for v in read.values() if v.base is not None} - found.keys()
        return found

    def _lines(self, parents: Iterable[str]) -> dict[str, _Version]:
        """Parents, and their ancestors as far as the base that a child of theirs will have.

        The base comes without its body, which may be a whole state.
        """
        c = states.c
        found: dict[str, Any] = {}
        passed: list[str] = []
        frontier: dict[str, int | None] = dict.fromkeys(parents)  # id → depth of the child's base
        with self._database.read() as connection:
            while frontier:
                query = sa.select(c.id, c.node, c.base, c.depth)
                further: dict[str, int | None] = {}
                for row in connection.execute(query.where(self._database.among(c.id, frontier))):
                    found[row.id] = row
                    goal = frontier[row.id]
                    goal = differences.base_depth(row.depth + 1) if goal is None else goal
                    if row.depth > goal:
                        passed.append(row.id)
                        further[row.base] = goal
                frontier = further
            query = sa.select(c.id, c.body).where(self._database.among(c.id, passed))
            rows = connection.execute(query).all() if passed else []
        parsed = load_all(row.body for row in rows)
        bodies = {row.id: body for row, body in zip(rows, parsed, strict=True)}
        return {
            name: _version(row.node, row.base, row.depth, bodies.get(name, _NO_BODY))
            for name, row in found.items()
        }

    def prepare(
        self, changed: Mapping[NodeId, State], parents: Mapping[NodeId, str], texts: Texts
    ) -> tuple[dict[NodeId, str], list[dict[str, object]]]:
        """The ids of new states and the rows to insert, as differences from their parents.

        A state that equals its parent keeps the parent's id. The shared texts that the rows name
        are added to `texts`.
        """
        older = {node: parents[node] for node in changed if node in parents}
        known = self.get(older.values())
        lines = self._lines(name for node, name in older.items() if not _is_small(changed[node]))
        ids: dict[NodeId, str] = {}
        rows: list[dict[str, object]] = []
        for node, state in changed.items():
            name = older.get(node)
            if name is not None and known[name] == state:
                ids[node] = name
                continue
            version = None
            if name is not None and name in lines:
                version = _continued(state, known[name], name, lines, texts)
            if version is None:
                version = _written(state, None, texts)
            rows.append(version.row())
            ids[node] = str(rows[-1]["id"])
        return ids, rows

    def require(self, ids: Iterable[str]) -> None:
        """Raise E707 unless the ledger holds them all."""
        wanted = set(ids) - self._cache.keys()
        if wanted:
            query = sa.select(states.c.id).where(self._database.among(states.c.id, wanted))
            with self._database.read() as connection:
                wanted -= set(connection.execute(query).scalars())
        if wanted:
            raise _unknown(wanted)

    def remember(self, ids: Mapping[NodeId, str], changed: Mapping[NodeId, State]) -> None:
        """Keep what was just written in memory."""
        self._cache.update({ids[node]: state for node, state in changed.items()})


def _version(node: str, base: str | None, depth: int, body: list[Any]) -> _Version:
    return _Version(node, base, depth, body[:3], (body[3], body[4], body[5]))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Without looking for cycles: hundreds of thousands of new values, none of them garbage."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _is_small(state: State) -> bool:
    return len(state.segments) + len(state.files) + len(state.deliveries) <= _SMALL


def _written(state: State, parent: State | None, texts: Texts) -> _Version:
    """A state as edits against its parent; a whole one without a parent."""
    old = parent or State(node=state.node)
    segments = differences.compare(old.segments.entries, state.segments.entries)
    files = differences.compare(old.files, state.files)
    deliveries = differences.compare(old.deliveries, state.deliveries)
    return _Version(
        node=str(state.node),
        base=None,
        depth=0,
        header=[keep_schema(state.schema, texts), state.time, state.cursor],
        edits=(
            [_copy(e) if isinstance(e, range) else write_segment(e, texts) for e in segments],
            [_copy(e) if isinstance(e, range) else write_file(e) for e in files],
            [_copy(e) if isinstance(e, range) else write_delivery(e) for e in deliveries],
        ),
    )


def _copy(part: range) -> list[Any]:
    return [part.start, part.stop]


def _continued(
    state: State, parent: State, parent_id: str, lines: Mapping[str, _Version], texts: Texts
) -> _Version | None:
    """The state as a difference from its ancestor at `base_depth`; None if whole is better."""
    ancestor = lines[parent_id]
    depth = ancestor.depth + 1
    version = _written(state, parent, texts)
    edits, base = version.edits, parent_id
    while ancestor.depth > differences.base_depth(depth) and ancestor.base is not None:
        older = ancestor.edits
        edits = (
            differences.compose(edits[0], older[0]),
            differences.compose(edits[1], older[1]),
            differences.compose(edits[2], older[2]),
        )
        base = ancestor.base
        ancestor = lines[base]
    carried = sum(map(differences.count_new, edits))
    if 2 * carried >= len(state.segments) + len(state.files) + len(state.deliveries):
        return None
    return _Version(version.node, base, depth, version.header, edits)


def _unknown(ids: Iterable[str]) -> HeadwaterError:
    return HeadwaterError(
        Issue(
            code="E707",
            what=f"no state `{min(ids)}` in the ledger",
            fix="restore the ledger from a backup that is whole",
        )
    )
