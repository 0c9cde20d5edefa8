"""Which days new files cover, looked up before they are loaded, so that a plan can name them.

A survey reads one column and decides nothing: the load itself counts and judges every row. What is
too large or too unusual to look at quickly is left unknown.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from headwater.clock import Clock, day_interval
from headwater.contracts.quoting import quote
from headwater.ids import DataInterval
from headwater.kinds.source.definition import FilesOrigin, SourceDefinition

#: Files of more bytes than this in all are not looked at.
MOST_BYTES = 64 * 2**20
_CSV = (".csv", ".csv.gz", ".tsv", ".tsv.gz")


def survey(
    definition: SourceDefinition, names: Iterable[str], root: Path, clock: Clock
) -> DataInterval | None:
    """The local days from the first to the last row of the named deliveries; None if unknown."""
    if definition.time is None or not isinstance(definition.origin, FilesOrigin):
        return None
    paths = [root / name for name in names]
    if definition.origin.options or not paths or not all(path.is_file() for path in paths):
        return None
    if sum(path.stat().st_size for path in paths) > MOST_BYTES:
        return None
    scan = _scan(paths, _delivered_name(definition))
    return _read_span(scan, [str(path) for path in paths], clock) if scan else None


def _delivered_name(definition: SourceDefinition) -> str:
    """What the time column is called in the files."""
    assert definition.time is not None
    column = definition.contract.column(definition.time) if definition.contract else None
    return column.physical_name if column is not None else definition.time


def _scan(paths: list[Path], column: str) -> str | None:
    names = [path.name.lower() for path in paths]
    day = f"TRY_CAST(TRY_CAST({quote(column)} AS TIMESTAMP) AS DATE)"
    if all(name.endswith(_CSV) for name in names):
        read = "read_csv(?, all_varchar = true, union_by_name = true, strict_mode = false)"
    elif all(name.endswith(".parquet") for name in names):
        read = "read_parquet(?, union_by_name = true)"
    else:
        return None
    return f"SELECT min({day}), max({day}) FROM {read}"


def _read_span(scan: str, paths: list[str], clock: Clock) -> DataInterval | None:
    import duckdb

    try:
        with duckdb.connect() as connection:
            found = connection.execute(scan, [paths]).fetchone()
    except duckdb.Error:
        return None  # the load will say what is wrong with the files
    first, last = found if found is not None else (None, None)
    if not isinstance(first, date) or not isinstance(last, date):
        return None
    return day_interval(first, last, clock.zone)
