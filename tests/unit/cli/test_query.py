"""`headwater query` from the outside: tables, files, SQL, mistakes."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.unit.cli.conftest import Call

METRICS = """\
table: orders
owner: finance
better: higher
dimensions: [city]
metrics:
  takings:
    description: All that was taken.
    expr: sum(amount)
    format: gbp2
  average_takings:
    description: Takings an order.
    expr: takings / number
    format: gbp2
  number:
    description: All orders.
    expr: count(*)
"""


@pytest.fixture
def asked(shop: Path, cli: Call) -> Path:
    """The shop with metrics, released."""
    (shop / "metrics").mkdir()
    (shop / "metrics" / "takings.yml").write_text(METRICS)
    said = cli("run", "--apply")
    assert said.code == 0, said.err
    return shop


@pytest.mark.usefixtures("asked")
def test_a_table_of_months(cli: Call) -> None:
    said = cli("query", "takings", "number", "--grain", "month", "--compare", "previous")
    assert [line.split() for line in said.out.splitlines()[:3]] == [
        ["period", "takings", "vs", "previous", "number", "vs", "previous"],
        ["2011-11", "£4.50", "–", "3", "–"],  # October is before the data
        ["2011-12…", "£63.00", "–", "7", "–"],
    ]
    assert "data until 7 December 2011 · against the period before" in said.out
    assert "… not complete: the period goes on, or its data do" in said.out
    assert "as published" in cli("query", "takings", "--grain", "month").out
    assert "from the tables" in cli("query", "takings", "--path", "raw").out


@pytest.mark.usefixtures("asked")
def test_by_where_order_and_limit(cli: Call) -> None:
    words = ("--by", "city", "--period", "2011-12", "--order=-takings", "--limit", "2")
    said = cli("query", "takings,number", *words, "--where", "city <> 'c0'", "--where", "id > 3")
    assert [line.split() for line in said.out.splitlines()[:3]] == [
        ["city", "takings…", "number…"],  # December goes on
        ["c2", "£19.50", "2"],
        ["c1", "£16.50", "2"],
    ]


def test_files_and_data(asked: Path, cli: Call) -> None:
    question = ("query", "takings", "--by", "city")
    assert cli(*question, "--format", "csv").out == "city,takings\nc0,27.00\nc1,18.00\nc2,22.50\n"
    assert cli(*question, "--format", "json").data[0] == {"city": "c0", "takings": 27}
    found = cli(*question, "--json").data
    assert (found["release"], found["rows"][1]) == (2, {"city": "c1", "takings": 18})
    assert cli(*question, "--output", "out.parquet").code == 0
    assert pq.read_table(asked / "out.parquet").column_names == ["city", "takings"]


@pytest.mark.usefixtures("asked")
def test_the_sql_can_be_run_as_it_is(cli: Call) -> None:
    said = cli("query", "takings", "--period", "2011-12", "--sql")
    assert "TIMESTAMP" in said.out
    assert cli("sql", said.out, "--format", "csv").out == "takings\n63.00\n"
    raw = cli("query", "takings", "--period", "2011-12", "--path", "raw", "--sql")
    assert said.out.endswith(raw.out)


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("words", "code", "near"),
    [
        (("taking",), "E910", "`takings`"),
        (("takings", "--by", "citty"), "E902", "`city`"),
        (("takings", "--grain", "mnth"), "E903", "`month`"),
        (("takings", "--where", "1; drop table orders"), "E904", ""),
        (("takings", "--compare", "previus", "--grain", "day"), "E909", "`previous`"),
        (("takings", "--order", "taking"), "E909", "`takings`"),
    ],
)
def test_mistakes_name_the_nearest(cli: Call, words: tuple[str, ...], code: str, near: str) -> None:
    said = cli("query", *words)
    assert said.code in (1, 2)
    assert code in said.err
    assert near in said.err


@pytest.mark.usefixtures("shop")
def test_a_project_without_metrics(cli: Call) -> None:
    said = cli("query", "revenue")
    assert "E910" in said.err
    assert "no metric is released" in said.err


@pytest.mark.usefixtures("asked")
def test_rollups_are_listed_where_they_are_asked_for(cli: Call) -> None:
    said = cli("ls")
    assert "metric.takings" in said.out
    assert "rollup." not in said.out.replace("kind:rollup", "")
    assert "kept for metrics" in said.out
    assert "rollup.orders_day" in cli("ls", "kind:rollup").out
