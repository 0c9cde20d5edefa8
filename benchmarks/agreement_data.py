"""Random rows for `agreement.py`: what is unknown, comes back, or belongs to nobody.

python agreement_data.py FOLDER SEED
"""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta
from pathlib import Path

import duckdb

FIRST, LAST = date(2023, 11, 20), date(2025, 2, 9)
_TABLES = {
    "orders": "order_id INTEGER, customer_id INTEGER, country VARCHAR, amount DECIMAL(12,2), "
    "quantity INTEGER, weight DOUBLE, is_return BOOLEAN, ordered_on DATE",
    "customers": "customer_id INTEGER, tier VARCHAR",
    "stock": "count_id INTEGER, item VARCHAR, units INTEGER, counted_on DATE",
    "visits": "visit_id INTEGER, customer_id INTEGER, channel VARCHAR, visited_on DATE",
    "purchases": "purchase_id INTEGER, customer_id INTEGER, bought_on DATE",
}
Rows = list[tuple[object, ...]]


class Dice:
    """Random choices."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  # the same rows each time
        self.days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]

    def maybe(self, value: object, unknown: float = 0.1) -> object:
        """The value, or now and then none."""
        return None if self.random.random() < unknown else value

    def spread(self, count: int) -> list[date]:
        """So many days in order, the first and the last of all among them."""
        return sorted([FIRST, LAST, *self.random.choices(self.days, k=count - 2)])

    def orders(self) -> Rows:
        """Orders; some of nobody, some without a price, some that came back."""
        pick = self.random
        return [
            (
                number,
                self.maybe(pick.randint(1, 30)),
                self.maybe(pick.choice(["DE", "FR", "IT", "a 'quoted' one"])),
                self.maybe(f"{pick.randint(-9_999, 99_999) / 100:.2f}"),
                self.maybe(pick.randint(-2, 12)),
                self.maybe(pick.uniform(-1, 9)),
                self.maybe(pick.random() < 0.2),
                day,
            )
            for number, day in enumerate(self.spread(pick.randint(40, 400)))
        ]

    def customers(self) -> Rows:
        """Forty, of whom the last ten never order."""
        return [(number, self.maybe(self.random.choice("ABC"))) for number in range(1, 41)]

    def stock(self) -> Rows:
        """Counts of three items, each with days on which it was not counted."""
        found: Rows = []
        for item in ("bolt", "nut", None):
            for day in {FIRST, LAST, *self.random.sample(self.days, 200)}:
                found.append((len(found), item, self.maybe(self.random.randint(0, 99)), day))
        return found

    def visits(self, is_free: bool) -> tuple[Rows, Rows]:
        """Visits, one a day of a customer at most, and what was bought.

        Unless `is_free`, everybody is known, and a visit has one purchase after it at most.
        """
        pick = self.random
        unknown = 0.05 if is_free else 0.0
        seen = sorted({(pick.randint(1, 25), day) for day in self.spread(300)})
        visits: Rows = [
            (number, self.maybe(who, unknown), self.maybe(pick.choice(["ads", "mail"])), day)
            for number, (who, day) in enumerate(seen)
        ]
        bought = [(pick.randint(1, 28), day) for day in self.spread(150)]
        if not is_free:
            bought = [*_once(seen, bought), (0, FIRST), (0, LAST)]
        purchases: Rows = [
            (number, self.maybe(who, unknown), day) for number, (who, day) in enumerate(bought)
        ]
        return visits, purchases


def _once(seen: list[tuple[int, date]], bought: list[tuple[int, date]]) -> list[tuple[int, date]]:
    """Of the purchases after one visit the first."""
    found: dict[object, tuple[int, date]] = {}
    for who, day in sorted(bought):
        before = [visit for visit in seen if visit[0] == who and visit[1] <= day]
        found.setdefault(before[-1] if before else (who, day), (who, day))
    return list(found.values())


def main() -> None:
    """Write the tables of one seed."""
    folder, seed = Path(sys.argv[1]), int(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    dice = Dice(seed)
    visits, purchases = dice.visits(is_free=seed % 2 == 0)
    rows = {
        "orders": dice.orders(),
        "customers": dice.customers(),
        "stock": dice.stock(),
        "visits": visits,
        "purchases": purchases,
    }
    database = duckdb.connect()
    for table, columns in _TABLES.items():
        database.execute(f"CREATE TABLE {table} ({columns})")
        marks = ", ".join("?" * len(rows[table][0]))
        database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows[table])
        target = str(folder / f"raw_{table}.parquet")
        database.table(table).order(database.table(table).columns[0]).write_parquet(target)


if __name__ == "__main__":
    main()
