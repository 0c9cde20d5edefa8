"""What a reader is asked and what it answers.

A reader turns an origin into typed, immutable Parquet, one delivery at a time. What becomes of the
rows afterwards (published, superseded, quarantined) is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from headwater.errors import Issue
from headwater.sql.relations import Column

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: What every landed row carries after the columns of the source. `_row` counts from 1 in delivery.
META_COLUMNS: Final = (
    Column(name="_file", type="VARCHAR"),
    Column(name="_row", type="BIGINT"),
    Column(name="_load_id", type="VARCHAR"),
    Column(name="_loaded_at", type="TIMESTAMP WITH TIME ZONE"),
)

#: What a rejected row carries besides: its text as delivered, and every reason.
REJECTED_COLUMNS: Final = (
    *META_COLUMNS,
    Column(name="_raw", type="VARCHAR"),
    Column(name="_rules", type="VARCHAR[]"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One thing delivered: a file's content, one extract of a database, one pull of an API.

    `name` is a path relative to the project, a URL, or says what was extracted. `sha256` is of the
    delivered bytes; empty until landed where the bytes are only known then. `since` is the cursor
    value that an extract begins after, as JSON text; `last_good_at` when the origin was last read
    well, so that a load may fall back to that.
    """

    name: str
    sha256: str = ""
    size: int = 0
    modified: datetime | None = None
    since: str | None = None
    last_good_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What earlier loads landed: name → sha256, and the last value of the cursor as JSON text.

    `loaded_at` is when the last good load was, None before the first.
    """

    deliveries: Mapping[str, str] = field(default_factory=dict)
    cursor: str | None = None
    loaded_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What there is to land. `gone` names known deliveries that are no longer offered."""

    new: tuple[Delivery, ...]
    unchanged: int = 0
    gone: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadStamp:
    """Which load lands the rows, and when (aware)."""

    load_id: str
    loaded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """One delivery as Parquet. Always `delivered == landed + rejected_count`, or it is refused.

    `rows` are files of equal schema, in order of `_row`: the columns of the source in declared
    order and type, then `META_COLUMNS`. `rejected` has the same columns as far as they could be
    read, then `REJECTED_COLUMNS`. `stale`: the origin stayed down, nothing is landed, and the last
    good load goes on being used. `delivered` is counted apart from what reads the rows. A refused
    delivery has no files and says why in `issues`.
    """

    delivery: Delivery
    rows: tuple[Path, ...] = ()
    rejected: tuple[Path, ...] = ()
    delivered: int = 0
    landed: int = 0
    rejected_count: int = 0
    cursor: str | None = None
    stale: bool = False
    issues: tuple[Issue, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether nothing of it was landed because of an error."""
        return any(issue.is_error for issue in self.issues)


class Reader(Protocol):
    """Reads one source. Whole-source failures raise `HeadwaterError` (E5xx)."""

    def discover(self, known: Known) -> Discovery:
        """What is new since `known`, without reading more than it must."""

    def schema(self, deliveries: Sequence[Delivery] = ()) -> tuple[Column, ...]:
        """The columns that `land` writes before the meta columns: declared, or told by the data."""

    def land(
        self,
        deliveries: Sequence[Delivery],
        folder: Path,
        load: LoadStamp,
        connection: DuckDBPyConnection,
    ) -> Iterator[Landed]:
        """Write the deliveries into `folder`, in order, in bounded memory whatever their size."""
