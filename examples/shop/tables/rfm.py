"""Customers by recency, frequency and money: the mailing list of the spring catalogue."""

from __future__ import annotations

import duckdb
import pyarrow as pa

import headwater as hw


@hw.table(
    key="customer_id",
    title="Recency, frequency, money",
    owner="trading",
    tags=["customers"],
    references={"customer_id": "customers"},
)
def rfm(customers: pa.Table) -> pa.Table:
    """One row for each customer who has ordered, with a score of 1 to 5 for each of three habits.

    `recency`: 5 bought last; `frequency`: 5 orders most; `money`: 5 spends most.
    """
    return duckdb.sql(
        """
        select
          customer_id,
          6 - ntile(5) over (order by last_sold_at desc, customer_id) as recency,
          ntile(5) over (order by orders, customer_id)                as frequency,
          ntile(5) over (order by amount, customer_id)                as money
        from customers
        where orders > 0
        """
    ).to_arrow_table()
