"""The keys of a metric, of a file that holds several, and of dbt's nested blocks."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from headwater.definitions.fields import (
    DESCRIBED,
    MOVED,
    Anything,
    ByShape,
    Choice,
    FieldType,
    Flag,
    Key,
    ListOf,
    MapOf,
    Names,
    Number,
    Record,
    Schema,
    Text,
)
from headwater.definitions.schemas import Declared, DescribedFiles
from headwater.definitions.yamltext import Located
from headwater.errors import Issue, did_you_mean
from headwater.semantics.metric import GRAINS, Window

_WINDOW = re.compile(
    r"(\d+)\s*(h|d|w|mo|y|hours?|days?|weeks?|months?|quarters?|years?)\Z", re.IGNORECASE
)
_UNITS: Final = {"h": "hour", "d": "day", "w": "week", "mo": "month", "y": "year"}
_COLUMN: Final = Text(names="columns")


class WindowText(FieldType):
    """A length of calendar time: `28d`, `3 months`, or dbt's `{count: 28, granularity: day}`."""

    def _expected(self) -> str:
        return "a length of time such as `28d`, `3mo` or `28 days`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if located.is_mapping:
            parts = [located.get(key) for key in ("count", "granularity")]
            text = " ".join(str(part.value) for part in parts if part is not None)
        else:
            text = str(located.value)
        match = _WINDOW.match(text.strip())
        if match is None or not 0 < int(match[1]) <= 10_000:
            hint = f"write `{text}d` for days" if text.isdigit() else ""
            return self.refuse(located, issues, hint)
        word = match[2].lower()
        unit: Any = _UNITS.get(word) or word.removesuffix("s")
        return Window(int(match[1]), unit)

    def _schema(self, _names: Names) -> Schema:
        return {"anyOf": [{"type": "string", "examples": ["28d", "3mo"]}, {"type": "object"}]}


class Targets(FieldType):
    """Grain → the number to reach in a period of it."""

    def _expected(self) -> str:
        return "a grain and a number, such as `{month: 900000}`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if not located.is_mapping:
            return self.refuse(located, issues)
        found: dict[str, Decimal] = {}
        for grain, value in located.mapping.items():
            number = value.value
            if grain not in GRAINS:
                fix = did_you_mean(grain, GRAINS, "grains are: " + ", ".join(GRAINS))
                place = value.key_place or value.place
                what = f"unknown grain `{grain}`"
                issues.append(Issue(code="E115", what=what, place=place, fix=fix))
            elif isinstance(number, bool) or not isinstance(number, int | float):
                self.refuse(value, issues, "write a number without signs: `900000`, or `0.25`")
            else:
                found[grain] = Decimal(str(number))
        return found

    def _schema(self, _names: Names) -> Schema:
        number = {"type": "number"}
        return {
            "type": "object",
            "properties": dict.fromkeys(GRAINS, number),
            "additionalProperties": False,
        }


class FormatName(FieldType):
    """How the numbers are written."""

    def _expected(self) -> str:
        return "a format such as `gbp`, `percent1` or `integer`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        from headwater.errors import HeadwaterError
        from headwater.semantics.formats import parse_format

        try:
            parse_format(str(located.value), located.place)
        except HeadwaterError as error:
            issues.extend(error.issues)
        return str(located.value)

    def _schema(self, _names: Names) -> Schema:
        from headwater.semantics.formats import FORMATS

        return {"anyOf": [{"enum": list(FORMATS)}, {"type": "string"}]}


_INPUT: Final = ByShape(
    Text(names="metrics"),
    Record(
        (
            Key("name", Text(names="metrics"), "the metric", required=True),
            Key("filter", Text(), "a condition that its rows must keep as well"),
            Key("alias", Text(), "its name inside of `expr`"),
        ),
        moved={
            "offset_window": "a number of another period is asked with `compare:`",
            "offset_to_grain": "a number of another period is asked with `compare:`",
        },
    ),
)
_PROPERTY: Final = ByShape(
    _COLUMN,
    Record(
        (
            Key("base_property", _COLUMN, "a column of the base metric's table", required=True),
            Key("conversion_property", _COLUMN, "the same of the conversion's", required=True),
        )
    ),
)
AGGREGATES: Final = (
    "sum", "count", "count_distinct", "average", "avg", "min", "max", "median", "percentile",
    "sum_boolean",
)  # fmt: skip
_AGG_PARAMS: Final = Record(
    (
        Key("percentile", Number(minimum=0), "between 0 and 1"),
        Key("use_discrete_percentile", Flag(), "take a value that occurs"),
        Key("use_approximate_percentile", Flag(), "understood; the exact value is taken"),
    )
)
_NON_ADDITIVE: Final = Record(
    (
        Key("name", Text(), "the time along which it is not added up"),
        Key("window_choice", Choice(("min", "max")), "the first or the last day of a period"),
        Key("window_groupings", ListOf(_COLUMN, at_least=0), "understood where it is empty"),
    )
)
TYPES: Final = ("simple", "ratio", "derived", "cumulative", "conversion", "retention")

#: What a file of several metrics may say once for all of them.
SHARED: Final = (
    Key("owner", Text(names="owners"), "the team that answers for the number and approves it"),
    Key("table", Text(names="tables"), "the table whose rows are counted"),
    Key("time", _COLUMN, "the column that says when; the table's own `time` by default"),
    Key("where", Text(), "a condition of the rows that count"),
    Key("dimensions", ListOf(_COLUMN, at_least=0), "columns that it is shown by"),
    Key("better", Choice(("higher", "lower", "neither")), "which direction is good"),
    Key("format", FormatName(), "how its numbers are written"),
    Key("unit", Text(), "what is counted, such as `parcels`"),
    Key("tags", ListOf(Text(names="tags"), at_least=0), "words to select it by"),
    Key("meta", MapOf(Anything()), "anything else, kept as it is"),
)
_OWN: Final = (
    *(key for key in DESCRIBED if key.name in ("title", "description")),
    Key(
        "expr",
        Text(),
        "an aggregate of columns, or other metrics: `sum(amount)`, `revenue / orders`",
    ),
    Key("target", Targets(), "grain → the number to reach"),
    Key("playbook", Text(), "what to do when it is off"),
    Key("period_agg", Choice(("last", "first", "average")), "of a balance: the day that counts"),
    Key("type", Choice(TYPES), "written for retention, cumulative and conversion alone"),
    # cumulative
    Key("input_metric", _INPUT, "cumulative: the metric that is added up"),
    Key("window", WindowText(), "cumulative: rolling over so long; conversion: within so long"),
    Key("grain_to_date", Choice(GRAINS), "cumulative: from the start of this grain"),
    # conversion
    Key("base_metric", _INPUT, "conversion: the metric that counts what begins"),
    Key("conversion_metric", _INPUT, "conversion: the metric that counts what follows"),
    Key("entity", Text(names="tables"), "conversion: the column that both share; retention: who"),
    Key("calculation", Choice(("conversion_rate", "conversions")), "conversion: share or count"),
    Key("constant_properties", ListOf(_PROPERTY), "conversion: columns that both events share"),
    # retention
    Key("start_event", Text(), "retention: `first`, or a condition"),
    Key("return_event", Text(), "retention: a condition; any row by default"),
    Key("period", Choice(GRAINS[1:]), "retention: the length of a period; `month` by default"),
    Key("count", Choice(("on", "on_or_after")), "retention: active in that period, or also later"),
    # dbt's words for the same
    Key("agg", Choice(AGGREGATES), "dbt: the aggregate of `expr`"),
    Key("agg_params", _AGG_PARAMS, "dbt: of `agg: percentile`"),
    Key("agg_time_dimension", _COLUMN, "dbt: the same as `time`"),
    Key("numerator", _INPUT, "dbt: of a ratio"),
    Key("denominator", _INPUT, "dbt: of a ratio"),
    Key("input_metrics", ListOf(_INPUT), "dbt: the metrics of `expr`"),
    Key("metrics", ListOf(_INPUT), "dbt: the metrics of `expr`"),
    Key("filter", Text(), "dbt: the same as `where`, in plain SQL"),
    Key("non_additive_dimension", _NON_ADDITIVE, "dbt: a balance, as `period_agg`"),
    Key("type_params", MapOf(Anything()), "dbt: its keys may stand one level higher"),
    Key("cumulative_type_params", MapOf(Anything()), "dbt: its keys may stand one level higher"),
    Key("conversion_type_params", MapOf(Anything()), "dbt: its keys may stand one level higher"),
)
#: dbt's blocks, whose keys may as well stand one level higher.
NESTED: Final = ("type_params", "cumulative_type_params", "conversion_type_params")

_MEASURES: Final = "there are no measures: write the aggregate, as in `expr: sum(amount)`"
_ELSEWHERE: Final = {
    **MOVED,
    "name": "its key under `metrics:` is its name; for display there is `title`",
    "label": "`title` is the display name",
    "sql": "did you mean `expr`?",
    "measure": _MEASURES,
    "measures": _MEASURES,
    "base_measure": "did you mean `base_metric`?",
    "conversion_measure": "did you mean `conversion_metric`?",
    "model": "did you mean `table`?",
    "semantic_model": "there is no semantic model: give the `table`",
    "timestamp": "did you mean `time`?",
    "filters": "did you mean `where`?",
    "fill_nulls_with": "a period without rows has no value, or 0 for a count",
    "join_to_timespine": "every period is there; the calendar is generated",
    "time_granularity": "the grain is asked with the question: `grain: month`",
    "group_by": "what it is shown by are its `dimensions`",
    "agg_time": "did you mean `time`?",
    "direction": "did you mean `better`?",
    "config": "there is none: `owner`, `tags` and `meta` stand on the metric",
}
METRIC: Final = Record((*SHARED, *_OWN), moved=_ELSEWHERE)
FILE: Final = Record(
    (
        *SHARED,
        Key(
            "metrics",
            ByShape(ListOf(MapOf(Anything())), MapOf(METRIC)),
            "name → metric; the other keys of the file hold for each of them",
            required=True,
        ),
    ),
    moved={
        **_ELSEWHERE,
        "title": "each metric has its own `title`",
        "description": "each metric has its own `description`",
        "expr": "each metric has its own `expr`",
        "version": "a file has no version",
        "semantic_models": "there is no semantic model: metrics name their `table`",
    },
)
#: What an editor is told: several metrics in a file, or one.
SCHEMAS: Final[Declared] = {"metrics": DescribedFiles(folder="metrics", holds=(FILE, METRIC))}
