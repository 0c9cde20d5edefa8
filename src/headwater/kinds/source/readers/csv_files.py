"""CSV files: opened, their header matched, and cut into pieces for the workers."""

from __future__ import annotations

import itertools
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from headwater.errors import Issue, Place
from headwater.kinds.source.readers.csv_landing import CsvShape, Piece, land_piece, sample_types
from headwater.kinds.source.readers.decoding import Decoder, compression_of, read_blocks
from headwater.kinds.source.readers.dialect import Dialect, detect_delimiter
from headwater.kinds.source.readers.flow import Task
from headwater.kinds.source.readers.formats import Context, Reading
from headwater.kinds.source.readers.listing import FoundFile
from headwater.kinds.source.readers.naming import column_names, match_headers
from headwater.kinds.source.readers.options import FileOptions
from headwater.kinds.source.readers.records import (
    count_records,
    cut_pieces,
    sort_records,
    split_records,
)
from headwater.sql.relations import Column

_SAMPLE_BYTES = 8 << 20
PIECE_BYTES = 32 << 20  # a piece is read by one thread; a few of them are in memory at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A CSV file after its header: how it is written, and the text that follows."""

    headers: tuple[str, ...]
    dialect: Dialect
    blocks: Iterator[bytes]


def open_text(stream: IO[bytes], name: str, options: FileOptions, block_bytes: int) -> Text:
    """Read up to the header. A file without any record has no headers."""
    compression = compression_in(name, options)
    blocks = Decoder(options.encoding).decode(read_blocks(stream, compression, block_bytes))
    blocks = _without_comments(_with_newlines(blocks), options.comment)
    first = next(blocks, b"")
    for _ in range(options.skip):
        first = first.partition(b"\n")[2]
    first = _without_leading_blank_lines(first)
    line = first.partition(b"\n")[0]
    dialect = Dialect(
        delimiter=options.delimiter or detect_delimiter(line, options.quote),
        quote=options.quote,
        escape=options.escape,
        nulls=options.nulls,
    )
    record = next(split_records(first, dialect), None)
    if record is None:
        return Text(headers=(), dialect=dialect, blocks=iter(()))
    headers = tuple(dialect.split(record[0]))
    if not options.header:
        headers = options.columns or tuple(f"column_{i}" for i, _ in enumerate(headers, start=1))
        return Text(headers=headers, dialect=dialect, blocks=itertools.chain([first], blocks))
    if options.columns:
        headers = options.columns
    rest = first[record[2] :]
    return Text(headers=headers, dialect=dialect, blocks=itertools.chain([rest], blocks))


def compression_in(name: str, options: FileOptions) -> str | None:
    """The compression that the options declare or the name tells."""
    if options.compression:
        return None if options.compression == "none" else options.compression
    return compression_of(name)


def _with_newlines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    r"""Old files that end their lines in `\r` alone get `\n`."""
    first = next(blocks, b"")
    old = b"\r" in first and b"\n" not in first
    for block in itertools.chain([first], blocks):
        yield block.replace(b"\r", b"\n") if old else block


def _without_comments(blocks: Iterator[bytes], comment: str) -> Iterator[bytes]:
    if not comment:
        yield from blocks
        return
    pattern = re.compile(rb"(?m)^" + re.escape(comment.encode()) + rb"[^\n]*\n?")
    held = b""
    for block in blocks:
        text = held + block
        cut = text.rfind(b"\n") + 1
        held = text[cut:]
        yield pattern.sub(b"", text[:cut])
    yield pattern.sub(b"", held)


def _without_leading_blank_lines(text: bytes) -> bytes:
    return re.sub(rb"\A(?:[ \t]*\r?\n)+", b"", text)


class CsvFormat:
    """Comma-separated values and their many kin."""

    def read(self, file: FoundFile, options: FileOptions, context: Context) -> Reading:
        """Match the header; the text comes piece by piece."""
        stream = file.open()
        text = open_text(stream, file.name, options, PIECE_BYTES)
        if not text.headers:
            stream.close()
            return Reading(issues=(empty_delivery(file.name, context.place),))
        if context.positional:
            text_headers = _positional(text.headers, context.columns)
        else:
            text_headers = text.headers
        match = match_headers(
            text_headers, context.columns, context.contract, file.name, context.place
        )
        shape = CsvShape(
            delivery=file.name,
            columns=context.columns,
            width=match.width,
            positions=match.positions,
            dialect=text.dialect,
            form=context.form,
            load=context.load,
        )

        def exact() -> Iterator[Task]:
            again = file.open()
            text = open_text(again, file.name, options, PIECE_BYTES)
            return closing(again, csv_tasks(text.blocks, shape, context.stem, exact=True))

        tasks = closing(stream, csv_tasks(text.blocks, shape, context.stem))
        return Reading(issues=match.issues, tasks=tasks, exact=exact)

    def sniff(self, file: FoundFile, options: FileOptions) -> tuple[Column, ...]:
        """The columns as the beginning of the file shows them."""
        import duckdb

        with file.open() as stream:
            text = open_text(stream, file.name, options, _SAMPLE_BYTES)
            sample = next(cut_pieces(text.blocks, text.dialect, _SAMPLE_BYTES), b"")
        names = column_names(text.headers)
        if not sample or not names:
            return tuple(Column(name=name, type="") for name in names)  # nothing speaks for any
        with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
            path = Path(folder, "sample.csv")
            path.write_bytes(sample)
            types = sample_types(connection, path, text.dialect, len(names))
        return tuple(Column(name=n, type=t) for n, t in zip(names, types, strict=True))


def csv_tasks(
    blocks: Iterable[bytes], shape: CsvShape, stem: Path, *, exact: bool = False
) -> Iterator[Task]:
    """A task for each piece of the text after its header; `exact` counts record by record."""
    before = 0
    for index, text in enumerate(cut_pieces(blocks, shape.dialect, PIECE_BYTES)):
        if exact:
            count = sort_records(text, shape.dialect, shape.width).count
        else:
            count = count_records(text, shape.dialect, shape.width)
        place = stem.with_name(f"{stem.name}-{index:04d}")
        piece = Piece(text=text, count=count, before=before, stem=place)
        before += count
        yield partial(land_piece, piece=piece, shape=shape)


def closing(stream: IO[bytes], tasks: Iterable[Task]) -> Iterator[Task]:
    """The tasks, and the stream closed after the last one."""
    try:
        yield from tasks
    finally:
        stream.close()


def _positional(headers: tuple[str, ...], columns: tuple[Column, ...]) -> tuple[str, ...]:
    """Without header and declared names, fields are the columns in order."""
    named = tuple(column.name for column in columns[: len(headers)])
    return named + headers[len(named) :]


def empty_delivery(name: str, place: Place) -> Issue:
    """The warning about a file without any record."""
    return Issue(code="W506", what=f"{name} is empty", place=place, fix="it has not even a header")
