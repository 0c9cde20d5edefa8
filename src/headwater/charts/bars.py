"""Charts of rows: ranked bars, funnels, contribution waterfalls. Names left, values at the bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from headwater.charts.key import KEY_HEIGHT, Sign, key_marks
from headwater.charts.marks import Drawing, Plot, group, px, tag, words
from headwater.charts.model import Bars, Funnel, Judged, Waterfall, judge, number
from headwater.charts.scale import Scale, scale_of
from headwater.charts.text import BOLD, SIZE, Markup, fit, width_of
from headwater.charts.theme import Theme

ROW_HEIGHT: Final = 28.0
BAR_HEIGHT: Final = 16.0
MOST_ROWS: Final = 30
_NAME_SHARE: Final = 0.37
_GAP: Final = 8.0
_LEAST_LENGTH: Final = 60.0  # of the longest bar, before notes give way


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row: a bar between two values, its texts, and a mark where it was before."""

    name: str
    start: float
    end: float | None
    value: str
    colour: str
    value_colour: str = ""
    note: str = ""
    note_colour: str = ""
    before: float | None = None
    is_strong: bool = False  # a total

    @property
    def is_below(self) -> bool:
        """Whether its bar goes from zero to the left."""
        return self.start == 0 and self.end is not None and self.end < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Where texts stand: right edges of names and values (None: at the bars), and their room."""

    names: float
    values: float | None
    width: float
    notes: float
    most: float  # of a value


def draw_bars(chart: Bars, width: float, theme: Theme) -> Drawing:
    """Ranked bars from zero; a thin mark says where each stood before."""
    rows = [
        _Row(
            name=bar.name,
            start=0.0,
            end=number(bar.value),
            value=chart.numbers.compact(bar.value),
            colour=theme["line"],
            note=bar.note,
            note_colour=_judged_colour(bar.judged, theme),
            before=number(bar.compared),
        )
        for bar in chart.rows[:MOST_ROWS]
    ]
    more = chart.more + max(0, len(chart.rows) - MOST_ROWS)
    signs = []
    if chart.compared_with and any(row.before is not None for row in rows):
        signs.append(Sign(sort="tick", colour=theme["ink"], text=chart.compared_with))
    after = f"and {more:,} more" if more else ""
    return _draw(rows, width, theme, signs=signs, after=after)


def draw_funnel(chart: Funnel, width: float, theme: Theme) -> Drawing:
    """How many are left after each step, and their share of the first and of the step before."""
    rows = []
    first = number(chart.steps[0][1]) if chart.steps else None
    before: float | None = None
    for name, value in chart.steps[:MOST_ROWS]:
        here = number(value)
        note = ""
        if before is not None and here is not None and before > 0 and first:
            note = f"{here / before:.0%} of the step before".replace("%", " %")
        rows.append(
            _Row(
                name=name,
                start=0.0,
                end=here,
                value=chart.numbers.compact(value),
                colour=theme["line"],
                note=note,
                note_colour=theme["muted"],
            )
        )
        before = here
    return _draw(rows, width, theme)


def draw_waterfall(chart: Waterfall, width: float, theme: Theme) -> Drawing:
    """From one total to another, part by part; each begins where the one before ended."""
    level = number(chart.start[1]) or 0.0
    rows = [
        _Row(
            name=chart.start[0],
            start=0.0,
            end=number(chart.start[1]),
            colour=theme["others"],
            value=chart.numbers.compact(chart.start[1]),
            is_strong=True,
        )
    ]
    for name, value in chart.parts[:MOST_ROWS]:
        moved = number(value) or 0.0
        colour = _judged_colour(judge(moved, chart.better), theme)
        rows.append(
            _Row(
                name=name,
                start=level,
                end=level + moved,
                value=_signed(chart, moved),
                value_colour=colour,
                colour=theme["line"] if colour == theme["muted"] else colour,
            )
        )
        level += moved
    rows.append(
        _Row(
            name=chart.end[0],
            start=0.0,
            end=number(chart.end[1]),
            colour=theme["others"],
            value=chart.numbers.compact(chart.end[1]),
            is_strong=True,
        )
    )
    return _draw(rows, width, theme, is_joined=True)


def _signed(chart: Waterfall, moved: float) -> str:
    if not moved:
        return chart.numbers.compact(0)
    sign = "▲ +" if moved > 0 else "▼ −"
    if chart.numbers.is_rate:
        return f"{sign}{abs(moved) * 100:.{max(1, chart.numbers.decimals or 0)}f} pt"
    return f"{sign}{chart.numbers.compact(abs(moved))}"


def _judged_colour(judged: Judged, theme: Theme) -> str:
    return theme["muted"] if judged == "neutral" else theme[judged]


def _draw(
    rows: Sequence[_Row],
    width: float,
    theme: Theme,
    *,
    signs: Sequence[Sign] = (),
    after: str = "",
    is_joined: bool = False,
) -> Drawing:
    """The rows below each other."""
    top = KEY_HEIGHT + 6 if signs else 2.0
    names = min(
        max((width_of(row.name, is_bold=row.is_strong) for row in rows), default=0.0) + 15,
        width * _NAME_SHARE,
    )
    values = max((width_of(row.value, is_bold=row.is_strong) for row in rows), default=0.0)
    is_both = any(row.is_below for row in rows)  # texts of negative bars stand left of them
    most = width * (0.24 if is_both else 0.4)
    values = min(values, most) + 2 * _GAP
    notes = min(max((width_of(row.note) for row in rows), default=0.0) + _GAP, width * 0.3)
    if notes <= _GAP or width - names - values - notes < _LEAST_LENGTH:
        notes = 0.0  # the table of the data has them
    # Beside marks of what was before, values stand in a column of their own.
    column = width - notes - 2 if any(row.before is not None for row in rows) else None
    ends = [
        value for row in rows for value in (row.start, row.end, row.before) if value is not None
    ]
    room = values if is_both else 0.0
    length = max(10.0, width - names - notes - values - room)
    plot = Plot(left=names + room, top=top, width=length, height=ROW_HEIGHT * len(rows))
    scale = scale_of(ends, plot.left, plot.width)
    marks = list(key_marks(signs, names, 6, width, theme)) if signs else []
    for position, row in enumerate(rows):
        middle = plot.top + ROW_HEIGHT * (position + 0.5)
        marks += _row_marks(row, middle, scale, theme)
        marks += _texts(
            row,
            middle,
            _Columns(names=names, values=column, width=width, notes=notes, most=most),
            scale,
        )
    marks += _base(scale, plot, theme) if rows else []
    if is_joined:
        marks += _joints(rows, plot, scale, theme)
    height = plot.bottom + 2
    if after:
        height += 22
        marks.append(words(names, height - 8, after, fill=theme["muted"]))
    return Drawing(width=width, height=max(height, 24), marks=tuple(marks))


def _row_marks(row: _Row, middle: float, scale: Scale, theme: Theme) -> list[Markup]:
    """The bar, at least so wide that it can be seen, and the mark of what was before."""
    marks = []
    if row.end is not None:
        left, right = sorted((scale.at(row.start), scale.at(row.end)))
        marks.append(
            tag(
                "rect",
                x=left,
                y=middle - BAR_HEIGHT / 2,
                width=max(right - left, 1.0),
                height=BAR_HEIGHT,
                rx=1.5,
                fill=row.colour,
            )
        )
    if row.before is not None:
        top = middle - BAR_HEIGHT / 2 - 3
        path = f"M{px(scale.at(row.before))} {px(top)}v{px(BAR_HEIGHT + 6)}"
        halo = tag("path", d=path, stroke=theme["paper"], stroke_width=3.5)
        marks += [halo, tag("path", d=path, stroke=theme["ink"], stroke_width=1.75)]
    return marks


def _texts(
    row: _Row,
    middle: float,
    columns: _Columns,
    scale: Scale,
) -> list[Markup]:
    """Name, value and note of a row, on one line."""
    y = middle + SIZE * 0.35
    weight = "600" if row.is_strong else None
    name = fit(row.name, (columns.names - 14) / (BOLD if row.is_strong else 1.0))
    value = fit(row.value, columns.most / (BOLD if row.is_strong else 1.0))
    marks = [words(columns.names - 12, y, name, text_anchor="end", font_weight=weight)]
    ends = [scale.at(row.start), scale.at(row.start if row.end is None else row.end)]
    if columns.values is not None:
        marks.append(words(columns.values, y, value, text_anchor="end"))
    elif row.is_below:
        marks.append(words(min(ends) - 7, y, value, text_anchor="end", font_weight=weight))
    else:
        colour = row.value_colour or None
        marks.append(words(max(ends) + 7, y, value, font_weight=weight, fill=colour))
    if row.note and columns.notes:
        note = fit(row.note, columns.notes)
        marks.append(words(columns.width - 1, y, note, text_anchor="end", fill=row.note_colour))
    return marks


def _base(scale: Scale, plot: Plot, theme: Theme) -> list[Markup]:
    path = f"M{px(scale.at(0))} {px(plot.top)}V{px(plot.bottom)}"
    return [tag("path", d=path, stroke=theme["rule"])]


def _joints(rows: Sequence[_Row], plot: Plot, scale: Scale, theme: Theme) -> list[Markup]:
    """Thin lines from the end of each bar to the next."""
    path = ""
    for position, row in enumerate(rows[:-1]):
        if row.end is not None:
            y = plot.top + ROW_HEIGHT * (position + 0.5) + BAR_HEIGHT / 2
            path += f"M{px(scale.at(row.end))} {px(y)}v{px(ROW_HEIGHT - BAR_HEIGHT)}"
    return [group([tag("path", d=path)], stroke=theme["rule"])] if path else []
