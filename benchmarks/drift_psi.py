"""The population stability index of every column of one file against another.

    python drift_psi.py FOLDER OUTPUT.json

The bins come from `train.parquet`, as a training keeps them; `live.parquet` is counted into them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from headwater.learning.drift import psi, reference_bins


class Session:
    """An engine of two threads and little memory."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(config={"threads": 2, "memory_limit": "400MB"})

    def fetch(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self._connection.execute(sql, list(parameters)).fetchall()


def main(folder: Path, output: Path) -> None:
    """Compare, and write down what was found."""
    session = Session()
    for name in ("train", "live"):
        session.fetch(f"CREATE VIEW {name} AS FROM '{folder}/{name}.parquet'")
    columns = [name for name, *_ in session.fetch("DESCRIBE FROM train")]
    found = psi(session, "live", reference_bins(session, "train", columns))
    output.write_text(json.dumps({drift.column: drift.psi for drift in found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
