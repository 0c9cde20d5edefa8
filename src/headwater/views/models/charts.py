"""A training report as charts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Final

from headwater.charts.model import (
    Bar,
    Bars,
    Calibration,
    Chart,
    Curve,
    Interval,
    Intervals,
    Predicted,
    Spans,
    TimeSpan,
)
from headwater.learning.report import Decile, Evaluation, Importance, TrainingReport
from headwater.semantics.formats import NumberFormat
from headwater.views.figures import count
from headwater.views.models.figures import (
    BASELINES,
    COUNT,
    FIGURES,
    NUMBER,
    PERCENT,
    SHARE,
    FigureSort,
    figure_of,
)

MOST_FEATURES: Final = 15
MOST_DEPENDENCES: Final = 6
#: What chance gives by definition would only widen the axis.
_KNOWN: Final = {(BASELINES["majority"], name) for name in ("auc", "pr_auc", "lift")}
_PARTS: Final = {"train": "Training", "calibrate": "Calibration", "test": "Test"}


def figure_charts(report: TrainingReport, name: str) -> Iterator[tuple[FigureSort, Intervals]]:
    """Each figure of the model beside the champion and the baselines; `name` is the model's."""
    others: list[tuple[str, Evaluation | None]] = [("Published now", report.champion)]
    others += [(words, report.baselines.get(key)) for key, words in BASELINES.items()]
    for sort in FIGURES.values():
        own = figure_of(report.test, sort.name)
        rows = [Interval(name=name, value=own.value, low=own.low, high=own.high, is_main=True)]
        for words, found in others:
            figure = figure_of(found, sort.name)
            if figure.value is not None and (words, sort.name) not in _KNOWN:
                rows.append(
                    Interval(name=words, value=figure.value, low=figure.low, high=figure.high)
                )
        if own.value is not None:
            yield sort, Intervals(title=sort.title, numbers=sort.numbers, rows=tuple(rows))


def split_chart(report: TrainingReport) -> Spans | None:
    """The parts of the rows in time; what lies between is the embargo."""
    if report.split_mode == "random" or not report.parts:
        return None
    parts = [part for name in _PARTS for part in report.parts if part.name == name and part.rows]
    rows = [
        TimeSpan(
            name=_PARTS[part.name],
            first=part.first,
            last=part.last,
            note=f"{count(part.rows, 'row')}, {SHARE.text(part.positives / part.rows)} positive",
        )
        for part in parts
    ]
    rows += [
        TimeSpan(name="Embargo", first=_after(a.last), last=b.first, note="no rows", is_gap=True)
        for a, b in pairwise(parts)
        if _after(a.last) < b.first
    ]
    return Spans(title="How rows are split", numbers=COUNT, rows=tuple(rows))


def _after(day: date) -> date:
    return day + timedelta(days=1)


def calibration_chart(report: TrainingReport) -> Calibration | None:
    """Predicted against observed, by tenths of the test."""
    if not report.test.deciles:
        return None
    before = report.uncalibrated.deciles if report.uncalibrated is not None else ()
    return Calibration(
        title="Calibration",
        numbers=SHARE,
        points=_predicted(report.test.deciles),
        before=_predicted(before),
    )


def _predicted(deciles: tuple[Decile, ...]) -> tuple[Predicted, ...]:
    return tuple(
        Predicted(predicted=each.predicted, observed=each.observed, rows=each.rows)
        for each in deciles
    )


def profit_chart(report: TrainingReport, money: NumberFormat) -> Curve | None:
    """What contacting the highest scores brings, by how many are contacted."""
    best = report.campaign
    if best is None or not best.curve:
        return None
    share = best.contacted / report.test.rows if report.test.rows else 0.0
    return Curve(
        title="Profit",
        numbers=money,
        points=best.curve,
        x_title="Share contacted, highest scores first",
        x_numbers=SHARE,
        marked=(share, best.profit) if best.contacted else None,
        mark=f"{money.text(best.profit)} at {SHARE.text(share)}" if best.contacted else "",
    )


def importance_chart(report: TrainingReport) -> Bars | None:
    """What the scores rest on."""
    if not report.importance:
        return None
    found = sorted(report.importance, key=lambda each: -each.contribution)
    return Bars(
        title="Mean contribution in log-odds",
        numbers=FIGURES["auc"].numbers,
        rows=tuple(
            Bar(name=each.feature, value=each.contribution) for each in found[:MOST_FEATURES]
        ),
        more=max(0, len(found) - MOST_FEATURES),
    )


def dependence_charts(report: TrainingReport) -> Iterator[tuple[str, Chart]]:
    """How the mean score goes with the value of each of the most important features."""
    found = sorted(report.importance, key=lambda each: -each.contribution)
    shown = [each for each in found if each.dependence][:MOST_DEPENDENCES]
    for each in shown:
        yield each.feature, _dependence(each)


def _dependence(each: Importance) -> Chart:
    numbers = [(value, score) for value, score in each.dependence if not isinstance(value, str)]
    if len(numbers) == len(each.dependence):
        return Curve(
            title=f"Mean score by {each.feature}",
            numbers=PERCENT,
            points=tuple(numbers),
            x_title=each.feature,
            x_numbers=NUMBER,
        )
    return Bars(
        title=f"Mean score by {each.feature}",
        numbers=PERCENT,
        rows=tuple(Bar(name=str(value), value=score) for value, score in each.dependence),
    )


def backtest_chart(report: TrainingReport) -> Intervals | None:
    """AUC by origin, the final test below."""
    if not report.backtest:
        return None
    rows = [
        Interval(
            name=f"from {each.origin:%b %Y}",
            value=each.auc.value,
            low=each.auc.low,
            high=each.auc.high,
        )
        for each in report.backtest
    ]
    own = figure_of(report.test, "auc")
    rows.append(
        Interval(name="the test", value=own.value, low=own.low, high=own.high, is_main=True)
    )
    return Intervals(title="AUC by origin", numbers=FIGURES["auc"].numbers, rows=tuple(rows))
