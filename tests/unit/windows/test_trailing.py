"""Windows equal plain Python by every strategy, and nothing of the future is in them."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.windows import reference
from tests.unit.windows.world import (
    CHANGES,
    ZONE,
    Row,
    World,
    features,
    fill,
    is_close,
    rows,
    worlds,
)

from headwater.engines.protocol import Session
from headwater.windows.model import (
    Events,
    Expression,
    Probes,
    Window,
    WindowFeature,
    WindowJoin,
    WindowsError,
)
from headwater.windows.sides import describe
from headwater.windows.states import states_of
from headwater.windows.strategies.choice import Choice
from headwater.windows.strategies.prefix import can_prefix
from headwater.windows.trailing import add_windows

EXAMPLES = int(os.environ.get("HEADWATER_EXAMPLES", "12"))
MANY = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
TILE = timedelta(hours=31)


def values(
    session: Session, join: WindowJoin, choice: Choice | None = None
) -> list[tuple[Any, ...]]:
    """The features of every probe, by its number."""
    add_windows(session, join, into="found", choice=choice)
    listed = ", ".join(f'"{feature.name}"' for feature in join.features)
    found = session.fetch(f"SELECT id, {listed} FROM found ORDER BY id")
    session.fetch("DROP TABLE found")
    return found


def join_of(world: World, asked: tuple[WindowFeature, ...]) -> WindowJoin:
    """The join of a world's relations."""
    probes, events = world.described
    return WindowJoin(probes=probes, events=events, features=asked, zone=ZONE)


def choices(session: Session, join: WindowJoin) -> dict[str, Choice]:
    """Every way to the values that there is."""
    states = tuple(dict.fromkeys(s for feature in join.features for s in states_of(feature)))
    arguments = [s.argument for s in states if s.argument]
    sides = describe(session, join.probes, join.events, join.zone, arguments)
    able = tuple(state for state in states if can_prefix(state, sides))
    rest = tuple(state for state in states if state not in able)
    bounded = tuple(state for state in states if state.window.is_bounded)
    found = {
        "range": Choice(by_range=states, by_prefix=()),
        "shares": Choice(by_range=states, by_prefix=(), shares=3),
    }
    if able:
        found["prefix"] = Choice(by_range=rest, by_prefix=able)
        found["prefix shares"] = Choice(by_range=rest, by_prefix=able, shares=2)
    if bounded == states:
        found["tiles"] = Choice(by_range=states, by_prefix=(), tile=TILE)
    return found


@MANY
@given(world=worlds(), asked=features())
def test_every_strategy_equals_plain_python(
    session: Session, world: World, asked: tuple[WindowFeature, ...]
) -> None:
    fill(session, world)
    join = join_of(world, asked)
    wanted = [
        (number, *(reference.value(world, probe, feature) for feature in asked))
        for number, probe in enumerate(world.probes)
    ]
    for name, choice in {**choices(session, join), "chosen": None}.items():
        found = values(session, join, choice)
        assert len(found) == len(wanted), name
        for row, right in zip(found, wanted, strict=True):
            assert all(map(is_close, row, right)), (name, row, right)


@MANY
@given(
    world=worlds(), asked=features(), extra=st.lists(rows(CHANGES[1]), max_size=6), data=st.data()
)
def test_nothing_of_the_future_is_seen(
    session: Session,
    world: World,
    asked: tuple[WindowFeature, ...],
    extra: list[Row],
    data: st.DataObject,
) -> None:
    """Adding, changing or taking away rows at or after `at`, or known after it, changes nothing."""
    probe = data.draw(st.sampled_from(world.probes)) if world.probes else None
    world = replace(world, probes=(probe,) if probe else ())

    def is_hidden(row: Row) -> bool:
        if probe is None or probe["at"] is None:
            return True
        held = reference.as_column(probe["at"], world.at_type)
        now = reference.in_terms(held, world.time_type)
        time = reference.as_column(row["sold_at"], world.time_type)
        known = reference.in_terms(held, world.known_type or "TIMESTAMP")
        starts = reference.as_column(row["seen"], world.known_type or "TIMESTAMP")
        late = bool(world.known_type) and (starts is None or starts > known)  # type: ignore[operator]
        return late or time is None or now is None or time >= now

    fill(session, world)
    before = values(session, join_of(world, asked))
    kept = tuple(row for row in world.events if not is_hidden(row))
    later = replace(world, events=kept + tuple(filter(is_hidden, extra)))
    fill(session, later)
    for choice in [None, *choices(session, join_of(later, asked)).values()]:
        for one, other in zip(before, values(session, join_of(later, asked), choice), strict=True):
            assert all(map(is_close, one, other))


# --- by hand


@pytest.fixture
def shop(session: Session) -> WindowJoin:
    """One customer, three sales, two moments, the second one twice."""
    session.fetch(
        "CREATE OR REPLACE TEMP TABLE sales AS SELECT * FROM (VALUES"
        " (1, TIMESTAMP '2024-01-01', 10.00), (1, '2024-01-31', 5.00), (1, '2024-03-01', 1.00)"
        ") AS v(customer, sold_at, amount)"
    )
    session.fetch(
        "CREATE OR REPLACE TEMP TABLE asked AS SELECT * FROM (VALUES"
        " (1, 1, TIMESTAMP '2024-01-31'), (2, 1, '2024-03-01'), (2, 1, '2024-03-01'),"
        " (3, NULL, '2024-03-01')) AS v(id, customer, \"at\")"
    )
    return WindowJoin(
        probes=Probes(relation="asked", keys=("customer",), at="at"),
        events=Events(relation="sales", keys=("customer",), time="sold_at"),
        features=(
            WindowFeature(
                name="spend", function="sum", argument="amount", window=Window(timedelta(days=30))
            ),
            WindowFeature(name="month", function="count", window=Window(months=1)),
        ),
        zone=ZoneInfo("UTC"),
    )


def test_windows_are_half_open_and_every_probe_stays(session: Session, shop: WindowJoin) -> None:
    found = values(session, shop)
    # 30 days before 31 January is 1 January, its midnight included, and 31 January is not.
    assert found == [(1, 10, 1), (2, 5, 1), (2, 5, 1), (3, None, 0)]


def test_expressions_see_probes_features_and_each_other(session: Session, shop: WindowJoin) -> None:
    expressions = (
        Expression(name="each", sql="spend / nullif(month, 0)"),
        Expression(name="twice", sql="each * 2 + id"),
    )
    add_windows(session, replace(shop, expressions=expressions), into="found")
    assert session.fetch("SELECT twice FROM found ORDER BY id")[:2] == [(21.0,), (12.0,)]
    columns = [name for name, *_ in session.fetch("DESCRIBE found")]
    assert columns == ["id", "customer", "at", "spend", "month", "each", "twice"]
    session.fetch("DROP TABLE found")


def test_nothing_is_left_but_the_result(session: Session, shop: WindowJoin) -> None:
    before = session.fetch("SELECT table_name FROM duckdb_tables() ORDER BY ALL")
    broken = replace(shop, expressions=(Expression(name="broken", sql="no_such_column"),))
    with pytest.raises(Exception, match="no_such_column"):
        add_windows(session, broken, into="found")
    assert session.fetch("SELECT table_name FROM duckdb_tables() ORDER BY ALL") == before
    values(session, shop)
    assert session.fetch("SELECT table_name FROM duckdb_tables() ORDER BY ALL") == before


def test_one_call_after_the_other(session: Session, shop: WindowJoin) -> None:
    add_windows(session, shop, into="first")
    again = replace(
        shop,
        probes=replace(shop.probes, relation="first"),
        features=(WindowFeature(name="all", function="count"),),
    )
    add_windows(session, again, into="second")
    assert session.fetch('SELECT id, spend, "all" FROM second ORDER BY id')[0] == (1, 10, 1)
    session.fetch("DROP TABLE first")
    session.fetch("DROP TABLE second")


def test_a_row_counts_while_it_was_known(session: Session) -> None:
    """A sale of 10 is corrected to 7 two days later: before that, 10 is what was known."""
    session.fetch(
        "CREATE OR REPLACE TEMP TABLE sales AS SELECT * FROM (VALUES"
        " (1, TIMESTAMP '2024-01-01', 10, TIMESTAMP '2024-01-01 06:00', TIMESTAMP '2024-01-03'),"
        " (1, TIMESTAMP '2024-01-01', 7, TIMESTAMP '2024-01-03', NULL)"
        ") AS v(customer, sold_at, amount, seen, gone)"
    )
    moments = ["2024-01-01 05:00", "2024-01-02", "2024-01-03"]
    listed = ", ".join(f"({n}, 1, TIMESTAMP '{at}')" for n, at in enumerate(moments))
    session.fetch(
        f'CREATE OR REPLACE TEMP TABLE asked AS SELECT * FROM (VALUES {listed}) v(id, c, "at")'
    )
    events = Events(
        relation="sales", keys=("customer",), time="sold_at", known_from="seen", known_to="gone"
    )
    join = WindowJoin(
        probes=Probes(relation="asked", keys=("c",), at="at"),
        events=events,
        features=(WindowFeature(name="spend", function="sum", argument="amount"),),
        zone=ZONE,
    )
    assert values(session, join) == [(0, None), (1, 10), (2, 7)]


def test_mistakes_of_programmers_are_named(session: Session, shop: WindowJoin) -> None:
    def fails(match: str, join: WindowJoin) -> None:
        with pytest.raises(WindowsError, match=match):
            add_windows(session, join, into="found")

    events, probes, (spend, _) = shop.events, shop.probes, shop.features
    fails("has no column `when`", replace(shop, events=replace(events, time="when")))
    fails("has no column `when`", replace(shop, probes=replace(probes, at="when")))
    fails("not a time", replace(shop, events=replace(events, time="amount")))
    fails("not a time", replace(shop, probes=replace(probes, at="id")))
    fails("differ in length", replace(shop, events=replace(events, keys=("customer", "amount"))))
    fails("`sold_at` is TIMESTAMP", replace(shop, events=replace(events, keys=("sold_at",))))
    fails("two columns", replace(shop, features=(spend, replace(spend, window=Window()))))
    fails("two columns", replace(shop, features=(replace(spend, name="ID"),)))
    with pytest.raises(WindowsError, match="needs a feature"):
        replace(shop, features=())
    with pytest.raises(WindowsError, match="needs an argument"):
        WindowFeature(name="spend", function="sum")
    with pytest.raises(WindowsError, match="no function"):
        WindowFeature(name="spend", function="total")  # type: ignore[arg-type]
    with pytest.raises(WindowsError, match="positive length"):
        Window(timedelta(0))
    with pytest.raises(WindowsError, match="not both"):
        Window(timedelta(days=1), months=1)
    with pytest.raises(WindowsError, match="a key"):
        Events(relation="sales", keys=(), time="sold_at")
