"""Moments at which features are asked for: every entity, at the end of every period."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from headwater.clock import Periods
from headwater.contracts.quoting import literal, quote, quote_all
from headwater.features.model import AS_OF, Every
from headwater.windows.model import ALL_TIME, Window
from headwater.windows.moments import WALL_CLOCK, as_kind, begin, converted, kind_of
from headwater.windows.probe_table import temporary
from headwater.windows.sides import Runs


def observe_periods(  # noqa: PLR0913  # what is asked, of what, and where it goes
    session: Runs,
    *,
    events: str,
    keys: Sequence[tuple[str, str]],
    time: str,
    every: Every,
    days: tuple[date, date],
    into: str,
    zone: ZoneInfo,
    within: Window = ALL_TIME,
) -> int:
    """Make the temporary table `into`: keys, `at` and `day`, a row for every entity and period.

    `keys` are pairs: a column of the result, and the column of the events that holds it. A period
    of `every` ends with its last `day`, at the local midnight `at` after it; `days` is the span
    `[first, end)` of such days. An entity has a row where it has an event in the window `within`
    before `at`. Events without key are left out; how many is returned.
    """
    types = {n: kind for n, kind, *_ in session.fetch(f"DESCRIBE SELECT * FROM {quote(events)}")}
    kind, at = kind_of(time, types[time]), as_kind(quote(time), types[time])
    moments = _moments_sql(period_ends(every, *days), kind, within, zone)
    with temporary(session, quote(f"{into} moments"), moments) as known:
        seen = (_ever_seen if within == ALL_TIME else _seen)(known, events, keys, at)
        session.fetch(
            f"CREATE TEMP TABLE {quote(into)} AS"
            f" SELECT {quote_all(ours for ours, _ in keys)}, m.as_of, m.day"
            f" FROM (SELECT * REPLACE (unnest(numbers) AS numbers) FROM ({seen})) AS s"
            f" JOIN {known} AS m ON m.number = s.numbers"
        )
    nowhere = " OR ".join(f"{quote(theirs)} IS NULL" for _, theirs in keys)
    ((count,),) = session.fetch(f"SELECT count(*) FROM {quote(events)} WHERE {nowhere}")
    return int(count)


def period_ends(every: Every, first: date, end: date) -> list[date]:
    """The last days of periods in `[first, end)`.

    >>> [str(day) for day in period_ends("month", date(2011, 1, 31), date(2011, 3, 31))]
    ['2011-01-31', '2011-02-28']
    """
    periods, found = Periods(every), []
    begin_of_next = periods.after(periods.begin(first))
    while begin_of_next <= end:
        found.append(begin_of_next - timedelta(days=1))
        begin_of_next = periods.after(begin_of_next)
    return found


def _moments_sql(days: Sequence[date], kind: str, within: Window, zone: ZoneInfo) -> str:
    """The moments in order, from number 0: `as_of`, as events have it, and when windows begin."""
    listed = ", ".join(map(literal, days))
    moment = converted(quote(AS_OF), WALL_CLOCK, kind, zone)
    begins = f"{begin('moment', kind, within, zone)}" if within.is_bounded else "NULL"
    return (
        f"SELECT *, {begins} AS begins FROM (SELECT *, {moment}"
        " AS moment FROM (SELECT CAST(day + INTERVAL 1 DAY AS TIMESTAMP) AS as_of, day,"
        " row_number() OVER (ORDER BY day) - 1 AS number"
        f" FROM (SELECT unnest(CAST([{listed}] AS DATE[])) AS day)))"
    )


Keys = Sequence[tuple[str, str]]


def _rows(events: str, keys: Keys, time: str, aggregate: str) -> str:
    """The events by key, without those that have none; time and key under their new names."""
    named = [f"{quote(theirs)} AS {quote(ours)}" for ours, theirs in keys]
    there = " AND ".join(f"{quote(theirs)} IS NOT NULL" for _, theirs in keys)
    return f"SELECT {', '.join(named)}, {aggregate} AS t FROM {quote(events)} WHERE {there}"


def _ever_seen(moments: str, events: str, keys: Keys, time: str) -> str:
    """For each entity the numbers of all moments after its first event."""
    ours = quote_all(name for name, _ in keys)
    first = f"{_rows(events, keys, time, f'min({time})')} GROUP BY ALL"
    return (
        f"SELECT {ours}, range(m.number, (SELECT count(*) FROM {moments})) AS numbers"
        f" FROM ({first}) AS e ASOF JOIN {moments} AS m ON e.t < m.moment"
    )


def _seen(moments: str, events: str, keys: Keys, time: str) -> str:
    """For each entity the numbers of moments whose window holds an event of it.

    Of the events between two moments the latest counts longest: until its window ends, or until
    the next such event takes over.
    """
    ours = quote_all(name for name, _ in keys)
    reach = f"{time} >= (SELECT min(begins) FROM {moments})"
    near = f"{_rows(events, keys, time, time)} AND {reach}"
    latest = (
        f"SELECT {ours}, m.number AS number, max(e.t) AS t FROM ({near}) AS e"
        f" ASOF JOIN {moments} AS m ON e.t < m.moment GROUP BY ALL"
    )
    following = f"lead(l.number) OVER (PARTITION BY {ours} ORDER BY l.number)"
    last = f"(SELECT begins, max(number) AS number FROM {moments} GROUP BY begins)"
    return (
        f"SELECT {ours}, range(l.number, least(b.number + 1, coalesce({following}, b.number + 1)))"
        f" AS numbers FROM ({latest}) AS l ASOF JOIN {last} AS b ON l.t >= b.begins"
    )
