"""What each cause contributed to a published number between two releases; the parts add up exactly.

Every release between the two changes either data or definitions, so that its whole change has one
cause; a promotion that brought both is `mixed` until it is replayed (see `replaying`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from headwater.clock import Grain
from headwater.engines.protocol import Session
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.ids import NodeId
from headwater.ledger import Ledger, Release, ReleaseSort
from headwater.project.metrics.causes import Cause, cause_of_change, find_differences
from headwater.project.metrics.restating import complete_until, row_counter
from headwater.project.metrics.sides import Side
from headwater.project.metrics.values import (
    Slot,
    ValueChange,
    Values,
    compare_values,
    read_values,
    was_complete,
)
from headwater.project.recording import PROD
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one release did to one published number, and why."""

    metric: str
    release: int
    sort: ReleaseSort
    at: datetime
    author: str
    reason: str
    change: ValueChange
    cause: Cause
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """A number at both ends, and what each cause did to it: the `parts` add up exactly."""

    metric: str
    change: ValueChange
    parts: tuple[tuple[str, Fraction], ...]


def add_up(effects: Iterable[Effect]) -> tuple[Total, ...]:
    """The effects of each number, in order of releases, by cause."""
    grouped: dict[tuple[str, Slot], list[Effect]] = {}
    for effect in effects:
        grouped.setdefault((effect.metric, effect.change.slot), []).append(effect)
    return tuple(_total(metric, slot, found) for (metric, slot), found in grouped.items())


def _total(metric: str, slot: Slot, effects: Sequence[Effect]) -> Total:
    parts: dict[str, Fraction] = {}
    for effect in effects:
        parts[effect.cause] = parts.get(effect.cause, Fraction(0)) + effect.change.difference
    before, after = effects[0].change.before, effects[-1].change.after
    return Total(
        metric=metric,
        change=ValueChange(slot=slot, before=before, after=after),
        parts=tuple(parts.items()),
    )


def effects_between(
    workspace: Workspace, metric: str, first: int, last: int, grain: Grain
) -> tuple[Effect, ...]:
    """What every release of `prod` after `first`, up to `last`, did to a metric's numbers.

    Codes E707 (no such release), E939 (not published in both), E940 (not from older to newer).
    """
    ledger = workspace.ledger
    path = releases_between(ledger, first, last)
    node = NodeId("metric", metric)
    views = (ReleaseView.of(ledger, path[0]), ReleaseView.of(ledger, path[-1]))
    for view in views:
        require_metric(view, node)
    found: list[Effect] = []
    with workspace.engine.session() as session:
        walk = _Walk(workspace, node, grain, session)
        walk.start(path[0])
        for release in path[1:]:
            found += walk.step(release)
    return tuple(found)


def releases_between(ledger: Ledger, first: int, last: int) -> tuple[Release, ...]:
    """The releases of `prod` from one to another, both included. Codes E707, E940."""
    ends = ledger.release(first), ledger.release(last)
    wrong = [f"#{release.number}" for release in ends if release.environment != PROD]
    if wrong:
        what = f"{' and '.join(wrong)} is of another environment; numbers are published in `{PROD}`"
        raise UsageError(Issue(code="E940", what=what, fix="`headwater release list`"))
    if first >= last:
        what = f"#{first} is not before #{last}"
        raise UsageError(Issue(code="E940", what=what, fix="the older release comes first"))
    return tuple(r for r in reversed(ledger.releases(PROD, None)) if first <= r.number <= last)


def require_metric(view: ReleaseView, node: NodeId) -> None:
    """The metric must be published in a release. Code E939."""
    if node not in view.state_ids:
        known = [n.name for n in view.state_ids if n.kind == "metric"]
        number = view.release.number if view.release is not None else 0
        what = f"release #{number} publishes no metric `{node.name}`"
        fix = did_you_mean(node.name, known, "metrics: " + (", ".join(sorted(known)) or "none"))
        raise UsageError(Issue(code="E939", what=what, fix=fix))


class _Walk:
    """From release to release: what stands, and what the next one changes of it."""

    def __init__(self, workspace: Workspace, node: NodeId, grain: Grain, session: Session) -> None:
        self.workspace, self.node, self.grain, self.session = workspace, node, grain, session

    def start(self, release: Release) -> None:
        """Stand at a release."""
        self.release = release
        self.side = Side.of(ReleaseView.of(self.workspace.ledger, release))
        self.values = self._read(self.side)

    def step(self, release: Release) -> tuple[Effect, ...]:
        """Go to the next release; nothing is read where the metric's state is the same."""
        before, values, then = self.side, self.values, self.release
        side = Side.of(ReleaseView.of(self.workspace.ledger, release))
        self.release, self.side = release, side
        if before.states.get(self.node) == side.states.get(self.node):
            return ()
        self.values = self._read(side)
        changes = compare_values(values, self.values)
        if not changes:
            return ()
        found = find_differences(
            self.node,
            before,
            side,
            self.workspace.zone,
            row_counter(self.workspace, self.session),
            is_rollback=release.sort == "rollback",
        )
        until = complete_until(before, self.node, then, release.sort, self.workspace.zone)
        effects = []
        for change in changes:
            complete = was_complete(change.slot, until, self.workspace.zone)
            cause, detail = cause_of_change(change, found, was_complete=complete)
            effects.append(
                Effect(
                    metric=self.node.name,
                    release=release.number,
                    sort=release.sort,
                    at=release.created_at,
                    author=release.author,
                    reason=release.reason,
                    change=change,
                    cause=cause,
                    detail=detail,
                )
            )
        return tuple(effects)

    def _read(self, side: Side) -> Values:
        values = read_values(side.states.get(self.node), self.workspace.lake, self.session)
        return {slot: value for slot, value in values.items() if slot.grain == self.grain}
