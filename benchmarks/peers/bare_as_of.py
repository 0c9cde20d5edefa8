"""The floor of the point-in-time join: one ASOF JOIN.

    python bare_as_of.py DATA RESULT

reads the files of `window_data.py` and writes the joined rows as Parquet.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb


def main(data: Path, result: Path) -> None:
    """Join and write."""
    database = duckdb.connect()
    database.execute(
        "COPY (SELECT p.*, e.* EXCLUDE (customer, moment, amount)"
        f" FROM read_parquet('{data}/probes.parquet') AS p"
        f" ASOF LEFT JOIN read_parquet('{data}/events.parquet') AS e"
        f" ON p.customer = e.customer AND p.\"at\" > e.moment) TO '{result}'"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
