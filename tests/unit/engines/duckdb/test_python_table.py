"""A table in Python takes and gives Arrow in every form; what it raises names the user's line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from headwater.engines.duckdb import DuckDBSession
from headwater.engines.duckdb.arrow import given_table
from headwater.engines.duckdb.python_table import write_python_table
from headwater.engines.protocol import InputRelation, Target
from headwater.errors import HeadwaterError, Place

SALES = (("id", "INTEGER"), ("amount", "DOUBLE"))
HERE = Place("tables/net.py", 3)


@pytest.fixture(autouse=True)
def inputs(session: DuckDBSession) -> None:
    rows = given_table([{"id": n, "amount": n * 1.5} for n in range(5)])
    session.bind_inputs(
        [InputRelation(name=name, schema=SALES, rows=rows) for name in ("sales", "others")]
    )


def as_relation(sales: duckdb.DuckDBPyRelation) -> Any:
    return sales.filter("id >= 2")


def as_joined_relations(sales, others):  # type: ignore[no-untyped-def] # noqa: ANN001
    return sales.set_alias("s").join(others.set_alias("o"), "s.id = o.id").select("s.id, o.amount")


def as_table(sales: pa.Table) -> Any:
    return sales.slice(2)


def as_batches(
    sales: pa.RecordBatchReader, others: pa.RecordBatchReader
) -> Iterator[pa.RecordBatch]:
    for one, _ in zip(sales, others, strict=True):  # two streams in turns
        yield one.slice(2)


def as_tables(sales: pa.Table) -> Iterator[pa.Table]:
    yield sales.slice(0, 0)
    yield sales.slice(2)


def as_record_batch(sales: pa.Table) -> Any:
    return sales.slice(2).to_batches()[0]


class Frame:
    """What pandas, polars and others have in common."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.table.__arrow_c_stream__(requested_schema)


def as_frame(sales: pa.Table) -> Any:
    return Frame(sales.slice(2).append_column("__index_level_0__", pa.array([9, 9, 9])))


@pytest.mark.parametrize(
    ("function", "rows"),
    [
        (as_relation, 3),
        (as_joined_relations, 5),
        (as_table, 3),
        (as_batches, 3),
        (as_tables, 3),
        (as_record_batch, 3),
        (as_frame, 3),
    ],
)
def test_every_form_is_written(
    session: DuckDBSession, target: Target, function: Callable[..., Any], rows: int
) -> None:
    for schema in (None, SALES):
        given, (file,) = write_python_table(
            session, function, schema=schema, time=None, keep=None, target=target
        )
        assert (given, file.rows) == (SALES, rows)


def test_frames_of_pandas_and_polars(session: DuckDBSession, target: Target) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("polars")

    def pandas_frame(sales):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        return sales[sales["id"] >= 2]

    def polars_frame(sales):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        return sales.filter(sales["id"] >= 2)

    for function, style in ((pandas_frame, "pd.DataFrame"), (polars_frame, "pl.DataFrame")):
        function.__annotations__["sales"] = style
        _, (file,) = write_python_table(
            session, function, schema=SALES, time=None, keep=None, target=target
        )
        assert file.rows == 3


def test_an_error_names_the_users_line(
    session: DuckDBSession, target: Target, tmp_path: Path
) -> None:
    def fails_at_once(sales: pa.Table) -> Any:
        return sales.column("nope")

    def fails_later(sales: pa.Table) -> Iterator[pa.Table]:
        yield sales
        raise ValueError("the rate is missing")

    def fails_first(sales: pa.Table) -> Iterator[pa.Table]:
        if sales.num_rows:
            raise ValueError
        yield sales

    for function, what, line in (
        (fails_at_once, "KeyError", 1),
        (fails_later, "ValueError: the rate is missing", 2),
        (fails_first, "ValueError", 2),
    ):
        with pytest.raises(HeadwaterError) as caught:
            write_python_table(
                session, function, schema=SALES, time=None, keep=None, target=target, place=HERE
            )
        (issue,) = caught.value.issues
        assert issue.code == "E745"
        assert issue.what.startswith(what)
        assert issue.place == Place("tables/net.py", function.__code__.co_firstlineno + line)
    assert list(tmp_path.rglob("*.parquet")) == []


def test_other_columns_are_told_all_at_once(session: DuckDBSession, target: Target) -> None:
    schema = (("id", "INTEGER"), ("amuont", "DOUBLE"), ("region", "VARCHAR"))
    with pytest.raises(HeadwaterError) as caught:
        write_python_table(
            session, as_table, schema=schema, time=None, keep=None, target=target, place=HERE
        )
    assert [(issue.code, issue.fix) for issue in caught.value.issues] == [
        ("E746", "did you mean `amount`?"),
        ("E746", ""),
        ("E746", "did you mean `amuont`?"),
    ]


def a_number(sales: pa.Table) -> Any:
    return sales.num_rows


def dicts(sales: pa.Table) -> Any:
    return sales.to_pylist()


@pytest.mark.parametrize("function", [a_number, dicts])
def test_what_is_not_arrow_is_refused(
    session: DuckDBSession, target: Target, function: Callable[..., Any]
) -> None:
    with pytest.raises(HeadwaterError, match="E746 the function gave"):
        write_python_table(session, function, schema=SALES, time=None, keep=None, target=target)


def nothing(sales: pa.Table) -> Any:
    return iter(())


def test_inputs_without_rows(session: DuckDBSession, target: Target) -> None:
    session.bind_inputs([InputRelation(name=name, schema=SALES) for name in ("sales", "others")])
    for function in (as_relation, as_joined_relations, as_table, as_batches, as_tables):
        found = write_python_table(
            session, function, schema=None, time=None, keep=None, target=target
        )
        assert found == (SALES, ())
    known = write_python_table(session, nothing, schema=SALES, time=None, keep=None, target=target)
    assert known == (SALES, ())
    with pytest.raises(HeadwaterError, match=r"E746 .*columns are unknown"):
        write_python_table(session, nothing, schema=None, time=None, keep=None, target=target)
