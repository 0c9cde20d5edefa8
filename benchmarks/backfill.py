"""Twelve thousand daily intervals built in one request, and what the ledger keeps of them.

    python benchmarks/backfill.py [--days 12000] [--repeats 3]

The overhead is the wall time beside a bare DuckDB process with the same query and rows.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from pathlib import Path

from measure import BUILD, Report, Usage, cells, interleave, measure
from projects import headwater, write_project

TABLE_SQL = "select read_at, sensor, celsius * 1.8 + 32 as fahrenheit from readings"
READINGS = """
copy (
  select
    timestamp '1990-01-01' + to_hours((range * 3)::integer) as read_at,
    range % 8 as sensor,
    ((range % 400) / 10)::decimal(6, 1) as celsius
  from range({rows})
) to 'data/readings.parquet'
"""


def bare(statement: str, folder: Path) -> Usage:
    """One statement in a DuckDB process of its own."""
    program = f"import duckdb; duckdb.execute({statement!r})"
    return measure([sys.executable, "-c", program], cwd=folder)


def backfill(days: int) -> dict[str, Usage]:
    """Load and build everything, build the table's whole history again, then find nothing to do."""
    folder = project(days)
    source = TABLE_SQL.replace("readings", "'data/readings.parquet'")
    return {
        "bare duckdb, the same query": bare(f"copy ({source}) to 'out.parquet'", folder),
        "first run: load and build": headwater(folder, "run"),
        "whole history again": headwater(folder, "run", "--full-refresh", "table.daily"),
        "nothing to do": headwater(folder, "run"),
    }


def project(days: int) -> Path:
    """A source with eight readings a day, and a table cut by day."""
    folder = write_project(
        "backfill",
        {
            "sources/readings.yml": "files: data/*.parquet\ntime: read_at\n",
            "tables/daily.sql": f"/*\ntime: read_at\n*/\n{TABLE_SQL}\n",
            "data/.keep": "",
        },
    )
    bare(READINGS.format(rows=days * 8), folder)
    return folder


def ledger_rows(folder: Path) -> dict[str, int]:
    """How many rows each table of the project's ledger holds."""
    with sqlite3.connect(folder / ".headwater" / "ledger.db") as ledger:
        named = ledger.execute("select name from sqlite_master where type = 'table'").fetchall()
        counted = {name: ledger.execute(f'select count(*) from "{name}"') for (name,) in named}
        return {name: rows.fetchone()[0] for name, rows in counted.items()}


def main() -> None:
    """Measure, and keep the table as `results/backfill.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--days", type=int, default=12_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()

    found = interleave({"backfill": lambda: backfill(asked.days)}, asked.repeats)["backfill"]
    rows = ledger_rows(BUILD / "backfill")
    floor = found["bare duckdb, the same query"]
    overhead_s = found["whole history again"].wall_s - floor.wall_s
    Report(
        name="backfill",
        title=f"{asked.days:,} daily intervals in one request",
        reading=(
            f"Building the whole history again takes {overhead_s:.2f} s more than the bare query. "
            f"The ledger then holds {sum(rows.values())} rows in all. "
            f"Medians of {asked.repeats} interleaved runs of whole processes."
        ),
        columns=("", "wall", "CPU", "peak"),
        rows=tuple((phase, *cells(usage)) for phase, usage in found.items()),
        figures={
            "days": asked.days,
            "usage": found,
            "overhead_s": overhead_s,
            "ledger_rows": {name: count for name, count in rows.items() if count},
        },
    ).write()


if __name__ == "__main__":
    main()
