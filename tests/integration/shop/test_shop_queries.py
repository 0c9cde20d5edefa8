"""The shop's library of queries, in the order in which a newcomer reads them.

The known answers were computed from the delivered files with pandas: the nine days that come twice
counted once, the five lines with negative prices left out.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from headwater.api.opened import OpenProject
from headwater.project.queries import in_reading_order, run_query, saved_queries

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("shop")]

ORDER = (
    "first_lines", "where_we_sell", "dear_articles", "find_products", "sales_of_a_day",
    "revenue_by_country", "busy_days", "revenue_by_month", "guests_and_accounts", "best_customers",
    "lost_customers", "returns_by_product", "weekdays", "order_sizes", "typical_orders",
    "top_products_by_country", "revenue_so_far", "month_by_month", "bought_together", "cohorts",
)  # fmt: skip

#: Query → values → how many rows, and some of them by their position.
Known = tuple[dict[str, object], int, dict[int, tuple[Any, ...]]]
KNOWN: dict[str, Known] = {
    "first_lines": (
        {"rows": 3},
        3,
        {
            0: (
                "489434", "2009-12-01 07:45:00", "15CM CHRISTMAS GLASS BALL 20 LIGHTS",
                12, 6.95, 83.4, "United Kingdom",
            )
        },
    ),
    "where_we_sell": ({}, 43, {0: ("Australia",), 42: ("West Indies",)}),
    "dear_articles": ({}, 17, {0: ("22827", "RUSTIC  SEVENTEEN DRAWER SIDEBOARD", 165, 46)}),
    "find_products": (
        {},
        6,
        {
            0: ("21527", "RED RETROSPOT TRADITIONAL TEAPOT", 3360, 23754.24),
            1: ("23173", "REGENCY TEAPOT ROSES", 2770, 24482.53),
        },
    ),
    "sales_of_a_day": ({}, 1, {0: (4940, 145, 2599, 34460, 81417.78, 3254.4)}),
    "revenue_by_country": (
        {},
        37,
        {0: ("United Kingdom", 7533187.864, 3835), 1: ("Netherlands", 275877.06, 8)},
    ),
    "busy_days": ({}, 57, {0: (date(2009, 12, 22), 182, 28023.43)}),
    "revenue_by_month": ({}, 12, {10: (date(2011, 11, 1), 1461756.25, 3021, 483.87)}),
    "guests_and_accounts": (
        {},
        2,
        {0: ("account", 44876, 16343651.038, 85.7), 1: ("guest", 8747, 2724769.22, 14.3)},
    ),
    "best_customers": (
        {},
        20,
        {
            0: (14646, "Netherlands", 270897.14, "2011-12-08 12:12:00"),
            1: (18102, "United Kingdom", 228603.88, "2011-12-09 11:50:00"),
        },
    ),
    "lost_customers": ({}, 791, {0: (12346, 1, 77183.6, date(2011, 1, 18))}),
    "returns_by_product": (
        {"top": 3000},
        2083,
        {
            0: ("23843", "PAPER CRAFT , LITTLE BIRDIE", 80995, 80995, 100),
            1: ("23166", "MEDIUM CERAMIC TOP STORAGE JAR", 78033, 74494, 95.5),
        },
    ),
    "weekdays": (
        {},
        6,
        {0: (1, "Monday", 44, 72.0, 33514.28), 5: (7, "Sunday", 47, 43.7, 15947.59)},
    ),
    "order_sizes": (
        {},
        6,
        {0: ("1: below 50", 1423, 29151.421), 5: ("6: from 1,200", 1333, 4280613.551)},
    ),
    "typical_orders": ({}, 14, {0: ("Channel Islands", 55, 811.51, 828.84, 1441.77)}),
    "top_products_by_country": (
        {},
        111,
        {0: ("Australia", 1, "23084", "RABBIT NIGHT LIGHT", 3375.84)},
    ),
    "revenue_so_far": ({}, 285, {-1: (date(2011, 12, 9), 32131.53, 9020915.034, 325171.0)}),
    "month_by_month": (
        {},
        25,
        {
            0: (date(2009, 12, 1), 799847.11, None, None, None, None),
            23: (date(2011, 11, 1), 1461756.25, 1070704.67, 36.5, 1422654.642, 2.7),
        },
    ),
    "bought_together": (
        {},
        20,
        {
            0: (
                "22086", "PAPER CHAIN KIT 50'S CHRISTMAS",
                "22910", "PAPER CHAIN KIT VINTAGE CHRISTMAS", 436,
            )
        },
    ),
    "cohorts": (
        {},
        13,
        {
            0: (date(2010, 12, 1), 76, 9.2, 5.3, 9.2, 5.3, 2.6, 19.7),
            12: (date(2011, 12, 1), 28, None, None, None, None, None, None),
        },
    ),
}  # fmt: skip


def test_the_library_is_read_in_order(run_shop: OpenProject) -> None:
    queries = saved_queries(run_shop.project)
    assert tuple(q.id.name for q in in_reading_order(queries.values()))[:20] == ORDER
    for query in queries.values():
        assert query.described.title
        assert query.described.description
        assert query.described.owner


@pytest.mark.parametrize("name", ORDER)
def test_known_answers(run_shop: OpenProject, name: str) -> None:
    given, count, rows = KNOWN[name]
    found = run_query(run_shop.project, name, given).result
    assert not found.truncated
    assert len(found) == count
    every = found.rows()
    for position, expected in rows.items():
        assert [_plain(value) for value in every[position]] == list(expected)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return str(value)
    return float(value) if isinstance(value, Decimal) else value


def test_a_country_is_chosen(run_shop: OpenProject) -> None:
    rows = run_query(
        run_shop.project, "best_customers", {"country": "France", "top": 2}
    ).result.rows()
    assert [(row[0], row[1], float(row[2])) for row in rows] == [
        (12731, "France", 17721.51),
        (12678, "France", 17366.98),
    ]
