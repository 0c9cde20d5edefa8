"""Row rules as SQL for DuckDB: what breaks them, how often, and the rows apart.

Nothing is executed here. A relation is read once or more by each query, so give one that is cheap
to read again: a table, a view over Parquet, never a pipe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Final

from headwater.contracts import conditions as c
from headwater.contracts.casting import try_cast
from headwater.contracts.definition import RowRule, Severity
from headwater.contracts.expressions import embed
from headwater.contracts.quoting import literal, quote, quote_all
from headwater.contracts.relation import ALONE, UNCAST, Relation, Surroundings

#: The column of broken rows that names the rules each broke.
BROKEN_RULES: Final = "_rules"


@singledispatch
def kept(condition: c.Condition) -> str:
    """A condition as SQL: true or NULL for a good row; not for uniqueness and references."""
    raise TypeError(f"{type(condition).__name__} is not a condition of one row alone")


@kept.register
def _(condition: c.NotNull) -> str:
    return f"{quote(condition.column)} IS NOT NULL"


@kept.register
def _(condition: c.NotMissing) -> str:
    column = quote(condition.column)
    values = [literal(v, _cast(condition.type)) for v in condition.missing if v is not None]
    kept_null = f"{column} IS NOT NULL" if None in condition.missing else ""
    kept_text = f"{column} NOT IN ({', '.join(values)})" if values else ""
    return " AND ".join(part for part in (kept_null, kept_text) if part) or "TRUE"


@kept.register
def _(condition: c.Bounded) -> str:
    bound = literal(condition.bound, condition.type)
    return f"{quote(condition.column)} {condition.comparison} {bound}"


@kept.register
def _(condition: c.MultipleOf) -> str:
    column, factor = quote(condition.column), literal(condition.factor)
    if condition.exact:
        return f"{column} % {factor} = 0"
    return f"abs({column} / {factor} - round({column} / {factor})) < 1e-9"


@kept.register
def _(condition: c.Matches) -> str:
    return f"regexp_matches({quote(condition.column)}, {literal(condition.pattern)})"


@kept.register
def _(condition: c.Accepted) -> str:
    values = [literal(v, _cast(condition.type)) for v in condition.values if v is not None]
    column = quote(condition.column)
    return f"{column} IN ({', '.join(values)})" if values else f"{column} IS NULL"


@kept.register
def _(condition: c.Sized) -> str:
    size = f"len({quote(condition.column)})"
    low = f"{size} >= {condition.minimum}" if condition.minimum is not None else ""
    high = f"{size} <= {condition.maximum}" if condition.maximum is not None else ""
    return " AND ".join(part for part in (low, high) if part) or "TRUE"


@kept.register
def _(condition: c.DistinctItems) -> str:
    column = quote(condition.column)
    return f"len(list_distinct({column})) = len(list_filter({column}, lambda x: x IS NOT NULL))"


@kept.register
def _(condition: c.Castable) -> str:
    column = quote(condition.column)
    return f"{column} IS NULL OR ({try_cast(column, condition.type, condition.format)}) IS NOT NULL"


@kept.register
def _(condition: c.Expression) -> str:
    return embed(condition.sql)


def _cast(type_name: str | None) -> str | None:
    """The type that a text constant needs; numbers and text compare as they are."""
    return type_name if type_name and type_name.startswith(("DATE", "TIME", "UUID")) else None


def breaks(rule: RowRule, relation: Relation) -> str:
    """SQL that is TRUE where a row breaks the rule, FALSE or NULL where it keeps it."""
    condition = rule.condition
    if relation.typed and isinstance(condition, c.Castable):
        return f"{UNCAST}[{literal(condition.column)}] IS NOT NULL" if relation.uncast else "FALSE"
    if relation.uncast and isinstance(condition, c.NotNull):
        # A value that could not be cast was delivered: it breaks its type, not `required`.
        absent = f"{UNCAST}[{literal(condition.column)}] IS NULL"
        return f"{quote(condition.column)} IS NULL AND {absent}"
    return f"NOT ({kept(condition)})"


def of_one_row(rule: RowRule) -> bool:
    """Whether a row alone shows if it keeps the rule."""
    return not isinstance(rule.condition, c.Unique | c.ExistsIn)


def violation_flags(rules: Sequence[RowRule], relation: Relation) -> list[tuple[RowRule, str]]:
    """Each rule of one row with SQL that is TRUE when the row breaks it, else FALSE; never NULL."""
    return [(r, f"coalesce({breaks(r, relation)}, FALSE)") for r in rules if of_one_row(r)]


def _all_present(columns: Sequence[str]) -> str:
    return " AND ".join(f"{quote(name)} IS NOT NULL" for name in columns)


def duplicates_sql(columns: Sequence[str], relation: Relation, existing: Relation | None) -> str:
    """The keys that stand more than once: `columns`, `_rows` (here) and `_taken` (there too)."""
    keys, present = quote_all(columns), _all_present(columns)
    if existing is None:
        return (
            f"SELECT {keys}, count(*) AS _rows, FALSE AS _taken FROM {relation.sql} "
            f"WHERE {present} GROUP BY {keys} HAVING count(*) > 1"
        )
    return (
        f"SELECT {keys}, count(*) FILTER (WHERE NOT _old) AS _rows, bool_or(_old) AS _taken FROM ("
        f"SELECT {keys}, FALSE AS _old FROM {relation.sql} WHERE {present} UNION ALL "
        f"SELECT {keys}, TRUE FROM {existing.sql} WHERE ({keys}) IN "
        f"(SELECT ({keys}) FROM {relation.sql} WHERE {present})) "
        f"GROUP BY {keys} HAVING _rows > 1 OR (_taken AND _rows > 0)"
    )


def missing_reference(condition: c.ExistsIn, target: Relation) -> str:
    """SQL that is TRUE where no row of the other table has the referenced values."""
    own, others = quote_all(condition.columns), quote_all(condition.target_columns)
    known = f"SELECT {others} FROM {target.sql} WHERE {_all_present(condition.target_columns)}"
    if len(condition.columns) > 1:
        own, known = f"({own})", f"SELECT ({others}) FROM ({known})"
    return f"({_all_present(condition.columns)} AND {own} NOT IN ({known}))"


@dataclass(frozen=True, slots=True)
class _Judged:
    """A relation whose rows carry the ranks of unique rules, and the flag of each rule."""

    ctes: tuple[str, ...]
    sql: str
    flags: tuple[tuple[str, str], ...]
    ranks: tuple[str, ...]

    @property
    def any_broken(self) -> str:
        return "(" + " OR ".join(flag for _, flag in self.flags) + ")"

    @property
    def broken_names(self) -> str:
        names = [f"CASE WHEN {flag} THEN {literal(name)} END" for name, flag in self.flags]
        return f"list_filter([{', '.join(names)}], lambda x: x IS NOT NULL)"

    @property
    def all_columns(self) -> str:
        return f"* EXCLUDE ({', '.join(self.ranks)})" if self.ranks else "*"

    def select(self, columns: str, where: str, more_ctes: Sequence[str] = ()) -> str:
        ctes = [*self.ctes, *more_ctes]
        head = f"WITH {', '.join(ctes)} " if ctes else ""
        return f"{head}SELECT {columns} FROM {self.sql} WHERE {where}"


def _judge(rules: Sequence[RowRule], relation: Relation, around: Surroundings) -> _Judged:
    """The error rules over a relation, warnings left out: they send no row away."""
    flags: list[tuple[str, str]] = []
    keys: list[tuple[str, ...]] = []
    for rule in rules:
        condition = rule.condition
        if rule.severity is not Severity.ERROR:
            continue
        if isinstance(condition, c.Unique):
            keys.append(condition.columns)
            flags.append((rule.name, f"{_rank_name(len(keys))} > 1"))
        elif isinstance(condition, c.ExistsIn):
            target = around.targets.get(condition.node)
            if target is not None:
                flags.append((rule.name, missing_reference(condition, target)))
        else:
            flags.append((rule.name, f"coalesce({breaks(rule, relation)}, FALSE)"))
    if not keys:
        return _Judged((), relation.sql, tuple(flags), ())
    ranks = tuple(_rank_name(number + 1) for number in range(len(keys)))
    return _Judged(_rank_ctes(keys, relation, around), "_all_ranked", tuple(flags), ranks)


def _rank_name(number: int) -> str:
    return f"_copy_{number}"


def _rank_ctes(
    keys: Sequence[tuple[str, ...]], relation: Relation, around: Surroundings
) -> tuple[str, ...]:
    """`_all_ranked`: the rows with a rank for each key, above 1 where an earlier row has that key.

    Keys that clash are found by a hash GROUP BY each. Only their rows (`_suspects`) are sorted and
    ranked; a suspect whose other keys are its own gets 1 for those by the same ranking.
    """
    ctes = [
        f"_clash_{n} AS MATERIALIZED ({duplicates_sql(columns, relation, around.existing)})"
        for n, columns in enumerate(keys, 1)
    ]
    clashes = [_among(columns, f"_clash_{n}") for n, columns in enumerate(keys, 1)]
    suspect = " OR ".join(clashes)
    order = ", ".join(map(quote, relation.order)) or "_suspects"
    ranks = [
        f"CASE WHEN {_all_present(columns)} THEN row_number() OVER "
        f"(PARTITION BY {quote_all(columns)} ORDER BY {order}) "
        f"+ CAST({_among(columns, f'_clash_{n}', 'WHERE _taken')} AS INTEGER) ELSE 1 END "
        f"AS {_rank_name(n)}"
        for n, columns in enumerate(keys, 1)
    ]
    ones = ", ".join(f"1 AS {_rank_name(n)}" for n in range(1, len(keys) + 1))
    rest = f"SELECT *, {ones} FROM {relation.sql} WHERE NOT ({suspect})"
    return (
        *ctes,
        f"_suspects AS MATERIALIZED (SELECT * FROM {relation.sql} WHERE {suspect})",
        f"_ranked AS MATERIALIZED (SELECT *, {', '.join(ranks)} FROM _suspects)",
        f"_all_ranked AS NOT MATERIALIZED ({rest} UNION ALL FROM _ranked)",
    )


def _among(columns: Sequence[str], table: str, where: str = "") -> str:
    """SQL that is TRUE where the columns, none of them NULL, stand in a table; never NULL."""
    keys = quote_all(columns)
    packed = f"({keys})" if len(columns) > 1 else keys
    return f"({_all_present(columns)} AND {packed} IN (SELECT {packed} FROM {table} {where}))"


def _broken_groups(judged: _Judged, group: Sequence[str]) -> str:
    """The groups that hold a broken row; NULL is no group."""
    where = f"{_all_present(group)} AND {judged.any_broken}"
    found = f"SELECT DISTINCT {quote_all(group)} FROM {judged.sql} WHERE {where}"
    return f"_broken_groups AS MATERIALIZED ({found})"


def broken_rows_sql(
    rules: Sequence[RowRule],
    relation: Relation,
    group: Sequence[str] = (),
    around: Surroundings = ALONE,
) -> str:
    """The complete rows that break an error rule, with `_rules VARCHAR[]`: every rule each broke.

    With a `group`, all rows that share its values with a broken row come too; those that broke
    nothing themselves have `_rules` = `['group: invoice']`.
    """
    judged = _judge(rules, relation, around)
    if not judged.flags:
        return f"SELECT *, CAST([] AS VARCHAR[]) AS {BROKEN_RULES} FROM {relation.sql} WHERE FALSE"
    columns, names = judged.all_columns, judged.broken_names
    if not group:
        return judged.select(f"{columns}, {names} AS {BROKEN_RULES}", judged.any_broken)
    innocent = literal(f"group: {', '.join(group)}")
    named = f"CASE WHEN {judged.any_broken} THEN {names} ELSE [{innocent}] END"
    return judged.select(
        f"{columns}, {named} AS {BROKEN_RULES}",
        f"{judged.any_broken} OR {_among(group, '_broken_groups')}",
        [_broken_groups(judged, group)],
    )


def good_rows_sql(
    rules: Sequence[RowRule],
    relation: Relation,
    group: Sequence[str] = (),
    around: Surroundings = ALONE,
) -> str:
    """Exactly the rows that `broken_rows_sql` leaves, with the relation's own columns."""
    judged = _judge(rules, relation, around)
    if not judged.flags:
        return f"SELECT * FROM {relation.sql}"
    if not group:
        return judged.select(judged.all_columns, f"NOT {judged.any_broken}")
    together = f"NOT {_among(group, '_broken_groups')}"
    return judged.select(
        judged.all_columns,
        f"NOT {judged.any_broken} AND {together}",
        [_broken_groups(judged, group)],
    )
