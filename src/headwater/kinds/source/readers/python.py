"""A function of the project: a generator of dicts, or of Arrow tables and batches."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from headwater.errors import HeadwaterError, Issue
from headwater.kinds.source.definition import PythonOrigin, SourceDefinition
from headwater.kinds.source.readers.api import later
from headwater.kinds.source.readers.casting import TextFormat
from headwater.kinds.source.readers.decoding import BrokenDeliveryError
from headwater.kinds.source.readers.files import stem_of
from headwater.kinds.source.readers.flow import Opened, Task, broken_delivery, land_all
from headwater.kinds.source.readers.json_landing import json_tasks, to_text
from headwater.kinds.source.readers.model import Delivery, Discovery, Known, Landed, LoadStamp
from headwater.kinds.source.readers.naming import column_names, match_headers
from headwater.kinds.source.readers.objects import object_shape, sniff_objects
from headwater.kinds.source.readers.python_code import UserFunction, is_arrow
from headwater.kinds.source.readers.typed_landing import (
    TypedShape,
    choose,
    describe,
    land_relation,
)
from headwater.kinds.source.readers.writing import Part, workers
from headwater.sql.relations import Column

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

_SAMPLED: Final = 1_000


class PythonReader:
    """Runs the function once for each load; what it yields is one delivery."""

    def __init__(
        self,
        definition: SourceDefinition,
        origin: PythonOrigin,
        *,
        root: Path,
        project_zone: str,
        columns: tuple[Column, ...] | None,
    ) -> None:
        self._definition = definition
        self._origin = origin
        self._function = UserFunction(origin.function, root, definition.place)
        self._columns = columns
        self._begun: tuple[str | None, Iterator[Any]] | None = None
        self._form = TextFormat(
            source_zone=definition.timezone or project_zone, project_zone=project_zone
        )

    def discover(self, known: Known) -> Discovery:
        """One delivery: what the function will yield cannot be known before it runs."""
        since = known.cursor if self._origin.cursor else None
        beyond = f" {self._origin.cursor} > {json.loads(since)}" if since else ""
        name = f"{self._origin.function}{beyond}"
        return Discovery(new=(Delivery(name=name, since=since, last_good_at=known.loaded_at),))

    def schema(self, deliveries: Sequence[Delivery] = ()) -> tuple[Column, ...]:
        """The declared columns, or those of the first records; `land` goes on from there."""
        if self._columns is None:
            since = deliveries[0].since if deliveries else None
            items = self._items(since)
            try:
                first = list(islice(items, 1))
                if first and is_arrow(first[0]):
                    self._columns = _arrow_columns(first[0])
                else:
                    first += islice(items, _SAMPLED)
                    texts = list(self._texts(iter(first)))
                    self._columns = sniff_objects(texts, self._definition.place)
            except BrokenDeliveryError as error:
                raise HeadwaterError(self._issue_of(error)) from error
            self._begun = (since, chain(first, items))
        return self._columns

    def land(
        self,
        deliveries: Sequence[Delivery],
        folder: Path,
        load: LoadStamp,
        connection: DuckDBPyConnection,
    ) -> Iterator[Landed]:
        """What the function yields; an exception of its own refuses it all (E532)."""
        folder.mkdir(parents=True, exist_ok=True)
        for delivery in deliveries:
            self.schema([delivery])
            try:
                opened = self._open(delivery, folder / stem_of(delivery), load)
            except BrokenDeliveryError as error:
                opened = Opened(delivery=delivery, issues=(self._issue_of(error),))
            with workers(connection, self._form.source_zone) as pool:
                yield from land_all([opened], pool, self._definition.place)

    def _open(self, delivery: Delivery, stem: Path, load: LoadStamp) -> Opened:
        watch = _Watch(delivery, self._origin.cursor)
        items = self._resumed(delivery.since)
        first = next(items, None)
        if first is None:
            return Opened(delivery=delivery, complete=watch.complete)
        items = chain([first], items)
        if is_arrow(first):
            shape_of = partial(self._typed_shape, delivery=delivery, load=load)
            issues = shape_of(first)[1]
            tasks = self._arrow_tasks(items, shape_of, stem, watch)
        else:
            json_shape, issues, texts = object_shape(
                watch.texts(self._texts(items)),
                self.schema(),
                self._definition.contract,
                self._definition.place,
                delivery.name,
                self._form,
                load,
            )
            tasks = json_tasks(texts, json_shape, stem)
        return Opened(delivery=delivery, issues=issues, tasks=tasks, complete=watch.complete)

    def _typed_shape(
        self, table: pa.Table, delivery: Delivery, load: LoadStamp
    ) -> tuple[TypedShape, tuple[Issue, ...]]:
        headers = [str(name) for name in table.schema.names]
        found = tuple(
            Column(name=header, type=column.type)
            for header, column in zip(headers, _arrow_columns(table), strict=True)
        )
        match = match_headers(
            headers, self.schema(), self._definition.contract, delivery.name, self._definition.place
        )
        shape = TypedShape(
            delivery=delivery.name,
            columns=self.schema(),
            found=choose(found, match.positions),
            form=self._form,
            load=load,
        )
        return shape, match.issues

    def _resumed(self, since: str | None) -> Iterator[Any]:
        begun, self._begun = self._begun, None
        return begun[1] if begun is not None and begun[0] == since else self._items(since)

    def _items(self, since: str | None) -> Iterator[Any]:
        return self._function.items(self._typed(json.loads(since)) if since else None)

    def _typed(self, value: Any) -> Any:
        """The cursor as the function yielded it, where the column's type says that it is a time."""
        kinds = {column.name: column.type for column in self._columns or ()}
        kind = kinds.get(self._origin.cursor or "", "")
        with contextlib.suppress(ValueError, TypeError):
            if kind == "DATE":
                return date.fromisoformat(value)
            if kind.startswith("TIMESTAMP"):
                return datetime.fromisoformat(value)
        return value

    def _texts(self, items: Iterator[Any]) -> Iterator[str]:
        for item in items:
            if not isinstance(item, Mapping):
                raise self._wrong(item)
            try:
                yield to_text(item)
            except (TypeError, ValueError) as error:
                raise self._wrong(item, f": {error}") from error

    def _arrow_tasks(
        self,
        items: Iterator[Any],
        shape_of: Callable[[pa.Table], tuple[TypedShape, tuple[Issue, ...]]],
        stem: Path,
        watch: _Watch,
    ) -> Iterator[Task]:
        before = 0
        for index, table in enumerate(items):
            if not is_arrow(table):
                raise self._wrong(table)
            watch.table(table)
            shape, _ = shape_of(table)  # each table may have types of its own
            path = stem.with_name(f"{stem.name}-{index:04d}")
            yield partial(_land_table, table=table, before=before, shape=shape, stem=path)
            before += table.num_rows

    def _wrong(self, item: Any, reason: str = "") -> BrokenDeliveryError:
        what = f"`{self._origin.function}` yields {type(item).__name__}{reason}"
        fix = "yield dicts, lists of dicts, or Arrow tables, always of one sort"
        issue = Issue(code="E533", what=what, place=self._definition.place, fix=fix)
        return BrokenDeliveryError(what, issue)

    def _issue_of(self, error: BrokenDeliveryError) -> Issue:
        place = self._definition.place
        return error.issue or broken_delivery(self._origin.function, str(error), place)


class _Watch:
    """Hash, size and highest cursor value of what passes."""

    def __init__(self, delivery: Delivery, cursor: str | None) -> None:
        self._cursor = cursor
        self._last: Any = json.loads(delivery.since) if delivery.since else None
        self._digest = hashlib.sha256()
        self._size = 0

    def texts(self, texts: Iterator[str]) -> Iterator[str]:
        for text in texts:
            data = text.encode()
            self._digest.update(data + b"\n")
            self._size += len(data) + 1
            if self._cursor is not None:
                self._last = later(self._last, json.loads(text).get(self._cursor))
            yield text

    def table(self, table: pa.Table) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        content = sink.getvalue()
        self._digest.update(content)
        self._size += content.size
        if self._cursor in table.column_names and table.num_rows:
            highest = pc.max(table[self._cursor]).as_py()
            self._last = later(self._last, json.loads(to_text([highest]))[0])

    def complete(self, landed: Landed) -> Landed:
        delivery = replace(landed.delivery, sha256=self._digest.hexdigest(), size=self._size)
        cursor = None if self._last is None else json.dumps(self._last)
        return replace(landed, delivery=delivery, cursor=cursor)


def _arrow_columns(table: pa.Table) -> tuple[Column, ...]:
    import duckdb

    with duckdb.connect() as connection:
        connection.register("delivered", table.slice(0, 0))
        found = describe(connection, "delivered")
    names = column_names(column.name for column in found)
    return tuple(Column(name=n, type=c.type) for n, c in zip(names, found, strict=True))


def _land_table(
    connection: DuckDBPyConnection, table: pa.Table, before: int, shape: TypedShape, stem: Path
) -> Part:
    connection.register("arrow_table", table)
    try:
        row = f"row_number() OVER () + {before}"
        return land_relation(connection, "arrow_table", row, table.num_rows, shape, stem)
    finally:
        connection.unregister("arrow_table")
