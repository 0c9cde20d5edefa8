"""A value at a moment is what a batch made a day after it would have said, whatever came later."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.integration.run.small import ORDERS, Small

import headwater as hw

SALES = """
    /*
    time: ordered_at
    key: id
    references: {customer: customers}
    */
    select id, ordered_at, customer, amount::decimal(18,2) as amount from orders
"""
#: A table that outcomes are written back to: whoever is lost is marked, and all their rows with it.
MARKED = """
    /*
    time: ordered_at
    key: id
    references: {customer: customers}
    on_change: {lost: restate}
    */
    select s.id, s.ordered_at, s.customer, l.customer is not null as is_lost
    from sales s left join lost l on s.customer = l.customer
"""
VIEW = """
    entity: customers
    source: {source}
    windows: [30d]
    features:
      {features}
"""
KEYS = ["ann", "bob", "cid"]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """Sales, a view over them, and one over what is restated with outcomes."""
    small = Small(tmp_path)
    small.write("sources/orders.yml", ORDERS)
    small.write("tables/sales.sql", SALES)
    small.write(
        "tables/customers.sql",
        "/* {key: customer} */ select distinct customer from sales where customer is not null",
    )
    small.write("seeds/lost.csv", "customer\nzed\n")
    small.write("tables/marked.sql", MARKED)
    small.write("features/customer.yml", VIEW.format(source="sales", features="spend: sum(amount)"))
    small.write(
        "features/marks.yml", VIEW.format(source="marked", features="marked: bool_or(is_lost)")
    )
    return small


def day(number: int) -> str:
    """A day of March 2024."""
    return f"2024-03-{number:02d}"


def values(small: Small, view: str, at: str, *, now: str, known: bool = True) -> list[Any]:
    """The view's value of each customer at a moment."""
    with hw.open(small.root, now=now) as shop:
        return [row[-1] for row in shop.features(view, KEYS, at, as_known=known).fetchall()]


def test_values_are_what_a_batch_said_then(small: Small) -> None:
    said = {}
    for number in range(1, 8):
        rows = [(10 * number, f"{day(number)} 09:00", KEYS[number % 3], number)]
        if number == 5:  # a correction of the second day, and a late row of the third
            small.deliver("day2", [(20, f"{day(2)} 09:00", "cid", 100)])
            rows.append((39, f"{day(3)} 22:00", "bob", 1000))
        small.deliver(f"day{number}", rows)
        now = f"{day(number + 1)}T07:00"
        small.run(now=now)
        # What a batch says that is made now, of the midnight seven hours ago.
        said[day(number + 1)] = values(small, "customer", day(number + 1), now=now, known=False)
    later = "2024-04-01"
    known = {at: values(small, "customer", at, now=later) for at in said}
    assert known == said
    by_now = {at: values(small, "customer", at, now=later, known=False) for at in said}
    differing = [at for at in said if by_now[at] != said[at]]
    assert differing == [day(3), day(4), day(5)]  # the correction leaks where nobody asks


def test_outcomes_that_are_written_back_are_not_seen(small: Small) -> None:
    rows = [(n, f"{day(1)} 0{n}:00", who, 1) for n, who in enumerate(KEYS)]
    small.deliver("day1", [*rows, (9, f"{day(9)} 09:00", "ann", 1)])
    small.run(now="2024-03-10")
    small.write("seeds/lost.csv", "customer\nbob\n")
    small.run(now="2024-03-25")
    at = day(12)
    assert values(small, "marks", at, now="2024-04-01") == [False, False, False]
    assert values(small, "marks", at, now="2024-04-01", known=False) == [False, True, False]
    assert values(small, "marks", day(24), now="2024-04-01") == [False, True, False]


def test_latency_says_when_a_value_is_computed(small: Small) -> None:
    small.deliver("day1", [(1, f"{day(1)} 09:00", "ann", 1)])
    small.run(now=f"{day(2)}T07:00")
    small.deliver("day2", [(2, f"{day(2)} 09:00", "ann", 10)])
    small.run(now=f"{day(4)}T07:00")  # two days late
    assert values(small, "customer", day(3), now="2024-04-01")[0] == 1
    text = VIEW.format(source="sales", features="spend: sum(amount)")
    small.write("features/customer.yml", f"{text}    latency: 2d\n")
    small.run(now=f"{day(4)}T08:00")
    assert values(small, "customer", day(3), now="2024-04-01")[0] == 11


def test_a_view_that_says_itself_when_a_row_was_loaded(small: Small) -> None:
    small.deliver("day1", [(1, f"{day(1)} 09:00", "ann", 1)])
    small.deliver("day2", [(2, f"{day(2)} 09:00", "ann", 10)])
    small.run(now=f"{day(5)}T07:00")
    small.write(
        "features/loaded.yml",
        """
        entity: customers
        source: orders
        known_at: _loaded_at
        features: {spend: sum(amount)}
        """,
    )
    with hw.open(small.root, now=f"{day(6)}") as shop:
        late = shop.features("loaded", ["ann"], day(5)).fetchall()
        soon = shop.features("loaded", ["ann"], day(3)).fetchall()
    at = datetime(2024, 3, 5)  # noqa: DTZ001
    assert late == [("ann", at, 11)]
    assert soon == [("ann", at - timedelta(days=2), None)]
