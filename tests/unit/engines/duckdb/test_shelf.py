"""Inputs kept in memory: read once, seen by many sessions, in many threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from headwater.engines.duckdb import DuckDBEngine
from headwater.engines.protocol import InputRelation
from headwater.errors import HeadwaterError

SCHEMA = (("day", "DATE"), ("amount", "BIGINT"))


@pytest.fixture
def kept(tmp_path: Path) -> InputRelation:
    file = tmp_path / "a.parquet"
    rows = duckdb.sql(
        "select date '2024-01-01' + i::int as day, i::bigint as amount from range(10) t(i)"
    )
    assert rows is not None
    rows.write_parquet(str(file))
    return InputRelation(name='odd "name"', schema=SCHEMA, files=(file,))


def test_sessions_read_what_is_kept_and_what_is_bound_to_them(
    engine: DuckDBEngine, kept: InputRelation
) -> None:
    shelf = engine.shelf()
    shelf.keep(kept)
    kept.files[0].unlink()
    shelf.keep(kept)  # it is there already: no file is opened again
    beside = InputRelation(name="beside", schema=SCHEMA)
    total = 'select sum(amount) from "odd ""name"""'
    with shelf.session() as session:
        session.bind_inputs([beside])
        assert session.fetch(f"{total} union all select count(*) from beside") == [(45,), (0,)]
    with ThreadPoolExecutor(4) as pool:

        def ask(_: int) -> list[tuple[int]]:
            with shelf.session() as session:
                return session.fetch(total)

        assert list(pool.map(ask, range(12))) == [[(45,)]] * 12
    shelf.close()
    with pytest.raises(HeadwaterError):
        shelf.session()


def test_two_shelves_and_the_engine_do_not_see_each_other(
    engine: DuckDBEngine, kept: InputRelation
) -> None:
    one, other = engine.shelf(), engine.shelf()
    one.keep(kept)
    for session in (other.session(), engine.session()):
        with session, pytest.raises(HeadwaterError):
            session.fetch('select * from "odd ""name"""')
