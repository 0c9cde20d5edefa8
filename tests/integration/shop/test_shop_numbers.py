"""The shop's bad debts become part of revenue: what moves, what is restated, and back again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from headwater.examples import example_path
from headwater.project import Project
from headwater.project.metrics.approving import approve
from headwater.project.metrics.effects import add_up, effects_between
from headwater.project.metrics.restating import read_restatements
from headwater.project.metrics.values import ValueChange
from headwater.views.headline import headline

pytestmark = pytest.mark.slow

METRICS = """
table: sales
owner: finance
better: higher
metrics:
  revenue:
    description: Net invoiced amount, returns subtracted.
    expr: sum(amount)
    format: gbp
  orders:
    description: Invoices that are not returns.
    expr: count(distinct invoice)
    where: not is_return
"""
RULE = "logicalTypeOptions: {minimum: 0}     # five bad-debt"
NEW_RULE = """
  - type: custom
    engine: headwater
    name: price_not_negative
    implementation: price >= 0 or invoice like 'A%'
"""
#: Revenue before and after, of the months that move.
MOVED = [
    (date(2010, 4, 1), "644174.79", "590580.43"),
    (date(2010, 7, 1), "619268.15", "575236.36"),
    (date(2010, 10, 1), "1084094.22", "1045168.35"),
    (date(2011, 8, 1), "704804.63", "682680.51"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The shop with two metrics of its own, which finance has approved; run once."""
    folder = tmp_path_factory.mktemp("numbers") / "shop"
    others = (".headwater", "metrics", "dashboards", "reports", "queries")
    shutil.copytree(example_path("shop"), folder, ignore=shutil.ignore_patterns(*others))
    (folder / "metrics").mkdir()
    (folder / "metrics/sales.yml").write_text(METRICS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEADWATER_USER", "finance-lead")
        with Project.open(folder) as project:
            assert not project.run().failed
            assert headline(project) == "revenue 19,068,420.26 GBP over 739 days"
            approve(project.workspace, project.published, ["revenue"])
        yield folder


def pennies(changes: tuple[ValueChange, ...]) -> list[tuple[date, str, str]]:
    return [
        (c.slot.period, f"{Decimal(c.before or 0):.2f}", f"{Decimal(c.after or 0):.2f}")
        for c in changes
    ]


def test_bad_debts_belong_to_revenue(shop: Path) -> None:
    contract = shop / "contracts/invoices.odcs.yaml"
    text = contract.read_text()
    text = text.replace(RULE, "# five bad-debt").replace("version: 1.0.0", "version: 1.1.0")
    contract.write_text(text.replace("\n  quality:\n", f"\n  quality:{NEW_RULE}", 1))
    with Project.open(shop, env="fix") as project:
        assert not project.run().failed
        moves = {move.metric: move for move in project.diff("fix").metrics}
    revenue = moves["revenue"]
    assert pennies(revenue.of_grain("month")) == MOVED
    assert (revenue.moved["month"], revenue.published["month"], revenue.restated["month"]) == (
        4,
        25,
        4,
    )
    assert revenue.approval is not None
    assert revenue.approval.by == "finance-lead"
    assert moves["orders"].approval is None
    with Project.open(shop) as project:
        (release,) = project.promote("fix", "bad-debt adjustments belong to revenue").releases
        (found,) = read_restatements(project.ledger, "revenue")
        assert (found.release, found.cause) == (release.number, "upstream logic")
        assert found.detail == "source.invoices"
        assert pennies(found.of_grain("month")) == MOVED
        path = effects_between(project.workspace, "revenue", 1, release.number, "month")
        assert [[cause for cause, _ in total.parts] for total in add_up(path)] == [
            ["upstream logic"]
        ] * 4
        back = project.rollback(reason="the auditors disagree")
        last = read_restatements(project.ledger, "revenue")[-1]
        assert (last.release, last.cause) == (back.number, "rollback")
        assert [(c.slot.period, c.after) for c in last.of_grain("month")] == [
            (c.slot.period, c.before) for c in found.of_grain("month")
        ]


def test_what_the_last_day_is_made_of(shop: Path) -> None:
    with Project.open(shop) as project:
        traced = project.trace("metric.revenue", date(2011, 12, 9)).value
    assert traced is not None
    assert f"{traced.value:.2f}" == "32131.53"
    assert [(each.what, each.number) for each in traced.counted] == [
        ("line", 1632),
        ("invoice", 49),
    ]
