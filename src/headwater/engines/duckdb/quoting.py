"""Names, texts and types in DuckDB's SQL."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

_GLOB = re.compile(r"[*?\[]")


def identifier(name: str) -> str:
    """A quoted name.

    >>> print(identifier('the "big" one'))
    "the ""big"" one"
    """
    return '"' + name.replace('"', '""') + '"'


def identifiers(names: tuple[str, ...] | list[str]) -> str:
    """Quoted names with commas between."""
    return ", ".join(map(identifier, names))


def text(value: str) -> str:
    """A string literal, for the places where DuckDB binds no parameters (views, COPY targets)."""
    return "'" + value.replace("'", "''") + "'"


def timestamp(naive: datetime) -> str:
    """A TIMESTAMP literal of wall-clock time."""
    return "TIMESTAMP " + text(naive.isoformat(sep=" "))


def instant(aware: datetime) -> str:
    """A TIMESTAMPTZ literal."""
    return "TIMESTAMPTZ " + text(aware.isoformat(sep=" "))


def parquet_scan(paths: tuple[Path, ...] | list[Path], filename: str = "") -> str:
    """`read_parquet` over exactly these files: no globbing, no columns read out of folder names.

    `filename` is a further column that holds each row's path.
    """
    listed = ", ".join(text(_GLOB.sub(r"[\g<0>]", str(path))) for path in paths)
    named = f", filename = {text(filename)}" if filename else ""
    return f"read_parquet([{listed}]{named}, hive_partitioning = false)"
