"""The shop from delivered files to published tables: what is known about the data must come out.

The known facts were counted over the delivered files by other means. They hold for what was
delivered: the published rows together with the superseded and the quarantined ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from headwater.api.opened import OpenProject
from headwater.ids import NodeId
from headwater.kinds.feature_view.definition import FeatureViewDefinition
from headwater.plan.state import State
from headwater.project import Project
from headwater.project.recording import RunReport
from headwater.project.testing import run_unit_tests
from headwater.run.context import NodeOutcome

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("shop")]

INVOICES = NodeId("source", "invoices")


@dataclass(frozen=True)
class Shop:
    """A run shop: as it is opened in Python, what the run reported, and the parts of its source.

    `ask` reads published tables as users do, `fetch` every delivered row from the data files.
    """

    folder: Path
    opened: OpenProject
    report: RunReport
    connection: duckdb.DuckDBPyConnection

    @property
    def project(self) -> Project:
        return self.opened.project

    def outcome(self, name: str) -> NodeOutcome:
        return next(o for o in self.report.outcomes if o.node == NodeId.parse(name))

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql).fetchall()

    def value(self, sql: str) -> Any:
        ((value,),) = self.fetch(sql)
        return value

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self.opened.sql(sql).fetchall()


def paths(project: Project, state: State, *parts: str) -> list[str]:
    return [
        str(project.workspace.lake.absolute(file.path))
        for file in state.files
        if file.part in parts
    ]


def show(connection: duckdb.DuckDBPyConnection, name: str, files: list[str]) -> None:
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
    connection.execute(
        f'create view "{name}" as select * from read_parquet([{listed}], union_by_name = true)'
    )


@pytest.fixture(scope="module")
def shop(shop_and_report: tuple[OpenProject, RunReport]) -> Iterator[Shop]:
    """The example after its first run, and its data files."""
    opened, report = shop_and_report
    with duckdb.connect() as connection:
        project = opened.project
        states = project.view.states
        show(
            connection,
            "delivered",
            paths(project, states[INVOICES], "rows", "superseded", "quarantined", "dropped"),
        )
        for part in ("rows", "superseded", "quarantined"):
            show(connection, f"invoices_{part}", paths(project, states[INVOICES], part))
        yield Shop(opened.project.workspace.root, opened, report, connection)


SECOND_YEAR = "regexp_full_match(_file, '.*[0-9]{4}-[0-9]{2}-[0-9]{2}[.]csv[.]gz')"

KNOWN = {
    "delivered rows": ("count(*)", "true", 1_067_370),
    "delivered files": ("count(distinct _file)", "true", 318),
    "invoices": ("count(distinct invoice)", "true", 53_628),
    "customers": ("count(distinct customer_id)", "true", 5_942),
    "rows of returns": ("count(*)", "invoice like 'C%'", 19_494),
    "rows without customer": ("count(*)", "customer_id is null", 243_007),
    "rows of the second year": ("count(*)", SECOND_YEAR, 541_909),
    "files of the second year": ("count(distinct _file)", SECOND_YEAR, 305),
    "total of the second year": (
        "round(sum(quantity * price), 2)",
        SECOND_YEAR,
        Decimal("9747747.93"),
    ),
    "sales rows of the second year": (
        "count(*)",
        f"{SECOND_YEAR} and customer_id is not null and quantity > 0 and price > 0",
        397_884,
    ),
    "sales total of the second year": (
        "round(sum(quantity * price), 2)",
        f"{SECOND_YEAR} and customer_id is not null and quantity > 0 and price > 0",
        Decimal("8911407.90"),
    ),
    "the largest quantity": ("max(quantity)", "true", 80_995),
    "the smallest quantity": ("min(quantity)", "true", -80_995),
}


@pytest.mark.parametrize("fact", KNOWN)
def test_known_facts_of_what_was_delivered(shop: Shop, fact: str) -> None:
    measured, condition, expected = KNOWN[fact]
    assert shop.value(f"select {measured} from delivered where {condition}") == expected


def built(project: Project) -> set[NodeId]:
    """What has content; saved queries, dashboards and reports have none."""
    return {node.id for node in project.bound.graph.nodes.values() if node.is_built}


def test_nothing_is_held(shop: Shop) -> None:
    assert not shop.report.failed
    assert [release.number for release in shop.report.releases] == [1]
    assert {o.node for o in shop.report.outcomes} == built(shop.project)


def test_every_row_is_accounted_for(shop: Shop) -> None:
    reckoning = shop.outcome("source.invoices").reckoning
    assert reckoning is not None
    assert reckoning.adds_up
    assert (reckoning.delivered, reckoning.published) == (1_067_370, 1_044_842)
    assert (reckoning.superseded, reckoning.quarantined, reckoning.dropped) == (22_523, 5, 0)


def test_every_row_is_there_as_it_was_delivered(shop: Shop) -> None:
    """Every file's rows, read here as text, against the landed ones, as multisets."""
    columns = (
        "invoice, stock_code, description, quantity, invoice_date, price, customer_id, country"
    )
    pattern = str(shop.folder / "data" / "invoices" / "*.csv.gz").replace("'", "''")
    shop.connection.execute(
        f"""
        create or replace temp table raw as
        select
          Invoice as invoice, StockCode as stock_code, Description as description,
          Quantity::bigint as quantity, InvoiceDate::timestamp as invoice_date,
          Price::decimal(12, 4) as price, "Customer ID"::bigint as customer_id,
          Country as country, parse_filename(filename) as file
        from read_csv('{pattern}', all_varchar = true, header = true, filename = true)
        """
    )
    compared = shop.fetch(
        f"""
        with raw_files as (
          select file, count(*) as rows,
            bit_xor(hash({columns})) as mark, sum(hash({columns})) as total
          from raw group by file
        ),
        landed_files as (
          select parse_filename(_file) as file, count(*) as rows,
            bit_xor(hash({columns})) as mark, sum(hash({columns})) as total
          from delivered group by all
        )
        select coalesce(r.file, l.file) from raw_files r full join landed_files l using (file)
        where (r.rows, r.mark, r.total) is distinct from (l.rows, l.mark, l.total)
        """
    )
    assert compared == []
    assert shop.value("select count(distinct file) from raw") == 318


def test_positions_count_through_each_file(shop: Shop) -> None:
    gaps = "select _file from delivered group by 1 having min(_row) <> 1 or max(_row) <> count(*)"
    assert shop.fetch(gaps) == []
    assert shop.value("select count(distinct (_file, _row)) from delivered") == 1_067_370


def test_the_days_that_came_twice_are_superseded(shop: Shop) -> None:
    spans = shop.fetch(
        "select distinct parse_filename(_file), min(invoice_date::date), max(invoice_date::date) "
        "from invoices_superseded group by 1"
    )
    assert [(file, str(first), str(last)) for file, first, last in spans] == [
        ("2010-12.csv.gz", "2010-12-01", "2010-12-09")
    ]


def test_five_bad_debts_wait_in_quarantine(shop: Shop) -> None:
    waiting = shop.fetch(
        "select invoice, price, parse_filename(_file), _row, _rules from invoices_quarantined "
        "order by invoice"
    )
    assert [(invoice, str(price)) for invoice, price, *_ in waiting] == [
        ("A506401", "-53594.3600"),
        ("A516228", "-44031.7900"),
        ("A528059", "-38925.8700"),
        ("A563186", "-11062.0600"),
        ("A563187", "-11062.0600"),
    ]
    assert {tuple(rules) for *_, rules in waiting} == {("price.minimum 0",)}
    assert waiting[0][2:4] == ("2010-04.csv.gz", 31_722)
    total = shop.value("select sum(quantity * price) from invoices_quarantined")
    assert total == Decimal("-158676.1400")


def test_one_return_is_not_negative(shop: Shop) -> None:
    outcomes = {o.rule: o for o in shop.outcome("source.invoices").outcomes}
    assert (
        outcomes["returns_are_negative"].passed,
        outcomes["returns_are_negative"].failed_rows,
    ) == (
        False,
        1,
    )
    broken = [o.rule for o in shop.outcome("source.invoices").outcomes if not o.passed]
    assert sorted(broken) == ["price.minimum 0", "returns_are_negative"]


REVENUE = Decimal("19068420.2580")
TABLES = {
    "sales": (1_044_842, REVENUE),
    "orders": (53_623, REVENUE),
    "daily_sales": (3_237, REVENUE),
    "region_sales": (2_277, REVENUE),
    "daily_trend": (604, REVENUE),
    "products": (5_131, REVENUE),
}


@pytest.mark.parametrize("table", TABLES)
def test_every_table_adds_up_to_the_same_revenue(shop: Shop, table: str) -> None:
    rows, revenue = TABLES[table]
    assert shop.ask(f'select count(*), sum(amount) from "{table}"') == [(rows, revenue)]


def test_customers_add_up_to_the_lines_with_a_customer(shop: Shop) -> None:
    expected = shop.ask(
        "select count(distinct customer_id), sum(amount) from sales where customer_id is not null"
    )
    assert shop.ask("select count(*), sum(amount) from customers") == expected
    assert expected[0][0] == 5_942


FACTS = {
    "orders": ("select count(*) from orders where not is_return", 45_331),
    "days": ("select count(distinct day) from daily_sales", 604),
    "lines of the last day": ("select count(*) from sales where sold_at >= '2011-12-09'", 1_632),
    "revenue of the last day": (
        "select amount from daily_trend where day = '2011-12-09'",
        Decimal("32131.5300"),
    ),
    "revenue of November 2011": (
        "select round(sum(amount)) from daily_sales where strftime(day, '%Y-%m') = '2011-11'",
        Decimal(1_461_756),
    ),
    "stock losses": ("select count(*) from stock_losses", 3_393),
    "first cohort": (
        "select customers from retention where cohort = '2009-12-01' and months_later = 0",
        955,
    ),
    "article prices": ("select count(*) from price_history where valid_to is null", 4_725),
    "scored customers": ("select count(*) from rfm", 5_881),
    "scores": ("select count(distinct (recency, frequency, money)) > 60 from rfm", True),
    "unknown regions": ("select count(*) from country_regions where region = 'Unknown'", 2),
    "days without a region": (
        "select count(*) from daily_sales anti join country_regions using (country)",
        0,
    ),
}


@pytest.mark.parametrize("fact", FACTS)
def test_facts_of_the_tables(shop: Shop, fact: str) -> None:
    sql, expected = FACTS[fact]
    assert shop.ask(sql) == [(expected,)]


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("sales", "invoice, line"),
        ("orders", "invoice"),
        ("customers", "customer_id"),
        ("products", "stock_code"),
        ("daily_sales", "day, country"),
        ("daily_trend", "day"),
        ("region_sales", "day, region"),
        ("stock_losses", "invoice, line"),
        ("retention", "cohort, months_later"),
        ("rfm", "customer_id"),
    ],
)
def test_keys_are_unique(shop: Shop, table: str, key: str) -> None:
    rows, keys = shop.ask(f'select count(*), count(distinct ({key})) from "{table}"')[0]
    assert rows == keys > 0


def test_a_moving_sum_is_that_of_its_days(shop: Shop) -> None:
    wrong = shop.ask(
        """
        select t.day from daily_trend t
        where t.amount_28d <> (
          select sum(d.amount) from daily_sales d where d.day between t.day - 27 and t.day
        )
        """
    )
    assert wrong == []


def test_every_node_is_owned_and_described(shop: Shop) -> None:
    for node in shop.project.bound.graph.nodes.values():
        described = node.definition.described
        assert described.owner, node.id
        contract = getattr(node.definition, "contract", None)
        assert described.description or (contract is not None and contract.description), node.id


def test_the_unit_tests_of_the_shop_pass(shop: Shop) -> None:
    results = run_unit_tests(shop.project)
    assert [f"{r.node} {r.name}" for r in results if not r.passed] == []
    tested = {result.node.name for result in results}
    assert tested == {"sales", "customers", "products", "daily_trend", "region_sales"}


def test_every_column_is_documented(shop: Shop) -> None:
    """Where it is made, or upstream where it is passed through; Python has no place for it."""
    undocumented = [
        f"{name}.{column}"
        for name, node in ((n.id.name, n) for n in shop.project.bound.graph.nodes.values())
        if name != "rfm" and node.id.kind in ("source", "table")
        for column in node.column_names
        if column not in ("valid_from", "valid_to") and not documented(shop, name, column)
    ]
    assert undocumented == []


def test_every_feature_is_described(shop: Shop) -> None:
    view = shop.project.bound.graph.nodes[NodeId("feature_view", "customer")]
    assert isinstance(view.definition, FeatureViewDefinition)
    assert [f.name for f in view.definition.spec.features if not f.description] == []


def documented(shop: Shop, name: str, column: str) -> bool:
    nodes = shop.project.bound.graph.nodes.values()
    node = next(n for n in nodes if n.id.name == name and n.id.kind in ("source", "table"))
    contract = getattr(node.definition, "contract", None)
    if contract is not None:
        return bool(contract.column(column).description)
    if column in getattr(node.definition, "column_docs", {}):
        return True
    origin = node.recipe.columns[column].origin if node.recipe is not None else None
    if origin is None or origin.column is None:
        return False
    return documented(shop, origin.relation, origin.column)


def test_a_second_run_has_nothing_to_do(shop: Shop) -> None:
    before = shop.project.view.release
    assert shop.project.plan().steps == ()
    report = shop.project.run()
    assert report.outcomes == ()
    assert shop.project.view.state_ids.keys() == built(shop.project)
    assert before is not None
