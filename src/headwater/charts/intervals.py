"""Values as dots with their intervals, one row each; and spans of time on one axis."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from headwater.charts.frame import time_axis
from headwater.charts.marks import Drawing, Plot, px, tag, words
from headwater.charts.model import Interval, Intervals, Spans, TimeSpan, number
from headwater.charts.plane import number_axis
from headwater.charts.scale import Scale, scale_of
from headwater.charts.text import BOLD, SIZE, Markup, fit, width_of
from headwater.charts.theme import Theme

_ROW: Final = 30.0
_BAR: Final = 14.0
_NAME_SHARE: Final = 0.36
_MOST_ROWS: Final = 30
_WIDE: Final = 420.0  # from here on there is room for intervals as text


def draw_intervals(chart: Intervals, width: float, theme: Theme) -> Drawing:
    """Names left, dots with whiskers, values right."""
    rows = [row for row in chart.rows if number(row.value) is not None][:_MOST_ROWS]
    names = min(
        max(width_of(row.name, is_bold=row.is_main) for row in rows) + 16, width * _NAME_SHARE
    )
    texts = [_written(row, chart, width >= _WIDE) for row in rows]
    values = min(max(width_of(text, is_bold=True) for text in texts) + 18, width * 0.36)
    ends = [
        found
        for row in rows
        for value in (row.value, row.low, row.high)
        if (found := number(value)) is not None
    ]
    plot = Plot(left=names, top=4, width=width - names - values, height=_ROW * len(rows))
    scale = scale_of(ends, plot.left + 6, plot.width - 12, may_cut=True)
    marks = _grid(scale, plot, theme)
    for at, (row, text) in enumerate(zip(rows, texts, strict=True)):
        middle = plot.top + _ROW * (at + 0.5)
        marks += _interval(row, middle, scale, theme)
        weight = "600" if row.is_main else None
        room = (names - 14) / (BOLD if row.is_main else 1)
        y = middle + SIZE * 0.35
        marks.append(words(0, y, fit(row.name, room), font_weight=weight))
        value = fit(text, (values - 12) / BOLD)
        marks.append(words(width - 1, y, value, text_anchor="end", font_weight=weight))
    marks += number_axis(scale, plot, chart.numbers, "", theme)
    return Drawing(width=width, height=plot.bottom + 26, marks=tuple(marks))


def _written(row: Interval, chart: Intervals, is_wide: bool) -> str:
    text = chart.numbers.text
    if not is_wide or row.low is None or row.high is None:
        return text(row.value)
    return f"{text(row.value)} ({text(row.low)}–{text(row.high)})"


def _grid(scale: Scale, plot: Plot, theme: Theme) -> list[Markup]:
    lines = "".join(f"M{px(scale.at(t))} {px(plot.top)}V{px(plot.bottom)}" for t in scale.ticks)
    return [tag("path", d=lines, stroke=theme["faint"], fill="none")] if lines else []


def _interval(row: Interval, middle: float, scale: Scale, theme: Theme) -> list[Markup]:
    colour = theme["line"] if row.is_main else theme["others"]
    low, high, value = number(row.low), number(row.high), number(row.value)
    marks = []
    if low is not None and high is not None:
        left, right = px(scale.at(low)), px(scale.at(high))
        path = f"M{left} {px(middle)}H{right}M{left} {px(middle - 4)}v8M{right} {px(middle - 4)}v8"
        marks.append(tag("path", d=path, stroke=colour, stroke_width=1.75, fill="none"))
    if value is not None:
        dot = tag(
            "circle",
            cx=scale.at(value),
            cy=middle,
            r=5.0 if row.is_main else 4.0,
            fill=colour,
            stroke=theme["paper"],
            stroke_width=1.5,
        )
        marks.append(dot)
    return marks


def draw_spans(chart: Spans, width: float, theme: Theme) -> Drawing:
    """One row a span; gaps are hatched by dots, across all rows."""
    rows = [row for row in chart.rows if not row.is_gap and row.first <= row.last][:_MOST_ROWS]
    gaps = [row for row in chart.rows if row.is_gap and row.first <= row.last][:_MOST_ROWS]
    first = min(row.first for row in (*rows, *gaps))
    days = max((row.last - first).days + 1 for row in (*rows, *gaps))
    is_wide = width >= _WIDE
    names = min(max((width_of(row.name) for row in rows), default=0) + 14, width * 0.28)
    notes = max((width_of(row.note) for row in rows), default=0) + 14 if is_wide else 4.0
    notes = min(notes, width * 0.36)
    plot = Plot(left=names, top=4, width=width - names - notes, height=_ROW * max(1, len(rows)))

    def at(day: date) -> float:
        return plot.left + plot.width * (day - first).days / days

    marks = []
    for gap in gaps:
        left, right = at(gap.first), at(gap.last) + plot.width / days
        marks.append(
            tag(
                "rect",
                x=left,
                y=plot.top,
                width=max(1.0, right - left),
                height=plot.height,
                fill=theme["band"],
            )
        )
    for position, row in enumerate(rows):
        marks += _span(row, position, plot, at(row.first), at(row.last) + plot.width / days, theme)
        if is_wide:
            y = plot.top + _ROW * (position + 0.5) + SIZE * 0.35
            note = fit(row.note, notes - 10)
            marks.append(words(width - 1, y, note, text_anchor="end", fill=theme["muted"]))
    step = max(1, days // 400)
    shown = [first + timedelta(days=day) for day in range(0, days, step)]
    marks += time_axis(shown, "day", [at(day) for day in shown], plot, theme)
    return Drawing(width=width, height=plot.bottom + 26, marks=tuple(marks))


def _span(
    row: TimeSpan, position: int, plot: Plot, left: float, right: float, theme: Theme
) -> list[Markup]:
    middle = plot.top + _ROW * (position + 0.5)
    return [
        words(0, middle + SIZE * 0.35, fit(row.name, plot.left - 10)),
        tag(
            "rect",
            x=left,
            y=middle - _BAR / 2,
            width=max(2.0, right - left),
            height=_BAR,
            rx=2.0,
            fill=theme.group(position),
        ),
    ]
