"""Numbers that can still move: marked everywhere, judged and compared nowhere."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.integration.metrics.numbers import SALES, SETTINGS, metric_shop, restated
from tests.integration.run.small import ORDERS, Small

from headwater.api.html import HtmlPage
from headwater.clock import local
from headwater.errors import UsageError
from headwater.ids import NodeId
from headwater.kinds.dashboard.definition import DashboardDefinition
from headwater.project import Project
from headwater.project.metrics.answering import why_moved
from headwater.project.reporting.deriving import derive
from headwater.project.reporting.figures import plain_text
from headwater.project.reporting.making import build_pack, find_report, numbers_of
from headwater.project.reporting.pack import Pack
from headwater.project.reporting.page import value_text
from headwater.semantics.asking import Answer, MetricQuery
from headwater.views.answers import answer_data, print_answer
from headwater.views.dashboards.asked import read_asked
from headwater.views.dashboards.compose import compose
from headwater.views.dashboards.ledger import LedgerEvents, ProjectQueries
from headwater.views.dashboards.model import CardView

METRICS = """
table: sales
owner: finance
better: higher
metrics:
  revenue:
    description: All that was sold.
    expr: sum(amount)
    format: gbp2
    target: {month: 1000}
    playbook: Sell more.
  orders:
    description: How many orders.
    expr: count(*)
  again:
    description: Orders that the same customer follows up within a month.
    type: conversion
    base_metric: orders
    conversion_metric: orders
    entity: customer
    window: 30d
    format: percent1
    target: {month: 0.9}
    playbook: Write to them.
"""
REPORT = "title: Pack\nowner: finance\nperiod: previous month\nmetrics: [revenue, again]\n"
BOARD = """
title: Board
owner: finance
period: previous month
rows:
  - - kpi: [revenue, again]
  - - table: [orders, again]
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """January, February, and nine days of March; what February began converts until April."""
    made = Small(tmp_path_factory.mktemp("open"))
    metric_shop(made)
    made.write("metrics/sales.yml", METRICS)
    made.write("reports/monthly.yml", REPORT)
    made.write("dashboards/board.yml", BOARD)
    made.write("reports/alone.yml", REPORT + "compare: [year_ago]\n")
    made.deliver("jan", [(1, "2024-01-01 09:00", "ann", 10), (2, "2024-01-20 10:00", "bob", 20)])
    made.deliver("mar", [(4, "2024-03-01 09:00", "ann", 40), (5, "2024-03-09 23:59", "bob", 5)])
    assert not made.run().failed
    return made


def ask(small: Small, *metrics: str, period: str, **words: object) -> Answer:
    with small.open() as project:
        query = MetricQuery(metrics=metrics, period=period, **words)  # type: ignore[arg-type]
        return project.metrics.query(query)


def test_an_answer_without_grain_says_until_when_it_may_move(small: Small) -> None:
    assert ask(small, "revenue", "again", period="2024-01").open_until == {}
    february = ask(small, "revenue", "again", period="2024-02")
    assert february.open_until == {"again": date(2024, 3, 31)}
    march = ask(small, "revenue", "again", period="2024-03")
    assert march.open_until == {"revenue": date(2024, 4, 1), "again": date(2024, 5, 1)}
    assert ask(small, "revenue", period="2024-03-01..2024-03-09").open_until == {}
    by_month = ask(small, "revenue", "again", period="2024-01..2024-02", grain="month")
    assert (by_month.open_until, [row[-1] for row in by_month.rows]) == ({}, [True, False])


def test_what_is_final_is_compared_beside_what_is_not(small: Small) -> None:
    answer = ask(small, "revenue", "again", period="2024-02", compare=("previous",))
    assert answer.rows == ((Decimal(30), Decimal(30), 1.0, None),)


def test_the_command_line_marks_it(small: Small) -> None:
    with small.open() as project:
        answer = project.metrics.query(
            MetricQuery(metrics=("revenue", "again"), period="2024-02", compare=("previous",))
        )
        page = HtmlPage()
        catalog = project.metrics.catalog
        print_answer(answer, catalog.metrics, catalog.calendar, page)
    lines = page.text.splitlines()
    assert lines[0].split() == ["revenue", "vs", "previous", "again…", "vs", "previous"]
    assert lines[1].split() == ["£30.00", "unchanged", "100.0", "%", "–"]
    assert lines[-1] == (
        "… again so far: events of the period may still convert, until 31 March 2024"
    )
    assert answer_data(answer)["open_until"] == {"again": date(2024, 3, 31)}


def test_why_compares_nothing_that_may_move(small: Small) -> None:
    with small.open() as project:
        assert why_moved(project, "revenue", "2024-02").change == 0
        with pytest.raises(UsageError) as caught:
            why_moved(project, "again", "2024-03")
        (issue,) = caught.value.issues
        assert (issue.code, issue.what) == ("E950", "no day of March 2024 is complete yet")
        assert (
            issue.fix == "later events may still convert: until 8 February 2024 all had their time"
        )
        cut = why_moved(project, "again", "2024-02").spans
        assert (cut.is_cut, cut.now.last, cut.base.last) == (
            True, date(2024, 2, 8), date(2024, 1, 8),
        )  # fmt: skip


def pack_of(project: Project, period: str) -> Pack:
    return build_pack(project, find_report(project, "monthly"), period=period)


def test_a_pack_says_so_far_and_judges_nothing(small: Small) -> None:
    with small.open() as project:
        pack = pack_of(project, "2024-03")
        revenue, again = pack.blocks
        assert plain_text(again.standing[0]) == (
            "Again stands at 0.0 % so far in March 2024: "
            "events of the period may still convert, until 1 May 2024."
        )
        assert value_text(again) == "0.0 % so far"
        assert not again.facts.misses_target
        assert again.action is None
        assert revenue.facts.target is None  # nine days against the target of a month
        assert "Off target" not in dict(pack.summary)
        numbers = numbers_of(project)
        assert all(derive(f.source, numbers) == f.value for f in pack.figures)


def test_a_pack_with_nothing_to_compare_still_says_the_number(small: Small) -> None:
    with small.open() as project:
        report = find_report(project, "alone")
        pack = build_pack(project, report, period="2024-02")
    assert [plain_text(sentence) for sentence in pack.blocks[0].standing] == [
        "Revenue stood at £30.00 in February 2024.",
        "That is £970.00 below its target of £1,000.00 a month, which it misses.",
        "It is not compared: February 2023 cannot be compared with: data begin on 1 January 2024.",
    ]
    assert pack.blocks[0].action == ("Sell more.",)
    assert (pack.release, pack.data_until is not None) == (1, True)


def cards(project: Project, period: str) -> list[CardView]:
    found = project.bound.graph.nodes[NodeId("dashboard", "board")].definition
    assert isinstance(found, DashboardDefinition)
    clock, reader = project.workspace.clock, project.metrics
    today = local(clock.now, clock.zone).date()
    asked = read_asked(found, {"period": [period]}, today, reader.catalog.calendar)
    events, queries = LedgerEvents(project.ledger, clock), ProjectQueries(project)
    view = compose(found, reader, asked, clock, events, queries)
    return [card for section in view.sections for row in section.rows for card in row]


def test_cards_say_so_far(small: Small) -> None:
    with small.open() as project:
        revenue, again, table = cards(project, "2024-03")
        assert revenue.notes == ()  # nine days against nine days
        assert again.notes == (
            "no day of March 2024 is complete yet",
            "So far: events of the period may still convert, until 1 May 2024",
        )
        assert again.changes == ()
        assert again.sentence == "Jan 2024: 0.0 %, below the target of 90.0 %."  # it is final
        assert table.notes == (
            "Orders: the period, or its data, go on until 1 April 2024",
            "Again: events of the period may still convert, until 1 May 2024",
        )


def test_a_window_that_fills_restates_nothing(tmp_path: Path) -> None:
    made = Small(tmp_path / "shop")
    made.write("headwater.yml", SETTINGS)
    made.write("sources/orders.yml", ORDERS)
    made.write("tables/sales.sql", SALES)
    made.write("metrics/sales.yml", METRICS)
    made.deliver("jan", [(1, "2024-01-05 09:00", "ann", 10), (2, "2024-01-31 10:00", "bob", 20)])
    made.run()
    made.deliver("feb", [(3, "2024-02-03 09:00", "ann", 30), (4, "2024-02-20 09:00", "bob", 1)])
    made.run()
    with made.open() as project:
        (january, *_) = project.metrics.history("again", "month")
        assert january.value == 1.0  # it was 0 in the first release
    assert restated(made, "again") == []
