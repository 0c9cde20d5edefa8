"""Generators of the project: dicts or Arrow, cursors, and mistakes at the user's own line."""

# ruff: noqa: E501 - tables of cases read best a line a case
from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import duckdb
import pytest
from tests.unit.kinds.source.landing import (
    LOAD,
    codes_of,
    columns_of,
    define,
    rejected_of,
    rows_of,
)

from headwater.clock import Clock
from headwater.errors import HeadwaterError, Place
from headwater.kinds.source.definition import PythonOrigin
from headwater.kinds.source.readers import open_reader
from headwater.kinds.source.readers.model import Known, Landed
from headwater.sql.relations import Column

COLUMNS = columns_of(("id", "BIGINT"), ("at", "TIMESTAMP"), ("price", "DECIMAL(9,2)"))


def _land(
    root: Path,
    code: str,
    columns: tuple[Column, ...] | None = COLUMNS,
    cursor: str | None = None,
    **known: Any,
) -> Landed:
    (root / "loaders").mkdir(exist_ok=True)
    (root / "loaders" / "things.py").write_text(dedent(code))
    clock = Clock.at("2011-12-10", "UTC")
    reader = open_reader(
        define(PythonOrigin(function="loaders.things:rows", cursor=cursor)),
        root=root, zone=clock.zone, columns=columns, clock=clock,
    )  # fmt: skip
    with duckdb.connect(config={"threads": 2}) as connection:
        found = reader.discover(Known(**known))
        [landed] = reader.land(found.new, root / "out", LOAD, connection)
        return landed


def test_dicts_land_exactly(tmp_path: Path) -> None:
    landed = _land(tmp_path, """
        from datetime import datetime, date
        from decimal import Decimal
        def rows():
            yield {"id": 1, "at": datetime(2011, 1, 2, 3, 4, 5, 678901), "price": Decimal("0.10")}
            yield [{"id": 2, "at": date(2011, 1, 3), "price": None}, {"id": 3}]
            yield {"id": 4.5}
    """)  # fmt: skip
    assert rows_of(landed, 'id, CAST("at" AS VARCHAR), CAST(price AS VARCHAR), _row') == [
        (1, "2011-01-02 03:04:05.678901", "0.10", 1), (2, "2011-01-03 00:00:00", None, 2), (3, None, None, 3),
    ]  # fmt: skip
    assert rejected_of(landed) == [(4, '{"id":4.5}', ["id: not a BIGINT"])]
    assert landed.delivery.name == "loaders.things:rows"
    assert len(landed.delivery.sha256) == 64


def test_arrow_batches_land_with_their_types(tmp_path: Path) -> None:
    code = """
        import pyarrow as pa
        def rows():
            yield pa.table({"id": [1, 2], "At": ["2011-01-01", "soon"]})
            yield pa.RecordBatch.from_pydict({"id": [3.0, 4.5], "At": [None, None]})
    """
    landed = _land(tmp_path, code, COLUMNS[:2])
    assert rows_of(landed, "id, _row") == [(1, 1), (3, 3)]
    assert [row[0] for row in rejected_of(landed)] == [2, 4]


def test_columns_are_told_by_the_first_records_without_running_twice(tmp_path: Path) -> None:
    landed = _land(tmp_path, """
        runs = []
        def rows():
            runs.append(1)
            for i in range(2500):
                yield {"Item No": i, "run": len(runs), "tags": ["a"]}
    """, None)  # fmt: skip
    assert rows_of(
        landed, "count(*), max(item_no), max(run), any_value(CAST(tags AS VARCHAR))"
    ) == [(2500, 2499, 1, '["a"]')]


def test_a_cursor_is_handed_over_with_its_type(tmp_path: Path) -> None:
    code = """
        from datetime import datetime, timedelta
        def rows(cursor=None):
            assert cursor is None or type(cursor) is datetime, cursor
            start = cursor or datetime(2011, 1, 1)
            for n in range(1, 4):
                yield {"id": n, "at": start + timedelta(days=n)}
    """
    first = _land(tmp_path, code, cursor="at")
    assert json.loads(first.cursor or "") == "2011-01-04 00:00:00"


def test_the_next_load_begins_at_the_cursor(tmp_path: Path) -> None:
    (tmp_path / "loaders").mkdir()
    (tmp_path / "loaders" / "things.py").write_text(
        "def rows(since):\n    yield {'id': 7, 'at': str(since)}\n"
    )
    clock = Clock.at("2011-12-10", "UTC")
    reader = open_reader(
        define(PythonOrigin(function="loaders.things:rows", cursor="at")),
        root=tmp_path, zone=clock.zone, columns=COLUMNS, clock=clock,
    )  # fmt: skip
    found = reader.discover(Known(cursor='"2011-01-04 00:00:00"'))
    assert found.new[0].name == "loaders.things:rows at > 2011-01-04 00:00:00"
    with duckdb.connect() as connection:
        [landed] = reader.land(found.new, tmp_path / "out", LOAD, connection)
    assert rows_of(landed, 'CAST("at" AS VARCHAR)') == [("2011-01-04 00:00:00",)]


def test_an_exception_is_told_at_the_users_line_and_lands_nothing(tmp_path: Path) -> None:
    code = """
        import json
        def rows():
            for i in range(120_000):
                yield {"id": i}
            yield json.loads("{")
    """
    landed = _land(tmp_path, code)
    [issue] = [issue for issue in landed.issues if issue.is_error]
    assert (issue.code, issue.place) == ("E532", Place("loaders/things.py", 6))
    assert "JSONDecodeError" in issue.what
    assert landed.refused
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("def row(): ...", ("E531", "did you mean `row`?")),
        ("def rows(): return 1 +", ("E532", None)),
        ("import nowhere_at_all\ndef rows(): ...", ("E532", None)),
        ("raise ValueError('x')", ("E532", None)),
    ],
)
def test_code_that_cannot_be_used(
    tmp_path: Path, code: str, expected: tuple[str, str | None]
) -> None:
    with pytest.raises(HeadwaterError) as caught:
        _land(tmp_path, code)
    [issue] = caught.value.issues
    assert issue.code == expected[0]
    if expected[1]:
        assert issue.fix == expected[1]
    else:
        assert issue.place == Place("loaders/things.py", 1)


def test_what_is_no_record_is_refused(tmp_path: Path) -> None:
    assert codes_of(_land(tmp_path, "def rows(): yield 7"))[-1] == "E533"
    assert codes_of(_land(tmp_path, "def rows(): yield {'id': object()}"))[-1] == "E533"


def test_nothing_is_no_mistake(tmp_path: Path) -> None:
    landed = _land(tmp_path, "def rows(): return []")
    assert (landed.delivered, landed.refused) == (0, False)


def test_two_projects_may_name_their_modules_alike(tmp_path: Path) -> None:
    for name, value in (("one", 1), ("two", 2)):
        (tmp_path / name).mkdir()
        landed = _land(tmp_path / name, f"def rows(): yield {{'id': {value}}}")
        assert rows_of(landed, "id") == [(value,)]
