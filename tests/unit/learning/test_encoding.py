"""The same numbers for tables and for one row; clear words where values are not what they were."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.unit.learning.customers import COLUMNS, customers, vectors

from headwater.errors import HeadwaterError
from headwater.learning.columns import numbers
from headwater.learning.encoding import CATEGORIES, Encoder, learn_encodings
from headwater.learning.model import InputColumn
from headwater.learning.values import name, number


def encoder(rows: pa.Table, *columns: InputColumn, one_hot: bool = False) -> Encoder:
    return Encoder(learn_encodings(rows, columns)[0], one_hot=one_hot)


def column(type: str, name: str = "x", *, is_category: bool = False) -> InputColumn:
    return InputColumn(name=name, type=type, is_category=is_category)


def only_issue(caught: pytest.ExceptionInfo[HeadwaterError]) -> str:
    (issue,) = caught.value.issues
    return str(issue)


@pytest.mark.parametrize("one_hot", [False, True])
def test_a_row_is_encoded_as_a_table(one_hot: bool) -> None:
    rows = customers()
    encodes = encoder(rows, *COLUMNS, one_hot=one_hot)
    matrix = encodes.matrix(rows)
    assert matrix.shape[1] == len(encodes.owners) == (10 if one_hot else 6)
    for row, vector in zip(matrix, vectors(rows), strict=True):
        np.testing.assert_array_equal(row, np.array(encodes.row(vector)))


def test_values_of_all_types_are_alike_one_by_one() -> None:
    moment = datetime(2011, 12, 9, 12, 30, 1, 250, tzinfo=UTC)
    values: dict[pa.DataType, list[object]] = {
        pa.int64(): [3, None],
        pa.float32(): [0.5, None],
        pa.bool_(): [True, None],
        pa.decimal128(38, 6): [Decimal("1234567.000001"), None],
        pa.date32(): [date(2011, 12, 9), None],
        pa.timestamp("us"): [moment.replace(tzinfo=None), None],
        pa.timestamp("us", tz="UTC"): [moment, None],
    }
    for type, given in values.items():
        found = numbers(pa.chunked_array([pa.array(given, type)]))
        np.testing.assert_array_equal(found, np.array([number(value) for value in given]))


def test_categories_are_the_most_frequent_then_others_then_missing() -> None:
    texts = ["b"] * 3 + ["a"] * 2 + [f"x{i:02}" for i in range(CATEGORIES)] + [None]
    rows = pa.table({"x": texts})
    encodes = encoder(rows, column("VARCHAR"))
    asked = pa.table({"x": ["b", "a", f"x{CATEGORIES - 1}", "new", None]})
    found = encodes.matrix(asked)[:, 0]
    np.testing.assert_array_equal(found, [0, 1, CATEGORIES, CATEGORIES, np.nan])
    linear = encoder(rows, column("VARCHAR"), one_hot=True).matrix(asked)
    assert linear.sum(axis=1).tolist() == [1, 1, 1, 1, 0]


def test_names_may_be_whole_numbers_and_booleans() -> None:
    rows = pa.table({"x": [7, 7, 8, None]})
    encodes = encoder(rows, column("INTEGER", is_category=True))
    assert encodes.row([7.0]) == [0]
    assert encodes.row([8]) == [1]
    assert name(False) == "false"


def test_what_never_varies_keeps_its_place_and_is_not_used() -> None:
    rows = pa.table({"a": [1, 2], "same": [5, 5], "none": pa.nulls(2, pa.float64())})
    inputs = [column("INTEGER", "a"), column("INTEGER", "same"), column("DOUBLE", "none")]
    encodings, warnings = learn_encodings(rows, inputs)
    encodes = Encoder(encodings, one_hot=False)
    assert encodes.row([4.0, 9.0, None]) == [4.0]
    assert warnings == (
        "`same` never varies in the training rows, and is not used",
        "`none` has no value in the training rows, and is not used",
    )


def test_infinite_values_are_refused_with_their_number() -> None:
    rows = pa.table({"x": [1.0, np.inf, -np.inf, 1e39]})
    with pytest.raises(HeadwaterError) as caught:
        encoder(rows, column("DOUBLE"))
    assert only_issue(caught).startswith("E023 `x` is infinite, or beyond 3.4e+38, in 3 rows")
    usual = encoder(pa.table({"x": [1.0, 2.0]}), column("DOUBLE"))
    with pytest.raises(HeadwaterError, match="E023"):
        usual.matrix(rows)
    with pytest.raises(HeadwaterError, match="E029"):
        usual.row([np.inf])


def test_another_type_is_told_with_both() -> None:
    encodes = encoder(pa.table({"orders": [1, 2]}), column("BIGINT", "orders"))
    with pytest.raises(HeadwaterError) as caught:
        encodes.matrix(pa.table({"orders": ["1", "2"]}))
    assert only_issue(caught) == (
        "E022 `orders` is BIGINT for the model, and string in the rows · "
        "cast it to BIGINT, or train again"
    )
    assert encodes.matrix(pa.table({"orders": [1.5]})).tolist() == [[1.5]]


def test_a_missing_feature_is_told_with_the_nearest() -> None:
    encodes = encoder(pa.table({"orders_90d": [1, 2]}), column("BIGINT", "orders_90d"))
    with pytest.raises(HeadwaterError) as caught:
        encodes.matrix(pa.table({"orders_30d": [1]}))
    assert only_issue(caught).startswith("E022 the rows have no column `orders_90d`")
    assert "did you mean `orders_30d`?" in only_issue(caught)


def test_columns_of_one_name_are_refused() -> None:
    rows = pa.Table.from_arrays([pa.array([1, 2]), pa.array([3, 4])], names=["x", "x"])
    with pytest.raises(HeadwaterError, match="E022 the rows have 2 columns `x`"):
        encoder(rows, column("BIGINT"))


@pytest.mark.parametrize(
    ("type", "values", "is_category"),
    [
        ("INTEGER[]", [[1], [2]], False),
        ("DOUBLE", [1.5, 2.5], True),
    ],
)
def test_types_that_no_model_reads_are_refused(
    type: str, values: list[object], is_category: bool
) -> None:
    with pytest.raises(HeadwaterError, match=r"E02[23]"):
        encoder(pa.table({"x": values}), column(type, is_category=is_category))


def test_vectors_of_other_lengths_and_types_are_refused() -> None:
    rows = pa.table({"n": [1, 2], "t": ["a", "b"]})
    encodes = encoder(rows, column("INTEGER", "n"), column("VARCHAR", "t"))
    asked: list[tuple[list[Any], str]] = [
        ([1.0], "the vector has 1 values; the model takes 2"),
        (["1", "a"], "`n` is INTEGER, and was given as '1'"),
        ([1.0, 2.5], "`t` is VARCHAR, and was given as 2.5"),
        ([[1], "a"], r"`n` is INTEGER, and was given as \[1\]"),
        ([10**400, "a"], "`n` is INTEGER, and was given as 1000"),
        ([1.0, np.inf], "`t` is VARCHAR, and was given as inf"),
    ]
    for vector, said in asked:
        with pytest.raises(HeadwaterError, match=said) as caught:
            encodes.row(vector)
        assert caught.value.issues[0].code == "E029"
