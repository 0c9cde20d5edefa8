"""Delivered columns as the contract's types, without losing what does not fit.

DuckDB rounds `'2.5'` to 3 on its way to a whole number and drops the `+02:00` of a time on its way
to one without a zone. Here both count as values that cannot be read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from headwater.contracts.column_types import family
from headwater.contracts.definition import ContractColumn
from headwater.contracts.quoting import literal, quote
from headwater.contracts.relation import UNCAST, Relation

_WHOLE: Final = frozenset((
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT",
    "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT",
))  # fmt: skip
_LOCAL_TIMES: Final = frozenset(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"))
_SYNONYMS: Final = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}


def same_type(one: str, other: str) -> bool:
    """Whether two names stand for one type of DuckDB."""
    first, second = (_SYNONYMS.get(t.upper(), t.upper()).replace(" ", "") for t in (one, other))
    return first == second


def try_cast(column: str, type_name: str, strptime: str | None, given: str | None = None) -> str:
    """SQL of the column as a type, NULL where its value is none; `given` is its present type."""
    if given is not None and same_type(given, type_name):
        return column
    text = f"CAST({column} AS VARCHAR)"
    if strptime is not None and (given is None or given == "VARCHAR"):
        return f"TRY_CAST(try_strptime({text}, {literal(strptime)}) AS {type_name})"
    cast = f"TRY_CAST({column} AS {type_name})"
    if type_name in _WHOLE and (given is None or family(given) not in _WHOLE):
        marks = " OR ".join(f"contains({text}, '{mark}')" for mark in (".", "e", "E"))
        fraction = f"({marks}) AND TRY_CAST({column} AS DOUBLE) % 1 <> 0"
        return f"CASE WHEN {fraction} THEN NULL ELSE {cast} END"
    if type_name in _LOCAL_TIMES and given == "VARCHAR":
        zoned = f"contains({text}, '+') OR ends_with({text}, 'Z') OR contains({text}[12:], '-')"
        return f"CASE WHEN {zoned} THEN NULL ELSE {cast} END"
    return cast


def typed_relation(
    columns: Sequence[ContractColumn], relation: Relation, given: Mapping[str, str]
) -> Relation:
    """The relation with the contract's columns and types; other columns stay as they are.

    `given` holds the present type of every column of the relation. A value that cannot be cast
    becomes NULL and its text goes to `_uncast`, so that the quarantined row is complete and can be
    replayed. An optional column that was not delivered is NULL.
    """
    present = {name.casefold(): type_ for name, type_ in given.items()}
    casts = {
        column.name: try_cast(
            quote(column.name), column.type, column.format, present[column.name.casefold()]
        )
        for column in columns
        if column.type is not None
        and column.name.casefold() in present
        and not same_type(present[column.name.casefold()], column.type)
    }
    absent = [
        f"CAST(NULL AS {column.type or 'VARCHAR'}) AS {quote(column.name)}"
        for column in columns
        if column.name.casefold() not in present
    ]
    if not casts and not absent:
        return replace(relation, typed=True)
    replaced = ", ".join(f"{cast} AS {quote(name)}" for name, cast in casts.items())
    star = f"* REPLACE ({replaced})" if casts else "*"
    listed = [star, *absent, *([f"{_uncast(casts)} AS {UNCAST}"] if casts else [])]
    return replace(
        relation,
        sql=f"(SELECT {', '.join(listed)} FROM {relation.sql})",
        typed=True,
        uncast=bool(casts),
    )


def _uncast(casts: Mapping[str, str]) -> str:
    """A map of each column whose value was lost to its delivered text; built only where one was."""
    lost = {n: f"({quote(n)} IS NOT NULL AND ({cast}) IS NULL)" for n, cast in casts.items()}
    entries = ", ".join(
        f"CASE WHEN {flag} THEN {{'k': {literal(name)}, 'v': CAST({quote(name)} AS VARCHAR)}} END"
        for name, flag in lost.items()
    )
    return (
        f"CASE WHEN {' OR '.join(lost.values())} THEN "
        f"map_from_entries(list_filter([{entries}], lambda e: e IS NOT NULL)) END"
    )
