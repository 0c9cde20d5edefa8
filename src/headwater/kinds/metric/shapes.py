"""From the keys of a metric to what it is: an expression, or a shape over other metrics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from headwater.definitions.model import Described
from headwater.errors import Issue, Place
from headwater.semantics.metric import (
    Conversion,
    Cumulative,
    Metric,
    PeriodAggregate,
    Retention,
    Shape,
)

_WHAT: Final = {
    "simple": ("expr", "agg", "agg_params", "period_agg", "non_additive_dimension"),
    "ratio": ("numerator", "denominator", "expr"),
    "derived": ("expr", "input_metrics", "metrics"),
    "cumulative": ("input_metric", "window", "grain_to_date", "period_agg"),
    "conversion": (
        "base_metric", "conversion_metric", "entity", "window", "calculation",
        "constant_properties",
    ),
    "retention": ("entity", "start_event", "return_event", "period", "count"),
}  # fmt: skip
_NEEDS: Final = {
    "simple": ("expr",),
    "derived": ("expr",),
    "ratio": ("numerator", "denominator"),
    "cumulative": ("input_metric",),
    "conversion": ("base_metric", "conversion_metric", "entity"),
    "retention": ("entity", "table"),
}
_CALLS: Final = {
    "sum": "sum(",
    "count": "count(",
    "count_distinct": "count(distinct ",
    "average": "avg(",
    "avg": "avg(",
    "min": "min(",
    "max": "max(",
    "sum_boolean": "count_if(",
    "median": "quantile_cont(",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """Another metric with a filter of its own, under a name that no file can give."""

    name: str
    metric: str
    where: str
    place: Place


@dataclass(slots=True)
class _Inputs:
    """The metrics that one metric names; each with a filter becomes one of its own."""

    owner: str
    filtered: list[Filtered]
    place: Place

    def name_of(self, given: Any) -> str:
        """The name under which an input is computed."""
        if isinstance(given, str):
            return given
        condition = given.get("filter", "")
        if not condition:
            return str(given["name"])
        name = f"{self.owner}__{len(self.filtered) + 1}"
        metric = str(given["name"])
        self.filtered.append(Filtered(name=name, metric=metric, where=condition, place=self.place))
        return name


def build_metric(
    name: str,
    values: Mapping[str, Any],
    described: Described,
    place: Place,
    places: dict[str, Place],
    issues: list[Issue],
) -> tuple[Metric, tuple[Filtered, ...]] | None:
    """The metric that the keys say, with the filtered inputs it needs; None where they do not fit.

    Codes: E116 a key of its type is missing, E922 a key of another type.
    """
    sort = _sort(values)
    found = _misfits(sort, values, place, places)
    if found:
        issues += found
        return None
    inputs = _Inputs(name, [], place)
    expr, offset = _expression(sort, values, inputs)
    if offset and "expr" in places:
        start = places["expr"]
        places["expr"] = replace(start, column=max(1, start.column - offset))
    conditions = [values[key].strip() for key in ("where", "filter") if values.get(key)]
    metric = Metric(
        name=name,
        title=described.title,
        description=described.description,
        owner=described.owner,
        better=values["better"],
        format=values.get("format", ""),
        unit=values.get("unit", ""),
        target=values.get("target", {}),
        playbook=values.get("playbook", "").strip(),
        table=values.get("table", ""),
        time=values.get("time", "") or values.get("agg_time_dimension", ""),
        expr=expr,
        where=conditions[0] if len(conditions) == 1 else " and ".join(f"({c})" for c in conditions),
        dimensions=tuple(dict.fromkeys(values.get("dimensions", ()))),
        balance=_balance(values) if sort == "simple" else None,
        shape=_shape(sort, values, inputs),
        place=place,
        places=places | ({"where": places["filter"]} if "filter" in places else {}),
    )
    return metric, tuple(inputs.filtered)


def _sort(values: Mapping[str, Any]) -> str:
    """The type, as written or as the keys of dbt's ratio and derived metrics say."""
    if "type" in values:
        return str(values["type"])
    if "numerator" in values or "denominator" in values:
        return "ratio"
    return "derived" if "input_metrics" in values or "metrics" in values else "simple"


def _misfits(
    sort: str, values: Mapping[str, Any], place: Place, places: Mapping[str, Place]
) -> list[Issue]:
    issues: list[Issue] = []
    for key in dict.fromkeys(key for keys in _WHAT.values() for key in keys):
        if key not in values or key in _WHAT[sort]:
            continue
        homes = [kind for kind, keys in _WHAT.items() if key in keys]
        what = f"`{key}` means nothing for a metric of type {sort}"
        fix = "take it out" if "type" in values else f"add `type: {' or '.join(homes)}`"
        issues.append(Issue(code="E922", what=what, place=places.get(key, place), fix=fix))
    is_written = sort == "ratio" and bool(values.get("expr", "").strip())
    needed = ("expr",) if is_written else _NEEDS[sort]
    for key in needed:
        if key not in values:
            what = f"missing key `{key}`"
            fix = f"a metric of type {sort} needs {' and '.join(f'`{k}:`' for k in needed)}"
            issues.append(Issue(code="E116", what=what, place=place, fix=fix))
    if sort == "cumulative" and "window" in values and "grain_to_date" in values:
        what = "`window` and `grain_to_date` exclude each other"
        place = places.get("grain_to_date", place)
        issues.append(Issue(code="E922", what=what, place=place, fix="take one of them out"))
    if (values.get("non_additive_dimension") or {}).get("window_groupings"):
        what = "`window_groupings` is not understood"
        fix = "the last day's total is taken; for the last row of each key, write a table"
        place = places.get("non_additive_dimension", place)
        issues.append(Issue(code="E922", what=what, place=place, fix=fix))
    for each in values.get("constant_properties", ()):
        if not isinstance(each, str) and each["base_property"] != each["conversion_property"]:
            what = f"`{each['base_property']}` has another name in the conversion's table"
            fix = "give the column one name in both tables"
            place = places.get("constant_properties", place)
            issues.append(Issue(code="E922", what=what, place=place, fix=fix))
    return issues


def _expression(sort: str, values: Mapping[str, Any], inputs: _Inputs) -> tuple[str, int]:
    """The SQL of the number, and how many characters stand before what the file says."""
    expr = values.get("expr", "").strip()
    if sort == "ratio" and not expr:
        parts = [inputs.name_of(values[key]) for key in ("numerator", "denominator")]
        return " / ".join(parts), 0
    if sort == "derived":
        return _with_inputs(
            expr, (*values.get("input_metrics", ()), *values.get("metrics", ())), inputs
        ), 0
    agg = values.get("agg")
    if sort != "simple" or agg is None:
        return expr, 0
    params = values.get("agg_params", {})
    if agg in ("median", "percentile"):
        discrete = params.get("use_discrete_percentile", False)
        call = "quantile_disc(" if discrete else "quantile_cont("
        fraction = params.get("percentile", 0.5) if agg == "percentile" else 0.5
        return f"{call}{expr}, {fraction})", len(call)
    call = _CALLS[agg]
    return f"{call}{expr})", len(call)


def _with_inputs(expr: str, given: Sequence[Any], inputs: _Inputs) -> str:
    """The expression with the names of filtered and renamed inputs put in place."""
    for each in given:
        if isinstance(each, str):
            continue
        written = each.get("alias") or each["name"]
        name = inputs.name_of(each)
        if name != written:
            expr = re.sub(rf"(?<![\w.]){re.escape(written)}(?![\w.])", name, expr)
    return expr


def _balance(values: Mapping[str, Any]) -> PeriodAggregate | None:
    dimension = values.get("non_additive_dimension")
    if dimension is not None:
        return "first" if dimension.get("window_choice") == "min" else "last"
    found: PeriodAggregate | None = values.get("period_agg")
    return found


def _shape(sort: str, values: Mapping[str, Any], inputs: _Inputs) -> Shape | None:
    if sort == "cumulative":
        return Cumulative(
            input_metric=inputs.name_of(values["input_metric"]),
            window=values.get("window"),
            grain_to_date=values.get("grain_to_date"),
            period_agg=values.get("period_agg", "last"),
        )
    if sort == "conversion":
        return Conversion(
            base_metric=inputs.name_of(values["base_metric"]),
            conversion_metric=inputs.name_of(values["conversion_metric"]),
            entity=values["entity"],
            window=values.get("window"),
            calculation=values.get("calculation", "conversion_rate"),
            constant_properties=tuple(
                each if isinstance(each, str) else each["base_property"]
                for each in values.get("constant_properties", ())
            ),
        )
    if sort == "retention":
        return Retention(
            entity=values["entity"],
            period=values.get("period", "month"),
            start_event=values.get("start_event", "first"),
            return_event=values.get("return_event", ""),
            count=values.get("count", "on"),
        )
    return None
