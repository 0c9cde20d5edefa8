"""Files read where they lie are listed and described, not copied."""

from __future__ import annotations

from pathlib import Path

import duckdb
from tests.unit.kinds.source.landing import LOAD, columns_of, define

from headwater.kinds.source.definition import InPlaceOrigin
from headwater.kinds.source.readers.in_place import InPlaceReader
from headwater.kinds.source.readers.model import Known


def _reader(root: Path, *patterns: str) -> InPlaceReader:
    origin = InPlaceOrigin(patterns=patterns)
    return InPlaceReader(define(origin), origin, root=root, columns=None)


def test_files_are_listed_described_and_selected(tmp_path: Path) -> None:
    for n in (1, 2):
        path = tmp_path / f"{n}.parquet"
        duckdb.execute(f"COPY (SELECT {n} AS id, 'x' AS \"Odd Name\") TO '{path}'")
    reader = _reader(tmp_path, "*.parquet")
    assert reader.schema() == columns_of(("id", "INTEGER"), ("Odd Name", "VARCHAR"))
    assert duckdb.execute(reader.relation_sql() + " ORDER BY id").fetchall() == [(1, "x"), (2, "x")]
    found = reader.discover(Known())
    known = Known(deliveries={each.name: each.sha256 for each in found.new})
    assert reader.discover(known).unchanged == 2
    duckdb.execute(f"COPY (SELECT 3 AS id, 'yy' AS \"Odd Name\") TO '{tmp_path / '2.parquet'}'")
    (tmp_path / "1.parquet").unlink()
    changed = reader.discover(known)
    assert ([each.name for each in changed.new], changed.gone) == (["2.parquet"], ("1.parquet",))
    with duckdb.connect() as connection:
        assert list(reader.land(found.new, tmp_path / "out", LOAD, connection)) == []
    assert not (tmp_path / "out").exists()
