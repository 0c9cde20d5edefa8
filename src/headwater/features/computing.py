"""Values of features for probes: the same for training sets, batch tables and online stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from zoneinfo import ZoneInfo

from headwater.contracts.quoting import quote, quote_all
from headwater.features.formulas import AT
from headwater.features.meaning import placeholder
from headwater.features.model import FeatureSet
from headwater.windows.model import Events, Expression, Probes, WindowJoin, WindowsError
from headwater.windows.moments import as_kind, converted, kind_of
from headwater.windows.sides import Runs
from headwater.windows.trailing import add_windows

#: What times of being known are called inside: no column of a source is.
KNOWN_FROM, KNOWN_TO = "#known_from", "#known_to"


def add_features(  # noqa: PLR0913  # what is asked, of what, and where it goes
    session: Runs,
    features: FeatureSet,
    probes: Probes,
    *,
    events: str,
    known: tuple[str, str | None] | None = None,
    into: str,
    zone: ZoneInfo,
    memory_mb: int = 600,
) -> None:
    """Make the temporary table `into`: all columns of the probes, and those of the view.

    Every probe is in it once. `events` is the relation with the rows of the source; `known` names
    its columns of since when and until when a row was known, and then a value is what was known
    at the moment plus the view's `latency`. Columns that need values of a request are there where
    the probes carry all of them. For several views, the table of one call is the probes of the
    next. Raises `WindowsError` where a name is taken twice.
    """
    carried = _columns(session, probes.relation)
    with ExitStack() as stack:
        relation = stack.enter_context(showing_events(session, into, features, events, known))
        values = probes.relation
        if features.windows:
            values = f"{into} values"
            join = WindowJoin(
                probes=probes,
                events=Events(
                    relation=relation,
                    keys=features.source_keys,
                    time=features.time,
                    known_from=KNOWN_FROM if known else None,
                    known_to=KNOWN_TO if known and known[1] else None,
                    tie=features.tie,
                ),
                features=features.windows,
                zone=zone,
            )
            add_windows(session, join, into=values, memory_mb=memory_mb)
            stack.callback(session.fetch, f"DROP TABLE {quote(values)}")
        at = as_kind(quote(probes.at), carried[probes.at])
        kind = kind_of(probes.at, carried[probes.at])
        moment = converted(at, kind, features.moment_type, zone)
        select = _values_sql(features, quote(values), moment, tuple(carried))
        session.fetch(f"CREATE TEMP TABLE {quote(into)} AS {select}")


@contextmanager
def showing_events(
    session: Runs,
    into: str,
    features: FeatureSet,
    events: str,
    known: tuple[str, str | None] | None = None,
) -> Iterator[str]:
    """The name of a view of `events_sql`, for as long as it is needed; named after `into`."""
    name = f"{into} events"
    session.fetch(f"CREATE TEMP VIEW {quote(name)} AS {events_sql(features, events, known)}")
    try:
        yield name
    finally:
        session.fetch(f"DROP VIEW {quote(name)}")


def events_sql(features: FeatureSet, events: str, known: tuple[str, str | None] | None) -> str:
    """The rows of the source that count, as much of them as is read, and known `latency` later."""
    listed = [quote(name) for name in features.reads]
    latency = f"INTERVAL ({features.latency // timedelta(microseconds=1):d}) MICROSECOND"
    for name, known_name in zip((KNOWN_FROM, KNOWN_TO), known or (), strict=False):
        listed += [f"{quote(known_name)} - {latency} AS {quote(name)}"] if known_name else []
    where = f" WHERE {features.where}" if features.where else ""
    return f"SELECT {', '.join(listed)} FROM {quote(events)}{where}"


def _values_sql(features: FeatureSet, values: str, moment: str, carried: Sequence[str]) -> str:
    """The probes' columns and the view's, over the values of windows."""
    with_request = set(features.request) <= set(carried)
    columns = [c.name for c in features.columns if with_request or not c.on_request]
    _require_new(columns, carried)
    given = {AT: moment}
    made = [*features.expressions]
    if with_request:
        given |= {n: f"CAST({quote(n)} AS {kind})" for n, kind in features.request.items()}
        made += features.on_request
    inner = ", ".join(f"{sql} AS {placeholder(name)}" for name, sql in given.items())
    return (
        f"SELECT {quote_all([*carried, *columns])} FROM (SELECT"
        f" {', '.join(['*', *_cast(features, made)])} FROM (SELECT *, {inner} FROM {values}))"
    )


def _require_new(columns: Sequence[str], carried: Sequence[str]) -> None:
    taken = set(map(str.casefold, carried))
    for name in columns:
        if name.casefold() in taken:
            raise WindowsError(f"`{name}` is the name of two columns of the result")


def _cast(features: FeatureSet, expressions: Sequence[Expression]) -> list[str]:
    types = {column.name: column.type for column in features.columns}
    return [f"CAST({e.sql} AS {types[e.name]}) AS {quote(e.name)}" for e in expressions]


def _columns(session: Runs, relation: str) -> dict[str, str]:
    """Names and types of a relation."""
    found = session.fetch(f"DESCRIBE SELECT * FROM {quote(relation)}")
    return {name: kind for name, kind, *_ in found}
