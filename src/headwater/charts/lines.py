"""Lines and areas over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headwater.charts.frame import (
    EndLabel,
    axis_width,
    end_labels,
    flag_marks,
    flag_rows,
    label_width,
    place_flags,
    time_axis,
    value_axis,
)
from headwater.charts.key import KEY_HEIGHT, Sign, key_marks
from headwater.charts.marks import Drawing, Plot, group, px, tag
from headwater.charts.model import Lines, Value, number, numbers_of
from headwater.charts.paths import Grid, Point, runs, thinned
from headwater.charts.scale import Scale, scale_of
from headwater.charts.text import Markup
from headwater.charts.theme import Theme

MOST_LINES: Final = 6
_DENSE = 200  # points, from which on marks are smaller
_BAND_COLUMN = 3.0  # pixels: a band of many periods is drawn as its mean over so many


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    """Where a chart's data stand."""

    plot: Plot
    scale: Scale
    xs: tuple[float, ...]
    grid: Grid
    theme: Theme

    def heights(self, values: Sequence[Value]) -> list[float | None]:
        return [None if v is None else self.scale.at(v) for v in numbers_of(values)]


def draw_lines(chart: Lines, width: float, height: float, theme: Theme) -> Drawing:
    """The chart, with its axes, band, comparison, target, annotations, and marks."""
    shown = chart.series[:MOST_LINES]
    signs = _signs(chart, theme)
    names = _end_names(chart)
    scale = _scale(chart, 0, 1)
    left = axis_width(scale, chart.numbers)
    right = width - label_width(names, width)
    xs = positions(len(chart.periods), left + 6, right - 4)
    flags = place_flags(chart.annotations, xs, left, width - 4)
    top = 8 + (KEY_HEIGHT if signs else 0)
    height += flag_rows(flags)  # annotations take nothing away from the line
    plot_top = top + flag_rows(flags) + (4 if flags else 2)
    plot = Plot(left=left, top=plot_top, width=right - left, height=height - plot_top - 26)
    scale = _scale(chart, plot.bottom, -plot.height)
    step = xs[1] - xs[0] if len(xs) > 1 else 1.0
    frame = _Frame(plot=plot, scale=scale, xs=xs, grid=Grid.of(step), theme=theme)
    marks = [
        *key_marks(signs, plot.left - 4, 8, width, theme),
        *_band(chart, frame),
        *flag_marks(flags, top, plot, theme),
        *value_axis(scale, plot, chart.numbers, theme),
        *time_axis(chart.periods, chart.grain, xs, plot, theme),
        *_target(chart, frame),
        *_comparison(chart, frame),
    ]
    for position in reversed(range(len(shown))):
        marks += _line(chart, position, frame)
    marks += _unusual(chart, frame)
    marks += end_labels(_labels(chart, frame), plot, width)
    hover = f"{px(xs[0])} {px(xs[-1])} {px(plot.top)} {px(plot.bottom)}" if xs else ""
    hover += f" {scale.low:.6g} {scale.high:.6g}" if hover else ""
    return Drawing(width=width, height=height, marks=tuple(marks), hover=hover)


def positions(count: int, left: float, right: float) -> tuple[float, ...]:
    """Where periods stand; a single one stands at the right."""
    if count == 1:
        return (right,)
    return tuple(left + (right - left) * at / (count - 1) for at in range(count))


def _scale(chart: Lines, start: float, length: float) -> Scale:
    series = [*chart.series[:MOST_LINES], *([chart.comparison] if chart.comparison else [])]
    found = [v for each in series for v in numbers_of(each.values) if v is not None]
    lowest = _lowest(chart)
    found += [v for low, high in _limits(chart, lowest) for v in (low, high) if v is not None]
    target = number(chart.target)
    if target is not None:
        found.append(target)
    return scale_of(
        found,
        start,
        length,
        may_cut=not chart.is_filled,
        is_duration=chart.numbers.is_duration,
    )


def _end_names(chart: Lines) -> list[tuple[str, str]]:
    """What stands at the ends of lines: name and value."""
    numbers = chart.numbers
    names = [
        (_end_name(chart, position), numbers.compact(_last(each.values)[1]))
        for position, each in enumerate(chart.series[:MOST_LINES])
    ]
    if chart.comparison:
        names.append((chart.comparison.name, ""))
    if number(chart.target) is not None:
        names.append((f"target {numbers.compact(chart.target)}", ""))
    return names


def _end_name(chart: Lines, position: int) -> str:
    """What stands before the last value: a lone series needs no name, only that it goes on."""
    if len(chart.series) > 1:
        return chart.series[position].name
    at, _ = _last(chart.series[position].values)
    return "so far" if at is not None and at >= len(chart.periods) - chart.partial else ""


def _labels(chart: Lines, frame: _Frame) -> list[EndLabel]:
    labels = []
    for position, each in enumerate(chart.series[:MOST_LINES]):
        at, value = _last(each.values)
        height = frame.heights([value])[0]
        if at is not None and height is not None:
            name = _end_name(chart, position)
            colour = (
                frame.theme["muted"]
                if len(chart.series) == 1
                else _colour(chart, position, frame.theme)
            )
            labels.append(
                EndLabel(
                    y=height,
                    text=name,
                    colour=colour,
                    value=chart.numbers.compact(value),
                    rank=position,
                )
            )
    if chart.comparison:
        height = frame.heights([_last(chart.comparison.values)[1]])[0]
        if height is not None:
            muted = frame.theme["muted"]
            labels.append(EndLabel(y=height, text=chart.comparison.name, colour=muted, rank=20))
    target = number(chart.target)
    if target is not None:
        text = f"target {chart.numbers.compact(chart.target)}"
        place = frame.scale.at(target)
        labels.append(EndLabel(y=place, text=text, colour=frame.theme["muted"], rank=10))
    return labels


def _last(values: Sequence[Value]) -> tuple[int | None, Value]:
    found = numbers_of(values)
    for at in reversed(range(len(found))):
        if found[at] is not None:
            return at, values[at]
    return None, None


def _colour(chart: Lines, position: int, theme: Theme) -> str:
    return theme["line"] if len(chart.series) == 1 else theme.group(position)


def _line(chart: Lines, position: int, frame: _Frame) -> list[Markup]:
    """One series: solid where complete, dashed and hollow where not, dots where it stands alone."""
    values = chart.series[position].values
    heights = frame.heights(values)
    colour = _colour(chart, position, frame.theme)
    whole = len(values) - chart.partial
    marks = []
    solid = list(runs(frame.xs[:whole], heights[:whole]))
    if chart.is_filled and position == 0:
        marks += _fill(list(runs(frame.xs, heights)), frame)
    path = "".join(frame.grid.path(thinned(run)) for run in solid)
    rest = list(runs(frame.xs[max(0, whole - 1) :], heights[max(0, whole - 1) :]))
    dashed = "".join(frame.grid.path(run) for run in rest if len(run) > 1) if chart.partial else ""
    width = frame.grid.width(1.25 if len(values) > _DENSE else 1.75)
    shared: dict[str, str | float | None] = {
        "fill": "none",
        "stroke": colour,
        "stroke_width": width,
        "stroke_linejoin": "round",
        "stroke_linecap": "round",
    }
    dash = f"{frame.grid.width(2):.3g} {frame.grid.width(4):.3g}"
    lines = [tag("path", d=path)] if path else []
    lines += [tag("path", d=dashed, stroke_dasharray=dash)] if dashed else []
    marks.append(group(lines, transform=frame.grid.transform, **shared))
    marks += _dots(chart, heights, frame, colour)
    return marks


def _dots(
    chart: Lines, heights: Sequence[float | None], frame: _Frame, colour: str
) -> list[Markup]:
    """The last value as a dot, hollow where its period is not complete; lone values too."""
    drawn = list(runs(range(len(heights)), heights))
    alone = [int(run[0][0]) for run in drawn if len(run) == 1]
    last = [int(drawn[-1][-1][0])] if drawn else []
    marks = []
    for at in sorted({*last, *alone}):
        height = heights[at]
        if height is None:
            continue
        is_whole = at < len(heights) - chart.partial
        marks.append(
            tag(
                "circle",
                cx=frame.xs[at],
                cy=height,
                r=3.0,
                fill=colour if is_whole else frame.theme["paper"],
                stroke=frame.theme["paper"] if is_whole else colour,
                stroke_width=1.5,
            )
        )
    return marks


def _fill(solid: Sequence[Sequence[Point]], frame: _Frame) -> list[Markup]:
    base = frame.scale.at(0)
    path = "".join(
        frame.grid.path([(run[0][0], base), *thinned(run), (run[-1][0], base)], closed=True)
        for run in solid
    )
    if not path:
        return []
    return [tag("path", d=path, fill=frame.theme["fill"], transform=frame.grid.transform)]


def _band(chart: Lines, frame: _Frame) -> list[Markup]:
    pairs = _limits(chart, _lowest(chart))
    lows = frame.heights([pair[0] for pair in pairs])
    highs = frame.heights([pair[1] for pair in pairs])
    xs, lows, highs = _averaged(frame.xs[: len(pairs)], lows, highs)
    both = [low is not None and high is not None for low, high in zip(lows, highs, strict=True)]
    below = runs(xs, [low if ok else None for low, ok in zip(lows, both, strict=True)])
    above = runs(xs, [high if ok else None for high, ok in zip(highs, both, strict=True)])
    path = "".join(
        frame.grid.path([*up, *reversed(down)], closed=True)
        for up, down in zip(above, below, strict=True)
    )
    if not path:
        return []
    return [tag("path", d=path, fill=frame.theme["band"], transform=frame.grid.transform)]


def _lowest(chart: Lines) -> float | None:
    """Zero, where no value is below it: a band may then not go there either."""
    values = [v for each in chart.series for v in numbers_of(each.values) if v is not None]
    return 0.0 if values and min(values) >= 0 else None


def _limits(chart: Lines, lowest: float | None) -> list[tuple[float | None, float | None]]:
    found = []
    for pair in chart.band:
        low, high = (None, None) if pair is None else (number(pair[0]), number(pair[1]))
        if lowest is not None and low is not None and high is not None:
            low, high = max(low, lowest), max(high, lowest)
        found.append((low, high))
    return found


def _averaged(
    xs: Sequence[float], lows: Sequence[float | None], highs: Sequence[float | None]
) -> tuple[list[float], list[float | None], list[float | None]]:
    """Means over a few pixels, where there are more periods than an eye can tell apart."""
    if len(xs) < 2 or xs[1] - xs[0] >= _BAND_COLUMN / 2:
        return list(xs), list(lows), list(highs)
    size = max(2, round(_BAND_COLUMN / (xs[1] - xs[0])))
    starts = [*range(0, len(xs) - 1, size), len(xs) - 1]

    def mean(values: Sequence[float | None], start: int) -> float | None:
        found = [value for value in values[start : start + size] if value is not None]
        return sum(found) / len(found) if found else None

    return (
        [xs[start] for start in starts],
        [mean(lows, start) for start in starts],
        [mean(highs, start) for start in starts],
    )


def _target(chart: Lines, frame: _Frame) -> list[Markup]:
    target = number(chart.target)
    if target is None:
        return []
    path = f"M{px(frame.plot.left)} {px(frame.scale.at(target))}H{px(frame.plot.right)}"
    return [
        tag(
            "path",
            d=path,
            stroke=frame.theme["muted"],
            stroke_width=1.0,
            stroke_dasharray="6 3",
            fill="none",
        )
    ]


def _comparison(chart: Lines, frame: _Frame) -> list[Markup]:
    if chart.comparison is None:
        return []
    heights = frame.heights(chart.comparison.values)
    path = "".join(frame.grid.path(thinned(run)) for run in runs(frame.xs, heights))
    dash = f"{frame.grid.width(3):.3g} {frame.grid.width(3):.3g}"
    line = tag("path", d=path, stroke_dasharray=dash)
    return (
        [
            group(
                [line],
                transform=frame.grid.transform,
                fill="none",
                stroke=frame.theme["rule"],
                stroke_width=frame.grid.width(1.25),
            )
        ]
        if path
        else []
    )


def _unusual(chart: Lines, frame: _Frame) -> list[Markup]:
    """A diamond around each unusual value of the first series."""
    heights = frame.heights(chart.series[0].values) if chart.series else []
    size = px(4.5 if len(heights) > _DENSE else 5.5)
    around = f"l{size} {size}-{size} {size}-{size}-{size}z"
    path = "".join(
        f"M{px(frame.xs[at])} {px(height - float(size))}{around}"
        for at in sorted(set(chart.unusual))
        if 0 <= at < len(heights) and (height := heights[at]) is not None
    )
    if not path:
        return []
    return [
        tag(
            "path",
            d=path,
            fill=frame.theme["paper"],
            fill_opacity=0.6,
            stroke=frame.theme["alert"],
            stroke_width=1.5,
        )
    ]


def _signs(chart: Lines, theme: Theme) -> list[Sign]:
    """What the key explains: only what is there and does not explain itself."""
    signs = []
    if any(pair for pair in chart.band):
        signs.append(Sign(sort="band", colour=theme["band"], text="expected"))
    if chart.unusual:
        signs.append(Sign(sort="diamond", colour=theme["alert"], text="unusual"))
    if chart.partial and chart.series:
        colour = theme["line"] if len(chart.series) == 1 else theme["ink"]
        signs.append(
            Sign(sort="hollow", colour=colour, text=f"{chart.grain} so far".replace("_", " "))
        )
    more = len(chart.series) - MOST_LINES
    if more > 0:
        signs.append(Sign(sort="none", colour="", text=f"and {more:,} more, not drawn"))
    return signs
