"""The catalog file: one a release, read-only, switched at once, and cheap where little changed."""

from __future__ import annotations

import stat
from pathlib import Path

import duckdb
import pytest

from headwater.errors import HeadwaterError
from headwater.lake import CatalogTable, write_catalog

SCHEMA = (("id", "INTEGER"), ("amount", "DECIMAL(10,2)"))


def data(path: Path, select: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO $path (FORMAT parquet)", {"path": str(path)})
    return path


def ask(catalog: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(catalog, read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture
def sales(tmp_path: Path) -> CatalogTable:
    path = data(
        tmp_path / "it's [a] lake" / "1.parquet", "SELECT 1::INT id, 2.5::DECIMAL(10,2) amount"
    )
    return CatalogTable(schema=SCHEMA, files=(path,))


def test_any_tool_reads_the_tables(tmp_path: Path, sales: CatalogTable) -> None:
    older = data(tmp_path / "2.parquet", "SELECT 2::BIGINT id")
    tables = {
        "sales": sales,
        "several": CatalogTable(schema=SCHEMA, files=(older, *sales.files), uniform=False),
        "lacking": CatalogTable(schema=SCHEMA, files=(older,), uniform=False),
        "empty": CatalogTable(schema=SCHEMA, files=()),
        'odd "name"': sales,
    }
    path = write_catalog(tmp_path, 3, tables)
    link = tmp_path / "catalog.duckdb"
    assert link.resolve() == path
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert ask(link, "SELECT id, amount::VARCHAR FROM sales") == [(1, "2.50")]
    assert ask(link, "SELECT id FROM several ORDER BY id") == [(1,), (2,)]
    assert ask(link, "SELECT id, amount FROM lacking") == [(2, None)]
    assert ask(link, "SELECT count(*) FROM empty") == [(0,)]
    assert ask(link, 'SELECT count(*) FROM "odd ""name"""') == [(1,)]
    for name in ("sales", "several", "lacking", "empty"):
        described = ask(link, f"SELECT column_name, column_type FROM (DESCRIBE {name})")
        assert tuple(described) == SCHEMA
    views = ask(link, "SELECT count(*) FROM duckdb_views() WHERE NOT internal")
    assert views == [(len(tables) + 1,)]
    assert ask(link, "SELECT count(*) FROM duckdb_tables()") == [(0,)]


def test_each_release_has_its_own_and_the_link_moves(tmp_path: Path, sales: CatalogTable) -> None:
    first = write_catalog(tmp_path, 1, {"sales": sales, "gone": sales})
    reader = duckdb.connect(tmp_path / "catalog.duckdb", read_only=True)
    more = data(tmp_path / "more.parquet", "SELECT 7::INT id, 0::DECIMAL(10,2) amount")
    grown = CatalogTable(schema=SCHEMA, files=(*sales.files, more))
    write_catalog(tmp_path, 2, {"sales": grown, "new": sales})
    assert reader.execute("SELECT count(*) FROM sales").fetchall() == [(1,)]
    reader.close()
    link = tmp_path / "catalog.duckdb"
    assert ask(link, "SELECT count(*) FROM sales") == [(2,)]
    names = "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
    assert ask(link, names) == [("_headwater_catalog",), ("new",), ("sales",)]
    assert ask(link, "SELECT name FROM _headwater_catalog ORDER BY ALL") == [("new",), ("sales",)]
    assert ask(first, "SELECT count(*) FROM sales") == [(1,)]


def test_old_ones_are_pruned_and_a_second_call_changes_nothing(
    tmp_path: Path, sales: CatalogTable
) -> None:
    for release in (1, 2, 5, 9, 10):
        path = write_catalog(tmp_path, release, {"sales": sales})
    found = sorted(p.name for p in tmp_path.glob("*catalog*"))
    assert found == ["catalog-10.duckdb", "catalog-5.duckdb", "catalog-9.duckdb", "catalog.duckdb"]
    before = path.stat().st_mtime_ns
    assert write_catalog(tmp_path, 10, {}) == path
    assert path.stat().st_mtime_ns == before
    # Back to a release whose catalog still lies there: the link moves, nothing is pruned too far.
    assert write_catalog(tmp_path, 5, {}).exists()
    assert (tmp_path / "catalog.duckdb").resolve().name == "catalog-5.duckdb"


def test_a_damaged_older_catalog_does_not_matter(tmp_path: Path, sales: CatalogTable) -> None:
    (tmp_path / "catalog-1.duckdb").write_bytes(b"damaged" * 1000)
    write_catalog(tmp_path, 2, {"sales": sales})
    assert ask(tmp_path / "catalog.duckdb", "SELECT count(*) FROM sales") == [(1,)]


def test_a_failure_is_a_warning_and_keeps_the_old_one(tmp_path: Path, sales: CatalogTable) -> None:
    write_catalog(tmp_path, 1, {"sales": sales})
    lost = CatalogTable(schema=SCHEMA, files=(tmp_path / "lost.parquet",))
    with pytest.raises(HeadwaterError, match="W764"):
        write_catalog(tmp_path, 2, {"sales": sales, "lost": lost})
    assert ask(tmp_path / "catalog.duckdb", "SELECT count(*) FROM sales") == [(1,)]
    assert sorted(p.name for p in tmp_path.glob(".*")) == []
