"""The floor: the same SQL files, run in order into one DuckDB file, without checks or ledger.

    python bare.py FOLDER

creates each table of FOLDER/tables/*.sql that FOLDER/bare.duckdb lacks; then it does nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb


def main(folder: Path) -> None:
    """Create the missing tables; file names sort so that an upstream table comes first."""
    with duckdb.connect(str(folder / "bare.duckdb")) as connection:
        known = {
            name
            for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()
        }
        for path in sorted(folder.glob("tables/*.sql")):
            if path.stem not in known:
                connection.execute(f'create table "{path.stem}" as {path.read_text()}')


if __name__ == "__main__":
    main(Path(sys.argv[1]))
