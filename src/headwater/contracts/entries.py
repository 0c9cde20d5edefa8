"""What every rule entry shares: name and severity, operator and unit, constants."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from headwater.contracts.definition import ContractColumn, Severity, Unit
from headwater.contracts.expressions import ExpressionError, check_expression, mentioned
from headwater.contracts.operators import RANGED, Operator, Threshold
from headwater.contracts.quoting import Constant
from headwater.definitions.yamltext import Located
from headwater.errors import Issue, Place, did_you_mean

_SEVERITIES: Final = {
    "error": Severity.ERROR,
    "warning": Severity.WARNING,
    "warn": Severity.WARNING,
    "info": Severity.WARNING,
}
# What RE2 leaves out to stay linear in time: looking around, and referring back.
_NOT_RE2 = re.compile(r"\(\?(?:[=!]|<[=!]|>)|\\[1-9]|\\k<|[*+?}]\+")


@dataclass(slots=True)
class Reading:
    """What is known while the rules of one relation are read, and the issues so far.

    `columns` is None where the columns are not declared (a table's header).
    """

    columns: tuple[ContractColumn, ...] | None = None
    issues: list[Issue] = field(default_factory=list)

    def wrong(self, code: str, what: str, place: Place, fix: str = "") -> None:
        """Note a mistake and go on."""
        self.issues.append(Issue(code=code, what=what, place=place, fix=fix))

    def type_of(self, name: str) -> str | None:
        """The declared type of a column, if there is one."""
        return next((c.type for c in self.columns or () if c.name == name), None)

    def known(self, name: Located) -> str | None:
        """The name of a declared column; an issue where there is no such column."""
        text = str(name.value)
        if self.columns is None:
            return text
        names = {c.name.casefold(): c.name for c in self.columns}
        if text.casefold() not in names:
            fix = did_you_mean(text, names.values(), "known: " + ", ".join(names.values()))
            self.wrong("E605", f"unknown column `{text}`", name.place, fix)
        return names.get(text.casefold())

    def expression(self, node: Located) -> tuple[str, tuple[str, ...]] | None:
        """A SQL expression and the declared columns in it."""
        text = str(node.value).strip()
        try:
            check_expression(text)
        except ExpressionError as error:
            self.wrong("E606", f"not a SQL expression: {error}", node.place)
            return None
        columns = mentioned(text, [c.name for c in self.columns or ()])
        if self.columns is not None and not columns:
            self.wrong("E605", f"`{text}` names no column of the contract", node.place)
            return None
        return text, columns

    def pattern(self, node: Located) -> str | None:
        """A regular expression that DuckDB can match with."""
        text = str(node.value)
        if found := _NOT_RE2.search(text):
            what = f"`{found[0]}` in a pattern: DuckDB matches without looking around or back"
            self.wrong("E606", what, node.place, "say it with `engine: headwater` and SQL")
            return None
        try:
            with warnings.catch_warnings(action="ignore", category=FutureWarning):
                re.compile(re.sub(r"\\[pP]\{\w+\}|\\z", "x", text).replace("(?<", "(?P<"))
        except re.error as error:
            self.wrong("E606", f"`{text}` is no regular expression: {error}", node.place)
            return None
        return text


@dataclass(frozen=True, slots=True)
class Frame:
    """What every rule may say about itself."""

    name: str
    severity: Severity
    description: str
    place: Place


def read_frame(item: Located, reading: Reading) -> Frame | None:
    """Name, severity, description and place of an entry."""
    severity = item.get("severity")
    level = _SEVERITIES.get(str(severity.value)) if severity else Severity.ERROR
    if severity is not None and level is None:
        fix = did_you_mean(str(severity.value), _SEVERITIES, "`error` or `warning`")
        reading.wrong("E604", f"unknown severity {severity.describe()}", severity.place, fix)
        return None
    name, description = item.get("name"), item.get("description")
    return Frame(
        name=str(name.value) if name else "",
        severity=level or Severity.ERROR,
        description=str(description.value) if description else "",
        place=item.place,
    )


def read_threshold(item: Located, reading: Reading) -> Threshold | None:
    """The one operator of an entry and its bounds; None, with an issue, where it has none."""
    there = [operator for operator in Operator if operator in item.mapping]
    if len(there) != 1:
        what = "a rule has one operator" if there else "the rule has no operator"
        reading.wrong("E604", what, item.place, "one of " + ", ".join(Operator))
        return None
    operator = there[0]
    node = item.mapping[operator]
    bounds = [each.value for each in node.items]
    numbers = [float(b) for b in bounds if isinstance(b, int | float)]
    wanted = 2 if operator in RANGED else 1
    if len(numbers) != len(bounds) or len(bounds) != wanted:
        said = "two numbers, smallest first" if wanted == 2 else "a number"
        reading.wrong("E604", f"`{operator}` must be {said}, not {node.describe()}", node.place)
        return None
    if numbers != sorted(numbers):
        reading.wrong("E604", f"`{operator}` has its larger number first", node.place, "swap them")
        return None
    return Threshold(operator, tuple(numbers))


def read_unit(item: Located, reading: Reading) -> Unit:
    """`rows` (the default) or `percent`."""
    node = item.get("unit")
    if node is None or node.value in ("rows", "percent"):
        return Unit(str(node.value)) if node else Unit.ROWS
    fix = did_you_mean(str(node.value), list(Unit), "`rows` or `percent`")
    reading.wrong("E604", f"unknown unit {node.describe()}", node.place, fix)
    return Unit.ROWS


def constants(values: Iterable[Located], type_name: str | None) -> tuple[Constant, ...]:
    """Constants of a list, as text where the column is text, so that `7` and `"7"` are the same."""
    found: list[Constant] = []
    for each in values:
        value = each.value if not isinstance(each.value, tuple | dict) else str(each.plain())
        if type_name == "VARCHAR" and value is not None and not isinstance(value, str):
            value = str(value).lower() if isinstance(value, bool) else str(value)
        found.append(value)
    return tuple(found)
