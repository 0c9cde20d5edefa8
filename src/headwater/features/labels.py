"""What a file says of a label: what happened to an entity within a horizon after a moment.

A label is a feature of one column that is asked at the end of its horizon, in a window as long as
the horizon: the rows of `[at, at + horizon)`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol, runtime_checkable

from headwater.contracts.quoting import quote
from headwater.errors import Place
from headwater.features.model import Every, FeatureSet, FeatureSpec, NamedWindow, ViewSpec
from headwater.windows.model import Window

_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveSpec:
    """The rows of a label: moments of entities.

    With `table` its rows are the label's, each at the table's time; otherwise there is a row for
    every entity at the end of every period of `every`. Of both only those that meet `where`, over
    features written as `view.feature`, and over columns of the table.
    """

    every: Every = "month"
    where: str = ""
    table: str = ""
    at: str = ""  # the table's time, where it is written


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSpec:
    """A label as written."""

    name: str
    entity: str  # a table with a key
    source: str  # a table or source with time
    horizon: timedelta
    expr: str
    where: str = ""  # rows of the source that count at all
    observe: ObserveSpec = ObserveSpec()
    place: Place = Place()
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)

    def place_of(self, key: str) -> Place:
        """Where the value of a key stands; the label's own place if it is not written."""
        return self.places.get(key, self.place)

    @property
    def day_after(self) -> int:
        """How many days after the last one before `at` the horizon's last day is, at midnight.

        >>> LabelSpec(name="", entity="", source="", horizon=timedelta(days=90), expr="").day_after
        90
        """
        return 1 + (self.horizon - _INSTANT) // _DAY

    @property
    def as_view(self) -> ViewSpec:
        """The feature that is asked at the end of the horizon."""
        window = NamedWindow(text="horizon", window=Window(self.horizon))
        places = {key: self.places[key] for key in ("expr",) if key in self.places}
        feature = FeatureSpec(name="label", expr=self.expr, place=self.place, places=places)
        return ViewSpec(
            name=self.name,
            entity=self.entity,
            source=self.source,
            features=(feature,),
            windows=(window,),
            where=self.where,
            place=self.place,
            places=self.places,
        )


@runtime_checkable
class HasLabel(Protocol):
    """The definition of a node that models learn to foretell: a label."""

    @property
    def spec(self) -> LabelSpec:
        """What its file says."""


def narrowed(features: FeatureSet, names: Collection[str]) -> FeatureSet:
    """The view with these columns alone, and what they are made of."""
    wanted = set(names)
    kept = []
    for expression in reversed(features.expressions):
        if expression.name in wanted:
            kept.append(expression)
            others = (other.name for other in features.expressions if other is not expression)
            wanted |= {name for name in others if quote(name) in expression.sql}
    kept.reverse()
    return replace(
        features,
        windows=tuple(w for w in features.windows if any(quote(w.name) in e.sql for e in kept)),
        expressions=tuple(kept),
        on_request=(),
        columns=tuple(column for column in features.columns if column.name in wanted),
    )
