"""One answer of online scoring, and one row of the log of answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from headwater.online.model import Freshness, OnlineTable, Value, Vector

#: What an answer is: its values are good (`ok`), older than the view's ttl (`stale`), from memory
#: because the store is down (`last_known`) or declared (`default`); or it is refused. `failed` is
#: what a challenger raised; the champion answers in its place.
Status = Literal[
    "ok",
    "stale",
    "last_known",
    "default",
    "unknown_entity",
    "too_old",
    "store_down",
    "not_filled",
    "failed",
]
REFUSED: Final = ("unknown_entity", "too_old", "store_down", "not_filled", "failed")

Role = Literal["champion", "challenger", "shadow"]


@dataclass(frozen=True, slots=True)
class ViewMoment:
    """Of which moment and release the values of a view are."""

    table: OnlineTable
    freshness: Freshness


@dataclass(frozen=True, slots=True)
class Reason:
    """What one feature adds to a score, in log-odds."""

    feature: str
    value: Value
    contribution: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One entity's answer. `score` is None exactly where it is refused."""

    keys: tuple[object, ...]  # in the order of the model's key columns
    score: float | None
    version: int
    status: Status
    vector: Vector | None = None  # what the model saw, in the order of its columns
    moments: tuple[ViewMoment, ...] = ()
    request: Mapping[str, object] = field(default_factory=dict)  # values given with it
    reasons: tuple[Reason, ...] = ()
    missing: tuple[str, ...] = ()  # features without a value

    @property
    def is_refused(self) -> bool:
        """Whether there is no score."""
        return self.score is None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRow:
    """One answer as the request log keeps it."""

    request_id: str
    at: datetime  # an instant
    role: Role
    ms: float
    scored: Scored
