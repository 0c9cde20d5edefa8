"""Charts for tests: usual ones, and those that break drawings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from headwater.charts.model import (
    Annotation,
    Bar,
    Bars,
    Calibration,
    Chart,
    Curve,
    Funnel,
    Heatmap,
    Histogram,
    Interval,
    Intervals,
    Lines,
    Predicted,
    Series,
    Spans,
    Sparkline,
    Stacked,
    TimeSpan,
    Value,
    Waterfall,
)
from headwater.semantics.formats import parse_format

GBP: Final = parse_format("gbp")
RATE: Final = parse_format("percent1")
COUNT: Final = parse_format("integer")
HOSTILE: Final = (
    "<script>alert('x')</script>",
    '" onload="alert(1)',
    "]]>&amp;&lt;\x00\x1f\ud800",
    "a very long name that never ends " * 20,
    "\u202eevil\u2066",
    "日本語のとても長い名前とても長い名前とても長い名前",
    "",
    "👩‍👩‍👧 ﷽",
)


def days(count: int, first: date = date(2011, 1, 1)) -> tuple[date, ...]:
    """Days in a row."""
    return tuple(first + timedelta(days=at) for at in range(count))


def months(count: int) -> tuple[date, ...]:
    """Months in a row."""
    return tuple(date(2010 + at // 12, at % 12 + 1, 1) for at in range(count))


def lines(
    *values: Value,
    names: tuple[str, ...] = (),
    partial: int = 0,
    annotations: tuple[Annotation, ...] = (),
) -> Lines:
    """A line of days; with names, the same line for each."""
    return Lines(
        title="Revenue",
        numbers=GBP,
        periods=days(len(values)),
        grain="day",
        series=tuple(Series(name=name, values=values) for name in names or ("Revenue",)),
        partial=partial,
        annotations=annotations,
    )


def full() -> Lines:
    """A chart with everything on it."""
    values = tuple(900_000 + 37_000 * (at % 7) for at in range(12))
    return Lines(
        title="Revenue",
        numbers=GBP,
        periods=months(12),
        grain="month",
        series=(Series(name="Revenue", values=values),),
        comparison=Series(name="year ago", values=tuple(v * 0.8 for v in values)),
        band=tuple((v * 0.9, v * 1.1) for v in values),
        target=1_000_000,
        annotations=(Annotation(at=3, label="Release 12"), Annotation(at=4, label="Restated")),
        unusual=(5,),
        partial=1,
    )


def of_values(values: tuple[Value, ...], name: str = "x") -> list[Chart]:
    """One of each sort, over the same values."""
    series = Series(name=name, values=values)
    pairs = tuple((f"{name}{at}", value) for at, value in enumerate(values))
    points = tuple(zip(values, reversed(values), strict=True))
    parts = tuple(Predicted(predicted=a, observed=b, rows=at) for at, (a, b) in enumerate(points))
    return [
        Lines(
            title=name,
            numbers=GBP,
            periods=days(len(values)),
            grain="day",
            series=(series, series),
            comparison=series,
            band=tuple(zip(values, values, strict=True)),
            target=values[0] if values else None,
            annotations=tuple(Annotation(at=at, label=name) for at in range(len(values))),
            unusual=tuple(range(len(values))),
            partial=min(1, len(values)),
        ),
        Lines(
            title=name, numbers=RATE, periods=days(len(values)), grain="day", series=(series,),
            is_filled=True,
        ),
        Stacked(
            title=name, numbers=GBP, periods=days(len(values)), grain="day",
            groups=(series, series), partial=min(1, len(values)),
        ),
        Bars(
            title=name,
            numbers=GBP,
            rows=tuple(Bar(name=n, value=v, compared=v, note=name[:30]) for n, v in pairs),
            compared_with=name,
        ),
        Heatmap(
            title=name, numbers=RATE, rows=(name, "b"), columns=tuple(n for n, _ in pairs),
            values=(values, values), sizes=(12, None), row_title=name, column_title=name,
        ),
        Funnel(title=name, numbers=COUNT, steps=pairs),
        Waterfall(
            title=name, numbers=GBP, start=("before", 10), parts=pairs, end=(name, 20),
            better="higher",
        ),
        Sparkline(title=name, numbers=GBP, values=values, partial=min(1, len(values))),
        Intervals(
            title=name,
            numbers=RATE,
            rows=tuple(
                Interval(name=n, value=v, low=v, high=v, is_main=not at)
                for at, (n, v) in enumerate(pairs)
            ),
        ),
        Curve(
            title=name, numbers=GBP, points=points, x_title=name, x_numbers=RATE,
            marked=points[0] if points else None, mark=name if points else "",
        ),
        Calibration(title=name, numbers=RATE, points=parts, before=parts[:2]),
        Spans(title=name, numbers=COUNT, rows=_spans(name, len(values))),
        Histogram(
            title=name, numbers=RATE, bins=tuple(n for n, _ in pairs), values=values,
            compared=values[1:],
        ),
    ]  # fmt: skip


def _spans(name: str, count: int) -> tuple[TimeSpan, ...]:
    """A span after another, and a gap between the first two."""
    first = days(count * 60)
    found = [
        TimeSpan(name=f"{name}{at}", first=first[at * 60], last=first[at * 60 + 49], note=name)
        for at in range(min(count, 40))
    ]
    if len(found) > 1:
        found.append(
            TimeSpan(name=name, first=found[0].last, last=found[1].first, note=name, is_gap=True)
        )
    return tuple(found)
