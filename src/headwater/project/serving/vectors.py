"""Vectors of many entities at one moment, as any batch computes them, encoded for a store."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol
from zoneinfo import ZoneInfo

from headwater.contracts.quoting import quote
from headwater.features.computing import add_features
from headwater.features.model import AS_OF
from headwater.learning.columns import family_of_arrow, names, numbers
from headwater.learning.values import family_of
from headwater.online.codec import NOBODY, encode_key
from headwater.online.model import Entry
from headwater.project.serving.asking import is_whole
from headwater.project.serving.model import OnlineView
from headwater.project.serving.views import kept_name, with_windows
from headwater.windows.model import Probes
from headwater.windows.moments import INSTANT, as_kind, constant, converted
from headwater.windows.sides import Runs

if TYPE_CHECKING:
    import pyarrow as pa

#: Entities that are encoded and compared at a time.
SLICE: Final = 20_000

_PROBES: Final = "online probes"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class RunsToArrow(Runs, Protocol):
    """A session that also gives rows column by column."""

    def fetch_arrow(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        """All rows of a query."""
        ...


@contextmanager
def vectors_at(
    session: Runs, view: OnlineView, events: str, at: datetime, zone: ZoneInfo, into: str
) -> Iterator[int]:
    """The temporary table `into`, for as long as it is needed: the vectors of all entities at `at`.

    Every entity with an event before the moment is in it, and one without key or events. How many
    entities there are, that one left out, is what is given.
    """
    features = view.features
    types = {n: kind for n, kind, *_ in session.fetch(f"DESCRIBE SELECT * FROM {quote(events)}")}
    instant = constant(microseconds(at), INSTANT)
    moment = converted(instant, INSTANT, features.moment_type, zone)
    time = as_kind(quote(features.time), types[features.time])
    keys = list(zip(features.keys, features.source_keys, strict=True))
    shown = ", ".join(f"{quote(theirs)} AS {quote(ours)}" for ours, theirs in keys)
    there = " AND ".join(f"{quote(theirs)} IS NOT NULL" for _, theirs in keys)
    nobody = ", ".join(f"CAST(NULL AS {types[theirs]})" for _, theirs in keys)
    session.fetch(
        f"CREATE TEMP TABLE {quote(_PROBES)} AS SELECT *, {instant} AS {quote(AS_OF)}"
        f" FROM (SELECT DISTINCT {shown} FROM {quote(events)} WHERE {there} AND {time} < {moment}"
        f" UNION ALL SELECT {nobody})"
    )
    try:
        compute(session, view, events, Probes(relation=_PROBES, keys=features.keys, at=AS_OF),
                into=into, zone=zone)  # fmt: skip
    finally:
        session.fetch(f"DROP TABLE {quote(_PROBES)}")
    try:
        ((count,),) = session.fetch(f"SELECT count(*) FROM {quote(into)}")
        yield count - 1
    finally:
        session.fetch(f"DROP TABLE {quote(into)}")


def compute(
    session: Runs, view: OnlineView, events: str, probes: Probes, *, into: str, zone: ZoneInfo
) -> None:
    """Make the temporary table `into`: the probes' columns, and what vectors hold."""
    add_features(session, with_windows(view), probes, events=events, into=into, zone=zone)


def entries(session: RunsToArrow, view: OnlineView, table: str) -> Iterator[list[Entry]]:
    """The rows of a table of vectors, encoded, so many at a time."""
    ((count,),) = session.fetch(f"SELECT count(*) FROM {quote(table)}")
    shown = ", ".join([*key_sql(view), *stored_sql(view)])
    width = len(view.keys)
    for start in range(0, count, SLICE):
        select = f"SELECT {shown} FROM {quote(table)} WHERE rowid >= ? AND rowid < ?"
        rows = session.fetch_arrow(select, [start, start + SLICE])
        encoded = encode_vectors(rows.select(range(width, rows.num_columns)))
        yield list(zip(encode_keys(view, rows), encoded, strict=True))


def key_sql(view: OnlineView) -> list[str]:
    """The keys as Arrow can carry them."""
    return [
        quote(name) if is_whole(type) and "HUGE" not in type.upper() else _as_text(quote(name))
        for name, type in view.keys
    ]


def _as_text(column: str) -> str:
    return f"CAST({column} AS VARCHAR) AS {column}"


def stored_sql(view: OnlineView) -> list[str]:
    """The columns of vectors, as Arrow can carry them."""
    declared = len(view.features.stored)
    found = []
    for place, (name, type) in enumerate(view.stored):
        column = quote(name if place < declared else kept_name(name))
        is_carried = family_of(type) in ("number", "boolean", "date", "time")
        found.append(column if is_carried else _as_text(column))
    return found


def encode_keys(view: OnlineView, rows: pa.Table) -> list[str]:
    """The keys of rows as stores name them; nobody's are null."""
    parts = []
    for name, type in view.keys:
        values = rows.column(name).to_pylist()
        whole = is_whole(type)
        parts.append([int(v) if whole and v is not None else v for v in values])
    return [NOBODY if key[0] is None else encode_key(key) for key in zip(*parts, strict=True)]


def encode_vectors(rows: pa.Table) -> list[bytes]:
    """As `online.codec.encode_vector`, for many rows at once."""
    import numpy as np

    count = rows.num_columns
    found = np.zeros(rows.num_rows, dtype=[("count", "<u2"), ("numbers", "<f8", (count,))])
    found["count"] = count
    texts: dict[int, list[tuple[int, str]]] = {}
    for place, column in enumerate(rows.columns):
        if family_of_arrow(column.type) == "text":
            found["numbers"][:, place] = np.nan
            for row, text in enumerate(names(column).to_pylist()):
                if text is not None:
                    texts.setdefault(row, []).append((place, text))
        else:
            found["numbers"][:, place] = numbers(column)
    # One NaN, whatever the source's: bytes are compared.
    found["numbers"][np.isnan(found["numbers"])] = np.nan
    flat, size = found.tobytes(), found.dtype.itemsize
    encoded = [flat[start : start + size] for start in range(0, len(flat), size)]
    for row, pairs in texts.items():
        encoded[row] += json.dumps(pairs).encode()
    return encoded


def microseconds(at: datetime) -> int:
    """An instant as DuckDB counts it."""
    return (at - _EPOCH) // timedelta(microseconds=1)
