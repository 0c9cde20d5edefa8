"""Random queries over tables with a time, and the check that proven days are apart.

Each query has the columns `t` (date or timestamp), `g` and `x`. Whatever the proof says, running
over inputs cut as it allows, one span of time after another, and keeping the rows whose own time
lies in the span, must give the rows of one run over everything.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

import duckdb

from headwater.sql import Binder, Column, QueryTemplate, Relation

DAYS = 4
STEPS_A_DAY = 4


def relation(name: str, columns: dict[str, str], time: str | None) -> Relation:
    """An upstream without a key."""
    listed = tuple(Column(name=column, type=type_) for column, type_ in columns.items())
    return Relation(name=name, columns=listed, time=time)


RELATIONS = {
    "a": relation("a", {"ts": "TIMESTAMP", "g": "INTEGER", "x": "INTEGER"}, "ts"),
    "b": relation("b", {"d": "DATE", "g": "INTEGER", "x": "INTEGER"}, "d"),
    "c": relation("c", {"since": "DATE", "g": "INTEGER", "x": "INTEGER"}, None),
}
TIMES = {"a": "ts", "b": "d"}
_SOURCES = (
    "select ts as t, g, x from a",
    "select ts as t, g, x from a",
    "select d as t, g, x from b",
    "select d as t, g, x from b",
    "select since as t, g, x from c",
)
_SAME_DAY = (
    "{t}",
    "{t}::date",
    "date_trunc('hour', {t})",
    "date_trunc('day', {t})",
    "time_bucket(interval '6 hours', {t}::timestamp)",
    "{t}::date::timestamp",
)
_OTHER_DAY = (
    "date_trunc('week', {t})",
    "{t} + interval 1 day",
    "time_bucket(interval '7 hours', {t}::timestamp)",
    "greatest({t}::timestamp, timestamp '2020-01-02')",
)


@dataclass
class Generator:
    """Random queries; equal seeds give equal ones."""

    random: random.Random
    names: int = field(default=0)

    def name(self) -> str:
        """A fresh table alias."""
        self.names += 1
        return f"q{self.names}"

    def time(self, column: str, risk: float = 0.1) -> str:
        """An expression over a time column, mostly one that keeps the day."""
        choices = _OTHER_DAY if self.random.random() < risk else _SAME_DAY
        if self.random.random() < 0.5 and choices is _SAME_DAY:
            return column
        return self.random.choice(choices).format(t=column)

    def query(self, depth: int) -> str:
        """A query with columns t, g and x."""
        if depth <= 0:
            return self.random.choice(_SOURCES)
        makers = (
            [self.filtered, self.truncated, self.grouped, self.windowed, self.united] * 2
            + [self.joined] * 5
            + [self.subqueried] * 3
            + [self.distinct, self.limited, self.named, self.unnested, self.lateral]
        )
        return self.random.choice(makers)(depth - 1)

    def filtered(self, depth: int) -> str:
        """A filter."""
        q = self.name()
        condition = self.random.choice(
            [f"{q}.x > 1", f"{q}.g = 1", f"{q}.t >= '2020-01-02'", f"{q}.x <> {q}.g"]
        )
        return f"select * from ({self.query(depth)}) {q} where {condition}"

    def truncated(self, depth: int) -> str:
        """Another time of the same day, or not."""
        q = self.name()
        return f"select {self.time('t', 0.2)} as t, g, x from ({self.query(depth)}) {q}"

    def grouped(self, depth: int) -> str:
        """An aggregate, with the time among its groups or not."""
        q, inner = self.name(), self.query(depth)
        aggregate = self.random.choice(["sum(x)", "count(*)", "min(x)"])
        time = self.time("t")
        rows = f"{aggregate}::int as x from ({inner}) {q}"
        return self.random.choice(
            [
                f"select {time} as t, g, {rows} group by 1, 2",
                f"select {time} as t, 0 as g, {rows} group by 1",
                f"select {time} as t, g, {rows} group by grouping sets ((1, 2), (1))",
                f"select max(t) as t, g, {rows} group by g",
                f"select {time} as t, g, {rows} group by rollup (1, 2)",
            ]
        )

    def windowed(self, depth: int) -> str:
        """A window over a partition that holds the time or not."""
        q, inner = self.name(), self.query(depth)
        partition = self.random.choice(["t", "t::date", "g, t::date", "g", "x, t", "t::date, g"])
        function = self.random.choice(
            ["row_number()", "sum(x)", "rank()", "lag(x, 1, 0)", "count(*)"]
        )
        over = f"(partition by {partition} order by t, g, x)"
        qualify = self.random.choice(["", "", f" qualify row_number() over {over} = 1"])
        return f"select t, g, ({function} over {over})::int as x from ({inner}) {q}{qualify}"

    def united(self, depth: int) -> str:
        """A set operation."""
        kind = self.random.choice(
            ["union all", "union all", "union", "except", "intersect", "union all by name"]
        )
        left, right = self.query(depth), self.query(depth)
        return f"select * from ({left}) {kind} select * from ({right})"

    def condition(self, p: str, q: str) -> str:
        """A join condition, mostly with the day in it."""
        day = self.random.choice(
            [
                f"{p}.t = {q}.t",
                f"{p}.t::date = {q}.t::date",
                f"{p}.t::date = {q}.t::date",
                f"date_trunc('day', {p}.t) = {q}.t",
                f"{p}.t::date is not distinct from {q}.t::date",
                f"{p}.t >= {q}.t",
                f"{p}.t::date = {q}.t::date + 1",
            ]
        )
        return self.random.choice([day, day, f"{day} and {p}.g = {q}.g", f"{p}.g = {q}.g"])

    def joined(self, depth: int) -> str:
        """A join of some kind."""
        p, q = self.name(), self.name()
        left, right = self.query(depth), self.query(depth)
        kind = self.random.choice(
            ["join"] * 3
            + ["left join"] * 3
            + ["full join"] * 2
            + ["right join", "semi join", "anti join"]
        )
        on = self.condition(p, q)
        time = self.random.choice([f"{p}.t", f"{p}.t", f"{q}.t", f"coalesce({p}.t, {q}.t)"])
        if kind in ("semi join", "anti join"):
            return f"select {p}.* from ({left}) {p} {kind} ({right}) {q} on {on}"
        if self.random.random() < 0.15:
            return f"select {time} as t, {p}.g, {q}.x from ({left}) {p}, ({right}) {q} where {on}"
        x = f"coalesce({p}.x, 0) + coalesce({q}.x, 0)"
        return (
            f"select {time} as t, coalesce({p}.g, {q}.g) as g, {x} as x"
            f" from ({left}) {p} {kind} ({right}) {q} on {on}"
        )

    def subqueried(self, depth: int) -> str:
        """A subquery in a condition or as a value."""
        p, q = self.name(), self.name()
        outer, inner = self.query(depth), self.query(depth)
        on = self.condition(p, q)
        conditions = [
            f"exists (select 1 from ({inner}) {q} where {on})",
            f"not exists (select 1 from ({inner}) {q} where {on} and {q}.x > {p}.x)",
            f"g in (select g from ({inner}) {q} where {on})",
            f"x not in (select x from ({inner}) {q} where {on})",
            f"t::date in (select t::date from ({inner}) {q})",
            f"(g, t::date) not in (select g, t::date from ({inner}) {q})",
            f"x >= (select avg(x) from ({inner}) {q})",
            f"exists (select 1 from ({inner}) {q} where x > 2)",
        ]
        if self.random.random() < 0.15:
            value = f"(select sum({q}.x) from ({inner}) {q} where {on})::int"
            return f"select t, g, {value} as x from ({outer}) {p}"
        return f"select * from ({outer}) {p} where {self.random.choice(conditions)}"

    def distinct(self, depth: int) -> str:
        """DISTINCT, also ON."""
        q, inner = self.name(), self.query(depth)
        return self.random.choice(
            [
                f"select distinct t, g, x from ({inner}) {q}",
                f"select distinct on (t, g) t, g, x from ({inner}) {q} order by t, g, x",
                f"select distinct on (t::date) t, g, x from ({inner}) {q} order by t, g, x",
                f"select distinct on (g) t, g, x from ({inner}) {q} order by t, g, x",
            ]
        )

    def limited(self, depth: int) -> str:
        """LIMIT over a total order."""
        return f"select * from ({self.query(depth)}) {self.name()} order by t, g, x limit 3"

    def named(self, depth: int) -> str:
        """A CTE read twice."""
        z, p, q = self.name(), self.name(), self.name()
        on = self.condition(p, q)
        kind = self.random.choice(["join", "left join"])
        return (
            f"with {z} as ({self.query(depth)})"
            f" select {p}.t, {p}.g, {q}.x from {z} {p} {kind} {z} {q} on {on}"
        )

    def unnested(self, depth: int) -> str:
        """A lateral unnest."""
        p = self.name()
        return f"select {p}.t, {p}.g, e.x from ({self.query(depth)}) {p}, unnest([{p}.x, 1]) e(x)"

    def lateral(self, depth: int) -> str:
        """A correlated subquery in FROM."""
        p, q, r = self.name(), self.name(), self.name()
        on = self.condition(p, q)
        order = self.random.choice(["", " order by t, g, x limit 1"])
        inner = f"select {q}.x from ({self.query(depth)}) {q} where {on}{order}"
        return f"select {p}.t, {p}.g, {r}.x from ({self.query(depth)}) {p}, lateral ({inner}) {r}"


def database(seed: int) -> duckdb.DuckDBPyConnection:
    """Full tables `full_a`, …, with a few rows a day, some of them at midnight."""
    connection = duckdb.connect(config={"threads": "1"})
    chosen = random.Random(seed)
    for name, found in RELATIONS.items():
        types = ", ".join(f"{column.name} {column.type}" for column in found.columns)
        connection.execute(f"create table full_{name} ({types})")
        for day in range(DAYS):
            for _ in range(chosen.randrange(1, 5)):
                hour = chosen.choice([0, 0, 5, 12, 23])
                moment = f"2020-01-0{day + 1} {hour:02}:00:00"
                row = [moment[:10] if name != "a" else moment]
                values = [*row, chosen.randrange(3), chosen.randrange(4)]
                connection.execute(f"insert into full_{name} values (?, ?, ?)", values)
    return connection


def rows_of(connection: duckdb.DuckDBPyConnection, sql: str) -> Counter[str]:
    """The rows of a query, whatever their order."""
    return Counter(map(repr, connection.execute(sql).fetchall()))


def set_views(
    connection: duckdb.DuckDBPyConnection, template: QueryTemplate | None, start: str, end: str
) -> None:
    """Shadow the tables' names, cut to `[start, end)` where the template allows it."""
    for name in RELATIONS:
        cut = ""
        found = template.alignment.get(name) if template else None
        if found is not None and found.kind == "aligned":
            time = TIMES[name]
            if found.exact_time:
                cut = f" where {time}::timestamp >= '{start}' and {time}::timestamp < '{end}'"
            else:
                cut = (
                    f" where {time}::date >= '{start}'::date"
                    f" and {time} < date_trunc('day', '{end}'::timestamp - interval 1 second)"
                    " + interval 1 day"
                )
        connection.execute(f"create or replace view {name} as select * from full_{name}{cut}")


def _spans(hours: int) -> list[tuple[str, str]]:
    """The days of the data, cut into spans of so many hours."""
    start, step = datetime(2020, 1, 1), timedelta(hours=hours)  # noqa: DTZ001 - local time
    edges = [start + step * n for n in range(DAYS * 24 // hours + 1)]
    return [(str(a), str(b)) for a, b in pairwise(edges)]


def disagreement(
    connection: duckdb.DuckDBPyConnection, sql: str, template: QueryTemplate
) -> str | None:
    """How running in parts differs from running at once, or None."""
    whole_days, parts_of_days = _spans(24), _spans(24 // STEPS_A_DAY)
    set_views(connection, None, "", "")
    within = "t >= '2020-01-01' and t < '2020-01-05'"
    full = rows_of(connection, f"select * from ({sql}) where {within}")
    for spans in (whole_days, parts_of_days):
        total: Counter[str] = Counter()
        for start, end in spans:
            set_views(connection, template, start, end)
            own = f"t::timestamp >= '{start}' and t::timestamp < '{end}'"
            total += rows_of(connection, f"select * from ({sql}) where {own}")
            if spans is whole_days and template.time_origin != "none":
                strays = rows_of(connection, f"select * from ({sql}) where not ({own})")
                if strays:
                    return f"rows of other days: {strays}"
        if total != full:
            return f"{len(spans)} parts: missing {full - total}, added {total - full}"
    return None


def check_many(seed: int, amount: int, depth: int = 3) -> tuple[int, int, list[str]]:
    """Run random queries: how many were tried, how many inputs proven aligned, what disagreed."""
    generator = Generator(random.Random(seed))
    binder = Binder()
    connection = database(seed)
    tried = aligned = 0
    wrong: list[str] = []
    while tried < amount:
        sql = generator.query(generator.random.randrange(1, depth + 1))
        try:
            set_views(connection, None, "", "")
            connection.execute(f"select * from ({sql})").fetchall()
        except duckdb.Error:
            continue
        template = binder.bind(sql, RELATIONS, time="t")
        kinds = [found.kind for found in template.alignment.values()]
        tried += 1
        if "aligned" not in kinds:
            continue
        aligned += kinds.count("aligned")
        found = disagreement(connection, sql, template)
        if found:
            wrong.append(f"{sql}\n  {dict(template.alignment)}\n  {found}")
    return tried, aligned, wrong
