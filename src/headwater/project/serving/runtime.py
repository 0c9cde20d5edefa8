"""Scoring by key: immutable for one release and the versions that it shows; swapped as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from headwater.features.model import FeatureSet
from headwater.learning.model import InputColumn
from headwater.online.model import OnlineStore, OnlineTable, Value, Vector
from headwater.online.policy import OnlinePolicy
from headwater.project.serving.scored import Scored

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineView:
    """A feature view as serving reads it."""

    features: FeatureSet
    ttl: timedelta | None

    @property
    def table(self) -> OnlineTable:
        """Where its vectors are kept."""
        return OnlineTable(self.features.view, self.features.digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineModel:
    """One version of a model, ready to score."""

    name: str
    version: int
    keys: tuple[tuple[str, str], ...]  # column → DuckDB type
    columns: tuple[InputColumn, ...]
    views: tuple[OnlineView, ...]
    request: Mapping[str, str] = field(default_factory=dict)  # `:name` → DuckDB type
    policy: OnlinePolicy = OnlinePolicy()
    score_vector: Callable[[Vector], float]
    reasons: Callable[[Vector, int], Sequence[tuple[str, float]]]


class Runtime:
    """Scores entities by their keys, with one version of each model published, and others asked.

    Safe from many threads. A new release makes a new one; `models` and `release` never change.
    """

    def __init__(
        self,
        models: Mapping[str, Mapping[int, OnlineModel]],
        published: Mapping[str, int],
        store: OnlineStore,
        *,
        release: int,
        zone: ZoneInfo,
    ) -> None:
        self.models = models
        self.published = published  # model → the version that answers where none is asked for
        self.store = store
        self.release = release
        self.zone = zone

    def model(self, name: str, version: int | None = None) -> OnlineModel:
        """A model that scores online. Code E052 for an unknown one."""
        raise NotImplementedError

    def score(
        self,
        model: str,
        entities: Sequence[Mapping[str, object]],
        *,
        at: datetime,
        request: Mapping[str, object] | None = None,
        reasons: int = 0,
        version: int | None = None,
    ) -> list[Scored]:
        """One answer an entity, in their order.

        An entity is its key columns, and may hold request values of its own, which go before those
        of `request`. `at` is the instant of the request: ages are measured from it. Codes E050 to
        E054: an unknown model, a key that is missing or of a wrong type, a value likewise.
        """
        raise NotImplementedError
