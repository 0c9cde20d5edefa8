"""`freshness`, `compact`, `vacuum`."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.conftest import Call

FILES_OF_ORDERS = "table/orders"


def deliver(shop: Path, cli: Call, days: int) -> None:
    """A delivery a day, each in a run of its own."""
    for day in range(1, days + 1):
        name = shop / "data" / f"2011-10-{day:02}.csv"
        name.write_text(
            f"id,city,amount,ordered_at\n{100 + day},c1,2.5,2011-10-{day:02} 10:00:00\n"
        )
        assert cli("run").code == 0


def data_files(shop: Path) -> set[str]:
    lake = shop / ".headwater" / "lake"
    return {path.relative_to(lake).as_posix() for path in lake.rglob("*.parquet")}


def test_fewer_files_and_the_same_rows(shop: Path, cli: Call) -> None:
    deliver(shop, cli, 5)
    query = ("sql", "from orders order by id", "--format", "csv", "--limit", "0")
    before = cli(*query).out
    (facts,) = cli("show", "orders", "--json").data
    said = cli("compact")
    assert said.code == 0
    assert "table.orders" in said.out
    assert "5 files → 1" in said.out
    (after,) = cli("show", "orders", "--json").data
    assert after["files"] == facts["files"] - 4
    assert cli(*query).out == before
    assert cli("plan", "--json").data["steps"] == []
    assert cli("run", "--json").data["releases"] == []
    assert cli("compact").out == "Nothing to merge.\n"


def test_vacuum_takes_what_nothing_needs(shop: Path, cli: Call) -> None:
    deliver(shop, cli, 5)
    cli("compact")
    query = ("sql", "select count(*) as n, sum(amount) as s from orders", "--json")
    before, files = cli(*query).data, data_files(shop)
    assert cli("vacuum").out.startswith("deleted 0 files"), "within its grace everything stays"
    looked = cli("vacuum", "--grace", "0d", "--dry-run", "--json").data
    assert looked["dry_run"] is True
    assert data_files(shop) == files
    done = cli("vacuum", "--grace", "0d", "--json").data
    assert done["deleted"] == looked["deleted"] > 4
    assert len(data_files(shop)) == len(files) - done["deleted"]
    assert cli(*query).data == before
    assert "Nothing to do" in cli("run").out


def test_vacuum_names_what_is_missing(shop: Path, cli: Call) -> None:
    next((shop / ".headwater" / "lake" / "table" / "orders").rglob("*.parquet")).unlink()
    said = cli("vacuum")
    assert said.code == 1
    assert "missing: table/orders/" in said.out


def test_vacuum_of_a_wrong_grace(shop: Path, cli: Call) -> None:
    assert cli("vacuum", "--grace", "soon").code == 2


@pytest.mark.parametrize(
    ("now", "code", "mark"),
    [("2011-12-08", 0, "✔"), ("2011-12-11", 0, "!"), ("2011-12-20", 1, "✖")],
)
def test_freshness_for_a_scheduler(shop: Path, cli: Call, now: str, code: int, mark: str) -> None:
    path = shop / "sources" / "tills.yml"
    path.write_text(path.read_text() + "freshness: {warn_after: 2d, error_after: 4d}\n")
    said = cli("freshness", "--now", now)
    assert said.code == code
    assert said.out.split()[:2] == [mark, "source.tills"]
    assert "complete through 2011-12-07" in said.out
    (source,) = cli("freshness", "--now", now, "--json").data["sources"]
    assert source["newest"].startswith("2011-12-07T12:00")


def test_freshness_without_limits_or_rows(fresh: Path, cli: Call) -> None:
    said = cli("freshness", "--project", str(fresh))
    assert said.code == 0
    assert "no rows yet" in said.out
    assert "no limit" in said.out
