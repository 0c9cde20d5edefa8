"""Ad-hoc SQL: nothing is written or read outside of the tables; rows, time and memory end."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from time import monotonic

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.integration.run.small import Small, small_shop

from headwater.errors import HeadwaterError
from headwater.project import Project
from headwater.project.asked import run_adhoc
from headwater.project.limits import Limits
from headwater.views.exports import exported

NO_SELECT = """
copy sales to '{out}'
copy (select 1) to '{out}'
attach '{out}'
install httpfs
load httpfs
pragma database_list
set threads = 1
reset threads
insert into sales select * from sales
update sales set amount = 0
delete from sales
merge into sales using sales on true when matched then delete
drop view sales
create table x as select 1
create macro f(x) as x
explain analyze select 1
call pragma_version()
prepare p as select 1
execute p
vacuum
checkpoint
use main
begin
export database '{out}'
import database '{out}'
comment on view sales is 'x'
summarize sales
describe sales
show tables
select * from (describe sales)
select * from (show tables)
select 1; select 2
select 1; drop table sales
with x as (delete from sales returning *) select * from x
"""
OUTSIDE = """
select * from read_csv('/etc/passwd')
select * from 'file.csv'
select * from read_text('/etc/passwd')
select * from read_blob('/etc/*')
select * from glob('/etc/*')
select * from sniff_csv('/etc/passwd')
select * from read_parquet('x.parquet')
select * from parquet_metadata('x.parquet')
select * from read_json('x.json')
select * from information_schema.tables
select * from duckdb_settings()
select * from duckdb_tables()
select * from duckdb_secrets()
select * from duckdb_logs()
select * from duckdb_views
select * from sqlite_master
select * from pg_catalog.pg_tables
select * from pragma_version()
select getenv('HOME')
select current_setting('temp_directory')
select write_log('x')
select * from query('select 1')
select * from query_table('sales')
with x as materialized (select * from read_csv('/etc/passwd')) select * from x
select (select content from read_text('/etc/passwd'))
select * from sales where exists (select 1 from glob('/*'))
select * from sales a, lateral (select * from read_text('/etc/passwd'))
select * from sales union all by name from read_csv('/etc/passwd')
select * from sales limit (select count(*) from glob('/*'))
select * from sales order by (select content from read_text('/etc/passwd'))
select list_transform([1], lambda x: (select content from read_text('/etc/passwd')))
select * from force_checkpoint()
select * from enable_logging()
select * from test_all_types()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    small = small_shop(Small(tmp_path_factory.mktemp("asked") / "small"))
    small.run()
    return small.root


@pytest.fixture(scope="module")
def project(folder: Path) -> Iterator[Project]:
    with Project.open(folder) as opened:
        yield opened


def refused(project: Project, sql: str) -> list[str]:
    with pytest.raises(HeadwaterError) as error:
        run_adhoc(project, sql)
    return [issue.code for issue in error.value.issues]


@pytest.mark.parametrize("sql", NO_SELECT.strip().splitlines())
def test_only_one_select(project: Project, tmp_path: Path, sql: str) -> None:
    out = tmp_path / "out"
    assert refused(project, sql.replace("{out}", str(out))) == ["E211"]
    assert not out.exists()


@pytest.mark.parametrize("sql", OUTSIDE.strip().splitlines())
def test_only_the_projects_tables(project: Project, sql: str) -> None:
    assert refused(project, sql) == ["E404"]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("select * from '/etc/passwd'", "E201"),
        ("select * from temp.sales", "E201"),
        ("select * from __headwater_given_1", "E201"),
        ("select * from arrow_scan(1, 2, 3)", "E212"),
        ("select nextval('x')", "E212"),
        ("pivot sales on customer using sum(amount)", "E214"),
        ("select :x", "E808"),
        ("select amuont from sales", "E202"),
        ("from sales select * from", "E210"),
        ("", "E211"),
        ("-- nothing", "E211"),
        ("/*", "E210"),
        ("select " + "(" * 5_000 + "1" + ")" * 5_000, "E210"),
    ],
)
def test_other_refusals(project: Project, sql: str, code: str) -> None:
    assert refused(project, sql) == [code]


def test_tables_are_not_changed_by_what_was_asked(project: Project) -> None:
    assert run_adhoc(project, "select count(*) from sales").rows() == [(4,)]


def test_a_result_says_what_it_is(project: Project) -> None:
    result = run_adhoc(project, "select customer, amount from sales order by id; -- done")
    assert result.columns == ("customer", "amount")
    assert result.types == ("VARCHAR", "DECIMAL(18,2)")
    assert len(result) == 4
    assert len(result.rows(2)) == 2
    assert not result.truncated
    assert 0 < result.seconds < 10
    assert list(map(str, result.tables)) == ["table.sales"]


def test_values_are_bound(project: Project) -> None:
    hostile = "ann' or '1'='1"
    sql = "select id from sales where customer = :customer"
    assert run_adhoc(project, sql, parameters={"customer": hostile}).rows() == []


@pytest.mark.parametrize("given", [{}, {"c": 1}])
def test_more_rows_than_the_limit_are_cut(project: Project, given: dict[str, object]) -> None:
    condition = "where a.range >= :c" if given else ""
    sql = f"select a.range, b.range as other from range(10000000) a, range(10000000) b {condition}"
    result = run_adhoc(project, sql, parameters=given, limits=Limits(rows=7, seconds=20))
    assert (len(result), result.truncated) == (7, True)
    whole = run_adhoc(project, "select range from range(7)", limits=Limits(rows=7))
    assert (len(whole), whole.truncated) == (7, False)


def test_wide_rows_are_cut_by_their_bytes(project: Project) -> None:
    sql = "select repeat('x', 1000) as x from range(1000000)"
    result = run_adhoc(project, sql, limits=Limits(rows=10**6, bytes=1 << 20))
    assert result.truncated
    assert 1 << 20 < result.table.nbytes < 8 << 20


@pytest.mark.parametrize(
    "sql",
    [
        "select count(*) from range(10000000) a, range(10000000) b",
        "select a.range + b.range as x from range(10000000) a, range(10000000) b order by 1",
        "with recursive t as (select 1 as n union all select n + 1 from t) select count(*) from t",
        "select sleep_ms(100000)",
    ],
)
def test_slow_sql_is_stopped(project: Project, sql: str) -> None:
    began = monotonic()
    with pytest.raises(HeadwaterError) as error:
        run_adhoc(project, sql, limits=Limits(seconds=0.2))
    (issue,) = error.value.issues
    assert (issue.code, issue.what) == ("E983", "too slow: stopped after 0.2 s")
    assert monotonic() - began < 5
    assert run_adhoc(project, "select 1 as one").rows() == [(1,)]


def test_every_format_holds_the_same_rows(project: Project) -> None:
    sql = """
        select id, customer, amount, ordered_at, null::varchar as nothing,
          'nan'::double as odd, interval 1 day as span
        from sales order by id limit 2
    """
    table = run_adhoc(project, sql).table
    assert exported(table, "csv").decode().splitlines()[1].startswith("1,ann,10.00,2024-03-01 09:")
    json = exported(table, "json").decode()
    assert '"amount": 10,' in json
    assert '"nothing": null, "odd": null' in json
    assert pq.read_table(BytesIO(exported(table, "parquet"))).num_rows == 2
    arrow = pa.ipc.open_stream(exported(table, "arrow")).read_all()
    assert arrow.schema == table.schema
    empty = run_adhoc(project, "select id from sales where false").table
    assert exported(empty, "csv") == b"id\n"
    assert exported(empty, "json") == b"[]\n"


def test_nothing_is_published_yet(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    with small.open() as opened:
        assert run_adhoc(opened, "select 1 as one").rows() == [(1,)]
        with pytest.raises(HeadwaterError) as error:
            run_adhoc(opened, "select * from sales")
    assert error.value.issues[0].fix == "nothing is published yet: `headwater run`"
