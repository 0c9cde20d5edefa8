"""The result of a query, written as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from headwater.errors import Issue, UsageError
from headwater.project.reading import rows_of
from headwater.views.figures import count
from headwater.views.layout import Cell, align
from headwater.views.values import is_number, value_text

if TYPE_CHECKING:
    from headwater.cli.calls import Call
    from headwater.project.reading import Reading

_BY_SUFFIX = {".csv": "csv", ".json": "json", ".parquet": "parquet", ".txt": "table"}
_BATCH_ROWS = 20_000
_EVERYTHING = 2**62


def parse_parameters(texts: Sequence[str]) -> dict[str, object]:
    """`name=value` as typed values: numbers, dates, true, false, null, else text. Code E808."""
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            fix = "write `--set country=France`"
            raise UsageError(Issue(code="E808", what=f"`{text}` sets no parameter", fix=fix))
        found[name] = _value(value)
    return found


def _value(text: str) -> object:
    from datetime import date, datetime

    words: dict[str, object] = {"true": True, "false": False, "null": None}
    if text.lower() in words:
        return words[text.lower()]
    for read in (int, float, date.fromisoformat, datetime.fromisoformat):
        try:
            return read(text)
        except ValueError:
            continue
    return text


def write_rows(
    reading: Reading, call: Call, *, format: str | None, output: str | None, limit: int
) -> None:
    """Write the result where and how it was asked for. Code E813."""
    chosen = format or ("json" if call.json else None)
    if chosen is None:
        chosen = _BY_SUFFIX.get(Path(output).suffix.lower(), "csv") if output else "table"
    if chosen == "parquet":
        _write_parquet(reading, output)
        return
    with _stream(output) as stream:
        if chosen == "table":
            _write_table(reading, stream, limit)
        elif chosen == "csv":
            _write_csv(reading, stream)
        else:
            _write_json(reading, stream)


def _write_parquet(reading: Reading, output: str | None) -> None:
    from headwater.engines.duckdb.faults import disk_faults, translated

    if output is None and sys.stdout.isatty():
        fix = "name a file: `--output sales.parquet`"
        raise UsageError(Issue(code="E813", what="Parquet is not for a terminal", fix=fix))
    with translated(), disk_faults():
        reading.relation.write_parquet(output or "/dev/stdout")


@contextmanager
def _stream(output: str | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    with Path(output).open("w", encoding="utf-8", newline="") as stream:
        yield stream


def _batches(reading: Reading) -> Iterator[list[tuple[Any, ...]]]:
    """The rows, some thousands at a time, as Python values."""
    from headwater.engines.duckdb.faults import translated

    with translated():
        for batch in reading.relation.to_arrow_reader(_BATCH_ROWS):
            yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def _write_csv(reading: Reading, stream: TextIO) -> None:
    import csv

    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(reading.columns)
    for rows in _batches(reading):
        writer.writerows(rows)


def _write_json(reading: Reading, stream: TextIO) -> None:
    import json

    names = reading.columns
    between = "[\n"
    for rows in _batches(reading):
        for row in rows:
            record = json.dumps(
                dict(zip(names, row, strict=True)), ensure_ascii=False, default=_json
            )
            stream.write(f"{between}{record}")
            between = ",\n"
    stream.write("[]\n" if between == "[\n" else "\n]\n")


def _json(value: object) -> object:
    """What JSON has no form for: decimals as numbers, bytes as hexadecimal, the rest as text."""
    from decimal import Decimal

    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.hex() if isinstance(value, bytes) else str(value)


def _write_table(reading: Reading, stream: TextIO, limit: int) -> None:
    from headwater.cli.screen import Screen

    screen = Screen(stream)
    rows, more = rows_of(reading, limit or _EVERYTHING)
    numeric = [is_number(kind) for kind in reading.types]
    head = [Cell(n, "strong", right) for n, right in zip(reading.columns, numeric, strict=True)]
    body = [
        [
            Cell(value_text(value, name), right=right)
            for name, value, right in zip(reading.columns, row, numeric, strict=True)
        ]
        for row in rows
    ]
    screen.lines(align([head, *body], indent=0, gap=2, width=screen.cut))
    if more:
        screen.line(Cell(f"the first {count(limit, 'row')}; `--limit 0` shows all", "quiet"))
    elif screen.is_terminal:
        screen.line(Cell(count(len(rows), "row"), "quiet"))
