"""The keys of `dashboards/*.yml`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, get_args

from headwater.definitions.fields import (
    DESCRIBED,
    INVALID,
    MOVED,
    Choice,
    FieldType,
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
from headwater.kinds.dashboard.definition import CHARTS, Card, ChartSort, Section
from headwater.semantics.asking import Comparison
from headwater.semantics.metric import GRAINS


class Scalar(FieldType):
    """The value of a parameter, as text."""

    def _expected(self) -> str:
        return "one value"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if located.is_mapping or located.is_list:
            return self.refuse(located, issues)
        return "" if located.value is None else str(located.value)

    def _schema(self, _names: Names) -> Schema:
        return {"type": ["string", "number", "boolean", "null"]}


class Specification(FieldType):
    """A Vega-Lite specification, as JSON."""

    def _expected(self) -> str:
        return "a Vega-Lite specification"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if not located.is_mapping:
            return self.refuse(located, issues, "such as `{mark: bar, encoding: {…}}`")
        return json.dumps(located.plain(), default=str, sort_keys=True)

    def _schema(self, _names: Names) -> Schema:
        return {"type": "object"}


_METRICS: Final = ListOf(Text(names="metrics"))
_BY: Final = Key("by", ListOf(Text()), "dimensions that it is divided by")
_NEEDED_BY: Final = Key("by", ListOf(Text()), "dimensions that it is divided by", required=True)
_LIMIT: Final = Key("limit", Number(whole=True, minimum=1), "how many groups are shown")
_GRAIN: Final = Key("grain", Choice(GRAINS), "the length of its periods")
_COMPARE: Final = Key(
    "compare", ListOf(Choice(get_args(Comparison)), at_least=0), "what it is held against"
)
_COMMON: Final = (
    Key("title", Text(), "the card's heading; the metric's title by default"),
    Key("note", Text(), "a sentence below it"),
)
_ASKED: Final = (*_COMMON, Key("where", ListOf(Text()), "conditions on its rows"))

#: Chart → its keys, its own first.
RECORDS: Final[Mapping[ChartSort, Record]] = {
    "kpi": Record((Key("kpi", _METRICS, "metrics, a card each"), _COMPARE, _GRAIN, *_ASKED)),
    "line": Record(
        (Key("line", _METRICS, "metrics over time"), _BY, _LIMIT, _COMPARE, _GRAIN, *_ASKED)
    ),
    "area": Record((Key("area", _METRICS, "a metric over time"), _COMPARE, _GRAIN, *_ASKED)),
    "bar": Record(
        (Key("bar", _METRICS, "a metric by group, ranked"), _NEEDED_BY, _LIMIT, _COMPARE, *_ASKED)
    ),
    "stacked": Record(
        (Key("stacked", _METRICS, "a metric's parts over time"), _NEEDED_BY, _LIMIT, _GRAIN,
         *_ASKED)
    ),
    "table": Record(
        (Key("table", _METRICS, "a saved query, or metrics"), _BY, _GRAIN, _COMPARE, _LIMIT,
         Key("order", ListOf(Text()), "columns to sort by, `-` in front for falling"),
         Key("set", MapOf(Scalar()), "parameters of the saved query"), *_ASKED)
    ),
    "heatmap": Record(
        (Key("heatmap", _METRICS, "a retention metric, or one by two dimensions"), _BY, _GRAIN,
         _LIMIT, *_ASKED)
    ),
    "funnel": Record((Key("funnel", _METRICS, "metrics, one for each step"), *_ASKED)),
    "waterfall": Record(
        (Key("waterfall", _METRICS, "a metric whose change is divided"), _NEEDED_BY, _LIMIT,
         _COMPARE, *_ASKED)
    ),
    "text": Record((Key("text", Text(), "words between the charts"), *_COMMON)),
    "vega": Record(
        (Key("vega", Specification(), "a Vega-Lite specification without data"),
         Key("metrics", _METRICS, "the metrics whose rows are its data", required=True),
         _BY, _GRAIN, _COMPARE, _LIMIT, *_ASKED)
    ),
}  # fmt: skip
_OPTIONS: Final = frozenset(key.name for record in RECORDS.values() for key in record.keys)

#: Chart → how many metrics it takes.
_ONE: Final = frozenset(("area", "bar", "stacked", "heatmap", "waterfall"))


class CardField(FieldType):
    """One card: `chart: metric`, and what goes with it."""

    def _expected(self) -> str:
        return "a card such as `line: revenue`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if not located.is_mapping:
            return self.refuse(located, issues, "write `chart: metric`")
        charts = [name for name in located.mapping if name in RECORDS]
        if len(charts) != 1:
            issues.append(_no_chart(located, charts))
            return INVALID
        chart: ChartSort = charts[0]  # type: ignore[assignment]  # a key of RECORDS
        before = len(issues)
        values = RECORDS[chart].read(located, issues)
        if values is INVALID or len(issues) > before:
            return INVALID
        issue = _miscounted(chart, values, located)
        if issue is not None:
            issues.append(issue)
            return INVALID
        return _card(chart, values, located)

    def _schema(self, names: Names) -> Schema:
        return {
            "anyOf": [
                schema | {"required": sorted({chart, *schema.get("required", ())})}
                for chart, record in RECORDS.items()
                for schema in (record.schema(names),)
            ]
        }


def _no_chart(located: Located, charts: list[str]) -> Issue:
    """E961: no chart is named, an unknown one, or two."""
    listed = f"charts are: {', '.join(CHARTS)}"
    if charts:
        what = f"a card has one chart, not {' and '.join(f'`{name}`' for name in charts)}"
        fix = "make a row of two cards: `- [{…}, {…}]`"
        place = located.mapping[charts[1]].key_place or located.place
        return Issue(code="E961", what=what, place=place, fix=fix)
    for name, value in located.mapping.items():
        if name not in _OPTIONS:
            place = value.key_place or located.place
            fix = _MOVED_CHARTS.get(name) or did_you_mean(name, CHARTS, listed)
            return Issue(code="E961", what=f"unknown chart `{name}`", place=place, fix=fix)
    return Issue(code="E961", what="the card names no chart", place=located.place, fix=listed)


_MOVED_CHARTS: Final = {
    "pie": "`bar` ranks the same groups, so that they can be compared",
    "donut": "`bar` ranks the same groups, so that they can be compared",
    "column": "did you mean `bar`, or `stacked` over time?",
    "metric": "did you mean `kpi`?",
    "scorecard": "did you mean `kpi`?",
    "big_number": "did you mean `kpi`?",
    "chart": "the chart is the key: `line: revenue`",
    "type": "the chart is the key: `line: revenue`",
    "markdown": "did you mean `text`?",
}


def _miscounted(chart: ChartSort, values: Mapping[str, Any], located: Located) -> Issue | None:
    """E963: more or fewer metrics or dimensions than the chart can show."""
    metrics = values.get("metrics" if chart == "vega" else chart, ())
    place = located.mapping[chart].place
    if chart in _ONE and len(metrics) != 1:
        fix = "a card for each, in one row" if chart != "bar" else "or `table` for several"
        return Issue(code="E963", what=f"`{chart}` takes one metric", place=place, fix=fix)
    if chart == "funnel" and len(metrics) < 2:
        what = "`funnel` takes a metric for each of its steps"
        return Issue(code="E963", what=what, place=place, fix="name at least two")
    by = values.get("by", ())
    if chart == "line" and by and len(metrics) > 1:
        what = "`line` takes several metrics or `by`, not both"
        return Issue(code="E963", what=what, place=place, fix="a card for each metric")
    most = {"line": 1, "bar": 1, "stacked": 1, "waterfall": 1, "heatmap": 2}.get(chart)
    if most is not None and len(by) > most:
        what = f"`{chart}` is divided by at most {most} dimension{'s' if most > 1 else ''}"
        return Issue(code="E963", what=what, place=located.mapping["by"].place, fix="or `table`")
    return None


def _card(chart: ChartSort, values: dict[str, Any], located: Located) -> Card:
    """The card. Whether a table names a saved query is found out with the whole project."""
    own = values.pop(chart)
    named: dict[str, Any] = {"text": {"text": own}, "vega": {"spec": own}}.get(
        chart, {"metrics": own}
    )
    if "grain" in values:
        named["grain"] = values.pop("grain")
    places = {key: value.place for key, value in located.mapping.items()}
    for key in ("by", "where", chart, "metrics"):
        listed = located.get(key)
        for item in listed.items if listed is not None and not listed.is_mapping else ():
            places[f"{'metrics' if key == chart else key}.{item.value}"] = item.place
    return Card(chart=chart, place=located.place, places=places, **named, **values)


class Row(FieldType):
    """One card, or a list of cards side by side."""

    def _expected(self) -> str:
        return "a card, or a list of cards"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        cards = ListOf(CardField()).read(located, issues)
        if cards is not INVALID and len(cards) > _MOST_CARDS:
            return self.refuse(located, issues, f"a row has room for {_MOST_CARDS} cards")
        return cards

    def _schema(self, names: Names) -> Schema:
        return ListOf(CardField()).schema(names)


_MOST_CARDS: Final = 4
_ROWS: Final = Key("rows", ListOf(Row()), "rows of cards")
_SECTION: Final = Record(
    (
        Key("title", Text(), "its heading"),
        Key("note", Text(), "a sentence below the heading"),
        Key("rows", ListOf(Row()), "rows of cards", required=True),
    )
)


class SectionField(FieldType):
    """Rows of cards below a heading."""

    def _expected(self) -> str:
        return "a section with `title:` and `rows:`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        values = _SECTION.read(located, issues)
        return values if values is INVALID or "rows" not in values else Section(**values)

    def _schema(self, names: Names) -> Schema:
        return _SECTION.schema(names)


DASHBOARD: Final = Record(
    (
        *DESCRIBED,
        Key("audience", Text(), "who reads it, and when"),
        Key("period", Text(), "what it is about at first; `last 90 days` by default"),
        Key("grain", Choice(GRAINS), "the length of its periods; by the length of the period"),
        _COMPARE,
        Key("filters", ListOf(Text(), at_least=0), "dimensions that readers may choose of"),
        _ROWS,
        Key("sections", ListOf(SectionField()), "rows below headings, instead of `rows`"),
    ),
    moved={
        **MOVED,
        "charts": "did you mean `rows`?",
        "cards": "did you mean `rows`?",
        "tiles": "did you mean `rows`?",
        "pages": "a dashboard is one page; long ones have `sections`",
        "date_range": "did you mean `period`?",
        "schedule": "what is sent on a schedule is a report, in `reports/`",
    },
)

#: What an editor is told.
SCHEMAS: Final[Declared] = {"dashboards": DescribedFiles(folder="dashboards", holds=(DASHBOARD,))}
