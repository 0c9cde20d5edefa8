"""What a chart says, in a sentence: for screen readers, and where no picture is shown."""

from __future__ import annotations

from collections.abc import Sequence

from headwater.charts.calendar import period_text, span_text
from headwater.charts.model import (
    Bars,
    Calibration,
    Chart,
    Curve,
    Funnel,
    Heatmap,
    Histogram,
    Intervals,
    Lines,
    Spans,
    Sparkline,
    Stacked,
    Study,
    Value,
    Waterfall,
    number,
    numbers_of,
)
from headwater.charts.stacked import main_groups

EMPTY = "no data"


def summary(chart: Chart) -> str:
    """A title and a sentence from the data, such as `Revenue, Jan 2011 to Nov 2011: from …`."""
    match chart:
        case Lines():
            said = _lines(chart)
        case Stacked():
            said = _stacked(chart)
        case Bars():
            said = _bars(chart)
        case Heatmap():
            said = _heatmap(chart)
        case Funnel():
            said = _funnel(chart)
        case Waterfall():
            said = _waterfall(chart)
        case Sparkline():
            said = f": {_course(chart.values, chart)}"
        case _:
            said = _study(chart)
    return f"{chart.title}{said}."


def _course(values: Sequence[Value], chart: Lines | Sparkline) -> str:
    known = [(number(value), value) for value in values]
    found = [(drawn, value) for drawn, value in known if drawn is not None]
    if not found:
        return EMPTY
    text = chart.numbers.compact
    if len(found) == 1:
        return text(found[0][1])
    low, high = min(found, key=_drawn), max(found, key=_drawn)
    ends = f"from {text(found[0][1])} to {text(found[-1][1])}"
    return f"{ends}, lowest {text(low[1])}, highest {text(high[1])}"


def _drawn(pair: tuple[float, Value]) -> float:
    return pair[0]


def _lines(chart: Lines) -> str:
    span = f", {span_text(chart.periods, chart.grain)}"
    if not chart.series:
        return f"{span}: {EMPTY}"
    if len(chart.series) == 1:
        said = f"{span}: {_course(chart.series[0].values, chart)}"
    else:
        parts = [f"{each.name} {_course(each.values, chart)}" for each in chart.series[:6]]
        said = f"{span}: {'; '.join(parts)}"
    if chart.target is not None:
        said += f"; target {chart.numbers.compact(chart.target)}"
    if chart.unusual:
        days = [period_text(chart.periods[at], chart.grain) for at in chart.unusual[:3]]
        more = len(chart.unusual) - len(days)
        said += f"; unusual: {', '.join(days)}{f' and {more} more' if more > 0 else ''}"
    if chart.partial:
        said += f"; the last {chart.grain.replace('_', ' ')} is not complete"
    return said


def _stacked(chart: Stacked) -> str:
    span = f", {span_text(chart.periods, chart.grain)}"
    groups = main_groups(chart)
    if not groups or not chart.periods:
        return f"{span}: {EMPTY}"
    parts = [f"{each.name} {chart.numbers.compact(each.values[-1])}" for each in groups]
    return f"{span}; in the last {chart.grain.replace('_', ' ')}: {', '.join(parts)}"


def _bars(chart: Bars) -> str:
    if not chart.rows:
        return f": {EMPTY}"
    parts = [f"{bar.name} {chart.numbers.compact(bar.value)}" for bar in chart.rows[:5]]
    more = chart.more + max(0, len(chart.rows) - 5)
    return f": {', '.join(parts)}{f', and {more:,} more' if more else ''}"


def _heatmap(chart: Heatmap) -> str:
    drawn = [numbers_of(row[: len(chart.columns)]) for row in chart.values]
    known = [found for row in drawn for found in row if found is not None]
    if not known:
        return f": {EMPTY}"

    def said(found: float) -> str:
        at = next(at for at, row in enumerate(drawn) if found in row)
        place = f"{chart.rows[at]}, {chart.columns[drawn[at].index(found)]}"
        return f"{chart.numbers.compact(found)} ({place})"

    size = f"{len(chart.rows)} rows by {len(chart.columns)} columns"
    return f", {size}: from {said(min(known))} to {said(max(known))}"


def _funnel(chart: Funnel) -> str:
    if not chart.steps:
        return f": {EMPTY}"
    parts = [f"{name} {chart.numbers.compact(value)}" for name, value in chart.steps]
    return f": {', then '.join(parts)}"


def _waterfall(chart: Waterfall) -> str:
    text = chart.numbers.compact
    moved = sorted(chart.parts, key=lambda part: -abs(number(part[1]) or 0.0))[:3]
    parts = [f"{name} {text(value)}" for name, value in moved]
    first, last = chart.start, chart.end
    ends = f"from {text(first[1])} ({first[0]}) to {text(last[1])} ({last[0]})"
    most = f"; most: {', '.join(parts)}" if parts else ""
    return f" {ends}{most}"


def _study(chart: Study) -> str:
    match chart:
        case Intervals():
            return _intervals(chart)
        case Curve():
            return _curve(chart)
        case Calibration():
            return _calibration(chart)
        case Spans():
            return _spans(chart)
        case Histogram():
            return _histogram(chart)


def _intervals(chart: Intervals) -> str:
    text = chart.numbers.text
    parts = [
        f"{row.name} {text(row.value)}"
        + (f" ({text(row.low)} to {text(row.high)})" if row.low is not None else "")
        for row in chart.rows[:6]
        if number(row.value) is not None
    ]
    return f": {', '.join(parts) or EMPTY}"


def _curve(chart: Curve) -> str:
    known = [
        (y, b, a) for a, b in chart.points if (y := number(b)) is not None and number(a) is not None
    ]
    if not known:
        return f": {EMPTY}"
    text, at = chart.numbers.compact, chart.x_numbers.compact
    low, high = min(known, key=_first), max(known, key=_first)
    said = f", by {chart.x_title}: lowest {text(low[1])} at {at(low[2])}"
    said += f", highest {text(high[1])} at {at(high[2])}"
    return f"{said}; marked: {chart.mark}" if chart.mark else said


def _first(found: tuple[float, Value, Value]) -> float:
    return found[0]


def _calibration(chart: Calibration) -> str:
    text = chart.numbers.text
    known = [
        each
        for each in chart.points
        if number(each.predicted) is not None and number(each.observed) is not None
    ]
    if not known:
        return f": {EMPTY}"
    parts = [f"{text(each.predicted)} predicted, {text(each.observed)} observed" for each in known]
    shown = [parts[0]] if len(parts) == 1 else [parts[0], parts[len(parts) // 2], parts[-1]]
    return f", {len(known)} parts: {'; '.join(dict.fromkeys(shown))}"


def _spans(chart: Spans) -> str:
    parts = [
        f"{row.name} {span_text((row.first, row.last), 'day')}"
        for row in chart.rows[:8]
        if row.first <= row.last
    ]
    return f": {', '.join(parts) or EMPTY}"


def _histogram(chart: Histogram) -> str:
    known = [
        (found, name, value)
        for name, value in zip(chart.bins, chart.values, strict=False)
        if (found := number(value)) is not None
    ]
    if not known:
        return f": {EMPTY}"
    most = max(known, key=lambda each: each[0])
    return f", {len(known)} bins: most in {most[1]}, {chart.numbers.text(most[2])}"
