"""One entry of `quality:` (or of a table's `rules:`) as a row rule or a dataset rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from headwater.clock import parse_duration
from headwater.contracts.conditions import (
    Accepted,
    Condition,
    Expression,
    Matches,
    NotMissing,
    NotNull,
    Unique,
)
from headwater.contracts.definition import DatasetRule, Metric, RowRule, Rule, Unit
from headwater.contracts.entries import (
    Frame,
    Reading,
    constants,
    read_frame,
    read_threshold,
    read_unit,
)
from headwater.contracts.expressions import ExpressionError, check_query
from headwater.contracts.operators import Operator, Threshold
from headwater.definitions.yamltext import Located
from headwater.errors import Place, did_you_mean

#: The metrics that count rows, each bad by itself when there must be none.
COUNTING: Final = (
    Metric.NULL_VALUES,
    Metric.MISSING_VALUES,
    Metric.INVALID_VALUES,
    Metric.DUPLICATE_VALUES,
)
#: The metrics that the standard names.
LIBRARY: Final = (*COUNTING, Metric.ROW_COUNT)

#: Names of the standard's v3.0.x → those of v3.1.0.
OLD_METRICS: Final = {
    "duplicateCount": "duplicateValues",
    "validValues": "invalidValues",
    "nullCheck": "nullValues",
    "uniqueCheck": "duplicateValues",
}
_NAMED: Final = re.compile(r"([A-Za-z_]\w*)\s*:(?!:)(.*)", re.DOTALL)
_ARGUMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    Metric.MISSING_VALUES: ("missingValues",),
    Metric.INVALID_VALUES: ("validValues", "pattern"),
    Metric.DUPLICATE_VALUES: ("properties",),
}


def read_quality(item: Located, column: str | None, reading: Reading) -> Rule | None:
    """One entry of `quality:` below a schema object (`column` None) or one of its columns.

    None for text, for another tool's rule (with a warning), and where the entry is wrong.
    """
    kind = item.get("type")
    kind_name = "library" if kind is None else kind.value
    if kind_name == "text":
        return None
    if kind_name == "custom":
        return _read_custom(item, reading)
    frame = read_frame(item, reading)
    if frame is None:
        return None
    if kind_name == "sql":
        query = item.get("query")
        return None if query is None else read_sql(query, item, column, frame, reading)
    return _read_library(item, column, frame, reading)


def read_sql(
    query: Located, item: Located, column: str | None, frame: Frame, reading: Reading
) -> DatasetRule | None:
    """A query that gives one number; `{object}` and `{property}` stand for relation and column."""
    threshold = read_threshold(item, reading)
    text = str(query.value).strip().rstrip(";")
    try:
        check_query(re.sub(r"\$?\{(\w+)\}", r"\1", text))
    except ExpressionError as error:
        reading.wrong("E606", f"not a SQL query: {error}", query.place)
        return None
    unknown = [w for w in re.findall(r"\{(\w+)\}", text) if w not in PLACEHOLDERS]
    if unknown:
        fix = did_you_mean(unknown[0], PLACEHOLDERS, "`{object}` or `{property}`")
        reading.wrong("E606", f"unknown placeholder `{{{unknown[0]}}}`", query.place, fix)
        return None
    if threshold is None:
        return None
    name = frame.name or (f"{column}.sql" if column else "sql")
    columns = (column,) if column else ()
    rule = DatasetRule(name=name, metric=Metric.SQL, threshold=threshold, sql=text, columns=columns)
    return framed(rule, frame)


#: What the standard (and its older versions) let a query say → whether it means the column.
PLACEHOLDERS: Final = {"object": False, "table": False, "property": True, "column": True}


def framed(rule: DatasetRule, frame: Frame) -> DatasetRule:
    """A dataset rule with what its entry says about it."""
    return replace(rule, severity=frame.severity, description=frame.description, place=frame.place)


def _read_library(item: Located, column: str | None, frame: Frame, reading: Reading) -> Rule | None:
    node = item.get("metric")
    if node is None:
        fix = "write `metric: rowCount`, or `type: sql`, `custom` or `text`"
        reading.wrong("E603", "the rule has no metric", item.place, fix)
        return None
    if node.value not in LIBRARY:
        fix = did_you_mean(str(node.value), LIBRARY, "one of " + ", ".join(LIBRARY))
        reading.wrong("E603", f"unknown metric {node.describe()}", node.place, fix)
        return None
    arguments = item.get("arguments") or Located({}, item.place)
    return read_metric(Metric(str(node.value)), item, arguments, column, frame, reading)


def read_metric(
    metric: Metric,
    item: Located,
    arguments: Located,
    column: str | None,
    frame: Frame,
    reading: Reading,
) -> Rule | None:
    """A metric of the standard with its operator in `item` and its arguments apart."""
    allowed = _ARGUMENTS.get(metric, ())
    for key, value in arguments.mapping.items():
        if key not in allowed:
            fix = did_you_mean(key, allowed, f"`{metric}` takes " + (", ".join(allowed) or "none"))
            place = value.key_place or value.place
            reading.wrong("E602", f"unknown argument `{key}` of `{metric}`", place, fix)
            return None
    threshold, unit = read_threshold(item, reading), read_unit(item, reading)
    if threshold is None:
        return None
    if metric is Metric.ROW_COUNT:
        if unit is Unit.PERCENT:
            reading.wrong("E604", "`rowCount` counts rows", item.place, "remove `unit`")
        name = frame.name or metric.value
        return framed(DatasetRule(name=name, metric=metric, threshold=threshold), frame)
    found = _condition(metric, arguments, column, item.place, reading)
    if found is None:
        return None
    condition, columns = found
    subject = columns[0] if len(columns) == 1 else f"({', '.join(columns)})"
    name = frame.name or f"{subject}.{metric}"
    if unit is Unit.ROWS and threshold == Threshold(Operator.BE, (0.0,)):
        return RowRule(
            name=name,
            condition=condition,
            columns=columns,
            severity=frame.severity,
            description=frame.description,
            place=frame.place,
        )
    rule = DatasetRule(
        name=name,
        metric=metric,
        threshold=threshold,
        unit=unit,
        columns=columns,
        condition=condition,
    )
    return framed(rule, frame)


def _condition(
    metric: Metric, arguments: Located, column: str | None, place: Place, reading: Reading
) -> tuple[Condition, tuple[str, ...]] | None:
    """What keeps a row out of a counting metric, and the columns that it reads."""
    if metric is Metric.DUPLICATE_VALUES:
        node = arguments.get("properties")
        names = [reading.known(each) for each in node] if node else [column]
        columns = tuple(name for name in names if name)
        if not columns and column is None and node is None:
            fix = "arguments: {properties: [column, column]}"
            reading.wrong("E604", "`duplicateValues` says no columns", place, fix)
        ok = columns and len(columns) == len(names)
        return (Unique(columns=columns), columns) if ok else None
    if column is None:
        reading.wrong("E604", f"`{metric}` belongs to a column", place, "put it below a property")
        return None
    if metric is Metric.NULL_VALUES:
        return NotNull(column=column), (column,)
    if metric is Metric.MISSING_VALUES:
        node = arguments.get("missingValues")
        type_name = reading.type_of(column)
        values = constants(node, type_name) if node else (None, "")
        return NotMissing(column=column, missing=values, type=type_name), (column,)
    return _validity(arguments, column, place, reading)


def _validity(
    arguments: Located, column: str, place: Place, reading: Reading
) -> tuple[Condition, tuple[str, ...]] | None:
    values, pattern = arguments.get("validValues"), arguments.get("pattern")
    if (values is None) == (pattern is None):
        fix = "arguments: {validValues: […]} or {pattern: …}; two rules for both"
        reading.wrong("E604", "`invalidValues` needs either validValues or pattern", place, fix)
        return None
    if pattern is not None:
        text = reading.pattern(pattern)
        return (Matches(column=column, pattern=text), (column,)) if text is not None else None
    assert values is not None
    type_name = reading.type_of(column)
    accepted = Accepted(column=column, values=constants(values, type_name), type=type_name)
    return accepted, (column,)


def _read_custom(item: Located, reading: Reading) -> Rule | None:
    engine, body = item.get("engine"), item.get("implementation")
    if engine is None or body is None:
        return None  # already reported by the standard's schema
    if str(engine.value).casefold() != "headwater":
        what = f"the rule is for {engine.describe()}; Headwater does not check it"
        reading.wrong("W610", what, engine.place, "or say it with `engine: headwater`")
        return None
    frame = read_frame(item, reading)
    return None if frame is None else read_own(body, frame, reading)


_OWN_KEYS: Final = ("expr", "volume", *Operator)


def read_own(body: Located, frame: Frame, reading: Reading) -> Rule | None:
    """Headwater's own rules: a condition as text, or a mapping with an operator.

    `{expr: sum(amount), mustBeGreaterThan: 0}` judges an aggregate; `{volume: 28d, mustBeBetween:
    [0.3, 3]}` judges rows a day, divided by the median of the days of the past 28 (days without
    rows count on neither side).
    """
    for key, value in body.mapping.items():
        if key not in _OWN_KEYS:
            place = value.key_place or value.place
            reading.wrong("E602", f"unknown key `{key}`", place, did_you_mean(key, _OWN_KEYS))
            return None
    expression, window = body.get("expr"), body.get("volume")
    if not body.is_mapping or (expression and not any(o in body.mapping for o in Operator)):
        return read_condition(expression or body, frame, reading)
    threshold = read_threshold(body, reading)
    if (expression is None) == (window is None):
        reading.wrong("E604", "write either `expr` or `volume`", body.place)
        return None
    if threshold is None:
        return None
    if window is not None:
        return _read_volume(window, threshold, frame, reading)
    assert expression is not None
    found = reading.expression(expression)
    if found is None:
        return None
    rule = DatasetRule(
        name=frame.name or found[0],
        metric=Metric.AGGREGATE,
        threshold=threshold,
        columns=found[1],
        sql=found[0],
    )
    return framed(rule, frame)


def _read_volume(
    window: Located, threshold: Threshold, frame: Frame, reading: Reading
) -> DatasetRule | None:
    try:
        span = parse_duration(str(window.value))
    except ValueError as error:
        reading.wrong("E604", str(error), window.place)
        return None
    name = frame.name or "volume"
    return framed(
        DatasetRule(name=name, metric=Metric.VOLUME, threshold=threshold, window=span), frame
    )


def read_condition(node: Located, frame: Frame, reading: Reading) -> RowRule | None:
    """A boolean SQL expression that every good row keeps."""
    if not isinstance(node.value, str):
        reading.wrong("E604", f"a condition is SQL text, not {node.describe()}", node.place)
        return None
    if (named := _NAMED.match(node.value)) is not None:  # an alias to DuckDB, and no condition
        word, condition = named.groups()
        fix = f"write `- {{name: {word}, expr: …}}`"
        if word in ("warning", "error"):
            fix = f"take the quotes away: `- {word}: {condition.strip()}`"
        reading.wrong("E604", f"`{word}:` does not belong into the condition", node.place, fix)
        return None
    found = reading.expression(node)
    if found is None:
        return None
    return RowRule(
        name=frame.name or found[0],
        condition=Expression(sql=found[0]),
        columns=found[1],
        severity=frame.severity,
        description=frame.description,
        place=frame.place,
    )
