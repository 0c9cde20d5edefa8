"""A chart in a page: drawn for wide and for narrow screens, with its values and its data table."""

from __future__ import annotations

from typing import Final

from headwater.charts.marks import document, tag
from headwater.charts.model import Chart, Histogram, Lines, Sparkline, Stacked
from headwater.charts.points import points_json
from headwater.charts.render import WIDTH, draw, has_data
from headwater.charts.sentences import summary
from headwater.charts.tables import data_table
from headwater.charts.text import Markup, escaped
from headwater.charts.theme import PAGE

NARROW: Final = 340.0
_MOST_ROWS: Final = 26


def figure(chart: Chart, *, width: float = WIDTH, height: float | None = None) -> Markup:
    """The chart as HTML. Text keeps its size on narrow screens, since those get their own drawing.

    `charts.css` shows one of the two; `charts.js` answers pointer and keyboard from `data-points`.
    """
    label = summary(chart)
    is_live = isinstance(chart, Lines | Stacked) and has_data(chart)
    widths = [(width, "chart")]
    if width > NARROW * 1.4 and not isinstance(chart, Sparkline | Histogram):
        widths = [(width, "chart chart-wide"), (NARROW, "chart chart-narrow")]
    pictures = [
        document(
            draw(chart, each, height if each == width else None, PAGE),
            label,
            PAGE["ink"],
            class_=name,
            is_live=is_live,
        )
        for each, name in widths
    ]
    points = points_json(chart) if is_live and isinstance(chart, Lines | Stacked) else None
    return tag("figure", *pictures, table_markup(chart), class_="chart-box", data_points=points)


def table_markup(chart: Chart) -> Markup:
    """The chart's numbers, folded away; of long series, rows evenly chosen."""
    shown = data_table(chart, _MOST_ROWS)
    heads = Markup("".join(tag("th", escaped(head), scope="col") for head in shown.heads))
    rows = [
        tag(
            "tr",
            tag("th", escaped(row[0]), scope="row"),
            *(tag("td", escaped(cell)) for cell in row[1:]),
        )
        for row in shown.rows
    ]
    few = len(shown.rows)
    said = "Data" if few == shown.count else f"Data, {few} of {shown.count:,} rows"
    return tag(
        "details",
        tag("summary", escaped(said)),
        tag("table", tag("thead", tag("tr", heads)), tag("tbody", *rows)),
        class_="chart-data",
    )
