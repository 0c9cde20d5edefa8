"""What the user's SQL gives is what lies in the files: once, in its month, in the fixed types."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.engines.duckdb.conftest import LONDON

from headwater.clock import day_interval, days_of, local
from headwater.engines.duckdb import DuckDBEngine, DuckDBSession
from headwater.engines.duckdb.arrow import given_table
from headwater.engines.protocol import InputRelation, Target, Written
from headwater.errors import HeadwaterError, Place
from headwater.ids import ALL_TIME, DataInterval

SCHEMA = (("id", "BIGINT"), ("ts", "TIMESTAMP"))
INSTANTS = (("id", "BIGINT"), ("ts", "TIMESTAMP WITH TIME ZONE"))
HOURS = st.lists(st.integers(0, 24 * 70), max_size=80)  # from 1 October 2011, the clocks go back


def rows_of(paths: list[Path]) -> Counter[tuple[object, ...]]:
    if not paths:
        return Counter()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute("SELECT * FROM read_parquet($1)", [list(map(str, paths))])
        return Counter(found.fetchall())


def paths(written: tuple[Written, ...]) -> list[Path]:
    return [file.path for file in written]


def numbered(folder: Path, name: str) -> Target:
    return lambda month, n: folder / name / (month or "all") / f"{n}.parquet"


def instants(hours: list[int]) -> pa.Table:
    start = datetime(2011, 10, 1, tzinfo=UTC)
    return pa.table(
        {
            "id": pa.array(range(len(hours)), pa.int64()),
            "ts": pa.array([start + timedelta(hours=h) for h in hours], pa.timestamp("us", "UTC")),
        }
    )


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(hours=HOURS, aware=st.booleans())
def test_month_files_hold_every_row_once_in_its_local_month(
    engine: DuckDBEngine, tmp_path_factory: pytest.TempPathFactory, hours: list[int], aware: bool
) -> None:
    folder = tmp_path_factory.mktemp("months")
    with engine.session() as session:
        session.bind_inputs([InputRelation(name="given", schema=INSTANTS, rows=instants(hours))])
        schema = INSTANTS if aware else SCHEMA
        written = session.write_query(
            "select * from given", schema=schema, time="ts", keep=None, target=numbered(folder, "t")
        )
        assert sum(file.rows for file in written) == len(hours)
        assert sum(rows_of(paths(written)).values()) == len(hours)
        for file in written:
            assert file.interval is not None
            assert file.bytes == file.path.stat().st_size
            times = session.fetch("SELECT ts FROM read_parquet($1)", [str(file.path)])
            walls = [local(ts, LONDON) if aware else ts for (ts,) in times]
            assert {f"{ts:%Y-%m}" for ts in walls} == {file.path.parent.name}
            days = list(days_of(file.interval, LONDON))
            assert (days[0], days[-1]) == (min(walls).date(), max(walls).date())


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(hours=HOURS, aware=st.booleans())
def test_day_by_day_equals_all_at_once(
    engine: DuckDBEngine, tmp_path_factory: pytest.TempPathFactory, hours: list[int], aware: bool
) -> None:
    folder = tmp_path_factory.mktemp("days")
    schema = INSTANTS if aware else SCHEMA
    with engine.session() as session:
        session.bind_inputs([InputRelation(name="given", schema=INSTANTS, rows=instants(hours))])
        source = session.write_query(
            "select * from given", schema=schema, time="ts", keep=None, target=numbered(folder, "s")
        )
        window = day_interval(date(2011, 10, 27), date(2011, 11, 2), LONDON)  # clocks go back
        pieces = []
        for day in days_of(window, LONDON):
            interval = day_interval(day, day, LONDON)
            session.bind_inputs(
                [
                    InputRelation(
                        name="source",
                        schema=schema,
                        files=tuple(paths(source)),
                        spans=tuple(file.interval for file in source if file.interval),
                        time="ts",
                        cut=DataInterval(
                            interval.start - timedelta(hours=5), interval.end + timedelta(hours=5)
                        ),
                    )
                ]
            )
            pieces += paths(
                session.write_query(
                    "select * from source",
                    schema=schema,
                    time="ts",
                    keep=interval,
                    target=numbered(folder, f"{day}"),
                )
            )
        rest = session.rewrite_without(
            paths(source), schema=schema, time="ts", interval=window, target=numbered(folder, "r")
        )
        assert rows_of(pieces) + rows_of(paths(rest)) == rows_of(paths(source))
        merged = session.merge(
            [*pieces, *paths(rest)], schema=schema, time="ts", target=numbered(folder, "m")
        )
        assert rows_of(paths(merged)) == rows_of(paths(source))
        digests = [
            session.day_digests(files, schema=schema, time="ts", key=["id"])
            for files in (paths(source), paths(merged))
        ]
        assert digests[0] == digests[1]


def test_without_time_one_file_and_without_rows_none(
    session: DuckDBSession, target: Target, tmp_path: Path
) -> None:
    schema = (("n", "INTEGER"),)
    sql = "select 1 as n union all select 2"
    (file,) = session.write_query(sql, schema=schema, time=None, keep=None, target=target)
    assert (file.path, file.rows, file.interval) == (tmp_path / "all" / "b-0.parquet", 2, None)
    nothing = session.write_query(
        "select 1 as n where false",
        schema=schema,
        time=None,
        keep=None,
        target=numbered(tmp_path, "x"),
    )
    assert nothing == ()
    assert list((tmp_path / "x").rglob("*.parquet")) == []
    dated = (("ts", "DATE"),)
    for keep in (None, day_interval(date(2011, 11, 1), date(2011, 11, 1), LONDON)):
        sql = "select date '2011-11-01' as ts where false"
        assert session.write_query(sql, schema=dated, time="ts", keep=keep, target=target) == ()


@pytest.mark.parametrize(
    "sql",
    [
        "/* ; header */ select 1 as n -- trailing; comment",
        "select 1 as n;",
        "select 1 as n\n;\n-- done; really\n/* ; */ ;",
        "with a as (select ';' as b) select 1 as n from a -- ;",
        "from (values (1)) as t(n)",
        "select replace($$;1$$, ';', '') as n",
        "-- é\nselect 1 as n -- ü",
    ],
)
def test_the_text_runs_as_it_is_written(session: DuckDBSession, target: Target, sql: str) -> None:
    (file,) = session.write_query(
        sql, schema=(("n", "INTEGER"),), time=None, keep=None, target=target
    )
    assert rows_of([file.path]) == {(1,): 1}


def test_the_schema_fixes_types_and_order(session: DuckDBSession, target: Target) -> None:
    schema = (("b", "DECIMAL(12,4)"), ("a", "VARCHAR"), ("c", "ENUM('x', 'INTERVAL')"))
    (file,) = session.write_query(
        "select 7 as a, 1.5::double as b, 'x' as c, 'left out' as d",
        schema=schema,
        time=None,
        keep=None,
        target=target,
    )
    session.bind_inputs([InputRelation(name="back", schema=schema, files=(file.path,))])
    described = session.fetch("DESCRIBE back")
    assert tuple((row[0], row[1]) for row in described) == schema


@pytest.mark.parametrize(
    "kind",
    ["HUGEINT", "INTERVAL", "UNION(a INTEGER)", "STRUCT(a UHUGEINT[])", "TIME WITH TIME ZONE"],
)
def test_types_that_files_would_change_are_refused(
    session: DuckDBSession, target: Target, kind: str
) -> None:
    with pytest.raises(HeadwaterError, match="E252 column `n`"):
        session.write_query(
            "select 1 n", schema=(("n", kind),), time=None, keep=None, target=target
        )


def test_sorted_files(session: DuckDBSession, target: Target) -> None:
    (file,) = session.write_query(
        "select (i * 7) % 5 as n from range(5) t(i)",
        schema=(("n", "INTEGER"),),
        time=None,
        keep=None,
        target=target,
        sort=("n",),
    )
    assert session.fetch("SELECT list(n) FROM read_parquet($1)", [str(file.path)]) == [
        ([0, 1, 2, 3, 4],)
    ]


@pytest.mark.parametrize("keep", [None, day_interval(date(2011, 11, 1), date(2011, 11, 1), LONDON)])
@pytest.mark.parametrize("bad", ["null", "timestamp 'infinity'", "timestamp '9999-12-31'"])
def test_rows_without_a_usable_time_are_refused_and_leave_nothing(
    session: DuckDBSession, target: Target, tmp_path: Path, keep: DataInterval | None, bad: str
) -> None:
    if keep is not None and bad != "null":
        return  # they lie outside of what is kept
    sql = f"select unnest([timestamp '2011-11-01 10:00:00', {bad}]) as ts"
    with pytest.raises(HeadwaterError, match="E744"):
        session.write_query(sql, schema=(("ts", "TIMESTAMP"),), time="ts", keep=keep, target=target)
    assert list(tmp_path.rglob("*.parquet")) == []


def test_an_error_stands_at_its_place_in_the_users_text(
    session: DuckDBSession, target: Target, tmp_path: Path
) -> None:
    place = Place("tables/a.sql")
    with pytest.raises(HeadwaterError) as caught:
        session.write_query(
            "select 'é' as é,\n  'ü', amont as n\nfrom (select 1 as amount);",
            schema=(("n", "INTEGER"),),
            time=None,
            keep=None,
            target=target,
            place=place,
        )
    (issue,) = caught.value.issues
    assert (issue.code, issue.place) == ("E251", Place("tables/a.sql", 2, 8))
    assert "amont" in issue.what
    with pytest.raises(HeadwaterError) as caught:
        session.write_query(
            "select\n  cast(x as integer) as n\nfrom (select unnest(['1', 'one']) as x)",
            schema=(("n", "INTEGER"),),
            time=None,
            keep=None,
            target=target,
            place=place,
        )
    (issue,) = caught.value.issues
    assert (issue.code, issue.place.line) == ("E251", 2)
    assert "'one'" in issue.what
    assert list(tmp_path.rglob("*.parquet")) == []


def test_several_statements_are_refused(session: DuckDBSession, target: Target) -> None:
    with pytest.raises(HeadwaterError, match="E253"):
        session.write_query(
            "select 1 as n; drop table x",
            schema=(("n", "INTEGER"),),
            time=None,
            keep=None,
            target=target,
        )


def test_only_queries_can_be_asked(session: DuckDBSession) -> None:
    relation = session.query("select $n + 1 as n;", {"n": 1})
    assert relation is not None
    assert relation.fetchall() == [(2,)]
    for sql in ("create table x (n int)", "set threads = 1", "select 1; select 2", "copy x to 'y'"):
        with pytest.raises(HeadwaterError, match="E253"):
            session.query(sql)


def test_copy_with_parameters(session: DuckDBSession, tmp_path: Path) -> None:
    path = tmp_path / "q" / "x.parquet"
    written = session.copy(
        "SELECT i FROM range(10) t(i) WHERE i >= $1", path, [7], part="quarantined"
    )
    assert written is not None
    assert (written.rows, written.part, written.path) == (3, "quarantined", path)
    assert session.copy("SELECT 1 WHERE false", tmp_path / "none.parquet") is None


def test_arrow_streams_in(session: DuckDBSession, target: Target) -> None:
    def batches() -> list[pa.RecordBatch]:
        return [pa.record_batch({"id": [n], "ts": [f"2011-1{n}-05 10:00:00"]}) for n in (0, 1, 2)]

    reader = pa.RecordBatchReader.from_batches(batches()[0].schema, batches())
    written = session.write_arrow(reader, schema=SCHEMA, time="ts", keep=ALL_TIME, target=target)
    assert [file.path.parent.name for file in written] == ["2011-10", "2011-11", "2011-12"]
    with pytest.raises(HeadwaterError, match=r"E746 .*'ten'"):
        session.write_arrow(
            given_table([{"id": "ten", "ts": "2011-10-05"}]),
            schema=SCHEMA,
            time=None,
            keep=None,
            target=target,
        )
