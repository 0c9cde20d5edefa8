"""Groups over time that add up: columns for few periods, areas for many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from headwater.charts.lines import positions
from headwater.charts.marks import Drawing, Plot, group, px, tag
from headwater.charts.model import Series, Stacked, Value, numbers_of
from headwater.charts.paths import Grid
from headwater.charts.scale import Scale, scale_of
from headwater.charts.text import Markup
from headwater.charts.theme import GROUP_COLOURS, Theme

MOST_COLUMNS: Final = 40
Span = tuple[float, float]  # from and to which value


@dataclass(frozen=True, slots=True)
class Layer:
    """One group's part of the stack at each period, above and below the base line."""

    name: str
    colour: str
    above: tuple[Span, ...]
    below: tuple[Span, ...]


def main_groups(chart: Stacked) -> tuple[Series, ...]:
    """The greatest groups, and the others as one."""
    limit = max(1, min(chart.limit, GROUP_COLOURS))

    def size(series: Series) -> float:
        return sum(abs(value or 0.0) for value in numbers_of(series.values))

    ranked = sorted(chart.groups, key=lambda each: (-size(each), each.name))
    rest = ranked[limit:]
    if not rest:
        return tuple(ranked)
    sums: list[Value] = []
    for values in zip(*(numbers_of(each.values) for each in rest), strict=True):
        found = [value for value in values if value is not None]
        sums.append(sum(found) if found else None)
    return (*ranked[:limit], Series(name=f"{len(rest):,} others", values=tuple(sums)))


def layers_of(chart: Stacked, theme: Theme) -> list[Layer]:
    """The stack from the base line up; negative values go down from it."""
    up, down = [0.0] * len(chart.periods), [0.0] * len(chart.periods)
    layers = []
    groups = main_groups(chart)
    for position, each in enumerate(groups):
        values = [value or 0.0 for value in numbers_of(each.values)]
        above = tuple((low, low + max(v, 0.0)) for low, v in zip(up, values, strict=True))
        below = tuple((top, top + min(v, 0.0)) for top, v in zip(down, values, strict=True))
        up, down = [end for _, end in above], [end for _, end in below]
        is_rest = len(groups) < len(chart.groups) and position == len(groups) - 1
        colour = theme["others"] if is_rest else theme.group(position)
        layers.append(Layer(each.name, colour, above, below))
    return layers


def draw_stacked(chart: Stacked, width: float, height: float, theme: Theme) -> Drawing:
    """The chart, with names beside the last period."""
    layers = layers_of(chart, theme)
    values = [value for layer in layers for span in (*layer.above, *layer.below) for value in span]
    is_duration = chart.numbers.is_duration
    left = axis_width(scale_of(values, 0, 1, is_duration=is_duration), chart.numbers)
    names = [(layer.name, "") for layer in layers]
    right = width - label_width(names, width)
    is_columns = len(chart.periods) <= MOST_COLUMNS
    band = (right - left - 6) / max(1, len(chart.periods))
    inset = band / 2 if is_columns else 2.0
    xs = positions(len(chart.periods), left + 4 + inset, right - 2 - inset)
    signs = []
    if chart.partial and layers:
        text = f"{chart.grain} not complete".replace("_", " ")
        signs.append(Sign(sort="pale", colour=theme["ink"], text=text))
    flags = place_flags(chart.annotations, xs, left, width - 4)
    top = 8 + (KEY_HEIGHT if signs else 0)
    height += flag_rows(flags)  # annotations take nothing away from the stack
    plot_top = top + flag_rows(flags) + (4 if flags else 2)
    plot = Plot(left=left, top=plot_top, width=right - left, height=height - plot_top - 26)
    scale = scale_of(values, plot.bottom, -plot.height, is_duration=is_duration)
    draw = _columns if is_columns else _areas
    marks = [
        *key_marks(signs, plot.left - 4, 8, width, theme),
        *draw(layers, xs, scale, chart.partial, theme),
        *flag_marks(flags, top, plot, theme),
        *value_axis(scale, plot, chart.numbers, theme),
        *time_axis(chart.periods, chart.grain, xs, plot, theme),
    ]
    if scale.low < 0:
        zero = f"M{px(plot.left)} {px(scale.at(0))}H{px(plot.right)}"
        marks.append(tag("path", d=zero, stroke=theme["rule"]))
    if chart.periods:
        marks += end_labels(_names(layers, scale), plot, width)
    hover = f"{px(xs[0])} {px(xs[-1])} {px(plot.top)} {px(plot.bottom)}" if xs else ""
    return Drawing(width=width, height=height, marks=tuple(marks), hover=hover)


def _names(layers: Sequence[Layer], scale: Scale) -> list[EndLabel]:
    found = []
    for rank, layer in enumerate(layers):
        side = layer.below if layer.below[-1][0] != layer.below[-1][1] else layer.above
        low, high = side[-1]
        y = (scale.at(low) + scale.at(high)) / 2
        found.append(EndLabel(y=y, text=layer.name, colour=layer.colour, rank=rank))
    return found


def _columns(
    layers: Sequence[Layer], xs: Sequence[float], scale: Scale, partial: int, theme: Theme
) -> list[Markup]:
    step = xs[1] - xs[0] if len(xs) > 1 else 60.0
    width = min(step * 0.72, 46.0)
    whole = len(xs) - partial
    marks = []
    for layer in layers:
        paths = ["", ""]
        for at, (low, high) in _columns_of(layer):
            tall = scale.at(high) - scale.at(low)
            if abs(tall) >= 0.05:
                start = f"M{px(xs[at] - width / 2)} {px(scale.at(low))}"
                paths[at >= whole] += f"{start}v{px(tall)}h{px(width)}v{px(-tall)}z"
        marks += [
            tag("path", d=path, fill=layer.colour, fill_opacity=opacity)
            for path, opacity in zip(paths, (None, 0.45), strict=True)
            if path
        ]
    return [group(marks, stroke=theme["paper"], stroke_width=1.0)]


def _columns_of(layer: Layer) -> Iterator[tuple[int, Span]]:
    yield from enumerate(layer.above)
    yield from enumerate(layer.below)


def _is_there(layer: Layer, at: int) -> bool:
    return any(low != high for low, high in (layer.above[at], layer.below[at]))


def _areas(
    layers: Sequence[Layer], xs: Sequence[float], scale: Scale, partial: int, theme: Theme
) -> list[Markup]:
    """Each layer closed along its lower edge; parts below zero are a shape of their own.

    Periods without any value (a shop's closed days) are passed over.
    """
    grid = Grid.of(xs[1] - xs[0])
    held = [at for at in range(len(xs)) if any(_is_there(layer, at) for layer in layers)]
    marks = []
    for layer in layers:
        path = ""
        for spans in (layer.above, layer.below):
            if any(low != high for low, high in spans):
                far = [(xs[at], scale.at(spans[at][1])) for at in held]
                near = [(xs[at], scale.at(spans[at][0])) for at in held]
                path += grid.path([*far, *reversed(near)], closed=True)
        marks.append(tag("path", d=path, fill=layer.colour))
    found = [
        group(
            marks,
            transform=grid.transform,
            stroke=theme["paper"],
            stroke_width=grid.width(0.4),
            stroke_linejoin="round",
        )
    ]
    if partial:
        left = xs[max(0, len(xs) - partial - 1)]
        found.append(
            tag(
                "rect",
                x=left,
                y=scale.start + scale.length,
                width=xs[-1] - left,
                height=-scale.length,
                fill=theme["paper"],
                fill_opacity=0.55,
            )
        )
    return found
