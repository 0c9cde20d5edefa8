"""A dashboard as pages show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from headwater.charts.model import Chart, Sparkline
from headwater.kinds.dashboard.definition import ChartSort, DashboardDefinition
from headwater.semantics.asking import MetricQuery
from headwater.semantics.formats import Change
from headwater.semantics.metric import Direction
from headwater.views.dashboards.asked import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How far a card can be trusted; all but `ok` say why, who answers for it, and what to do."""

    sort: Literal["ok", "empty", "stale", "failed"] = "ok"
    cause: str = ""
    owner: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricAbout:
    """What a reader gets to know where a metric's name stands."""

    name: str
    title: str
    description: str
    owner: str
    better: Direction
    playbook: str
    approved_by: str  # empty: a draft
    approved_at: datetime | None
    data_until: datetime | None
    restated: int
    restated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """How a value differs from an earlier one, and from which: `vs the 90 days before`."""

    change: Change
    base: str
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """Rows of text. `is_number` says which columns stand to the right."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_number: tuple[bool, ...]
    more: str = ""  # `and 12 more`


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """One card: what is not there is empty."""

    sort: ChartSort
    title: str
    state: State = State()
    about: tuple[MetricAbout, ...] = ()
    value: str = ""  # of a kpi, short; `full` has all digits
    full: str = ""
    span: str = ""  # the days that the value speaks of
    changes: tuple[ChangeView, ...] = ()
    target: str = ""
    sparkline: Sparkline | None = None
    sentence: str = ""
    todo: str = ""  # of the playbook, where the number is not good
    chart: Chart | None = None
    picture: str = ""  # the address of an image, of Vega-Lite
    table: TableView | None = None
    text: str = ""
    note: str = ""
    notes: tuple[str, ...] = ()  # what was left out, and why
    questions: tuple[MetricQuery, ...] = ()  # what it was made from
    query: str = ""  # the saved query


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """Rows of cards below a heading."""

    title: str
    note: str
    rows: tuple[tuple[CardView, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterView:
    """A filter with its choices; `note` says where there are more."""

    name: str
    title: str
    chosen: tuple[str, ...]
    choices: tuple[tuple[str, str], ...]  # value in the URL, words
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DashboardView:
    """The whole page."""

    definition: DashboardDefinition
    asked: Asked
    span: str  # the period in words
    release: int | None
    data_until: datetime | None
    filters: tuple[FilterView, ...]
    sections: tuple[SectionView, ...]
