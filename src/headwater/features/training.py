"""Features beside label rows, as they could be known at each row's moment.

Every label row stays, whatever is known of its entity. With load times in the events (the columns
`known_from` and `known_to`, see `run.known`) a value is what a batch made at `at` plus the view's
latency would have said: what was corrected later does not leak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from headwater.features.model import FeatureSet
from headwater.windows.sides import Runs

NO_LAG = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundView:
    """A feature view, and the relation of its source's rows that a session shows.

    `has_load_times`: the relation also has `known_from` and `known_to` (TIMESTAMPTZ), from which
    the view's latency is already subtracted.
    """

    features: FeatureSet
    events: str
    has_load_times: bool = False


def add_training_rows(
    session: Runs,
    labels: str,
    views: Sequence[BoundView],
    *,
    into: str,
    zone: ZoneInfo,
    at: str = "at",
    lag: timedelta = NO_LAG,
    until: datetime | None = None,
) -> None:
    """Make the temporary table `into`: all columns of `labels`, then every view's features.

    `lag` asks for the features so much earlier than `at` (the label rows keep their own moment);
    `until` hides every event at or after a moment (aware), as if the data had been cut there. Both
    are for the leakage audit. Features on request are left out.
    """
    raise NotImplementedError
