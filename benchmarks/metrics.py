"""Questions to metrics: compiled, answered raw and from rollups, explained, put into a pack.

    python benchmarks/metrics.py [--orders 10000000] [--customers 500000] [--repeats 3]

Beside MetricFlow, which compiles the same questions and runs its SQL on the same engine, and beside
SQL written by hand.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from measure import Report
from peers.environments import environment, version
from projects import dataset, headwater, link_files, write_project

QUESTIONS = {
    "day_country": "revenue by day and country",
    "join": "revenue by day and tier, through the join",
    "ratio": "average order value by month and tier",
    "month_to_date": "revenue, month to date, by day",
    "distinct": "buyers by month",
}
METRICS = """\
table: orders
owner: data
better: higher
dimensions: [country, customers.tier]
metrics:
  revenue: {description: What was paid., expr: sum(amount)}
  order_count: {description: Orders., expr: count(*)}
  buyers: {description: Customers who ordered., expr: count(distinct customer_id)}
  average_order_value: {description: Revenue an order., expr: revenue / order_count}
  revenue_to_date:
    {description: Revenue of the month so far., type: cumulative, input_metric: revenue,
     grain_to_date: month}
"""
ORDERS = """\
/*
description: Orders.
time: ordered_on
key: order_id
references: {customer_id: customers}
*/
select order_id, customer_id, country, ordered_on, amount from raw_orders
"""
CUSTOMERS = """\
/*
description: Customers.
key: customer_id
*/
select customer_id, tier from raw_customers
"""

Figures = dict[str, dict[str, float]]


def project(data: Path) -> Path:
    """A project over the orders, run: tables, rollups and published histories."""
    extra = "".join(
        f"  extra_{n}: {{description: Orders above {n}., expr: count(*), where: amount > {n}}}\n"
        for n in range(15)
    )
    folder = write_project(
        "metrics",
        {
            "headwater.yml": "name: bench\ntimezone: UTC\nnow: 2026-01-01\n"
            "teams: {data: {members: [ann]}}\n",
            "sources/raw_orders.yml": "tables_in: data/orders.parquet\ntime: ordered_on\n",
            "sources/raw_customers.yml": "tables_in: data/customers.parquet\n",
            "tables/orders.sql": ORDERS,
            "tables/customers.sql": CUSTOMERS,
            "metrics/orders.yml": METRICS + extra,
            "reports/monthly.yml": "title: Monthly pack\nowner: data\nperiod: 2025-11\n"
            "compare: [previous, year_ago]\nmetrics: [revenue, order_count, buyers,"
            " average_order_value, revenue_to_date, "
            + ", ".join(f"extra_{n}" for n in range(15))
            + "]\n",
        },
    )
    link_files(data, folder / "data", "*.parquet")
    headwater(folder, "run")
    return folder


def ours(folder: Path, rounds: int) -> dict[str, Any]:
    """What a process with the project open measures."""
    program = Path(__file__).with_name("metric_questions.py")
    found: dict[str, Any] = _measured([sys.executable, program, folder, rounds])
    return found


def metricflow(data: Path, rounds: int, skip: tuple[str, ...]) -> Figures:
    """The same questions in MetricFlow's environment."""
    program = Path(__file__).with_name("peers") / "metricflow_queries.py"
    command = [environment("metricflow") / "python", program, data, "--rounds", rounds]
    found: Figures = _measured([*command, "--skip", *skip] if skip else command)
    return found


def _measured(command: Sequence[object]) -> Any:
    done = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def middle(rounds: list[Figures]) -> Figures:
    """The median of each figure over the rounds."""
    return {
        name: {
            figure: statistics.median(each[name][figure] for each in rounds)
            for figure in rounds[0][name]
        }
        for name in rounds[0]
    }


def rows(own: Mapping[str, Mapping[str, float]], peer: Figures) -> tuple[tuple[str, ...], ...]:
    """A line a question."""
    return tuple(
        (
            told,
            f"{own[name]['first_ms']:.2f} / {own[name]['again_ms']:.3f} ms",
            f"{peer[name]['first_ms']:.1f} / {peer[name]['again_ms']:.1f} ms",
            f"{own[name]['hand_cpu_s']:.2f} s",
            f"{own[name]['cpu_s']:.2f} s",
            f"{own[name]['cpu_s'] / own[name]['hand_cpu_s']:.2f}×",
            f"{peer[name]['cpu_s'] / own[name]['hand_cpu_s']:.2f}×"
            if "cpu_s" in peer[name]
            else "not run",
            f"{own[name]['rollup_p95_ms']:.1f} ms",
        )
        for name, told in QUESTIONS.items()
    )


def main() -> None:
    """Measure, and keep the table as `results/metrics.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--orders", type=int, default=10_000_000)
    parser.add_argument("--customers", type=int, default=500_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()

    data = dataset("metric_orders.py", "orders", asked.orders, asked.customers)
    folder = project(data)
    # MetricFlow joins raw rows to its calendar before it adds them up: 8 minutes were not enough.
    skip = ("month_to_date",) if asked.orders > 1_000_000 else ()
    own_rounds, peer_rounds = [], []
    for number in range(asked.repeats):
        print(f"round {number + 1} of {asked.repeats}", flush=True)
        own_rounds.append(ours(folder, 3))
        peer_rounds.append(metricflow(data, 1, skip))
    own = middle([each["questions"] for each in own_rounds])
    other = {
        name: statistics.median(each["other"][name] for each in own_rounds)
        for name in own_rounds[0]["other"]
    }
    peer = middle(peer_rounds)
    Report(
        name="metrics",
        title=f"Questions to metrics, {asked.orders:,} orders of {asked.customers:,} customers",
        reading=(
            "Compiling is CPU time, the first time and again. Running is CPU seconds of the same "
            "engine over the same files: SQL by hand, ours without rollups, and as ratios to the "
            "SQL by hand. From rollups: the 95th percentile of whole answers, all equal to the raw "
            f"ones. 70 metrics × 100 dimensions compiled in {other['compile_7000_s']:.2f} CPU s. "
            f"`why` of a month: {other['why_ms']:.0f} ms, residual {other['why_residual']:.0e}. "
            f"A pack of 20 metrics: {other['html_s']:.2f} s HTML, {other['pdf_s']:.2f} s PDF. "
            f"{version(environment('metricflow'), 'metricflow')}; its month to date was not run on "
            "all orders."
        ),
        columns=(
            "question",
            "compile: Headwater",
            "MetricFlow",
            "by hand",
            "Headwater",
            "ratio",
            "MetricFlow",
            "rollups p95",
        ),
        rows=rows(own, peer),
        figures={"headwater": own, "metricflow": peer, "other": other},
    ).write()


if __name__ == "__main__":
    main()
