"""A real PostgreSQL server: types, snapshots, cursors, size, and everything that goes wrong."""

# ruff: noqa: E501 - tables of cases read best a line a case
from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from tests.unit.kinds.source.landing import LOAD, codes_of, define, rejected_of, rows_of

from headwater.definitions.secrets import resolve
from headwater.errors import HeadwaterError
from headwater.kinds.source.definition import PostgresOrigin
from headwater.kinds.source.readers.model import Known, Landed
from headwater.kinds.source.readers.postgres import PostgresReader
from headwater.sql.relations import Column

pytestmark = pytest.mark.postgres


@pytest.fixture
def server(postgres_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        yield connection


def _reader(
    url: str, columns: tuple[Column, ...] | None = None, zone: str = "UTC", **origin: Any
) -> PostgresReader:
    settings = {name: origin.pop(name) for name in ("timezone", "contract") if name in origin}
    place = PostgresOrigin(url="${SHOP_DB}", **origin)
    secret = resolve("${SHOP_DB}", Path(), environ={"SHOP_DB": url})
    return PostgresReader(
        define(place, **settings), place, url=secret, project_zone=zone, columns=columns
    )


def _land(reader: PostgresReader, folder: Path, cursor: str | None = None) -> Landed:
    with duckdb.connect(config={"threads": 2}) as connection:
        found = reader.discover(Known(cursor=cursor))
        [landed] = reader.land(found.new, folder, LOAD, connection)
        return landed


def test_every_type_lands_exactly(
    server: psycopg.Connection, postgres_database: str, tmp_path: Path
) -> None:
    server.execute("""
        CREATE TYPE mood AS ENUM ('good', 'bad');
        CREATE TABLE things (
          id bigint, small smallint, price numeric(12,4), free numeric, ratio double precision,
          ok boolean, day date, at timestamp, instant timestamptz, took interval, doc jsonb,
          tags text[], counts int[], uid uuid, raw bytea, paid money, how mood, net inet, "Odd Name" text
        );
        INSERT INTO things VALUES (9007199254740993, 7, 12345678.1234, 0.1234567891, 0.1, true,
          '2011-01-02', '2011-01-02 03:04:05.678901', '2011-07-01 12:00:00+02', '1 day 02:03:04',
          '{"a": [1, "x,\\"y"]}', ARRAY['a,b', 'c"d', NULL], ARRAY[1,2],
          'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '\\x00ff5c', '$1,234.50', 'good', '10.0.0.1',
          E'line\\nbreak, "quoted" \\\\ back'),
          (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
           NULL, NULL, NULL, '');
    """)
    reader = _reader(postgres_database, table="public.things")
    types = {column.name: column.type for column in reader.schema()}
    assert types["price"] == "DECIMAL(12,4)"
    assert types["instant"] == "TIMESTAMP WITH TIME ZONE"
    assert types["tags"] == "VARCHAR[]"
    landed = _land(reader, tmp_path)
    assert (landed.delivered, landed.landed, codes_of(landed)) == (2, 2, [])
    first, second = rows_of(
        landed,
        'id, small, price::VARCHAR, free::VARCHAR, ratio, ok, day::VARCHAR, "at"::VARCHAR, '
        "epoch(instant), took::VARCHAR, json_extract_string(doc, '$.a[1]'), tags, counts, "
        "uid::VARCHAR, raw, paid::VARCHAR, how, net, odd_name, _row",
    )
    assert first == (
        9007199254740993, 7, "12345678.1234", "0.1234567891", 0.1, True, "2011-01-02",
        "2011-01-02 03:04:05.678901", 1309514400.0, "1 day 02:03:04", 'x,"y',
        ["a,b", 'c"d', None], [1, 2], "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", b"\x00\xff\\",
        "1234.50", "good", "10.0.0.1", 'line\nbreak, "quoted" \\ back', 1,
    )  # fmt: skip
    assert second == (2, *[None] * 17, "", 2)


def test_declared_types_reject_what_does_not_fit(
    server: psycopg.Connection, postgres_database: str, tmp_path: Path
) -> None:
    server.execute("CREATE TABLE t (id text, at timestamp)")
    server.execute("INSERT INTO t VALUES ('1', '2011-07-01 12:00'), ('x', NULL), ('3', 'infinity')")
    columns = (Column(name="at", type="TIMESTAMP"), Column(name="id", type="BIGINT"))
    reader = _reader(
        postgres_database, columns, "Europe/London", table="t", timezone="America/New_York"
    )
    landed = _land(reader, tmp_path)
    assert rows_of(landed, '"at"::VARCHAR, id')[0] == ("2011-07-01 17:00:00", 1)
    assert rejected_of(landed) == [(2, ",x", ["id: not a BIGINT"])]


def test_a_cursor_reads_only_what_is_new(
    server: psycopg.Connection, postgres_database: str, tmp_path: Path
) -> None:
    server.execute("CREATE TABLE t (id int, updated_at timestamptz)")
    server.execute("INSERT INTO t VALUES (1, '2011-01-01'), (2, '2011-01-02'), (3, NULL)")
    reader = _reader(postgres_database, table="public.t", cursor="updated_at")
    first = _land(reader, tmp_path)
    assert (first.landed, codes_of(first)) == (3, ["W525"])
    assert json.loads(first.cursor or "") == "2011-01-02 00:00:00+00"
    assert reader.discover(Known(cursor=first.cursor)).unchanged == 1
    server.execute("INSERT INTO t VALUES (4, '2011-01-03 00:00:00.000001')")
    second = _land(reader, tmp_path, first.cursor)
    assert rows_of(second, "id") == [(4,)]
    assert second.delivery.name == "public.t updated_at > 2011-01-02 00:00:00+00"
    assert json.loads(second.cursor or "") == "2011-01-03 00:00:00.000001+00"
    overlapping = _reader(postgres_database, table="public.t", cursor="updated_at",
                          overlap=timedelta(days=1, seconds=1))  # fmt: skip
    assert rows_of(_land(overlapping, tmp_path, first.cursor), "id") == [(1,), (2,), (4,)]


def test_a_numeric_cursor_and_a_query(
    server: psycopg.Connection, postgres_database: str, tmp_path: Path
) -> None:
    server.execute("CREATE TABLE t AS SELECT i AS id, i % 3 AS part FROM generate_series(1, 30) i")
    reader = _reader(postgres_database, query="select id, part from t where part = 1;", cursor="id")
    first = _land(reader, tmp_path)
    assert (first.landed, first.cursor) == (10, '"28"')
    server.execute("INSERT INTO t VALUES (31, 1), (32, 2)")
    assert rows_of(_land(reader, tmp_path, first.cursor), "id") == [(31,)]


def test_an_extract_is_one_snapshot_while_others_write(
    server: psycopg.Connection,
    postgres_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server.execute("CREATE TABLE t AS SELECT i AS id FROM generate_series(1, 1000) i")
    reader = _reader(postgres_database, table="t", cursor="id")
    last_value = reader._last_value

    def while_others_write(*arguments: Any) -> Any:
        found = last_value(*arguments)
        server.execute("INSERT INTO t SELECT i FROM generate_series(1001, 2000) i")
        return found

    monkeypatch.setattr(reader, "_last_value", while_others_write)
    landed = _land(reader, tmp_path)
    assert (landed.landed, landed.cursor) == (1000, '"1000"')


def test_many_rows_come_in_pieces(
    server: psycopg.Connection,
    postgres_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("headwater.kinds.source.readers.postgres.PIECE_BYTES", 20_000)
    monkeypatch.setattr("headwater.kinds.source.readers.csv_files.PIECE_BYTES", 20_000)
    server.execute(
        "CREATE TABLE t AS SELECT i AS id, repeat('x\n', i % 5) AS text FROM generate_series(1, 20000) i"
    )
    landed = _land(_reader(postgres_database, table="t"), tmp_path)
    assert landed.landed == 20_000
    assert len(landed.rows) > 5
    assert rows_of(landed, "count(*), sum(id), max(_row), count(DISTINCT _row)") == [
        (20_000, 200_010_000, 20_000, 20_000)
    ]


def test_a_connection_lost_in_the_middle_lands_nothing(
    server: psycopg.Connection,
    postgres_database: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("headwater.kinds.source.readers.postgres.PIECE_BYTES", 20_000)
    monkeypatch.setattr("headwater.kinds.source.readers.csv_files.PIECE_BYTES", 20_000)
    server.execute("CREATE TABLE t AS SELECT i AS id FROM generate_series(1, 300000) i")
    reader = _reader(postgres_database, table="t")
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'headwater'"
    from headwater.kinds.source.readers import postgres

    note = postgres._Extract._note

    def then_kill(self: Any, block: bytes) -> bytes:
        server.execute(kill)
        return note(self, block)

    monkeypatch.setattr(postgres._Extract, "_note", then_kill)
    landed = _land(reader, tmp_path)
    assert codes_of(landed) == ["E521"]
    assert landed.refused
    assert list(tmp_path.iterdir()) == []


def _issue_of(reader: PostgresReader, folder: Path) -> Any:
    with pytest.raises(HeadwaterError) as caught:
        _land(reader, folder)
    [issue] = caught.value.issues
    return issue


def test_mistakes_are_told_without_the_password(
    server: psycopg.Connection, postgres_database: str, tmp_path: Path
) -> None:
    server.execute("CREATE TABLE invoices (id int)")
    issue = _issue_of(_reader(postgres_database, table="public.invoice"), tmp_path)
    assert issue.code == "E524"
    assert "invoice" in issue.what
    issue = _issue_of(_reader(postgres_database, table="invoices", cursor="idd"), tmp_path)
    assert (issue.code, issue.fix) == ("E524", "did you mean `id`?")
    issue = _issue_of(_reader(postgres_database, query="select idd from invoices"), tmp_path)
    assert issue.code == "E524"
    issue = _issue_of(_reader(postgres_database, query="selec 1"), tmp_path)
    assert issue.code == "E527"
    server.execute("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN")
    guest = postgres_database.replace("postgres@", "guest:s3cret-word@")
    issue = _issue_of(_reader(guest, table="invoices"), tmp_path)
    assert issue.code == "E526"
    closed = "postgresql://me:s3cret-word@127.0.0.1:9/shop"
    issue = _issue_of(_reader(closed, table="invoices"), tmp_path)
    assert issue.code == "E521"
    assert "s3cret-word" not in str(issue)
    issue = _issue_of(_reader(postgres_database + "_none", table="invoices"), tmp_path)
    assert issue.code == "E523"
