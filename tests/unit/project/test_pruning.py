"""Which days a query can see; and that what it cannot see never decides its result."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.clock import local
from headwater.ids import ALL_TIME
from headwater.project.pruning import visible_span

ZONE = ZoneInfo("Europe/London")


def days(sql: str, **parameters: object) -> tuple[str | None, str | None]:
    span = visible_span(sql, "sales", "sold_at", ZONE, parameters)
    start = None if span.start == ALL_TIME.start else str(local(span.start, ZONE).date())
    end = None if span.end == ALL_TIME.end else str(local(span.end, ZONE).date())
    return start, end


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("sold_at >= '2011-11-02'", ("2011-11-01", None)),
        ("'2011-11-02' <= sold_at", ("2011-11-01", None)),
        ("sold_at < date '2011-11-02'", (None, "2011-11-03")),
        ("sold_at = timestamp '2011-11-02 10:00'", ("2011-11-01", "2011-11-03")),
        ("sold_at between '2011-11-02' and '2011-11-05'", ("2011-11-01", "2011-11-06")),
        (
            "sold_at > '2011-11-02' and amount > 3 and sold_at < '2011-12-01'",
            ("2011-11-01", "2011-12-02"),
        ),
        ("sold_at > '2011-11-02' or amount > 3", (None, None)),
        ("not sold_at > '2011-11-02'", (None, None)),
        ("amount > 3", (None, None)),
        ("sold_at > now()", (None, None)),
        ("sold_at > 'no date'", (None, None)),
    ],
)
def test_what_a_where_says(where: str, expected: tuple[str | None, str | None]) -> None:
    assert days(f"select count(*) from sales where {where}") == expected
    assert days(f"select count(*) from sales as s where {where}") == expected


def test_parameters_count() -> None:
    sql = "select 1 from sales where sold_at >= ($since::DATE)"
    assert days(sql, since=date(2011, 11, 2)) == ("2011-11-01", None)


@pytest.mark.parametrize(
    "sql",
    [
        "with sales as (select * from other) select * from sales where sold_at > '2011-11-02'",
        "select * from sales where sold_at > '2011-11-02' union all select * from sales",
        "select * from sales s join x on true where sold_at > '2011-11-02'",
        "select * from sales asof join x on sales.id >= x.id where sales.sold_at > '2011-11-02'",
        "select * from sales positional join x where sales.sold_at > '2011-11-02'",
        "select * from sales s(sold_at, b) where sold_at > '2011-11-02'",
        "select * from (select * from sales) where sold_at > '2011-11-02'",
    ],
)
def test_what_is_not_plain_sees_everything(sql: str) -> None:
    assert days(sql) == (None, None)


def test_a_qualified_time_in_joins_and_subqueries() -> None:
    join = "select * from x left join sales s using (id) where s.sold_at > '2011-11-02'"
    assert days(join)[0] == "2011-11-01"
    inner = "select * from x where id in (select id from sales s where s.sold_at > '2011-11-02')"
    assert days(inner)[0] == "2011-11-01"


moments = st.integers(0, 20 * 86_400).map(
    lambda second: datetime.fromisoformat("2011-10-20") + timedelta(seconds=second)
)


@settings(max_examples=25, deadline=None)
@given(rows=st.lists(moments, max_size=20), low=moments, high=moments, joined=st.booleans())
def test_rows_outside_of_the_span_never_matter(
    rows: list[datetime], low: datetime, high: datetime, joined: bool
) -> None:
    condition = f"s.sold_at >= '{low}' and s.sold_at < '{high}'"
    source = "x left join sales s on x.id = s.id" if joined else "sales s"
    sql = f"select count(*), min(s.sold_at) from {source} where {condition}"
    span = visible_span(sql, "sales", "sold_at", ZONE)
    seen = [row for row in rows if span.start <= row.replace(tzinfo=ZONE) < span.end]
    assert _ask(sql, rows) == _ask(sql, seen)


def _ask(sql: str, rows: list[datetime]) -> object:
    with duckdb.connect() as connection:
        connection.execute("create table x as select range as id from range(3)")
        connection.execute("create table sales (id bigint, sold_at timestamp)")
        for number, row in enumerate(rows):
            connection.execute("insert into sales values (?, ?)", [number % 3, row])
        return connection.execute(sql).fetchall()
