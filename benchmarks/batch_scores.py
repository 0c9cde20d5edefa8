"""Batch scores of all customers of one day: 200 trees, 30 features of windows up to a year.

    python benchmarks/batch_scores.py [--customers 1000000]

The whole process `headwater run scores.churn` is measured: features, scores, contract, publishing.
Two sizes, a quarter and all of the customers, show whether memory grows with them.
"""

from __future__ import annotations

import argparse

from measure import Report, Usage
from model_project import model_project
from projects import headwater

EVENTS_EACH = 20


def scored(customers: int) -> Usage:
    """One day of scores for so many customers."""
    name = f"batch-{customers}"
    select = ("+model.churn",)
    every = max(1, customers // 10_000)
    folder = model_project(name, customers * EVENTS_EACH, customers, *select, every=every)
    return headwater(folder, "run", "scores.churn")


def main() -> None:
    """Measure, and keep the table as `results/batch_scores.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    asked = parser.parse_args()
    sizes = (asked.customers // 4, asked.customers)
    found = {size: scored(size) for size in sizes}
    Report(
        name="batch_scores",
        title="Batch scores: 200 trees, 30 features of trailing windows",
        reading=(
            f"One day of scores as the process `headwater run scores.churn`: {EVENTS_EACH} events "
            "a customer over two years are read, 30 exact windows of 30, 90 and 365 days are "
            "computed, scored, judged by the contract and released."
        ),
        columns=("customers", "wall", "CPU", "peak", "scores a minute"),
        rows=tuple(
            (
                f"{size:,}",
                f"{usage.wall_s:.1f} s",
                f"{usage.cpu_s:.1f} s",
                f"{usage.peak_mb:.0f} MB",
                f"{size / usage.wall_s * 60:,.0f}",
            )
            for size, usage in found.items()
        ),
        figures={str(size): usage for size, usage in found.items()},
    ).write()


if __name__ == "__main__":
    main()
