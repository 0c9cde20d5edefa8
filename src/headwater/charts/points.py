"""What the small script of the page needs to answer a pointer or the keyboard, in few bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence

from headwater.charts.calendar import period_text
from headwater.charts.lines import MOST_LINES
from headwater.charts.model import Annotation, Lines, Numbers, Stacked, Value, number
from headwater.charts.stacked import main_groups
from headwater.charts.text import clean


def points_json(chart: Lines | Stacked) -> str:
    """Names, periods, values, number format and annotations (see `web/static/charts.js`).

    Days are told by the first alone, other periods by their texts.
    """
    names: list[str]
    if isinstance(chart, Stacked):
        groups = main_groups(chart)
        names, values = [each.name for each in groups], [each.values for each in groups]
    else:
        drawn = chart.series[:MOST_LINES]
        names = [each.name for each in drawn]
        values = [each.values for each in drawn]
        if chart.comparison:
            names.append(chart.comparison.name)
            values.append(chart.comparison.values)
    numbers = chart.numbers
    found: dict[str, object] = {
        "n": [clean(name) for name in names],
        "v": [_rounded(each, numbers) for each in values],
        "f": [numbers.prefix, numbers.suffix, _decimals(numbers, values), int(numbers.is_rate)],
        "t": _periods(chart),
    }
    if numbers.is_duration:  # their texts follow rules that no script needs to know
        found["s"] = [[numbers.text(number(value)) for value in each] for each in values]
    if chart.annotations:
        found["a"] = _annotations(chart.annotations, len(chart.periods))
    if chart.partial:
        found["p"] = chart.partial
    if isinstance(chart, Lines) and chart.unusual:
        found["u"] = [at for at in chart.unusual if at < len(chart.periods)]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _decimals(numbers: Numbers, values: Sequence[Sequence[Value]]) -> int:
    if numbers.decimals is not None:
        return numbers.decimals
    found = [here for each in values for value in each if (here := number(value)) is not None]
    return 0 if all(value == int(value) for value in found) else 2


def _rounded(values: Sequence[Value], numbers: Numbers) -> list[float | None]:
    """Values with the digits that are shown, whole ones as such."""
    digits = _decimals(numbers, [values]) + (2 if numbers.is_rate else 0)
    found: list[float | None] = []
    for value in map(number, values):
        if value is None:
            found.append(None)
        else:
            short = round(value, digits)
            found.append(int(short) if short == int(short) else short)
    return found


def _periods(chart: Lines | Stacked) -> str | list[str]:
    if chart.grain == "day" and chart.periods:
        first, last = chart.periods[0], chart.periods[-1]
        if (last - first).days == len(chart.periods) - 1:
            return first.isoformat()
    return [period_text(period, chart.grain) for period in chart.periods]


def _annotations(annotations: Sequence[Annotation], count: int) -> list[tuple[int, str]]:
    return [(each.at, clean(each.label)) for each in annotations if 0 <= each.at < count]
