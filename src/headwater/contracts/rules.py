"""The `rules:` of a table's header, and the rules that its `key` and `references` imply.

```yaml
rules:
  - abs(quantity) < 100000                      # every row keeps it, or goes to quarantine
  - warning: description is not null            # only told
  - {name: net_is_signed, expr: is_return = (amount < 0), severity: warning}
  - rowCount: {mustBeGreaterThan: 0}
  - nullValues: {column: customer_id, mustBeLessThan: 30, unit: percent}
  - duplicateValues: {columns: [invoice, line], mustBe: 0}
  - invalidValues: {column: country, validValues: [France, Spain], mustBe: 0}
  - {expr: sum(amount), mustBeGreaterThan: 0}   # an aggregate of the interval
  - {sql: "select count(distinct country) from {object}", mustBeGreaterThan: 3}
  - volume: {window: 28d, mustBeBetween: [0.3, 3]}
  - latency: {column: sold_at, within: 2d}
```
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from headwater.clock import parse_duration
from headwater.contracts.conditions import ExistsIn, NotNull, Unique
from headwater.contracts.definition import DatasetRule, Metric, RowRule, Rule, Severity
from headwater.contracts.entries import Frame, Reading, read_frame
from headwater.contracts.operators import Operator, Threshold
from headwater.contracts.quality import (
    LIBRARY,
    framed,
    read_condition,
    read_metric,
    read_own,
    read_sql,
)
from headwater.contracts.reading import unique_names
from headwater.definitions.yamltext import Located
from headwater.errors import Issue, Place, did_you_mean

_FRAME: Final = ("name", "severity", "description")
_FORMS: Final = ("warning", "error", "expr", "sql", "volume", "latency", *LIBRARY)
_METRIC_KEYS: Final = ("column", "columns", "validValues", "pattern", "missingValues", "unit")


def read_rules(items: Located) -> tuple[tuple[Rule, ...], list[Issue]]:
    """The rules of a header's list, and what is wrong with them.

    Columns of expressions are not known here: `columns` is empty where only SQL names them.
    """
    reading = Reading()
    found = [_read_rule(item, reading) for item in items]
    return tuple(unique_names([rule for rule in found if rule], reading)), reading.issues


def _read_rule(item: Located, reading: Reading) -> Rule | None:
    if not item.is_mapping:
        return read_condition(item, Frame("", Severity.ERROR, "", item.place), reading)
    forms = [key for key in item.mapping if key in _FORMS]
    if len(forms) != 1:
        _explain_form(item, forms, reading)
        return None
    form, frame = forms[0], read_frame(item, reading)
    if frame is None:
        return None
    body = item.mapping[form]
    if form in ("warning", "error"):
        severity = Located(form, item.place)
        frame = read_frame(replace(item, value={**item.mapping, "severity": severity}), reading)
        return (
            read_condition(body, frame, reading)
            if frame and _only(item, (form,), reading)
            else None
        )
    if form in ("expr", "sql"):
        if not _only(item, (form, *Operator), reading):
            return None
        if form == "sql":
            return read_sql(body, item, None, frame, reading)
        own = {key: value for key, value in item.mapping.items() if key not in _FRAME}
        return read_own(replace(item, value=own), frame, reading)
    return _read_dataset(form, item, body, frame, reading)


def _explain_form(item: Located, forms: Sequence[str], reading: Reading) -> None:
    if forms:
        what = f"a rule is one of `{forms[0]}` and `{forms[1]}`"
        reading.wrong("E604", what, item.place, "make two rules of it")
        return
    stray = next((k for k in item.mapping if k not in _FRAME and k not in list(Operator)), None)
    if stray is None:
        reading.wrong("E604", "the rule has no condition", item.place, "add `expr: …`")
        return
    place = item.mapping[stray].key_place or item.place
    fix = did_you_mean(stray, (*_FORMS, *_FRAME), "known: " + ", ".join((*_FORMS, *_FRAME)))
    reading.wrong("E602", f"unknown key `{stray}` in a rule", place, fix)


def _only(item: Located, keys: Sequence[str], reading: Reading) -> bool:
    """Whether a mapping holds nothing but these keys and those that every rule may have."""
    for key, value in item.mapping.items():
        if key not in keys and key not in _FRAME:
            place = value.key_place or value.place
            fix = did_you_mean(key, (*keys, *_FRAME), "known: " + ", ".join((*keys, *_FRAME)))
            reading.wrong("E602", f"unknown key `{key}` in a rule", place, fix)
            return False
    return True


def _read_dataset(
    form: str, item: Located, body: Located, frame: Frame, reading: Reading
) -> Rule | None:
    """A metric by its name; its operator stands below it, and so may name and severity."""
    if not body.is_mapping:
        fix = f"{form}: {{mustBeGreaterThan: 0}}" if form == "rowCount" else f"{form}: {{…}}"
        what = f"`{form}` needs an operator, not {body.describe()}"
        reading.wrong("E604", what, body.place, fix)
        return None
    if not _only(item, (form,), reading):
        return None
    inner = read_frame(body, reading)
    if inner is None:
        return None
    frame = frame if "severity" in item.mapping or "name" in item.mapping else inner
    frame = replace(frame, place=item.place)
    if form == Metric.LATENCY:
        return _read_latency(body, frame, reading)
    if form == Metric.VOLUME:
        if not _only(body, ("window", *Operator), reading):
            return None
        own = {key: body.mapping[key] for key in map(str, Operator) if key in body.mapping}
        own["volume"] = body.get("window") or Located("28d", body.place)
        return read_own(replace(body, value=own), frame, reading)
    if not _only(body, (*_METRIC_KEYS, *Operator), reading):
        return None
    return _read_counting(Metric(form), body, frame, reading)


def _read_counting(metric: Metric, body: Located, frame: Frame, reading: Reading) -> Rule | None:
    keys = ("validValues", "pattern", "missingValues")
    arguments = {key: body.mapping[key] for key in keys if key in body.mapping}
    columns = body.get("columns") or body.get("column")
    column = None
    if columns is not None and metric is Metric.DUPLICATE_VALUES:
        arguments["properties"] = columns
    elif columns is not None:
        column = reading.known(columns)
    return read_metric(metric, body, Located(arguments, body.place), column, frame, reading)


def _read_latency(body: Located, frame: Frame, reading: Reading) -> DatasetRule | None:
    """`{column: sold_at, within: 2d}`; without `column`, the table's time."""
    if not _only(body, ("column", "within"), reading):
        return None
    within, column = body.get("within"), body.get("column")
    if within is None:
        reading.wrong("E604", "the latency has no `within`", body.place, "within: 2d")
        return None
    try:
        delay = parse_duration(str(within.value))
    except ValueError as error:
        reading.wrong("E604", str(error), within.place)
        return None
    columns = (str(column.value),) if column else ()
    name = frame.name or (f"{columns[0]}.latency" if columns else "latency")
    threshold = Threshold(Operator.LESS_OR_EQUAL, (delay.total_seconds(),))
    rule = DatasetRule(name=name, metric=Metric.LATENCY, threshold=threshold, columns=columns)
    return framed(rule, frame)


def key_rules(key: Sequence[str], place: Place) -> tuple[RowRule, ...]:
    """What a table's `key` promises: its columns have values, and no two rows have the same."""
    columns = tuple(key)
    name = columns[0] if len(columns) == 1 else f"({', '.join(columns)})"
    unique = RowRule(
        name=f"key {name} unique", condition=Unique(columns=columns), columns=columns, place=place
    )
    return (
        *(
            RowRule(
                name=f"key {each} required",
                condition=NotNull(column=each),
                columns=(each,),
                place=place,
            )
            for each in columns
        ),
        unique,
    )


def reference_rule(
    columns: Sequence[str],
    node: str,
    target_columns: Sequence[str],
    place: Place,
    severity: Severity = Severity.ERROR,
) -> RowRule:
    """What one of a table's `references` promises: the values stand in the other table."""
    own = tuple(columns)
    subject = own[0] if len(own) == 1 else f"({', '.join(own)})"
    condition = ExistsIn(columns=own, node=node, target_columns=tuple(target_columns))
    return RowRule(
        name=f"{subject} in {node}",
        condition=condition,
        columns=own,
        severity=severity,
        place=place,
    )
