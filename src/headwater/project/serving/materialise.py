"""Micro-batches: all vectors of a moment, of which the store gets those that changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from headwater.online.codec import NOBODY
from headwater.online.model import DamagedError, Entry, Freshness, OnlineStore, OnlineTable
from headwater.project.serving.model import OnlineView
from headwater.project.serving.vectors import RunsToArrow, entries, vectors_at

_VECTORS: Final = "online vectors"
#: So long an older meaning of a view stays: whoever still serves it has to notice the release.
_LINGERS: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What one micro-batch did to a view's table."""

    table: OnlineTable
    freshness: Freshness
    written: int
    removed: int


@dataclass(slots=True)
class _Counts:
    """What was seen on the way."""

    written: int = 0
    met: int = 0  # entities that the store had already
    removed: int = 0


def fill(
    session: RunsToArrow,
    view: OnlineView,
    events: str,
    store: OnlineStore,
    *,
    at: datetime,
    release: int,
    zone: ZoneInfo,
) -> Filled:
    """Bring a view's table to the moment `at`; a store whose content is broken is filled anew.

    `session` shows the source's rows as `events`.
    """
    with vectors_at(session, view, events, at, zone, _VECTORS) as count:
        fresh = Freshness(at=at, release=release, computed_at=at, entities=count)
        try:
            counts = _write(session, view, store, fresh)
        except DamagedError:
            store.clear()
            counts = _write(session, view, store, fresh)
    return Filled(table=view.table, freshness=fresh, written=counts.written, removed=counts.removed)


def _write(
    session: RunsToArrow,
    view: OnlineView,
    store: OnlineStore,
    fresh: Freshness,
) -> _Counts:
    counts = _Counts()
    before = store.read(view.table, [NOBODY]).freshness
    batches = entries(session, view, _VECTORS)
    changed = _changed(batches, view.table, store, counts)
    gone = _gone(session, view, store, counts, before)
    store.write(view.table, changed, gone, fresh)
    return counts


def _changed(
    batches: Iterable[Sequence[Entry]], table: OnlineTable, store: OnlineStore, counts: _Counts
) -> Iterator[Entry]:
    """The entries that the store has otherwise, or not at all."""
    for batch in batches:
        kept = store.read(table, [key for key, _ in batch]).vectors
        for entry, old in zip(batch, kept, strict=True):
            counts.met += old is not None
            if entry[1] != old:
                counts.written += 1
                yield entry


def _gone(
    session: RunsToArrow,
    view: OnlineView,
    store: OnlineStore,
    counts: _Counts,
    before: Freshness | None,
) -> Iterator[str]:
    """The entities that the store has and that are no more: asked once all others are written."""
    if before is None or counts.met == before.entities + 1:
        return
    there = {key for batch in entries(session, view, _VECTORS) for key, _ in batch}
    for batch in store.entries(view.table):
        for key, _ in batch:
            if key not in there:
                counts.removed += 1
                yield key


def forget_older(store: OnlineStore, used: Iterable[OnlineTable], now: datetime) -> None:
    """Drop tables that no view of the release has, once nobody can be reading them any more."""
    known = set(used)
    for table, fresh in store.tables().items():
        if table not in known and fresh.computed_at < now - _LINGERS:
            store.drop(table)
