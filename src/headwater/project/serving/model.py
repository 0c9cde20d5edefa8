"""What serving knows of a model and of the views that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from headwater.features.model import FeatureSet
from headwater.learning.model import InputColumn
from headwater.online.model import OnlineTable, Value
from headwater.online.policy import OnlinePolicy
from headwater.project.serving.on_demand import OnDemand


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineView:
    """A feature view as serving reads it."""

    features: FeatureSet
    keys: tuple[tuple[str, str], ...]  # of the entity, with DuckDB's types
    #: What vectors in the store hold, with DuckDB's types: the columns that need no request, then
    #: what those that do are computed of.
    stored: tuple[tuple[str, str], ...]
    ttl: timedelta | None = None
    on_demand: OnDemand | None = None

    @property
    def request(self) -> Mapping[str, str]:
        """The values that a request has to give: name → DuckDB type."""
        return self.features.request if self.on_demand is not None else {}

    @property
    def table(self) -> OnlineTable:
        """Where its vectors are kept."""
        return OnlineTable(self.features.view, self.features.digest)


@dataclass(frozen=True, kw_only=True)
class OnlineModel:
    """One version of a model, ready to score."""

    name: str
    version: int
    keys: tuple[tuple[str, str], ...]  # column → DuckDB type
    columns: tuple[InputColumn, ...]
    views: tuple[OnlineView, ...]
    request: Mapping[str, str] = field(default_factory=dict)  # `:name` → DuckDB type
    policy: OnlinePolicy = field(default_factory=OnlinePolicy)
    score_vector: Callable[[Sequence[Value]], float]
    explain: Callable[[Sequence[Value], int], Sequence[tuple[str, float]]]

    @cached_property
    def places(self) -> tuple[tuple[int, int], ...]:
        """Where each column's value is found: the view, and the place in its vector.

        On-demand columns lie behind the stored ones; the view −1 is the request itself.
        """
        found = {}
        for n, view in enumerate(self.views):
            names = [column for column, _ in view.stored]
            names += view.on_demand.names if view.on_demand is not None else ()
            found.update({(view.features.view, each): (n, i) for i, each in enumerate(names)})
        requested = {("", each): (-1, i) for i, each in enumerate(self.request)}
        return tuple((found | requested)[column.view, column.name] for column in self.columns)
