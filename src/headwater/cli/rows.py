"""The result of a query, written as a table, CSV, JSON, Parquet or Arrow."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from headwater.errors import Issue, UsageError
from headwater.views.exports import (
    batches_of,
    write_arrow,
    write_csv,
    write_json,
    write_parquet,
)
from headwater.views.figures import count
from headwater.views.layout import Cell, align
from headwater.views.values import is_number, value_text

if TYPE_CHECKING:
    import pyarrow as pa

    from headwater.cli.calls import Call

_BY_SUFFIX = {
    ".csv": "csv",
    ".json": "json",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".txt": "table",
}


def split_parameters(texts: Sequence[str]) -> dict[str, str]:
    """`name=value` by name. Code E808."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            fix = "write `--set country=France`"
            raise UsageError(Issue(code="E808", what=f"`{text}` sets no parameter", fix=fix))
        found[name] = value
    return found


def parse_parameters(texts: Sequence[str]) -> dict[str, object]:
    """`name=value` as typed values: numbers, dates, true, false, null, else text. Code E808."""
    return {name: _value(value) for name, value in split_parameters(texts).items()}


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


class Rows(Protocol):
    """A result: a query that is read while it is written, or rows that are held."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        ...

    @property
    def types(self) -> tuple[str, ...]:
        """Their DuckDB types."""
        ...

    def arrow_reader(self) -> pa.RecordBatchReader:
        """The rows in batches."""
        ...


def write_rows(
    found: Rows, call: Call, *, format: str | None, output: str | None, limit: int
) -> None:
    """Write the result where and how it was asked for. Code E813."""
    from headwater.engines.duckdb.faults import disk_faults, translated

    chosen = format or ("json" if call.json else None)
    if chosen is None:
        chosen = _BY_SUFFIX.get(Path(output).suffix.lower(), "csv") if output else "table"
    if chosen in ("parquet", "arrow"):
        if output is None and sys.stdout.isatty():
            what = f"{chosen.capitalize()} is not for a terminal"
            fix = f"name a file: `--output sales.{chosen}`"
            raise UsageError(Issue(code="E813", what=what, fix=fix))
        with translated(), disk_faults():
            _write_binary(found, chosen, output or "/dev/stdout")
        return
    with _stream(output) as stream, translated():
        batches = batches_of(found.arrow_reader())
        if chosen == "table":
            _write_table(found, batches, stream, limit)
        elif chosen == "csv":
            write_csv(found.columns, batches, stream)
        else:
            write_json(found.columns, batches, stream)


def _write_binary(found: Rows, format: str, path: str) -> None:
    from headwater.project.reading import Reading

    if isinstance(found, Reading) and format == "parquet":
        found.relation.write_parquet(path)  # DuckDB streams, and keeps its own types
        return
    table = found.arrow_reader().read_all()
    (write_arrow if format == "arrow" else write_parquet)(table, path)


@contextmanager
def _stream(output: str | None) -> Iterator[TextIO]:
    if output is None:
        yield sys.stdout
        return
    with Path(output).open("w", encoding="utf-8", newline="") as stream:
        yield stream


def _write_table(
    found: Rows, batches: Iterator[Sequence[tuple[Any, ...]]], stream: TextIO, limit: int
) -> None:
    from headwater.cli.screen import Screen

    screen = Screen(stream)
    most = limit or sys.maxsize
    rows = list(islice(chain.from_iterable(batches), most + 1 if limit else None))
    numeric = [is_number(kind) for kind in found.types]
    head = [Cell(n, "strong", right) for n, right in zip(found.columns, numeric, strict=True)]
    body = [
        [
            Cell(value_text(value, name), right=right)
            for name, value, right in zip(found.columns, row, numeric, strict=True)
        ]
        for row in rows[:most]
    ]
    screen.lines(align([head, *body], indent=0, gap=2, width=screen.cut))
    if len(rows) > most:
        screen.line(Cell(f"the first {count(limit, 'row')}; `--limit 0` shows all", "quiet"))
    elif screen.is_terminal:
        screen.line(Cell(count(len(rows), "row"), "quiet"))
