"""One step's work on a cursor of its own: bind inputs, run the user's SQL, write data files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

import duckdb

from headwater.engines import codes
from headwater.engines.duckdb import digests
from headwater.engines.duckdb.arrow import BATCH_ROWS, arrow_rows, with_a_batch
from headwater.engines.duckdb.faults import UserText, translated
from headwater.engines.duckdb.interruptible import InterruptibleCalls
from headwater.engines.duckdb.known import known_select, pieces_table
from headwater.engines.duckdb.physical import broken_named, groups_of_one_schema
from headwater.engines.duckdb.quoting import identifier
from headwater.engines.duckdb.relations import files_select, given_select, input_select, rest_select
from headwater.engines.duckdb.statements import query_text, temporary_function
from headwater.engines.duckdb.writer import FileWriter
from headwater.engines.protocol import DayDigests, InputRelation, Parameters, Target, Written
from headwater.errors import HeadwaterError, Issue, Place
from headwater.graph.node import Schema
from headwater.ids import DataInterval
from headwater.plan.state import Part

if TYPE_CHECKING:
    import pyarrow as pa

_numbers = count()
#: How long a connection that is closed from another thread may take to end what it does.
_ENDING_S = 5.0


class DuckDBSession:
    """A step's private view of the engine; use it in one thread, as a context manager."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        zone: ZoneInfo,
        temp_folder: Path,
        calls: InterruptibleCalls,
        on_close: Callable[[DuckDBSession], None],
    ) -> None:
        self.connection = connection
        self.zone = zone
        self._temp_folder = temp_folder
        self._on_close = on_close
        self._groups = partial(groups_of_one_schema, connection)
        self._calls = calls
        self._writer = FileWriter(connection, zone, temp_folder, calls)
        self._bound: dict[str, InputRelation] = {}
        self._beside: list[duckdb.DuckDBPyConnection] = []

    # --- what the step sees

    def bind_inputs(self, inputs: Sequence[InputRelation], functions: Sequence[str] = ()) -> None:
        """Show each input as a temporary view of its name, and define the SQL functions.

        A function is the text of its `CREATE FUNCTION` or `CREATE MACRO` statement.
        """
        for relation in inputs:
            self._bound[relation.name] = relation
            self._bind(self.connection, relation)
        for function in functions:
            statement = temporary_function(function)
            with translated(statement, UserText(function)):
                self.connection.execute(statement)

    def _bind(self, connection: duckdb.DuckDBPyConnection, relation: InputRelation) -> None:
        with broken_named(connection, lambda: relation.files):
            registered = f"__headwater_given_{next(_numbers)}"
            if relation.known:
                connection.register(registered, pieces_table(relation, self.zone))
                select = known_select(relation, registered, self._groups)
            elif relation.rows is None:
                select = input_select(relation, self.zone, self._groups)
            else:
                connection.register(registered, relation.rows)
                select = given_select(relation, registered, relation.rows.column_names)
            view = f"CREATE OR REPLACE TEMP VIEW {identifier(relation.name)} AS {select}"
            with translated(view):
                connection.execute(view)

    def _input_files(self) -> list[Path]:
        return [file for relation in self._bound.values() for file in relation.files]

    def stream(self, name: str) -> pa.RecordBatchReader:
        """A bound input as Arrow batches; an empty one where there are no rows.

        On a cursor of its own: a connection streams one result at a time, and inputs may be read
        in turns.
        """
        beside = self.connection.cursor()
        self._beside.append(beside)
        self._bind(beside, self._bound[name])
        with translated():
            relation = beside.sql(f"SELECT * FROM {identifier(name)}")
            return with_a_batch(relation.to_arrow_reader(BATCH_ROWS))

    def query(
        self, sql: str, parameters: Parameters = (), limit: int | None = None
    ) -> duckdb.DuckDBPyRelation | None:
        """A SELECT as a lazy relation of this session; anything else is refused.

        With parameters DuckDB runs it at once, so that a limit has to be given here.
        """
        text = query_text(sql)
        kinds = [statement.type for statement in self._statements(text)]
        if kinds not in ([duckdb.StatementType.SELECT], [duckdb.StatementType.EXPLAIN]):
            issue = Issue(code=codes.NOT_A_QUERY, what="only one SELECT can be asked at a time")
            raise HeadwaterError(issue)
        # A comment may end the text without a newline of its own.
        statement = text if limit is None else f"SELECT * FROM (\n{text}\n) LIMIT {limit:d}"
        with translated(statement, UserText(text)):
            return self.connection.sql(statement, params=parameters or None)

    def _statements(self, text: str) -> list[duckdb.Statement]:
        with translated(text, UserText(text)):
            return self.connection.extract_statements(text)

    def fetch(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""

        def execute() -> list[tuple[Any, ...]]:
            return self.connection.execute(sql, parameters or None).fetchall()

        with broken_named(self.connection, self._input_files), translated(sql):
            return self._calls(self.connection, execute)

    def fetch_arrow(self, sql: str, parameters: Parameters = ()) -> pa.Table:
        """All rows of a query, column by column."""

        def execute() -> pa.Table:
            return self.connection.sql(sql, params=parameters or None).to_arrow_table()

        with broken_named(self.connection, self._input_files), translated(sql):
            return self._calls(self.connection, execute)

    # --- what the step writes

    def write_query(
        self,
        sql: str,
        *,
        schema: Schema,
        time: str | None,
        keep: DataInterval | None,
        target: Target,
        sort: tuple[str, ...] = (),
        place: Place = Place(),
    ) -> tuple[Written, ...]:
        """Run the user's SQL as written, cast to the schema, into data files.

        With `time`: rows in `keep` only, one file a local month. Without: exactly one file. No
        rows, no file. `sort` orders a file's rows, and where one pass fills several months, long
        runs of them. Raises issues with the place in the user's SQL; after an error none of the new
        files is left.
        """
        text = query_text(sql, place)
        with broken_named(self.connection, self._input_files):
            return self._writer.write(
                text,
                schema=schema,
                time=time,
                keep=keep,
                target=target,
                sort=sort,
                user=UserText(text, place),
            )

    def write_arrow(
        self,
        rows: Any,
        *,
        schema: Schema,
        time: str | None,
        keep: DataInterval | None,
        target: Target,
        sort: tuple[str, ...] = (),
        place: Place = Place(),
    ) -> tuple[Written, ...]:
        """Stream Arrow rows (a table, a reader, a frame, a relation) into data files.

        Reads on a cursor beside the session's, so that a lazy relation of the session can be its
        own input.
        """
        beside = self.connection.cursor()
        self._beside.append(beside)
        name = f"__headwater_rows_{next(_numbers)}"
        beside.register(name, arrow_rows(rows))
        try:
            return FileWriter(beside, self.zone, self._temp_folder, self._calls).write(
                f"SELECT * FROM {identifier(name)}",
                schema=schema,
                time=time,
                keep=keep,
                target=target,
                sort=sort,
                user=UserText("", place, codes.PYTHON_RESULT),
            )
        finally:
            self._beside.remove(beside)
            beside.close()

    def arrow_schema(self, schema: pa.Schema) -> Schema:
        """The DuckDB types of Arrow fields."""
        name = f"__headwater_rows_{next(_numbers)}"
        self.connection.register(name, schema.empty_table())
        try:
            described = self.fetch(f"DESCRIBE SELECT * FROM {identifier(name)}")
        finally:
            self.connection.unregister(name)
        return tuple((row[0], row[1]) for row in described)

    def copy(
        self, select: str, path: Path, parameters: Parameters = (), *, part: Part = "rows"
    ) -> Written | None:
        """The rows of a SELECT as one file, types as they come; None where there are none."""
        with broken_named(self.connection, self._input_files):
            copied = self._writer.copy(select, path, parameters)
        return copied.written(None, "", self.zone, part=part) if copied else None

    def rewrite_without(
        self,
        files: Sequence[Path],
        *,
        schema: Schema,
        time: str,
        interval: DataInterval,
        target: Target,
    ) -> tuple[Written, ...]:
        """The rows of `files` whose time lies outside the interval, as new files."""
        source = files_select(files, schema, uniform=False, groups=self._groups)
        rest = rest_select(source, time, dict(schema)[time], interval, self.zone)
        with broken_named(self.connection, lambda: files):
            return self._writer.write(rest, schema=schema, time=time, keep=None, target=target)

    def merge(
        self, files: Sequence[Path], *, schema: Schema, time: str | None, target: Target
    ) -> tuple[Written, ...]:
        """The rows of `files`, in their order, in one file a local month (or one without time)."""
        source = files_select(files, schema, uniform=False, groups=self._groups)
        with broken_named(self.connection, lambda: files):
            return self._writer.write(source, schema=schema, time=time, keep=None, target=target)

    def day_digests(
        self,
        files: Sequence[Path],
        *,
        schema: Schema,
        columns: Sequence[str] = (),
        time: str | None = None,
        key: Sequence[str] = (),
        within: DataInterval | None = None,
    ) -> DayDigests:
        """Content digests by local day; see `digests.digest_select`."""
        if not files:
            return {}
        source = files_select(files, schema, uniform=False, groups=self._groups)
        asked = tuple(columns) or tuple(name for name, _ in schema)
        select = digests.digest_select(
            source,
            schema,
            columns=asked,
            time=time,
            key=tuple(key),
            interval=within,
            zone=self.zone,
        )
        with broken_named(self.connection, lambda: files):
            rows = self.fetch(select)
        return digests.read_digests(rows, asked if key else ())

    # --- its end

    def interrupt(self) -> None:
        """Stop the statement under way; it raises an issue. Safe from another thread."""
        for connection in (*self._beside, self.connection):
            connection.interrupt()

    def close(self) -> None:
        """Forget everything that was bound."""
        self._on_close(self)
        for connection in (*self._beside, self.connection):
            _close(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    """Close a connection; what another thread still does on it is stopped first."""
    until = monotonic() + _ENDING_S
    while True:
        try:
            connection.close()
        except duckdb.ResourceInUseException:
            if monotonic() > until:
                return  # it ends with the process
            connection.interrupt()
            sleep(0.01)
        else:
            return
