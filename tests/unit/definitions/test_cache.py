"""The parse cache speeds up and never decides: broken, locked or foreign, it only is not used."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from headwater.definitions import cache as cache_module
from headwater.definitions.cache import ParseCache


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "cache" / "parse.db"
    first = ParseCache(path)
    key = ParseCache.key("tables/a.sql", "text")
    assert first.get(key) is None
    first.put(key, [1, "é", None])
    first.save()
    assert ParseCache(path).get(key) == [1, "é", None]
    assert ParseCache(path).get(ParseCache.key("tables/a.sql", "texu")) is None


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_broken_file_starts_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "parse.db"
    path.write_bytes(content)
    cache = ParseCache(path)
    cache.put("k", 1)
    cache.save()
    again = ParseCache(path)
    again.put("k", 1)
    again.save()
    assert ParseCache(path).get("k") == 1


def test_a_row_that_is_no_json_is_a_miss(tmp_path: Path) -> None:
    path = tmp_path / "parse.db"
    cache = ParseCache(path)
    cache.put("k", 1)
    cache.save()
    with sqlite3.connect(path) as connection:
        connection.execute("update parsed set value = '{'")
    assert ParseCache(path).get("k") is None


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = ParseCache(tmp_path / "file" / "parse.db")
    cache.put("k", 1)
    cache.save()
    assert ParseCache(None).get("k") is None


def test_a_locked_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_PATIENCE_S", 0.05)
    path = tmp_path / "parse.db"
    ParseCache(path).save()
    holder = sqlite3.connect(path)
    holder.execute("create table parsed (key text primary key, value text) without rowid")
    holder.execute("begin exclusive")
    cache = ParseCache(path)
    cache.put("k", 1)
    cache.save()
    holder.rollback()
    holder.close()
    assert ParseCache(path).get("k") is None


def test_processes_at_once(tmp_path: Path) -> None:
    path = tmp_path / "parse.db"

    def work(number: int) -> None:
        cache = ParseCache(path)
        for index in range(50):
            cache.put(f"{number}-{index}", number)
        cache.save()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    final = ParseCache(path)
    assert sum(final.get(f"{n}-{i}") == n for n in range(8) for i in range(50)) == 400


def test_what_is_not_used_for_long_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache_module, "_SPARE_ROWS", 5)
    path = tmp_path / "parse.db"
    cache = ParseCache(path)
    for index in range(20):
        cache.put(f"old-{index}", index)
    cache.save()
    later = ParseCache(path)
    later.put("new", 1)
    later.save()
    with sqlite3.connect(path) as connection:
        assert connection.execute("select key from parsed").fetchall() == [("new",)]
