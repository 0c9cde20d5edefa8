"""A report as charts: whole with everything, and with nothing."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import date

from tests.unit.views.models.example import evaluation, report

from headwater.charts.figure import figure
from headwater.charts.model import Bars, Curve
from headwater.charts.sentences import summary
from headwater.learning.report import Evaluation
from headwater.semantics.formats import parse_format
from headwater.views.models import charts

GBP = parse_format("gbp")
BARE = report(
    parts=(),
    test=Evaluation(rows=0, positives=0, figures={}),
    baselines={},
    champion=None,
    uncalibrated=None,
    groups=(),
    campaign=None,
    importance=(),
    backtest=(),
)


def test_a_bare_report_has_no_charts() -> None:
    assert list(charts.figure_charts(BARE, "it")) == []
    assert list(charts.dependence_charts(BARE)) == []
    for make in (
        charts.split_chart,
        charts.calibration_chart,
        charts.importance_chart,
        charts.backtest_chart,
    ):
        assert make(BARE) is None
    assert charts.profit_chart(BARE, GBP) is None


def test_a_whole_report_is_drawn() -> None:
    found = report()
    every = [
        *(chart for _, chart in charts.figure_charts(found, "This version")),
        *(chart for _, chart in charts.dependence_charts(found)),
        charts.split_chart(found),
        charts.calibration_chart(found),
        charts.importance_chart(found),
        charts.backtest_chart(found),
        charts.profit_chart(found, GBP),
    ]
    for chart in every:
        assert chart is not None
        ET.fromstring(figure(chart))


def test_figures_stand_beside_champion_and_baselines() -> None:
    first = {sort.name: chart for sort, chart in charts.figure_charts(report(), "Ours")}
    names = [row.name for row in first["auc"].rows]
    assert names == ["Ours", "Published now", "Recency alone", "Logistic"]
    assert [row.name for row in first["log_loss"].rows][-1] == "Majority"
    assert "Ours 0.792 (0.773 to 0.810)" in summary(first["auc"])


def test_the_embargo_is_what_lies_between() -> None:
    chart = charts.split_chart(report())
    assert chart is not None
    gaps = [(row.first, row.last) for row in chart.rows if row.is_gap]
    assert gaps == [
        (date(2010, 10, 1), date(2011, 1, 1)),
        (date(2011, 2, 1), date(2011, 5, 1)),
    ]
    assert charts.split_chart(report(split_mode="random")) is None


def test_dependence_on_numbers_is_a_curve_and_on_texts_bars() -> None:
    found = dict(charts.dependence_charts(report()))
    assert isinstance(found["recency_days"], Curve)
    assert isinstance(found["country"], Bars)


def test_the_threshold_is_marked() -> None:
    chart = charts.profit_chart(report(), GBP)
    assert chart is not None
    assert chart.mark == "£1,940 at 19 %"
    assert chart.marked == (812 / 4312, 1940.0)


def test_without_calibration_nothing_is_hollow() -> None:
    chart = charts.calibration_chart(report(uncalibrated=None, test=evaluation(0.7)))
    assert chart is not None
    assert chart.before == ()
