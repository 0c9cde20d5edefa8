"""Point-in-time joins equal plain Python, and nothing of the future is in them."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from tests.unit.windows import reference
from tests.unit.windows.world import ZONE, World, fill, is_close, latest, worlds

from headwater.engines.protocol import Session
from headwater.windows.as_of import add_as_of
from headwater.windows.model import AsOf, AsOfJoin, Events, Probes, Window, WindowsError

EXAMPLES = 2 * int(os.environ.get("HEADWATER_EXAMPLES", "12"))
MANY = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows(session: Session, join: AsOfJoin, memory_mb: int = 600) -> list[tuple[Any, ...]]:
    """The columns of every probe, by its number."""
    add_as_of(session, join, into="found", memory_mb=memory_mb)
    listed = ", ".join(f'"{name}"' for name, _ in join.as_of.columns)
    found = session.fetch(f"SELECT id, {listed} FROM found ORDER BY id")
    session.fetch("DROP TABLE found")
    return found


@MANY
@given(world=worlds(), as_of=latest())
def test_the_latest_row_equals_plain_python(session: Session, world: World, as_of: AsOf) -> None:
    fill(session, world)
    probes, events = world.described
    found = rows(session, AsOfJoin(probes=probes, events=events, as_of=as_of, zone=ZONE))
    wanted = [
        (number, *reference.latest(world, probe, as_of))
        for number, probe in enumerate(world.probes)
    ]
    assert len(found) == len(wanted)
    for row, right in zip(found, wanted, strict=True):
        assert all(map(is_close, row, right)), (row, right)


@pytest.fixture
def prices(session: Session) -> AsOfJoin:
    """Prices of a product; the one of the second day was seen on the fourth."""
    session.fetch(
        "CREATE OR REPLACE TEMP TABLE prices AS SELECT * FROM (VALUES"
        " (1, TIMESTAMP '2024-01-01', 10.0, TIMESTAMP '2024-01-01'),"
        " (1, '2024-01-02', 11.0, '2024-01-04'), (1, '2024-01-05', 12.0, '2024-01-05')"
        ") AS v(product, valid_from, price, seen)"
    )
    session.fetch(
        "CREATE OR REPLACE TEMP TABLE asked AS SELECT range AS id, 1 AS product,"
        " TIMESTAMP '2024-01-01' + range * INTERVAL 1 DAY AS \"at\" FROM range(7)"
    )
    return AsOfJoin(
        probes=Probes(relation="asked", keys=("product",), at="at"),
        events=Events(relation="prices", keys=("product",), time="valid_from", known_from="seen"),
        as_of=AsOf(columns=(("price", "price"),)),
        zone=ZONE,
    )


def test_what_was_seen_late_is_not_seen_early(session: Session, prices: AsOfJoin) -> None:
    assert [price for _, price in rows(session, prices)] == [None, 10, 10, 11, 11, 12, 12]
    at = replace(prices, as_of=replace(prices.as_of, inclusive=True))
    assert [price for _, price in rows(session, at)] == [10, 10, 10, 11, 12, 12, 12]


def test_old_rows_do_not_count(session: Session, prices: AsOfJoin) -> None:
    fresh = AsOf(columns=(("price", "price"),), ttl=Window(timedelta(days=1)))
    found = rows(session, replace(prices, as_of=fresh))
    assert [price for _, price in found] == [None, 10, None, None, None, 12, None]


def test_in_shares_it_is_the_same(session: Session, prices: AsOfJoin) -> None:
    session.fetch(
        "CREATE OR REPLACE TEMP TABLE asked AS SELECT range AS id, range % 9 AS product,"
        " TIMESTAMP '2024-01-04' AS \"at\" FROM range(9000)"
    )
    found = rows(session, prices, memory_mb=1)
    assert found == rows(session, prices)
    assert len(found) == 9000


def test_mistakes_of_programmers_are_named(session: Session, prices: AsOfJoin) -> None:
    taken = AsOf(columns=(("product", "price"),))
    with pytest.raises(WindowsError, match="two columns"):
        rows(session, replace(prices, as_of=taken))
    with pytest.raises(WindowsError, match="needs a column"):
        replace(prices, as_of=AsOf(columns=()))
