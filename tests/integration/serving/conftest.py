"""Shops whose models score online: trained once, and copied for each test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.integration.kinds.model.shop import MODEL, SALES, VIEW, model_shop
from tests.integration.run.small import Small

#: Weights are floats, some of them missing.
_SALES = SALES.replace(
    "amount::decimal(18,2) as amount",
    "amount::decimal(18,2) as amount, case when id % 3 > 0 then sqrt(id) end as weight",
)
_VIEW = (
    VIEW
    + """
      weight: avg(weight)
      total_weight: sum(weight)
      trend: spend_30d / nullif(spend_90d, 0)
      minutes:
        expr: date_diff('minute', max(ordered_at), :at)
        windows: [all]
      last_day:
        expr: max(ordered_at)::date
        windows: [all]
    online: {ttl: 7d}
"""
)
_ONLINE = MODEL + "    scores: {every: day, from: 2024-06-25, online: true}\n"

#: A label whose rows are offers, which name the basket that a request gives.
_OFFERED = """
    entity: customers
    source: sales
    horizon: 30d
    expr: count(*) = 0
    observe: {table: offers, at: sent_at}
"""
_OFFERS = """
    /*
    time: sent_at
    key: id
    reads: {orders: 1d before}
    */
    select id, ordered_at + interval 3 hour as sent_at, customer, amount::double / 7 as basket
    from orders
"""
_ON_DEMAND = _VIEW.replace(
    "    online:",
    """      share: :basket / nullif(spend_90d, 0)
      against_mean: :basket / nullif(avg(amount), 0)
    request: {basket: double}
    online:""",
)


def started(small: Small) -> Path:
    """The folder of a shop after its first run."""
    report = small.run()
    assert not report.failed, [str(i) for o in report.outcomes for i in o.issues]
    return small.root


@pytest.fixture(scope="session")
def shop_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    small = model_shop(Small(tmp_path_factory.mktemp("online") / "small"), _ONLINE)
    small.write("tables/sales.sql", _SALES)
    small.write("features/customer.yml", _VIEW)
    return started(small)


@pytest.fixture
def shop(shop_once: Path, tmp_path: Path) -> Small:
    """A model of features that are all in the store."""
    return copied(shop_once, tmp_path)


@pytest.fixture(scope="session")
def on_demand_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    model = (
        MODEL.replace("gates: [auc > 0.6]", "gates: [auc > 0]")
        + "    scores: {batch: false, online: true}\n"
    )
    small = model_shop(Small(tmp_path_factory.mktemp("asked") / "small"), model)
    small.write("tables/sales.sql", _SALES)
    small.write("tables/offers.sql", _OFFERS)
    small.write("features/customer.yml", _ON_DEMAND)
    small.write("labels/lapsed.yml", _OFFERED)
    return started(small)


@pytest.fixture
def on_demand(on_demand_once: Path, tmp_path: Path) -> Small:
    """A model of which some features need a basket."""
    return copied(on_demand_once, tmp_path)


def copied(root: Path, folder: Path) -> Small:
    shutil.copytree(root, folder / "small")
    small = Small.__new__(Small)
    small.root = folder / "small"
    return small
