"""A chart → SVG: one renderer for pages, mail and PDF."""

from __future__ import annotations

from typing import Final

from headwater.charts.bars import draw_bars, draw_funnel, draw_waterfall
from headwater.charts.heatmap import draw_heatmap
from headwater.charts.histogram import draw_histogram
from headwater.charts.intervals import draw_intervals, draw_spans
from headwater.charts.lines import draw_lines
from headwater.charts.marks import Drawing, document, words
from headwater.charts.model import (
    Bars,
    Calibration,
    Chart,
    Curve,
    Funnel,
    Heatmap,
    Histogram,
    Intervals,
    Lines,
    Spans,
    Sparkline,
    Stacked,
    Study,
    Value,
    Waterfall,
    number,
)
from headwater.charts.plane import draw_calibration, draw_curve
from headwater.charts.sentences import summary
from headwater.charts.sparkline import draw_sparkline
from headwater.charts.stacked import draw_stacked
from headwater.charts.text import Markup, width_of
from headwater.charts.theme import PAGE, Theme

WIDTH: Final = 640.0
_SMALLEST: Final = 240.0


def svg(
    chart: Chart, *, width: float = WIDTH, height: float | None = None, theme: Theme = PAGE
) -> Markup:
    """The chart in that width; charts of rows find their own height."""
    return document(draw(chart, width, height, theme), summary(chart), theme["ink"])


def draw(chart: Chart, width: float, height: float | None, theme: Theme) -> Drawing:
    """The marks of a chart, before they become a document."""
    if isinstance(chart, Sparkline):
        return draw_sparkline(chart, max(width, 24.0), max(height or 36.0, 16.0), theme)
    if isinstance(chart, Histogram):
        return draw_histogram(chart, max(width, 24.0), max(height or 28.0, 16.0), theme)
    width = max(width, _SMALLEST)
    if not has_data(chart):
        return _empty(width, height or 96.0, theme)
    tall = max(120.0, height or _height(width))
    match chart:
        case Lines():
            return draw_lines(chart, width, tall, theme)
        case Stacked():
            return draw_stacked(chart, width, tall, theme)
        case Bars():
            return draw_bars(chart, width, theme)
        case Heatmap():
            return draw_heatmap(chart, width, theme)
        case Funnel():
            return draw_funnel(chart, width, theme)
        case Waterfall():
            return draw_waterfall(chart, width, theme)
        case _:
            return _draw_study(chart, width, tall, theme)


def _draw_study(chart: Study, width: float, tall: float, theme: Theme) -> Drawing:
    match chart:
        case Intervals():
            return draw_intervals(chart, width, theme)
        case Curve():
            return draw_curve(chart, width, tall, theme)
        case Calibration():
            return draw_calibration(chart, width, tall, theme)
        case Spans():
            return draw_spans(chart, width, theme)
        case Histogram():
            return draw_histogram(chart, width, tall, theme)


def _height(width: float) -> float:
    """Flat enough to see a slope, tall enough to read it."""
    return min(320.0, max(200.0, width * 0.36))


def has_data(chart: Chart) -> bool:
    """Whether there is any value to draw."""
    match chart:
        case Lines():
            values = [v for each in chart.series for v in each.values]
        case Stacked():
            values = [v for each in chart.groups for v in each.values]
        case Bars():
            values = [bar.value for bar in chart.rows]
        case Heatmap():
            values = [v for row in chart.values for v in row]
        case Funnel():
            values = [value for _, value in chart.steps]
        case Waterfall():
            values = [chart.start[1], chart.end[1]]
        case Sparkline() | Histogram():
            values = list(chart.values)
        case Intervals():
            values = [row.value for row in chart.rows]
        case Curve():
            values = [_both(x, y) for x, y in chart.points]
        case Calibration():
            values = [_both(each.predicted, each.observed) for each in chart.points]
        case Spans():
            return any(row.first <= row.last for row in chart.rows)
    return any(number(value) is not None for value in values)


def _both(x: Value, y: Value) -> Value:
    """The second where the first can be drawn too."""
    return y if number(x) is not None else None


def _empty(width: float, height: float, theme: Theme) -> Drawing:
    text = "No data in this period" if width > width_of("No data in this period") else "No data"
    mark = words(width / 2, height / 2, text, text_anchor="middle", fill=theme["muted"])
    return Drawing(width=width, height=height, marks=(mark,))
