"""The two sides of every strategy: probes with their moments, and the rows of the events.

Inside, columns have names of our own. Of probes `p`: `number`, the whole row as `probe`, the key
`k0`, …, `moment` (`at` in the terms of the event's time), `since` and `until` (in those of the
times of being known), and `b0`, …: where its windows begin. Of events `e`: `k0`, …, `t`,
`known_from`, `known_to`, ties `o0`, …, and what is asked of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from headwater.contracts.quoting import quote
from headwater.windows.model import Events, Probes, Window, WindowsError
from headwater.windows.moments import as_kind, begin, constant, converted, kind_of

_INTEGERS = frozenset(
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
)


class Runs(Protocol):
    """What runs SQL: a session of an engine, whose views hold the relations."""

    def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a statement."""
        ...


@dataclass(frozen=True, slots=True)
class Share:
    """Keys are divided by their hash; this is the part of one number."""

    number: int = 0
    of: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The times that any probe can see, in microseconds since 1970: `[first, last)`."""

    first: int | None
    last: int
    known_last: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Probes and events that belong together, with the types of their columns."""

    probes: Probes
    events: Events
    zone: ZoneInfo
    probe_types: Mapping[str, str]
    event_types: Mapping[str, str]
    argument_types: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.probes.keys) != len(self.events.keys):
            raise WindowsError("the keys of probes and events differ in length")
        for ours, theirs in self._keys:
            types = {self.probe_types[ours], self.event_types[theirs]}
            if len(types) > 1 and not types <= _INTEGERS:
                raise WindowsError(
                    f"the key `{theirs}` is {self.event_types[theirs]} in `{self.events.relation}`"
                    f" and {self.probe_types[ours]} in `{self.probes.relation}`"
                )
        for column in (self.events.time, self.events.known_from, self.events.known_to):
            if column:
                self._kind(column)
        kind_of(self.probes.at, self.probe_types[self.probes.at])

    @property
    def _keys(self) -> list[tuple[str, str]]:
        return list(zip(self.probes.keys, self.events.keys, strict=True))

    def require_new(self, names: Sequence[str]) -> None:
        """Names of the result's columns that differ from each other and from the probes'."""
        seen = set(map(str.casefold, self.probe_types))
        for name in names:
            if name.casefold() in seen:
                raise WindowsError(f"`{name}` is the name of two columns of the result")
            seen.add(name.casefold())

    @property
    def kind(self) -> str:
        """As what event times are compared."""
        return self._kind(self.events.time)

    def _kind(self, column: str) -> str:
        return kind_of(column, self.event_types[column])

    @property
    def key_names(self) -> str:
        """The key, with commas between."""
        return ", ".join(f"k{n}" for n in range(len(self.probes.keys)))

    def key_match(self, left: str, right: str) -> str:
        """The condition that two keys are equal; NULL equals nothing."""
        return " AND ".join(f"{left}.k{n} = {right}.k{n}" for n in range(len(self.probes.keys)))

    @property
    def known(self) -> list[str]:
        """The conditions that a row of `e` was known to `p`."""
        starts = ["e.known_from <= p.since"] if self.events.known_from else []
        ends = ["(e.known_to IS NULL OR e.known_to > p.until)"] if self.events.known_to else []
        return starts + ends

    @property
    def moments(self) -> str:
        """The columns of a probe that hold its moment, with commas between."""
        since = ["since"] if self.events.known_from else []
        until = ["until"] if self.events.known_to else []
        return ", ".join(["moment", *since, *until])

    def probe_rows(self, windows: Sequence[Window], share: Share) -> str:
        """Every probe of a share, numbered, with its moment and the beginnings of its windows."""
        events = self.events
        times = (("moment", events.time), ("since", events.known_from), ("until", events.known_to))
        listed = [
            "CAST(row_number() OVER () AS INTEGER) AS number",
            "probe",
            *(f"probe.{quote(key)} AS k{n}" for n, key in enumerate(self.probes.keys)),
            *(f"{self._at(column)} AS {name}" for name, column in times if column),
        ]
        where = self._hash([f"probe.{quote(key)}" for key in self.probes.keys], share)
        inner = f"SELECT {', '.join(listed)} FROM {quote(self.probes.relation)} AS probe{where}"
        begins = [
            f"{begin('moment', self.kind, window, self.zone)} AS b{n}"
            for n, window in enumerate(windows)
        ]
        return f"SELECT {', '.join(['*', *begins])} FROM ({inner})"

    def _at(self, column: str) -> str:
        type_ = self.probe_types[self.probes.at]
        at = as_kind(f"probe.{quote(self.probes.at)}", type_)
        return converted(at, kind_of(self.probes.at, type_), self._kind(column), self.zone)

    def event_rows(
        self, columns: Sequence[str], where: Sequence[str], reach: Reach, share: Share
    ) -> str:
        """The events of a share that some probe may see, with further columns and conditions."""
        events = self.events
        listed = [f"{quote(key)} AS k{n}" for n, key in enumerate(events.keys)]
        listed.append(f"{self._time(events.time)} AS t")
        for name, column in (("known_from", events.known_from), ("known_to", events.known_to)):
            listed += [f"{self._time(column)} AS {name}"] if column else []
        conditions = list(where)
        time = quote(events.time)
        if reach.first is not None:
            conditions.append(f"{time} >= {constant(reach.first, self.kind)}")
        conditions.append(f"{time} <= {constant(reach.last, self.kind)}")
        if events.known_from and reach.known_last is not None:
            last = constant(reach.known_last, self._kind(events.known_from))
            conditions.append(f"{quote(events.known_from)} <= {last}")
        keep = f" WHERE {' AND '.join(conditions)}"
        part = self._hash([quote(key) for key in events.keys], share).replace(" WHERE", " AND")
        selected = ", ".join([*listed, *columns])
        return f"SELECT {selected} FROM {quote(events.relation)}{keep}{part}"

    def _time(self, column: str) -> str:
        return as_kind(quote(column), self.event_types[column])

    def _hash(self, keys: Sequence[str], share: Share) -> str:
        if share.of == 1:
            return ""
        # Equal whole numbers of different types have different hashes.
        alike = [
            key if self.probe_types[ours] == self.event_types[theirs] else f"CAST({key} AS HUGEINT)"
            for key, (ours, theirs) in zip(keys, self._keys, strict=True)
        ]
        return f" WHERE hash({', '.join(alike)}) % {share.of:d} = {share.number:d}"


def describe(
    session: Runs, probes: Probes, events: Events, zone: ZoneInfo, arguments: Sequence[str] = ()
) -> Sides:
    """The two sides with the types of their columns, and of expressions over the events."""
    columns = {name: type_ for name, type_, *_ in session.fetch(_described(events.relation, "*"))}
    values = {}
    if arguments:
        listed = ", ".join(f"({sql}) AS a{n}" for n, sql in enumerate(arguments))
        found = session.fetch(_described(events.relation, listed))
        values = {sql: type_ for sql, (_, type_, *_) in zip(arguments, found, strict=True)}
    theirs = {name: type_ for name, type_, *_ in session.fetch(_described(probes.relation, "*"))}
    asked = (events.time, *events.keys, events.known_from, events.known_to)
    _require(events.relation, columns, [name for name in asked if name])
    _require(probes.relation, theirs, [probes.at, *probes.keys])
    return Sides(
        probes=probes,
        events=events,
        zone=zone,
        probe_types=theirs,
        event_types=columns,
        argument_types=values,
    )


def _described(relation: str, selected: str) -> str:
    return f"DESCRIBE SELECT {selected} FROM {quote(relation)}"


def _require(relation: str, types: Mapping[str, str], names: Sequence[str]) -> None:
    for name in names:
        if name not in types:
            raise WindowsError(f"`{relation}` has no column `{name}`")
