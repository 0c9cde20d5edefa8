"""Customers at month ends, some of whom churn: rows as a training set has them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from headwater.learning.model import InputColumn, LearningSpec, SplitSpec

COUNTRIES = ("GB", "DE", "FR", "IE", None)
COLUMNS = (
    InputColumn(name="days_since_order", type="DOUBLE"),
    InputColumn(name="orders_90d", type="BIGINT"),
    InputColumn(name="revenue", type="DECIMAL(18,2)"),
    InputColumn(name="is_member", type="BOOLEAN"),
    InputColumn(name="first_order", type="DATE"),
    InputColumn(name="country", type="VARCHAR", is_category=True),
)
SPEC = LearningSpec(
    algorithm="xgboost",
    parameters={"n_estimators": 20},
    keys=("customer",),
    columns=COLUMNS,
    horizon=timedelta(days=90),
    split=SplitSpec(embargo=timedelta(days=90)),
)


def spec(**changes: object) -> LearningSpec:
    """The spec with other settings."""
    return replace(SPEC, **changes)  # type: ignore[arg-type]


def customers(count: int = 60, months: int = 20, seed: int = 1) -> pa.Table:
    """Rows of `count` customers at the begin of each month from 2010; recency tells most."""
    source = np.random.default_rng(seed)
    size = count * months
    starts = np.datetime64("2010-01", "M") + np.arange(months)
    at = np.repeat(starts.astype("datetime64[us]"), count)
    recency = source.exponential(40, size)
    orders = source.poisson(3, size)
    revenue = np.round(source.gamma(2, 50, size), 2)
    logits = 0.04 * recency - 0.5 * orders + 0.3
    return pa.table(
        {
            "customer": pa.array(np.tile(np.arange(count), months)),
            "as_of": pa.array(at, pa.timestamp("us")),
            "label": source.random(size) < 1 / (1 + np.exp(-logits)),
            "days_since_order": pa.array(recency, mask=source.random(size) < 0.1),
            "orders_90d": orders,
            "revenue": pa.array([f"{value:.2f}" for value in revenue]).cast(pa.decimal128(18, 2)),
            "is_member": source.random(size) < 0.4,
            "first_order": pa.array((14_000 + source.integers(0, 300, size)).astype("int32")).cast(
                pa.date32()
            ),
            "country": [COUNTRIES[i] for i in source.integers(0, len(COUNTRIES), size)],
        }
    )


def vectors(rows: pa.Table, columns: tuple[InputColumn, ...] = COLUMNS) -> list[list[Any]]:
    """The same rows as an online store has them: floats and texts."""
    lists = []
    for column in columns:
        values = rows.column(column.name)
        if pa.types.is_date(values.type):
            values = values.cast(pa.int32())
        plain = values.to_pylist()
        is_text = column.type == "VARCHAR"
        lists.append([v if v is None or is_text else float(v) for v in plain])
    return [list(row) for row in zip(*lists, strict=True)]
