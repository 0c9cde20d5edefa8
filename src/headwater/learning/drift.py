"""How columns are distributed, in SQL: bins of the rows trained on, and how far later rows moved.

Numbers have ten bins of about equal shares, bounded by quantiles; a value that holds a tenth of the
rows or more, such as 0, is a bin of its own, so that constant columns are compared like others.
Texts have a bin for each of their most frequent categories and one for others. Missing values,
among them NaN, are a bin in both. Infinities belong to the outermost bins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Literal

from headwater.contracts.quoting import literal, quote
from headwater.learning.report import ReferenceBins
from headwater.stats.stability import ALARM, WARNING, chance, stability_index
from headwater.windows.sides import Runs

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

BINS: Final = 10
CATEGORIES: Final = 20
#: Exact quantiles hold a column's values in memory: so many columns at once stay within 100 MB a
#: million rows. Each column is read once however many there are.
_AT_ONCE: Final = 4
_TEXTS: Final = ("VARCHAR", "ENUM", "UUID", "BLOB")
_TIMES: Final = ("DATE", "TIMESTAMP")

Verdict = Literal["stable", "warning", "alarm", "few_rows", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far one column moved. `psi` is None where one side has no rows.

    `shares` are those of the later rows, in the bins of `reference`. `chance` is what `psi` stays
    below in 95 of 100 cases with so few rows where nothing moved.
    """

    column: str
    psi: float | None
    shares: tuple[float, ...]
    rows: int
    reference: ReferenceBins
    chance: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """What the index means; a great one of few rows means nothing."""
        if self.psi is None:
            return "unknown"
        if self.psi <= WARNING:
            return "stable"
        if self.psi <= self.chance:
            return "few_rows"
        return "alarm" if self.psi > ALARM else "warning"


def reference_bins(
    session: Runs, relation: str, columns: Sequence[str]
) -> tuple[ReferenceBins, ...]:
    """Bins of these columns of a relation, with the share of the rows in each."""
    types = _types(session, relation)
    texts = [name for name in columns if types[name].startswith(_TEXTS)]
    numbers = [name for name in columns if name not in texts]
    bins = {name: _categories(session, relation, name) for name in texts}
    for at in range(0, len(numbers), _AT_ONCE):
        bins |= _edges(session, relation, types, numbers[at : at + _AT_ONCE])
    empty = [bins[name] for name in columns]
    rows, counts = _count(session, relation, types, empty)
    return tuple(
        ReferenceBins(
            column=each.column,
            edges=each.edges,
            categories=each.categories,
            shares=_shares(rows, found),
            rows=rows,
        )
        for each, found in zip(empty, counts, strict=True)
    )


def psi(session: Runs, relation: str, reference: Sequence[ReferenceBins]) -> tuple[Drift, ...]:
    """How far the rows of a relation are from the bins, in one scan. Columns it lacks are left out.

    Values that are no numbers any more count as missing.
    """
    types = _types(session, relation)
    there = [each for each in reference if each.column in types]
    rows, counts = _count(session, relation, types, there)
    return tuple(drift_of(each, found, rows) for each, found in zip(there, counts, strict=True))


def drift_of(reference: ReferenceBins, counts: Sequence[int], rows: int) -> Drift:
    """The drift of one column, from the counts of its bins."""
    shares = _shares(rows, counts)
    known = rows and any(reference.shares)
    filled = sum(1 for pair in zip(reference.shares, shares, strict=True) if any(pair))
    return Drift(
        column=reference.column,
        psi=stability_index(reference.shares, shares, reference.rows, rows) if known else None,
        shares=shares,
        rows=rows,
        reference=reference,
        chance=chance(filled, reference.rows, rows),
    )


@contextmanager
def over(rows: pa.Table) -> Iterator[Runs]:
    """What runs SQL over an Arrow table in memory, under the name `rows`."""
    import duckdb

    with duckdb.connect() as connection:
        connection.register("rows", rows)
        yield _Connection(connection)


@dataclass(frozen=True, slots=True)
class _Connection:
    connection: duckdb.DuckDBPyConnection

    def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self.connection.execute(sql, parameters).fetchall()
        return found


def _types(session: Runs, relation: str) -> dict[str, str]:
    described = session.fetch(f"DESCRIBE SELECT * FROM {quote(relation)}")
    return {str(row[0]): str(row[1]) for row in described}


def _number(name: str, type: str) -> str:
    """A column as a finite or infinite number, or null."""
    column = quote(name)
    if type.startswith(_TIMES):
        return f"epoch({column})"
    if type.startswith(("DOUBLE", "FLOAT")):
        return f"nullif({column}::DOUBLE, 'nan'::DOUBLE)"
    if type == "BOOLEAN":
        return f"{column}::INTEGER::DOUBLE"
    return f"nullif(try_cast({column} AS DOUBLE), 'nan'::DOUBLE)"


def _edges(
    session: Runs, relation: str, types: dict[str, str], names: Sequence[str]
) -> dict[str, ReferenceBins]:
    parts = ", ".join(str(at / BINS) for at in range(BINS + 1))
    asked = ", ".join(f"quantile_disc({_number(n, types[n])}, [{parts}])" for n in names)
    (row,) = session.fetch(f"SELECT {asked} FROM {quote(relation)}")
    return {
        name: ReferenceBins(column=name, edges=edges_of(quantiles or ()))
        for name, quantiles in zip(names, row, strict=True)
    }


def edges_of(quantiles: Sequence[float]) -> tuple[float, ...]:
    """Upper bounds of all bins but the last; lowest and highest quantile bound none.

    >>> edges_of([0, 1, 2, 3]), edges_of([0, 0, 0, 5])
    ((1.0, 2.0), (-5e-324, 0.0))
    """
    finite = [float(each) for each in quantiles if math.isfinite(each)]
    edges = {each for each in map(float, quantiles[1:-1]) if math.isfinite(each)}
    for value, following in pairwise(finite):
        if value == following:
            edges |= {math.nextafter(value, -math.inf), value}
    return tuple(sorted(each + 0.0 for each in edges))


def _categories(session: Runs, relation: str, name: str) -> ReferenceBins:
    column = quote(name)
    found = session.fetch(
        f"SELECT {column}::VARCHAR, count(*) FROM {quote(relation)} WHERE {column} IS NOT NULL "
        f"GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {CATEGORIES}"
    )
    return ReferenceBins(column=name, categories=tuple(str(row[0]) for row in found))


def _count(
    session: Runs, relation: str, types: dict[str, str], bins: Sequence[ReferenceBins]
) -> tuple[int, list[tuple[int, ...]]]:
    """All rows, and of each column the rows of its bins."""
    asked = ["count(*)"]
    for each in bins:
        asked += _counted(each, types[each.column])
    (row,) = session.fetch(f"SELECT {', '.join(asked)} FROM {quote(relation)}")
    rows, rest = int(row[0]), iter([int(value or 0) for value in row[1:]])
    found = []
    for each in bins:
        known = next(rest)
        if each.edges:
            below = [next(rest) for _ in each.edges]
            cumulated = [0, *below, known]
            inside = [b - a for a, b in pairwise(cumulated)]
        else:
            inside = [next(rest) for _ in each.categories]
            inside.append(known - sum(inside))
        found.append((*inside, rows - known))
    return rows, found


def _counted(bins: ReferenceBins, type: str) -> list[str]:
    """Counts of known values, then at most each edge, or equal to each category."""
    if bins.edges:
        value = _number(bins.column, type)
        return [
            f"count({value})",
            *(f"count_if({value} <= {literal(edge)}::DOUBLE)" for edge in bins.edges),
        ]
    value = quote(bins.column)
    if not type.startswith(_TEXTS):  # numbers of which all were missing
        value = f"nullif({value}::VARCHAR, 'nan')"
    return [
        f"count({value})",
        *(f"count_if({value} = {literal(category)})" for category in bins.categories),
    ]


def _shares(rows: int, counts: Sequence[int]) -> tuple[float, ...]:
    return tuple(count / rows if rows else 0.0 for count in counts)
