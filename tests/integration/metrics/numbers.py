"""A small shop with metrics over two complete months and a begun one."""

from __future__ import annotations

from datetime import date

from tests.integration.run.small import ORDERS, Small

from headwater.clock import Grain
from headwater.ids import NodeId
from headwater.project.metrics.restating import Restatement, read_restatements
from headwater.project.metrics.values import Slot, read_values
from headwater.semantics.asking import Number

SETTINGS = """
name: small
timezone: Europe/London
now: 2024-03-10
teams:
  finance: {members: [ann, bob]}
  council: {members: [cleo], approves_metrics: true}
"""
SALES = """
/*
time: ordered_at
key: id
*/
select id, ordered_at, customer, amount::decimal(18,2) as amount from orders
"""
METRICS = """
table: sales
owner: finance
better: higher
metrics:
  revenue:
    description: All that was sold.
    expr: sum(amount)
    format: gbp2
  orders:
    description: How many orders.
    expr: count(*)
  average:
    description: Revenue an order.
    expr: revenue / orders
    format: gbp2
"""


def metric_shop(small: Small) -> Small:
    """Revenue of 30 in January, 30 in February and 40 in March, which is not over."""
    small.write("headwater.yml", SETTINGS)
    small.write("sources/orders.yml", ORDERS)
    small.write("tables/sales.sql", SALES)
    small.write("metrics/sales.yml", METRICS)
    first = (1, "2024-01-05 09:00", "ann", 10)
    small.deliver("jan", [first, (2, "2024-01-20 10:00", "bob", 20)])
    small.deliver("feb", [(3, "2024-02-03 09:00", "ann", 30)])
    small.deliver("mar", [(4, "2024-03-04 09:00", "cid", 40)])
    return small


def restated(small: Small, metric: str = "revenue") -> list[Restatement]:
    """All restatements of a metric, oldest first."""
    with small.open() as project:
        return list(read_restatements(project.ledger, metric))


def months(restatement: Restatement) -> list[tuple[str, int, int]]:
    """The months that were restated: which, before, after."""
    return [
        (f"{c.slot.period:%Y-%m}", int(c.before or 0), int(c.after or 0))
        for c in restatement.of_grain("month")
    ]


def value(
    small: Small, metric: str, grain: Grain, period: date, env: str = "prod"
) -> Number | None:
    """What is published."""
    with small.open(env) as project, project.workspace.engine.session() as session:
        state = project.view.states[NodeId("metric", metric)]
        return read_values(state, project.workspace.lake, session).get(Slot(grain, period))


def edit(small: Small, path: str, old: str, new: str) -> None:
    """Change some words of a file."""
    text = (small.root / path).read_text()
    assert old in text
    (small.root / path).write_text(text.replace(old, new))
