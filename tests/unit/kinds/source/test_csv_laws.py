"""Whatever a table holds, and however it is cut, it lands as it was written."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Literal
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.kinds.source.landing import columns_of, files_reader, land_files, rows_of

from headwater.kinds.source.readers import csv_files
from headwater.kinds.source.readers.dialect import Dialect
from headwater.kinds.source.readers.records import count_records, cut_pieces, sort_records

CELLS = st.lists(
    st.sampled_from(["a", "7", ",", '"', "\n", "\r\n", " ", "é", ";", "'"]), max_size=6
).map("".join)
TABLES = st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=30)
Quoting = Literal[0, 1]
ENDS = st.sampled_from(["\n", "\r\n"])
COLUMNS = columns_of(("x", "VARCHAR"), ("y", "VARCHAR"), ("z", "VARCHAR"))


def _written(
    table: list[tuple[str, str, str]], end: str, quoting: Quoting = csv.QUOTE_ALL
) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=quoting).writerows(table)
    return text.getvalue().encode()


@settings(max_examples=15, deadline=None)
@given(TABLES, ENDS, st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]), st.integers(20, 400))
def test_a_table_lands_as_it_was_written(
    table: list[tuple[str, str, str]], end: str, quoting: Quoting, piece: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, patch.object(csv_files, "PIECE_BYTES", piece):
        root = Path(folder)
        (root / "t.csv").write_bytes(b"x,y,z" + end.encode() + _written(table, end, quoting))
        [landed] = land_files(files_reader(root, "t.csv", columns=COLUMNS), root / "out")
        assert not landed.issues
        assert rows_of(landed) == [tuple(cell or None for cell in row) for row in table]
        assert rows_of(landed, "_row") == [(n,) for n in range(1, len(table) + 1)]


@given(TABLES, ENDS, st.integers(1, 60), st.integers(20, 400))
def test_pieces_are_whole_records_and_lose_nothing(
    table: list[tuple[str, str, str]], end: str, block: int, piece: int
) -> None:
    data = _written(table, end)
    blocks = [data[i : i + block] for i in range(0, len(data), block)]
    pieces = list(cut_pieces(blocks, Dialect(), piece))
    assert b"".join(pieces) == data
    counts = [count_records(each, Dialect(), 3) for each in pieces]
    assert sum(counts) == len(table)
    assert counts == [sort_records(each, Dialect(), 3).good_count for each in pieces]


@given(st.binary(max_size=300).map(lambda data: data.replace(b"\r", b"")))
def test_every_line_of_anything_is_good_or_bad_and_kept(data: bytes) -> None:
    parted = sort_records(data, Dialect(), 2)
    kept = parted.good.split(b"\n")
    assert parted.good_count + len(parted.bad) == parted.count
    assert b"".join(kept).count(b",") + sum(
        text.count(",") for _, text, _ in parted.bad
    ) == data.count(b",")
