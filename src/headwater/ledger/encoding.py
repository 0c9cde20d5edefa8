"""How values are written in the ledger: compact JSON, compressed where that saves something.

Intervals and times are whole microseconds since 1970 in UTC. Contents and schemas are written once,
under the hash of their text, and named by it.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

from headwater.errors import HeadwaterError
from headwater.graph.node import Schema
from headwater.ids import DataInterval, NodeId
from headwater.ledger.problems import DAMAGED
from headwater.plan.state import (
    Build,
    Contents,
    DataFile,
    DeliveryRecord,
    RuleOutcome,
    Segment,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WORTH_COMPRESSING = 400  # bytes; below, zlib saves next to nothing
_READ_AT_ONCE = 64  # bodies

#: Texts to be written under their hash.
Texts = dict[str, str]


def to_micros(instant: datetime) -> int:
    """Whole microseconds since 1970; raises `TypeError` for a time without a zone."""
    passed = instant - _EPOCH
    return (passed.days * 86400 + passed.seconds) * 1_000_000 + passed.microseconds


def from_micros(micros: int) -> datetime:
    """The instant, in UTC."""
    return _EPOCH + timedelta(microseconds=micros)


@lru_cache(maxsize=1 << 15)
def interval(start: int, end: int) -> DataInterval:
    """The interval between two times in microseconds; equal ones are one object."""
    return DataInterval(from_micros(start), from_micros(end))


@lru_cache(maxsize=1 << 15)
def node_id(text: str) -> NodeId:
    """The node of `kind.name`; equal ones are one object."""
    return NodeId.parse(text)


def dump(value: object) -> str:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def pack(text: str) -> bytes:
    """The text as stored; compressed bytes begin with `78 9c`, which no UTF-8 does."""
    plain = text.encode(errors="surrogatepass")  # a file's name need not be UTF-8
    return plain if len(plain) < _WORTH_COMPRESSING else zlib.compress(plain, 6)


def unpack(body: bytes) -> str:
    """The text that `pack` was given."""
    return _inflated(body).decode(errors="surrogatepass")


def _inflated(body: bytes) -> bytes:
    if body[:2] != b"x\x9c":
        return body
    try:
        return zlib.decompress(body)
    except zlib.error as error:
        raise HeadwaterError(DAMAGED) from error


def load_all(bodies: Iterable[bytes]) -> Iterator[Any]:
    """The JSON values of many bodies; some are read at a time, which is faster than each alone."""
    rest = iter(bodies)
    while batch := list(islice(rest, _READ_AT_ONCE)):
        try:
            values = json.loads(b"[" + b",".join(map(_inflated, batch)) + b"]")
        except ValueError as error:
            raise HeadwaterError(DAMAGED) from error
        yield from values


def text_hash(text: str) -> str:
    """The hash that a text is kept under (96 bits, hexadecimal)."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=12).hexdigest()


def keep(text: str, texts: Texts) -> str:
    """Add the text to those to be written; its hash."""
    name = text_hash(text)
    texts[name] = text
    return name


def keep_contents(contents: Contents, texts: Texts) -> str:
    """Add contents to the texts to be written; their hash."""
    return keep(dump([contents.rows, dict(sorted(contents.columns.items()))]), texts)


def keep_schema(schema: Schema, texts: Texts) -> str:
    """Add a schema to the texts to be written; its hash."""
    return keep(dump(schema), texts)


def read_contents(value: Any) -> Contents:
    """Contents from the JSON that `keep_contents` wrote."""
    rows, columns = value
    return Contents(rows, columns)


def read_schema(value: Any) -> Schema:
    """A schema from the JSON that `keep_schema` wrote."""
    return tuple(map(tuple, value))


def write_segment(entry: tuple[DataInterval, Segment], texts: Texts) -> list[Any]:
    """An entry of a state's segments as a list."""
    own, segment = entry
    contents = keep_contents(segment.contents, texts)
    return [to_micros(own.start), to_micros(own.end), segment.build, segment.input_key, contents]


def read_segment(
    item: Sequence[Any], contents: Mapping[str, Contents]
) -> tuple[DataInterval, Segment]:
    """The entry that `write_segment` wrote."""
    start, end, build, input_key, name = item
    return interval(start, end), Segment(build, input_key, contents[name])


def write_file(file: DataFile) -> list[Any]:
    """A data file as a list."""
    start, end = to_micros(file.interval.start), to_micros(file.interval.end)
    return [file.path, start, end, file.rows, file.bytes, file.build, file.schema, file.part]


def read_file(item: Sequence[Any]) -> DataFile:
    """The data file that `write_file` wrote."""
    path, start, end, rows, size, build, schema, part = item
    return DataFile(
        path=path,
        interval=interval(start, end),
        rows=rows,
        bytes=size,
        build=build,
        schema=schema,
        part=part,
    )


def write_delivery(delivery: DeliveryRecord) -> list[Any]:
    """A delivery as a list."""
    return [
        delivery.name,
        delivery.sha256,
        delivery.load_id,
        delivery.delivered,
        delivery.order,
        delivery.stale,
    ]


def read_delivery(item: Sequence[Any]) -> DeliveryRecord:
    """The delivery that `write_delivery` wrote."""
    name, sha256, load_id, delivered, order, stale = item
    return DeliveryRecord(
        name=name, sha256=sha256, load_id=load_id, delivered=delivered, order=order, stale=stale
    )


def write_build(build: Build, texts: Texts) -> dict[str, Any]:
    """A build as a row of `builds`."""
    body = [
        build.reason,
        build.rows,
        keep_schema(build.schema, texts),
        keep_contents(build.contents, texts),
        [write_file(file) for file in build.files],
        [[o.rule, o.severity, o.passed, o.failed_rows, o.measured, o.text] for o in build.outcomes],
        list(build.load_ids),
    ]
    return {
        "id": build.id,
        "node": str(build.node),
        "input_key": build.input_key,
        "start_at": to_micros(build.interval.start),
        "end_at": to_micros(build.interval.end),
        "definition": build.definition,
        "run": build.run,
        "started_at": to_micros(build.started_at),
        "seconds": build.seconds,
        "body": pack(dump(body)),
    }


def read_build(
    row: Any, body: Sequence[Any], schemas: Mapping[str, Schema], contents: Mapping[str, Contents]
) -> Build:
    """The build that `write_build` wrote; `body` is its unpacked body."""
    reason, rows, schema, content, files, outcomes, load_ids = body
    return Build(
        id=row.id,
        node=node_id(row.node),
        interval=interval(row.start_at, row.end_at),
        input_key=row.input_key,
        definition=row.definition,
        run=row.run,
        reason=reason,
        rows=rows,
        started_at=from_micros(row.started_at),
        seconds=row.seconds,
        schema=schemas[schema],
        contents=contents[content],
        files=tuple(map(read_file, files)),
        outcomes=tuple(
            RuleOutcome(
                rule=rule,
                severity=severity,
                passed=passed,
                failed_rows=failed_rows,
                measured=measured,
                text=text,
            )
            for rule, severity, passed, failed_rows, measured, text in outcomes
        ),
        load_ids=tuple(load_ids),
    )
