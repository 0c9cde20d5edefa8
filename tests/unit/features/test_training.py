"""Training rows: every label row stays, and sees what was known at its moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.features.conftest import ZONE
from tests.unit.features.views import CUSTOMERS, feature, sales, view

from headwater.engines.protocol import KNOWN_COLUMNS, Session
from headwater.features.compiling import compile_view
from headwater.features.labels import narrowed
from headwater.features.model import FeatureSet
from headwater.features.training import BoundView, add_training_rows

Rows = list[tuple[Any, ...]]


def compiled(latency: timedelta = timedelta(days=1), name: str = "customer") -> FeatureSet:
    """A view of three features."""
    spec = view(
        feature(f"{name}_orders", "count(*)", "30d"),
        feature(f"{name}_spend", "sum(quantity)", "all"),
        name=name,
        latency=latency,
    )
    return compile_view(spec, CUSTOMERS, sales())


def show(session: Session, events: Rows, labels: Rows) -> None:
    """Events (customer, time, quantity, known from, known to) and labels (customer, at, label)."""
    known = ", ".join(f'NULL::TIMESTAMPTZ AS "{name}"' for name in KNOWN_COLUMNS)
    columns = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind in sales().schema)
    session.fetch(f"CREATE OR REPLACE TEMP TABLE sales AS SELECT {columns}, {known} LIMIT 0")
    listed = f'customer, sold_at, quantity, "{KNOWN_COLUMNS[0]}", "{KNOWN_COLUMNS[1]}"'
    insert(session, f"sales ({listed})", events)
    session.fetch(
        "CREATE OR REPLACE TEMP TABLE labels (customer_id BIGINT, as_of TIMESTAMP, label BOOLEAN)"
    )
    insert(session, "labels", labels)


def insert(session: Session, into: str, rows: Rows) -> None:
    """All rows at once."""
    if rows:
        places = ", ".join("(" + ", ".join("?" * len(row)) + ")" for row in rows)
        session.fetch(f"INSERT INTO {into} VALUES {places}", [v for row in rows for v in row])


def rows_of(session: Session, *views: BoundView, **asked: Any) -> Rows:
    """The training rows, sorted."""
    add_training_rows(session, "labels", views, into="rows", zone=ZONE, **asked)
    try:
        return session.fetch("SELECT * FROM rows ORDER BY ALL")
    finally:
        session.fetch("DROP TABLE rows")


def at(day: int, hour: int = 0) -> datetime:
    """A local time of January 2024, when London has UTC."""
    return datetime(2024, 1, 1) + timedelta(days=day, hours=hour)  # noqa: DTZ001  # local


def known(day: int, hour: int = 0) -> datetime:
    """The same as an instant."""
    return at(day, hour).replace(tzinfo=UTC)


moments = st.integers(0, 24 * 20).map(lambda hours: timedelta(hours=hours))
event = st.tuples(
    st.sampled_from([1, 2, None]),
    moments,
    st.integers(-3, 3),
    st.one_of(st.none(), moments),
    st.one_of(st.none(), moments),
)
label = st.tuples(st.sampled_from([1, 2, 3, None]), moments, st.booleans())


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    events=st.lists(event, max_size=8),
    labels=st.lists(label, min_size=1, max_size=6),
    latency=st.sampled_from([timedelta(0), timedelta(hours=30)]),
    lag=st.sampled_from([timedelta(0), timedelta(days=1)]),
    until=st.one_of(st.none(), moments),
)
def test_a_row_sees_what_was_known(
    session: Session,
    events: Rows,
    labels: Rows,
    latency: timedelta,
    lag: timedelta,
    until: timedelta | None,
) -> None:
    start, instant = at(0), known(0)
    shown = [
        (who, start + when, amount, "-infinity" if a is None else instant + a,
         None if b is None else instant + b)
        for who, when, amount, a, b in events
    ]  # fmt: skip
    show(session, shown, [(who, start + when, answer) for who, when, answer in labels])
    bound = BoundView(features=compiled(latency), events="sales", known=KNOWN_COLUMNS)
    cut = None if until is None else instant + until
    expected = []
    for who, when, answer in labels:
        moment = when - lag
        seen = [
            (time, amount)
            for key, time, amount, begins, ends in events
            if key == who is not None
            and time < moment
            and (until is None or time < until)
            and (begins is None or begins <= moment + latency)
            and (ends is None or ends > moment + latency)
        ]
        orders = sum(time >= moment - timedelta(days=30) for time, _ in seen)
        spend = sum(amount for _, amount in seen) if seen else None
        expected.append((who, start + when, answer, orders, spend))
    found = rows_of(session, bound, lag=lag, until=cut)
    assert sorted(found, key=repr) == sorted(expected, key=repr)


def test_views_stand_side_by_side_in_order(session: Session) -> None:
    show(session, [(1, at(0), 5, None, None)], [(1, at(3), True), (1, at(3), False)])
    both = [BoundView(features=compiled(name=n), events="sales") for n in ("zone", "area")]
    add_training_rows(session, "labels", both, into="rows", zone=ZONE)
    names = [name for name, *_ in session.fetch("DESCRIBE rows")]
    expected = ["zone_orders_30d", "zone_spend", "area_orders_30d", "area_spend"]
    assert names == ["customer_id", "as_of", "label", *expected]
    ((count,),) = session.fetch("SELECT count(*) FROM rows")
    assert count == 2


def test_nothing_but_the_result_is_left(session: Session) -> None:
    show(session, [], [(1, at(3), True)])
    before = session.fetch("SELECT table_name FROM information_schema.tables ORDER BY 1")
    bound = BoundView(features=compiled(), events="sales")
    rows_of(session, bound, lag=timedelta(days=1), until=known(2))
    assert session.fetch("SELECT table_name FROM information_schema.tables ORDER BY 1") == before


def test_a_column_of_the_source_says_itself_when_a_row_was_known(session: Session) -> None:
    spec = view(feature("orders", "count(*)", "all"), known_at="sold_at", latency=timedelta(0))
    features = compile_view(spec, CUSTOMERS, sales())
    show(session, [(1, at(0), 5, known(9), None)], [(1, at(3), True)])
    bound = BoundView(features=features, events="sales", known=KNOWN_COLUMNS)
    assert rows_of(session, bound) == [(1, at(3), True, 1)]


def test_a_view_narrowed_to_what_is_asked_for() -> None:
    spec = view(
        feature("orders", "count(*)", "30d"),
        feature("spend", "sum(quantity)", "all"),
        feature("mean", "spend / nullif(orders_30d, 0)"),
        feature("size", "mean * 2"),
    )
    features = compile_view(spec, CUSTOMERS, sales())
    assert [c.name for c in narrowed(features, ["orders_30d"]).columns] == ["orders_30d"]
    assert narrowed(features, ["orders_30d"]).longest == timedelta(days=31)
    whole = narrowed(features, ["size"])
    assert [column.name for column in whole.columns] == ["orders_30d", "spend", "mean", "size"]
    assert len(whole.windows) == 2
    assert narrowed(features, []).windows == ()
