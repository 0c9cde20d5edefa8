"""Aggregates and windows whose value ties, order or floating point decide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from headwater.sql import operators as op
from headwater.sql.expressions import evaluate, evaluate_all, unwrapped
from headwater.sql.lineage import Derived, Schema
from headwater.sql.locate import Locator, Position, call_name
from headwater.sql.operators import Expression, function_name
from headwater.sql.problems import SqlProblem
from headwater.sql.relations import Rows

#: Aggregates whose result is the order, or the first, of what arrives.
ORDERED = frozenset(
    {"first", "last", "any_value", "arbitrary", "list", "array_agg", "string_agg", "listagg"}
    | {"group_concat", "lttb"}
)
EXTREME = frozenset(
    {"arg_max", "argmax", "max_by", "arg_min", "argmin", "min_by"}
    | {f"arg_{side}_{nulls}" for side in ("max", "min") for nulls in ("null", "nulls_last")}
)
TIED = frozenset({"mode", "approx_top_k", "approx_quantile", "reservoir_quantile"})
FLOAT_SUMS = frozenset({"sum", "avg", "mean"})
FLOATS = frozenset({"FLOAT", "DOUBLE"})
RANKED = frozenset({"WINDOW_ROW_NUMBER", "WINDOW_NTILE", "WINDOW_LAG", "WINDOW_LEAD"})
CHOSEN = frozenset({"WINDOW_FIRST_VALUE", "WINDOW_LAST_VALUE", "WINDOW_NTH_VALUE"})


@dataclass(slots=True)
class Findings:
    """What has been found, and what is needed to say it."""

    locator: Locator
    schema: Schema
    row_ids: frozenset[str] = frozenset()
    problems: list[SqlProblem] = field(default_factory=list)

    def add(self, code: str, what: str, fix: str, position: Position) -> None:
        """Keep a finding, once."""
        line, column = position
        problem = SqlProblem(code=code, what=what, fix=fix, line=line, column=column)
        if problem not in self.problems:
            self.problems.append(problem)


class Call:
    """An aggregate or window expression over its input rows.

    `fixed` are the hashes that are equal within a group or partition.
    """

    __slots__ = ("derived", "expression", "findings", "fixed", "orders", "source")

    def __init__(
        self,
        expression: Expression,
        derived: Derived,
        fixed: set[str],
        orders: Sequence[Expression],
        findings: Findings,
    ) -> None:
        self.expression = expression
        self.derived = derived
        self.source: Rows = derived.children[0].rows
        self.fixed = fixed
        self.orders = orders
        self.findings = findings

    @property
    def known(self) -> set[str]:
        """What is fixed, or decided by the order."""
        ordered = [order["expression"] for order in self.orders]
        return self.fixed | {v.hash for v in evaluate_all(ordered, self.source.columns)}

    def is_unique(self) -> bool:
        """Whether the order has no ties."""
        return self.source.is_unique(self.known)

    def argument_in(self, hashes: set[str]) -> bool:
        """Whether tied rows agree in the argument, so that ties do not matter."""
        arguments = self.expression.get("children", ())
        if not arguments or "value" in unwrapped(arguments[0]):
            return True
        return evaluate(arguments[0], self.source.columns).hash in hashes

    def _add(self, code: str, what: str, fix: str) -> None:
        self.findings.add(code, what, fix, self.findings.locator.call(self.expression))

    def check_floats(self) -> None:
        """A sum whose rounding depends on the order in which rows come."""
        arguments = self.expression.get("children", ())
        name = function_name(self.expression)
        if name not in FLOAT_SUMS or not arguments:
            return
        if arguments[0].get("return_type", {}).get("id") in FLOATS:
            self._add(
                "E412",
                f"`{name}` over floating point depends on the order of the rows",
                "cast to DECIMAL, or for measurements use `fsum` (`favg` for a mean)",
            )

    def check_order(self) -> None:
        """An aggregate over groups that may hold several rows."""
        name = function_name(self.expression)
        if name in ORDERED and not self.argument_in(self.known):
            if not self.orders:
                self._add(
                    "E415",
                    f"`{name}` without an order depends on which rows come first",
                    f"write `{name}(x order by …)` with an order that ends with a key",
                )
            elif not self.is_unique():
                self._add(
                    "W414",
                    f"the order of `{name}` is not proven unique; ties decide its value",
                    end_with_key(self.derived, self.findings),
                )
        elif name in EXTREME:
            self._check_extreme(name)
        elif name in TIED:
            self._add(
                "W414",
                f"ties or the order of rows decide the value of `{name}`",
                "use an exact function, or arg_max with an order that ends with a key",
            )

    def _check_extreme(self, name: str) -> None:
        order = self.expression["children"][1]
        parts = [order]
        while parts and function_name(parts[0]) in ("row", "struct_pack"):
            parts = [*parts[0]["children"], *parts[1:]]
        known = self.fixed | {v.hash for v in evaluate_all(parts, self.source.columns)}
        if self.source.is_unique(known) or self.argument_in(known):
            return
        self._add(
            "W411",
            f"the order of `{name}` is not proven unique; ties decide its value",
            f"order by a tuple that ends with the key: `{name}(x, (y, key))`",
        )

    def check_window(self) -> None:
        """A window whose order may have ties."""
        kind = self.expression["type"]
        name = call_name(self.expression)
        by_rows = any(
            str(self.expression.get(side, "")).endswith("_ROWS") for side in ("start", "end")
        )
        if kind in RANKED or (kind in CHOSEN and (by_rows or not self.argument_in(self.known))):
            self._add_ties(name)
        elif kind == "WINDOW_AGGREGATE":
            if by_rows:
                self._add_ties(name)
            else:
                self.check_order()

    def _add_ties(self, name: str) -> None:
        what = "an ORDER BY that is not proven unique" if self.orders else "no ORDER BY"
        self._add(
            "E410",
            f"`{name}` over {what}: ties decide its values",
            end_with_key(self.derived, self.findings),
        )


def end_with_key(derived: Derived, findings: Findings) -> str:
    """The fix for ties, with the key's columns where an upstream declares one."""
    for relation in _scanned(derived):
        known = findings.schema.get(relation.casefold())
        if known is not None and known.key:
            return f"end the order with the key of `{known.name}`: {', '.join(known.key)}"
    return "declare a `key` upstream and end the order with its columns"


def _scanned(derived: Derived) -> Iterator[str]:
    if isinstance(derived.operator, op.Scan):
        yield derived.operator.relation
    for child in derived.children:
        yield from _scanned(child)
