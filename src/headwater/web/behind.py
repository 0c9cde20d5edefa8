"""The rows behind a point: those that a metric counts in some days and for one group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from headwater.clock import local_midnight
from headwater.contracts.quoting import quote
from headwater.errors import HeadwaterError
from headwater.ids import NodeId
from headwater.semantics.calendar import is_instant
from headwater.semantics.catalog import Catalog
from headwater.semantics.formulas import formula_of
from headwater.semantics.joins import Reached, reach, relation
from headwater.semantics.rollup import Leaf
from headwater.semantics.scope import midnight
from headwater.semantics.sources import time_type
from headwater.semantics.terms import Retained, leaf_of
from headwater.views.figures import count
from headwater.web.context import NotThere, Snapshot
from headwater.web.sampling import ShownRows, masked_columns, read_rows

BEHIND_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """The rows of one table behind a point: the first of them, and how many there are."""

    table: NodeId
    shown: ShownRows
    total: int
    sql: str

    @property
    def words(self) -> str:
        """How many there are."""
        return count(self.total, "row")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """The rows that some aggregates over one table count."""

    table: str
    time: str
    columns: tuple[str, ...]  # that their conditions and arguments read
    condition: str = ""  # empty: all rows


def rows_behind(
    snapshot: Snapshot, name: str, first: date, last: date, by: str, value: str | None
) -> list[Behind]:
    """The rows of each table that a metric counts. Code E974 for what cannot be divided so."""
    counted = _counted(snapshot.reader.catalog, name)
    return [_behind(snapshot, each, first, last, by, value) for each in counted]


def _counted(catalog: Catalog, name: str) -> list[_Counted]:
    """What a metric counts, for each table and each of its time columns."""
    found: dict[tuple[str, str], list[Leaf | None]] = {}
    for term in formula_of(catalog, name).terms:
        leaf = leaf_of(term)
        place = leaf or term
        assert isinstance(place, Leaf | Retained)
        time = place.time or catalog.datasets[place.table].time or ""
        found.setdefault((place.table, time), []).append(leaf)
    return [
        _Counted(
            table=table,
            time=time,
            columns=tuple(name for leaf in leaves if leaf for name in leaf.columns),
            condition=_any_of([leaf.where if leaf else "" for leaf in leaves]),
        )
        for (table, time), leaves in found.items()
    ]


def _any_of(conditions: Sequence[str]) -> str:
    """That at least one of the conditions holds; an empty one always does."""
    if "" in conditions:
        return ""
    return " OR ".join(f"({condition})" for condition in dict.fromkeys(conditions))


def _behind(
    snapshot: Snapshot, counted: _Counted, first: date, last: date, by: str, value: str | None
) -> Behind:
    catalog = snapshot.reader.catalog
    if not counted.time:
        raise NotThere(f"the rows of {counted.table} have no time")
    given = _bounds(snapshot, counted, first, last)
    time = quote(counted.time)
    where = [f"{time} >= :first", f"{time} < :end"]
    if counted.condition:
        where.append(f"({counted.condition})")
    columns = list(counted.columns)
    if by:
        reached = _dimension(catalog, counted.table, by)
        if value is None:
            columns.append(by)
            where.append(f"{quote(reached.flat)} IS NULL")
        else:
            given["value"] = value
            if not reached.path:
                columns.append(by)
            where.append(_is_of_group(reached))
    node = _table_of(snapshot, counted.table)
    masked = frozenset(each.name for each in snapshot.facts[node].columns if each.masked)
    own = catalog.datasets[counted.table].columns
    rows_of = relation(catalog, counted.table, columns)
    rest = f"FROM {rows_of} AS counted WHERE {' AND '.join(where)}"
    sql = f"SELECT {masked_columns(own, masked)} {rest}"
    rows, more = read_rows(snapshot, sql, BEHIND_ROWS, given)
    total = len(rows)
    if more:
        total = read_rows(snapshot, f"SELECT count(*) {rest}", 1, given)[0][0][0]
    shown = ShownRows(columns=own, rows=rows, masked=masked, more=more)
    return Behind(table=node, shown=shown, total=total, sql=sql)


def _bounds(snapshot: Snapshot, counted: _Counted, first: date, last: date) -> dict[str, object]:
    """The days as values of the time's own type; an instant's begin in the project's zone."""
    kind = time_type(snapshot.reader.catalog, counted.table, counted.time)
    days = {"first": first, "end": last + timedelta(days=1)}
    if kind == "DATE":
        return dict(days)
    if is_instant(kind):
        return {name: local_midnight(day, snapshot.zone) for name, day in days.items()}
    return {name: midnight(day) for name, day in days.items()}


def _is_of_group(reached: Reached) -> str:
    """That a row's group is `:value`; a joined table is filtered before it is looked up."""
    if not reached.path:
        return f"CAST({quote(reached.flat)} AS VARCHAR) = :value"
    before, tables, matches = "counted", [], []
    for number, hop in enumerate(reached.path, start=1):
        alias = f"joined{number}"
        tables.append(f"{quote(hop.table)} AS {alias}")
        matches += [
            f"{before}.{quote(column)} = {alias}.{quote(key)}"
            for column, key in zip(hop.columns, hop.key, strict=True)
        ]
        before = alias
    column = ".".join([before, *map(quote, reached.column)])
    matches.append(f"CAST({column} AS VARCHAR) = :value")
    return f"EXISTS (SELECT 1 FROM {', '.join(tables)} WHERE {' AND '.join(matches)})"


def _dimension(catalog: Catalog, table: str, by: str) -> Reached:
    try:
        return reach(catalog, table, by)
    except HeadwaterError as error:
        (issue,) = error.issues
        raise NotThere(f"the rows of {table} are not divided by `{by}`", issue.fix) from error


def _table_of(snapshot: Snapshot, name: str) -> NodeId:
    graph = snapshot.bound.graph
    return next(n for n in graph.nodes if n.name == name and graph.nodes[n].is_relation)
