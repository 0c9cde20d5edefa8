"""Answers for the eye: formats, changes with their sense, what is not complete, what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from headwater.api.html import HtmlPage
from headwater.ids import NodeId
from headwater.semantics.asking import Answer, AnswerColumn, Compiled, MetricQuery
from headwater.semantics.catalog import Calendar
from headwater.semantics.metric import Metric
from headwater.views.answers import (
    answer_data,
    audited_sql,
    print_answer,
    sparkline,
    sql_with_values,
)

METRICS = {
    "revenue": Metric(name="revenue", format="gbp", better="higher"),
    "cost": Metric(name="cost", format="gbp", better="lower"),
}
ANSWER = Answer(
    query=MetricQuery(metrics=("revenue",), grain="month", compare=("previous",)),
    columns=(
        AnswerColumn(name="period", sort="period", type="DATE"),
        AnswerColumn(name="country", sort="dimension", type="VARCHAR"),
        AnswerColumn(name="revenue", sort="metric", type="DECIMAL(38,2)", metric="revenue"),
        AnswerColumn(
            name="revenue_previous",
            sort="compared",
            type="DECIMAL(38,2)",
            metric="revenue",
            comparison="previous",
        ),
        AnswerColumn(name="complete", sort="complete", type="BOOLEAN"),
    ),
    rows=(
        (date(2011, 10, 1), "France", Decimal("1070705.10"), Decimal(1000000), True),
        (date(2011, 11, 1), None, Decimal(900000), Decimal(1000000), True),
        (date(2011, 12, 1), "Spain", None, None, False),
    ),
    sql="SELECT 1",
    release=3,
    path="rollup",
    data_until=datetime(2011, 12, 10, tzinfo=UTC),
)


def shown(answer: Answer, limit: int = 0) -> list[str]:
    page = HtmlPage()
    print_answer(answer, METRICS, Calendar(), page, limit)
    return page.text.splitlines()


def test_a_table_of_months() -> None:
    assert shown(ANSWER) == [
        "period    country      revenue     vs previous",
        "2011-10   France    £1,070,705  ▲ 7.1 % better",
        "2011-11   no value    £900,000  ▼ 10.0 % worse",
        "2011-12…  Spain              –               –",
        "release #3 · data until 9 December 2011 · against the period before · from rollups",
        "… not complete: the period goes on, or its data do",
    ]


def test_more_rows_than_are_shown_and_none_at_all() -> None:
    assert shown(replace(ANSWER, truncated=True), 1)[-1] == "more than 3 rows, the first 1 shown"
    nothing = replace(ANSWER, rows=(), notes=("there are data from 2009-12-01 to 2011-12-09",))
    assert shown(nothing)[0] == "no rows"
    assert shown(nothing)[-1] == "there are data from 2009-12-01 to 2011-12-09"


def test_hostile_names_stay_text() -> None:
    row = (date(2011, 10, 1), "<script>", Decimal(1), Decimal(1), True)
    page = HtmlPage()
    print_answer(replace(ANSWER, rows=(row,)), METRICS, Calendar(), page)
    assert "<script>" not in page.html


def test_values_stand_in_the_sql_and_texts_are_left_alone() -> None:
    compiled = Compiled(
        sql="SELECT '$p1', \"$p1\" FROM sales WHERE a = $p1 AND b >= $p2 AND c < $p3 AND d = $p4",
        parameters={
            "p1": "O'Neil",
            "p2": date(2011, 11, 1),
            "p3": datetime(2011, 12, 1, tzinfo=UTC),
            "p4": 5,
        },
        columns=(),
        relations={"sales": NodeId("table", "sales")},
        path="raw",
    )
    assert sql_with_values(compiled) == (
        "SELECT '$p1', \"$p1\" FROM sales WHERE a = 'O''Neil' AND b >= DATE '2011-11-01' "
        "AND c < TIMESTAMPTZ '2011-12-01 00:00:00+00:00' AND d = 5"
    )


def test_sql_for_anybody_says_where_the_answer_came_from() -> None:
    compiled = Compiled(sql="SELECT 1", parameters={}, columns=(), relations={}, path="raw")
    assert audited_sql(compiled, "raw") == "SELECT 1"
    assert audited_sql(compiled, "rollup") == (
        "/* Answered sooner from rollups; it is the same. */\nSELECT 1"
    )


def test_data_for_machines() -> None:
    found = answer_data(ANSWER)
    assert found["rows"][0]["revenue"] == 1070705.1
    assert found["release"] == 3


def test_a_flat_line_and_an_empty_one() -> None:
    assert sparkline([5, 5, 5]) == "▁▁▁"
    assert sparkline([]) == ""
