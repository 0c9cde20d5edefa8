"""The published relations that an answer is computed from: files cut to what it asks, or memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headwater.engines.protocol import InputRelation
from headwater.engines.protocol import Latest as LatestRows
from headwater.graph.node import Node
from headwater.ids import ALL_TIME, DataInterval
from headwater.lake import Lake
from headwater.plan.state import DataFile, State, schema_digest
from headwater.semantics.catalog import Catalog, remembered
from headwater.semantics.formulas import formula_of
from headwater.semantics.joins import paths
from headwater.semantics.question import time_of
from headwater.semantics.terms import Balance, Converted, Plain

#: A rollup or a history of so many rows stays in memory for the next question.
KEPT_ROWS = 500_000


def published_input(
    name: str, node: Node, state: State | None, lake: Lake, spans: Sequence[DataInterval] = ()
) -> InputRelation:
    """A node's published rows under a name; of its files, those that touch one of the spans."""
    change = node.latest
    files = _near(state, spans if change is None and node.time is not None else ())
    schema = state.schema if state is not None and state.schema else node.schema
    own = schema_digest(schema)
    return InputRelation(
        name=name,
        schema=schema if change is None else (*schema, *node.hidden),
        columns=() if change is None else tuple(column for column, _ in schema),
        latest=None
        if change is None
        else LatestRows(key=change.key, latest_by=change.latest_by, deleted=change.deleted),
        files=tuple(lake.absolute(file.path) for file in files),
        spans=tuple(file.interval for file in files),
        uniform=all(file.schema == own for file in files),
        time=node.time,
    )


def _near(state: State | None, spans: Sequence[DataInterval]) -> tuple[DataFile, ...]:
    files = state.part("rows") if state is not None else ()
    if not spans:
        return files
    return tuple(f for f in files if any(f.interval.overlaps(span) for span in spans))


@remembered
def cut_tables(catalog: Catalog, metrics: tuple[str, ...]) -> frozenset[str]:
    """The tables of which only rows in the days asked for matter to some metrics.

    Not those that are read around these days, whose metric has a time of its own, or that are
    joined: a customer is older than his order.
    """
    terms = [term for name in metrics for term in formula_of(catalog, name).terms]
    cut: set[str] = set()
    whole: set[str] = set()
    for term in terms:
        table, time = time_of(catalog, term)
        is_near = isinstance(term, Plain | Balance) and time == catalog.datasets[table].time
        (cut if is_near else whole).add(table)
        if isinstance(term, Converted):
            whole.add(term.conversion.table)
    ways = (path for table in (*cut, *whole) for path in paths(catalog, table))
    return frozenset(cut - whole - {hop.table for path in ways for hop in path})


def data_interval(nodes: Iterable[Node], states: Iterable[State | None]) -> DataInterval | None:
    """From where to where all tables with a time have data; None where none says so."""
    hulls = [
        state.segments.hull
        for node, state in zip(nodes, states, strict=True)
        if node.time is not None and state is not None and state.segments
    ]
    known = [hull for hull in hulls if hull is not None and hull != ALL_TIME]
    if not known:
        return None
    return DataInterval(max(h.start for h in known), min(h.end for h in known))
