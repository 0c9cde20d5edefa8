"""The cache gives back what was put, and never more than that."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.sql.schemas import DETERMINISM, relation

from headwater.sql import (
    Binder,
    Parsed,
    Query,
    QueryTemplate,
    SqlError,
    TemplateCache,
    TemplateKey,
    parse,
    template_keys,
)

PLAIN = Query(sql="select a, b from t where a > 1", relations=DETERMINISM)
FINDING = Query(sql="select row_number() over (order by a) as r from t", relations=DETERMINISM)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "templates.db"


def key_of(query: Query, functions: tuple[str, ...] = ()) -> TemplateKey:
    return template_keys([(query, parse(query.sql))], functions)[0]


def bound(query: Query) -> QueryTemplate:
    return Binder().bind(query.sql, query.relations, time=query.time)


def test_what_was_put_is_there_after_reopening(path: Path) -> None:
    with TemplateCache(path) as cache:
        assert cache.get_many([key_of(PLAIN)]) == [None]
        cache.put_many([(key_of(PLAIN), bound(PLAIN))])
    with TemplateCache(path) as cache:
        assert cache.get_many([key_of(PLAIN), key_of(FINDING)]) == [bound(PLAIN), None]


def test_formatting_is_a_hit_unless_positions_move(path: Path) -> None:
    with TemplateCache(path) as cache:
        cache.put_many([(key_of(query), bound(query)) for query in (PLAIN, FINDING)])
        reformatted = [replace(query, sql=f"\n{query.sql}") for query in (PLAIN, FINDING)]
        assert cache.get_many([key_of(query) for query in reformatted]) == [bound(PLAIN), None]


@pytest.mark.parametrize(
    "change",
    [
        {"relations": DETERMINISM | {"t": replace(DETERMINISM["t"], key=())}},
        {"relations": DETERMINISM | {"t": replace(DETERMINISM["t"], time="ts")}},
        {"relations": DETERMINISM | {"t": relation("t", {"a": "BIGINT", "b": "VARCHAR"})}},
        {"relations": DETERMINISM | {"t": replace(DETERMINISM["t"], name="T")}},
        {"time": "a"},
        {"parameters": {"low": "INTEGER"}},
        {"sql": "select a, b from t where a > 2"},
    ],
)
def test_everything_that_matters_is_in_the_key(change: dict[str, object]) -> None:
    assert key_of(replace(PLAIN, **change)).meaning != key_of(PLAIN).meaning  # type: ignore[arg-type]


def test_functions_are_in_the_key_and_other_tables_are_not() -> None:
    assert key_of(PLAIN, ("create macro f(x) as x",)).meaning != key_of(PLAIN).meaning
    others = DETERMINISM | {"u": relation("u", {"x": "INTEGER"})}
    assert key_of(replace(PLAIN, relations=others)) == key_of(PLAIN)


def test_parsed_texts_are_remembered_and_errors_are_not(path: Path) -> None:
    texts = [PLAIN.sql, "select from", FINDING.sql, PLAIN.sql]
    with TemplateCache(path) as cache:
        for _ in range(2):
            found = cache.parse_many(texts)
            assert [type(each) for each in found] == [Parsed, SqlError, Parsed, Parsed]
            assert found[0] == found[3] == parse(PLAIN.sql)


@pytest.mark.parametrize("garbage", [b"no database", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_corrupt_file_is_begun_anew(path: Path, garbage: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(garbage)
    with TemplateCache(path) as cache:
        cache.put_many([(key_of(PLAIN), bound(PLAIN))])
        cache.put_many([(key_of(PLAIN), bound(PLAIN))])
        assert cache.get_many([key_of(PLAIN)]) == [bound(PLAIN)]


def test_a_corrupt_page_is_begun_anew(path: Path) -> None:
    with TemplateCache(path) as cache:
        cache.put_many([(key_of(PLAIN), bound(PLAIN))])
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xee" * (len(data) - 4096)
    path.write_bytes(bytes(data))
    with TemplateCache(path) as cache:
        assert cache.get_many([key_of(PLAIN)]) == [None]
        cache.put_many([(key_of(PLAIN), bound(PLAIN))])
        cache.put_many([(key_of(PLAIN), bound(PLAIN))])
        assert cache.get_many([key_of(PLAIN)]) == [bound(PLAIN)]


def test_a_folder_in_its_place_is_no_error(path: Path) -> None:
    path.mkdir(parents=True)
    with TemplateCache(path) as cache:
        cache.put_many([(key_of(PLAIN), bound(PLAIN))])
        assert cache.get_many([key_of(PLAIN)]) == [bound(PLAIN)]


def test_a_damaged_entry_is_a_miss(path: Path) -> None:
    with TemplateCache(path) as cache:
        cache.put_many([(key_of(PLAIN), bound(PLAIN))])
        cache._connection.execute("update template set data = '[1]'")
        assert cache.get_many([key_of(PLAIN)]) == [None]
