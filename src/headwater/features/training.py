"""Features beside label rows, as they could be known at each row's moment.

Every label row stays, whatever is known of its entity. With load times beside the events (see
`run.known`) a value is what a batch made at `at` plus the view's latency would have said: what was
corrected later does not leak.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from headwater.contracts.quoting import quote, quote_all
from headwater.features.computing import add_features
from headwater.features.model import AS_OF, FeatureSet
from headwater.windows.model import Probes
from headwater.windows.moments import constant, kind_of
from headwater.windows.sides import Runs

NO_LAG = timedelta(0)
_LAGGED = "#at"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundView:
    """A feature view, and the relation of its source's rows that a session shows.

    `known` names the relation's columns of since when and until when a row was known, where it has
    them; a view that says `known_at` itself needs none.
    """

    features: FeatureSet
    events: str
    known: tuple[str, str | None] | None = None


def add_training_rows(  # noqa: PLR0913  # what is asked, of what, and where it goes
    session: Runs,
    labels: str,
    views: Sequence[BoundView],
    *,
    into: str,
    zone: ZoneInfo,
    at: str = AS_OF,
    lag: timedelta = NO_LAG,
    until: datetime | None = None,
    memory_mb: int = 600,
) -> None:
    """Make the temporary table `into`: all columns of `labels`, then every view's features.

    Features that need values of a request are there where the label rows carry all of them. `lag`
    asks for features as of so much earlier, and the rows keep their own moment; `until` hides
    every event from a moment (aware) on, as if the data had been cut there.
    """
    carried = [name for name, *_ in session.fetch(f"DESCRIBE SELECT * FROM {quote(labels)}")]
    with ExitStack() as stack:
        rows, moment = labels, at
        if lag:
            rows, moment = f"{into} lagged", _LAGGED
            shift = f"INTERVAL ({lag // timedelta(microseconds=1):d}) MICROSECOND"
            select = f"SELECT *, {quote(at)} - {shift} AS {quote(_LAGGED)} FROM {quote(labels)}"
            stack.enter_context(_view(session, rows, select))
        for number, view in enumerate(views):
            events = view.events
            if until is not None:
                events = f"{into} cut {number}"
                select = _before(session, view.events, view.features.time, until, zone)
                stack.enter_context(_view(session, events, select))
            made = f"{into} with {number}"
            add_features(
                session,
                view.features,
                Probes(relation=rows, keys=view.features.keys, at=moment),
                events=events,
                known=known_columns(view),
                into=made,
                zone=zone,
                memory_mb=memory_mb,
            )
            stack.callback(session.fetch, f"DROP TABLE {quote(made)}")
            rows = made
        found = [name for name, *_ in session.fetch(f"DESCRIBE SELECT * FROM {quote(rows)}")]
        shown = [*carried, *(n for n in found if n not in carried and n != _LAGGED)]
        session.fetch(
            f"CREATE TEMP TABLE {quote(into)} AS SELECT {quote_all(shown)} FROM {quote(rows)}"
        )


def known_columns(view: BoundView) -> tuple[str, str | None] | None:
    """The columns of being known: the one that the view says itself comes before load times."""
    return (view.features.known_at, None) if view.features.known_at else view.known


def _before(session: Runs, events: str, time: str, until: datetime, zone: ZoneInfo) -> str:
    """The events before a moment."""
    types = {n: kind for n, kind, *_ in session.fetch(f"DESCRIBE SELECT * FROM {quote(events)}")}
    kind = kind_of(time, types[time])
    naive = kind == "TIMESTAMP"
    moment = until.astimezone(zone).replace(tzinfo=UTC) if naive else until
    bound = constant((moment - _EPOCH) // timedelta(microseconds=1), kind)
    return f"SELECT * FROM {quote(events)} WHERE {quote(time)} < {bound}"


@contextmanager
def _view(session: Runs, name: str, select: str) -> Iterator[None]:
    """A temporary view, for as long as it is needed."""
    session.fetch(f"CREATE TEMP VIEW {quote(name)} AS {select}")
    try:
        yield
    finally:
        session.fetch(f"DROP VIEW {quote(name)}")
