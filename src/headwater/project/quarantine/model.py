"""What is told of rows in quarantine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from headwater.errors import Place
from headwater.ids import NodeId
from headwater.ledger import Release
from headwater.project.recording import RunReport
from headwater.run.context import Reckoning


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRule:
    """How many rows of a node wait because of one rule; a row may have broken several."""

    rule: str
    rows: int
    first: date | None = None  # local days of the rows' own time
    last: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeQuarantine:
    """The rows of one node that wait, by rule, and where all of its rows are."""

    node: NodeId
    rows: int
    rules: tuple[WaitingRule, ...]  # most rows first
    reckoning: Reckoning


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """Money (or amounts) in rows: the expression that was summed, such as `price × quantity`."""

    expression: str
    total: Decimal | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """One row as it waits.

    `id` is derived from the row's content, the same in every process: equal rows of a table share
    it. `raw` is the text of a row that could not be read.
    """

    id: str
    rules: tuple[str, ...]
    values: Mapping[str, object]
    amount: Decimal | int | float | None = None
    file: str | None = None  # None: a row of a table
    row: int | None = None
    raw: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """The rows that broke one rule, the first of them in order of time."""

    rule: str
    place: Place  # of the rule; empty where the rule is no longer there
    rows: int
    first: date | None
    last: date | None
    stake: Stake | None
    shown: tuple[WaitingRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitGroup:
    """Rows that belong together and do not lie together: some wait, the others are published."""

    column: str
    value: object
    waiting: int
    published: int
    published_amount: Decimal | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterEntry:
    """A published row whose amount waiting rows of the same day take back exactly."""

    column: str
    value: object  # of the published row
    amount: Decimal | int | float
    day: date | None
    waiting: tuple[object, ...]  # the values of `column` in the rows that wait


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineView:
    """The quarantine of one node: groups by rule, the money at stake, what was torn apart."""

    node: NodeId
    rows: int
    columns: tuple[str, ...]
    time: str | None
    stake: Stake | None
    rules: tuple[RuleGroup, ...]
    on_breach: Literal["quarantine", "hold"]
    group: tuple[str, ...]  # rows that share these values go to quarantine together
    split: tuple[SplitGroup, ...] = ()
    counter_entries: tuple[CounterEntry, ...] = ()
    schema: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What judging again has changed; `report` is of the run that did it."""

    node: NodeId
    before: int  # rows that waited
    after: int  # rows that wait now
    report: RunReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Rows that were dropped, with the hash by which the ledger knows them."""

    node: NodeId
    rows: int
    hash: str
    reason: str
    release: Release
