"""Training rows are what anybody could have known then: days, corrections and releases in Python.

Nothing here reads how the project keeps load times. A diary of deliveries says what was known after
each run, and plain loops say what the features were.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.integration.run.small import Small

import headwater as hw
from headwater.ids import NodeId

LONDON = ZoneInfo("Europe/London")
FIRST = date(2024, 3, 25)  # the clocks change on the 31st
HORIZON, WINDOW, LATENCY = timedelta(days=3), timedelta(days=5), timedelta(days=1)
WHO = ("ann", "bob", "cid")
Row = tuple[Any, ...]
Event = tuple[int, datetime, str, int]  # id, local time, customer, amount
Known = dict[date, tuple[Event, ...]]  # day → its rows
NODES = frozenset(
    NodeId.parse(name)
    for name in (
        *("source.orders", "table.sales", "table.customers"),
        *("label.lapsed", "training_set.churn"),
    )
)

SALES = """
    /*
    time: ordered_at
    key: id
    references: {customer: customers}
    */
    select id, ordered_at, customer, (1 * amount)::decimal(18,2) as amount from orders
"""
VIEW = """
    entity: customers
    source: sales
    windows: [5d]
    features:
      orders: count(*)
      spend: sum(amount)
      latest:
        expr: arg_max(amount, ordered_at)
        windows: all
"""
LABEL = """
    entity: customers
    source: sales
    horizon: 3d
    expr: count(*) = 0
    observe: {every: day}
"""


class Diary:
    """A shop that is run each morning at seven, and what was known of it after each run."""

    def __init__(self, small: Small) -> None:
        self.small = small
        self.days: Known = {}
        self.known: list[tuple[datetime, Known]] = []
        self.files = 0
        orders = "files: data/orders/*.csv\ntime: ordered_at\nredelivery: replace\n"
        customers = "/* {key: customer} */ select distinct customer from orders"
        small.write("headwater.yml", "name: small\ntimezone: Europe/London\nnow: 2024-05-01\n")
        small.write("sources/orders.yml", orders)
        small.write("tables/customers.sql", customers)
        small.write("tables/sales.sql", SALES)
        small.write("features/customer.yml", VIEW)
        small.write("labels/lapsed.yml", LABEL)
        small.write("models/churn.yml", "label: lapsed\nfeatures: [customer]\nowner: growth\n")

    def deliver(self, rows: Iterable[Event]) -> None:
        """A file; its days take the place of those that came before."""
        self.files += 1
        listed = sorted(rows)
        shown = [(number, f"{t:%Y-%m-%d %H:%M:%S}", who, a) for number, t, who, a in listed]
        self.small.deliver(f"{self.files:03d}", shown)
        for day in {t.date() for _, t, _, _ in listed}:
            self.days[day] = tuple(row for row in listed if row[1].date() == day)

    def run(self, now: datetime) -> None:
        """Build the training set, and note what is known."""
        report = self.small.run(now=now.isoformat(), selected=NODES)
        assert not report.failed, [str(i) for o in report.outcomes for i in o.issues]
        self.known.append((now, dict(self.days)))

    def known_at(self, moment: datetime) -> Known:
        """What a run saw at a moment.

        Before the first run it is what that one brought, and what was put before it later.
        """
        runs = [known for at, known in self.known if at <= moment]
        if runs:
            return runs[-1]
        first = self.known[0][1]
        before = [{d: known[d] for d in known if d < min(first)} for _, known in self.known]
        return first | {d: rows for known in reversed(before) for d, rows in known.items()}

    def rows(self) -> list[Row]:
        """The rows of the training set in the release."""
        with hw.open(self.small.root, now="2024-05-01") as shop:
            columns = shop.training_set("churn").to_arrow().to_pydict()
        return sorted(zip(*columns.values(), strict=True))

    def live(self, chance: random.Random, days: Iterable[int]) -> None:
        """A delivery and a run for each day, and now and then an older day anew."""
        for number in days:
            day = FIRST + timedelta(days=number)
            rows = some_rows(day, chance)
            if number > 2 and chance.random() < 0.5:
                rows += some_rows(day - timedelta(days=chance.randint(1, 4)), chance)
            self.deliver(rows)
            if number:
                self.run(morning(day))


def morning(day: date) -> datetime:
    """The run after a day."""
    return datetime.combine(day + timedelta(days=1), time(7), LONDON)


def some_rows(day: date, chance: random.Random) -> list[Event]:
    """Orders of a day; some at midnight, where a window begins and ends."""
    at = datetime.combine(day, time())
    return [
        (
            chance.randrange(1 << 40),
            at + timedelta(minutes=chance.choice((0, 0, 90, 600, 1439)), seconds=place),
            who,
            chance.randint(1, 99),
        )
        for place, who in enumerate(chance.choices(WHO, k=chance.randint(1, 3)))
    ]


def expected(truth: Known, known_at: Callable[[datetime], Known], factor: int = 1) -> list[Row]:
    """Key, moment, day, label, orders, spend and latest amount of each label row."""
    events = [row for rows in truth.values() for row in rows]
    found = []
    at = datetime.combine(FIRST, time())
    while at + HORIZON <= datetime.combine(max(truth) + timedelta(days=1), time()):
        known = known_at(at.replace(tzinfo=LONDON).astimezone(UTC) + LATENCY)
        seen = [row for rows in known.values() for row in rows]
        for who in {c for _, t, c, _ in events if t < at}:
            label = not any(c == who and at <= t < at + HORIZON for _, t, c, _ in events)
            mine = sorted((t, factor * a) for _, t, c, a in seen if c == who and t < at)
            recent = [a for t, a in mine if t >= at - WINDOW]
            spend = Decimal(sum(recent)) if recent else None
            latest = Decimal(mine[-1][1]) if mine else None
            day = (at + HORIZON).date() - timedelta(days=1)
            found.append((who, at, day, label, len(recent), spend, latest))
        at += timedelta(days=1)
    return sorted(found)


def test_corrections_do_not_leak(small: Small) -> None:
    diary = Diary(small)
    chance = random.Random(1)
    diary.live(chance, range(5))
    early = {row[:2]: row[4:] for row in diary.rows()}
    diary.live(chance, range(5, 9))
    rows = diary.rows()
    assert rows == expected(diary.days, diary.known_at)
    by_now = expected(diary.days, lambda _: diary.days)
    assert sum(one != other for one, other in zip(rows, by_now, strict=True)) >= 5
    # What a row knew once it knows for ever.
    both = [row for row in rows if row[:2] in early]
    assert len(both) >= 5
    assert all(row[4:] == early[row[:2]] for row in both)


def test_a_new_definition_takes_the_place_of_the_old_one(small: Small) -> None:
    diary = Diary(small)
    chance = random.Random(5)
    diary.live(chance, range(5))
    small.write("tables/sales.sql", SALES.replace("1 * amount", "2 * amount"))
    changed = diary.known[-1][0] + timedelta(hours=2)
    diary.run(changed)
    # Days stay known since when they were; what they held before the change is not told apart.
    diary.known = [(at, {d: diary.days[d] for d in known}) for at, known in diary.known]
    diary.live(chance, range(5, 7))
    assert diary.rows() == expected(diary.days, diary.known_at, factor=2)


def test_a_release_of_data_that_is_taken_back(small: Small) -> None:
    diary = Diary(small)
    chance = random.Random(6)
    diary.live(chance, range(5))
    back = diary.known[-1][0] + timedelta(hours=30)
    with small.open(now=back.isoformat()) as project:
        project.rollback()
    diary.known.append((back, diary.known[-2][1]))
    diary.live(chance, range(6, 8))
    assert diary.rows() == expected(diary.days, diary.known_at)


def test_a_column_that_says_when_a_row_was_loaded(small: Small) -> None:
    diary = Diary(small)
    small.write("features/customer.yml", VIEW + "    known_at: loaded_at\n")
    small.write("tables/sales.sql", SALES.replace("customer,", "customer, loaded_at,"))
    chance = random.Random(9)
    loaded: dict[Event, datetime] = {}
    for number in range(12):
        for row in some_rows(FIRST + timedelta(days=number), chance):
            loaded[row] = row[1] + timedelta(hours=chance.choice((0, 5, 24, 30, 60)))
    shown = [(n, f"{t}", who, a, f"{loaded[n, t, who, a]}") for n, t, who, a in loaded]
    small.deliver("all", shown, header="id,ordered_at,customer,amount,loaded_at")
    diary.run(morning(FIRST + timedelta(days=12)))

    def until(moment: datetime | None) -> Known:
        known: Known = {}
        for row, at in loaded.items():
            if moment is None or at.replace(tzinfo=LONDON) <= moment:
                known[row[1].date()] = (*known.get(row[1].date(), ()), row)
        return known

    assert diary.rows() == expected(until(None), until)
