"""Saved queries over published tables: values, choices, limits, and the mistakes of each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from tests.integration.run.small import Small, small_shop
from typer.testing import CliRunner

import headwater
from headwater.cli.app import app
from headwater.errors import HeadwaterError, UsageError
from headwater.project import Project
from headwater.project.limits import Limits
from headwater.project.queries import choices_of, find_query, run_query, saved_queries

BEST = """
    /*
    title: Best customers
    meta: {lesson: 2}
    parameters:
      since: 2024-03-01
      customer: {choices: select distinct customer from customers}
      least: {type: number, default: null}
      top: 20
    */
    select customer, sum(amount) as spent, count(*) as orders
    from sales
    where ordered_at >= :since
      and (:customer is null or customer = :customer)
      and (:least is null or amount >= :least)
    group by customer
    order by spent desc, customer
    limit :top
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two saved queries, run once."""
    small = small_shop(Small(tmp_path_factory.mktemp("queries") / "small"))
    small.write("queries/best.sql", BEST)
    small.write("queries/all_days.sql", "/*\nlimit: 2\n*/\nselect day from daily order by day")
    small.write("queries/one.sql", "/*\nmeta: {lesson: 1}\n*/\nselect 1 as one")
    small.run()
    return small.root


@pytest.fixture
def project(folder: Path) -> Iterator[Project]:
    with Project.open(folder) as opened:
        yield opened


def issues(error: pytest.ExceptionInfo[HeadwaterError]) -> list[str]:
    return list(map(str, error.value.issues))


def test_defaults_fill_what_is_not_given(project: Project) -> None:
    run = run_query(project, "best")
    assert run.values == {
        "since": date(2024, 3, 1), "customer": None, "least": None, "top": 20
    }  # fmt: skip
    assert run.result.columns == ("customer", "spent", "orders")
    assert run.result.rows() == [
        ("ann", Decimal("40.00"), 2),
        ("cid", Decimal("40.00"), 1),
        ("bob", Decimal("20.00"), 1),
    ]
    assert not run.result.truncated
    assert list(map(str, run.result.tables)) == ["table.sales"]


@pytest.mark.parametrize(
    ("given", "customers"),
    [
        ({"since": "2024-03-02"}, ["cid", "ann"]),
        ({"since": date(2024, 3, 2), "top": 1}, ["cid"]),
        ({"SINCE": "2024-03-02", "Top": "1"}, ["cid"]),
        ({"customer": "bob"}, ["bob"]),
        ({"customer": ""}, ["ann", "cid", "bob"]),  # an empty field of a form
        ({"customer": "null"}, ["ann", "cid", "bob"]),
        ({"least": "20.5"}, ["cid", "ann"]),
    ],
)
def test_values_come_as_text_or_typed(
    project: Project, given: dict[str, object], customers: list[str]
) -> None:
    assert [row[0] for row in run_query(project, "query.best", given).result.rows()] == customers


def test_every_mistake_is_told_at_once(project: Project) -> None:
    with pytest.raises(UsageError) as error:
        run_query(project, "best", {"since": "x", "customer": "bo", "topp": 3, "least": "inf"})
    assert issues(error) == [
        "E982 `best` has no parameter `topp` · did you mean `top`?",
        "E980 `since` expects a date such as 2011-12-09, got `x`",
        "E981 `bo` is none of the choices of `customer` · did you mean `bob`?",
        "E980 `least` expects a number, got `inf`",
    ]


def test_a_value_is_never_sql(project: Project) -> None:
    for hostile in ("x' or 1=1 --", "'; drop table sales; --", ":since", "$since", "\\", "\0"):
        with pytest.raises(UsageError) as error:
            run_query(project, "best", {"customer": hostile})
        assert [issue.code for issue in error.value.issues] == ["E981"]


def test_choices_come_from_what_is_published(project: Project) -> None:
    best = find_query(project, "best")
    offered = [choices_of(project, each).values for each in best.parameters]
    assert offered == [None, ("ann", "bob", "cid"), None, None]


def test_unknown_names(project: Project) -> None:
    with pytest.raises(UsageError) as error:
        run_query(project, "bset")
    assert issues(error) == ["E987 unknown query `bset` · did you mean `best`?"]
    with pytest.raises(UsageError) as error:
        run_query(project, "sales")
    assert '`headwater sql "from sales"`' in issues(error)[0]


def test_the_querys_own_limit_goes_before(project: Project) -> None:
    run = run_query(project, "all_days", limits=Limits(rows=100))
    assert (len(run.result), run.result.truncated) == (2, True)
    run = run_query(project, "all_days", limits=Limits(rows=1))
    assert len(run.result) == 1


def test_disk_goes_before_the_release_unless_it_is_asked_for(tmp_path: Path, folder: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    small.write("queries/one.sql", "select 1 as one")
    small.run()
    small.write("queries/one.sql", "select 2 as one")
    small.write("queries/two.sql", "select 2 as two")
    with small.open() as project:
        assert run_query(project, "one").result.rows() == [(2,)]
        assert run_query(project, "one", released=True).result.rows() == [(1,)]
        assert sorted(saved_queries(project)) == ["one", "two"]
        assert sorted(saved_queries(project, released=True)) == ["one"]
        assert "query.two" in map(str, project.edited)


def test_a_broken_file_is_told_and_the_others_run(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    small.run()
    small.write("queries/bad.sql", "select :x as x")
    small.write("queries/worse.sql", "select\n  amuont\nfrom sales")
    small.write("queries/good.sql", "select count(*) as n from sales")
    with small.open() as project:
        assert run_query(project, "good").result.rows() == [(4,)]
        with pytest.raises(HeadwaterError) as error:
            run_query(project, "bad")
        assert [issue.code for issue in error.value.issues] == ["E982"]
        with pytest.raises(HeadwaterError) as error:
            run_query(project, "worse")
        place = "queries/worse.sql:2:3 · did you mean `amount`?"
        assert issues(error) == [f"E202 unknown column `amuont` · {place}"]


def test_check_binds_queries_and_their_choices(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    small.write(
        "queries/q.sql",
        """
        /*
        parameters:
          a: {choices: select custmer from customers}
          b: {choices: select * from customers}
          c: {choices: select customer from custmers}
        */
        select customer from sales where customer in (:a, :b, :c)
        """,
    )
    small.write("queries/r.sql", "select a from sales")
    with small.open() as project:
        found = list(map(str, project.check()))
    assert found == [
        "E201 unknown table `custmers` · queries/q.sql:5:16 · did you mean `customers`?",
        "E202 unknown column `a` · queries/r.sql:1:8",
    ]
    small.write(
        "queries/q.sql", (small.root / "queries/q.sql").read_text().replace("custmers", "sales")
    )
    with small.open() as project:
        found = list(map(str, project.check()))
    assert found[:2] == [
        (
            "E202 choices of `a`: unknown column `custmer` · queries/q.sql:3:23"
            " · did you mean `customer`?"
        ),
        (
            "E986 choices of `b`: the SELECT gives 2 columns: customer, orders"
            " · queries/q.sql:4:16 · keep one"
        ),
    ]


def test_a_run_says_nothing_of_queries(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    small.write("queries/q.sql", "select count(*) as n from sales")
    small.write(
        "tables/sales.sql",
        """
        /*
        time: ordered_at
        key: id
        on_breach: hold
        rules: [amount < 30]
        */
        select id, ordered_at, customer, amount::decimal(18,2) as amount from orders
        """,
    )
    report = small.run()
    assert {str(o.node) for o in report.outcomes if o.status != "loaded"} == {
        "table.sales", "table.daily", "table.customers"
    }  # fmt: skip
    assert {o.status for o in report.outcomes} == {"loaded", "held", "waiting"}


def test_the_command_line(folder: Path) -> None:
    def call(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["sql", *words, "--project", str(folder)])
        return done.exit_code, done.output

    assert call("best", "--set", "customer=bob", "-f", "csv") == (
        0,
        "customer,spent,orders\nbob,20.00,1\n",
    )
    code, listed = call("--list")
    assert code == 0
    assert [line.split()[0] for line in listed.splitlines()] == ["one", "best", "all_days", "3"]
    assert "since=2024-03-01 customer=… least=… top=20" in listed
    code, said = call("all_days", "-f", "json")
    assert code == 0
    assert "there are more rows than the query's limit: 2 rows are given" in said
    assert call("best", "--set", "top=many")[0] == 2
    assert call()[0] == 2


def test_python(folder: Path) -> None:
    with headwater.open(folder) as shop:
        assert shop.sql("best", customer="bob").fetchall() == [("bob", Decimal("20.00"), 1)]
