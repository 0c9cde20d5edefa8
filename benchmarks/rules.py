"""Forty rules on ten million rows of twenty columns, whole and on one more day of a hundred.

    python benchmarks/rules.py [--rows 10000000] [--repeats 3]

What the rules cost is the difference between two loads of the same files: under a contract with the
forty rules, and under one that only names the columns and their types.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import orders
from measure import BUILD, Report, Usage, cells, interleave, measure
from projects import dataset, headwater, link_files, write_project

DAYS = 100
SOURCE = "files: data/*.parquet\ntime: ordered_at\norder: name\non_breach: quarantine\n"


def load(rows: int, *, with_rules: bool) -> dict[str, Usage]:
    """Load a hundred days, then the day after them."""
    folder = write_project(
        f"rules-{'with' if with_rules else 'without'}",
        {
            "sources/orders.yml": SOURCE,
            "contracts/orders.odcs.yaml": orders.contract(with_rules=with_rules),
        },
    )
    link_files(_days(rows, 0, DAYS - 1), folder / "data", "*.parquet")
    whole = headwater(folder, "run")
    link_files(_days(rows, DAYS, DAYS), folder / "data", "*.parquet")
    return {"whole": whole, "one more day": headwater(folder, "run")}


def count_bare(rows: int) -> dict[str, Usage]:
    """The same rules in SQL that only counts."""
    program = Path(__file__).with_name("peers") / "bare_rules.py"

    def count(days: Path) -> Usage:
        return measure([sys.executable, program, days / "*.parquet"], cwd=BUILD)

    return {
        "whole": count(_days(rows, 0, DAYS - 1)),
        "one more day": count(_days(rows, DAYS, DAYS)),
    }


def _days(rows: int, first: int, last: int) -> Path:
    return dataset("orders.py", "orders", first, last, rows // DAYS)


def main() -> None:
    """Measure, and keep the table as `results/rules.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()

    for first, last in ((0, DAYS - 1), (DAYS, DAYS)):
        _days(asked.rows, first, last)
    found = interleave(
        {
            "with 40 rules": lambda: load(asked.rows, with_rules=True),
            "names and types alone": lambda: load(asked.rows, with_rules=False),
            "bare duckdb, counting": lambda: count_bare(asked.rows),
        },
        asked.repeats,
    )
    costs = {
        phase: found["with 40 rules"][phase].cpu_s - found["names and types alone"][phase].cpu_s
        for phase in ("whole", "one more day")
    }
    Report(
        name="rules",
        title=f"40 rules on {asked.rows:,} rows of {len(orders.COLUMNS)} columns",
        reading=(
            f"The rules cost {costs['whole']:.1f} CPU s on the whole and "
            f"{costs['one more day']:.2f} CPU s on one more day of {asked.rows // DAYS:,} rows; "
            "Headwater's own lines also read, land and publish the rows. "
            f"Medians of {asked.repeats} interleaved runs of whole processes."
        ),
        columns=("", "wall", "CPU", "peak"),
        rows=tuple(
            (f"{phase}: {name}", *cells(usages[phase]))
            for phase in ("whole", "one more day")
            for name, usages in found.items()
        ),
        figures={"rows": asked.rows, "usage": found, "rules_cpu_s": costs},
    ).write()


if __name__ == "__main__":
    main()
