"""What a quarantine has torn apart: half an entry is published while the other half waits."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.contracts.quoting import quote, quote_all
from headwater.engines.protocol import InputRelation, Session
from headwater.lake import Lake
from headwater.plan.state import State
from headwater.project.quarantine.model import CounterEntry, SplitGroup
from headwater.project.quarantine.waiting import PUBLISHED, WAITING, Amount, day_of

#: A column with more published rows of one value than this numbers no entries.
LARGEST_GROUP = 1_000
#: How many of each are told.
MOST = 20


def show_published(state: State, lake: Lake, session: Session) -> None:
    """Bind the published rows."""
    files = tuple(lake.absolute(f.path) for f in state.part("rows"))
    shown = InputRelation(name=PUBLISHED, schema=state.schema, files=files, uniform=False)
    session.bind_inputs([shown])


def find_split_groups(
    state: State, group: Sequence[str], amount: Amount | None, session: Session
) -> tuple[SplitGroup, ...]:
    """Groups of which some rows wait and others are published.

    Rows belong together by the columns that `on_breach` names; without any, by the first column, if
    it looks like the number of an entry. A group that goes to quarantine as a whole is not split.
    """
    column = group[0] if group else _entry_number(state, session)
    if column is None:
        return ()
    columns = tuple(group) or (column,)
    keys = quote_all(columns)
    packed = f"({keys})" if len(columns) > 1 else keys
    present = " AND ".join(f"{quote(name)} IS NOT NULL" for name in columns)
    worth = f"sum({amount.sql})" if amount is not None else "CAST(NULL AS BIGINT)"
    found = session.fetch(
        f"WITH w AS (SELECT {keys}, count(*) AS _waiting FROM {WAITING} WHERE {present} "
        f"GROUP BY {keys}), p AS (SELECT {keys}, count(*) AS _published, {worth} AS _worth "
        f"FROM {PUBLISHED} WHERE {packed} IN (SELECT {packed} FROM w) GROUP BY {keys}) "
        f"SELECT {quote(column)}, _waiting, _published, _worth FROM w JOIN p USING ({keys}) "
        f"ORDER BY abs(_worth) DESC NULLS LAST, 1 LIMIT {MOST}"
    )
    return tuple(
        SplitGroup(
            column=column, value=value, waiting=waiting, published=rows, published_amount=total
        )
        for value, waiting, rows, total in found
    )


def _entry_number(state: State, session: Session) -> str | None:
    """The first column, where each of its waiting values stands for few rows."""
    if not state.schema or state.schema[0][0] == state.time:
        return None
    column = quote(state.schema[0][0])
    most = session.fetch(
        f"SELECT max(n) FROM (SELECT count(*) AS n FROM {PUBLISHED} WHERE {column} IN "
        f"(SELECT {column} FROM {WAITING}) GROUP BY {column})"
    )[0][0]
    return state.schema[0][0] if most is not None and most <= LARGEST_GROUP else None


def find_counter_entries(
    state: State, amount: Amount, session: Session
) -> tuple[CounterEntry, ...]:
    """Published rows whose amount rows that wait take back exactly, on the same day."""
    if state.time is None or not state.schema:
        return ()
    column, day = quote(state.schema[0][0]), day_of(state)
    found = session.fetch(
        f"WITH w AS (SELECT {column} AS _value, {day} AS _day, {amount.sql} AS _worth "
        f"FROM {WAITING} WHERE {amount.sql} <> 0), p AS ("
        f"SELECT {column} AS _value, {day} AS _day, {amount.sql} AS _worth FROM {PUBLISHED} "
        f"WHERE {day} IN (SELECT _day FROM w)) "
        f"SELECT p._value, p._worth, p._day, list(w._value ORDER BY w._value) FROM p JOIN w "
        f"ON p._day = w._day AND p._worth = -w._worth GROUP BY 1, 2, 3 "
        f"ORDER BY abs(p._worth) DESC, 1 LIMIT {MOST}"
    )
    return tuple(
        CounterEntry(
            column=state.schema[0][0], value=value, amount=worth, day=when, waiting=tuple(waiting)
        )
        for value, worth, when, waiting in found
    )
