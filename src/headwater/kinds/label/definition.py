"""What a label's file says, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.features.labels import LabelSpec
from headwater.features.model import ViewSpec
from headwater.ids import NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelDefinition:
    """A label; `views` are the feature views that `observe.where` names, in order."""

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    spec: LabelSpec
    views: tuple[ViewSpec, ...] = ()
    functions: tuple[str, ...] = ()  # texts of the project's own SQL functions

    @property
    def time(self) -> str:
        """Rows are known at the end of the last day of their horizon."""
        return "day"

    @property
    def references(self) -> Mapping[str, str]:
        """Which columns lead where follows from the entity's key, and so from its node."""
        return {}
