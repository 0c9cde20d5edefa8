"""The floor of the rules: one scan for all conditions of a row, one GROUP BY for each unique key.

    python bare_rules.py FILES

counts the breaches of every rule in `orders.py` and keeps nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from orders import row_conditions, unique_keys


def main(files: str) -> None:
    """Print how many rows break each rule."""
    counted = [f"count_if(not ({condition}))" for condition in row_conditions()]
    queries = [f"select {', '.join(counted)} from read_parquet($files)"]
    for key in unique_keys():
        group = f"from read_parquet($files) group by {', '.join(key)} having count(*) > 1"
        queries.append(f"select count(*) from (select 1 {group})")
    for query in queries:
        print(*duckdb.execute(query, {"files": files}).fetchall()[0])


if __name__ == "__main__":
    main(sys.argv[1])
