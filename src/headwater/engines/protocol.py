"""What an engine is: it reads data files, runs one node's SQL over them and writes new data files.

Engines get plain paths and frozen values; they know neither the ledger nor the lake. What an engine
cannot do it says in its `Capabilities`, and no caller asks for an engine by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from headwater.errors import Place
from headwater.graph.node import Schema
from headwater.ids import DataInterval
from headwater.plan.state import Part

if TYPE_CHECKING:
    import pyarrow as pa

#: Where the n-th file of a local month (`2011-11`; None for a node without time) is written.
Target = Callable[[str | None, int], Path]

#: What SQL parameters may be: by position or by name.
Parameters = Sequence[object] | Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an engine can do beyond reading and writing data files with SQL."""

    dialect: str  # of the SQL that it takes
    python_tables: bool
    given_rows: bool  # unit tests: Arrow rows in place of files
    concurrent_sessions: bool
    local_files_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """Of rows that are changes: show the latest of each key, unless it says deleted."""

    key: tuple[str, ...]
    latest_by: str
    deleted: str | None = None  # a boolean SQL expression over the row


#: Columns of since when and until when a row was known. No column of a table is called so.
KNOWN_COLUMNS = ("#known_from", "#known_to")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRows:
    """The rows of one file in an interval (None: all of them), known in `[known_from, known_to)`.

    None in `known_from` is since ever, in `known_to` still.
    """

    file: Path
    interval: DataInterval | None = None
    known_from: datetime | None = None
    known_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRelation:
    """How one upstream name is to be seen by one step.

    `schema` is what readers are promised; where `uniform` is false, files may lack columns (seen
    as null) or hold other types (cast). `cut` shows only rows whose `time` lies inside; naive
    times and dates are read as local time. `spans` are the intervals of `files`, in the same
    order, or empty if unknown: they prune files and save the filter where all lie inside.
    """

    name: str
    schema: Schema
    files: tuple[Path, ...] = ()
    spans: tuple[DataInterval, ...] = ()
    uniform: bool = True
    time: str | None = None
    cut: DataInterval | None = None
    columns: tuple[str, ...] = ()  # shown, in this order; empty: all of the schema
    latest: Latest | None = None
    rows: pa.Table | None = None  # given rows instead of files
    #: Not empty: what is shown of the files, with `KNOWN_COLUMNS` beside (TIMESTAMPTZ, the first
    #: `-infinity` and the second NULL where it is open); `cut`, `columns`, `latest` do not count.
    known: tuple[KnownRows, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One new file: its rows, its bytes, and the whole local days that its times touch."""

    path: Path
    rows: int
    bytes: int
    interval: DataInterval | None = None
    part: Part = "rows"


#: Content of one local day (None: of everything, without time): digests by column, with `key`; the
#: row digest under "" always; the number of rows under "*".
DayDigests = Mapping[date | None, Mapping[str, int]]


class Session(Protocol):
    """One step's private view of an engine: names that it binds are seen by nobody else."""

    def bind_inputs(self, inputs: Sequence[InputRelation], functions: Sequence[str] = ()) -> None:
        """Show the inputs under their names, and the project's SQL functions."""
        ...

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
        """Run the user's SQL as written; one file a local month, or one file without time."""
        ...

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
        """Stream anything with `__arrow_c_stream__` into files, as `write_query` does."""
        ...

    def copy(
        self, select: str, path: Path, parameters: Parameters = (), *, part: Part = "rows"
    ) -> Written | None:
        """The rows of a SELECT as one file; None where there are none."""
        ...

    def fetch(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...

    def fetch_arrow(self, sql: str, parameters: Parameters = ()) -> pa.Table:
        """All rows of a query, column by column."""
        ...

    def rewrite_without(
        self,
        files: Sequence[Path],
        *,
        schema: Schema,
        time: str,
        interval: DataInterval,
        target: Target,
    ) -> tuple[Written, ...]:
        """The rows of the files outside the interval, as new files."""
        ...

    def merge(
        self, files: Sequence[Path], *, schema: Schema, time: str | None, target: Target
    ) -> tuple[Written, ...]:
        """The same rows in fewer files."""
        ...

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
        """Content digests by local day, independent of the rows' order."""
        ...


class Shelf(Protocol):
    """Small inputs kept in memory, for many sessions that read them; safe in many threads."""

    def keep(self, relation: InputRelation) -> None:
        """Read an input into memory under its name, unless it is there."""
        ...

    def session(self) -> AbstractContextManager[Session]:
        """A session that reads what is kept, and what is bound to it besides."""
        ...

    def close(self) -> None:
        """Forget everything."""
        ...


class Engine(Protocol):
    """Runs SQL over data files. One engine serves a process; sessions serve its steps."""

    @property
    def capabilities(self) -> Capabilities:
        """What this engine can do."""
        ...

    def session(self) -> AbstractContextManager[Session]:
        """A session of its own for one step; safe to use beside others, each in its thread."""
        ...

    def shelf(self) -> Shelf:
        """An empty shelf."""
        ...

    def interrupt(self) -> None:
        """Stop what all sessions are doing; they raise an issue of code E743."""
        ...

    def close(self) -> None:
        """Free everything, temporary files included."""
        ...
