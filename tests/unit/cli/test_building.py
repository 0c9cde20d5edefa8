"""`plan`, `run`, `retry`: what they print, what they do, how they end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.unit.cli.conftest import FILES, Call, write

SECONDS = re.compile(r"\s+[\d.,]+ (?:ms|s)$|\d+(?:\.\d+)? (?:ms|s)\b", re.MULTILINE)


def without_times(text: str) -> str:
    """Text without durations and the blanks before them."""
    return "\n".join(line.rstrip() for line in SECONDS.sub("", text).splitlines())


def edit(folder: Path) -> None:
    """A change of one column's meaning."""
    text = FILES["tables/cities.sql"].replace("count(*)", "count(*) + 1")
    write(folder, {"tables/cities.sql": text})


def test_plan_says_what_a_first_run_does(fresh: Path, cli: Call) -> None:
    said = cli("plan", "--project", str(fresh))
    assert said.code == 0
    assert said.out.splitlines() == [
        "shop · nothing published yet · now 2011-12-10 00:00 Europe/London",
        *(line for line in said.out.splitlines() if re.match(r"  \d ", line)),
        "3 steps. `headwater run` does exactly this.",
    ]
    steps = [line.split() for line in said.out.splitlines() if re.match(r"  \d ", line)]
    assert [(s[1], s[2], s[-1]) for s in steps] == [
        ("load", "source.tills", "new"),
        ("build", "table.orders", "new"),
        ("build", "table.cities", "new"),
    ]


def test_plan_names_nothing_that_is_not_built(fresh: Path, cli: Call) -> None:
    write(fresh, {"queries/first.sql": "select * from tills"})
    assert "then the days" not in cli("plan", "--project", str(fresh)).out


def test_plan_as_data_names_every_step(fresh: Path, cli: Call) -> None:
    data = cli("plan", "--project", str(fresh), "--json").data
    assert [step["node"] for step in data["steps"]] == [
        "source.tills",
        "table.orders",
        "table.cities",
    ]
    assert data["release"] is None
    assert {step["reason"] for step in data["steps"]} == {"new"}


def test_run_prints_each_node_and_the_release(fresh: Path, cli: Call) -> None:
    said = cli("run", "--project", str(fresh))
    assert said.code == 0
    lines = without_times(said.out).splitlines()
    assert lines[:3] == [
        "  ✔ source.tills   10 delivered = 10 published",
        "  ✔ table.orders   10 rows",
        "  ✔ table.cities   3 rows",
    ]
    assert lines[3].startswith("release #1 · prod · definitions · 3 nodes changed")


def test_a_second_run_does_nothing_and_says_so(shop: Path, cli: Call) -> None:
    said = cli("run")
    assert said.code == 0
    assert said.out.startswith("Nothing to do: everything is up to date (release #1).")
    assert cli("run", "--json").data["releases"] == []


def test_prod_runs_released_definitions_and_tells_of_edited_ones(shop: Path, cli: Call) -> None:
    edit(shop)
    said = cli("run")
    assert said.code == 0
    assert "1 edited definition not released: table.cities" in said.out
    assert cli("sql", "select min(orders) from cities", "--format", "csv").out.split() == [
        "min(orders)",
        "3",
    ]


@pytest.mark.parametrize("answer", ["--apply", "--yes"])
def test_edited_definitions_are_released_when_told(shop: Path, cli: Call, answer: str) -> None:
    edit(shop)
    said = cli("run", answer)
    assert said.code == 0
    assert "definition changed: `orders`" in said.out
    assert "release #2 · prod · definitions · 1 node changed" in said.out


def test_an_environment_shows_a_change_beside_prod(shop: Path, cli: Call) -> None:
    edit(shop)
    assert cli("run", "--env", "fix").code == 0
    query = "select sum(orders) as n from cities"
    assert cli("sql", query, "--json").data == [{"n": 10}]
    assert cli("sql", query, "--json", "--env", "fix").data == [{"n": 13}]


def test_selection_of_nodes(shop: Path, cli: Call) -> None:
    refresh = ("plan", "--full-refresh", "orders+", "--json")
    assert [s["node"] for s in cli(*refresh).data["steps"]] == ["table.orders", "table.cities"]
    edit(shop)
    plan = ("plan", "--apply", "--json")
    assert [s["node"] for s in cli(*plan).data["steps"]] == ["table.cities"]
    assert cli(*plan, "--exclude", "cities").data["steps"] == []
    assert [s["node"] for s in cli(*plan, "state:modified").data["steps"]] == ["table.cities"]


def test_unknown_node_is_wrong_usage_with_the_nearest(shop: Path, cli: Call) -> None:
    said = cli("run", "citys")
    assert said.code == 2
    assert "E801" in said.err
    assert "cities" in said.err


def test_errors_are_told_all_at_once_and_nothing_runs(fresh: Path, cli: Call) -> None:
    write(fresh, {"tables/a.sql": "select * from order", "tables/b.sql": "select x from orders"})
    said = cli("run", "--project", str(fresh))
    assert said.code == 1
    assert said.out == ""
    assert "tables/a.sql" in said.err
    assert "tables/b.sql:1:8" in said.err
    assert "2 errors. Nothing was run." in said.err


def test_sample_of_prod_is_refused(shop: Path, cli: Call) -> None:
    said = cli("run", "--sample", "30d")
    assert said.code == 2
    assert "E810" in said.err


def test_wrong_period_names_the_right_forms(shop: Path, cli: Call) -> None:
    said = cli("plan", "--period", "2011-13")
    assert said.code == 2
    assert "E807" in said.err
    assert "last 30 days" in said.err


def test_build_is_run_with_a_hint(shop: Path, cli: Call) -> None:
    said = cli("build")
    assert said.code == 0
    assert "`headwater run` is the command" in said.err
    assert "Nothing to do" in said.out


def test_retry_runs_what_was_asked_and_releases_nothing_edited(shop: Path, cli: Call) -> None:
    edit(shop)
    assert cli("run", "orders").code == 0
    said = cli("retry", "--json")
    assert said.code == 0
    assert said.data["edited"] == ["table.cities"]
    assert said.data["releases"] == []


def test_retry_without_a_run(fresh: Path, cli: Call) -> None:
    said = cli("retry", "--project", str(fresh))
    assert said.code == 2
    assert "E815" in said.err


def test_a_failed_table_ends_with_1_and_keeps_the_rest(fresh: Path, cli: Call) -> None:
    broken = "/*\nkey: city\n*/\nselect city, error('no luck')::varchar as oops from orders"
    write(fresh, {"tables/broken.sql": broken, "tables/after.sql": "select * from broken"})
    said = cli("run", "--project", str(fresh))
    assert said.code == 1
    assert "✖ table.broken" in said.out
    assert "no luck" in said.out
    assert "held with it: table.after" in said.out
    assert cli("sql", "from cities", "--project", str(fresh), "--json").code == 0


def test_a_run_without_news_is_told_at_once(shop: Path, cli: Call) -> None:
    assert "Nothing has changed" not in cli("run").out
    said = cli("run")
    assert said.out == (
        "Nothing to do: everything is up to date (release #1)."
        " Nothing has changed since the last run.\n"
    )
    assert cli("run", "--json").data["release"] == 1
    with (shop / "data" / "december.csv").open("a") as file:
        file.write("10,c1,1.5,2011-12-08 09:00:00\n")
    assert "release #2" in cli("run").out
    edit(shop)
    assert "1 edited definition not released" in cli("run").out
    assert "1 edited definition not released" in cli("run").out


def test_a_half_edited_file_does_not_stop_the_schedule(shop: Path, cli: Call) -> None:
    write(shop, {"tables/cities.sql": "select from"})
    said = cli("run")
    assert said.code == 0
    assert said.err == (
        "1 error in the files (`headwater check`). The released definitions are run.\n"
    )
    assert cli("run", "--apply").code == 1
    assert cli("run", "--env", "fix").code == 1
