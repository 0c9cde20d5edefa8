"""Values of features for probes, beside plain SQL and by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.unit.features.conftest import ZONE
from tests.unit.features.views import CUSTOMERS, SALES, feature, sales, view

from headwater.engines.protocol import Session
from headwater.features.compiling import compile_view
from headwater.features.computing import add_features
from headwater.features.model import FeatureSet, ViewSpec
from headwater.windows.model import Probes, WindowsError

Row = tuple[Any, ...]
ROWS = """
    ('2024-01-10 09:00', 1, 10.50, 2, 'a', false),
    ('2024-01-20 09:00', 1, 20.00, 1, 'b', false),
    ('2024-02-29 23:59', 1, -5.25, 1, 'c', true),
    ('2024-03-01 00:00', 1, 99.00, 9, 'd', false),
    ('2024-02-10 12:00', 2, 7.00, 3, 'e', false),
    ('2024-02-11 12:00', NULL, 7.00, 3, 'f', false)
"""
AT = Probes(relation="asked", keys=("customer_id",), at="at")


@pytest.fixture
def shop(session: Session) -> Session:
    """Sales, and three customers asked about at the end of February; one is unknown."""
    columns = ", ".join(f"{name} {kind}" for name, kind in SALES)
    session.fetch(f"CREATE TEMP TABLE sales ({columns})")
    session.fetch(f"INSERT INTO sales VALUES {ROWS}")
    session.fetch(
        "CREATE TEMP TABLE asked AS SELECT * FROM (VALUES (1, TIMESTAMP '2024-03-01', 'x'),"
        " (2, TIMESTAMP '2024-03-01', 'y'), (3, TIMESTAMP '2024-03-01', 'z'))"
        ' AS t(customer_id, "at", note)'
    )
    return session


def compiled(spec: ViewSpec) -> FeatureSet:
    """The view over the sales."""
    return compile_view(spec, CUSTOMERS, sales())


def added(session: Session, features: FeatureSet, **given: Any) -> list[Row]:
    """The rows of the result, by customer."""
    asked: dict[str, Any] = {"events": "sales", "into": "found", "zone": ZONE} | given
    add_features(session, features, asked.pop("probes", AT), **asked)
    return session.fetch(f'SELECT * EXCLUDE ("at") FROM "{asked["into"]}" ORDER BY customer_id')


def test_every_sort_of_feature(shop: Session) -> None:
    spec = view(
        feature("orders", "count(*) filter (where not is_return)", "30d", "all"),
        feature("invoices", "count(distinct invoice)"),
        feature("spend", "sum(amount)", "6mo"),
        feature("pieces", "sum(quantity)"),
        feature("mean", "avg(quantity)"),
        feature("least", "min(amount)"),
        feature("first_invoice", "first(invoice)"),
        feature("last_invoice", "arg_max(invoice, sold_at)"),
        feature("returned", "bool_or(is_return)"),
        feature("recency", "date_diff('day', max(sold_at), :at)"),
        feature("price", "sum(amount) / sum(quantity)", type="DECIMAL(10,2)"),
    )
    assert added(shop, compiled(spec)) == [
        (1, "x", 0, 2, 3, Decimal("25.25"), 4, 4 / 3, Decimal("-5.25"), "a", "c", True, 1,
         Decimal("6.31")),
        (2, "y", 1, 1, 1, Decimal("7.00"), 3, 3.0, Decimal("7.00"), "e", "e", False, 20,
         Decimal("2.33")),
        (3, "z", 0, 0, 0, None, None, None, None, None, None, False, None, None),
    ]  # fmt: skip


def test_conditions_of_view_feature_and_aggregate_hold_together(shop: Session) -> None:
    spec = view(
        feature("n", "count(*) filter (where amount > 0)", where="quantity < 3"),
        where="not is_return",
    )
    assert [row[-1] for row in added(shop, compiled(spec))] == [2, 0, 0]


def test_features_of_features_and_zero(shop: Session) -> None:
    spec = view(
        feature("ratio", "spend_30d / spend_60d"),
        feature("half", "ratio / 2"),
        feature("spend", "sum(amount)", "30d", "60d"),
        feature("nothing", "spend_30d / (spend_30d - spend_30d)"),
    )
    first = added(shop, compiled(spec))[0]
    ratio = -5.25 / 25.25
    assert first[2:4] == (pytest.approx(ratio), pytest.approx(ratio / 2))
    assert first[4:] == (Decimal("-5.25"), Decimal("25.25"), None)


def test_a_request_is_computed_where_the_probes_carry_it(shop: Session) -> None:
    spec = view(
        feature("spend", "sum(amount)"),
        feature("ratio", ":basket / spend"),
        feature("twice", "2 * ratio"),
        request={"basket": "DOUBLE"},
    )
    features = compiled(spec)
    assert added(shop, features)[0] == (1, "x", Decimal("25.25"))
    shop.fetch("CREATE TEMP TABLE carrying AS SELECT *, 50.5 AS basket FROM asked")
    probes = Probes(relation="carrying", keys=("customer_id",), at="at")
    rows = added(shop, features, probes=probes, into="more")
    assert rows[0] == (1, "x", Decimal("50.5"), Decimal("25.25"), 2.0, 4.0)


def test_views_are_chained(shop: Session) -> None:
    first = compiled(view(feature("a", "count(*)")))
    second = compiled(view(feature("b", "sum(quantity)"), name="other"))
    added(shop, first, into="one")
    probes = Probes(relation="one", keys=("customer_id",), at="at")
    assert added(shop, second, probes=probes, into="two")[0] == (1, "x", 3, 4)
    with pytest.raises(WindowsError, match="`a` is the name of two columns"):
        added(shop, first, probes=probes, into="three")


def test_a_view_of_requests_alone(shop: Session) -> None:
    features = compiled(view(feature("big", ":basket > 10"), request={"basket": "DOUBLE"}))
    shop.fetch("CREATE TEMP TABLE carrying AS SELECT *, 50.5 AS basket FROM asked")
    probes = Probes(relation="carrying", keys=("customer_id",), at="at")
    assert [row[-1] for row in added(shop, features, probes=probes)] == [True, True, True]


@pytest.mark.parametrize(
    ("latency", "pieces"),
    [(timedelta(days=1), 4), (timedelta(hours=1), 3), (timedelta(days=3), 14)],
)
def test_what_was_loaded_until_the_latency_counts_as_known(
    session: Session, latency: timedelta, pieces: int
) -> None:
    session.fetch(
        "CREATE TEMP TABLE sales AS SELECT TIMESTAMP '2024-02-01' AS sold_at, 1 AS customer,"
        " quantity, known_from, known_to FROM (VALUES (1, '-infinity', NULL),"
        " (2, '2024-02-01', NULL), (1, '2024-03-01 12:00', NULL), (10, '2024-03-03', NULL),"
        " (100, NULL, NULL), (1000, '2024-01-01', '2024-02-15'))"
        " AS t(quantity, f, u), LATERAL (SELECT f::TIMESTAMPTZ AS known_from, u::TIMESTAMPTZ"
        " AS known_to)"
    )
    session.fetch(
        "CREATE TEMP TABLE asked AS SELECT 1 AS customer_id, TIMESTAMP '2024-03-01' AS \"at\""
    )
    source = sales(schema=(("sold_at", "TIMESTAMP"), ("customer", "INTEGER"),
                           ("quantity", "INTEGER")), key=())  # fmt: skip
    spec = view(feature("pieces", "sum(quantity)"), latency=latency)
    features = compile_view(spec, CUSTOMERS, source)
    rows = added(session, features, known=("known_from", "known_to"))
    assert rows == [(1, pieces)]


@pytest.mark.parametrize("kind", ["TIMESTAMP", "TIMESTAMPTZ", "DATE"])
def test_the_moment_is_compared_in_the_terms_of_the_source(session: Session, kind: str) -> None:
    """The day after the clocks were put forward, in London."""
    session.fetch(
        f"CREATE TEMP TABLE sales AS SELECT CAST('2024-03-30 23:00' AS {kind}) AS sold_at,"
        " 1 AS customer"
    )
    session.fetch(
        "CREATE TEMP TABLE asked AS SELECT 1 AS customer_id, TIMESTAMP '2024-04-01' AS \"at\""
    )
    typed = "TIMESTAMP WITH TIME ZONE" if kind == "TIMESTAMPTZ" else kind
    source = sales(schema=(("sold_at", typed), ("customer", "INTEGER")), key=())
    spec = view(
        feature("days", "date_diff('day', max(sold_at), :at)"),
        feature("hours", "date_diff('hour', max(sold_at), :at)"),
    )
    features = compile_view(spec, CUSTOMERS, source)
    hours = {"TIMESTAMP": 25, "TIMESTAMPTZ": 24, "DATE": 48}[kind]
    assert added(session, features) == [(1, 2, hours)]


def test_nothing_is_left_behind(shop: Session) -> None:
    before = shop.fetch("SELECT table_name FROM information_schema.tables ORDER BY ALL")
    added(shop, compiled(view(feature("a", "count(*)", "30d"))))
    after = shop.fetch("SELECT table_name FROM information_schema.tables ORDER BY ALL")
    assert set(after) - set(before) == {("found",)}
