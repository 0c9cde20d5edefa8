"""Workbooks: one sheet, read row by row through openpyxl."""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

from headwater.errors import HeadwaterError, Issue, Place
from headwater.kinds.source.readers.csv_files import empty_delivery
from headwater.kinds.source.readers.decoding import BrokenDeliveryError
from headwater.kinds.source.readers.formats import Context, Reading
from headwater.kinds.source.readers.json_landing import (
    JsonShape,
    json_tasks,
    pointer,
    sniff_texts,
    to_text,
)
from headwater.kinds.source.readers.listing import FoundFile
from headwater.kinds.source.readers.naming import column_names, match_headers
from headwater.kinds.source.readers.options import FileOptions
from headwater.sql.relations import Column

_RANGE: Final = re.compile(r"([A-Z]+)(\d+)(?::([A-Z]+)(\d+)?)?\Z", re.IGNORECASE)
_SAMPLED_ROWS: Final = 20_000


class ExcelFormat:
    """The rows of one sheet of an .xlsx file; rows without any value are not counted."""

    def read(self, file: FoundFile, options: FileOptions, context: Context) -> Reading:
        """Match the header; the rows come batch by batch."""
        rows = _rows(file, options, context.place)
        headers = _headers(rows, options, context.columns if context.positional else ())
        if headers is None:
            return Reading(issues=(empty_delivery(file.name, context.place),))
        names, rows = headers
        match = match_headers(names, context.columns, context.contract, file.name, context.place)
        shape = JsonShape(
            delivery=file.name,
            columns=context.columns,
            pointers=tuple(None if at is None else pointer(at) for at in match.positions),
            form=context.form,
            load=context.load,
        )
        texts = (to_text(row) for row in rows)
        return Reading(issues=match.issues, tasks=json_tasks(texts, shape, context.stem))

    def sniff(self, file: FoundFile, options: FileOptions) -> tuple[Column, ...]:
        """The columns as the first rows show them."""
        headers = _headers(_rows(file, options, Place()), options, ())
        if headers is None:
            return ()
        names = column_names(headers[0])
        rows = list(itertools.islice(headers[1], _SAMPLED_ROWS))
        timed = {i for row in rows for i, cell in enumerate(row) if isinstance(cell, datetime)}
        sample = [
            to_text(
                {
                    n: _at(c) if i in timed else c
                    for i, (n, c) in enumerate(zip(names, row, strict=False))
                }
            )
            for row in rows
        ]
        if not sample:
            return tuple(Column(name=name, type="") for name in names)
        with tempfile.TemporaryDirectory() as folder:
            types = dict(sniff_texts(sample, Path(folder)))
        return tuple(Column(name=name, type=types.get(name, "")) for name in names)


def _headers(
    rows: Iterator[list[Any]], options: FileOptions, columns: Sequence[Column]
) -> tuple[list[str], Iterator[list[Any]]] | None:
    first = next(rows, None)
    if first is None:
        return None
    if options.header:
        return list(options.columns) or ["" if cell is None else str(cell) for cell in first], rows
    named = list(options.columns) or [column.name for column in columns]
    named += [f"column_{i}" for i in range(len(named) + 1, len(first) + 1)]
    return named, itertools.chain([first], rows)


def _rows(file: FoundFile, options: FileOptions, place: Place) -> Iterator[list[Any]]:
    """The rows that hold a value, as plain values that JSON keeps."""
    try:
        import openpyxl
        from openpyxl.utils.exceptions import InvalidFileException
    except ImportError as error:
        fix = "pip install 'headwater[excel]'"
        issue = Issue(code="E502", what="reading .xlsx needs openpyxl", place=place, fix=fix)
        raise HeadwaterError(issue) from error
    import zipfile

    nulls = set(options.nulls)
    with file.open() as stream:
        try:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
            sheet = _sheet(book, options)
            sheet.reset_dimensions()  # many writers state them wrongly
            for row in sheet.iter_rows(**_bounds(options, place), values_only=True):
                values = [_plain(cell, nulls) for cell in row]
                if any(value is not None for value in values):
                    yield values
        except (zipfile.BadZipFile, InvalidFileException, KeyError, EOFError) as error:
            raise BrokenDeliveryError(f"no workbook: {error}") from error


def _sheet(book: Any, options: FileOptions) -> Any:
    if options.sheet is None:
        return book.worksheets[0]
    if options.sheet not in book.sheetnames:
        raise BrokenDeliveryError(
            f"it has no sheet `{options.sheet}`, only {', '.join(book.sheetnames)}"
        )
    return book[options.sheet]


def _bounds(options: FileOptions, place: Place) -> dict[str, int]:
    """The range as openpyxl takes it: `A3:F` begins in row 3 and ends where the rows do."""
    if options.range is None:
        return {"min_row": options.skip + 1}
    from openpyxl.utils import column_index_from_string

    match = _RANGE.match(options.range.strip())
    if match is None:
        what = f"`{options.range}` is no range of a sheet"
        issue = Issue(code="E508", what=what, place=place, fix="write `A3:F` or `A3:F200`")
        raise HeadwaterError(issue)
    bounds = {"min_col": column_index_from_string(match[1]), "min_row": int(match[2])}
    if match[3]:
        bounds["max_col"] = column_index_from_string(match[3])
    if match[4]:
        bounds["max_row"] = int(match[4])
    return bounds


def _at(cell: Any) -> Any:
    """A day as its midnight, in a column that holds times as well."""
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return datetime.combine(cell, time(0))
    return cell


def _plain(cell: Any, nulls: set[str]) -> Any:
    if isinstance(cell, str):
        return None if cell in nulls else cell
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    if isinstance(cell, datetime) and cell.time() == time(0):
        return cell.date()
    return cell
