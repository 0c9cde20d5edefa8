"""Feature views as serving reads them: what their vectors hold, and in which types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from headwater.contracts.quoting import quote, quote_all
from headwater.features.computing import events_sql
from headwater.features.model import AS_OF, FeatureColumn, FeatureSet
from headwater.learning.model import InputColumn
from headwater.project.serving.model import OnlineView
from headwater.project.serving.on_demand import OnDemand
from headwater.windows.model import Events, Expression, Probes, WindowFeature, WindowJoin
from headwater.windows.sides import Runs
from headwater.windows.trailing import add_windows

_ROWS, _PROBES, _VALUES = "online rows", "online probes", "online values"


def online_view(
    session: Runs,
    features: FeatureSet,
    events: str,
    *,
    keys: Sequence[tuple[str, str]],
    ttl: timedelta | None,
    zone: ZoneInfo,
    functions: Sequence[str] = (),
) -> OnlineView:
    """The view, ready to look up; `session` shows the source's rows as `events`.

    `keys` are the entity's, with their types.
    """
    windows = _asked_windows(features)
    types = _types(session, features, windows, events, zone) if windows else {}
    stored = tuple((column.name, column.type) for column in features.stored) + tuple(types.items())
    on_demand = None
    if features.on_request:
        on_demand = OnDemand(features, stored, zone, functions)
    return OnlineView(
        features=features, keys=tuple(keys), stored=stored, ttl=ttl, on_demand=on_demand
    )


def as_read(view: OnlineView, columns: Iterable[InputColumn]) -> OnlineView:
    """The view as one model reads it: what comes of a request only where the model has it."""
    asked = any(c.view == view.features.view and c.on_request for c in columns)
    return view if asked else replace(view, on_demand=None)


def with_windows(view: OnlineView) -> FeatureSet:
    """The view's features, with columns for the windows that only a request makes use of."""
    features = view.features
    kept = [FeatureColumn(name=kept_name(n), type=t, view=features.view)
            for n, t in view.stored[len(features.stored) :]]  # fmt: skip
    made = [Expression(name=kept_name(n), sql=quote(n))
            for n, _ in view.stored[len(features.stored) :]]  # fmt: skip
    return replace(
        features,
        columns=(*features.columns, *kept),
        expressions=(*features.expressions, *made),
    )


def kept_name(window: str) -> str:
    """The column of a window's value; the window's own name is taken while it is computed."""
    return f"{window} kept"


def _asked_windows(features: FeatureSet) -> tuple[WindowFeature, ...]:
    """The windows that expressions over a request name themselves."""
    asked = "".join(expression.sql for expression in features.on_request)
    return tuple(each for each in features.windows if quote(each.name) in asked)


def _types(
    session: Runs,
    features: FeatureSet,
    windows: tuple[WindowFeature, ...],
    events: str,
    zone: ZoneInfo,
) -> dict[str, str]:
    """What the windows give, found by computing them for nobody."""
    keys = ", ".join(
        f"{quote(theirs)} AS {quote(ours)}"
        for ours, theirs in zip(features.keys, features.source_keys, strict=True)
    )
    nobody = (
        f"SELECT {keys}, CAST(NULL AS {features.moment_type}) AS {quote(AS_OF)}"
        f" FROM {quote(events)} LIMIT 0"
    )
    with (
        _view(session, _ROWS, f"{events_sql(features, events, None)} LIMIT 0"),
        _view(session, _PROBES, nobody),
    ):
        rows = Events(
            relation=_ROWS, keys=features.source_keys, time=features.time, tie=features.tie
        )
        probes = Probes(relation=_PROBES, keys=features.keys, at=AS_OF)
        join = WindowJoin(probes=probes, events=rows, features=windows, zone=zone)
        add_windows(session, join, into=_VALUES)
        names = quote_all(each.name for each in windows)
        found = session.fetch(f"DESCRIBE SELECT {names} FROM {quote(_VALUES)}")
        session.fetch(f"DROP TABLE {quote(_VALUES)}")
    return {name: kind for name, kind, *_ in found}


@contextmanager
def _view(session: Runs, name: str, select: str) -> Iterator[None]:
    session.fetch(f"CREATE TEMP VIEW {quote(name)} AS {select}")
    try:
        yield
    finally:
        session.fetch(f"DROP VIEW {quote(name)}")
