"""Dashboards of a project that was run: what `check` says, and what the page is made of."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from tests.integration.dashboards.small_dashboard import small_dashboard
from tests.integration.run.small import Small

from headwater.charts.figure import figure
from headwater.charts.model import Bars, Heatmap, Lines, Stacked, Waterfall
from headwater.clock import local
from headwater.errors import UsageError
from headwater.ids import NodeId
from headwater.kinds.dashboard.definition import DashboardDefinition
from headwater.project import Project
from headwater.semantics.asking import Answer, MetricQuery
from headwater.views.dashboards.asked import NO_VALUE, read_asked, url_of
from headwater.views.dashboards.compose import compose
from headwater.views.dashboards.ledger import LedgerEvents, ProjectQueries
from headwater.views.dashboards.model import CardView, DashboardView


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    small = small_dashboard(tmp_path_factory.mktemp("shop"))
    small.run()
    with small.open() as opened:
        yield opened


def dashboard_of(project: Project) -> DashboardDefinition:
    found = project.bound.graph.nodes[NodeId("dashboard", "trading")].definition
    assert isinstance(found, DashboardDefinition)
    return found


def view(project: Project, **parameters: str) -> DashboardView:
    """The page that a URL shows; `_` in a name stands for a dot."""
    named = {name.replace("__", "."): [value] for name, value in parameters.items()}
    clock, reader = project.workspace.clock, project.metrics
    today = local(clock.now, clock.zone).date()
    dashboard = dashboard_of(project)
    asked = read_asked(dashboard, named, today, reader.catalog.calendar)
    events = LedgerEvents(project.ledger, clock)
    return compose(dashboard, reader, asked, clock, events, ProjectQueries(project))


def cards(shown: DashboardView) -> list[CardView]:
    return [card for section in shown.sections for row in section.rows for card in row]


def card(shown: DashboardView, sort: str, title: str) -> CardView:
    return next(each for each in cards(shown) if each.sort == sort and each.title == title)


def rows(project: Project, sql: str) -> list[tuple[object, ...]]:
    """Over the orders as they were delivered."""
    path = project.workspace.root / "data/orders/all.csv"
    with project.workspace.engine.session() as session:
        return session.fetch(f"WITH orders AS (SELECT * FROM read_csv('{path}')) {sql}")


def test_a_number_says_its_change_and_the_base_of_it(project: Project) -> None:
    shown = view(project)
    revenue = card(shown, "kpi", "Revenue")
    ((now, before),) = rows(
        project,
        "SELECT sum(amount) FILTER (ordered_at >= '2024-01-30'), "
        "sum(amount) FILTER (ordered_at BETWEEN '2023-12-21' AND '2024-01-30') FROM orders",
    )
    assert revenue.full == f"£{now:,}"
    (change,) = revenue.changes
    assert change.base == "vs the 40 days before"
    assert change.before == f"£{before:,}"
    assert change.change.judged == "bad"
    assert revenue.span == "30 January – 9 March 2024"
    assert revenue.sentence == "Feb 2024: £1,423, above the target of £900."
    assert revenue.state.sort == "ok"
    assert revenue.sparkline is not None
    assert len(revenue.sparkline.values) == 40
    assert revenue.about[0].owner == "finance"


def test_a_period_that_is_not_over_is_compared_as_far_as_it_goes(project: Project) -> None:
    revenue = card(view(project, period="this month"), "kpi", "Revenue")
    assert revenue.span == "1–9 March 2024"
    assert revenue.changes[0].base == "vs 1–9 February 2024"


def test_without_an_earlier_period_there_is_no_change(project: Project) -> None:
    revenue = card(view(project, period="2023-12"), "kpi", "Revenue")
    assert revenue.changes == ()
    assert "cannot be compared" in revenue.notes[0]
    assert revenue.value == "£1,470"


def test_charts_show_what_the_rows_say(project: Project) -> None:
    shown = view(project)
    line = card(shown, "line", "Revenue").chart
    assert isinstance(line, Lines)
    by_day: dict[object, object] = dict(
        rows(project, "SELECT ordered_at::DATE, sum(amount) FROM orders GROUP BY 1")  # type: ignore[arg-type]
    )
    assert [float(v or 0) for v in line.series[0].values] == [
        float(by_day[day]) for day in line.periods  # type: ignore[arg-type]
    ]  # fmt: skip
    assert line.target == Decimal(40)
    bars = card(shown, "bar", "Revenue by country").chart
    assert isinstance(bars, Bars)
    assert (len(bars.rows), bars.more) == (2, 2)
    assert bars.compared_with == "the 40 days before"
    stacked = card(shown, "stacked", "Revenue by country").chart
    assert isinstance(stacked, Stacked)
    assert len(stacked.groups) == 4
    fall = card(shown, "waterfall", "Revenue by country: what changed").chart
    assert isinstance(fall, Waterfall)
    parts = sum(Decimal(str(value)) for _, value in fall.parts)
    assert Decimal(str(fall.start[1])) + parts == Decimal(str(fall.end[1]))
    heat = card(shown, "heatmap", "Retention").chart
    assert isinstance(heat, Heatmap)
    assert heat.column_title == "months later"
    table = card(shown, "table", "Best customers").table
    assert table is not None
    assert len(table.rows) == 3
    ranked = card(shown, "table", "Revenue, Orders").table
    assert ranked is not None
    assert (ranked.heads, ranked.more) == (("Country", "Revenue", "Orders"), "and 2 more")


def test_every_chart_becomes_a_figure(project: Project) -> None:
    for each in cards(view(project)):
        if each.chart is not None:
            ET.fromstring(figure(each.chart))


def test_filters_hold_for_all_cards_and_stand_in_the_url(project: Project) -> None:
    shown = view(project, country="France", period="2024-02")
    ((total,),) = rows(
        project,
        "SELECT sum(amount) FROM orders WHERE country = 'France' "
        "AND ordered_at BETWEEN '2024-02-01' AND '2024-03-01'",
    )
    revenue = card(shown, "kpi", "Revenue")
    assert revenue.full == f"£{total:,}"
    assert revenue.target == ""
    line = card(shown, "line", "Revenue").chart
    assert isinstance(line, Lines)
    assert line.target is None
    assert url_of(shown.asked, shown.definition) == "period=2024-02&country=France"
    assert shown.filters[0].chosen == ("France",)
    assert ("Malta", "Malta") in shown.filters[0].choices
    joined = view(project, customers__size="big", period="2024-02")
    assert card(joined, "kpi", "Revenue").state.sort == "ok"


@pytest.mark.parametrize("value", ["x'; drop table sales--", "' or 1=1 --", "%", "<b>", "\u202e"])
def test_hostile_filters_are_values(project: Project, value: str) -> None:
    revenue = card(view(project, country=value), "kpi", "Revenue")
    assert revenue.state.sort == "empty"
    assert revenue.state.cause == "no row matches the filter on country"


def test_a_filter_for_no_value(project: Project) -> None:
    assert card(view(project, country=NO_VALUE), "kpi", "Revenue").state.sort == "empty"


def test_a_period_without_data_says_where_data_are(project: Project) -> None:
    for each in cards(view(project, period="2030-01")):
        if each.sort in ("kpi", "line", "bar", "stacked", "area"):
            assert each.state.sort == "empty", each.title
            assert each.state.cause == "data reach from 2023-12-01 to 2024-03-09"
            assert each.state.owner == "finance"
            assert each.state.next_step


def test_what_a_url_may_not_say(project: Project) -> None:
    for parameters, what in (
        ({"contry": "France"}, "unknown parameter `contry`"),
        ({"grain": "dya"}, "unknown grain `dya`"),
        ({"compare": "before"}, "unknown comparison `before`"),
        ({"period": "2024-03..2024-01"}, "ends before it begins"),
        ({"country": "x" * 500}, "holds too much"),
    ):
        with pytest.raises(UsageError) as raised:
            view(project, **parameters)
        assert what in raised.value.issues[0].what


class Counting:
    """A reader that notes what it is asked."""

    def __init__(self, project: Project) -> None:
        self.reader = project.metrics
        self.asked: list[MetricQuery] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.reader, name)

    def query(self, query: MetricQuery, **options: object) -> Answer:
        self.asked.append(query)
        return self.reader.query(query, **options)  # type: ignore[arg-type]


def test_equal_questions_are_asked_once(project: Project) -> None:
    reader = Counting(project)
    clock = project.workspace.clock
    dashboard = dashboard_of(project)
    asked = read_asked(dashboard, {}, local(clock.now, clock.zone).date())
    compose(
        dashboard,
        reader,  # type: ignore[arg-type]
        asked,
        clock,
        LedgerEvents(project.ledger, clock),
        ProjectQueries(project),
    )
    series = [query for query in reader.asked if query.grain == "day" and not query.by]
    assert len(series) == len(set(series))


def test_mistakes_are_found_at_check(tmp_path: Path) -> None:
    small = small_dashboard(tmp_path)
    small.write(
        "dashboards/wrong.yml",
        """
        title: Wrong
        filters: [contry]
        rows:
          - bar: revenue
            by: contry
          - {line: revenue, where: "country ="}
          - heatmap: revenue
            by: country
          - kpi: retention
        """,
    )
    small.write("dashboards/unknown.yml", "rows: [{kpi: revenu}, {table: bset}]\n")
    with small.open() as project:
        issues = sorted(str(issue) for issue in project.bound.issues)
    for code, place, rest in (
        ("E201", "unknown.yml:1:14", "did you mean `revenue`?"),
        ("E201", "unknown.yml:1:31", "did you mean `best`?"),
        ("E902", "wrong.yml:5:9", "did you mean `country`?"),
        ("E904", "wrong.yml:6:28", "write conditions like"),
        ("E962", "wrong.yml:2:11", "did you mean `country`?"),
        ("E963", "wrong.yml:7:14", "give two dimensions"),
        ("E963", "wrong.yml:9:10", "write `heatmap: retention`"),
    ):
        assert any(
            issue.startswith(code) and f"dashboards/{place}" in issue and rest in issue
            for issue in issues
        ), (code, issues)


def test_a_held_table_leaves_its_numbers_stale_with_the_reason(tmp_path: Path) -> None:
    small = small_dashboard(tmp_path)
    small.run()
    _break(small)
    small.run(now="2024-03-11")
    with small.open(now="2024-03-11") as project:
        revenue = card(view(project), "kpi", "Revenue")
    assert revenue.state.sort == "stale"
    assert "table.sales" in revenue.state.cause
    assert revenue.state.next_step == "`headwater trace metric.revenue` shows what holds it"
    assert revenue.value.startswith("£")


def _break(small: Small) -> None:
    """A delivery whose key is there twice."""
    header = "id,ordered_at,customer,amount,country"
    row = (9001, "2024-03-10 09:00", "c1", 5, "France")
    small.deliver("more", [row, row], header)
