"""Changes explained over a real table, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from tests.unit.project.metrics.small_reader import SmallReader

from headwater.clock import Clock
from headwater.errors import HeadwaterError
from headwater.project.metrics.explaining import explain_metric
from headwater.project.metrics.movement import Why, WhyQuery
from headwater.semantics.asking import Comparison
from headwater.semantics.metric import Cumulative, Metric, Window
from headwater.semantics.periods import read_period
from headwater.views.why import sql_lines, why_data

SCHEMA = "day date, invoice integer, customer integer, country varchar, amount decimal(12, 2)"
DIMENSIONS = ("country", "customer")
CLOCK = Clock.at("2011-12-31", "UTC")


def metric(name: str, expr: str = "", **more: object) -> Metric:
    dimensions = {"dimensions": DIMENSIONS} | more
    return Metric(name=name, expr=expr, table="sales", better="higher", **dimensions)  # type: ignore[arg-type]


METRICS = (
    metric("revenue", "sum(amount)", format="gbp2"),
    metric("orders", "count(distinct invoice)"),
    metric("customers", "count(distinct customer)"),
    metric("average_order_value", "revenue / orders", format="gbp2"),
    metric("line_value", "avg(amount)"),
    metric("most", "max(amount)"),
    metric("rolling", shape=Cumulative(input_metric="revenue", window=Window(41, "day"))),
)
OCTOBER = [
    (date(2011, 10, 1), 0, 0, "FR", Decimal("1.00")),
    (date(2011, 10, 3), 1, 7, "UK", Decimal("10.10")),
    (date(2011, 10, 9), 2, 8, "UK", Decimal("20.20")),
    (date(2011, 10, 20), 3, 9, "FR", Decimal("30.30")),
]
NOVEMBER = [
    (date(2011, 11, 2), 4, 7, "UK", Decimal("10.10")),
    (date(2011, 11, 3), 5, None, "UK", Decimal("200.00")),
    (date(2011, 11, 8), 6, 9, "FR", Decimal("31.30")),
    (date(2011, 11, 30), 7, 5, "DE", Decimal("9.90")),
]


def why(
    name: str,
    period: str = "2011-11",
    comparison: Comparison = "previous",
    by: Sequence[str] = (),
    rows: Sequence[tuple[object, ...]] = (*OCTOBER, *NOVEMBER),
) -> Why:
    reader = SmallReader(rows, SCHEMA, *METRICS)
    asked = read_period(period, date(2011, 12, 31))
    query = WhyQuery(metric=name, period=asked, comparison=comparison, by=tuple(by))
    return explain_metric(reader, query, CLOCK)


def test_revenue_by_country_and_by_its_factors() -> None:
    found = why("revenue")
    assert (found.before, found.after) == (Fraction("61.60"), Fraction("251.30"))
    (product,) = found.factors
    assert [part.name for part in product.parts] == ["orders", "average_order_value"]
    assert sum(part.contribution for part in product.parts) == found.change
    country = found.by[0]
    assert {g.key: g.contribution for g in country.groups} == {
        ("UK",): Fraction("179.80"),
        ("FR",): Fraction(0),
        ("DE",): Fraction("9.90"),
    }
    assert country.residual == country.rest == 0
    assert found.explanation is not None
    assert found.explanation.dimensions == ("customer",)
    assert [group.key for group in found.explanation.groups] == [(None,)]


def test_a_ratio_is_rate_and_mix() -> None:
    found = why("average_order_value")
    (formula,) = found.factors
    assert [part.name for part in formula.parts] == ["revenue", "orders"]
    assert sum(part.contribution for part in formula.parts) == found.change
    country = found.by[0]
    assert country.residual == country.rest == 0
    assert sum(g.contribution for g in country.groups) == found.change


def test_an_average_is_asked_as_a_sum_and_a_count() -> None:
    found = why("line_value")
    assert found.change == Fraction("251.30") / 4 - Fraction("61.60") / 4
    assert found.by[0].residual == found.by[0].rest == 0


def test_distinct_counts_turn_over_and_overlap() -> None:
    doubled = [*NOVEMBER, (date(2011, 11, 9), 8, 7, "FR", Decimal(1))]
    found = why("customers", rows=(*OCTOBER, *doubled))
    (turnover,) = found.factors
    parts = {part.name: part.contribution for part in turnover.parts}
    assert parts == {"new": Fraction(1), "lost": Fraction(-2)}
    assert turnover.kept == 2
    country = found.by[0]
    assert country.rest == -1  # customer 7 is counted in two countries of November
    assert country.residual == 0


def test_a_rolling_sum_is_what_entered_and_what_left() -> None:
    quiet = (date(2011, 11, 29), 9, 5, "DE", Decimal(0))
    found = why("rolling", period="2011-11-30", rows=(*OCTOBER, *NOVEMBER, quiet))
    assert found.spans.base.last == date(2011, 11, 29)
    (window,) = found.factors
    parts = {part.name: part.contribution for part in window.parts}
    assert parts == {"entered": Fraction("9.90"), "left": Fraction("-30.30")}


def test_what_cannot_be_divided_says_so() -> None:
    found = why("most")
    assert found.change == Fraction("169.70")
    assert found.by == ()
    assert "maximum" in found.undivided


def test_a_period_that_is_not_over_is_compared_as_far_as_it_goes() -> None:
    rows = [*OCTOBER, *NOVEMBER[:3]]
    found = why("revenue", rows=rows)
    assert found.spans.is_cut
    assert (found.spans.now.last, found.spans.base.last) == (date(2011, 11, 8), date(2011, 10, 8))
    assert found.before == Fraction("11.10")


@pytest.mark.parametrize(
    ("period", "comparison", "code"),
    [
        ("2012-01", "previous", "E950"),
        ("2011-10", "previous", "E951"),
        ("2011-11", "year_ago", "E951"),
    ],
)
def test_nothing_to_compare(period: str, comparison: Comparison, code: str) -> None:
    with pytest.raises(HeadwaterError) as error:
        why("revenue", period, comparison)
    assert error.value.issues[0].code == code


def test_an_unknown_metric_names_the_nearest() -> None:
    with pytest.raises(HeadwaterError, match="did you mean `revenue`"):
        why("revenu")


def test_other_dimensions_can_be_asked() -> None:
    assert [parts.dimensions for parts in why("revenue", by=("invoice",)).by] == [("invoice",)]


def test_as_data_and_as_sql() -> None:
    found = why("revenue")
    data = why_data(found, ("nothing restated",))
    assert data["change"] == pytest.approx(189.7)
    assert all(parts["residual"] == 0 for parts in data["by"])
    text = "\n".join(sql_lines(found.answers))
    assert "revenue by country" in text
    assert "$first" not in text, "values stand in the SQL"
