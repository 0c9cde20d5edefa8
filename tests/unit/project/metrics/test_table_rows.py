"""Rows that stay in Arrow until somebody looks at them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa

from headwater.project.metrics.arrow import TableRows, answer_table, can_stay_arrow
from headwater.semantics.asking import Answer, AnswerColumn, MetricQuery

DAY = date(2011, 12, 1)
ROWS = ((DAY, "DE", Decimal("1.50")), (DAY, None, None), (DAY, "FR", Decimal("2.00")))
TABLE = pa.table(
    {
        "period": pa.array([row[0] for row in ROWS], pa.date32()),
        "country": [row[1] for row in ROWS],
        "revenue": pa.array([row[2] for row in ROWS], pa.decimal128(38, 2)),
    }
)


def column(kind: str) -> AnswerColumn:
    return AnswerColumn(name="c", sort="dimension", type=kind)


def test_rows_are_those_of_tuples() -> None:
    rows = TableRows(TABLE)
    assert rows == ROWS
    assert rows == ROWS
    assert hash(rows) == hash(ROWS)
    assert len(rows) == 3
    assert rows[-1] == ROWS[-1]
    assert rows[1:] == ROWS[1:]
    assert rows[::-1] == ROWS[::-1]
    assert rows[5:] == ()
    assert repr(rows[:1]) == repr(ROWS[:1])
    assert rows != ROWS[:2]


def test_a_slice_stays_a_table() -> None:
    part = TableRows(TABLE)[:2]
    assert isinstance(part, TableRows)
    answer = Answer(query=MetricQuery(metrics=("revenue",)), columns=(), rows=part, sql="")
    assert answer_table(answer).num_rows == 2


def test_only_types_that_are_the_same_in_both_stay() -> None:
    assert can_stay_arrow([column("DATE"), column("VARCHAR"), column("DECIMAL(38,2)")])
    for other in ("HUGEINT", "TIMESTAMP WITH TIME ZONE", "INTERVAL", "UUID", "VARCHAR[]"):
        assert not can_stay_arrow([column("DATE"), column(other)])
