"""Formulas of metrics: what is aggregated, what stands around it, and the columns of a condition.

DuckDB's own parser reads them, so that what is a formula here is one to the engine too, and writes
their parts again in one spelling: the parts of equal formulas are equal texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from headwater.errors import nearest
from headwater.sql.parsing import serialize_statement, statement_texts, walk
from headwater.sql.problems import SqlError, SqlProblem, problem_at
from headwater.sql.syntax import call, children, guard_division

Function = Literal[
    "sum", "count", "count_distinct", "min", "max", "quantile", "quantile_disc", "average"
]

CODE = "E901"
_SELECT = "select "
_FUNCTIONS: Mapping[str, Function] = {
    "sum": "sum",
    "count": "count",
    "count_star": "count",
    "count_if": "count",
    "countif": "count",
    "avg": "average",
    "mean": "average",
    "min": "min",
    "max": "max",
    "median": "quantile",
    "quantile": "quantile_disc",
    "quantile_cont": "quantile",
    "quantile_disc": "quantile_disc",
}
#: Every other aggregate function of DuckDB 2.0 (a test compares): a metric cannot be made of it.
OTHER_AGGREGATES = frozenset(
    re.findall(
        r"\w+",
        """
    any_value approx_count_distinct approx_quantile approx_top_k arbitrary arg_max arg_max_null
    arg_max_nulls_last arg_min arg_min_null arg_min_nulls_last argmax argmin array_agg bit_and
    bit_or bit_xor bitstring_agg bool_and bool_or combine_aggr corr covar_pop covar_samp
    decimal_average entropy favg first fsum group_concat histogram histogram_exact kahan_sum
    kurtosis kurtosis_pop last list listagg lttb mad max_by min_by mode product regr_avgx regr_avgy
    regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy reservoir_quantile sem
    skewness stddev stddev_pop stddev_samp string_agg sum_no_overflow sumkahan var_pop var_samp
    variance variant_group_object
""",
    )
)
_KNOWN = (
    "sum, count, count(distinct …), avg, min, max, median, quantile_cont and quantile_disc are"
    " the aggregates of metrics"
)
_FRACTION = re.compile(r"(0(\.\d+)?|1(\.0+)?|\.\d+)\Z")
_DIVISIONS = frozenset({"/", "//", "%"})
_REFUSED = {
    "WINDOW": ("a window function", "a running total is a metric of `type: cumulative`"),
    "SUBQUERY": ("a subquery", "make it a table, and the metric of that table"),
    "PARAMETER": ("a parameter", "a metric has none; ask it with `where`"),
    "POSITIONAL_REFERENCE": ("a position", "name the column"),
    "STAR": ("`*`", "name the columns"),
    "DEFAULT": ("`default`", "name the column"),
}


@dataclass(frozen=True, slots=True)
class Mention:
    """A name in a text: a column (`country`, `customers.country`) or a metric."""

    name: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """An aggregate as the parser wrote it again.

    A column of another table is one quoted name with a dot in it: `"customers.country"`.
    """

    function: Function
    argument: str = ""  # empty: `count(*)`
    where: str = ""
    fraction: str = ""
    columns: tuple[Mention, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class ParsedFormula:
    """SQL text, aggregates and other metrics, in turn: joined they are the formula again."""

    parts: tuple[str | Aggregate | Mention, ...]

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """Its aggregates in written order."""
        return tuple(part for part in self.parts if isinstance(part, Aggregate))

    @property
    def metrics(self) -> tuple[Mention, ...]:
        """The names outside of aggregates in written order."""
        return tuple(part for part in self.parts if isinstance(part, Mention))


@dataclass(frozen=True, slots=True)
class ParsedCondition:
    """A condition written again, and the columns that it names."""

    sql: str
    columns: tuple[Mention, ...] = field(default=(), compare=False)


@lru_cache(maxsize=4096)
def parse_formula(text: str, table: str = "") -> ParsedFormula:
    """Read the `expr` of a metric over `table`; raises `SqlError` with the place in the text.

    A division by zero gives NULL.

    >>> parse_formula("revenue / orders").metrics[1].name
    'orders'
    >>> parse_formula("count(distinct customers.id) filter (where not is_return)").aggregates[0]
    Aggregate(function='count_distinct', argument='"customers.id"', where='(NOT is_return)', ...)
    """
    reading = _Reading(text, table)
    outer = reading.outside(reading.expression)
    written = reading.write([outer, *reading.inner])
    found: dict[str, str | Aggregate | Mention] = dict(reading.mentions)
    texts = iter(written[1:])
    for draft in reading.drafts:
        argument = next(texts) if draft.argument else ""
        conditions = [next(texts) for _ in draft.conditions]
        where = " AND ".join(conditions) if len(conditions) < 2 else f"({' AND '.join(conditions)})"
        found[draft.name] = Aggregate(
            function=draft.function,
            argument=argument,
            where=where,
            fraction=draft.fraction,
            columns=draft.columns,
        )
    pieces = re.split(f"({reading.mark}\\d+_)", written[0])
    return ParsedFormula(tuple(found.get(piece, piece) for piece in pieces if piece))


@lru_cache(maxsize=4096)
def parse_condition(text: str, table: str = "") -> ParsedCondition:
    """Read a condition over rows of `table`; raises `SqlError` with the place in the text.

    >>> parse_condition("not sales.is_return and country='France'", "sales").sql
    "((NOT is_return) AND (country = 'France'))"
    """
    reading = _Reading(text, table)
    columns = reading.inside(reading.expression, aggregate="")
    return ParsedCondition(reading.write([reading.expression])[0], columns)


@dataclass(slots=True)
class _Draft:
    name: str
    function: Function
    argument: bool
    conditions: range
    fraction: str
    columns: tuple[Mention, ...]


class _Reading:
    """One text while it is taken apart."""

    def __init__(self, text: str, table: str) -> None:
        self.text = text
        self.table = table.casefold()
        self.statement = self._statement()
        self.expression: dict[str, Any] = self.statement["node"]["select_list"][0]
        self.mark = "_part"
        while self.mark in text:
            self.mark += "_"
        self.mentions: dict[str, Mention] = {}
        self.drafts: list[_Draft] = []
        self.inner: list[dict[str, Any]] = []
        self._names = 0

    def _statement(self) -> dict[str, Any]:
        if not self.text.strip():
            raise SqlError(SqlProblem(code=CODE, what="the expression is empty"))
        try:
            statement = dict(serialize_statement(_SELECT + self.text))
        except SqlError as error:
            found = error.problem
            # The text stands behind `select ` on its first line.
            column = found.column - len(_SELECT) if found.line == 1 else found.column
            unequal = self.text.count("(") != self.text.count(")")
            fix = found.fix or ("as many brackets close as open" if unequal else "")
            problem = SqlProblem(
                code=CODE, what=found.what, fix=fix, line=found.line, column=max(column, 0)
            )
            raise SqlError(problem) from None
        node = statement["node"]
        items = node.get("select_list", [])
        plain = (
            node["type"] == "SELECT_NODE"
            and len(items) == 1
            and node["from_table"]["type"] == "EMPTY"
            and not items[0]["alias"]
            and all(not node.get(key) for key in ("where_clause", "having", "qualify", "sample"))
            and not (node.get("group_expressions") or node.get("modifiers"))
            and not node["cte_map"]["map"]
        )
        if not plain:
            what = "this is more than one expression"
            fix = "write what to compute alone, without `as`, `from` and `where`"
            raise SqlError(SqlProblem(code=CODE, what=what, fix=fix))
        return statement

    def write(self, trees: Sequence[Mapping[str, Any]]) -> list[str]:
        """Expressions as text again, in DuckDB's one spelling."""
        node = self.statement["node"]
        statements = [{**self.statement, "node": {**node, "select_list": [tree]}} for tree in trees]
        texts = statement_texts(
            [json.dumps({"error": False, "statements": [s]}) for s in statements]
        )
        return [text.removeprefix("SELECT ") for text in texts]

    def problem(self, tree: Mapping[str, Any], what: str, fix: str = "") -> SqlError:
        """A problem where the tree stands in the text."""
        offset = tree.get("query_location", 0) - len(_SELECT)
        known = offset if 0 <= offset <= len(self.text.encode()) else None
        return SqlError(problem_at(self.text, known, CODE, what, fix))

    def _mention(self, tree: Mapping[str, Any], name: str) -> Mention:
        problem = self.problem(tree, "").problem
        return Mention(name, problem.line, problem.column)

    def _placeholder(self) -> tuple[str, dict[str, Any]]:
        name = f"{self.mark}{self._names}_"
        self._names += 1
        return name, {
            "class": "COLUMN_REF",
            "type": "COLUMN_REF",
            "alias": "",
            "query_location": 0,
            "query_location_length": 0,
            "column_names": [name],
        }

    def outside(self, tree: dict[str, Any]) -> dict[str, Any]:
        """The tree with a placeholder for each aggregate and each metric."""
        sort = tree.get("class")
        self._refuse(tree)
        if sort == "COLUMN_REF":
            names = tree["column_names"]
            if len(names) > 1:
                what = f"the column `{'.'.join(names)}` stands outside of an aggregate"
                raise self.problem(tree, what, f"wrap it in an aggregate: `sum({'.'.join(names)})`")
            name, placeholder = self._placeholder()
            self.mentions[name] = self._mention(tree, names[0])
            return placeholder
        if sort == "FUNCTION":
            function = str(tree["function_name"]).casefold()
            if function in _FUNCTIONS:
                return self._aggregate(tree, _FUNCTIONS[function])
            if function in OTHER_AGGREGATES:
                near = nearest(function, _FUNCTIONS)
                fix = f"did you mean `{near[0]}`?" if near else _KNOWN
                raise self.problem(tree, f"`{function}` is no aggregate of metrics", fix)
        changed = {key: self._below(value) for key, value in tree.items()}
        if sort == "FUNCTION" and tree["is_operator"] and tree["function_name"] in _DIVISIONS:
            guard_division(changed)
        return changed

    def _below(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._below(item) for item in value]
        if isinstance(value, dict):
            if "class" in value:
                return self.outside(value)
            return {key: self._below(item) for key, item in value.items()}
        return value

    def _refuse(self, tree: Mapping[str, Any]) -> None:
        found = _REFUSED.get(str(tree.get("class")))
        if found is not None:
            raise self.problem(tree, f"{found[0]} cannot be part of a metric", found[1])

    def _aggregate(self, tree: dict[str, Any], function: Function) -> dict[str, Any]:
        word = str(tree["function_name"]).casefold()
        arguments = [argument["expression"] for argument in tree["arguments"]]
        conditions = [tree["filter"]] if tree["filter"] is not None else []
        fraction = ""
        if word in ("count_if", "countif"):
            conditions, arguments = [*arguments, *conditions], []
        if function in ("quantile", "quantile_disc"):
            fraction = "0.5" if word == "median" else self._fraction(tree, arguments)
        if tree["order_bys"]["orders"]:
            raise self.problem(tree, f"`{word}` needs no order")
        if tree["distinct"] and word not in ("count", "min", "max"):
            fix = "only `count`, `min` and `max` may be distinct"
            raise self.problem(tree, f"`{word}(distinct …)` has no meaning for a metric", fix)
        if word == "count" and tree["distinct"]:
            function = "count_distinct"
            if len(arguments) > 1:
                arguments = [call("row", arguments)]
        if len(arguments) > 1 or (not arguments and function != "count"):
            raise self.problem(tree, f"`{word}` takes one value, not {len(arguments)}")
        columns: list[Mention] = []
        for part in (*arguments, *conditions):
            columns += self.inside(part, aggregate=word)
        self.inner += [*arguments, *conditions]
        name, placeholder = self._placeholder()
        self.drafts.append(
            _Draft(
                name, function, bool(arguments), range(len(conditions)), fraction, tuple(columns)
            )
        )
        return placeholder

    def _fraction(self, tree: Mapping[str, Any], arguments: list[dict[str, Any]]) -> str:
        fix = "write `quantile_cont(amount, 0.9)`"
        if len(arguments) != 2:
            raise self.problem(tree, "a quantile takes a value and a fraction", fix)
        literal = arguments.pop().get("literal") or {}
        text = str(literal.get("text", ""))
        if not _FRACTION.match(text):
            raise self.problem(tree, "the fraction of a quantile is a number from 0 to 1", fix)
        return text

    def inside(
        self, tree: dict[str, Any], aggregate: str, bound: frozenset[str] = frozenset()
    ) -> tuple[Mention, ...]:
        """The columns below a tree, in which references through joins become one name each."""
        found: list[Mention] = []
        self._refuse(tree)
        sort = tree.get("class")
        if sort == "COLUMN_REF":
            names = tree["column_names"]
            if names[0] in bound:
                return ()
            if len(names) > 1 and names[0].casefold() == self.table:
                names = names[1:]
            tree["column_names"] = [".".join(names)]
            return (self._mention(tree, tree["column_names"][0]),)
        if sort == "FUNCTION":
            word = str(tree["function_name"]).casefold()
            if word in _FUNCTIONS or word in OTHER_AGGREGATES:
                if aggregate:
                    what = f"`{word}` stands inside of `{aggregate}`"
                    fix = "an aggregate of aggregates is a table of its own"
                else:
                    what, fix = f"`{word}` stands in a condition on rows", "name columns alone"
                raise self.problem(tree, what, fix)
        if sort == "LAMBDA":
            bound = bound | {
                name for node in walk(tree["lhs"]) for name in node.get("column_names", ())
            }
        for child in children(tree):
            found += self.inside(child, aggregate, bound)
        return tuple(found)
