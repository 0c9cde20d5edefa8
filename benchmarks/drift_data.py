"""Two million rows of 50 columns for the benchmark of drift, as Parquet.

    python drift_data.py FOLDER ROWS

Forty quantities, every third of them mostly 0; five whole numbers; five texts. `live.parquet` is
drawn anew, with one column moved.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb


def main(folder: Path, rows: int) -> None:
    """Write `train.parquet` and `live.parquet`."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, name in enumerate(("train", "live")):

        def drawn(column: int, seed: int = seed) -> str:
            return f"(hash(n * 2 + {seed}, {column}) % 1000000) / 1e6"

        columns = []
        for number in range(40):
            value = f"({drawn(number)}) * {number + 1}"
            if number % 3 == 0:
                value = f"CASE WHEN {drawn(number + 100)} < 0.6 THEN 0 ELSE {value} END"
            moved = " + 0.2" if seed and number == 1 else ""
            columns.append(f"CAST({value}{moved} AS DOUBLE) AS x{number}")
        columns += [f"CAST(20 * {drawn(50 + n)} AS INTEGER) AS n{n}" for n in range(5)]
        columns += [
            f"'c' || CAST(40 * {drawn(60 + n)} * {drawn(70 + n)} AS INTEGER) AS t{n}"
            for n in range(5)
        ]
        duckdb.connect().execute(
            f"COPY (SELECT {', '.join(columns)} FROM range({rows}) AS r(n))"
            f" TO '{folder}/{name}.parquet'"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
