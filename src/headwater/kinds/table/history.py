"""Type-2 history: the rows of a query by key, each with the time from and to which it held."""

from __future__ import annotations

from headwater.contracts.quoting import literal, quote
from headwater.engines.protocol import Session, Target, Written
from headwater.graph.node import Node
from headwater.ids import ALL_TIME
from headwater.kinds.table.definition import TableDefinition
from headwater.run.context import RunContext
from headwater.run.query import show_relation

BEFORE = "__headwater_before"


def write_history(
    definition: TableDefinition,
    node: Node,
    session: Session,
    target: Target,
    context: RunContext,
) -> tuple[Written, ...]:
    """The old ranges, those that ended now closed, and a new open one for each new or changed row.

    A key that is gone is closed; a key that comes back opens a new range. An unchanged row is left
    as it is, so that running again at another time changes nothing.
    """
    assert definition.history is not None
    state = context.states.get(node.id)
    session.bind_inputs([show_relation(BEFORE, node, state, context, ALL_TIME, frozenset())])
    return session.write_query(
        history_sql(definition.sql, definition.history.key, node, context.clock.now.isoformat()),
        schema=node.schema,
        time=None,
        keep=None,
        target=target,
        place=definition.place,
    )


def history_sql(sql: str, key: tuple[str, ...], node: Node, now: str) -> str:
    """The user's query as it stands, merged with the ranges in `BEFORE`."""
    values = [name for name in node.column_names if name not in ("valid_from", "valid_to")]
    columns = ", ".join(map(quote, values))
    old = ", ".join(f"b.{quote(name)}" for name in values)
    new = ", ".join(f"c.{quote(name)}" for name in values)
    same_key = " AND ".join(f"b.{quote(name)} IS NOT DISTINCT FROM c.{quote(name)}" for name in key)
    same = " AND ".join(f"b.{quote(name)} IS NOT DISTINCT FROM c.{quote(name)}" for name in values)
    instant = f"{literal(now)}::TIMESTAMPTZ"
    return f"""
WITH current_rows AS (
SELECT {columns} FROM (
{sql.strip().rstrip(";")}
)),
open_rows AS (SELECT * FROM {BEFORE} WHERE valid_to IS NULL)
SELECT {columns}, valid_from, valid_to FROM {BEFORE} WHERE valid_to IS NOT NULL
UNION ALL
SELECT {old}, b.valid_from,
  CASE WHEN EXISTS (SELECT 1 FROM current_rows c WHERE {same}) THEN NULL ELSE {instant} END
FROM open_rows b
UNION ALL
SELECT {new}, {instant}, NULL FROM current_rows c
WHERE NOT EXISTS (SELECT 1 FROM open_rows b WHERE {same_key} AND {same})
"""
