"""Deliveries through workers: many small ones or the pieces of large ones, answered in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from headwater.errors import Issue, Place
from headwater.kinds.source.readers.decoding import BrokenDeliveryError
from headwater.kinds.source.readers.model import Delivery, Landed
from headwater.kinds.source.readers.writing import Part, Workers, discard

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Reads one piece with a connection of its own.
Task = Callable[["DuckDBPyConnection"], Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A delivery that is being read: its tasks come one by one, as its bytes do.

    `tasks` may raise `BrokenDeliveryError`. `exact` gives them once more if the quick count of a
    piece was wrong, because the pieces after it are then numbered wrongly. `complete` is called
    after the last one, to add what is known only then; an error among its issues refuses it all.
    """

    delivery: Delivery
    tasks: Iterable[Task] = ()
    issues: tuple[Issue, ...] = ()
    exact: Callable[[], Iterable[Task]] | None = None
    complete: Callable[[Landed], Landed] = lambda landed: landed


@dataclass(slots=True)
class _UnderWay:
    opened: Opened
    parts: list[Future[Part]] = field(default_factory=list)
    broken: BrokenDeliveryError | None = None


def land_all(opened: Iterable[Opened], pool: Workers, place: Place) -> Iterator[Landed]:
    """Each delivery whole or refused (E507), in order. Few pieces are in memory at a time."""
    running: deque[Future[Part]] = deque()
    waiting: deque[_UnderWay] = deque()
    for each in opened:
        current = _UnderWay(each)
        waiting.append(current)
        if not any(issue.is_error for issue in each.issues):
            try:
                for task in each.tasks:
                    while len(running) > pool.count:
                        running.popleft().exception()
                    current.parts.append(pool.submit(task))
                    running.append(current.parts[-1])
            except BrokenDeliveryError as error:
                current.broken = error
        while len(waiting) > 1 and all(part.done() for part in waiting[0].parts):
            yield _finish(waiting.popleft(), pool, place)
    while waiting:
        yield _finish(waiting.popleft(), pool, place)


def _finish(under_way: _UnderWay, pool: Workers, place: Place) -> Landed:
    opened = under_way.opened
    parts, broken = _gather(under_way)
    miscounted = len(parts) > 1 and any(part.counted != part.delivered for part in parts)
    if miscounted and opened.exact is not None:
        discard(path for part in parts for path in (part.rows, part.rejected))
        exact = replace(opened, tasks=opened.exact(), exact=None)
        return next(land_all([exact], pool, place))
    landed = Landed(
        delivery=opened.delivery,
        rows=tuple(part.rows for part in parts if part.rows),
        rejected=tuple(part.rejected for part in parts if part.rejected),
        delivered=sum(part.delivered for part in parts),
        landed=sum(part.landed for part in parts),
        rejected_count=sum(part.rejected_count for part in parts),
        issues=opened.issues,
    )
    if broken is not None:
        issue = broken.issue or broken_delivery(opened.delivery.name, str(broken), place)
        landed = replace(landed, issues=(*landed.issues, issue))
    elif not landed.refused:
        landed = opened.complete(landed)
    if not landed.refused and landed.delivered != landed.landed + landed.rejected_count:
        landed = replace(landed, issues=(*landed.issues, unreconciled(landed, place)))
    if not landed.refused:
        return landed
    discard((*landed.rows, *landed.rejected))
    return Landed(delivery=opened.delivery, delivered=landed.delivered, issues=landed.issues)


def _gather(under_way: _UnderWay) -> tuple[list[Part], BrokenDeliveryError | None]:
    parts: list[Part] = []
    broken = under_way.broken
    for future in under_way.parts:
        try:
            parts.append(future.result())
        except BrokenDeliveryError as error:
            broken = broken or error
    return parts, broken


def broken_delivery(name: str, reason: str, place: Place) -> Issue:
    """The issue of a delivery that cannot be read."""
    fix = "nothing of it was landed; ask for it again"
    return Issue(code="E507", what=f"{name} cannot be read: {reason}", place=place, fix=fix)


def unreconciled(landed: Landed, place: Place) -> Issue:
    """The issue of rows that were delivered and did not arrive."""
    arrived = landed.landed + landed.rejected_count
    what = f"{landed.delivery.name} holds {landed.delivered:,} rows, of which {arrived:,} arrived"
    fix = "nothing of it was landed; declare `delimiter`, `quote` and `encoding` in `options`"
    return Issue(code="E509", what=what, place=place, fix=fix)
