"""Questions as SQL: golden texts that are also executed, comparisons, completeness, mistakes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.unit.semantics.world import CATALOG, CLOCK, DATASETS, KEPT, Database

from headwater.clock import Clock
from headwater.errors import HeadwaterError
from headwater.semantics.asking import MetricQuery
from headwater.semantics.catalog import Calendar, Catalog, Dataset
from headwater.semantics.compile import compile_query
from headwater.semantics.metric import Cumulative, Metric, Retention, Window

CASES = sorted((Path(__file__).parent / "cases").glob("*.sql"))


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    database = Database()
    database.connection.execute(
        """INSERT INTO customers VALUES (1, 'DE', 1), (2, 'FR', 2), (3, 'DE', NULL);
        INSERT INTO regions VALUES (1, 'north'), (2, 'south');
        INSERT INTO sales VALUES
        ('A', 1, 1, 'DE', 2, 10.5, 1, FALSE, '2011-10-03 10:00'),
        ('A', 2, 1, 'DE', 2, 10.5, 1, FALSE, '2011-10-03 10:00'),
        ('B', 1, 2, 'DE', 1, 3, NULL, FALSE, '2011-11-03 00:00'),
        ('C', 1, NULL, NULL, -1, -3, 1, TRUE, '2011-11-30 23:59'),
        ('D', 1, 1, 'FR', 1, 7, 2, FALSE, '2011-12-05 09:00'),
        ('E', 1, 2, 'DE', 4, 40, 2, FALSE, '2012-02-29 12:00'),
        ('F', 1, 3, 'DE', 1, 9, 2, FALSE, '2012-03-02 12:00')"""
    )
    database.keep(KEPT)
    yield database
    database.connection.close()


def words(given: dict[str, Any]) -> MetricQuery:
    lists = {key: tuple(value) for key, value in given.items() if isinstance(value, list)}
    return MetricQuery(**{**given, **lists})


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_golden(path: Path, database: Database) -> None:
    """The first line is the question, the last ones its rows; between them stands the SQL."""
    head, _, rest = path.read_text().partition("\n")
    sql, _, rows = rest.partition("\n-- rows\n")
    compiled, found = database.ask(words(json.loads(head.removeprefix("-- "))), KEPT, "auto")
    assert compiled.sql == sql
    assert [f"-- {row}" for row in found] == rows.splitlines()


def ask(database: Database, **given: Any) -> list[tuple[Any, ...]]:
    return database.ask(words(given))[1]


def test_compared_month_by_month(database: Database) -> None:
    rows = ask(
        database,
        metrics=["revenue"],
        grain="month",
        period="2011-10..2012-03",
        compare=["previous"],
    )
    # January has no sales, and had some in the month before; March is not over.
    assert rows == [
        (date(2011, 10, 1), Decimal(21), None, True),
        (date(2011, 11, 1), Decimal(0), Decimal(21), True),
        (date(2011, 12, 1), Decimal(7), Decimal(0), True),
        (date(2012, 1, 1), None, Decimal(7), True),
        (date(2012, 2, 1), Decimal(40), None, True),
        (date(2012, 3, 1), Decimal(9), None, False),
    ]


def test_a_leap_day_has_no_year_ago(database: Database) -> None:
    database.connection.execute("BEGIN")
    database.connection.execute(
        "INSERT INTO sales VALUES ('G', 1, 1, 'DE', 1, 5, 1, FALSE, '2011-02-28 12:00'), "
        "('H', 1, 1, 'DE', 1, 6, 1, FALSE, '2012-02-28 12:00')"
    )
    query = {"metrics": ["revenue", "orders"], "grain": "day", "compare": ["year_ago"]}
    both = ask(database, **query, period="2012-02-28..2012-02-29")
    day = ask(database, **query, period="2012-02-29")
    before = ask(database, **query, period="2012-02-28")
    hours = ask(database, **{**query, "grain": "hour"}, period="2012-02-29")
    database.connection.execute("ROLLBACK")
    the_28th = (Decimal(6), Decimal(5), 1, 1)
    the_29th = (Decimal(40), None, 1, None)
    assert [row[1:5] for row in both] == [the_28th, the_29th]
    assert [row[:5] for row in day] == [(date(2012, 2, 29), *the_29th)]
    assert [row[:5] for row in before] == [(date(2012, 2, 28), *the_28th)]
    assert [row[1:5] for row in hours] == [the_29th]


def test_the_year_after_a_leap_day_counts_no_day_twice(database: Database) -> None:
    clock = Clock.at("2013-06-01", "Europe/London")
    query = MetricQuery(
        metrics=("revenue",), grain="day", compare=("year_ago",), period="2013-02-28..2013-03-02"
    )
    compiled = compile_query(query, CATALOG, clock=clock)
    assert database.rows(compiled) == [(date(2013, 3, 2), None, Decimal(9), True)]


def test_weeks_are_compared_with_those_52_weeks_ago(database: Database) -> None:
    clock = Clock.at("2013-06-01", "Europe/London")
    query = MetricQuery(
        metrics=("revenue",), grain="week", compare=("year_ago",), period="2013-W09"
    )
    rows = database.rows(compile_query(query, CATALOG, clock=clock))
    assert rows == [(date(2013, 2, 25), None, Decimal(49), True)]


def test_a_partial_period_is_marked_and_never_compared(database: Database) -> None:
    cut = ask(
        database, metrics=["orders"], grain="month", period="2011-10-15..2011-12-10",
        compare=["previous"],
    )  # fmt: skip
    assert [(row[0].month, row[2], row[3]) for row in cut] == [
        (11, 1, True),
        (12, None, False),
    ]
    whole = ask(database, metrics=["orders"], period="this month", compare=["previous"])
    assert whole == [(1, None)]
    before = ask(database, metrics=["orders"], period="previous month", compare=["previous"])
    assert before == [(1, 0)]


def test_data_that_end_earlier_make_a_period_partial(database: Database) -> None:
    query = MetricQuery(metrics=("revenue",), grain="month", period="2011-11..2011-12")
    until = datetime(2011, 12, 20, tzinfo=UTC)
    compiled = compile_query(query, CATALOG, clock=CLOCK, data_until=until)
    assert [row[-1] for row in database.rows(compiled)] == [True, False]


def test_a_conversion_is_complete_when_its_window_is(database: Database) -> None:
    rows = ask(database, metrics=["returned"], grain="month", period="2012-02..2012-03")
    assert [(row[0].month, row[2]) for row in rows] == [(2, True), (3, False)]
    early = Clock.at("2012-03-09", "Europe/London")  # ten days after February are not over
    query = MetricQuery(metrics=("returned",), grain="month", period="2012-02")
    compiled = compile_query(query, CATALOG, clock=early)
    assert [row[-1] for row in database.rows(compiled)] == [False]


def test_a_series_has_no_gaps_where_windows_reach_over_them(database: Database) -> None:
    rows = ask(database, metrics=["revenue_7d"], grain="day", period="2011-12-04..2011-12-13")
    assert [(row[0].day, row[1]) for row in rows] == [
        (4, -3), (5, 4), (6, 4), (7, 7), (8, 7), (9, 7), (10, 7), (11, 7),
    ]  # fmt: skip


def test_month_to_date_begins_anew(database: Database) -> None:
    rows = ask(database, metrics=["revenue_to_date"], grain="day", period="2011-11-28..2011-12-06")
    assert [(row[0].day, row[1]) for row in rows] == [
        (28, Decimal(3)), (29, Decimal(3)), (30, Decimal(0)), (5, Decimal(7)), (6, Decimal(7)),
    ]  # fmt: skip


def test_order_limit_and_ties(database: Database) -> None:
    rows = ask(database, metrics=["lines"], by=["invoice"], order=["-lines"], limit=3)
    assert rows == [("A", 2), ("B", 1), ("C", 1)]
    nulls = ask(database, metrics=["heaviest"], by=["invoice"], order=["-heaviest"])
    assert nulls[-1] == ("B", None)


def test_hours(database: Database) -> None:
    rows = ask(
        database, metrics=["orders"], grain="hour", period="2011-10-03", compare=["previous"]
    )
    assert [(row[0].hour, *row[1:]) for row in rows] == [(10, 1, 0, True), (11, 0, 1, True)]


def test_no_infinity_and_no_nan(database: Database) -> None:
    metrics = {
        "a": Metric(name="a", table="sales", expr="sum(weight) / sum(quantity - quantity)"),
        "b": Metric(name="b", table="sales", expr="sum(weight / 0)"),
        "c": Metric(name="c", table="sales", expr="sum('nan'::double)"),
        "d": Metric(name="d", table="sales", expr="exp(sum(quantity) * 1000)"),
    }
    model = Catalog(metrics=metrics, datasets=DATASETS)
    for name in metrics:
        assert database.ask(MetricQuery(metrics=(name,)), model)[1] == [(None,)], name


def test_whole_numbers_are_bigint(database: Database) -> None:
    query = MetricQuery(metrics=("units", "weighted", "orders_9d"))
    compiled, _ = database.ask(query)
    assert [column.type for column in compiled.columns] == ["BIGINT", "BIGINT", "BIGINT"]


def test_an_empty_table(database: Database) -> None:
    empty = Database()
    names = ("revenue", "orders", "order_value", "stock", "revenue_7d", "orders_9d", "returned")
    _, rows = empty.ask(MetricQuery(metrics=names))
    assert rows == [(None, 0, None, None, None, 0, None)]
    for metric in (*names, "retention"):
        assert empty.ask(MetricQuery(metrics=(metric,), grain="month"))[1] == []
    empty.connection.close()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"metrics": []}, "E910 no metric"),
        ({"metrics": ["revenu", "oders"]}, r"E910 .*`revenue`\?\nE910 .*`orders`"),
        ({"metrics": ["revenue"], "grain": "weekly"}, "E903 .*did you mean `week`"),
        ({"metrics": ["revenue"], "by": ["contry"]}, "E902 .*did you mean `country`"),
        ({"metrics": ["revenue"], "where": ["contry = 'a'"]}, "E902 .*did you mean `country`"),
        ({"metrics": ["revenue"], "where": ["1 = 1"]}, "E904"),
        ({"metrics": ["revenue"], "period": "2011-13"}, "E807"),
        ({"metrics": ["revenue"], "period": "2011-12..2011-11"}, "E807 .*ends before"),
        ({"metrics": ["revenue"], "compare": ["previous"]}, "E909 .*needs a period or a grain"),
        ({"metrics": ["revenue"], "grain": "day", "compare": ["last"]}, "E909 unknown comparison"),
        ({"metrics": ["revenue"], "order": ["-revenu"]}, "E909 .*did you mean `revenue`"),
        ({"metrics": ["revenue"], "limit": 0}, "E909 the limit is 0"),
        ({"metrics": ["revenue"], "by": ["revenue_2"]}, "E902"),
        ({"metrics": ["customers"], "grain": "day"}, "E911 `customers`: `customers` has no time"),
        ({"metrics": ["customers"], "period": "2011"}, "E911"),
        ({"metrics": ["retention", "revenue"]}, "E908 .*by cohort and step"),
        ({"metrics": ["retention"], "grain": "day"}, "E903 `retention` is by month, not by day"),
        ({"metrics": ["retention"], "grain": "month", "compare": ["previous"]}, "E909 cohorts"),
    ],
)  # fmt: skip
def test_mistakes(given: dict[str, Any], message: str) -> None:
    with pytest.raises(HeadwaterError, match=message):
        compile_query(words(given), CATALOG, clock=CLOCK)


def _model(*metrics: Metric, kind: str = "DATE", column: str = "period") -> Catalog:
    table = Dataset(name="t", columns=((column, kind), ("n", "INTEGER")), time=column)
    return Catalog(metrics={metric.name: metric for metric in metrics}, datasets={"t": table})


def test_two_columns_of_one_name_and_dates_without_hours() -> None:
    metric = Metric(name="m", table="t", expr="sum(n)")
    for query, message in (
        (MetricQuery(metrics=("m",), grain="day", by=("period",)), "E909 two columns .*`period`"),
        (MetricQuery(metrics=("m",), grain="hour"), "E903 `m` has no hours: .*is a date"),
    ):
        with pytest.raises(HeadwaterError, match=message):
            compile_query(query, _model(metric), clock=CLOCK)


def test_a_time_that_is_none() -> None:
    metric = Metric(name="m", table="t", expr="sum(n)", time="n")
    with pytest.raises(HeadwaterError, match="E911 `n` of `t` is no time: it is INTEGER"):
        compile_query(MetricQuery(metrics=("m",), grain="day"), _model(metric), clock=CLOCK)


def test_entities_that_are_none() -> None:
    metric = Metric(name="m", table="t", shape=Retention(entity="customer"))
    with pytest.raises(HeadwaterError, match="E908 `customer` is no entity of `t`"):
        compile_query(MetricQuery(metrics=("m",)), _model(metric), clock=CLOCK)


def test_odd_names_are_quoted_and_hidden_by_nothing(database: Database) -> None:
    """Columns that are called as the SQL's own, and names with quotes and dots."""
    database.connection.execute(
        """CREATE OR REPLACE TABLE t ("day" DATE, "period" INTEGER, v1 INTEGER, k1 VARCHAR,
        "a ""b"".c" VARCHAR, "select" INTEGER);
        INSERT INTO t VALUES ('2011-11-01', 1, 10, 'x', 'y', 5);
        INSERT INTO t VALUES ('2011-11-02', 2, 20, 'x', 'z', 6)"""
    )
    columns = tuple(
        (row[0], row[1]) for row in database.connection.execute("DESCRIBE t").fetchall()
    )
    metrics = {
        "v2": Metric(name="v2", table="t", expr="sum(v1) + sum(period)"),
        "part": Metric(name="part", table="t", expr='max("select") - min("select")'),
        "run": Metric(name="run", shape=Cumulative(input_metric="v2", window=Window(2, "day"))),
    }
    model = Catalog(metrics=metrics, datasets={"t": Dataset(name="t", columns=columns, time="day")})
    query = MetricQuery(
        metrics=("part", "run", "v2"), by=("k1",), grain="month", where=('"select" > 1',)
    )
    assert database.ask(query, model)[1] == [(date(2011, 11, 1), "x", 1, 33, 33, True)]


def test_functions_of_the_project(database: Database) -> None:
    metric = Metric(name="m", table="sales", expr="sum(doubled(quantity))")
    text = "create or replace macro doubled(n) as n * 2"
    database.connection.execute(text)
    model = Catalog(metrics={"m": metric}, datasets=DATASETS, functions=(text,))
    compiled, rows = database.ask(MetricQuery(metrics=("m",)), model)
    assert (rows, compiled.columns[0].type) == ([(20,)], "BIGINT")
    unknown = Catalog(metrics={"m": metric}, datasets=DATASETS)
    with pytest.raises(HeadwaterError, match=r"E901 .*doubled"):
        database.ask(MetricQuery(metrics=("m",)), unknown)


def test_hostile_values_are_bound(database: Database) -> None:
    hostile = "'; DROP TABLE sales; --"
    quoted = hostile.replace("'", "''")
    compiled, rows = database.ask(
        MetricQuery(metrics=("lines",), where=(f"country = '{quoted}' or invoice = 'A'",))
    )
    assert hostile not in compiled.sql
    assert hostile in compiled.parameters.values()
    assert rows == [(2,)]


def test_fiscal_years_and_weeks_that_begin_on_sunday(database: Database) -> None:
    sunday = Catalog(
        metrics=CATALOG.metrics,
        datasets=DATASETS,
        calendar=Calendar(zone="Europe/London", week_starts=6, fiscal_year_starts=2),
    )
    weeks = database.ask(MetricQuery(metrics=("lines",), grain="week", period="2011-10"), sunday)
    assert [row[0] for row in weeks[1]] == [date(2011, 10, 2)]
    years = database.ask(MetricQuery(metrics=("lines",), grain="fiscal_year"), sunday)
    assert [(row[0], row[1]) for row in years[1]] == [(date(2011, 2, 1), 5), (date(2012, 2, 1), 2)]
    quarters = database.ask(MetricQuery(metrics=("lines",), grain="fiscal_quarter"), sunday)
    assert [row[0] for row in quarters[1]] == [
        date(2011, 8, 1), date(2011, 11, 1), date(2012, 2, 1),
    ]  # fmt: skip


def test_compiled_quickly() -> None:
    """Goals: 2 ms of CPU first, 0.2 ms again; generous here, as the machine may be busy."""
    columns = tuple((f"c{number}", "DECIMAL(18,2)") for number in range(60))
    metrics = {
        f"m{n}": Metric(name=f"m{n}", table="t", expr=f"sum(c{n}) / count(distinct c{n + 1})")
        for n in range(50)
    }
    table = Dataset(name="t", columns=(*columns, ("at", "TIMESTAMP")), time="at")
    model = Catalog(metrics=metrics, datasets={"t": table})
    queries = [MetricQuery(metrics=(name,), by=("c0",), grain="day") for name in metrics]
    spent = []
    for _ in range(2):
        begun = time.process_time()
        for query in queries:
            compile_query(query, model, clock=CLOCK)
        spent.append((time.process_time() - begun) / len(queries))
    assert spent[0] < 0.02
    assert spent[1] < 0.001


def test_a_dimension_of_two_tables_has_one_type(database: Database) -> None:
    """Whole numbers of two sizes meet; text and numbers do not."""
    visits = Dataset(
        name="visits",
        columns=(("line", "BIGINT"), ("country", "INTEGER"), ("seen_on", "DATE")),
        time="seen_on",
    )
    metrics = {
        "lines": CATALOG.metrics["lines"],
        "visits": Metric(name="visits", table="visits", expr="count(*)"),
    }
    catalog = Catalog(metrics=metrics, datasets={**DATASETS, "visits": visits})
    database.connection.execute("CREATE TABLE visits (line BIGINT, country INTEGER, seen_on DATE)")
    query = MetricQuery(metrics=("lines", "visits"), by=("line",))
    _, rows = database.ask(query, catalog)  # which compares the types
    assert rows == [(1, 6, 0), (2, 1, 0)]
    with pytest.raises(HeadwaterError, match="E909 `country` is INTEGER in `visits` and VARCHAR"):
        database.ask(MetricQuery(metrics=("visits", "lines"), by=("country",)), catalog)
