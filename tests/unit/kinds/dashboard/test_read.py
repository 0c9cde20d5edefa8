"""Dashboards from files: what is read, and every mistake at its place."""

from __future__ import annotations

import pytest

from headwater.definitions.codec import codec_of
from headwater.definitions.loader import Files
from headwater.ids import NodeId
from headwater.kinds.dashboard.definition import CHARTS, DashboardDefinition
from headwater.kinds.dashboard.keys import DASHBOARD, RECORDS
from headwater.kinds.dashboard.read import read_dashboard, resolved

FULL = """\
title: Trading
audience: Everyone at nine
period: last 90 days
filters: [country, is_return]
rows:
  - kpi: [revenue, orders]
  - line: revenue
    compare: year_ago
  - - {bar: revenue, by: country, limit: 8}
    - {table: best_customers, set: {top: 5}}
  - heatmap: retention
  - {funnel: [visits, orders], title: Checkout}
  - {waterfall: revenue, by: country, compare: previous}
  - text: Words.
  - {vega: {mark: bar}, metrics: revenue, by: country}
"""


def read(text: str) -> tuple[DashboardDefinition | None, list[str]]:
    files = Files(("dashboards/a.yml",), {"dashboards/a.yml": text}, {})
    found = read_dashboard(files)
    return found, [str(issue) for issue in files.issues]


def test_a_dashboard_is_read() -> None:
    found, issues = read(FULL)
    assert issues == []
    assert found is not None
    assert found.title == "Trading"
    assert [card.chart for card in found.cards] == [
        "kpi", "line", "bar", "table", "heatmap", "funnel", "waterfall", "text", "vega",
    ]  # fmt: skip
    assert [len(row) for row in found.sections[0].rows] == [1, 1, 2, 1, 1, 1, 1, 1]
    bar = found.cards[2]
    assert (bar.metrics, bar.by, bar.limit) == (("revenue",), ("country",), 8)
    assert str(bar.place_of("by.country")) == "dashboards/a.yml:9:26"
    assert found.cards[8].spec == '{"mark": "bar"}'


def test_it_comes_back_from_the_cache_as_it_was() -> None:
    found, _ = read(FULL)
    codec = codec_of(DashboardDefinition)
    assert codec.read(codec.write(found)) == found


def test_a_table_of_one_name_is_a_saved_query() -> None:
    found, _ = read("rows: [{table: best}, {table: revenue, by: country}]\n")
    assert found is not None
    alone = resolved(found, {})
    assert [(card.query, card.metrics) for card in alone.cards] == [
        ("best", ()),
        ("", ("revenue",)),
    ]
    known = {NodeId("metric", "best"): found}
    assert resolved(found, known).cards[0].metrics == ("best",)


@pytest.mark.parametrize(
    ("text", "issue"),
    [
        ("", "E104 the file is empty"),
        ("title: A\n", "E116 missing key `rows` · dashboards/a.yml:1:1 · add `rows:`"),
        ("rows: [{linne: revenue}]", "E961 unknown chart `linne` · dashboards/a.yml:1:9 · did you"),
        ("rows: [{pie: revenue, by: c}]", "E961 unknown chart `pie` · dashboards/a.yml:1:9"),
        ("rows: [{title: A}]", "E961 the card names no chart · dashboards/a.yml:1:8 · charts are"),
        ("rows: [{line: a, bar: b}]", "E961 a card has one chart, not `line` and `bar`"),
        ("rows: [{bar: revenue}]", "E116 missing key `by`"),
        ("rows: [{bar: [a, b], by: c}]", "E963 `bar` takes one metric · dashboards/a.yml:1:14"),
        ("rows: [{bar: a, by: [c, d]}]", "E963 `bar` is divided by at most 1 dimension"),
        ("rows: [{funnel: a}]", "E963 `funnel` takes a metric for each of its steps"),
        ("rows: [{line: [a, b], by: c}]", "E963 `line` takes several metrics or `by`, not both"),
        ("rows: [{line: a, limt: 3}]", "E114 unknown key `limt` · dashboards/a.yml:1:18 · did you"),
        ("rows: [{line: a, limit: 0}]", "E115 expected a whole number from 1"),
        ("rows: [{line: a, grain: dya}]", "E115 expected `hour` or `day`"),
        ("rows: [{line: a, compare: before}]", "E115 expected `previous` or `year_ago`"),
        ("rows: [revenue]", "E115 expected a card such as `line: revenue`, got"),
        ("rows: [{vega: {mark: bar}}]", "E116 missing key `metrics`"),
        ("rows: [{vega: bar, metrics: a}]", "E115 expected a Vega-Lite specification"),
        ("period: soon\nrows: [{kpi: a}]", "E807 `soon` is no period · dashboards/a.yml:1:9"),
        ("rows: [{kpi: a}]\nsections: [{rows: [{kpi: a}]}]", "E126 `rows` and `sections` exclude"),
        ("sections: [{title: A}]", "E116 missing key `rows`"),
        ("tiles: [{kpi: a}]", "E114 unknown key `tiles` · dashboards/a.yml:1:1"),
        ("rows: [[{kpi: a}, {kpi: a}, {kpi: a}, {kpi: a}, {kpi: a}]]", "E115 expected a card, or"),
    ],
)  # fmt: skip
def test_mistakes(text: str, issue: str) -> None:
    found, issues = read(text)
    assert found is None
    assert any(each.startswith(issue) for each in issues), issues


def test_every_chart_has_keys_and_a_schema() -> None:
    assert set(RECORDS) == set(CHARTS)
    schema = DASHBOARD.schema({"metrics": ["revenue"]})
    assert '"revenue"' in str(schema).replace("'", '"')
