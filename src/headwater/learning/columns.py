"""Columns of Arrow tables → numbers or names, and whether they are what a model was trained on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headwater.errors import Issue, did_you_mean
from headwater.learning.algorithms.protocol import Numbers
from headwater.learning.model import InputColumn
from headwater.learning.values import LARGEST, Family, family_of

_UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY_S = 86_400


def family_of_arrow(type: pa.DataType) -> Family:
    """How a type of Arrow is read, as `values.family_of`."""
    tests: tuple[tuple[Family, bool], ...] = (
        ("boolean", pa.types.is_boolean(type)),
        ("number", pa.types.is_integer(type) or pa.types.is_floating(type)),
        ("number", pa.types.is_decimal(type)),
        ("date", pa.types.is_date(type)),
        ("time", pa.types.is_timestamp(type)),
        ("text", _is_text(type)),
        ("nothing", pa.types.is_null(type)),
    )
    return next((family for family, holds in tests if holds), "other")


def _is_text(type: pa.DataType) -> bool:
    if pa.types.is_dictionary(type):
        return _is_text(type.value_type)
    return bool(
        pa.types.is_string(type) or pa.types.is_large_string(type) or pa.types.is_string_view(type)
    )


def mistakes(rows: pa.Table, columns: Sequence[InputColumn]) -> Iterator[Issue]:
    """What keeps a table from being read as these inputs."""
    counts = Counter(rows.column_names)
    for column in columns:
        if not counts[column.name]:
            what = f"the rows have no column `{column.name}`, which the model needs"
            fix = did_you_mean(column.name, rows.column_names, f"add it as {column.type}")
            yield Issue(code="E022", what=what, fix=fix)
        elif counts[column.name] > 1:
            what = f"the rows have {counts[column.name]} columns `{column.name}`"
            yield Issue(code="E022", what=what, fix="name each feature once")
        else:
            found = rows.schema.field(column.name).type
            if family_of_arrow(found) not in (family_of(column.type), "nothing"):
                yield _other_type(column, found)


def _other_type(column: InputColumn, found: pa.DataType) -> Issue:
    return Issue(
        code="E022",
        what=f"`{column.name}` is {column.type} for the model, and {found} in the rows",
        fix=f"cast it to {column.type}, or train again",
    )


def numbers(values: pa.ChunkedArray) -> Numbers:
    """Quantities as float64, missing ones as NaN."""
    type = values.type
    if pa.types.is_date32(type):
        values = values.cast(pa.int32())
    elif pa.types.is_date64(type):
        values = values.cast(pa.date32()).cast(pa.int32())
    elif pa.types.is_decimal(type):
        # by way of text it is the nearest float; Arrow's own cast can be off by the last digit
        values = values.cast(pa.string())
    elif pa.types.is_timestamp(type):
        moments: Numbers = values.cast(pa.int64()).cast(pa.float64(), safe=False).to_numpy()
        return moments / float(_DAY_S * _UNITS[type.unit])
    found: Numbers = values.cast(pa.float64(), safe=False).to_numpy()
    return found


def names(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Names as text, those of numbers and booleans as they are written."""
    return values if pa.types.is_string(values.type) else values.cast(pa.string())


def infinite(column: InputColumn, values: Numbers) -> Iterator[Issue]:
    """The issue of a column with values that are no numbers a model can take."""
    count = int(np.count_nonzero(np.abs(values) > LARGEST))
    if count:
        yield Issue(
            code="E023",
            what=f"`{column.name}` is infinite, or beyond {LARGEST:.3g}, in {count:,} rows",
            fix="divide by `nullif(…, 0)`, or bound it with `least` and `greatest`",
        )


def codes(values: pa.ChunkedArray, categories: Sequence[str]) -> Numbers:
    """The number of each name; the one after the last for others, NaN for a missing one."""
    texts = names(values)
    found = pc.index_in(texts, value_set=pa.array(categories, pa.string()))
    others = pc.fill_null(found, len(categories)).cast(pa.float64()).to_numpy()
    missing = pc.is_null(texts).to_numpy()
    coded: Numbers = np.where(missing, np.nan, others)
    return coded
