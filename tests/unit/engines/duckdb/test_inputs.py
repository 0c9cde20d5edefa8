"""An upstream name shows exactly the promised columns and rows, whatever the files hold."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from tests.unit.engines.duckdb.conftest import LONDON

from headwater.clock import day_interval
from headwater.engines.duckdb import DuckDBEngine, DuckDBSession
from headwater.engines.duckdb.arrow import given_table
from headwater.engines.protocol import InputRelation, Latest
from headwater.errors import HeadwaterError

SALES = (("id", "INTEGER"), ("amount", "DECIMAL(10,2)"), ("ts", "TIMESTAMP"))


def file(session: DuckDBSession, path: Path, select: str) -> Path:
    session.copy(select, path)
    return path


def seen(session: DuckDBSession, relation: InputRelation) -> list[tuple[object, ...]]:
    session.bind_inputs([relation])
    return session.fetch(f"SELECT * FROM {relation.name} ORDER BY ALL")


def test_no_files_no_rows_but_all_columns(session: DuckDBSession) -> None:
    assert seen(session, InputRelation(name="sales", schema=SALES)) == []
    assert [row[:2] for row in session.fetch("DESCRIBE sales")] == list(SALES)


def test_columns_are_shown_when_asked_for(session: DuckDBSession, tmp_path: Path) -> None:
    path = file(session, tmp_path / "a.parquet", "SELECT 1 AS id, 2 AS _row")
    schema = (("id", "INTEGER"), ("_row", "INTEGER"))
    shown = InputRelation(name="a", schema=schema, files=(path,), columns=("id",))
    assert seen(session, shown) == [(1,)]
    both = InputRelation(name="a", schema=schema, files=(path,), columns=("_row", "id"))
    assert seen(session, both) == [(2, 1)]


def test_files_of_several_schemas_show_one(session: DuckDBSession, tmp_path: Path) -> None:
    files = (
        file(session, tmp_path / "1.parquet", "SELECT 1 AS id, timestamp '2011-01-01' AS ts"),
        file(
            session,
            tmp_path / "2.parquet",
            "SELECT '2' AS id, 2.5::DOUBLE AS amount, {'a': 1} AS x",
        ),
        file(session, tmp_path / "3.parquet", "SELECT date '2011-01-03' AS ts, 3::BIGINT AS id"),
        file(session, tmp_path / "4.parquet", "SELECT 4 AS id, timestamp '2011-01-04' AS ts"),
    )
    relation = InputRelation(name="sales", schema=SALES, files=files, uniform=False)
    rows = seen(session, relation)
    assert [row[0] for row in rows] == [1, 2, 3, 4]
    assert [row[:2] for row in session.fetch("DESCRIBE sales")] == list(SALES)
    assert session.fetch("SELECT amount::VARCHAR FROM sales WHERE id = 2") == [("2.50",)]
    assert session.fetch("SELECT count(ts), count(amount) FROM sales") == [(3, 1)]


@pytest.mark.parametrize("folder", ["a[b]c", "what?", "all*", "it's", "x=1", 'say "so"'])
def test_folders_of_any_name(session: DuckDBSession, tmp_path: Path, folder: str) -> None:
    path = file(session, tmp_path / folder / "f.parquet", "SELECT 1 AS id")
    file(session, tmp_path / "allow" / "f.parquet", "SELECT 2 AS id")
    relation = InputRelation(name="t", schema=(("id", "INTEGER"),), files=(path,))
    assert seen(session, relation) == [(1,)]
    assert seen(
        session, InputRelation(name="t", schema=(("id", "BIGINT"),), files=(path,), uniform=False)
    ) == [(1,)]


def test_a_cut_prunes_files_by_their_spans(session: DuckDBSession, tmp_path: Path) -> None:
    spans = tuple(day_interval(date(2011, 11, n), date(2011, 11, n), LONDON) for n in (1, 2))
    path = file(
        session,
        tmp_path / "1.parquet",
        "SELECT 1 AS id, 1::DECIMAL(10,2) AS amount, timestamp '2011-11-01 23:00' AS ts",
    )
    relation = InputRelation(
        name="sales",
        schema=SALES,
        files=(path, tmp_path / "not read.parquet"),
        spans=spans,
        time="ts",
        cut=spans[0],
    )
    assert len(seen(session, relation)) == 1


def test_the_latest_change_of_each_key(session: DuckDBSession, tmp_path: Path) -> None:
    schema = (
        ("id", "INTEGER"),
        ("v", "VARCHAR"),
        ("changed", "INTEGER"),
        ("gone", "BOOLEAN"),
        ("_row", "INTEGER"),
    )
    path = file(
        session,
        tmp_path / "log.parquet",
        "SELECT * FROM (VALUES (1, 'old', 1, false, 1), (1, 'new', 2, false, 2), "
        "(2, 'was', 1, false, 3), (2, 'deleted', 5, true, 4), "
        "(3, 'first', 7, NULL, 5), (3, 'second', 7, NULL, 6)) t(id, v, changed, gone, _row)",
    )
    relation = InputRelation(
        name="log",
        schema=schema,
        files=(path,),
        columns=("id", "v"),
        latest=Latest(key=("id",), latest_by="changed", deleted="gone -- a flag"),
    )
    assert seen(session, relation) == [(1, "new"), (3, "second")]


def test_given_rows_stand_for_files(session: DuckDBSession) -> None:
    rows = given_table(
        [{"id": 7, "ts": date(2011, 1, 1)}, {"id": None, "tags": ["a", "b"], "on": True}]
    )
    schema = (*SALES, ("tags", "VARCHAR[]"), ("on", "BOOLEAN"))
    session.bind_inputs([InputRelation(name="sales", schema=schema, rows=rows)])
    found = session.fetch('SELECT id, amount, ts::DATE, tags, "on" FROM sales')
    assert found == [(7, None, date(2011, 1, 1), None, None), (None, None, None, ["a", "b"], True)]


def test_functions_are_the_sessions_own(engine: DuckDBEngine) -> None:
    with engine.session() as one, engine.session() as two:
        one.bind_inputs([], ["/* net */ create function net(x) as x - 1;"])
        two.bind_inputs([], ["CREATE OR REPLACE MACRO net(x) AS x - 2"])
        assert one.fetch("SELECT net(10)") == [(9,)]
        assert two.fetch("SELECT net(10)") == [(8,)]
        with pytest.raises(HeadwaterError, match="E253"):
            one.bind_inputs([], ["create table x (n int)"])
    with engine.session() as three, pytest.raises(HeadwaterError):
        three.fetch("SELECT net(10)")


def test_parallel_sessions_see_their_own_cuts(engine: DuckDBEngine, tmp_path: Path) -> None:
    with engine.session() as session:
        path = file(
            session,
            tmp_path / "s.parquet",
            "SELECT i::INTEGER AS id, 1::DECIMAL(10,2) AS amount, "
            "timestamp '2011-11-01' + i * interval 1 hour AS ts FROM range(480) t(i)",
        )

    def count(day: int) -> int:
        with engine.session() as own:
            cut = day_interval(date(2011, 11, 1), date(2011, 11, day), LONDON)
            own.bind_inputs(
                [InputRelation(name="sales", schema=SALES, files=(path,), time="ts", cut=cut)]
            )
            return int(own.fetch("SELECT count(*) FROM sales")[0][0])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(count, range(1, 20))) == [24 * day for day in range(1, 20)]


def test_python_variables_are_no_tables(session: DuckDBSession) -> None:
    lost_table = given_table([{"id": 1}])
    assert lost_table.num_rows == 1
    with pytest.raises(HeadwaterError, match="lost_table"):
        session.fetch("SELECT * FROM lost_table")
