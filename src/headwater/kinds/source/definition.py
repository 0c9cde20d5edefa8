"""What a source file says, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from headwater.contracts.definition import Contract
from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.ids import NodeId

Redelivery = Literal["keep_first", "replace", "append"]
Order = Literal["name", "modified", "arrival"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOrigin:
    """Files by a glob or a list, local or any fsspec URL; or a CSV in `seeds/`."""

    patterns: tuple[str, ...]
    format: Literal["csv", "parquet", "json", "excel"] | None = None  # None: by file name
    options: Mapping[str, object] = field(default_factory=dict)  # delimiter, encoding, null, sheet…


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresOrigin:
    """A table or query of a PostgreSQL database; `${NAME}` in the URL is resolved at use."""

    url: str
    table: str = ""
    query: str = ""
    cursor: str | None = None  # incremental by this column; None: full
    overlap: timedelta = timedelta(0)  # read again this far before the last cursor value
    batch_rows: int = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiOrigin:
    """An HTTP API, read through dlt with dlt's words."""

    base_url: str
    resource: str
    settings: Mapping[str, object] = field(default_factory=dict)  # paginate, auth, params, cursor…


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonOrigin:
    """`module:function` in the project: a generator of dicts or Arrow batches."""

    function: str
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InPlaceOrigin:
    """Files that someone else keeps, read in place and not copied (dbt: a source)."""

    patterns: tuple[str, ...]
    format: Literal["csv", "parquet", "json"] | None = None


Origin = FilesOrigin | PostgresOrigin | ApiOrigin | PythonOrigin | InPlaceOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class Changelog:
    """Rows are changes by `key`; readers see the latest row of each key that is not deleted."""

    key: tuple[str, ...]
    latest_by: str
    deleted: str | None = None  # a boolean expression over the row


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old the newest row may be, on days that are not closed."""

    warn_after: timedelta | None = None
    error_after: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """When a day counts as complete: a file came, time passed, or a marker file exists."""

    by: Literal["file", "time", "marker"] = "file"
    after: timedelta = timedelta(0)
    marker: str = ""  # a glob with {date}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """What an error rule does to the rows of a load: quarantine (alone or by group), or hold."""

    action: Literal["quarantine", "hold"] = "quarantine"
    group: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDefinition:
    """A source: where rows come from, their event time, and what they promise."""

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    origin: Origin
    time: str | None = None
    timezone: str | None = None  # of times without a zone in the data; None: the project's
    redelivery: Redelivery = "append"
    order: Order = "name"
    key: tuple[str, ...] = ()
    changelog: Changelog | None = None
    freshness: Freshness = Freshness()
    complete: Completeness = Completeness()
    on_breach: Breach = Breach()
    late_limit: timedelta | None = None
    contract: Contract | None = None
