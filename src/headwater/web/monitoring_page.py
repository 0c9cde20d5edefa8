"""What the page of a model in use shows: the newest look, drawn, and the days before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from headwater.charts.figure import figure
from headwater.charts.model import (
    Bar,
    Bars,
    Calibration,
    Chart,
    Lines,
    Numbers,
    Predicted,
    Series,
)
from headwater.clock import local
from headwater.project.monitoring.model import Monitoring, Moved, Movement, Outcomes
from headwater.project.monitoring.recording import history
from headwater.semantics.formats import NumberFormat
from headwater.stats.stability import WARNING
from headwater.views.models.figures import COUNT, FIGURES, SHARE
from headwater.web.context import Snapshot
from headwater.web.drawing import Drawn, drawn

DAYS = 60
_SMALL, _SMALL_HEIGHT = 330.0, 170.0
_BESIDE = 416.0
_MILLISECONDS = NumberFormat(decimals=1, suffix=" ms")
_INDEX = FIGURES["auc"].numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementView:
    """One movement: its columns, most moved first; those that moved much with their bins."""

    movement: Movement
    columns: tuple[Moved, ...]
    bins: Sequence[tuple[Moved, Drawn]]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringView:
    """The newest look at a model, and its course over days."""

    newest: Monitoring
    movements: tuple[MovementView, ...]
    outcomes: Sequence[tuple[Outcomes, Drawn | None]]
    trends: Sequence[tuple[str, Drawn]]


def monitoring_view(snapshot: Snapshot, model: str) -> MonitoringView | None:
    """The page's content; None where nobody has looked yet."""
    days = history(snapshot.ledger, model, snapshot.zone, DAYS)
    if not days:
        return None
    newest = days[-1]
    return MonitoringView(
        newest=newest,
        movements=tuple(_movement(each) for each in newest.movements),
        outcomes=[(each, _calibration(each)) for each in newest.outcomes],
        trends=_trends(days, snapshot.zone),
    )


def _movement(movement: Movement) -> MovementView:
    ranked = sorted(movement.columns, key=lambda each: -(each.psi or 0.0))
    moved = [each for each in ranked if each.bins]
    return MovementView(
        movement=movement,
        columns=tuple(ranked),
        bins=[(each, _drawn(_bins(each))) for each in moved],
    )


def _bins(moved: Moved) -> Bars:
    rows = zip(moved.bins, moved.now, moved.before, strict=True)
    return Bars(
        title=f"Share of rows by {moved.column}",
        numbers=SHARE,
        rows=tuple(
            Bar(name=name, value=now, compared=before)
            for name, now, before in rows
            if now or before
        ),
        compared_with="in training",
    )


def _calibration(outcomes: Outcomes) -> Drawn | None:
    if not outcomes.deciles:
        return None
    points = tuple(
        Predicted(predicted=each.predicted, observed=each.observed, rows=each.rows)
        for each in outcomes.deciles
    )
    chart = Calibration(title="Calibration with outcomes", numbers=SHARE, points=points)
    return drawn(figure(chart, width=_BESIDE))


def _trends(days: Sequence[Monitoring], zone: ZoneInfo) -> Sequence[tuple[str, Drawn]]:
    """Courses over days, of what there is more than one day of."""
    by_day = {local(each.at, zone).date(): each for each in days}
    first, last = min(by_day), max(by_day)
    periods = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))

    def chart(
        title: str,
        numbers: Numbers,
        value: Callable[[Monitoring], float | None],
        expected: tuple[float, float] | None = None,
    ) -> tuple[str, Drawn] | None:
        values = tuple(_of(by_day, day, value) for day in periods)
        if sum(each is not None for each in values) < 2:
            return None
        series = (Series(name=title, values=values),)
        band = tuple(expected for _ in periods) if expected is not None else ()
        lines = Lines(
            title=title, numbers=numbers, periods=periods, grain="day", series=series, band=band
        )
        return title, _drawn(lines)

    wanted = (
        chart("Answers", COUNT, lambda each: float(each.answers) if each.traffic else None),
        chart("95th percentile of answers", _MILLISECONDS, _p95),
        chart("PSI of the scores", _INDEX, _score_psi, (0.0, WARNING)),
        chart("Most moved feature, PSI", _INDEX, _worst_psi, (0.0, WARNING)),
    )
    return [each for each in wanted if each is not None]


def _of(
    by_day: dict[date, Monitoring], day: date, value: Callable[[Monitoring], float | None]
) -> float | None:
    return value(by_day[day]) if day in by_day else None


def _p95(found: Monitoring) -> float | None:
    return found.champion.p95_ms if found.champion is not None else None


def _score_psi(found: Monitoring) -> float | None:
    scores = [each.score for each in found.movements if each.version == found.published]
    return max((s.psi for s in scores if s is not None and s.psi is not None), default=None)


def _worst_psi(found: Monitoring) -> float | None:
    columns = [
        column
        for each in found.movements
        if each.version == found.published
        for column in each.columns
        if column.column != "score" and column.psi is not None
    ]
    return max((each.psi for each in columns if each.psi is not None), default=None)


def _drawn(chart: Chart) -> Drawn:
    return drawn(figure(chart, width=_SMALL, height=_SMALL_HEIGHT))
