"""What is answered where the store has no good value: declared in a model's `scores.online:`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

from headwater.online.model import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlinePolicy:
    """The behaviour of one model's online scores.

    `default` is what an answer falls back on: a score itself, or values of features by name, which
    are scored; features that it leaves out are those of an entity without events.
    """

    unknown_entity: Literal["refuse", "default"] = "refuse"
    stale: Literal["serve", "refuse"] = "serve"  # values older than the view's `ttl`
    store_down: Literal["last_known", "refuse", "default"] = "last_known"
    default: Mapping[str, Value] | float = field(default_factory=dict)
    keep: timedelta = timedelta(days=90)  # how long answers are logged
