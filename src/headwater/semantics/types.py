"""Types of aggregates and formulas: DuckDB binds them over columns of the right types, no rows."""

from __future__ import annotations

import re

from headwater.contracts.quoting import quote
from headwater.errors import HeadwaterError, Issue, UsageError
from headwater.semantics.catalog import Catalog, remembered
from headwater.semantics.conditions import family
from headwater.semantics.formulas import formula_of
from headwater.semantics.joins import reach
from headwater.semantics.rollup import Leaf
from headwater.semantics.terms import Balance, Converted, Formula, Retained, Running, Term
from headwater.sql.problems import SqlError
from headwater.sql.result_types import bound_types

_INTEGERS = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT"})
_DECIMAL = re.compile(r"DECIMAL\(\d+,(\d+)\)\Z")
_NUMBERS = re.compile(r"(TINYINT|SMALLINT|INTEGER|BIGINT|DECIMAL.*|DOUBLE|FLOAT)\Z")
_WIDE = frozenset({"HUGEINT", "UHUGEINT", "UBIGINT"})


def aggregate(leaf: Leaf) -> str:
    """A leaf over rows that have its columns under their flat names."""
    inner = leaf.argument or "*"
    call = {
        "count_distinct": f"count(DISTINCT {inner})",
        "quantile": f"quantile_cont({inner}, {leaf.fraction})",
        "quantile_disc": f"quantile_disc({inner}, {leaf.fraction})",
    }.get(leaf.function, f"{leaf.function}({inner})")
    return f"{call} FILTER (WHERE {leaf.where})" if leaf.where else call


def cast_to(sql: str, wanted: str, natural: str) -> str:
    """The expression as the wanted type, where it would be another one."""
    return sql if wanted == natural else f"CAST({sql} AS {wanted})"


@remembered
def natural_type(catalog: Catalog, leaf: Leaf) -> str:
    """What DuckDB makes of an aggregate. Raises HeadwaterError (E901)."""
    if leaf.function in ("count", "count_distinct"):
        return "BIGINT"
    if leaf.columns == (leaf.argument,) and leaf.function in ("sum", "min", "max"):
        kind = reach(catalog, leaf.table, leaf.argument).type
        known = kind if leaf.function != "sum" else _type_of_sum(kind)
        if known:
            return known
    names = {
        reached.flat: reached for reached in (reach(catalog, leaf.table, n) for n in leaf.columns)
    }
    columns = ", ".join(f"CAST(NULL AS {r.type}) AS {quote(flat)}" for flat, r in names.items())
    return _bind(
        catalog, f"SELECT {aggregate(leaf)} FROM (SELECT {columns or '1'})", leaf.argument
    )[0]


def _type_of_sum(kind: str) -> str:
    """DuckDB's rule for the sum of a column; empty where it has to be asked."""
    if kind in _INTEGERS:
        return "HUGEINT"
    if match := _DECIMAL.match(kind):
        return f"DECIMAL(38,{match[1]})"
    return "DOUBLE" if kind in ("DOUBLE", "FLOAT") else ""


@remembered
def leaf_type(catalog: Catalog, leaf: Leaf) -> str:
    """The type that an aggregate has in results: whole numbers are BIGINT."""
    natural = natural_type(catalog, leaf)
    return "BIGINT" if natural in _WIDE else natural


def merged(catalog: Catalog, leaf: Leaf, column: str) -> str:
    """An additive leaf of the whole, from a column that has it of the parts; no rows count 0."""
    if leaf.function == "count":
        return f"coalesce(CAST(sum({column}) AS BIGINT), 0)"
    value = f"{leaf.function}({column})"
    is_sum_of_integers = leaf.function == "sum" and leaf_type(catalog, leaf) == "BIGINT"
    return f"CAST({value} AS BIGINT)" if is_sum_of_integers else value


def term_type(catalog: Catalog, term: Term) -> str:
    """The type of a term's values."""
    match term:
        case Retained():
            return "DOUBLE"
        case Converted():
            return "BIGINT"
        case Balance(day="average") | Running(day="average"):
            return "DOUBLE"
        case _:
            return leaf_type(catalog, term.leaf)


@remembered
def dimension_type(catalog: Catalog, tables: tuple[str, ...], name: str) -> str:
    """The type of a dimension that rows of several tables are grouped by.

    Raises UsageError (E909) where its values cannot be compared, as text and numbers cannot.
    """
    kinds = {reach(catalog, table, name).type: table for table in reversed(tables)}
    if len(kinds) == 1:
        return next(iter(kinds))
    if len({family(kind) for kind in kinds}) > 1:
        told = " and ".join(f"{kind} in `{table}`" for kind, table in sorted(kinds.items()))
        fix = "ask for the metrics one by one, or give the column one type"
        raise UsageError(Issue(code="E909", what=f"`{name}` is {told}", fix=fix))
    selects = (f"SELECT CAST(NULL AS {kind}) AS k" for kind in kinds)
    return _bind(catalog, " UNION ALL ".join(selects), f"`{name}`")[0]


@remembered
def metric_types(catalog: Catalog, name: str) -> tuple[str, str]:
    """A metric's type in results, and what its formula gives before it is cast to that."""
    formula = formula_of(catalog, name)
    natural = _formula_type(catalog, formula, name)
    return ("BIGINT" if natural in _WIDE else natural), natural


def _formula_type(catalog: Catalog, formula: Formula, name: str) -> str:
    if len(formula.parts) == 1:
        return term_type(catalog, formula.terms[0])
    kinds = [term_type(catalog, term) for term in formula.terms]
    if formula.is_quotient and all(map(_NUMBERS.match, kinds)):
        return "DOUBLE"
    values = {t: f"v{index}" for index, t in enumerate(formula.terms)}
    columns = ", ".join(
        f"CAST(NULL AS {term_type(catalog, t)}) AS {column}" for t, column in values.items()
    )
    return _bind(
        catalog, f"SELECT {formula.sql(values)} FROM (SELECT {columns})", f"metric `{name}`"
    )[0]


def _bind(catalog: Catalog, sql: str, shown: str) -> tuple[str, ...]:
    try:
        return bound_types(sql, catalog.functions)
    except SqlError as error:
        raise HeadwaterError(Issue(code="E901", what=f"{shown}: {error.problem.what}")) from None
