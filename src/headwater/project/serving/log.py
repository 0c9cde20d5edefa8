"""The request log: answers in Parquet, `.headwater/served/<model>/<UTC day>/<version>-….parquet`.

Columns: request_id VARCHAR, at TIMESTAMPTZ, role VARCHAR, version BIGINT, release BIGINT (the
runtime's), status VARCHAR, score DOUBLE, ms DOUBLE, keys STRUCT(key columns), features STRUCT(the
model's columns as it saw them; NULL where refused before any was read), request VARCHAR (JSON of
values given), views STRUCT(view, digest, at, release)[].
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.project.serving.runtime import OnlineModel
from headwater.project.serving.scored import ServedRow

if TYPE_CHECKING:
    import pyarrow as pa

KEEP = timedelta(days=90)


class RequestLog:
    """Appends without waiting; a thread writes. What does not fit is dropped and counted."""

    def __init__(
        self, folder: Path, *, flush_rows: int = 10_000, flush_s: float = 5.0, most: int = 100_000
    ) -> None:
        self.folder = folder  # `log_folder(workspace)`
        self.dropped = 0

    def append(self, model: OnlineModel, release: int, rows: Iterable[ServedRow]) -> None:
        """Add answers of one model's version; never waits and never fails."""
        raise NotImplementedError

    def flush(self) -> None:
        """Write what is waiting, now."""
        raise NotImplementedError

    def close(self) -> None:
        """Write what is waiting and stop."""
        raise NotImplementedError


def log_files(
    folder: Path, model: str, start: datetime | None = None, end: datetime | None = None
) -> tuple[Path, ...]:
    """The log's files that can have rows in `[start, end)`, instants."""
    raise NotImplementedError


def read_log(
    folder: Path,
    model: str,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    version: int | None = None,
) -> pa.Table:
    """The rows of a span of instants, of one version where named."""
    raise NotImplementedError


def forget_before(folder: Path, moment: datetime) -> int:
    """Delete days that end before a moment; how many files."""
    raise NotImplementedError
