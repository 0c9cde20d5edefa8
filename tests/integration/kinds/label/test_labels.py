"""Labels in real runs: which rows there are, what they say, and everything that can be wrong."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.integration.kinds.label.shop import LABEL, VIEW, Shop

from headwater.errors import Issue
from headwater.project.recording import RunReport

FIRST, LAST = datetime(2024, 1, 1), datetime(2024, 5, 20)  # noqa: DTZ001  # local
SENT = "2024-02-01 10:00"
OFFERS = """
    files: data/offers/*.csv
    time: sent_at
    redelivery: replace
"""
OFFER_TABLE = """
    /*
    time: sent_at
    key: offer
    references: {customer: customers}
    */
    select offer, customer, sent_at, channel from mails
"""
ACCEPTED = """
    entity: customers
    source: sales
    horizon: 14d
    expr: count(*) > 0
    observe: {table: offers, at: sent_at}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """The shop without orders."""
    return Shop(tmp_path)


def some_orders(seed: int, count: int = 60) -> list[tuple[Any, ...]]:
    """Orders of five customers, and of nobody."""
    chance = random.Random(seed)
    span = int((LAST - FIRST).total_seconds() // 3600)
    found = []
    for number in range(count):
        at = FIRST + timedelta(hours=chance.randrange(span))
        who = chance.choice(["ann", "bob", "cid", "dora", "eve", None])
        found.append((number, f"{at:%Y-%m-%d %H:%M}", who, chance.randrange(1, 50)))
    return [*found, (count, f"{LAST:%Y-%m-%d} 12:00", "ann", 1)]


def parsed(orders: list[tuple[Any, ...]]) -> list[tuple[str | None, datetime]]:
    """Who and when."""
    return [(who, datetime.strptime(at, "%Y-%m-%d %H:%M")) for _, at, who, _ in orders]  # noqa: DTZ007


def midnight(day: date) -> datetime:
    """Where a local day begins."""
    return datetime.combine(day, datetime.min.time())


def outcome(report: RunReport, name: str) -> Any:
    """What became of a node."""
    return next(o for o in report.outcomes if o.node.name == name)


def held(shop: Shop, name: str = "churned", **options: Any) -> Issue:
    """The one error of a node that a run could not build."""
    (issue,) = outcome(shop.run(**options), name).issues
    assert isinstance(issue, Issue)
    return issue


def wrong(shop: Shop) -> list[tuple[str, str]]:
    """What a check says of the label, and what to do."""
    with shop.open() as project:
        return [(i.code, f"{i.what} · {i.fix}") for i in project.check() if "label" in str(i.place)]


def expected_rows(orders: list[tuple[Any, ...]], horizon: int) -> list[tuple[Any, ...]]:
    """Customers with an order in the 30 days before a month's end, and whether none followed."""
    events = parsed(orders)
    found = []
    for end in (datetime(2024, month, 1) for month in range(1, 7)):  # noqa: DTZ001
        day = (end + timedelta(days=horizon - 1)).date()
        if day > LAST.date():
            continue
        for who in sorted({w for w, _ in events if w is not None}):
            times = [at for name, at in events if name == who]
            if any(end - timedelta(days=30) <= at < end for at in times):
                after = any(end <= at < end + timedelta(days=horizon) for at in times)
                found.append((who, end, day, not after))
    return sorted(found)


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_are_what_plain_loops_say(shop: Shop, seed: int) -> None:
    orders = some_orders(seed)
    shop.orders(orders)
    report = shop.run(now="2024-05-21")
    expected = expected_rows(orders, 30)
    assert len(expected) > 5
    assert shop.rows("churned") == expected
    true = sum(row[3] for row in expected)
    assert outcome(report, "churned").notes[0] == f"{true} of {len(expected)} rows true"


def test_day_by_day_gives_what_all_at_once_gives(shop: Shop, tmp_path: Path) -> None:
    orders = sorted(some_orders(3), key=lambda row: str(row[1]))
    for week in range(0, 142, 17):
        end = FIRST + timedelta(days=week + 17)
        part = [o for o, (_, at) in zip(orders, parsed(orders), strict=True)
                if end - timedelta(days=17) <= at < end]  # fmt: skip
        shop.orders(part, f"week{week:03d}")
        shop.run(now=f"{end:%Y-%m-%d}")
    at_once = Shop(tmp_path / "at_once")
    at_once.orders(orders)
    at_once.run(now="2024-05-21")
    assert shop.rows("churned") == at_once.rows("churned") == expected_rows(orders, 30)
    assert not outcomes(shop.run(now="2024-05-25"))


def outcomes(report: RunReport) -> list[str]:
    """The nodes that a run touched."""
    return [str(o.node) for o in report.outcomes]


def test_late_rows_reopen_what_they_touch(shop: Shop) -> None:
    shop.orders([(1, "2024-01-05 09:00", "ann", 10), (2, "2024-05-20 09:00", "bob", 5)])
    shop.run(now="2024-05-21")
    (row,) = shop.rows("churned")
    assert row == ("ann", midnight(date(2024, 2, 1)), date(2024, 3, 1), True)
    shop.orders([(3, "2024-02-29 10:00", "ann", 1)], "late")
    report = shop.run(now="2024-05-21")
    assert outcome(report, "churned").status == "built"
    assert shop.rows("churned", "label") == [(False,), (True,)]


def test_the_horizon_has_to_be_over(shop: Shop) -> None:
    shop.orders([(1, "2024-01-05 09:00", "ann", 10), (2, "2024-02-29 09:00", "bob", 5)])
    (issue,) = outcome(shop.run(now="2024-03-01"), "churned").issues
    assert issue.code == "W013"
    assert "nobody is observed whose horizon is over" in issue.what
    shop.orders([(3, "2024-03-01 09:00", "bob", 5)], "next")
    report = shop.run(now="2024-03-02")
    assert outcome(report, "churned").issues == ()
    assert len(shop.rows("churned")) == 1


def test_a_horizon_longer_than_the_history(shop: Shop) -> None:
    shop.write("labels/churned.yml", LABEL.replace("30d", "900d").replace("_900d", "_30d"))
    shop.orders(some_orders(1))
    (issue,) = outcome(shop.run(now="2024-05-21"), "churned").issues
    assert issue.code == "W013"
    assert "no horizon of 900 days is over yet" in issue.what


def test_everybody_who_was_ever_seen(shop: Shop) -> None:
    text = LABEL.replace(", where: customer.orders_30d > 0", "")
    shop.write("labels/churned.yml", text)
    shop.orders([(1, "2024-01-05 09:00", "ann", 10), (2, "2024-05-20 09:00", "bob", 5)])
    shop.run(now="2024-05-21")
    rows = shop.rows("churned", "customer, day")
    assert rows == [
        ("ann", date(2024, 3, 1)),
        ("ann", date(2024, 3, 30)),
        ("ann", date(2024, 4, 30)),
    ]


def test_hours_and_days_at_the_change_of_clocks(shop: Shop) -> None:
    shop.write("labels/churned.yml", """
        entity: customers
        source: sales
        horizon: 36h
        expr: count(*) > 0
        observe: {every: day, where: customer.orders_30d > 0}
    """)  # fmt: skip
    shop.orders([(1, "2024-03-29 12:00", "ann", 1), (2, "2024-04-01 11:59", "ann", 1),
                 (3, "2024-04-03 11:59", "bob", 1)])  # fmt: skip
    shop.run(now="2024-04-04")
    found = {row[1].day: (row[2], row[3]) for row in shop.rows("churned") if row[0] == "ann"}
    assert found[30] == (date(2024, 3, 31), False)
    assert found[31] == (date(2024, 4, 1), True)


def with_offers(shop: Shop, offers: list[tuple[Any, ...]], label: str = ACCEPTED) -> Shop:
    """A label over rows of a table."""
    shop.write("sources/mails.yml", OFFERS)
    lines = ["offer,customer,sent_at,channel"]
    lines += [",".join("" if v is None else str(v) for v in row) for row in offers]
    shop.write("data/offers/all.csv", "\n".join(lines) + "\n")
    shop.write("tables/offers.sql", OFFER_TABLE)
    shop.write("labels/accepted.yml", label)
    shop.orders([(1, "2024-01-05 09:00", "ann", 10), (2, "2024-02-09 09:00", "ann", 5),
                 (3, "2024-03-31 09:00", "bob", 5)])  # fmt: skip
    return shop


def test_rows_of_a_table_bring_their_columns(shop: Shop) -> None:
    sent = [(1, "ann", SENT, "mail"), (2, "bob", SENT, "web")]
    sent += [(3, "ann", "2024-01-05 09:00", "web"), (4, "bob", "2024-03-29 10:00", "web")]
    with_offers(shop, sent)
    shop.run(now="2024-04-01")
    at = datetime(2024, 2, 1, 10)  # noqa: DTZ001
    assert shop.rows("accepted") == [
        ("ann", datetime(2024, 1, 5, 9), date(2024, 1, 19), True, "web"),  # noqa: DTZ001
        ("ann", at, date(2024, 2, 15), True, "mail"),
        ("bob", at, date(2024, 2, 15), False, "web"),
    ]


def test_rows_of_a_table_that_count(shop: Shop) -> None:
    where = "observe: {table: offers, where: channel = 'mail' and customer.recency < 30}"
    text = ACCEPTED.replace("observe: {table: offers, at: sent_at}", where)
    with_offers(shop, [(1, "ann", SENT, "mail"), (2, "bob", SENT, "mail"),
                       (3, "ann", "2024-01-06 09:00", "web")], text)  # fmt: skip
    shop.run(now="2024-04-01")
    assert shop.rows("accepted", "customer, channel") == [("ann", "mail")]


def test_rows_without_an_entity_stay_and_are_told(shop: Shop) -> None:
    with_offers(shop, [(1, None, SENT, "mail"), (2, None, SENT, "mail"),
                       (3, "ann", SENT, "web")])  # fmt: skip
    report = shop.run(now="2024-04-01")
    notes = outcome(report, "accepted").notes
    assert notes == ("1 of 3 rows true", "2 rows without key")
    assert sorted(row[3] for row in shop.rows("accepted")) == [False, False, True]


def test_two_rows_of_one_moment(shop: Shop) -> None:
    with_offers(shop, [(1, "ann", SENT, "mail"), (2, "ann", SENT, "web"),
                       (3, "bob", SENT, "web")])  # fmt: skip
    issue = held(shop, "accepted", now="2024-04-01")
    assert (issue.code, issue.place.line) == ("E017", 5)
    assert issue.what == (
        "`offers` has several rows for one entity and moment: 2, as for customer ann,"
        " as_of 2024-02-01 10:00:00"
    )
    shop.write(
        "labels/accepted.yml",
        ACCEPTED.replace("at: sent_at", "where: channel = 'mail'"),
    )
    shop.run(now="2024-04-01")
    assert shop.rows("accepted", "customer, label") == [("ann", True)]


@pytest.mark.parametrize(
    ("change", "code", "what"),
    [
        ("expr: sum(amount)", "E015", "`expr` gives DECIMAL(38,2), and a label is true or false"),
        ("expr: max(customer)", "E015", "`max(customer) = 'yes'`"),
        ("expr: count(ammount) = 0", "E002", "unknown column `ammount` · did you mean `amount`?"),
        ("source: sale", "E201", "unknown table `sale` · did you mean `sales`?"),
        ("entity: sale", "E201", "did you mean `sales`?"),
        ("source: customers", "E007", "`customers` has no time"),
        ("observe: {where: customer.order_30d > 0}", "E016",
         "unknown feature `customer.order_30d` · did you mean `orders_30d`?"),
        ("observe: {table: customers}", "E016", "`customers` has no time"),
        ("observe: {table: sales, at: orderd_at}", "E016", "the time of `sales` is `ordered_at`"),
        ("observe: {table: sales, where: amout > 1}", "E016",
         "unknown column `amout` · did you mean `amount`?"),
        ("observe: {table: daily}", "E008", "`daily` does not lead to `customers`"),
    ],
)  # fmt: skip
def test_what_a_check_says(shop: Shop, change: str, code: str, what: str) -> None:
    shop.orders(some_orders(1))
    shop.write(
        "tables/daily.sql",
        "/* {time: day} */ select ordered_at::date as day, count(*) as n from sales group by all",
    )
    key = change.partition(":")[0]
    kept = [line for line in LABEL.splitlines() if not line.strip().startswith(f"{key}:")]
    shop.write("labels/churned.yml", "\n".join([*kept, f"    {change}", ""]))
    found = wrong(shop)
    assert [each[0] for each in found] == [code]
    assert what in found[0][1]


def test_a_condition_that_holds_of_everybody(shop: Shop) -> None:
    shop.orders(some_orders(1))
    shop.write("labels/churned.yml", LABEL.replace("orders_30d > 0", "orders_30d = 0"))
    issue = held(shop, now="2024-05-21")
    assert (issue.code, issue.place.line) == ("E016", 6)
    assert "also holds of those who have no event" in issue.what
    lapsed = LABEL.replace("orders_30d > 0", "orders_30d = 0 and customer.recency >= 0")
    shop.write("labels/churned.yml", lapsed)
    shop.run(now="2024-05-21")
    assert shop.rows("churned")


def test_outcomes_in_numbers_are_0_and_1(shop: Shop) -> None:
    shop.orders(some_orders(1))
    shop.write("labels/churned.yml", LABEL.replace("count(*) = 0", "count(*)"))
    issue = held(shop, now="2024-05-21")
    assert issue.code == "E015"
    assert "neither 0 nor 1, such as 2" in issue.what
    assert "`count(*) > 0`" in issue.fix
    shop.write("labels/churned.yml", LABEL.replace("count(*) = 0", "least(count(*), 1)"))
    shop.run(now="2024-05-21")
    assert {row[0] for row in shop.rows("churned", "label")} == {True, False}


def test_the_sum_of_nothing_is_no(shop: Shop) -> None:
    shop.orders([(1, "2024-01-05 09:00", "ann", 10), (2, "2024-05-20 09:00", "bob", 5)])
    shop.write("labels/churned.yml", LABEL.replace("count(*) = 0", "sum(amount) > 100"))
    shop.run(now="2024-05-21")
    assert shop.rows("churned", "label") == [(False,)]


def test_a_label_that_is_always_the_same_says_so(shop: Shop) -> None:
    shop.orders(some_orders(1))
    shop.write("labels/churned.yml", LABEL.replace("count(*) = 0", "count(*) >= 0"))
    report = shop.run(now="2024-05-21")
    count = len(shop.rows("churned"))
    assert outcome(report, "churned").notes[0] == f"{count} of {count} rows true"


def test_a_feature_view_that_is_held_holds_the_label(shop: Shop) -> None:
    shop.orders(some_orders(1))
    shop.run(now="2024-05-21")
    before = shop.rows("churned")
    promised = f"{VIEW}    contract: {{spend_30d: {{nulls: 0%}}}}\n"
    shop.write("features/customer.yml", promised.replace("sum(amount)", "sum(2 * amount)"))
    shop.write("labels/churned.yml", LABEL.replace("= 0", "> 0"))
    report = shop.run(now="2024-05-21")
    assert outcome(report, "customer").status == "held"
    assert outcome(report, "churned").status == "waiting"
    assert shop.rows("churned") == before


def test_sql_reads_a_label_by_its_name(shop: Shop) -> None:
    shop.orders(some_orders(1))
    shop.run(now="2024-05-21")
    shop.write(
        "tables/churn_by_month.sql",
        """
        /* {key: month} */
        select date_trunc('month', as_of) as month, avg(label::int) as churned
        from churned group by all
        """,
    )
    shop.run(now="2024-05-21")
    months = {row[1] for row in shop.rows("churned")}
    assert len(shop.rows("churn_by_month")) == len(months)
