"""JSON files: one object a line, an array of objects, or objects one after the other."""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from headwater.kinds.source.readers.csv_files import closing, compression_in
from headwater.kinds.source.readers.decoding import BrokenDeliveryError, Decoder, read_blocks
from headwater.kinds.source.readers.formats import Context, Reading
from headwater.kinds.source.readers.json_landing import json_tasks, sniff_texts
from headwater.kinds.source.readers.listing import FoundFile
from headwater.kinds.source.readers.naming import column_names
from headwater.kinds.source.readers.objects import object_shape
from headwater.kinds.source.readers.options import FileOptions
from headwater.sql.relations import Column

_BLOCK_BYTES: Final = 8 << 20
_SAMPLED_RECORDS: Final = 20_000
_LONGEST_RECORD: Final = 256 << 20
_SPACE: Final = " \t\r\n"


class JsonFormat:
    """JSON, with or without line breaks between records."""

    def read(self, file: FoundFile, options: FileOptions, context: Context) -> Reading:
        """Match the keys of the first records; the others come batch by batch."""
        stream = file.open()
        texts = json_records(stream, file.name, options)
        shape, issues, texts = object_shape(
            texts, context.columns, context.contract, context.place, file.name, context.form,
            context.load,
        )  # fmt: skip
        tasks = json_tasks(texts, shape, context.stem)
        return Reading(issues=issues, tasks=closing(stream, tasks))

    def sniff(self, file: FoundFile, options: FileOptions) -> tuple[Column, ...]:
        """The columns as the first records show them."""
        with file.open() as stream:
            texts = json_records(stream, file.name, options)
            sample = list(itertools.islice(texts, _SAMPLED_RECORDS))
        with tempfile.TemporaryDirectory() as folder:
            found = sniff_texts(sample, Path(folder))
        names = column_names(key for key, _ in found)
        return tuple(
            Column(name=name, type=kind) for name, (_, kind) in zip(names, found, strict=True)
        )


def json_records(stream: IO[bytes], name: str, options: FileOptions) -> Iterator[str]:
    """The text of each record."""
    raw = read_blocks(stream, compression_in(name, options), _BLOCK_BYTES)
    blocks = _decoded(Decoder(options.encoding or "utf-8").decode(raw))
    first = next(blocks, "")
    rest = itertools.chain([first], blocks)
    head = first.lstrip(_SPACE)
    if head.startswith("["):
        return _objects(rest, array=True)
    if _is_json(head.partition("\n")[0]):
        return _lines(rest)
    return _objects(rest, array=False)


def _decoded(blocks: Iterator[bytes]) -> Iterator[str]:
    held = b""
    for block in blocks:
        data = held + block
        cut = data.rfind(b"\n") + 1
        held = data[cut:] if cut else b""
        yield _text(data[:cut] if cut else data)
    yield _text(held)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BrokenDeliveryError(f"not UTF-8: {error.reason}") from error


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _lines(blocks: Iterator[str]) -> Iterator[str]:
    held = ""
    for block in blocks:
        *lines, held = (held + block).split("\n")
        yield from (line for line in lines if line.strip())
    if held.strip():
        yield held


def _objects(blocks: Iterator[str], *, array: bool) -> Iterator[str]:
    """Values one after the other; in an array with commas between and a bracket at the end."""
    decoder = json.JSONDecoder()
    buffer = next(blocks, "").lstrip(_SPACE)
    at = 1 if array else 0
    while True:
        at = _skip(buffer, at, array)
        if array and buffer[at : at + 1] == "]":
            return
        try:
            _, end = decoder.raw_decode(buffer, at)
            complete = end < len(buffer)
        except json.JSONDecodeError:
            complete = False
        if complete:
            yield buffer[at:end]
            at = end
            continue
        more = next(blocks, None)
        if more is None:
            if not array and at < len(buffer) and _is_json(buffer[at:]):
                yield buffer[at:]
                return
            if array or at < len(buffer):
                raise BrokenDeliveryError("the JSON is cut short or broken")
            return
        buffer, at = buffer[at:] + more, 0
        if len(buffer) > _LONGEST_RECORD:
            raise BrokenDeliveryError("the JSON is broken, or a record is longer than 256 MB")


def _skip(text: str, at: int, commas: bool) -> int:
    between = _SPACE + "," if commas else _SPACE
    while at < len(text) and text[at] in between:
        at += 1
    return at
