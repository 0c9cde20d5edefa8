"""Equal content gives equal digests in any order and any files; a change shows where it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from tests.unit.engines.duckdb.conftest import LONDON

from headwater.clock import day_interval
from headwater.engines.duckdb import DuckDBSession
from headwater.engines.protocol import DayDigests

SCHEMA = (("id", "INTEGER"), ("x", "DOUBLE"), ("s", "VARCHAR"), ("ts", "TIMESTAMP"))
DAY_1, DAY_2 = date(2011, 11, 1), date(2011, 11, 2)
BASE = (
    "SELECT i::INTEGER AS id, i / 3 AS x, 'n' || i % 3 AS s, "
    "timestamp '2011-11-01' + i * interval 1 hour AS ts FROM range(48) t(i)"
)

SWAPPED = "CASE id WHEN 1 THEN 'n2' WHEN 2 THEN 'n1' ELSE s END"


def digests(
    session: DuckDBSession, folder: Path, *selects: str, key: tuple[str, ...] = ("id",)
) -> DayDigests:
    files = [folder / f"{n}-{abs(hash(select))}.parquet" for n, select in enumerate(selects)]
    for select, path in zip(selects, files, strict=True):
        session.copy(select, path)
    return session.day_digests(files, schema=SCHEMA, time="ts", key=key)


def changed(one: DayDigests, two: DayDigests) -> Mapping[date | None, set[str]]:
    return {
        day: {name for name in one[day] if one[day][name] != two[day][name]}
        for day in one
        if one[day] != two[day]
    }


def test_order_and_files_do_not_count(session: DuckDBSession, tmp_path: Path) -> None:
    one = digests(session, tmp_path, BASE)
    assert set(one) == {DAY_1, DAY_2}
    assert one[DAY_1]["*"] == 24
    halves = [f"{BASE} WHERE i % 2 = {n} ORDER BY i DESC" for n in (1, 0)]
    assert digests(session, tmp_path, *halves) == one


@pytest.mark.parametrize(
    ("select", "difference"),
    [
        (f"SELECT * REPLACE (if(id = 30, 'z', s) AS s) FROM ({BASE})", {DAY_2: {"", "s"}}),
        (f"SELECT * REPLACE (if(id = 3, NULL, x) AS x) FROM ({BASE})", {DAY_1: {"", "x"}}),
        # Two rows swap a value: each column as a multiset is the same, tied to the key it is not.
        (
            f"SELECT * REPLACE ({SWAPPED} AS s) FROM ({BASE})",
            {DAY_1: {"", "s"}},
        ),
        # Floating point counts to nine digits.
        (f"SELECT * REPLACE (x * (1 + 1e-14) AS x) FROM ({BASE})", {}),
        (
            f"SELECT * REPLACE (if(id = 1, x * (1 + 1e-7), x) AS x) FROM ({BASE})",
            {DAY_1: {"", "x"}},
        ),
        (f"SELECT * REPLACE (if(id = 0, -0.0, x) AS x) FROM ({BASE})", {}),
    ],
)
def test_a_change_shows_in_its_column_and_day(
    session: DuckDBSession, tmp_path: Path, select: str, difference: Mapping[date, set[str]]
) -> None:
    assert (
        changed(digests(session, tmp_path, BASE), digests(session, tmp_path, select)) == difference
    )


def test_repeated_rows_count(session: DuckDBSession, tmp_path: Path) -> None:
    twice = digests(session, tmp_path, BASE, f"{BASE} WHERE i = 5")
    assert changed(digests(session, tmp_path, BASE), twice)[DAY_1] == {
        "*",
        "",
        "id",
        "x",
        "s",
        "ts",
    }


def test_without_a_key_only_rows_compare(session: DuckDBSession, tmp_path: Path) -> None:
    one = digests(session, tmp_path, BASE, key=())
    assert all(set(values) == {"*", ""} for values in one.values())


def test_infinite_and_no_numbers(session: DuckDBSession, tmp_path: Path) -> None:
    strange = (
        "SELECT i::INTEGER AS id, [1e300, 1e-300, 'nan', 'inf', '-inf', -7.5e-12][i]::DOUBLE AS x, "
        "'' AS s, timestamp '2011-11-01' AS ts FROM range(1, 7) t(i)"
    )
    one = digests(session, tmp_path, strange)
    other = digests(session, tmp_path, strange.replace("'-inf'", "'inf'"))
    assert changed(one, other) == {DAY_1: {"", "x"}}


def test_chosen_columns_within_an_interval(session: DuckDBSession, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    session.copy(BASE, path)
    found = session.day_digests(
        [path],
        schema=SCHEMA,
        columns=["x"],
        time="ts",
        key=["id"],
        within=day_interval(DAY_2, DAY_2, LONDON),
    )
    assert {day: set(values) for day, values in found.items()} == {DAY_2: {"*", "", "x"}}
    everything = session.day_digests([path], schema=SCHEMA, time=None, key=["id"])
    assert set(everything) == {None}
    assert session.day_digests([], schema=SCHEMA) == {}
