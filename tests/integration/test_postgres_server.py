"""The server that other integration tests stand on is real, writable and fresh for each test."""

from __future__ import annotations

import psycopg
import pytest

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_database_is_empty_at_the_start_of_each_test(
    postgres_database: str, attempt: int
) -> None:
    with psycopg.connect(postgres_database) as connection:
        tables = connection.execute(
            "select count(*) from information_schema.tables where table_schema = 'public'"
        ).fetchone()
        connection.execute("create table seen as select %s::int as attempt", [attempt])
    assert tables == (0,)
