"""Charts of one number against another: curves with a named point, predicted against observed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from headwater.charts.frame import axis_width, value_axis
from headwater.charts.key import KEY_HEIGHT, Sign, key_marks
from headwater.charts.marks import Drawing, Plot, group, px, tag, words
from headwater.charts.model import Calibration, Curve, Numbers, Predicted, number
from headwater.charts.scale import Scale, scale_of
from headwater.charts.text import BOLD, SIZE, Markup, fit, width_of
from headwater.charts.theme import Theme

_BELOW: Final = 44.0  # ticks and the title of the axis
_MOST_WIDE: Final = 420.0  # a plane whose axes are alike is no wider than high, about
_Dots = Sequence[tuple[float, float]]


def draw_curve(chart: Curve, width: float, height: float, theme: Theme) -> Drawing:
    """The line from left to right; the named point with a line down to its axis."""
    points = [
        (x, y) for a, b in chart.points if (x := number(a)) is not None
        if (y := number(b)) is not None
    ]  # fmt: skip
    points.sort(key=lambda point: point[0])
    ys = [y for _, y in points]
    mark = chart.marked
    marked = None if mark is None else (number(mark[0]), number(mark[1]))
    if marked is not None and marked[1] is not None:
        ys = [*ys, marked[1]]
    left = axis_width(scale_of(ys, 0, 1, may_cut=chart.may_cut), chart.numbers)
    top = 10.0 + (KEY_HEIGHT if chart.mark else 0.0)
    plot = Plot(left=left, top=top, width=width - left - 14, height=height - top - _BELOW)
    along = _along([x for x, _ in points], plot)
    up = scale_of(ys, plot.bottom, -plot.height, may_cut=chart.may_cut)
    path = "L".join(f"{px(along.at(x))} {px(up.at(y))}" for x, y in points)
    marks = [
        *value_axis(up, plot, chart.numbers, theme),
        *number_axis(along, plot, chart.x_numbers, chart.x_title, theme),
    ]
    if up.low < 0:
        zero = f"M{px(plot.left)} {px(up.at(0))}H{px(plot.right)}"
        marks.append(tag("path", d=zero, stroke=theme["rule"], stroke_dasharray="2 3"))
    marks.append(_line(f"M{path}", theme))
    if len(points) == 1:
        marks += _dots([(along.at(points[0][0]), up.at(points[0][1]))], theme["line"], theme)
    if marked is not None and marked[0] is not None and marked[1] is not None:
        marks += _named(along.at(marked[0]), up.at(marked[1]), chart.mark, plot, width, theme)
    return Drawing(width=width, height=height, marks=tuple(marks))


def draw_calibration(chart: Calibration, width: float, height: float, theme: Theme) -> Drawing:
    """Dots by predicted and observed share, the diagonal between; before calibration hollow."""
    width = min(width, _MOST_WIDE)
    height = max(height, width * 0.72)
    points, before = _pairs(chart.points), _pairs(chart.before)
    values = [value for pair in (*points, *before) for value in pair]
    left = axis_width(scale_of(values, 0, 1), chart.numbers)
    signs = [Sign(sort="none", colour=theme["muted"], text="Observed")]
    if before:
        signs.append(Sign(sort="hollow", colour=theme["muted"], text="before calibration"))
    top = 10.0 + KEY_HEIGHT
    plot = Plot(left=left, top=top, width=width - left - 14, height=height - top - _BELOW)
    along = scale_of(values, plot.left, plot.width)
    up = scale_of(values, plot.bottom, -plot.height)
    diagonal = f"M{px(along.at(along.low))} {px(up.at(up.low))}"
    diagonal += f"L{px(along.at(along.high))} {px(up.at(up.high))}"

    def places(pairs: _Dots) -> list[tuple[float, float]]:
        return [(along.at(x), up.at(y)) for x, y in pairs]

    path = "L".join(f"{px(x)} {px(y)}" for x, y in places(points))
    marks = [
        *key_marks(signs, 2, 8, width, theme),
        *value_axis(up, plot, chart.numbers, theme),
        *number_axis(along, plot, chart.numbers, "Predicted", theme),
        tag("path", d=diagonal, stroke=theme["rule"], stroke_dasharray="4 4", fill="none"),
        *_dots(places(before), theme["muted"], theme, is_hollow=True),
        *([_line(f"M{path}", theme, stroke_width=1.25)] if points else []),
        *_dots(places(points), theme["line"], theme),
    ]
    return Drawing(width=width, height=height, marks=tuple(marks))


def number_axis(
    scale: Scale, plot: Plot, numbers: Numbers, title: str, theme: Theme
) -> list[Markup]:
    """The base line with ticks and their texts below the plot, and what they mean."""
    base = tag("path", d=f"M{px(plot.left)} {px(plot.bottom)}H{px(plot.right)}",
               stroke=theme["rule"], fill="none")  # fmt: skip
    marks: list[Markup] = []
    stubs = ""
    free_from = 0.0
    for value, text in zip(scale.ticks, numbers.ticks(scale.ticks), strict=True):
        wide, x = width_of(text), scale.at(value)
        left = min(max(x - wide / 2, 0.0), plot.right + 12 - wide)
        if left < free_from:
            continue
        free_from = left + wide + 10
        stubs += f"M{px(x)} {px(plot.bottom)}v4"
        marks.append(words(left + wide / 2, plot.bottom + 18, text))
    if title:
        name = fit(title, plot.width)
        marks.append(words((plot.left + plot.right) / 2, plot.bottom + 36, name))
    found = [base, group(marks, text_anchor="middle", fill=theme["muted"])]
    if stubs:
        found.append(tag("path", d=stubs, stroke=theme["rule"], fill="none"))
    return found


def _along(values: Sequence[float], plot: Plot) -> Scale:
    """A scale of exactly these values, from edge to edge, with ticks at nice numbers."""
    low, high = min(values), max(values)
    if low == high:
        return scale_of(values, plot.left, plot.width)
    nice = scale_of(values, plot.left, plot.width, may_cut=True)
    ticks = tuple(tick for tick in nice.ticks if low <= tick <= high)
    return Scale(low=low, high=high, start=plot.left, length=plot.width, ticks=ticks)


def _pairs(found: Sequence[Predicted]) -> list[tuple[float, float]]:
    pairs = [(number(each.predicted), number(each.observed)) for each in found]
    return [(x, y) for x, y in pairs if x is not None and y is not None]


def _line(path: str, theme: Theme, stroke_width: float = 2.0) -> Markup:
    return tag("path", d=path, fill="none", stroke=theme["line"], stroke_width=stroke_width,
               stroke_linejoin="round", stroke_linecap="round")  # fmt: skip


def _dots(places: _Dots, colour: str, theme: Theme, *, is_hollow: bool = False) -> list[Markup]:
    return [
        tag(
            "circle",
            cx=x,
            cy=y,
            r=3.0 if is_hollow else 4.0,
            fill=theme["paper"] if is_hollow else colour,
            stroke=colour if is_hollow else theme["paper"],
            stroke_width=1.25,
        )
        for x, y in places
    ]


def _named(x: float, y: float, name: str, plot: Plot, width: float, theme: Theme) -> list[Markup]:
    """The point, a thin line through it, and its name above the plot."""
    text = fit(name, (width - 8) / BOLD)
    wide = width_of(text, is_bold=True)
    left = min(max(x - wide / 2, 2.0), width - wide - 2)
    line = f"M{px(x)} {px(plot.top - 6)}V{px(plot.bottom)}"
    return [
        tag("path", d=line, stroke=theme["rule"], stroke_dasharray="1 3", fill="none"),
        *_dots([(x, y)], theme["alert"], theme),
        words(left, 6 + SIZE, text, font_weight="600"),
    ]
