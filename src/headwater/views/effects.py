"""What each cause did to published numbers between two releases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater.clock import Grain
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.ids import NodeId
from headwater.project.metrics.effects import (
    Effect,
    Total,
    add_up,
    effects_between,
    releases_between,
    require_metric,
)
from headwater.project.release_view import ReleaseView
from headwater.semantics.metric import GRAINS
from headwater.views.figures import count, moment
from headwater.views.layout import Cell, Row
from headwater.views.metric_values import Manner, as_number, calendar_of, manners_of, slot_label
from headwater.views.plain import plain

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.semantics.periods import Period
    from headwater.views.page import Page

_MOST_PERIODS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which numbers, between which releases of `prod`."""

    first: int
    last: int
    grain: Grain = "month"
    metric: str | None = None
    period: Period | None = None

    @classmethod
    def of(
        cls,
        project: Project,
        ends: tuple[int, int],
        grain: str,
        metric: str | None,
        period: str | None,
    ) -> Asked:
        """As it was typed. Codes E807 (period), E940 (grain)."""
        from headwater.clock import local
        from headwater.semantics.periods import read_period

        known = next((each for each in GRAINS if each == grain), None)
        if known is None:
            fix = did_you_mean(grain, GRAINS, f"grains: {', '.join(GRAINS)}")
            raise UsageError(Issue(code="E940", what=f"unknown grain `{grain}`", fix=fix))
        clock = project.workspace.clock
        today = local(clock.now, clock.zone).date()
        span = read_period(period, today, calendar_of(project)) if period is not None else None
        name = metric.removeprefix("metric.") if metric is not None else None
        return cls(first=ends[0], last=ends[1], grain=known, metric=name, period=span)

    def concerns(self, total: Total) -> bool:
        """Whether a number's period begins within those asked for."""
        span = self.period
        return span is None or span.first <= total.change.slot.period <= span.last


def read_totals(
    project: Project, asked: Asked, *, replay: bool = False
) -> tuple[tuple[Total, ...], tuple[Effect, ...]]:
    """Each number's change by cause, and by release; replayed, by definitions and data alone."""
    from headwater.project.metrics.replaying import replay as replay_metric

    totals: list[Total] = []
    effects: list[Effect] = []
    for metric in _metrics(project, asked):
        args = (project.workspace, metric, asked.first, asked.last, asked.grain)
        if replay:
            totals += replay_metric(*args)
        else:
            found = effects_between(*args)
            effects += found
            totals += add_up(found)
    kept = tuple(total for total in totals if asked.concerns(total))
    slots = {(total.metric, total.change.slot) for total in kept}
    return kept, tuple(e for e in effects if (e.metric, e.change.slot) in slots)


def _metrics(project: Project, asked: Asked) -> tuple[str, ...]:
    """The metric asked for, or all that are published at both ends. Codes E939, E940."""
    path = releases_between(project.ledger, asked.first, asked.last)
    older, newer = (ReleaseView.of(project.ledger, path[i]) for i in (0, -1))
    if asked.metric is not None:
        for view in (older, newer):
            require_metric(view, NodeId("metric", asked.metric))
        return (asked.metric,)
    both = older.state_ids.keys() & newer.state_ids.keys()
    return tuple(sorted(node.name for node in both if node.kind == "metric"))


def print_totals(project: Project, totals: Sequence[Total], asked: Asked, page: Page) -> None:
    """One line a number: before, after, and what each cause did to it."""
    head = f"#{asked.first} → #{asked.last}, by {asked.grain.replace('_', ' ')}"
    if not totals:
        page.line(f"{head}: no published number differs.")
        return
    find, calendar = manners_of(project), calendar_of(project)
    for metric in dict.fromkeys(total.metric for total in totals):
        own = [total for total in totals if total.metric == metric]
        page.line(Cell(metric, "strong"), f" · {head} · {count(len(own), 'period')}")
        manner = find(metric)
        causes = tuple(dict.fromkeys(cause for total in own for cause, _ in total.parts))
        title: Row = ("", "", "", "", "", *(Cell(cause, "quiet", right=True) for cause in causes))
        rows: list[Row] = [
            (
                slot_label(total.change.slot, calendar),
                *manner.cells(total.change),
                *_parts(total, causes, manner),
            )
            for total in own[:_MOST_PERIODS]
        ]
        page.rows([title, *rows], gap=2)
        if len(own) > _MOST_PERIODS:
            page.line("  ", Cell(f"… {len(own) - _MOST_PERIODS:,} more (`--csv`)", "quiet"))


def _parts(total: Total, causes: Sequence[str], manner: Manner) -> Iterator[Cell]:
    by_cause = dict(total.parts)
    for cause in causes:
        part = by_cause.get(cause)
        yield Cell(manner.difference(part) if part else "", right=True)


def print_effects(project: Project, effects: Sequence[Effect], page: Page) -> None:
    """One line a release and cause: who, when and why."""
    zone = project.workspace.zone
    found: dict[tuple[int, str], list[Effect]] = {}
    for effect in effects:
        found.setdefault((effect.release, effect.cause), []).append(effect)
    page.rows(
        (
            Cell(f"#{release}", "strong", right=True),
            moment(own[0].at, zone),
            own[0].sort,
            own[0].author,
            cause,
            count(len(own), "number"),
            " · ".join(part for part in (own[0].detail, own[0].reason) if part),
        )
        for (release, cause), own in sorted(found.items())
    )
    if any(effect.cause == "mixed" for effect in effects):
        page.hint("`--replay` tells data and definitions apart where a release brought both")


def totals_data(totals: Iterable[Total], effects: Iterable[Effect]) -> dict[str, Any]:
    """The same for machines."""
    return {
        "totals": [
            {
                "metric": total.metric,
                **plain(total.change.slot),
                "before": plain(total.change.before),
                "after": plain(total.change.after),
                "causes": {cause: plain(as_number(part)) for cause, part in total.parts},
            }
            for total in totals
        ],
        "releases": [
            {
                "release": effect.release,
                "sort": effect.sort,
                "at": plain(effect.at),
                "author": effect.author,
                "reason": effect.reason,
                "metric": effect.metric,
                **plain(effect.change.slot),
                "before": plain(effect.change.before),
                "after": plain(effect.change.after),
                "cause": effect.cause,
                "detail": effect.detail,
            }
            for effect in effects
        ],
    }


def total_rows(totals: Iterable[Total]) -> Iterator[tuple[object, ...]]:
    """CSV: a line for each number and cause."""
    yield ("metric", "grain", "period", "step", "before", "after", "cause", "change")
    for total in totals:
        slot, change = total.change.slot, total.change
        for cause, part in total.parts:
            yield (
                total.metric,
                slot.grain,
                slot.period,
                slot.step,
                change.before,
                change.after,
                cause,
                as_number(part),
            )
