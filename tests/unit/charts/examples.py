"""Charts for tests: usual ones, and those that break drawings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from headwater.charts.model import (
    Annotation,
    Bar,
    Bars,
    Chart,
    Funnel,
    Heatmap,
    Lines,
    Series,
    Sparkline,
    Stacked,
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
    ]  # fmt: skip
