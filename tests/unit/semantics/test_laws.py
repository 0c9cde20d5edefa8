"""Laws: SQL equals plain Python for every type of metric; rollups equal rows; sides of joins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.unit.semantics import reference
from tests.unit.semantics.world import (
    DIMENSIONS,
    KEPT,
    Database,
    Row,
    Shop,
    close,
    same_rows,
    shops,
)

from headwater.clock import Grain
from headwater.semantics.asking import MetricQuery
from headwater.semantics.compiling import history_query

GRAINS: tuple[Grain, ...] = (
    "day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year",
)  # fmt: skip
COMPARABLE = [*reference.PLAIN, *reference.BALANCES, *reference.RUNNING, "returned", "repeated"]
FILTERS: dict[str, Callable[[Row], bool]] = {
    "": lambda row: True,
    "country = 'DE'": lambda row: row["country"] == "DE",
    "country in ('DE', 'FR')": lambda row: row["country"] is not None,
    "customers.country is null": lambda row: row["customers.country"] is None,
    "quantity >= 1 or not is_return": lambda row: (
        (row["quantity"] is not None and row["quantity"] >= 1) or row["is_return"] is False
    ),
    "regions.name in ('north')": lambda row: row["regions.name"] == "north",
}
PERIODS: dict[str, tuple[date | None, date | None]] = {
    "": (None, None),
    "2011-12": (date(2011, 12, 1), date(2011, 12, 31)),
    "2011-10-30..2012-01-03": (date(2011, 10, 30), date(2012, 1, 3)),
    "2011-W52": (date(2011, 12, 26), date(2012, 1, 1)),
    "2012-Q1": (date(2012, 1, 1), date(2012, 3, 31)),
}


@dataclass(frozen=True)
class Ask:
    """A question as words."""

    by: tuple[str, ...]
    grain: Grain | None
    where: str
    period: str

    def query(self, *metrics: str) -> MetricQuery:
        """It as a query of some metrics."""
        return MetricQuery(
            metrics=metrics,
            by=self.by,
            grain=self.grain,
            where=(self.where,) if self.where else (),
            period=self.period,
        )

    @property
    def asked(self) -> reference.Asked:
        """It in plain Python."""
        first, last = PERIODS[self.period]
        return reference.Asked(
            grain=self.grain,
            by=lambda row: tuple(row.get(name) for name in self.by),
            keeps=FILTERS[self.where],
            first=first,
            last=last,
        )


WHOLE = Ask((), None, "", "2011-12")
asks = st.builds(
    Ask,
    by=st.lists(st.sampled_from(DIMENSIONS), max_size=2, unique=True).map(tuple),
    grain=st.sampled_from([None, *GRAINS]),
    where=st.sampled_from([*FILTERS]),
    period=st.sampled_from([*PERIODS]),
)
quick = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    database = Database()
    yield database
    database.connection.close()


def keyed(rows: list[tuple[Any, ...]], keys: int) -> dict[tuple[Any, ...], Any]:
    found = {row[:keys]: row[keys] for row in rows}
    assert len(found) == len(rows), "a key came twice"
    return found


def assert_equal(actual: dict[Any, Any], expected: dict[Any, Any], name: str) -> None:
    assert actual.keys() == expected.keys(), name
    for key, value in expected.items():
        assert close(reference.as_decimal(actual[key]), reference.as_decimal(value)), (name, key)


@given(shop=shops(), ask=asks, names=st.lists(st.sampled_from(COMPARABLE), min_size=1, max_size=4))
@example(shop=Shop(sales=(), customers=(), regions=()), ask=WHOLE, names=COMPARABLE)
@settings(quick, max_examples=60)
def test_rows_equal_plain_python(
    database: Database, shop: Shop, ask: Ask, names: list[str]
) -> None:
    database.load(shop)
    rows = reference.joined(shop)
    for name in dict.fromkeys(names):
        _, answer = database.ask(ask.query(name))
        keys = len(ask.by) + (ask.grain is not None)
        assert_equal(keyed(answer, keys), reference.reference(name, rows, ask.asked), name)


@given(shop=shops(), ask=asks, name=st.sampled_from(["retention", "loyalty"]))
@quick
def test_retention_equals_plain_python(database: Database, shop: Shop, ask: Ask, name: str) -> None:
    ask = Ask(ask.by, "month" if ask.grain else None, ask.where, ask.period)
    database.load(shop)
    _, answer = database.ask(ask.query(name))
    until = datetime.fromisoformat("2012-03-15T12:00")
    expected = reference.retention(name, reference.joined(shop), ask.asked, until)
    keys = len(ask.by) + 1 + (ask.grain is not None)
    assert_equal(keyed(answer, keys), expected, name)


@given(shop=shops(), ask=asks, names=st.lists(st.sampled_from(COMPARABLE), min_size=1, max_size=4))
@settings(quick, max_examples=6)
def test_rollups_equal_rows(database: Database, shop: Shop, ask: Ask, names: list[str]) -> None:
    database.load(shop)
    database.keep(KEPT)
    for query in [ask.query(*dict.fromkeys(names)), *(ask.query(name) for name in names)]:
        compared = MetricQuery(
            metrics=query.metrics,
            by=query.by,
            grain=query.grain,
            where=query.where,
            period=query.period,
            compare=("previous", "year_ago") if query.grain or query.period else (),
        )
        for asked in (query, compared):
            _, raw = database.ask(asked, KEPT, "raw")
            _, best = database.ask(asked, KEPT, "auto")
            assert same_rows(raw, best)


@given(shop=shops(most=8), name=st.sampled_from([*COMPARABLE, "retention", "loyalty"]))
@settings(quick, max_examples=5)
def test_histories_equal_answers(database: Database, shop: Shop, name: str) -> None:
    database.load(shop)
    database.keep(KEPT)
    history = database.rows(history_query(KEPT.metrics[name], KEPT))
    for grain in [grain for grain in GRAINS if grain in {row[0] for row in history}]:
        _, answer = database.ask(MetricQuery(metrics=(name,), grain=grain))
        steps = [row[1] if name in ("retention", "loyalty") else None for row in answer]
        values = [row[-2] for row in answer]
        expected = [
            (grain, row[0], step, value)
            for row, step, value in zip(answer, steps, values, strict=True)
        ]
        found = sorted((row for row in history if row[0] == grain), key=lambda row: row[1:3])
        assert same_rows(found, expected)


@given(
    shop=shops(), where=st.sampled_from(["", "customers.country = 'DE'", "regions.name = 'north'"])
)
@quick
def test_a_join_gives_the_same_from_either_side(database: Database, shop: Shop, where: str) -> None:
    database.load(shop)
    conditions = (where,) if where else ()
    alone = MetricQuery(metrics=("customers",), by=("customers.country",), where=conditions)
    beside = MetricQuery(
        metrics=("revenue", "customers"), by=("customers.country",), where=conditions
    )
    _, counted = database.ask(alone)
    _, together = database.ask(beside)
    numbers = {row[0]: row[2] for row in together if row[2]}
    assert numbers == dict(counted)


@given(shop=shops(), ask=asks, name=st.sampled_from(["revenue", "lines", "units"]))
@quick
def test_groups_add_up_to_the_whole(database: Database, shop: Shop, ask: Ask, name: str) -> None:
    database.load(shop)
    _, groups = database.ask(ask.query(name))
    _, whole = database.ask(Ask((), None, ask.where, ask.period).query(name))
    values = [row[-2 if ask.grain else -1] for row in groups]
    known = [value for value in values if value is not None]
    assert (sum(known) if known else 0) == (whole[0][0] or 0)


@given(shop=shops(), days=st.integers(1, 40))
@settings(quick, max_examples=20)
def test_compared_values_are_those_of_the_earlier_period(
    database: Database, shop: Shop, days: int
) -> None:
    database.load(shop)
    last = date(2012, 2, 29)
    first = last - timedelta(days=days - 1)
    before = f"{first - timedelta(days=days)}..{first - timedelta(days=1)}"
    query = MetricQuery(
        metrics=("revenue", "orders"), period=f"{first}..{last}", compare=("previous",)
    )
    if first.day == 1:
        return  # whole months go back by months
    _, rows = database.ask(query)
    _, earlier = database.ask(MetricQuery(metrics=("revenue", "orders"), period=before))
    assert (rows[0][1], rows[0][3]) == earlier[0]
