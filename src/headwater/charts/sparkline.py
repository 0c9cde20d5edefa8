"""The trend at a glance: a line without axes, its last point marked."""

from __future__ import annotations

from headwater.charts.lines import positions
from headwater.charts.marks import Drawing, group, tag
from headwater.charts.model import Sparkline, numbers_of
from headwater.charts.paths import Grid, runs, thinned
from headwater.charts.scale import scale_of
from headwater.charts.theme import Theme


def draw_sparkline(chart: Sparkline, width: float, height: float, theme: Theme) -> Drawing:
    """The line; what is not complete is dashed and ends in a hollow dot."""
    found = numbers_of(chart.values)
    scale = scale_of([v for v in found if v is not None], height - 5, 10 - height, may_cut=True)
    xs = positions(len(found), 4, width - 5)
    heights = [None if value is None else scale.at(value) for value in found]
    grid = Grid.of(xs[1] - xs[0] if len(xs) > 1 else 1.0)
    whole = len(found) - chart.partial
    solid = "".join(grid.path(thinned(run)) for run in runs(xs[:whole], heights[:whole]))
    tail = slice(max(0, whole - 1), None)
    dashed = "".join(grid.path(run) for run in runs(xs[tail], heights[tail]) if len(run) > 1)
    lines = [tag("path", d=solid)] if solid else []
    if chart.partial and dashed:
        dash = f"{grid.width(2):.3g} {grid.width(3):.3g}"
        lines.append(tag("path", d=dashed, stroke_dasharray=dash))
    marks = [
        group(
            lines,
            transform=grid.transform,
            fill="none",
            stroke=theme["line"],
            stroke_width=grid.width(1.5),
            stroke_linejoin="round",
            stroke_linecap="round",
        )
    ]
    last = next((at for at in reversed(range(len(found))) if heights[at] is not None), None)
    if last is not None:
        is_whole = last < whole
        marks.append(
            tag(
                "circle",
                cx=xs[last],
                cy=heights[last],
                r=2.5,
                fill=theme["line"] if is_whole else theme["paper"],
                stroke=None if is_whole else theme["line"],
                stroke_width=1.25,
            )
        )
    return Drawing(width=width, height=height, marks=tuple(marks))
