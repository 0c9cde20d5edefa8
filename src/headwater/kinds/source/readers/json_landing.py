"""JSON texts as typed Parquet: lines of files, pages of APIs, dicts of Python, cells of Excel."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from headwater.contracts.quoting import literal, quote
from headwater.kinds.source.readers.casting import TextFormat, cast_text
from headwater.kinds.source.readers.flow import Task
from headwater.kinds.source.readers.model import LoadStamp
from headwater.kinds.source.readers.writing import Part, copy_rows, meta_sql
from headwater.sql.relations import Column

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BATCH_RECORDS: Final = 50_000
_BATCH_CHARACTERS: Final = 16 << 20
_NESTED: Final = ("STRUCT", "MAP", "UNION")


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonShape:
    """Where in each JSON text the columns stand: JSON pointers, None for a missing column."""

    delivery: str
    columns: tuple[Column, ...]
    pointers: tuple[str | None, ...]
    form: TextFormat
    load: LoadStamp


def pointer(key: str | int) -> str:
    """The JSON pointer of a member or an element.

    >>> pointer("price/unit"), pointer(3)
    ('/price~1unit', '/3')
    """
    return "/" + str(key).replace("~", "~0").replace("/", "~1")


def json_tasks(texts: Iterable[str], shape: JsonShape, stem: Path) -> Iterator[Task]:
    """A task for each batch of texts."""
    before = 0
    for index, batch in enumerate(in_batches(texts)):
        path = stem.with_name(f"{stem.name}-{index:04d}")
        yield partial(land_texts, texts=batch, before=before, shape=shape, stem=path)
        before += len(batch)


def in_batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """The texts in lists that fit into memory several times."""
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if len(batch) >= _BATCH_RECORDS or size >= _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def land_texts(
    connection: DuckDBPyConnection, texts: Sequence[str], before: int, shape: JsonShape, stem: Path
) -> Part:
    """Write one batch; a text that is no JSON, or does not fit the types, is rejected."""
    import pyarrow as pa

    numbers = pa.array(range(before + 1, before + 1 + len(texts)), pa.int64())
    batch = pa.table({"record": numbers, "text": pa.array(texts, pa.large_string())})
    connection.register("json_texts", batch)
    try:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE json_typed AS {_typed(shape)}")
        names = ", ".join(quote(column.name) for column in shape.columns)
        meta = meta_sql(shape.delivery, "json_typed.record", shape.load)
        rows = stem.with_name(stem.name + ".parquet")
        rejected = stem.with_name(stem.name + ".rejected.parquet")
        select = f"SELECT {names}, {meta}"
        order = "ORDER BY json_typed.record"
        landed = copy_rows(
            connection, f"{select} FROM json_typed WHERE len(_rules) = 0 {order}", rows
        )
        refused = copy_rows(
            connection,
            f"{select}, _text AS _raw, _rules FROM json_typed WHERE len(_rules) > 0 {order}",
            rejected,
        )
    finally:
        connection.unregister("json_texts")
        connection.execute("DROP TABLE IF EXISTS temp.json_typed")
    return Part(
        rows=rows if landed else None,
        rejected=rejected if refused else None,
        counted=len(texts),
        delivered=len(texts),
        landed=landed,
        rejected_count=refused,
    )


def _typed(shape: JsonShape) -> str:
    paths = [path for path in shape.pointers if path is not None]
    targets: list[str] = []
    faults: list[str] = ["CASE WHEN NOT valid THEN 'malformed: not a JSON object' END"]
    index = 0
    for path, column in zip(shape.pointers, shape.columns, strict=True):
        if path is None:
            targets.append(f"CAST(NULL AS {column.type}) AS {quote(column.name)}")
            continue
        index += 1
        text = f"v[{index}]"
        cast = cast_text(text, column.type, shape.form, strict=False)
        targets.append(f"{cast} AS {quote(column.name)}")
        fault = literal(f"{column.name}: not a {column.type}")
        faults.append(f"CASE WHEN {text} IS NOT NULL AND ({cast}) IS NULL THEN {fault} END")
    listed = f"[{', '.join(map(literal, paths))}]" if paths else "CAST([] AS VARCHAR[])"
    values = (
        f"SELECT record, text AS _text, valid, "
        f"CASE WHEN valid THEN json_extract_string(text, {listed}) END AS v FROM "
        "(SELECT record, text, coalesce(CASE WHEN json_valid(text) "
        "THEN json_type(text) IN ('OBJECT', 'ARRAY') END, false) AS valid FROM json_texts)"
    )
    rules = f"list_filter([{', '.join(faults)}], lambda fault: fault IS NOT NULL) AS _rules"
    return f"SELECT {', '.join(targets)}, record, _text, {rules} FROM ({values})"


def sniff_texts(texts: Sequence[str], folder: Path) -> tuple[tuple[str, str], ...]:
    """Keys and types of JSON objects; nested values are JSON, only NULLs have no type."""
    import duckdb

    path = folder / "sample.ndjson"
    path.write_text("\n".join(texts), encoding="utf-8")
    with duckdb.connect() as connection:
        found = connection.execute(
            f"DESCRIBE SELECT * FROM read_json({literal(str(path))}, "
            "format = 'newline_delimited', sample_size = -1, maximum_object_size = 134217728, "
            "ignore_errors = true, map_inference_threshold = -1)"
        ).fetchall()
    return tuple((str(row[0]), _flat(str(row[1]))) for row in found)


def _flat(kind: str) -> str:
    nested = kind.startswith(_NESTED) or kind.endswith("]")
    if kind == "JSON":  # every value is NULL
        return ""
    return "JSON" if nested else kind


def keys_of(texts: Iterable[str]) -> list[str]:
    """Every key of these objects in order of appearance."""
    keys: dict[str, None] = {}
    for text in texts:
        try:
            value = json.loads(text)
        except ValueError:
            continue
        if isinstance(value, dict):
            keys.update(dict.fromkeys(value))
    return list(keys)


def to_text(record: Mapping[str, Any] | Sequence[Any]) -> str:
    """A Python record as JSON text that loses nothing: decimals as written, times in ISO."""
    return json.dumps(record, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID | Path):
        return str(value)
    if isinstance(value, timedelta):
        return f"{value.total_seconds()} seconds"
    if isinstance(value, bytes | bytearray):
        return "".join(f"\\x{byte:02X}" for byte in value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "item"):  # a scalar of numpy or pyarrow
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form")
