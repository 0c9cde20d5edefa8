"""Rows of a release for the eye: the first of a table, personal columns left where they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from headwater.contracts.quoting import quote
from headwater.engines.duckdb.faults import translated
from headwater.graph.node import Schema
from headwater.project.limits import Limits
from headwater.project.metrics.masking import MASK
from headwater.project.reading import read_session
from headwater.views.summaries import NodeFacts
from headwater.web.context import Snapshot

SAMPLE_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRows:
    """Rows with the columns as they are named; `masked` ones hold nothing but a mask."""

    columns: Schema
    rows: Sequence[tuple[Any, ...]]
    masked: frozenset[str] = frozenset()
    more: bool = False


def sample_rows(snapshot: Snapshot, facts: NodeFacts) -> ShownRows | None:
    """The first rows of a table or source as published; None where nothing is."""
    state = snapshot.view.states.get(facts.node)
    if state is None or not state.schema:
        return None
    masked = frozenset(column.name for column in facts.columns if column.masked)
    sql = f"SELECT {masked_columns(state.schema, masked)} FROM {quote(facts.node.name)}"
    rows, more = read_rows(snapshot, sql, SAMPLE_ROWS)
    return ShownRows(columns=state.schema, rows=rows, masked=masked, more=more)


def read_rows(
    snapshot: Snapshot, sql: str, limit: int, parameters: Mapping[str, object] | None = None
) -> tuple[list[tuple[Any, ...]], bool]:
    """The first rows of a query of our own over the release, and whether there are more."""
    limits = Limits(rows=limit)
    opened = read_session(snapshot.workspace, snapshot.view, sql, parameters, limits=limits)
    with opened as reading, translated():
        rows = reading.relation.fetchall()
    return rows[:limit], len(rows) > limit


def masked_columns(schema: Schema, masked: frozenset[str]) -> str:
    """The columns of a SELECT; the values of masked ones are never read.

    >>> print(masked_columns((("id", "BIGINT"), ("email", "VARCHAR")), frozenset(("email",))))
    "id", '•••' AS "email"
    """
    named = (f"'{MASK}' AS {quote(name)}" if name in masked else quote(name) for name, _ in schema)
    return ", ".join(named)
