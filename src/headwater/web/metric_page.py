"""What a metric's page shows: its series, groups, SQL, and the rows behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from headwater.charts.calendar import short_text
from headwater.charts.figure import figure
from headwater.charts.model import Annotation, Bar, Bars, Heatmap, Lines, Series, Value
from headwater.clock import Grain, local
from headwater.errors import HeadwaterError
from headwater.project.metrics.restating import Restatement
from headwater.semantics.asking import Answer, MetricQuery, Point
from headwater.semantics.calendar import add_months, start_of, step_from
from headwater.semantics.formats import format_change, format_of
from headwater.semantics.metric import Metric, Retention
from headwater.semantics.periods import Period, read_period
from headwater.semantics.wording import dimension_words, group_words
from headwater.stats.baseline import RHYTHMS, Expectation, expect
from headwater.web.context import Snapshot
from headwater.web.drawing import Drawn, drawn
from headwater.web.numbers import whole_series

#: How many periods of a grain are shown where the address names none.
_SHOWN = {"hour": 72, "day": 120, "week": 78, "month": 36, "quarter": 16, "year": 10}
_GROUPS = 8
_MOST_GROUPS = 1000
_MOST_DIMENSIONS = 4
_COHORTS = 18
_STEPS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the address asks of a metric's page."""

    grain: Grain
    period: str = ""
    compare: str = "year_ago"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSeries:
    """The series of a page: what is shown of it, and what was to be expected."""

    metric: Metric
    grain: Grain
    points: tuple[Point, ...]
    band: tuple[Expectation | None, ...] = ()
    compared: tuple[Value, ...] = ()

    @property
    def newest(self) -> Point | None:
        """The newest whole period with a value."""
        whole = (p for p in reversed(self.points) if p.complete and p.value is not None)
        return next(whole, None)

    @property
    def unusual(self) -> tuple[int, ...]:
        """Where a whole period lies outside of what was to be expected."""
        return tuple(
            at
            for at, (point, band) in enumerate(zip(self.points, self.band, strict=False))
            if band is not None
            and point.complete
            and point.value is not None
            and band.is_unusual(float(point.value))
        )


def series_of(snapshot: Snapshot, name: str, asked: Asked) -> MetricSeries:
    """The published series. Codes E807 (period), E925 (metric)."""
    metric = snapshot.reader.metric(name)
    every = whole_series(snapshot.reader.history(name, asked.grain), asked.grain)
    bands = _expected(snapshot, every, asked.grain)
    first, last = _span(snapshot, every, asked)
    chosen = [at for at, point in enumerate(every) if first <= point.period <= last]
    points = tuple(every[at] for at in chosen)
    return MetricSeries(
        metric=metric,
        grain=asked.grain,
        points=points,
        band=tuple(bands[at] for at in chosen) if bands else (),
        compared=_year_before(every, points, asked) if asked.compare == "year_ago" else (),
    )


def _span(snapshot: Snapshot, every: Sequence[Point], asked: Asked) -> tuple[date, date]:
    """The first and last period that is shown."""
    if asked.period:
        today = local(snapshot.now, snapshot.zone).date()
        calendar = snapshot.reader.catalog.calendar
        period = read_period(asked.period, today, calendar)
        return start_of(period.first, asked.grain, calendar), period.last
    if not every:
        return date.max, date.max
    count = _SHOWN.get(asked.grain.removeprefix("fiscal_"), 36)
    return every[-count:][0].period, every[-1].period


def _expected(
    snapshot: Snapshot, every: Sequence[Point], grain: Grain
) -> tuple[Expectation | None, ...]:
    if grain not in RHYTHMS:
        return ()
    values = [float(p.value) if p.value is not None and p.complete else None for p in every]
    periods = [p.period for p in every]
    return expect(periods, values, grain, closed=snapshot.settings.closed_days)


def _year_before(
    every: Sequence[Point], points: Sequence[Point], asked: Asked
) -> tuple[Value, ...]:
    """The same periods a year before: weeks and days by weekday, others by the calendar."""
    known = {point.period: point.value for point in every}

    def earlier(period: date) -> date:
        if asked.grain in ("hour", "day", "week"):
            return period - timedelta(weeks=52)
        return add_months(period, -12)

    found = tuple(known.get(earlier(point.period)) for point in points)
    return found if any(value is not None for value in found) else ()


def line_figure(series: MetricSeries, events: Sequence[tuple[date, str]]) -> Drawn:
    """The great chart of the page."""
    metric, points = series.metric, series.points
    title = metric.title or metric.name
    labels = tuple(_annotations(points, series.grain, events))
    ago = Series(name="year ago", values=series.compared) if series.compared else None
    partial = sum(1 for _ in _trailing(points))
    chart = Lines(
        title=title,
        numbers=format_of(metric),
        periods=tuple(point.period for point in points),
        grain=series.grain,
        series=(Series(name=title, values=tuple(point.value for point in points)),),
        comparison=ago,
        band=tuple((b.low, b.high) if b is not None else None for b in series.band),
        target=metric.target.get(series.grain),
        annotations=labels,
        unusual=series.unusual,
        partial=partial,
    )
    return drawn(figure(chart, width=960, height=320))


def _trailing(points: Sequence[Point]) -> Iterator[Point]:
    """The periods at the end that are not over."""
    for point in reversed(points):
        if point.complete:
            return
        yield point


def _annotations(
    points: Sequence[Point], grain: Grain, events: Sequence[tuple[date, str]]
) -> Iterator[Annotation]:
    if not points:
        return
    for day, label in events:
        for at, point in enumerate(points):
            if point.period <= day < step_from(point.period, grain):
                yield Annotation(at=at, label=label)


def restated_days(found: Sequence[Restatement], grain: Grain) -> list[tuple[date, str]]:
    """The restated periods of a grain as events on the axis."""
    return [
        (change.slot.period, f"restated in #{each.release}")
        for each in found
        for change in each.of_grain(grain)
    ]


def cohort_figure(snapshot: Snapshot, metric: Metric, grain: Grain) -> Drawn | None:
    """Cohorts by what came of them; None for a metric without steps."""
    if not isinstance(metric.shape, Retention):
        return None
    points = snapshot.reader.history(metric.name, grain)
    # Of the first period all are there: what is worth seeing begins with the next one.
    known = {(p.period, p.step): p.value for p in points if p.complete and p.step}
    cohorts = sorted({period for period, _ in known})[-_COHORTS:]
    steps = sorted({step for _, step in known if step and step <= _STEPS})
    chart = Heatmap(
        title=metric.title or metric.name,
        numbers=format_of(metric),
        rows=tuple(short_text(period, grain) for period in cohorts),
        columns=tuple(map(str, steps)),
        values=tuple(tuple(known.get((c, step)) for step in steps) for c in cohorts),
        row_title="First in",
        column_title=f"{grain.capitalize()}s later",
    )
    return drawn(figure(chart, width=960))


def group_figures(
    snapshot: Snapshot, metric: Metric, point: Point | None, grain: Grain
) -> list[tuple[str, Drawn]]:
    """The newest whole period by each of the first dimensions, against the period before."""
    if point is None or isinstance(metric.shape, Retention):
        return []
    found = []
    for dimension in metric.dimensions[:_MOST_DIMENSIONS]:
        try:
            answer = snapshot.reader.query(_by(metric.name, dimension, point, grain))
        except HeadwaterError:
            continue  # a metric that cannot be divided by it has no bars; `why` says the reason
        found.append((dimension, drawn(figure(_bars(metric, dimension, answer), width=480))))
    return found


def _by(name: str, dimension: str, point: Point, grain: Grain) -> MetricQuery:
    return MetricQuery(
        metrics=(name,),
        by=(dimension,),
        period=period_words(point.period, grain),
        compare=("previous",),
        order=(f"-{name}",),
        limit=_MOST_GROUPS,
    )


def period_words(first: date, grain: Grain) -> str:
    """A period as its first and last day, so that no calendar is needed to read it."""
    last = step_from(first, grain) - timedelta(days=1)
    return f"{first:%Y-%m-%d}..{last:%Y-%m-%d}"


def _bars(metric: Metric, dimension: str, answer: Answer) -> Bars:
    """The greatest groups with what they were before."""
    numbers = format_of(metric)
    value, before = answer.index(metric.name), answer.index(f"{metric.name}_previous")
    key = next(at for at, column in enumerate(answer.columns) if column.sort == "dimension")
    rows = []
    for row in answer.rows[:_GROUPS]:
        now, then = row[value], row[before]
        change = format_change(then, now, numbers, metric.better)  # type: ignore[arg-type]
        name = group_words((dimension,), (row[key],))
        note = change.headline if change.word in ("up", "down") else ""
        rows.append(
            Bar(name=name, value=now, compared=then, note=note, judged=change.judged)  # type: ignore[arg-type]
        )
    return Bars(
        title=f"{metric.title or metric.name} by {dimension_words(dimension)}",
        numbers=numbers,
        rows=tuple(rows),
        compared_with="the period before",
        more=max(0, len(answer.rows) - _GROUPS),
    )


def sql_of(snapshot: Snapshot, name: str, asked: Asked) -> str:
    """The SQL by which its series is computed from the tables."""
    query = MetricQuery(metrics=(name,), grain=asked.grain, period=asked.period)
    return snapshot.reader.compile(query, path="raw").sql


def shown_period(point: Point, grain: Grain) -> Period:
    """The days of a point."""
    last = step_from(point.period, grain) - timedelta(days=1)
    return replace(Period(first=point.period, last=last), text=period_words(point.period, grain))
