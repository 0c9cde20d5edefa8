"""Whom features are asked of: keys, mappings or a table, made one Arrow table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from headwater.clock import local, parse_instant
from headwater.errors import Issue, UsageError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa


def entity_table(entities: Any, keys: Sequence[str]) -> pa.Table:
    """A row for each entity asked of, in order: the key columns, and whatever else was given.

    Takes keys (of several columns: tuples), mappings, or anything that streams Arrow: a frame of
    pandas or Polars, a table. Code E018.
    """
    import pyarrow as pa

    if hasattr(entities, "__arrow_c_stream__"):
        table = pa.table(entities)
    else:
        rows = _listed(entities)
        try:
            table = pa.Table.from_pylist([_row(each, keys) for each in rows])
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            what = f"the entities are of several types: {error}"
            raise _wrong(what, "give keys of one type") from None
        if not rows:
            table = pa.table({key: pa.array([], pa.string()) for key in keys})
    for key in keys:
        if key not in table.column_names:
            what = f"the entities have no column `{key}`"
            fix = did_you_mean(key, table.column_names, f"the key is {', '.join(keys)}")
            raise _wrong(what, fix)
    return table


def _listed(entities: Any) -> list[Any]:
    if isinstance(entities, str | bytes | Mapping) or not isinstance(entities, Iterable):
        return [entities]
    return list(entities)


def _row(entity: Any, keys: Sequence[str]) -> dict[str, Any]:
    if isinstance(entity, Mapping):
        return {str(name): value for name, value in entity.items()}
    values = entity if isinstance(entity, tuple | list) else (entity,)
    if len(values) != len(keys):
        what = f"{entity!r} is no key: that is `{', '.join(keys)}`"
        raise _wrong(what, "give a value for each, in a tuple where there are several")
    return dict(zip(keys, values, strict=True))


def moment_of(at: str | date | datetime | None, now: datetime, zone: ZoneInfo) -> datetime:
    """One moment for all, as local time; by default now. Code E018."""
    if at is None:
        return local(now, zone)
    if isinstance(at, str):
        try:
            return local(parse_instant(at.strip(), zone), zone)
        except ValueError:
            fix = "write `2011-10-01` or `2011-10-01T07:00`"
            raise _wrong(f"`{at}` is no date or time", fix) from None
    if isinstance(at, datetime):
        return at if at.tzinfo is None else local(at, zone)
    return datetime.combine(at, time())


def _wrong(what: str, fix: str) -> UsageError:
    return UsageError(Issue(code="E018", what=what, fix=fix))
