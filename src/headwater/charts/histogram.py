"""Shares by bin at a glance: columns without axes; what they were before as thin lines across."""

from __future__ import annotations

from headwater.charts.marks import Drawing, px, tag
from headwater.charts.model import Histogram, numbers_of
from headwater.charts.theme import Theme


def draw_histogram(chart: Histogram, width: float, height: float, theme: Theme) -> Drawing:
    """The columns, from the same base line."""
    found = [max(0.0, value or 0.0) for value in numbers_of(chart.values)]
    before = [max(0.0, value or 0.0) for value in numbers_of(chart.compared)]
    most = max((*found, *before), default=0.0) or 1.0
    step = (width - 2) / max(1, len(found))
    gap = min(2.0, step / 4)
    bars, lines = "", ""
    for at, value in enumerate(found):
        left, tall = 1 + at * step, (height - 4) * (value / most)
        bars += (
            f"M{px(left)} {px(height - 1)}v{px(-max(tall, 0.6))}h{px(step - gap)}V{px(height - 1)}z"
        )
        if at < len(before):
            level = height - 1 - (height - 4) * (before[at] / most)
            lines += f"M{px(left)} {px(level)}h{px(step - gap)}"
    marks = (
        [tag("path", d=bars, fill=theme["line"], fill_opacity="0.55" if before else "0.8")]
        if bars
        else []
    )
    if lines:
        marks.append(tag("path", d=lines, stroke=theme["ink"], stroke_width=1.5, fill="none"))
    return Drawing(width=width, height=height, marks=tuple(marks))
