"""Orders of two years and the customers who placed them, as Parquet files.

    python metric_orders.py FOLDER ORDERS CUSTOMERS

writes `orders.parquet` (order_id, customer_id, country, ordered_on, amount) and `customers.parquet`
(customer_id, tier). Values come from the row's number: the same on every machine.
"""

from __future__ import annotations

import sys
from pathlib import Path

FIRST, DAYS, COUNTRIES, TIERS = "2024-01-01", 731, 40, 5


def write(folder: Path, orders: int, customers: int) -> None:
    """Write both files, orders in the order of their days."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    database = duckdb.connect()
    database.execute(
        f"""
        copy (
          select
            n as order_id,
            (hash(n, 'customer') % {customers})::bigint as customer_id,
            'C' || lpad(((sqrt(hash(n, 'country') % 1600))::integer % {COUNTRIES})::varchar, 2, '0')
              as country,
            date '{FIRST}' + (n * {DAYS} // {orders})::integer as ordered_on,
            (hash(n, 'amount') % 50000 / 100.0 - 20)::decimal(12, 2) as amount
          from range({orders}) as numbers(n)
        ) to '{folder / "orders.parquet"}' (format parquet, compression zstd)
        """
    )
    database.execute(
        f"""
        copy (
          select n as customer_id, 'tier ' || (hash(n, 'tier') % {TIERS})::varchar as tier
          from range({customers}) as numbers(n)
        ) to '{folder / "customers.parquet"}' (format parquet, compression zstd)
        """
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
