"""What `show` says of a feature view beside what it says of every node."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from headwater.features.model import ViewSpec


def feature_facts(spec: ViewSpec) -> Iterator[tuple[str, str]]:
    """Pairs of word and text: of whom, how often, what comes with a request, where it is kept."""
    yield "entity", spec.entity
    where = f" where {spec.where}" if spec.where else ""
    yield "source", f"{spec.source}{where}"
    yield "every", spec.every
    listed = (f":{name} {kind.lower()}" for name, kind in spec.request.items())
    yield "request", ", ".join(listed)
    yield "known at", spec.known_at
    ttl = spec.online_ttl
    yield "online", f"good for {_span(ttl)}" if ttl is not None else ""


def _span(length: timedelta) -> str:
    """A duration in days, or in hours where it is none.

    >>> _span(timedelta(days=7)), _span(timedelta(hours=36))
    ('7 days', '36 hours')
    """
    days, rest = divmod(length, timedelta(days=1))
    number, unit = (days, "day") if not rest else (round(length / timedelta(hours=1), 2), "hour")
    return f"{number:g} {unit}{'' if number == 1 else 's'}"
