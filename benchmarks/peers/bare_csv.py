"""The floor of loading: DuckDB's own COPY from CSV, types given, to one Parquet file.

python bare_csv.py FILES TARGET
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lines import COLUMNS, TABLE_SQL


def main(files: str, target: str) -> None:
    """Read, compute what the table computes, write."""
    duckdb.read_csv(files, columns=COLUMNS, header=True).create_view("lines")
    duckdb.execute(f"copy ({TABLE_SQL}) to '{target}'")


if __name__ == "__main__":
    main(*sys.argv[1:3])
