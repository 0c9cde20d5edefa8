"""Point-in-time joins: for every probe the latest row before its moment that was known then.

Three steps, each over few columns: an ASOF join finds the time of the latest row; a hash join
fetches the rows of that time, and ties are decided among them; where none of them was known at
the probe's moment, which is seldom, an older one is looked for among all rows of the key.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from headwater.contracts.quoting import quote
from headwater.windows.model import AsOf, AsOfJoin
from headwater.windows.probe_table import ProbeTable, growing, probe_table, temporary
from headwater.windows.sides import Runs, Share, Sides, describe

# Bytes in memory of an event's key and time while they are sorted, and of a probe and its row.
_EVENT, _PROBE = 40, 200


def add_as_of(session: Runs, join: AsOfJoin, *, into: str, memory_mb: int = 600) -> None:
    """Make the temporary table `into`: all columns of the probes, and those of the latest row.

    Every probe is in it once, in no particular order. `memory_mb` is what one share of the keys
    may take. Raises `WindowsError`.
    """
    sides = describe(session, join.probes, join.events, join.zone)
    sides.require_new([name for name, _ in join.as_of.columns])
    shares = _shares(session, sides, memory_mb)
    with growing(session, into) as add:
        for number in range(shares):
            part = probe_table(session, sides, [join.as_of.ttl], Share(number, shares), into)
            with part as probes:
                _add_part(session, _Steps(sides, join.as_of, probes), into, add)


def _add_part(session: Runs, steps: _Steps, into: str, add: Callable[[str], None]) -> None:
    """Add the probes of one share to the result."""
    with (
        temporary(session, quote(f"{into} times"), steps.latest_times()) as times,
        temporary(session, quote(f"{into} rows"), steps.rows_at(times)) as rows,
    ):
        if not steps.sides.events.is_always_known:
            session.fetch(f"INSERT INTO {rows} {steps.older_rows(times, rows)}")
        found, different = session.fetch(f"SELECT count(*), count(DISTINCT number) FROM {rows}")[0]
        add(steps.result(rows, has_ties=found > different))


def _shares(session: Runs, sides: Sides, memory_mb: int) -> int:
    (events,) = session.fetch(f"SELECT count(*) FROM {quote(sides.events.relation)}")[0]
    (probes,) = session.fetch(f"SELECT count(*) FROM {quote(sides.probes.relation)}")[0]
    used: float = events * _EVENT + probes * _PROBE
    return max(1, math.ceil(used / (memory_mb * 2**20)))


class _Steps:
    """The SQL of the steps, for the probes of one share."""

    def __init__(self, sides: Sides, as_of: AsOf, probes: ProbeTable) -> None:
        self.sides, self.as_of, self.probes = sides, as_of, probes
        ties = [(f"o{n}", quote(name)) for n, name in enumerate(sides.events.tie)]
        values = [(f"v{n}", f"({sql})") for n, (_, sql) in enumerate(as_of.columns)]
        self.columns = [f"{sql} AS {name}" for name, sql in (*ties, *values)]
        # What decides among rows of one time, and what is shown of them.
        self.order = [name for name, _ in (*ties, *values)]

    def latest_times(self) -> str:
        """The time of each probe's latest row, known or not."""
        sides = self.sides
        ttl = f" WHERE e.t >= p.{self._begin}" if self._begin else ""
        kept = [sides.key_names, sides.moments, *([self._begin] if self._begin else [])]
        listed = ", ".join(f"p.{name}" for name in ", ".join(kept).split(", "))
        sign = ">=" if self.as_of.inclusive else ">"
        return (
            f"SELECT p.number, {listed}, e.t FROM {self.probes.name} AS p"
            f" ASOF JOIN ({self._events()}) AS e"
            f" ON {sides.key_match('p', 'e')} AND p.moment {sign} e.t{ttl}"
        )

    def rows_at(self, times: str) -> str:
        """The rows of those times that were known."""
        on = [self.sides.key_match("e", "p"), "e.t = p.t", *self.sides.known]
        return (
            f"SELECT p.number, {', '.join(f'e.{name}' for name in self.order)}"
            f" FROM ({self._events(self.columns)}) AS e JOIN {times} AS p ON {' AND '.join(on)}"
        )

    def older_rows(self, times: str, rows: str) -> str:
        """Where no row of the latest time was known: the latest that were."""
        rest = f"(SELECT * FROM {times} WHERE number NOT IN (SELECT number FROM {rows}))"
        on = [self.sides.key_match("e", "p"), "e.t < p.t", *self.sides.known]
        on += [f"e.t >= p.{self._begin}"] if self._begin else []
        return (
            f"SELECT p.number, {', '.join(f'e.{name}' for name in self.order)}"
            f" FROM ({self._events(self.columns)}) AS e JOIN {rest} AS p ON {' AND '.join(on)}"
            " QUALIFY rank() OVER (PARTITION BY p.number ORDER BY e.t DESC) = 1"
        )

    def result(self, rows: str, *, has_ties: bool) -> str:
        """Every probe with the columns of its row; of several that tie, of the greatest."""
        chosen = rows
        if has_ties:
            order = ", ".join(f"{name} DESC NULLS FIRST" for name in self.order)
            twice = f"(SELECT number FROM {rows} GROUP BY number HAVING count(*) > 1)"
            chosen = (
                f"(SELECT * FROM {rows} WHERE number NOT IN {twice} UNION ALL"
                f" (SELECT * FROM {rows} WHERE number IN {twice}"
                f" QUALIFY row_number() OVER (PARTITION BY number ORDER BY {order}) = 1))"
            )
        shown = [f"r.v{n} AS {quote(name)}" for n, (name, _) in enumerate(self.as_of.columns)]
        return (
            f"SELECT {', '.join(['unnest(p.probe)', *shown])} FROM {self.probes.name} AS p"
            f" LEFT JOIN {chosen} AS r ON r.number = p.number"
        )

    @property
    def _begin(self) -> str:
        ttl = self.as_of.ttl
        return self.probes.begin(ttl) if ttl.is_bounded else ""

    def _events(self, columns: Sequence[str] = ()) -> str:
        return self.sides.event_rows(columns, [], self.probes.reach, self.probes.share)
