"""What charts over time share: the axes, labels beside line ends, and annotations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from headwater.charts.calendar import axis_ticks
from headwater.charts.marks import Plot, group, px, tag, words
from headwater.charts.model import Annotation, Numbers
from headwater.charts.scale import Scale
from headwater.charts.text import BOLD, SIZE, Markup, escaped, fit, width_of
from headwater.charts.theme import Theme

_LINE_HEIGHT = 15.0
_ROW_HEIGHT = 17.0
_ROWS = 2
_LABEL_WIDTH = 170.0
_FEW = 3  # annotations that may be twice as long
_MORE_WIDTH = 26.0  # of ` +12`, kept free behind each label


@dataclass(frozen=True, slots=True, kw_only=True)
class EndLabel:
    """A name at the end of a line: where the line ends, and its rank when there is no room."""

    y: float
    text: str
    colour: str
    value: str = ""
    rank: int = 0  # lower is kept first


def label_width(labels: Iterable[tuple[str, str]], width: float) -> float:
    """Room for labels (name, value) to the right of the plot: at most 30 % of the width."""
    widest = max(
        (width_of(name) + width_of(value, is_bold=True) + 5 for name, value in labels), default=0.0
    )
    return min(widest + 10, width * 0.34) if widest else 8.0


def end_labels(labels: Sequence[EndLabel], plot: Plot, width: float) -> list[Markup]:
    """The labels beside the plot, moved apart so that none covers another."""
    most = max(1, int((plot.height + _LINE_HEIGHT) / _LINE_HEIGHT))
    kept = sorted(sorted(labels, key=lambda label: label.rank)[:most], key=lambda label: label.y)
    x = plot.right + 8
    marks = []
    for y, label in zip(_apart([label.y for label in kept], plot), kept, strict=True):
        room = width - x - (width_of(label.value, is_bold=True) + 5 if label.value else 0)
        name = fit(label.text, room)
        parts = [tag("tspan", escaped(name), fill=label.colour)] if name else []
        if label.value:
            value = fit(label.value, (width - x) / BOLD)
            attributes = {"dx": 4.0} if name else {}
            parts.append(tag("tspan", escaped(value), font_weight="600", **attributes))
        marks.append(tag("text", *parts, x=x, y=y + SIZE * 0.35))
    return marks


def _apart(places: Sequence[float], plot: Plot) -> list[float]:
    """Places in rising order, at least a line apart, inside of the plot."""
    found: list[float] = []
    for place in places:
        least = found[-1] + _LINE_HEIGHT if found else plot.top
        found.append(max(place, least))
    limit = plot.bottom
    for position in reversed(range(len(found))):
        found[position] = min(found[position], limit)
        limit = found[position] - _LINE_HEIGHT
    return found


def value_axis(scale: Scale, plot: Plot, numbers: Numbers, theme: Theme) -> list[Markup]:
    """Ticks with their texts to the left of the plot; a cut axis is marked as such."""
    texts = numbers.ticks(scale.ticks)
    marks = [
        words(plot.left - 9, scale.at(value) + SIZE * 0.35, text)
        for value, text in zip(scale.ticks, texts, strict=True)
    ]
    stubs = "".join(f"M{px(plot.left - 5)} {px(scale.at(value))}h4" for value in scale.ticks)
    found = [group(marks, text_anchor="end", fill=theme["muted"])]
    if stubs:
        found.append(tag("path", d=stubs, stroke=theme["rule"], fill="none"))
    if scale.is_cut:
        zigzag = f"M{px(plot.left)} {px(plot.bottom + 1)}v-4l-4-2 8-4-8-4 4-2v-4"
        found.append(tag("path", d=zigzag, stroke=theme["muted"], fill="none", class_="cut"))
    return found


def axis_width(scale: Scale, numbers: Numbers) -> float:
    """Room for the texts of the ticks."""
    return max((width_of(text) for text in numbers.ticks(scale.ticks)), default=0.0) + 12


def time_axis(
    periods: Sequence[date], grain: str, xs: Sequence[float], plot: Plot, theme: Theme
) -> list[Markup]:
    """The base line with at most four periods below it, none of them clipped or covered."""
    base = tag(
        "path",
        d=f"M{px(plot.left)} {px(plot.bottom)}H{px(plot.right)}",
        stroke=theme["rule"],
        fill="none",
    )
    marks = []
    stubs = ""
    free_from = 0.0
    for at, text in axis_ticks(periods, grain):
        width = width_of(text)
        x = xs[at]
        left = min(max(x - width / 2, plot.left - 4), plot.right - width)
        if left < free_from:
            continue
        free_from = left + width + 10
        stubs += f"M{px(x)} {px(plot.bottom)}v4"
        marks.append(words(left + width / 2, plot.bottom + 18, text))
    found = [base, group(marks, text_anchor="middle", fill=theme["muted"])]
    if stubs:
        found.append(tag("path", d=stubs, stroke=theme["rule"], fill="none"))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """An annotation with its place: the line's x, the text's left edge, its row from above."""

    x: float
    left: float
    row: int
    label: str
    more: int = 0  # others that found no room of their own

    @property
    def text(self) -> str:
        """The label, and how many more it speaks for."""
        return f"{self.label} +{self.more}" if self.more else self.label

    @property
    def right(self) -> float:
        """The right edge of its text, with room to say that there are more."""
        return self.left + width_of(self.label) + _MORE_WIDTH


def place_flags(
    annotations: Sequence[Annotation], xs: Sequence[float], left: float, right: float
) -> list[Flag]:
    """Annotations in at most two rows; those without room are counted on the one before.

    No text covers another or a line, or leaves `left`..`right`.
    """
    flags: list[Flag] = []
    most = _LABEL_WIDTH if len(annotations) > _FEW else 2 * _LABEL_WIDTH
    for x, label in sorted((xs[it.at], it.label) for it in annotations if 0 <= it.at < len(xs)):
        flag = _placed(x, fit(label, min(most, right - left - _MORE_WIDTH)), flags, left, right)
        if flag is not None:
            flags.append(flag)
        else:
            flags[-1] = replace(flags[-1], more=flags[-1].more + 1)
    return flags


def _placed(x: float, text: str, flags: Sequence[Flag], left: float, right: float) -> Flag | None:
    """Where a flag finds room; the first always does."""
    place = max(left, min(x + 4, right - width_of(text) - _MORE_WIDTH))
    for row in range(_ROWS):
        flag = Flag(x=x, left=place, row=row, label=text)
        beside = all(place > other.right for other in flags if other.row == row)
        crossed = any(place - 3 < other.x < flag.right for other in flags)
        crosses = any(o.left - 3 < x < o.right for o in flags if o.row > row)
        if not flags or (beside and not crossed and not crosses):
            return flag
    return None


def flag_rows(flags: Sequence[Flag]) -> float:
    """The height that the flags' texts take."""
    return _ROW_HEIGHT * max((flag.row + 1 for flag in flags), default=0)


def flag_marks(flags: Sequence[Flag], top: float, plot: Plot, theme: Theme) -> list[Markup]:
    """The lines and the texts above the plot."""
    lines = "".join(
        f"M{px(flag.x)} {px(top + flag.row * _ROW_HEIGHT + 3)}V{px(plot.bottom)}" for flag in flags
    )
    if not lines:
        return []
    return [
        tag("path", d=lines, stroke=theme["rule"], stroke_dasharray="1 3", fill="none"),
        group(
            (words(f.left, top + f.row * _ROW_HEIGHT + SIZE, f.text) for f in flags),
            fill=theme["muted"],
        ),
    ]
