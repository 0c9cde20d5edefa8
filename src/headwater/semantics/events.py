"""Rows as events of entities: who did it, and when."""

from __future__ import annotations

from headwater.contracts.quoting import quote
from headwater.errors import HeadwaterError, Issue, did_you_mean
from headwater.semantics.catalog import Catalog
from headwater.semantics.sources import Rows


def entity_columns(catalog: Catalog, table: str, entity: str) -> tuple[str, ...]:
    """The columns of a table that say who: a column, or those that hold a table's key.

    Raises HeadwaterError (E908).
    """
    dataset = catalog.datasets[table]
    names = [name for name, _ in dataset.columns]
    if entity in names:
        return (entity,)
    if entity == table and dataset.key:
        return dataset.key
    found = [columns for columns, target in dataset.references.items() if target == entity]
    if len(found) == 1:
        return tuple(found[0])
    what = f"`{entity}` is no entity of `{table}`"
    fix = did_you_mean(
        entity,
        [*names, *dataset.references.values()],
        f"name a column of `{table}`, or a table in its `references`",
    )
    raise HeadwaterError(Issue(code="E908", what=what, fix=fix))


def event_time(source: Rows) -> str:
    """When an event happened, as wall-clock time to the microsecond."""
    return f"CAST({source.moment} AS TIMESTAMP)"


def key_columns(catalog: Catalog, source: Rows) -> list[tuple[str, str]]:
    """The table's key, which decides between events of one moment."""
    key = catalog.datasets[source.table].key
    return [(quote(column), f"own_{number}") for number, column in enumerate(key, start=1)]


def tie_order(catalog: Catalog, source: Rows) -> list[str]:
    """The names of `key_columns`."""
    return [name for _, name in key_columns(catalog, source)]
