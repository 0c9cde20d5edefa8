"""`ls`, `show`, `sql`, `docs`: reading what is there, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.unit.cli.conftest import Call

TABLE = """\
city  amount  orders
c0     27.00       4
c1     18.00       3
c2     22.50       3
"""


def test_sql_as_a_table(shop: Path, cli: Call) -> None:
    assert cli("sql", "select * from cities order by city").out == TABLE


def test_sql_as_csv_and_json(shop: Path, cli: Call) -> None:
    query = "select city, amount from cities where orders > 3"
    assert cli("sql", query, "--format", "csv").out == "city,amount\nc0,27.00\n"
    assert cli("sql", query, "--format", "json").data == [{"city": "c0", "amount": 27}]
    assert cli("sql", f"{query} and false", "--json").data == []


@pytest.mark.parametrize("suffix", ["parquet", "csv", "json"])
def test_sql_into_a_file_by_its_name(shop: Path, cli: Call, suffix: str) -> None:
    said = cli("sql", "from cities", "--output", f"out.{suffix}")
    assert (said.code, said.out) == (0, "")
    if suffix == "parquet":
        assert pq.read_table(shop / "out.parquet").num_rows == 3
    else:
        assert "c2" in (shop / f"out.{suffix}").read_text()


def test_sql_binds_parameters(shop: Path, cli: Call) -> None:
    query = "select count(*) as n from orders where city = :city and ordered_at >= :since"
    said = cli("sql", query, "--set", "city=c1", "--set", "since=2011-12-01", "--json")
    assert said.data == [{"n": 2}]
    injected = cli(
        "sql", query, "--set", "city=' or true --", "--set", "since=2000-01-01", "--json"
    )
    assert injected.data == [{"n": 0}]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("select * from citys", "E201"),
        ("select citty from cities", "E202"),
        ("select from where", "E210"),
        ("drop table cities", "E211"),
        ("select 1; select 2", "E211"),
        ("insert into cities values (1)", "E211"),
        ("copy cities to 'x.csv'", "E211"),
        ("attach 'x.db'", "E211"),
        ("select * from 'headwater.yml'", "E201"),
        ("select * from read_csv('headwater.yml')", "E404"),
        ("select * from read_text('headwater.yml')", "E404"),
        ("select * from glob('*')", "E404"),
        ("select * from duckdb_settings()", "E404"),
        ("select * from cities where city in (select content from read_text('a'))", "E404"),
    ],
)
def test_sql_reads_published_tables_alone(shop: Path, cli: Call, query: str, code: str) -> None:
    said = cli("sql", query)
    assert said.code == 1
    assert said.err.startswith(code)
    assert said.out == ""


def test_sql_says_what_to_do_with_a_file(shop: Path, cli: Call) -> None:
    assert "declare it as a source" in cli("sql", "from 'data/november.csv'").err


def test_sql_points_at_the_place(shop: Path, cli: Call) -> None:
    said = cli("sql", "select city,\n  amout from cities")
    assert "sql:2:3" in said.err
    assert "did you mean `amount`?" in said.err


def test_sql_before_the_first_run(fresh: Path, cli: Call) -> None:
    said = cli("sql", "from cities", "--project", str(fresh))
    assert said.code == 1
    assert "nothing is published yet" in said.err


def test_sql_parameters_that_do_not_fit(shop: Path, cli: Call) -> None:
    assert "E808" in cli("sql", "from cities", "--set", "city=c1").err
    assert cli("sql", "from cities", "--set", "city").code == 2


@pytest.mark.parametrize("written", [":low", "$low"])
def test_sql_names_a_parameter_without_a_value(shop: Path, cli: Call, written: str) -> None:
    said = cli("sql", f"select ':no', id from orders where id > {written}")
    assert said.code == 1
    assert f"E808  the parameter `{written}` has no value" in said.err
    assert "--set low=" in said.err


def test_sql_limit_of_a_printed_table(shop: Path, cli: Call) -> None:
    said = cli("sql", "select id from orders order by id", "--limit", "2")
    assert said.out == "id\n 0\n 1\nthe first 2 rows; `--limit 0` shows all\n"
    assert len(cli("sql", "from orders", "--limit", "0").out.splitlines()) == 11


def test_ls_in_columns(shop: Path, cli: Call) -> None:
    said = cli("ls")
    tills, orders, cities, total = said.out.splitlines()
    assert tills.endswith("sources/tills.yml")
    assert "2011-11-28..2011-12-07, 10 days" in orders
    assert orders.index("10 rows") == cities.index("3 rows") - 1
    assert "no owner" in cities
    assert total == "3 nodes"


def test_ls_selects(shop: Path, cli: Call) -> None:
    assert [n["node"] for n in cli("ls", "tag:geo", "--json").data] == ["table.cities"]
    assert [n["node"] for n in cli("ls", "owner:none", "--json").data] == ["table.cities"]
    assert [n["node"] for n in cli("ls", "+cities", "--json").data] == [
        "source.tills",
        "table.orders",
        "table.cities",
    ]


def test_ls_before_the_first_run(fresh: Path, cli: Call) -> None:
    assert "not built" in cli("ls", "--project", str(fresh)).out


def test_show_says_everything(shop: Path, cli: Call) -> None:
    out = cli("show", "cities").out
    assert "reads      table.orders" in out
    assert "key        city" in out
    city = next(line for line in out.splitlines() if line.startswith("  city "))
    assert "Where it goes." in city, "documentation flows down to a column passed through"
    assert "from table.orders.city" in city


def test_show_as_data(shop: Path, cli: Call) -> None:
    (facts,) = cli("show", "orders", "--json").data
    assert facts["time"] == "ordered_at"
    assert facts["rows"] == 10
    assert facts["children"] == ["table.cities"]


def test_docs_is_one_page_that_needs_nothing_else(shop: Path, cli: Call) -> None:
    assert cli("docs", "--handbook", "--output", "site/index.html").code == 0
    page = (shop / "site" / "index.html").read_text()
    assert re.findall(r"""(?:src|href)=["'](?!#)[^"']*""", page) == []
    assert "@import" not in page
    assert "http" not in page
    assert '<article id="table.cities">' in page
    assert "Where it goes." in page
    assert 'id="handbook"' in page
    assert 'lang="en"' in page


def test_docs_escapes_what_users_write(shop: Path, cli: Call) -> None:
    path = shop / "tables" / "cities.sql"
    path.write_text(path.read_text().replace("key: city", "key: city\ntitle: <script>x</script>"))
    cli("docs")
    page = (shop / ".headwater" / "docs.html").read_text()
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
