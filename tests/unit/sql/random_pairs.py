"""Random pairs of queries, executed: columns with equal fingerprints must hold equal data.

The tables have rows that tell apart what a wrong fingerprint would merge: repeated values, keys
that meet on one side only, and nulls.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

import duckdb

from headwater.sql import Binder, Column, QueryTemplate, Read, Relation, SqlError, fingerprint

TABLES = {
    "t": (
        "select nullif(i % 7, 6)::int as id, (i * 3 % 5)::int as a, chr(97 + (i % 4)::int) as b,"
        " i::int as n from range(12) r(i)"
    ),
    "u": (
        "select (i % 6)::int as id, (i % 3)::int as k, nullif(i * 7 % 11, 3)::int as w,"
        " (i % 4)::int as a from range(10) r(i)"
    ),
    "v": (
        "select (i % 5)::int as id, (i * 2 % 7)::int as a, chr(97 + (i % 3)::int) as b"
        " from range(8) r(i)"
    ),
    "d": "select i::int as id, (i * 5 % 4)::int as a, (i * 3 % 7)::int as w from range(6) r(i)",
}
TYPES = {
    "t": {"id": "INTEGER", "a": "INTEGER", "b": "VARCHAR", "n": "INTEGER"},
    "u": {"id": "INTEGER", "k": "INTEGER", "w": "INTEGER", "a": "INTEGER"},
    "v": {"id": "INTEGER", "a": "INTEGER", "b": "VARCHAR"},
    "d": {"id": "INTEGER", "a": "INTEGER", "w": "INTEGER"},
}
KEYS: dict[str, tuple[str, ...]] = {"t": ("n",), "d": ("id",)}
RELATIONS = {
    name: Relation(
        name=name,
        columns=tuple(Column(name=column, type=type_) for column, type_ in columns.items()),
        key=KEYS.get(name, ()),
    )
    for name, columns in TYPES.items()
}
_SWAPS: dict[str, tuple[str, ...]] = {
    "<": (">", ">="),
    ">": ("<", ">="),
    "=": ("<",),
    "sum": ("max", "min"),
    "max": ("sum", "min"),
    "min": ("max",),
    "id": ("a",),
    "a": ("id",),
    "p": ("q",),
    "q": ("p",),
    "left": ("full", "inner"),
    "full": ("left",),
    "semi": ("anti",),
    "anti": ("semi",),
    "union": ("except",),
    "except": ("intersect",),
    "distinct": ("",),
    "0": ("1",),
    "1": ("2",),
    "2": ("0",),
    "t": ("v",),
    "v": ("t", "u"),
    "d": ("u",),
    "u": ("d",),
    "w": ("a", "id"),
    "desc": ("asc",),
    "asc": ("desc",),
}


@dataclass
class Generator:
    """Random queries and mutations; equal seeds give equal ones."""

    random: random.Random
    seen: int = field(default=0)

    def query(self, depth: int) -> tuple[str, list[str]]:
        """A query and the names of its columns."""
        pick, first, names_of = self.random, *self.source(depth)
        sides = [("p", names_of)]
        tables = f"{first} p"
        if pick.random() < 0.5:
            other, other_names = self.source(depth - 1)
            kind = pick.choice(
                ["join", "left join", "left join", "full join", "semi join", "anti join"]
            )
            on = f"p.{pick.choice(names_of)} = q.{pick.choice(other_names)}"
            tables += f" {kind} {other} q on {on}"
            if not kind.startswith(("semi", "anti")):
                sides.append(("q", other_names))
        where = f" where {self.condition(sides)}" if pick.random() < 0.5 else ""
        names = ["id", "a", *(["k"] if pick.random() < 0.33 else [])]
        return self.select(depth, tables + where, sides, names)

    def source(self, depth: int) -> tuple[str, list[str]]:
        """A table or a subquery."""
        if depth <= 0 or self.random.random() < 0.4:
            name = self.random.choice("tuvd")
            return name, ["id", "a", *(["w"] if name in "ud" else [])]
        inner, names = self.query(depth - 1)
        return f"({inner})", names

    def column(self, sides: list[tuple[str, list[str]]]) -> str:
        """A column of one of the sides."""
        alias, names = self.random.choice(sides)
        return f"{alias}.{self.random.choice(names)}"

    def condition(self, sides: list[tuple[str, list[str]]]) -> str:
        """A filter, also with subqueries."""
        pick, column = self.random, self.column(sides)
        chance = pick.random()
        if chance < 0.5:
            return f"{column} {pick.choice(['<', '>', '=', '>='])} {pick.randrange(4)}"
        if chance < 0.7:
            table = pick.choice("tuvd")
            return f"{column} in (select {pick.choice(['id', 'a'])} from {table} where id > 0)"
        if chance < 0.8:
            return f"exists (select 1 from u z where z.id = {column} and z.k > {pick.randrange(2)})"
        if chance < 0.9:
            return f"exists (select 1 from d where w > {pick.randrange(6)})"
        return f"{column} > (select {pick.choice(['min', 'max'])}(a) from v)"

    def select(
        self, depth: int, tables: str, sides: list[tuple[str, list[str]]], names: list[str]
    ) -> tuple[str, list[str]]:
        """The SELECT over joined and filtered tables."""
        pick = self.random
        chance = pick.random()

        def column() -> str:
            return self.column(sides)

        listed = [f"{column()} as {name}" for name in names]
        if chance < 0.25:
            group = column()
            function = pick.choice(["sum", "min", "count", "max"])
            items = [f"{group} as id", *(f"{function}({column()})::int as {n}" for n in names[1:])]
            having = pick.choice([" having count(*) > 1", "", ""])
            return f"select {', '.join(items)} from {tables} group by {group}{having}", names
        if chance < 0.4:
            function = pick.choice(["sum", "count", "max"])
            window = f"{function}({column()}) over (partition by {column()})::int as {names[-1]}"
            qualify = pick.choice(["", f" qualify count(*) over (partition by {column()}) > 1"])
            return f"select {', '.join([*listed[:-1], window])} from {tables}{qualify}", names
        if chance < 0.5:
            left, _ = self.query(depth - 1) if depth > 0 else ("select id, a from t", names)
            right, _ = self.query(depth - 1) if depth > 0 else ("select a, id from v", names)
            kind = pick.choice(["union", "union all", "except", "intersect"])
            return f"select id, a from ({left}) {kind} select id, a from ({right})", ["id", "a"]
        if chance < 0.6:
            return f"select distinct {', '.join(listed)} from {tables}", names
        if chance < 0.7:
            function = pick.choice(["max", "sum"])
            inner = f"(select {function}(z.w) from u z where z.id = {column()})::int"
            return f"select {column()} as id, {inner} as a from {tables}", ["id", "a"]
        if chance < 0.78:
            order = ", ".join(str(n + 1) for n in range(len(names)))
            limit = f"limit {pick.randrange(1, 4)}"
            return f"select {', '.join(listed)} from {tables} order by {order} {limit}", names
        if chance < 0.84:
            inner = f"(select {pick.choice(['max', 'sum'])}(a) from v)::int"
            return f"select {column()} as id, {inner} as a from {tables}", ["id", "a"]
        return f"select {', '.join(listed)} from {tables}", names

    def mutated(self, sql: str) -> str:
        """The query with one word exchanged."""
        words = re.findall(r"\w+|[^\w\s]+|\s+", sql)
        for _ in range(20):
            index = self.random.randrange(len(words))
            choices = _SWAPS.get(words[index])
            if choices:
                words[index] = self.random.choice(choices)
                return "".join(words)
        return sql


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the oracle saw: pairs that bind, those with equal fingerprints, and unsound ones."""

    pairs: int
    equal_pairs: int
    equal_columns: int
    unsound: tuple[str, ...]


def check_many(seed: int, amount: int) -> Outcome:
    """Compare random pairs until so many have been bound."""
    generator = Generator(random.Random(seed))
    binder = Binder()
    connection = duckdb.connect(config={"threads": "1"})
    for name, sql in TABLES.items():
        connection.execute(f"create table {name} as {sql}")
    pairs = equal_pairs = equal_columns = 0
    unsound: list[str] = []
    while pairs < amount:
        first, _ = generator.query(2)
        second = generator.mutated(first)
        if generator.random.random() < 0.15:
            second = generator.mutated(second)
        try:
            both = [_fingerprints(binder.bind(sql, RELATIONS)) for sql in (first, second)]
        except SqlError:
            continue
        pairs += 1
        common = [name for name in both[0] if both[0][name] == both[1].get(name)]
        if not common:
            continue
        equal_pairs += 1
        equal_columns += len(common)
        # Equal columns must agree together, not only each by itself.
        data = [_rows(connection, sql, common) for sql in (first, second)]
        if data[0] != data[1]:
            unsound.append(f"{common}\n  {first}\n  {second}")
    return Outcome(pairs, equal_pairs, equal_columns, tuple(unsound))


def check_reads(seed: int, amount: int) -> tuple[int, list[str]]:
    """Disturb what a column is said not to read: how many columns stood still, which did not."""
    generator = Generator(random.Random(seed))
    binder = Binder()
    connection = duckdb.connect(config={"threads": "1"})
    for name, sql in TABLES.items():
        connection.execute(f"create table kept_{name} as {sql}")
    still = 0
    wrong: list[str] = []
    for _ in range(amount):
        sql, _ = generator.query(2)
        read = generator.random.choice(
            [Read(table, column) for table, columns in TYPES.items() for column in (None, *columns)]
        )
        try:
            template = binder.bind(sql, RELATIONS)
        except SqlError:
            continue
        columns = [c.name for c in template.columns if read not in c.reads | template.row_reads]
        if read.relation not in template.relations or read in template.row_reads or not columns:
            continue
        data = []
        for disturbed in (None, read):
            for name in TABLES:
                changed = disturbed is not None and name == disturbed.relation
                items = _disturbed(read) if changed else f"* from kept_{name}"
                connection.execute(f"create or replace table {name} as select {items}")
            data.append(_rows(connection, sql, columns))
        still += len(columns)
        if data[0] != data[1]:
            wrong.append(f"{read} {columns}\n  {sql}")
    return still, wrong


def _disturbed(read: Read) -> str:
    """Items and FROM of a table with another column, or other rows; keys stay unique."""
    if read.column is None:
        return f"* from kept_{read.relation} limit 5"
    value = "'z'" if TYPES[read.relation][read.column] == "VARCHAR" else f"{read.column} + 1"
    return f"* replace ({value} as {read.column}) from kept_{read.relation}"


def _fingerprints(template: QueryTemplate) -> dict[str, str]:
    return dict(fingerprint(template, lambda read: "").columns)


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, columns: list[str]) -> list[str]:
    try:
        found = connection.execute(f"select {', '.join(columns)} from ({sql})").fetchall()
    except duckdb.Error as error:
        return [type(error).__name__]
    return sorted(map(repr, found))
