"""CSV → contract → table, beside DuckDB's own COPY from CSV to Parquet.

    python benchmarks/csv_to_table.py [--rows 10000000 | --full] [--repeats 3]

`--full` takes a hundred million rows: 5 GB of CSV.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

import lines
from measure import Command, Report, Usage, cells, interleave, measure
from projects import dataset, headwater, link_files, write_project


def load(data: Path) -> dict[str, Usage]:
    """Deliver the files to a fresh project, and run it."""
    folder = write_project(
        "csv-headwater",
        {
            "sources/lines.yml": "files: data/*.csv\ntime: sold_at\n",
            "contracts/lines.odcs.yaml": lines.contract(),
            "tables/sales.sql": f"/*\ntime: sold_at\n*/\n{lines.TABLE_SQL}",
        },
    )
    link_files(data, folder / "data", "*.csv")
    usage = headwater(folder, "run")
    shutil.rmtree(folder)
    return {"run": usage}


def copy_bare(data: Path) -> dict[str, Usage]:
    """One COPY, in a process of its own."""
    folder = write_project("csv-bare", {})
    program = Path(__file__).with_name("peers") / "bare_csv.py"
    command: Command = [sys.executable, program, data / "*.csv", "sales.parquet"]
    usage = measure(command, cwd=folder)
    shutil.rmtree(folder)
    return {"run": usage}


def main() -> None:
    """Measure, and keep the table as `results/csv_to_table.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--full", action="store_true", help="a hundred million rows")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    rows = 100_000_000 if asked.full else asked.rows

    data = dataset("lines.py", "lines", rows)
    size_gb = sum(path.stat().st_size for path in data.glob("*.csv")) / 1e9
    found = interleave(
        {"duckdb copy": lambda: copy_bare(data), "headwater run": lambda: load(data)},
        asked.repeats,
    )
    bare = found["duckdb copy"]["run"]
    ratio = found["headwater run"]["run"].wall_s / bare.wall_s
    Report(
        name="csv_to_table",
        title=f"{rows:,} rows of CSV ({size_gb:.1f} GB) through a contract to a table",
        reading=(
            f"By the clock Headwater takes {ratio:.2f}× DuckDB's own copy. It lands and checks"
            " the rows, and builds, audits and publishes the table; DuckDB writes the table alone. "
            f"Medians of {asked.repeats} interleaved runs of whole processes."
        ),
        columns=("", "wall", "CPU", "peak", "CPU beside DuckDB"),
        rows=tuple((name, *cells(usages["run"], bare)) for name, usages in found.items()),
        figures={"rows": rows, "size_gb": round(size_gb, 2), "usage": found, "wall_ratio": ratio},
    ).write()


if __name__ == "__main__":
    main()
