"""A chart's numbers as a table, for whoever does not see the picture."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.charts.calendar import period_text
from headwater.charts.model import (
    Bars,
    Chart,
    Funnel,
    Heatmap,
    Lines,
    Sparkline,
    Stacked,
    Value,
    Waterfall,
)
from headwater.charts.stacked import main_groups

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataTable:
    """Heads and rows, as text. The first column names the row."""

    heads: Row
    rows: tuple[Row, ...]

    def thinned(self, most: int) -> DataTable:
        """At most so many rows, evenly chosen, the last among them: pages stay small."""
        count = len(self.rows)
        if count <= most:
            return self
        step = -(-count // most)
        return DataTable(self.heads, self.rows[(count - 1) % step :: step])


def data_table(chart: Chart) -> DataTable:
    """All numbers that the chart shows."""
    text = chart.numbers.text
    match chart:
        case Lines():
            return _lines(chart)
        case Stacked():
            groups = main_groups(chart)
            rows = [
                (period_text(period, chart.grain), *(text(each.values[at]) for each in groups))
                for at, period in enumerate(chart.periods)
            ]
            return DataTable(("Period", *(each.name for each in groups)), tuple(rows))
        case Bars():
            return _bars(chart)
        case Heatmap():
            width = len(chart.columns)
            cells = [
                (name, *_cells(chart, row, width))
                for name, row in zip(chart.rows, chart.values, strict=True)
            ]
            return DataTable((chart.row_title or "Row", *chart.columns), tuple(cells))
        case Funnel():
            return DataTable(
                ("Step", chart.title), tuple((name, text(value)) for name, value in chart.steps)
            )
        case Waterfall():
            parts = (chart.start, *chart.parts, chart.end)
            return DataTable(
                ("Part", chart.title), tuple((name, text(value)) for name, value in parts)
            )
        case Sparkline():
            values = tuple((str(at + 1), text(v)) for at, v in enumerate(chart.values))
            return DataTable(("Period", chart.title), values)


def _cells(chart: Heatmap, row: tuple[Value, ...], width: int) -> Row:
    return tuple(chart.numbers.text(row[at] if at < len(row) else None) for at in range(width))


def _lines(chart: Lines) -> DataTable:
    text = chart.numbers.text
    columns = [(each.name, [text(value) for value in each.values]) for each in chart.series]
    if chart.comparison:
        columns.append((chart.comparison.name, [text(v) for v in chart.comparison.values]))
    if chart.band:
        spans = [f"{text(pair[0])} to {text(pair[1])}" if pair else "–" for pair in chart.band]
        columns.append(("Expected", spans))
    rows = [
        (period_text(period, chart.grain), *(texts[at] for _, texts in columns))
        for at, period in enumerate(chart.periods)
    ]
    return DataTable(("Period", *(name for name, _ in columns)), tuple(rows))


def _bars(chart: Bars) -> DataTable:
    text = chart.numbers.text
    if not chart.compared_with:
        return DataTable(
            ("Name", chart.title), tuple((bar.name, text(bar.value)) for bar in chart.rows)
        )
    return DataTable(
        ("Name", chart.title, chart.compared_with, "Change"),
        tuple((bar.name, text(bar.value), text(bar.compared), bar.note) for bar in chart.rows),
    )
