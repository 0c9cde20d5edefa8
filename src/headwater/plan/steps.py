"""The steps of a plan, each with its reason, and what a plan is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from headwater.graph.node import Recipe
from headwater.ids import DataInterval, IntervalMap, NodeId
from headwater.plan.state import Contents, State

ReasonSort = Literal[
    "new",
    "new interval",
    "definition changed",
    "upstream changed",
    "late rows",
    "new deliveries",
    "deliveries gone",
    "contract changed",
    "full refresh",
]


@dataclass(frozen=True, slots=True, order=True)
class Reason:
    """Why a step is needed; `detail` names the columns, days or files."""

    sort: ReasonSort
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.sort}: {self.detail}" if self.detail else self.sort


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """What waits at a source: new deliveries (name → hash), and the days they cover where known.

    `gone` names files read in place that are no longer there.
    """

    deliveries: Mapping[str, str] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    covers: DataInterval | None = None
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Take in deliveries of a source, or judge its rows again after its contract changed.

    `anew`: it was asked for, so damaged data files are read again from their deliveries.
    """

    node: NodeId
    reason: Reason
    deliveries: tuple[str, ...] = ()
    covers: DataInterval | None = None
    recheck: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Build one interval of a node; `expected` says the contents that it should have there.

    `anew`: no known build is taken again.
    """

    node: NodeId
    reason: Reason
    interval: DataInterval
    expected: IntervalMap[Contents]
    anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Take an interval out of a node: its inputs no longer reach there."""

    node: NodeId
    reason: Reason
    interval: DataInterval


Step = Load | Query | Remove


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked of a plan or a run."""

    environment: str = "prod"
    selected: frozenset[NodeId] | None = None  # None: everything
    full_refresh: frozenset[NodeId] = frozenset()
    period: DataInterval | None = None  # build again this span (a backfill)
    sample: timedelta | None = None  # only the newest part of history
    apply: bool = False  # release edited definitions
    load: bool = True  # take in deliveries; without, only sources that were never loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerView:
    """What the plan knows of the past: the states and recipes of the release planned from."""

    release: int | None = None
    states: Mapping[NodeId, State] = field(default_factory=dict)
    recipes: Mapping[NodeId, Recipe] = field(default_factory=dict)
    definitions: Mapping[NodeId, str] = field(default_factory=dict)  # hashes
    barred: frozenset[tuple[NodeId, str]] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps in the order in which they run; empty when everything is up to date."""

    environment: str
    release: int | None
    now: datetime
    steps: tuple[Step, ...] = ()
    barred: tuple[NodeId, ...] = ()  # stale, but rejected by a rollback
    removed: tuple[NodeId, ...] = ()  # definitions that are gone

    @property
    def nodes(self) -> tuple[NodeId, ...]:
        """The nodes that the plan touches, in order."""
        return tuple(dict.fromkeys(step.node for step in self.steps))
