"""What a feature view's file says, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.features.model import AS_OF, DAY, ViewSpec
from headwater.ids import NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a view promises of one feature."""

    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    nulls: float | None = None  # the largest share that may be null, from 0 to 1
    drift: float | None = None  # the largest PSI of the newest period against all before it
    place: Place = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureViewDefinition:
    """A feature view; `contract` promises by the name of a column, or of a feature's windows."""

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    spec: ViewSpec
    contract: Mapping[str, Promise] = field(default_factory=dict)

    @property
    def column_docs(self) -> Mapping[str, str]:
        """What is shown of each column: its description or its expression, and its window."""
        found = {
            AS_OF: "the moment that the values are of: the end of the day",
            DAY: "the last day of the period",
        }
        for feature in self.spec.features:
            text = feature.description or feature.expr
            for window in feature.windows or self.spec.windows or ():
                if window.text != "all":
                    found[f"{feature.name}_{window.text}"] = f"{text} · {window.text}"
            found.setdefault(feature.name, text)
        return found

    @property
    def time(self) -> str:
        """Rows are known at the end of their day."""
        return DAY

    @property
    def references(self) -> Mapping[str, str]:
        """Which columns lead where follows from the entity's key, and so from its node."""
        return {}
