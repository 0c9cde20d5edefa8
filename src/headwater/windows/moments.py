"""Moments in SQL: a probe's `at`, and the beginnings of its windows, in the terms of the events.

Only the moments of probes are converted, never those of events: there are far more events.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from headwater.contracts.quoting import literal
from headwater.windows.model import Window, WindowsError

INSTANT = "TIMESTAMP WITH TIME ZONE"
WALL_CLOCK = "TIMESTAMP"

_TYPES = {
    "DATE": WALL_CLOCK,
    "TIMESTAMP": WALL_CLOCK,
    "TIMESTAMP_NS": WALL_CLOCK,
    "TIMESTAMP_MS": WALL_CLOCK,
    "TIMESTAMP_S": WALL_CLOCK,
    INSTANT: INSTANT,
    "TIMESTAMPTZ_NS": INSTANT,
}
_DAY = timedelta(days=1)


def kind_of(column: str, column_type: str) -> str:
    """`TIMESTAMP` or `TIMESTAMP WITH TIME ZONE`: as what a column is compared."""
    if column_type not in _TYPES:
        raise WindowsError(f"`{column}` is {column_type}, not a time")
    return _TYPES[column_type]


def as_kind(sql: str, column_type: str) -> str:
    """A time of any precision, or a date, as its kind.

    >>> print(as_kind("sold_on", "DATE"), as_kind("sold_at", "TIMESTAMP"), sep=" · ")
    CAST(sold_on AS TIMESTAMP) · sold_at
    """
    kind = _TYPES[column_type]
    return sql if column_type == kind else f"CAST({sql} AS {kind})"


def converted(sql: str, kind: str, wanted: str, zone: ZoneInfo) -> str:
    """A moment of one kind as the other."""
    if kind == wanted:
        return sql
    return wall_clock(sql, zone) if wanted == WALL_CLOCK else instant(sql, zone)


def wall_clock(sql: str, zone: ZoneInfo) -> str:
    """An instant as wall-clock time of the zone."""
    return f"timezone({literal(zone.key)}, {sql})"


def instant(sql: str, zone: ZoneInfo) -> str:
    """A wall-clock time as an instant, of two the first, as Python's `fold=0`.

    DuckDB takes the second. Clocks are put back by less than three hours; so where three hours
    before it they were as they are now, there is but one.
    """
    name = literal(zone.key)
    if zone.key == "UTC":
        return f"timezone({name}, {sql})"
    back = "INTERVAL 3 HOUR"
    earlier = f"x - (timezone({name}, x - {back}) - (w - {back}))"
    first = (
        f"CASE WHEN timezone({name}, x - {back}) = w - {back} THEN x"
        f" WHEN timezone({name}, {earlier}) = w THEN {earlier} ELSE x END"
    )
    # Each name stands for an expression once; a list of one element binds it.
    return (
        f"list_transform([{sql}], lambda w: "
        f"list_transform([timezone({name}, w)], lambda x: {first})[1])[1]"
    )


def begin(at: str, kind: str, window: Window, zone: ZoneInfo) -> str:
    """Where a bounded window begins that ends at `at`."""
    length = window.length or timedelta(0)
    days, rest = divmod(length, _DAY)
    moved = at
    if days or window.months:
        local = converted(at, kind, WALL_CLOCK, zone)
        step = f"INTERVAL {window.months:d} MONTH" if window.months else f"INTERVAL {days:d} DAY"
        moved = converted(f"({local} - {step})", WALL_CLOCK, kind, zone)
    if rest:
        moved = f"({moved} - to_microseconds({rest // timedelta(microseconds=1):d}))"
    return moved


def constant(microseconds: int, kind: str) -> str:
    """The moment so many microseconds after 1970, in UTC or by the clock on the wall."""
    made = f"make_timestamp({microseconds:d}::BIGINT)"
    return made if kind == WALL_CLOCK else f"timezone('UTC', {made})"


def seconds_between(earlier: str, later: str) -> str:
    """The seconds that have passed; of wall-clock times, by the clock."""
    return f"((epoch_us({later}) - epoch_us({earlier})) / 1e6)"


def days_between(earlier: str, later: str, kind: str, zone: ZoneInfo) -> str:
    """Days by the clock on the wall: from noon to noon it is one, whether it had 23 or 25 hours."""
    first, last = (converted(each, kind, WALL_CLOCK, zone) for each in (earlier, later))
    # In the hour that the clock shows twice, what came first can show the later time.
    passed = f"epoch_us({last}) - epoch_us({first})"
    return f"(CASE WHEN {last} < {first} THEN 0 ELSE {passed} END / 86400e6)"
