"""The rows behind a point: those that a metric counts in some days and for one group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from headwater.contracts.quoting import quote
from headwater.ids import NodeId
from headwater.semantics.catalog import Dataset
from headwater.semantics.metric import Metric
from headwater.views.figures import count
from headwater.web.context import NotThere, Snapshot
from headwater.web.sampling import ShownRows, masked_columns, read_rows

BEHIND_ROWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """The rows of one table behind a point: the first of them, and how many there are."""

    table: NodeId
    metric: Metric  # the one whose rows these are: of a ratio, a part
    shown: ShownRows
    total: int
    sql: str

    @property
    def words(self) -> str:
        """How many there are."""
        return count(self.total, "row")


def rows_behind(
    snapshot: Snapshot, name: str, first: date, last: date, by: str, value: str | None
) -> list[Behind]:
    """The rows of each table that a metric counts. Code E974 for what cannot be divided so."""
    metrics = snapshot.reader.catalog.metrics
    own = snapshot.reader.metric(name)
    parts = [own] if own.table else [metrics[part] for part in _counted(snapshot, name)]
    return [_behind(snapshot, part, first, last, by, value) for part in parts]


def _counted(snapshot: Snapshot, name: str) -> list[str]:
    """The metrics with a table of their own that a derived one is made of."""
    from headwater.semantics.formulas import metrics_read

    metrics = snapshot.reader.catalog.metrics
    found: dict[str, None] = {}
    queue = [name]
    while queue:
        metric = metrics[queue.pop()]
        if metric.table:
            found[metric.name] = None
        else:
            queue += metrics_read(metric)
    return list(found)


def _behind(
    snapshot: Snapshot, metric: Metric, first: date, last: date, by: str, value: str | None
) -> Behind:
    dataset = snapshot.reader.catalog.datasets[metric.table]
    facts = snapshot.facts[_table_of(snapshot, metric.table)]
    time = metric.time or dataset.time
    if time is None:
        raise NotThere(f"the rows of {metric.table} have no time")
    source, column = _joined(dataset, snapshot.reader.catalog.datasets, by)
    given: dict[str, object] = {"first": first, "end": last + timedelta(days=1)}
    where = [f"{_own(time)} >= :first AND {_own(time)} < :end"]
    if metric.where:
        where.append(f"({metric.where})")
    if column and value is None:
        where.append(f"{column} IS NULL")
    elif column:
        where.append(f"CAST({column} AS VARCHAR) = :value")
        given["value"] = value
    masked = frozenset(each.name for each in facts.columns if each.masked)
    rest = f"FROM {source} WHERE {' AND '.join(where)}"
    sql = f"SELECT {masked_columns(dataset.columns, masked, 'own')} {rest}"
    rows, more = read_rows(snapshot, sql, BEHIND_ROWS, given)
    counted, _ = read_rows(snapshot, f"SELECT count(*) {rest}", 1, given)
    shown = ShownRows(columns=dataset.columns, rows=rows, masked=masked, more=more)
    return Behind(table=facts.node, metric=metric, shown=shown, total=counted[0][0], sql=sql)


def _own(column: str) -> str:
    return f"own.{quote(column)}"


def _table_of(snapshot: Snapshot, name: str) -> NodeId:
    graph = snapshot.bound.graph
    return next(n for n in graph.nodes if n.name == name and graph.nodes[n].is_relation)


def _joined(dataset: Dataset, others: Mapping[str, Dataset], by: str) -> tuple[str, str]:
    """The table, with the one that a dimension stands in, and the dimension's column."""
    own = f"{quote(dataset.name)} AS own"
    if not by:
        return own, ""
    if by in dict(dataset.columns):
        return own, _own(by)
    table, _, column = by.partition(".")
    other = others.get(table)
    for columns, target in dataset.references.items():
        if other is not None and target == table and column in dict(other.columns):
            pairs = zip(columns, other.key, strict=True)
            on = " AND ".join(f"{_own(mine)} = o.{quote(theirs)}" for mine, theirs in pairs)
            return f"{own} LEFT JOIN {quote(table)} AS o ON {on}", f"o.{quote(column)}"
    raise NotThere(f"the rows of {dataset.name} are not divided by `{by}`")
