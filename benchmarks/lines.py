"""Sales lines in CSV: ten files over a year, in order of time.

python lines.py FOLDER ROWS
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

FILES = 10
COLUMNS = {
    "id": "bigint",
    "sold_at": "timestamp",
    "customer_id": "integer",
    "product": "varchar",
    "country": "varchar",
    "quantity": "integer",
    "price": "decimal(12,4)",
}
TABLE_SQL = """select
  id,
  sold_at,
  customer_id,
  product,
  country,
  quantity,
  quantity * price as amount
from lines
"""


def contract() -> str:
    """What the lines promise: their types, no missing values, limits of the two numbers."""
    logical = {"bigint": "integer", "varchar": "string", "decimal(12,4)": "number"}
    limits = {
        "quantity": {"minimum": -1000, "maximum": 1000},
        "price": {"minimum": 0},
    }
    properties = [
        {
            "name": name,
            "logicalType": logical.get(type_, type_),
            "physicalType": type_,
            "required": True,
            **({"logicalTypeOptions": limits[name]} if name in limits else {}),
        }
        for name, type_ in COLUMNS.items()
    ]
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "lines",
        "version": "1.0.0",
        "status": "active",
        "schema": [{"name": "lines", "properties": properties}],
    }
    return json.dumps(document, indent=2)


def main(folder: Path, rows: int) -> None:
    """Write `rows` lines; values come from the row's number, the same on every machine."""
    import duckdb

    folder.mkdir(parents=True, exist_ok=True)
    seconds = 365 * 86400
    for file in range(FILES):
        first, last = file * rows // FILES, (file + 1) * rows // FILES
        made = f"""
            select
              range as id,
              timestamp '2024-01-01' + to_seconds((range * {seconds} // {rows})::bigint) as sold_at,
              1 + hash(range) % 1000000 as customer_id,
              format('P{{:05d}}', hash(range, 'p') % 20000) as product,
              ['GB', 'FR', 'DE', 'ES'][(1 + hash(range, 'c') % 4)::bigint] as country,
              (hash(range, 'q') % 24)::integer - 2 as quantity,
              (1 + range % 99999) / 10000 as price
            from range({first}, {last})
        """
        target = folder / f"lines-{file:02d}.csv"
        duckdb.execute(f"copy ({made}) to '{target}' (header, delimiter ',')")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
