"""Rows of files with the time in which they were known: one scan, joined to a table of pieces."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from headwater.clock import wall_clock
from headwater.engines.duckdb.quoting import identifier, parquet_scan
from headwater.engines.duckdb.relations import FileGroups, projection
from headwater.engines.duckdb.times import is_instant
from headwater.engines.protocol import KNOWN_COLUMNS, InputRelation, KnownRows

if TYPE_CHECKING:
    import pyarrow as pa

_FILE = "__headwater_file"
_FROM, _TO = map(identifier, KNOWN_COLUMNS)
_INSTANT = "TIMESTAMP WITH TIME ZONE"
_TIMES = f"coalesce(p.known_from, '-infinity') AS {_FROM}, p.known_to AS {_TO}"
_ALWAYS = f"CAST('-infinity' AS {_INSTANT}) AS {_FROM}, CAST(NULL AS {_INSTANT}) AS {_TO}"


def known_select(relation: InputRelation, pieces: str, groups: FileGroups) -> str:
    """The SELECT that shows the known rows of a relation; `pieces` names their registered table.

    Files of which everything was known ever since are only read; the others are joined by name,
    and by time where a piece is a part of its file.
    """
    timed = {piece.file for piece in relation.known if not _is_plain(piece)}
    parts: list[str] = []
    for files, present in groups(tuple(dict.fromkeys(piece.file for piece in relation.known))):
        shown = projection(relation.schema, present, exact=False)
        plain = [file for file in files if file not in timed]
        if plain:
            parts.append(f"SELECT {shown}, {_ALWAYS} FROM {parquet_scan(plain)}")
        rest = [file for file in files if file in timed]
        if rest:
            name, time = identifier(_FILE), identifier(relation.time or "")
            rows = f"SELECT {shown}, {name} FROM {parquet_scan(rest, _FILE)}"
            columns = ", ".join(f"r.{identifier(column)}" for column, _ in relation.schema)
            parts.append(
                f"SELECT {columns}, {_TIMES} FROM ({rows}) AS r JOIN"
                f" {identifier(pieces)} AS p ON r.{name} = p.file"
                f" AND (p.first IS NULL OR r.{time} >= p.first)"
                f" AND (p.end IS NULL OR r.{time} < p.end)"
            )
    return " UNION ALL ".join(parts)


def pieces_table(relation: InputRelation, zone: ZoneInfo) -> pa.Table:
    """The pieces that are joined: file, first, end (in terms of the time), known from and to."""
    import pyarrow as pa

    by_instant = is_instant(dict(relation.schema)[relation.time or ""])
    instants = pa.timestamp("us", tz="UTC")
    pieces = [piece for piece in relation.known if not _is_plain(piece)]

    def bound(moment: datetime) -> datetime:
        return moment.astimezone(UTC) if by_instant else wall_clock(moment, zone)

    cuts = [piece.interval for piece in pieces]
    return pa.table(
        {
            "file": pa.array([str(piece.file) for piece in pieces], pa.string()),
            "first": pa.array(
                [None if cut is None else bound(cut.start) for cut in cuts],
                instants if by_instant else pa.timestamp("us"),
            ),
            "end": pa.array(
                [None if cut is None else bound(cut.end) for cut in cuts],
                instants if by_instant else pa.timestamp("us"),
            ),
            "known_from": pa.array([piece.known_from for piece in pieces], instants),
            "known_to": pa.array([piece.known_to for piece in pieces], instants),
        }
    )


def _is_plain(piece: KnownRows) -> bool:
    return piece.interval is None and piece.known_from is None and piece.known_to is None
