"""Row rules as SQL for DuckDB: what breaks them, how often, and the rows apart.

Nothing is executed here. A relation is read once or more by each query, so give one that is cheap
to read again: a table, a view over Parquet, never a pipe.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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


def _count_copies(number: int) -> str:
    return f"_copy_{number}"


def _ranked(
    relation: Relation, columns: Sequence[str], number: int, around: Surroundings
) -> Relation:
    """The relation with a column that is above 1 in rows whose key an earlier row (or file) has.

    Only the rows of keys that clash are sorted; all others get 1 from an anti join.
    """
    clashing = f"({duplicates_sql(columns, relation, around.existing)})"
    on = " AND ".join(f"r.{quote(name)} = d.{quote(name)}" for name in columns)
    order = ", ".join(f"r.{quote(name)}" for name in relation.order) or "r"
    keys = ", ".join(f"r.{quote(name)}" for name in columns)
    copy = _count_copies(number)
    ranked = (
        f"SELECT r.*, CAST(row_number() OVER (PARTITION BY {keys} ORDER BY {order}) "
        f"+ CAST(d._taken AS INTEGER) AS BIGINT) AS {copy} "
        f"FROM {relation.sql} AS r JOIN {clashing} AS d ON {on} "
        f"UNION ALL SELECT r.*, CAST(1 AS BIGINT) "
        f"FROM {relation.sql} AS r ANTI JOIN {clashing} AS d ON {on}"
    )
    return replace(relation, sql=f"({ranked})")


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


def _judge(rules: Sequence[RowRule], relation: Relation, around: Surroundings) -> _Judged:
    """The error rules over a relation, warnings left out: they send no row away."""
    flags: list[tuple[str, str]] = []
    ranks: list[str] = []
    ranked = relation
    for rule in rules:
        condition = rule.condition
        if rule.severity is not Severity.ERROR:
            continue
        if isinstance(condition, c.Unique):
            ranked = _ranked(ranked, condition.columns, len(ranks) + 1, around)
            ranks.append(_count_copies(len(ranks) + 1))
            flags.append((rule.name, f"{ranks[-1]} > 1"))
        elif isinstance(condition, c.ExistsIn):
            target = around.targets.get(condition.node)
            if target is not None:
                flags.append((rule.name, missing_reference(condition, target)))
        else:
            flags.append((rule.name, f"coalesce({breaks(rule, relation)}, FALSE)"))
    return _Judged(ranked.sql, tuple(flags), tuple(ranks))


def _in_broken_group(judged: _Judged, group: Sequence[str]) -> str:
    """SQL that is TRUE where another row of the same group is broken; NULL is no group."""
    keys, present = quote_all(group), _all_present(group)
    packed = f"({keys})" if len(group) > 1 else keys
    broken = f"SELECT {packed} FROM {judged.sql} WHERE {present} AND {judged.any_broken}"
    return f"({present} AND {packed} IN ({broken}))"


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
        return (
            f"SELECT {columns}, {names} AS {BROKEN_RULES} FROM {judged.sql} "
            f"WHERE {judged.any_broken}"
        )
    innocent = literal(f"group: {', '.join(group)}")
    named = f"CASE WHEN {judged.any_broken} THEN {names} ELSE [{innocent}] END"
    return (
        f"SELECT {columns}, {named} AS {BROKEN_RULES} FROM {judged.sql} "
        f"WHERE {judged.any_broken} OR {_in_broken_group(judged, group)}"
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
    together = f" AND NOT {_in_broken_group(judged, group)}" if group else ""
    return f"SELECT {judged.all_columns} FROM {judged.sql} WHERE NOT {judged.any_broken}{together}"
