"""How a formula is taken apart: what is aggregated, what stands around it.

DuckDB's own parser reads it, so that what is a formula here is one to the engine too, and writes
its parts again in one spelling: the parts of equal formulas are equal texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headwater.errors import nearest
from headwater.sql.formula_parts import (
    Aggregate,
    Function,
    Mention,
    Parameter,
    ParsedCondition,
    ParsedFormula,
    Part,
)
from headwater.sql.parsing import serialize_statement, statement_texts, walk
from headwater.sql.problems import SqlError, SqlProblem, problem_at
from headwater.sql.syntax import call, children, guard_division

_SELECT = "select "
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
_FRACTION = re.compile(r"(0(\.\d+)?|1(\.0+)?|\.\d+)\Z")
_DIVISIONS = frozenset({"/", "//", "%"})
_QUANTILES = frozenset({"median", "quantile", "quantile_cont", "quantile_disc"})  # of metrics
_ALL_OTHER = OTHER_AGGREGATES | _QUANTILES
#: They take the value of the row that comes first or last by their second argument.
BY_ORDER = frozenset({"arg_max", "arg_min", "argmax", "argmin", "max_by", "min_by"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What a formula may hold where it is written, and how messages call it."""

    code: str  # of what cannot be read
    aggregate_code: str = ""  # of another aggregate, where that is told apart
    singular: str  # "a metric"
    plural: str
    functions: Mapping[str, Function]
    known: str  # the sentence that lists them
    refused: Mapping[str, tuple[str, str]]  # class of expression → what it is, what to do instead
    takes_parameters: bool = False


def read_formula(text: str, table: str, language: Language) -> ParsedFormula:
    """Take an expression over `table` apart; raises `SqlError` with the place in the text."""
    reading = Reading(text, table, language)
    outer = reading.outside(reading.expression)
    written = reading.write([outer, *reading.inner])
    found: dict[str, Part] = dict(reading.mentions)
    texts = iter(written[1:])
    for draft in reading.drafts:
        arguments = [next(texts) for _ in range(draft.arguments)]
        conditions = [next(texts) for _ in draft.conditions]
        where = " AND ".join(conditions) if len(conditions) < 2 else f"({' AND '.join(conditions)})"
        found[draft.name] = Aggregate(
            function=draft.function,
            argument=arguments[0] if arguments else "",
            where=where,
            fraction=draft.fraction,
            order=arguments[1] if len(arguments) > 1 else "",
            columns=draft.columns,
        )
    pieces = re.split(f"({reading.mark}\\d+_)", written[0])
    return ParsedFormula(tuple(found.get(piece, piece) for piece in pieces if piece))


def read_condition(text: str, table: str, language: Language) -> ParsedCondition:
    """Take a condition over rows of `table` apart; raises `SqlError` with the place in the text."""
    reading = Reading(text, table, language)
    columns = reading.inside(reading.expression, aggregate="")
    return ParsedCondition(reading.write([reading.expression])[0], columns)


@dataclass(slots=True)
class Draft:
    """An aggregate that is taken out and not written again yet."""

    name: str
    function: Function
    arguments: int
    conditions: range
    fraction: str
    columns: tuple[Mention, ...]


class Reading:
    """One text while it is taken apart."""

    def __init__(self, text: str, table: str, language: Language) -> None:
        self.text = text
        self.language = language
        self.code = language.code
        self.table = table.casefold()
        self.statement = self._statement()
        self.expression: dict[str, Any] = self.statement["node"]["select_list"][0]
        self.mark = "_part"
        while self.mark in text:
            self.mark += "_"
        self.mentions: dict[str, Mention] = {}
        self.drafts: list[Draft] = []
        self.inner: list[dict[str, Any]] = []
        self._names = 0

    def _statement(self) -> dict[str, Any]:
        if not self.text.strip():
            raise SqlError(SqlProblem(code=self.code, what="the expression is empty"))
        try:
            statement = dict(serialize_statement(_SELECT + self.text))
        except SqlError as error:
            found = error.problem
            # The text stands behind `select ` on its first line.
            column = found.column - len(_SELECT) if found.line == 1 else found.column
            unequal = self.text.count("(") != self.text.count(")")
            fix = found.fix or ("as many brackets close as open" if unequal else "")
            problem = SqlProblem(
                code=self.code, what=found.what, fix=fix, line=found.line, column=max(column, 0)
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
            raise SqlError(SqlProblem(code=self.code, what=what, fix=fix))
        return statement

    def write(self, trees: Sequence[Mapping[str, Any]]) -> list[str]:
        """Expressions as text again, in DuckDB's one spelling."""
        node = self.statement["node"]
        statements = [{**self.statement, "node": {**node, "select_list": [tree]}} for tree in trees]
        texts = statement_texts(
            [json.dumps({"error": False, "statements": [s]}) for s in statements]
        )
        return [text.removeprefix("SELECT ") for text in texts]

    def aggregate_problem(self, tree: Mapping[str, Any], what: str, fix: str) -> SqlError:
        """A problem of which aggregates there are."""
        problem = self.problem(tree, what, fix).problem
        return SqlError(replace(problem, code=self.language.aggregate_code or self.code))

    def problem(self, tree: Mapping[str, Any], what: str, fix: str = "") -> SqlError:
        """A problem where the tree stands in the text."""
        offset = tree.get("query_location", 0) - len(_SELECT)
        known = offset if 0 <= offset <= len(self.text.encode()) else None
        return SqlError(problem_at(self.text, known, self.code, what, fix))

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
        self._refuse(tree, is_outside=True)
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
            if function in self.language.functions:
                return self._aggregate(tree, self.language.functions[function])
            if function in _ALL_OTHER:
                near = nearest(function, self.language.functions)
                fix = f"did you mean `{near[0]}`?" if near else self.language.known
                raise self.aggregate_problem(
                    tree, f"`{function}` is no aggregate of {self.language.plural}", fix
                )
        if sort == "PARAMETER":
            name, placeholder = self._placeholder()
            found = self._mention(tree, str(tree["identifier"]))
            self.mentions[name] = Parameter(found.name, found.line, found.column)
            return placeholder
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

    def _refuse(self, tree: Mapping[str, Any], *, is_outside: bool = False) -> None:
        sort = str(tree.get("class"))
        found = self.language.refused.get(sort)
        if sort == "PARAMETER" and is_outside and self.language.takes_parameters:
            return
        if found is not None:
            raise self.problem(
                tree, f"{found[0]} cannot be part of {self.language.singular}", found[1]
            )

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
            raise self.problem(
                tree, f"`{word}(distinct …)` has no meaning for {self.language.singular}", fix
            )
        if word == "count" and tree["distinct"]:
            function = "count_distinct"
            if len(arguments) > 1:
                arguments = [call("row", arguments)]
        wanted = 2 if word in BY_ORDER else 1
        if len(arguments) > wanted or (len(arguments) < wanted and function != "count"):
            values = "one value" if wanted == 1 else "a value and a time"
            raise self.problem(tree, f"`{word}` takes {values}, not {len(arguments)}")
        columns: list[Mention] = []
        for part in (*arguments, *conditions):
            columns += self.inside(part, aggregate=word)
        self.inner += [*arguments, *conditions]
        name, placeholder = self._placeholder()
        self.drafts.append(
            Draft(name, function, len(arguments), range(len(conditions)), fraction, tuple(columns))
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
            if word in self.language.functions or word in _ALL_OTHER:
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
