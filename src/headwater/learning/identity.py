"""Which rows are of the same entity, and which of two tables are the same row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from headwater.stats.intervals import Clusters

Codes = npt.NDArray[np.int64]


def codes_of(rows: pa.Table, columns: Sequence[str]) -> Codes:
    """A number for each row, from 0; the same where the columns have the same values.

    >>> rows = pa.table({"id": [7, 7, 8, None], "at": [1, 1, 1, 1]})
    >>> codes_of(rows, ["id", "at"]).tolist()
    [0, 0, 1, 2]
    """
    codes = np.zeros(rows.num_rows, np.int64)
    for name in columns:
        values = rows.column(name).combine_chunks()
        if not pa.types.is_dictionary(values.type):
            values = values.dictionary_encode()
        own = values.indices.fill_null(len(values.dictionary)).to_numpy().astype(np.int64)
        both = codes * (len(values.dictionary) + 1) + own
        codes = np.unique(both, return_inverse=True)[1].astype(np.int64)
    return codes


def entities_of(rows: pa.Table, keys: Sequence[str]) -> Clusters:
    """For each row the number of its entity; None where each has one row, or nobody is named."""
    if not keys or not rows.num_rows:
        return None
    codes = codes_of(rows, keys)
    return None if int(codes.max()) + 1 == rows.num_rows else codes


def match(rows: pa.Table, others: pa.Table, columns: Sequence[str]) -> Codes:
    """For each row of `others` the place of the row that it is, by columns; -1 where it is none.

    Where several rows are alike the first is the first, and so on.
    """
    wanted = rows.select(list(columns))
    both = pa.concat_tables([wanted, others.select(list(columns)).cast(wanted.schema)])
    codes = codes_of(both, columns)
    repeated = codes * (len(codes) + 1) + _occurrence(codes, rows.num_rows)
    here, there = repeated[: rows.num_rows], repeated[rows.num_rows :]
    order = np.argsort(here)
    at = np.searchsorted(here[order], there)
    candidates = order[np.minimum(at, len(order) - 1)] if len(order) else np.zeros_like(there)
    is_same = here[candidates] == there if len(order) else np.zeros(len(there), np.bool_)
    return np.where(is_same, candidates, -1)


def _occurrence(codes: Codes, border: int) -> Codes:
    """How many rows before each, on its side of the border, have its code."""
    found = np.empty(len(codes), np.int64)
    for side in (slice(0, border), slice(border, None)):
        own = codes[side]
        order = np.argsort(own, kind="stable")
        ordered = own[order]
        first = np.searchsorted(ordered, ordered, side="left")
        found[side][order] = np.arange(len(own)) - first
    return found
