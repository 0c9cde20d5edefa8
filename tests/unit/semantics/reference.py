"""Metrics in plain Python, written from their definitions and not from the SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from tests.unit.semantics.world import Row, Shop

from headwater.clock import Grain
from headwater.semantics.metric import PeriodAggregate

Value = Any
Group = tuple[Any, ...]
Rows = Sequence[Row]
_DAY = timedelta(days=1)


def month_add(day: date, months: int) -> date:
    """The same day so many months later, or the last one of that month."""
    total = day.year * 12 + day.month - 1 + months
    for number in range(day.day, 0, -1):
        try:
            return date(total // 12, total % 12 + 1, number)
        except ValueError:
            continue
    raise AssertionError


def begin(day: date, grain: str) -> date:
    """The first day of a period, the fiscal year beginning in April."""
    match grain:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
        case "year":
            return date(day.year, 1, 1)
        case "fiscal_quarter":
            return begin(day, "quarter")
        case "fiscal_year":
            return date(day.year if day.month >= 4 else day.year - 1, 4, 1)
    raise AssertionError(grain)


def after(first: date, grain: str) -> date:
    """The first day of the next period."""
    day = first
    while begin(day, grain) == first:
        day += _DAY
    return day


@dataclass(frozen=True)
class Asked:
    """What is asked: by which groups, by which periods, which rows, which days."""

    grain: Grain | None
    by: Callable[[Row], Group]
    keeps: Callable[[Row], bool]
    first: date | None
    last: date | None

    def period(self, day: date) -> tuple[date, ...]:
        """The period of a day as a key."""
        return () if self.grain is None else (begin(day, self.grain),)

    def covers(self, day: date) -> bool:
        """Whether the day was asked for."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


def day_of(row: Row) -> date:
    """The local day of a sale."""
    moment: datetime = row["sold_at"]
    return moment.date()


def joined(shop: Shop) -> list[Row]:
    """Sales with what their customers and regions say; no sale is lost, none is doubled."""
    customers = {row["customer_id"]: row for row in shop.customers}
    regions = {row["region_id"]: row for row in shop.regions}
    found = []
    for row in shop.sales:
        customer = customers.get(row["customer_id"], {})
        region = regions.get(customer.get("region_id"), {})
        found.append(
            {
                **row,
                "customers.country": customer.get("country"),
                "regions.name": region.get("name"),
            }
        )
    return found


# --- aggregates


def total(column: str) -> Callable[[Rows], Value]:
    """The sum of what is not null; None of nothing."""

    def work(rows: Rows) -> Value:
        values = [row[column] for row in rows if row[column] is not None]
        return sum(values[1:], values[0]) if values else None

    return work


def number(keeps: Callable[[Row], Any]) -> Callable[[Rows], int]:
    """How many rows are so."""
    return lambda rows: sum(1 for row in rows if keeps(row))


def distinct(
    value: Callable[[Row], Any], keeps: Callable[[Row], Any] = lambda row: True
) -> Callable[[Rows], int]:
    """How many values."""
    return lambda rows: len({value(row) for row in rows if keeps(row)})


def is_sold(row: Row) -> bool:
    """Not a return; what is unknown is none."""
    return row["is_return"] is False


def divided(upper: Value, lower: Value) -> Value:
    """A quotient; None where there is none."""
    if upper is None or lower is None or lower == 0:
        return None
    return float(upper) / float(lower)


def _middle(rows: Rows) -> Value:
    values = sorted(row["quantity"] for row in rows if row["quantity"] is not None)
    if not values:
        return None
    half = len(values) // 2
    return float(values[half]) if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _extreme(pick: Callable[[Iterable[Any]], Any], column: str) -> Callable[[Rows], Value]:
    def work(rows: Rows) -> Value:
        values = [row[column] for row in rows if row[column] is not None]
        return pick(values) if values else None

    return work


def _average(rows: Rows) -> Value:
    return divided(total("quantity")(rows), number(lambda r: r["quantity"] is not None)(rows))


def _order_value(rows: Rows) -> Value:
    return divided(total("amount")(rows), ORDERS(rows))


def _weighted(rows: Rows) -> Value:
    units = total("quantity")(rows)
    return None if units is None else units * 2 + ORDERS(rows)


def _smallest(rows: Rows) -> Value:
    return _extreme(min, "amount")([row for row in rows if row["customers.country"] == "DE"])


ORDERS = distinct(lambda row: row["invoice"], is_sold)
PLAIN: dict[str, Callable[[Rows], Value]] = {
    "revenue": total("amount"),
    "units": total("quantity"),
    "lines": number(lambda row: True),
    "sold_lines": number(lambda row: is_sold(row) and (row["quantity"] or 0) > 0),
    "orders": ORDERS,
    "returns": distinct(lambda row: row["invoice"], lambda row: row["is_return"] is True),
    "pairs": distinct(lambda row: (row["invoice"], row["customer_id"])),
    "average": _average,
    "heaviest": _extreme(max, "weight"),
    "smallest": _smallest,
    "middle": _middle,
    "order_value": _order_value,
    "weighted": _weighted,
}


def plain(name: str, rows: Rows, asked: Asked) -> dict[Group, Value]:
    """A value for each period and group that has rows."""
    groups: dict[Group, list[Row]] = {}
    for row in rows:
        if asked.keeps(row) and asked.covers(day_of(row)):
            groups.setdefault((*asked.period(day_of(row)), *asked.by(row)), []).append(row)
    if asked.grain is None and not asked.by({}):
        groups.setdefault((), [])
    return {key: PLAIN[name](found) for key, found in groups.items()}


# --- balances

BALANCES: dict[str, PeriodAggregate] = {
    "stock": "last",
    "stock_first": "first",
    "stock_average": "average",
}


def balance(name: str, rows: Rows, asked: Asked) -> dict[Group, Value]:
    """The units of the day that speaks for each period: a day on which anything was sold."""
    days: dict[Group, set[date]] = {}
    for row in rows:
        if asked.covers(day_of(row)):
            days.setdefault(asked.period(day_of(row)), set()).add(day_of(row))
    found: dict[Group, Value] = {}
    which = BALANCES[name]
    for period, known in days.items():
        spoken = {"last": {max(known)}, "first": {min(known)}, "average": known}[which]
        chosen = [row for row in rows if asked.keeps(row) and day_of(row) in spoken]
        for group in {asked.by(row) for row in chosen}:
            value = total("quantity")([row for row in chosen if asked.by(row) == group])
            if which == "average":
                value = divided(value, len(known))
            found[(*period, *group)] = value
    if asked.grain is None and not asked.by({}):
        found.setdefault((), None)
    return found


# --- running


@dataclass(frozen=True)
class Reach:
    """How far back a window reaches from a day."""

    metric: str
    since: Callable[[date], date | None]
    day: PeriodAggregate = "last"


RUNNING = {
    "revenue_to_date": Reach("revenue", lambda day: begin(day, "month")),
    "revenue_7d": Reach("revenue", lambda day: day - timedelta(days=6)),
    "lines_7d_average": Reach("lines", lambda day: day - timedelta(days=6), "average"),
    "units_2m_first": Reach("units", lambda day: month_add(day + _DAY, -2), "first"),
    "orders_ever": Reach("orders", lambda day: None),
    "orders_to_date": Reach("orders", lambda day: begin(day, "year")),
    "orders_9d": Reach("orders", lambda day: day - timedelta(days=8)),
    "order_value_2m": Reach("order_value", lambda day: month_add(day + _DAY, -2)),
    "middle_9d": Reach("middle", lambda day: day - timedelta(days=8)),
}


def running(name: str, rows: Rows, asked: Asked) -> dict[Group, Value]:
    """The value of the window that ends with the day that speaks for each period."""
    reach = RUNNING[name]
    nothing = None if reach.day == "average" else PLAIN[reach.metric]([])
    if not rows:
        return {(): nothing} if asked.grain is None and not asked.by({}) else {}
    first = asked.first or min(map(day_of, rows))
    last = max(map(day_of, rows))
    last = min(last, asked.last) if asked.last else last
    periods: dict[Group, list[date]] = {}
    day = first
    while day <= last:
        periods.setdefault(asked.period(day), []).append(day)
        day += _DAY
    found: dict[Group, Value] = {}
    for period, days in periods.items():
        spoken = {"last": [days[-1]], "first": [days[0]], "average": days}[reach.day]
        values: dict[Group, list[Value]] = {}
        for end in spoken:
            since = reach.since(end)
            inside = [
                row
                for row in rows
                if asked.keeps(row)
                and day_of(row) <= end
                and (since is None or since <= day_of(row))
            ]
            for group in {asked.by(row) for row in inside}:
                of_group = [row for row in inside if asked.by(row) == group]
                values.setdefault(group, []).append(PLAIN[reach.metric](of_group))
        for group, known in values.items():
            there = [value for value in known if value is not None]
            if reach.day == "average":
                found[(*period, *group)] = float(sum(there)) / len(there) if there else None
            else:
                found[(*period, *group)] = known[0]
    if asked.grain is None and not asked.by({}):
        found.setdefault((), nothing)
    return found


# --- conversions


def _order(row: Row) -> tuple[datetime, str, int]:
    return row["sold_at"], row["invoice"], row["line"]


def _converts(
    base: Row, events: Rows, conversions: Rows, window: timedelta | None, *, same: bool
) -> bool:
    """Whether a conversion belongs to this event: to the last one at or before it."""
    for conversion in conversions:
        if conversion["customer_id"] != base["customer_id"]:
            continue
        moment = conversion["sold_at"]
        before = [
            event
            for event in events
            if event["customer_id"] == base["customer_id"]
            and (event["sold_at"] < moment or (not same and event["sold_at"] == moment))
        ]
        if not before or max(before, key=_order) is not base:
            continue
        if window is None or moment < base["sold_at"] + window:
            return True
    return False


def conversion(name: str, rows: Rows, asked: Asked) -> dict[Group, Value]:
    """Orders returned within ten days as a share; sold lines followed by another one."""
    known = [row for row in rows if row["customer_id"] is not None]
    if name == "returned":
        events = [row for row in known if is_sold(row)]
        targets = [row for row in known if row["is_return"] is True]
        window: timedelta | None = timedelta(days=10)
    else:
        events = [row for row in known if is_sold(row) and (row["quantity"] or 0) > 0]
        targets, window = events, None
    groups: dict[Group, list[tuple[Row, bool]]] = {}
    for row in events:
        if asked.keeps(row) and asked.covers(day_of(row)):
            converted = _converts(row, events, targets, window, same=targets is events)
            key = (*asked.period(day_of(row)), *asked.by(row))
            groups.setdefault(key, []).append((row, converted))
    if asked.grain is None and not asked.by({}):
        groups.setdefault((), [])
    found: dict[Group, Value] = {}
    for key, members in groups.items():
        if name == "repeated":
            found[key] = sum(1 for _, converted in members if converted)
        else:
            invoices = {row["invoice"] for row, _ in members}
            returned = {row["invoice"] for row, converted in members if converted}
            found[key] = divided(len(returned), len(invoices))
    return found


# --- retention


def retention(name: str, rows: Rows, asked: Asked, until: datetime) -> dict[Group, Value]:
    """By month of the first purchase and months since then."""
    matching = [
        row
        for row in rows
        if row["customer_id"] is not None and (name == "retention" or row["quantity"] is not None)
    ]
    starting = [row for row in matching if name == "retention" or is_sold(row)]
    returning = [row for row in matching if name == "loyalty" or is_sold(row)]
    starts: dict[int, Row] = {}
    for row in sorted(starting, key=_order):
        starts.setdefault(row["customer_id"], row)
    cohorts: dict[Group, list[int]] = {}
    for who, row in starts.items():
        if asked.keeps(row) and asked.covers(day_of(row)):
            cohorts.setdefault((begin(day_of(row), "month"), *asked.by(row)), []).append(who)
    if not cohorts:
        return {}
    horizon = begin(max(map(day_of, rows)), "month")
    most = _months(min(cohort[0] for cohort in cohorts), horizon)
    found: dict[Group, Value] = {}
    pooled: dict[Group, list[tuple[int, int]]] = {}
    for cohort, members in cohorts.items():
        for step in range(most + 1):
            month = month_add(cohort[0], step)
            back = {
                row["customer_id"]
                for row in returning
                if row["customer_id"] in members
                and (
                    begin(day_of(row), "month") == month
                    or (name == "loyalty" and begin(day_of(row), "month") > month)
                )
            }
            count = len(members) if step == 0 else len(back)
            share = count / len(members) if month <= horizon else None
            found[(cohort[0], step, *cohort[1:])] = share
            ended = datetime.combine(month_add(month, 1), time(0)) <= until
            of_step = pooled.setdefault((step, *cohort[1:]), [])
            if step == 0 or ended:
                of_step.append((count, len(members)))
    if asked.grain is not None:
        return found
    return {
        key: divided(sum(c for c, _ in pairs), sum(n for _, n in pairs))
        for key, pairs in pooled.items()
    }


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def reference(name: str, rows: Rows, asked: Asked) -> dict[Group, Value]:
    """The values of any metric but retention, by period and group."""
    if name in PLAIN:
        return plain(name, rows, asked)
    if name in BALANCES:
        return balance(name, rows, asked)
    if name in RUNNING:
        return running(name, rows, asked)
    return conversion(name, rows, asked)


def as_decimal(value: Value) -> Value:
    """Money as a number that compares with floats."""
    return float(value) if isinstance(value, Decimal) else value
