"""Events and probes for the benchmark of windows, as Parquet.

    python window_data.py FOLDER EVENTS PROBES KEYS

Events spread evenly over a year and over the keys, in no order; so do probes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

FEATURES = tuple(f"f{number}" for number in range(10))
_YEAR_US = 365 * 86400 * 1_000_000


def _moment(seed: int) -> str:
    spread = f"CAST(hash(i * 31 + {seed}) % {_YEAR_US} AS BIGINT)"
    return f"TIMESTAMP '2024-01-01' + to_microseconds({spread})"


def main(folder: Path, events: int, probes: int, keys: int) -> None:
    """Write `events.parquet` and `probes.parquet`."""
    folder.mkdir(parents=True, exist_ok=True)
    database = duckdb.connect(config={"memory_limit": "2GB", "preserve_insertion_order": "false"})
    # Only the point-in-time join needs ten columns; a hundred million rows have one.
    wide = FEATURES if events <= 10_000_000 else ()
    values = [
        f"CAST(hash(i * 17 + {number}) % 100000 AS DOUBLE) / 100 AS {name}"
        for number, name in enumerate(wide)
    ]
    columns = ", ".join(
        [
            f"CAST(hash(i) % {keys} AS BIGINT) AS customer",
            f"{_moment(1)} AS moment",
            "CAST(hash(i + 3) % 100000 / 100.0 AS DECIMAL(12, 2)) AS amount",
            *values,
        ]
    )
    database.execute(
        f"COPY (SELECT {columns} FROM range({events}) AS r(i)) TO '{folder}/events.parquet'"
    )
    database.execute(
        f"COPY (SELECT i AS id, CAST(hash(i + 11) % {keys} AS BIGINT) AS customer,"
        f" {_moment(2)} AS \"at\" FROM range({probes}) AS r(i)) TO '{folder}/probes.parquet'"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
