"""The request log: answers in Parquet, `<folder>/<model>/<UTC day>/<version>-….parquet`.

Columns: request_id VARCHAR, asked_at TIMESTAMPTZ, role VARCHAR, version BIGINT, release BIGINT
(which served), status VARCHAR, score DOUBLE, ms DOUBLE, keys STRUCT (the key columns), features
STRUCT (the model's columns as it saw them: DOUBLE or VARCHAR; NULL where there was no vector),
request VARCHAR (JSON of the values given), views STRUCT(view, digest, at, release)[].

A file appears whole or not at all. Rows of a day that has ended are merged into one file a version,
which from then on counts alone.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from headwater.learning.values import is_category
from headwater.project.serving.asking import is_whole
from headwater.project.serving.scored import ServedRow, ViewMoment

if TYPE_CHECKING:
    import pyarrow as pa

    from headwater.project.serving.model import OnlineModel

#: Where a project keeps it, in its own `.headwater`.
FOLDER: Final = "served"

_MERGED: Final = "merged"
#: After the end of its day no row comes any more: writers flush within seconds.
_SETTLED: Final = timedelta(hours=1)

#: A row, the model that answered, and the release that it answered from.
_Waiting = tuple[ServedRow, "OnlineModel", int]


class RequestLog:
    """Appends without waiting; a thread writes. What does not fit is dropped, and counted."""

    def __init__(
        self, folder: Path, *, flush_rows: int = 10_000, flush_s: float = 5.0, most: int = 100_000
    ) -> None:
        self.folder = folder
        self.dropped = 0
        self.problem = ""  # what the last flush failed of
        self._flush_rows, self._flush_s, self._most = flush_rows, flush_s, most
        self._waiting: deque[_Waiting] = deque()
        self._wanted = threading.Event()
        self._writing = threading.Lock()
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="request log", daemon=True)
        self._thread.start()

    def append(self, model: OnlineModel, release: int, rows: Iterable[ServedRow]) -> None:
        """Add answers of one model's version; never waits and never fails."""
        for row in rows:
            if self._is_closed or len(self._waiting) >= self._most:
                self.dropped += 1
            else:
                self._waiting.append((row, model, release))
        if len(self._waiting) >= self._flush_rows:
            self._wanted.set()

    def flush(self) -> None:
        """Write what is waiting, now; where that fails, drop and count it."""
        with self._writing:
            rows = [self._waiting.popleft() for _ in range(len(self._waiting))]
            groups: dict[tuple[str, int, str], list[_Waiting]] = {}
            for each in rows:
                row, model, _ = each
                day = row.at.astimezone(UTC).date().isoformat()
                groups.setdefault((model.name, model.version, day), []).append(each)
            self.problem = ""
            for (name, version, day), group in groups.items():
                try:
                    _write(self.folder / name / day, f"{version}-{uuid.uuid4().hex}", _table(group))
                except OSError as error:  # a full disk stops the log, never the answers
                    self.dropped += len(group)
                    self.problem = str(error)

    def close(self) -> None:
        """Write what is waiting and stop."""
        self._is_closed = True
        self._wanted.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._is_closed:
            self._wanted.wait(self._flush_s)
            self._wanted.clear()
            self.flush()
        self.flush()


def log_files(
    folder: Path,
    model: str,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    version: int | None = None,
) -> tuple[Path, ...]:
    """The log's files that can have rows in `[start, end)`, instants, in order of their days."""
    first = "" if start is None else start.astimezone(UTC).date().isoformat()
    last = "~" if end is None else end.astimezone(UTC).date().isoformat()
    found: list[Path] = []
    for day in _days(folder / model):
        if first <= day.name <= last:
            for number, paths in sorted(_by_version(day).items()):
                if version in (None, number):
                    found += [p for p in paths if _is_merged(p)] or sorted(paths)
    return tuple(found)


def logged_versions(folder: Path, model: str) -> tuple[int, ...]:
    """The versions of a model that have answered."""
    return tuple(sorted({number for day in _days(folder / model) for number in _by_version(day)}))


def read_log(
    folder: Path,
    model: str,
    version: int,
    start: datetime | None = None,
    end: datetime | None = None,
) -> pa.Table:
    """The rows of one version in `[start, end)`, instants; no rows and no columns where none are.

    Versions differ in their columns, so each is read by itself.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    files = log_files(folder, model, start, end, version=version)
    tables = [table for path in files if (table := _read(path)) is not None]
    if not tables:
        return pa.table({})
    rows = pa.concat_tables(tables)
    for bound, compare in ((start, pc.greater_equal), (end, pc.less)):
        if bound is not None:
            rows = rows.filter(compare(rows["asked_at"], pa.scalar(bound, rows["asked_at"].type)))
    return rows


def tend_log(folder: Path, model: str, now: datetime, keep: timedelta) -> None:
    """Merge the files of days that have ended; delete days that lie further back than `keep`."""
    for day in _days(folder / model):
        ended = datetime.fromisoformat(day.name).replace(tzinfo=UTC) + timedelta(days=1)
        if ended <= now - keep:
            _delete(day)
        elif ended + _SETTLED <= now:
            _merge(day)


def _merge(day: Path) -> None:
    """One file a version; what a crash left goes, too."""
    import pyarrow as pa

    for version, paths in _by_version(day).items():
        if not any(map(_is_merged, paths)) and len(paths) > 1:
            tables = [table for path in sorted(paths) if (table := _read(path)) is not None]
            _write(day, f"{version}-{_MERGED}", pa.concat_tables(tables).sort_by("asked_at"))
        if (day / f"{version}-{_MERGED}.parquet").exists():
            for path in paths:
                if not _is_merged(path):
                    path.unlink(missing_ok=True)
    for part in day.glob(".*.part"):
        part.unlink(missing_ok=True)


def _delete(day: Path) -> None:
    for path in day.iterdir():
        path.unlink(missing_ok=True)
    day.rmdir()


def _days(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(each for each in folder.iterdir() if each.is_dir())


def _by_version(day: Path) -> dict[int, list[Path]]:
    found: dict[int, list[Path]] = {}
    for path in day.glob("*.parquet"):
        found.setdefault(int(path.name.partition("-")[0]), []).append(path)
    return found


def _is_merged(path: Path) -> bool:
    return path.stem.endswith(f"-{_MERGED}")


def _read(path: Path) -> pa.Table | None:
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path).read()
    except FileNotFoundError:  # merged or forgotten since it was listed
        return None


def _write(folder: Path, name: str, rows: pa.Table) -> None:
    """A file that is whole as soon as it has its name."""
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f".{name}.part"
    try:
        with part.open("wb") as sink:
            pq.write_table(rows, sink, compression="zstd")
            sink.flush()
            os.fsync(sink.fileno())
        part.rename(folder / f"{name}.parquet")
    finally:
        part.unlink(missing_ok=True)


def _table(group: Sequence[_Waiting]) -> pa.Table:
    """Answers of one version as a table."""
    import pyarrow as pa

    model = group[0][1]
    rows = [row for row, _, _ in group]
    scored = [row.scored for row in rows]
    instant = pa.timestamp("us", tz="UTC")
    texts = [pa.string() if is_category(column) else pa.float64() for column in model.columns]
    features = pa.StructArray.from_arrays(
        [
            pa.array([None if s.vector is None else s.vector[i] for s in scored], type)
            for i, type in enumerate(texts)
        ],
        fields=[pa.field(c.name, t) for c, t in zip(model.columns, texts, strict=True)],
        mask=pa.array([s.vector is None for s in scored]),
    )
    whole = [is_whole(type) for _, type in model.keys]
    keys = pa.StructArray.from_arrays(
        [
            pa.array([s.keys[i] for s in scored], pa.int64() if is_whole else pa.string())
            for i, is_whole in enumerate(whole)
        ],
        names=[name for name, _ in model.keys],
    )
    view = pa.struct(
        [("view", pa.string()), ("digest", pa.string()), ("at", instant), ("release", pa.int64())]
    )
    columns: dict[str, Any] = {
        "request_id": pa.array([row.request_id for row in rows], pa.string()),
        "asked_at": pa.array([row.at for row in rows], instant),
        "role": pa.array([row.role for row in rows], pa.string()),
        "version": pa.array([s.version for s in scored], pa.int64()),
        "release": pa.array([release for _, _, release in group], pa.int64()),
        "status": pa.array([s.status for s in scored], pa.string()),
        "score": pa.array([s.score for s in scored], pa.float64()),
        "ms": pa.array([row.ms for row in rows], pa.float64()),
        "keys": keys,
        "features": features,
        "request": pa.array([json.dumps(dict(s.request), default=str) for s in scored]),
        "views": pa.array([_views(s.moments) for s in scored], pa.list_(view)),
    }
    return pa.table(columns)


def _views(moments: Sequence[ViewMoment]) -> list[dict[str, object]]:
    return [
        {
            "view": moment.table.view,
            "digest": moment.table.digest,
            "at": moment.freshness.at,
            "release": moment.freshness.release,
        }
        for moment in moments
    ]
