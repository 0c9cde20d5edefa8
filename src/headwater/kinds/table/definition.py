"""What a table file says, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from headwater.contracts.definition import DatasetRule, RowRule
from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.ids import NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWindow:
    """How far around a day of output an input is read."""

    before: timedelta = timedelta(0)
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Type-2 validity ranges by key: `valid_from`, `valid_to` (null: current)."""

    key: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonFunction:
    """A table in Python: its parameters are upstream names."""

    module: str  # path of the file
    name: str
    inputs: tuple[str, ...]
    source: str  # its module's text and that of the project's modules it imports
    returns: str = ""  # the annotation, such as `arrow`


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTest:
    """Given these rows, expect those."""

    name: str
    place: Place
    given: Mapping[str, tuple[Mapping[str, object], ...]]
    expect: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDefinition:
    """A table: one SELECT (or Python function), and what holds for its rows."""

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    sql: str = ""  # the whole file's text, header included, so that positions stay true
    python: PythonFunction | None = None
    references_to: tuple[str, ...] = ()  # relation names in the SQL, or the function's parameters
    time: str | None = None  # set: incremental by day
    key: tuple[str, ...] = ()
    references: Mapping[str, str] = field(default_factory=dict)  # column(s) → table
    reads: Mapping[str, ReadWindow] = field(default_factory=dict)
    on_change: Mapping[str, Literal["keep", "restate"]] = field(default_factory=dict)
    late_limit: timedelta | None = None
    history: History | None = None
    previous: Mapping[str, str] = field(default_factory=dict)  # columns and types of `previous`
    rules: tuple[RowRule | DatasetRule, ...] = ()
    on_breach: Literal["quarantine", "hold"] = "quarantine"
    pii: Mapping[str, str] = field(default_factory=dict)
    column_docs: Mapping[str, str] = field(default_factory=dict)
    chunk: timedelta | None = None  # of a backfill; None: chosen by size
    tests: tuple[UnitTest, ...] = ()
