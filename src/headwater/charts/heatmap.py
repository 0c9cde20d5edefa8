"""Cohorts by step: the darker, the more; the values stand in the cells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from headwater.charts.marks import Drawing, group, px, tag, words
from headwater.charts.model import Heatmap, Value, number
from headwater.charts.text import SIZE, Markup, fit, width_of
from headwater.charts.theme import HEAT_STEPS, Theme

MOST_ROWS: Final = 40
MOST_COLUMNS: Final = 40
_ROW_HEIGHT: Final = 25.0
_HEAD: Final = 26.0
_NARROWEST: Final = 9.0
_WIDEST: Final = 64.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """Where cells stand. `suffix` is left out of their texts; None: they say nothing."""

    left: float
    top: float
    width: float
    suffix: str | None


def draw_heatmap(chart: Heatmap, width: float, theme: Theme) -> Drawing:
    """Rows of cells. Without room, cells say nothing, and later columns are left out."""
    rows, sizes = chart.rows[:MOST_ROWS], chart.sizes[:MOST_ROWS]
    names = min(
        max((width_of(name) for name in (*rows, chart.row_title)), default=0.0) + 10, width * 0.3
    )
    counts = [size_text(value) for value in sizes]
    beside = max((width_of(text) for text in counts), default=0.0) + 12 if counts else 0.0
    left = names + beside
    room = width - left
    count = max(1, min(len(chart.columns), MOST_COLUMNS, int(room / _NARROWEST)))
    cell = min(room / count, _WIDEST)
    columns = chart.columns[:count]
    texts = _texts(chart, count)
    suffix = "" if _fits(texts, cell) else chart.numbers.suffix  # said once above, if need be
    has_text = _fits([text.removesuffix(suffix) for text in texts], cell)
    said = chart.column_title
    if suffix and has_text:
        said = f"{said}, in {suffix.strip()}".lstrip(", ")
    head = _HEAD + (16 if said else 0)
    marks = _heads((chart.row_title, said), columns, left, cell, head, theme)
    for position, name in enumerate(rows):
        y = head + position * _ROW_HEIGHT + _ROW_HEIGHT / 2 + SIZE * 0.35
        marks.append(words(0, y, fit(name, names - 10)))
        if counts:
            marks.append(
                words(left - 8, y, counts[position], text_anchor="end", fill=theme["muted"])
            )
    cells = _Cells(left=left, top=head, width=cell, suffix=suffix if has_text else None)
    marks += _cells(chart, count, cells, theme)
    height = head + _ROW_HEIGHT * len(rows) + 2
    cut = _cut_text(chart, len(rows), count)
    if cut:
        height += 20
        marks.append(words(0, height - 6, fit(cut, width), fill=theme["muted"]))
    return Drawing(width=width, height=max(height, 24), marks=tuple(marks))


def _fits(texts: Iterable[str], cell: float) -> bool:
    return cell >= 4 + max(map(width_of, texts), default=0.0)


def _texts(chart: Heatmap, count: int) -> list[str]:
    return [
        chart.numbers.compact(value)
        for row in chart.values[:MOST_ROWS]
        for value in row[:count]
        if number(value) is not None
    ]


def _heads(
    titles: tuple[str, str],
    columns: tuple[str, ...],
    left: float,
    cell: float,
    head: float,
    theme: Theme,
) -> list[Markup]:
    """Names of columns, as many as have room, and above them what they are."""
    y = head - SIZE
    marks = [
        words(x, at, fit(text, room))
        for x, at, text, room in (
            (0.0, y, titles[0], left - 8),
            (left, SIZE, titles[1], cell * len(columns)),
        )
        if text
    ]
    free_from = left
    for position, name in enumerate(columns):
        text = fit(name, max(cell - 4, 40))
        middle = min(
            left + cell * (position + 0.5), left + cell * len(columns) - width_of(text) / 2
        )
        if middle - width_of(text) / 2 >= free_from - 8:
            marks.append(words(middle, y, text, text_anchor="middle"))
            free_from = middle + width_of(text) / 2 + 12
    return [group(marks, fill=theme["muted"])]


def _cells(chart: Heatmap, count: int, cells: _Cells, theme: Theme) -> list[Markup]:
    """Cells of one colour are one path."""
    paths: dict[int, str] = {}
    texts: dict[int, list[Markup]] = {}
    low, high = _range(chart, count)
    for row, values in enumerate(chart.values[:MOST_ROWS]):
        for column, value in enumerate(values[:count]):
            found = number(value)
            if found is None:
                continue
            step = _heat(found, low, high)
            x, y = cells.left + column * cells.width, cells.top + row * _ROW_HEIGHT
            size = f"h{px(cells.width - 1)}v{px(_ROW_HEIGHT - 1)}h{px(1 - cells.width)}z"
            paths[step] = paths.get(step, "") + f"M{px(x)} {px(y)}{size}"
            if cells.suffix is not None:
                said = chart.numbers.compact(value).removesuffix(cells.suffix)
                middle = y + _ROW_HEIGHT / 2 + SIZE * 0.35
                texts.setdefault(step, []).append(words(x + cells.width / 2, middle, said))
    return [
        *(tag("path", d=path, fill=theme[f"heat-{step}"]) for step, path in sorted(paths.items())),
        *(
            group(marks, fill=theme[f"heat-ink-{step}"], text_anchor="middle")
            for step, marks in sorted(texts.items())
        ),
    ]


def _range(chart: Heatmap, count: int) -> tuple[float, float]:
    """The lowest and the highest value, all ones (the whole cohort at its start) left out."""
    found = [
        v
        for row in chart.values[:MOST_ROWS]
        for each in row[:count]
        if (v := number(each)) is not None
    ]
    parts = [value for value in found if value != 1.0] if chart.numbers.is_rate else found
    chosen = parts or found or [0.0]
    return min(chosen), max(chosen)


def _heat(value: float, low: float, high: float) -> int:
    if high / 2 == low / 2:
        return HEAT_STEPS // 2
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return max(0, min(HEAT_STEPS - 1, int(share * HEAT_STEPS)))


def _cut_text(chart: Heatmap, rows: int, columns: int) -> str:
    parts = []
    if len(chart.rows) > rows:
        parts.append(f"{len(chart.rows) - rows:,} more rows")
    if len(chart.columns) > columns:
        parts.append(f"{len(chart.columns) - columns:,} more columns")
    return f"and {' and '.join(parts)}" if parts else ""


def size_text(value: Value) -> str:
    """How many a cohort began with."""
    found = number(value)
    return "–" if found is None else f"{found:,.0f}"
