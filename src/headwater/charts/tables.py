"""A chart's numbers as a table, for whoever does not see the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from headwater.charts.calendar import period_text
from headwater.charts.lines import MOST_LINES
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
)
from headwater.charts.stacked import main_groups

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataTable:
    """Heads and rows, as text. The first column names the row. `count` rows there are in all."""

    heads: Row
    rows: tuple[Row, ...]
    count: int


def _chosen(count: int, most: int | None) -> range:
    """The rows that are shown: evenly chosen, the last among them, so that pages stay small."""
    step = 1 if most is None else max(1, -(-count // most))
    return range((count - 1) % step if count else 0, count, step)


def data_table(chart: Chart, most: int | None = None) -> DataTable:
    """The numbers that the chart shows; of long ones at most so many rows."""
    heads, count, row = _rows(chart)
    return DataTable(heads, tuple(row(at) for at in _chosen(count, most)), count)


def _rows(chart: Chart) -> tuple[Row, int, Callable[[int], Row]]:
    """The heads, how many rows there are, and how each is written."""
    text = chart.numbers.text
    match chart:
        case Lines():
            return _lines(chart)
        case Stacked():
            groups = main_groups(chart)
            return (
                ("Period", *(each.name for each in groups)),
                len(chart.periods),
                lambda at: (
                    period_text(chart.periods[at], chart.grain),
                    *(text(each.values[at]) for each in groups),
                ),
            )
        case Bars():
            return _bars(chart)
        case Heatmap():
            width = len(chart.columns)
            heads = (chart.row_title or "Row", *chart.columns)
            return (
                heads,
                len(chart.rows),
                lambda at: (chart.rows[at], *_cells(chart, chart.values[at], width)),
            )
        case Funnel():
            return _pairs("Step", chart, chart.steps)
        case Waterfall():
            return _pairs("Part", chart, (chart.start, *chart.parts, chart.end))
        case Sparkline():
            return _pairs(
                "Period", chart, tuple((str(at + 1), v) for at, v in enumerate(chart.values))
            )
        case _:
            return _study(chart)


def _study(chart: Study) -> tuple[Row, int, Callable[[int], Row]]:
    match chart:
        case Intervals():
            heads = ("Name", chart.title, "Lowest", "Highest")
            return heads, len(chart.rows), lambda at: _interval(chart, at)
        case Curve():
            return _curve(chart)
        case Calibration():
            return (
                ("Predicted", "Observed", "Rows"),
                len(chart.points),
                lambda at: _predicted(chart, at),
            )
        case Spans():
            heads = ("Name", "First day", "Last day", "What")
            return heads, len(chart.rows), lambda at: _span(chart, at)
        case Histogram():
            return _histogram(chart)


def _pairs(
    head: str, chart: Chart, pairs: Sequence[tuple[str, Value]]
) -> tuple[Row, int, Callable[[int], Row]]:
    text = chart.numbers.text
    return (head, chart.title), len(pairs), lambda at: (pairs[at][0], text(pairs[at][1]))


def _cells(chart: Heatmap, row: tuple[Value, ...], width: int) -> Row:
    return tuple(chart.numbers.text(row[at] if at < len(row) else None) for at in range(width))


def _lines(chart: Lines) -> tuple[Row, int, Callable[[int], Row]]:
    text = chart.numbers.text
    series = [*chart.series[:MOST_LINES], *([chart.comparison] if chart.comparison else [])]
    heads = ["Period", *(each.name for each in series), *(["Expected"] if chart.band else [])]

    def row(at: int) -> Row:
        cells = [text(each.values[at]) for each in series]
        if chart.band:
            pair = chart.band[at]
            cells.append(f"{text(pair[0])} to {text(pair[1])}" if pair else "–")
        return (period_text(chart.periods[at], chart.grain), *cells)

    return tuple(heads), len(chart.periods), row


def _bars(chart: Bars) -> tuple[Row, int, Callable[[int], Row]]:
    if not chart.compared_with:
        return _pairs("Name", chart, [(bar.name, bar.value) for bar in chart.rows])
    text = chart.numbers.text

    def row(at: int) -> Row:
        bar = chart.rows[at]
        return (bar.name, text(bar.value), text(bar.compared), bar.note)

    return ("Name", chart.title, chart.compared_with, "Change"), len(chart.rows), row


def _interval(chart: Intervals, at: int) -> Row:
    row, text = chart.rows[at], chart.numbers.text
    return (row.name, text(row.value), text(row.low), text(row.high))


def _curve(chart: Curve) -> tuple[Row, int, Callable[[int], Row]]:
    points, x, y = chart.points, chart.x_numbers.text, chart.numbers.text
    heads = (chart.x_title or "At", chart.title)
    return heads, len(points), lambda at: (x(points[at][0]), y(points[at][1]))


def _predicted(chart: Calibration, at: int) -> Row:
    point, text = chart.points[at], chart.numbers.text
    return (text(point.predicted), text(point.observed), f"{point.rows:,}")


def _span(chart: Spans, at: int) -> Row:
    row = chart.rows[at]
    return (row.name, period_text(row.first, "day"), period_text(row.last, "day"), row.note)


def _histogram(chart: Histogram) -> tuple[Row, int, Callable[[int], Row]]:
    text = chart.numbers.text
    heads = ("Bin", "Share", *(("Before",) if chart.compared else ()))

    def row(at: int) -> Row:
        before = (text(chart.compared[at]),) if at < len(chart.compared) else ()
        return (chart.bins[at], text(chart.values[at]), *before)

    return heads, min(len(chart.bins), len(chart.values)), row
