"""`trace`, `release`, `promote`, `rollback`, `changes`."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from tests.unit.cli.conftest import FILES, Call, write


@pytest.fixture
def fixed(shop: Path, cli: Call) -> Path:
    """The shop with a change of `cities` built in the environment `fix`."""
    text = FILES["tables/cities.sql"].replace("count(*)", "count(*) + 1")
    write(shop, {"tables/cities.sql": text})
    assert cli("run", "--env", "fix").code == 0
    return shop


def test_diff_promote_rollback(fixed: Path, cli: Call) -> None:
    diff = cli("release", "diff", "fix").out
    assert "+0 rows, −0, 3 changed" in diff
    assert "definition: `orders`" in diff
    assert "orders  10  →  13  +3  +30.0 %" in diff
    assert 'next: `headwater promote fix --reason "…"`' in diff
    promoted = cli("promote", "fix", "--reason", "count the shop too")
    assert promoted.code == 0
    assert "release #3 · prod · promotion · 1 node changed" in promoted.out
    assert "back: `headwater rollback`" in promoted.out
    query = ("sql", "select sum(orders) as n from cities", "--json")
    assert cli(*query).data == [{"n": 13}]
    back = cli("rollback", "--reason", "no")
    assert back.code == 0
    assert back.out.startswith("release #4 · prod is back at #1, away from #3")
    assert cli(*query).data == [{"n": 10}]
    assert "Nothing to do" in cli("run").out, "the schedule does not bring it back"


def test_diff_of_equal_releases_is_empty(shop: Path, cli: Call) -> None:
    assert cli("release", "diff", "1", "--against", "1").out == "No difference.\n"


def test_promoting_nothing_is_said(shop: Path, cli: Call) -> None:
    said = cli("promote", "prod")
    assert said.code == 1
    assert "E711" in said.err


def test_release_list_marks_heads(fixed: Path, cli: Call) -> None:
    lines = cli("release", "list").out.splitlines()
    assert [line.split()[0] for line in lines] == ["#2", "#1"]
    assert lines[0].endswith("← fix")
    assert lines[1].endswith("← prod")
    assert cli("release", "--limit", "1").out.split() == lines[0].split()
    numbers = [r["number"] for r in cli("release", "list", "--env", "fix", "--json").data]
    assert numbers == [2]


def test_release_show(fixed: Path, cli: Call) -> None:
    out = cli("release", "show", "#2").out
    assert out.startswith("release #2 · fix · definitions · 2011-12-10 00:00 · ann")
    assert "table.cities" in out
    assert cli("release", "show", "2", "--json").data["diff"]["nodes"][0]["rows_changed"] == 3


@pytest.mark.parametrize(
    ("arguments", "status", "code"),
    [
        (("release", "show", "99"), 1, "E707"),
        (("release", "show", "x"), 2, "E814"),
        (("release", "diff", "nope"), 2, "E710"),
        (("rollback",), 1, "E712"),
        (("rollback", "--to", "x"), 2, "E814"),
        (("promote", "nope"), 2, "E710"),
        (("trace", "nope"), 2, "E713"),
        (("trace", "cities.nope"), 2, "E714"),
        (("trace", "orders", "--at", "2011-12-40"), 2, "E807"),
    ],
)
def test_wrong_arguments(
    shop: Path, cli: Call, arguments: tuple[str, ...], status: int, code: str
) -> None:
    said = cli(*arguments)
    assert said.code == status
    assert code in said.err


def test_trace_walks_upstream(shop: Path, cli: Call) -> None:
    first, second, third, *files = cli("trace", "cities").out.splitlines()
    assert first.startswith("table.cities   3 rows · build ")
    assert "release #1 · tables/cities.sql@" in first
    assert second.startswith("└ table.orders   10 rows")
    assert third.startswith("  └ source.tills   10 rows")
    assert [(line.split()[0], line[-12:].strip()) for line in files] == [
        ("data/december.csv", "7 of 7 rows"),
        ("data/november.csv", "3 of 3 rows"),
    ]


def test_trace_of_a_day(shop: Path, cli: Call) -> None:
    data = cli("trace", "orders", "--at", "2011-12-01", "--json").data
    node, source = data["nodes"]
    assert node["rows"] == 1
    assert [d["delivery"]["name"] for d in source["deliveries"]] == ["data/december.csv"]
    assert node["interval"]["start"].startswith("2011-12-01T00:00")


def test_trace_of_a_column(shop: Path, cli: Call) -> None:
    out = cli("trace", "cities.amount").out
    assert "table.cities.amount" in out
    assert "from orders.amount" in out


def test_trace_shows_the_sql(shop: Path, cli: Call) -> None:
    assert "sum(amount)::decimal(18,2)" in cli("trace", "cities", "--sql").out


def test_changes_for_people_and_auditors(fixed: Path, cli: Call) -> None:
    cli("promote", "fix", "--reason", 'say "why"')
    out = cli("changes").out
    assert re.search(r'#3 +prod +promotion +ann +say "why"', out)
    rows = list(csv.DictReader(cli("changes", "--csv").out.splitlines()))
    assert rows[0]["text"] == 'say "why"'
    assert [row["release"] for row in rows] == ["3", "2", "1"]
    assert cli("changes", "--period", "2010", "--json").data == []
    assert len(cli("changes", "--period", "2011-12", "--json").data) == 3
