"""Merging, vacuum, the catalog file: what is published stays as it is, and what is needed stays."""

from __future__ import annotations

import time
from datetime import date, timedelta

import duckdb
import pytest
from tests.integration.run.small import Small, touched

from headwater.errors import HeadwaterError
from headwater.ids import NodeId
from headwater.ledger import Pin

NOW = timedelta(0)


def many_days(shop: Small, days: int = 6) -> None:
    """A release for each day, so that each table has a small file for each."""
    shop.run()
    for day in range(days):
        at = f"2024-03-{10 + day} 09:00"
        shop.deliver(f"more{day}", [(100 + day, at, "ann", 1)])
        shop.run(apply=False, now="2024-04-20")


def data_files(shop: Small) -> set[str]:
    """The Parquet files in the lake."""
    lake = shop.root / ".headwater/lake"
    return {path.relative_to(lake).as_posix() for path in lake.rglob("*.parquet")}


def shown_files(shop: Small) -> dict[str, int]:
    """How many files of published rows each node has."""
    with shop.open() as project:
        return {n.name: len(s.part("rows")) for n, s in project.view.states.items()}


def test_merged_files_show_the_same_and_make_nothing_stale(shop: Small) -> None:
    many_days(shop)
    before = {name: shop.rows(name) for name in ("orders", "sales", "daily", "customers")}
    assert shown_files(shop)["sales"] == 7
    with shop.open(now="2024-04-21") as project:
        report = project.compact()
    assert {n.node.name: (n.files_before, n.files_after) for n in report.nodes} == {
        "orders": (7, 1),
        "sales": (7, 1),
        "daily": (7, 1),
    }
    assert report.release is not None
    assert report.release.sort == "maintenance"
    assert {name: shop.rows(name) for name in before} == before
    assert shop.run().outcomes == ()
    with shop.open() as project:
        assert project.compact() == type(report)()
        assert {d.change for d in project.diff().nodes} <= {"definition only", "rebuilt, equal"}
    late = [(200, "2024-03-12 23:00", "bob", 5)]
    shop.deliver("more2", late)
    assert touched(shop.run()) == {
        "orders": "loaded",
        "sales": "built",
        "daily": "built",
        "customers": "built",
    }
    assert (200,) in shop.rows("sales", "id")
    assert len(shop.rows("sales")) == len(before["sales"])


def test_only_the_chosen_nodes_are_merged(shop: Small) -> None:
    many_days(shop)
    with shop.open() as project:
        report = project.compact(["sales"])
    assert [n.node.name for n in report.nodes] == ["sales"]


def test_vacuum_takes_what_no_release_in_grace_needs(shop: Small) -> None:
    many_days(shop)
    with shop.open(now="2024-04-21") as project:
        project.compact()
    everything = data_files(shop)
    with shop.open(now="2024-04-22") as project:
        kept = project.vacuum(timedelta(days=7))
        assert (kept.deleted, kept.missing) == (0, ())
        asked = project.vacuum(NOW, dry_run=True)
        assert asked.deleted == 7 + 7 + 7 + 6  # `customers` is one file, built seven times
        assert data_files(shop) == everything
        done = project.vacuum(NOW)
        assert (done.deleted, done.bytes) == (asked.deleted, asked.bytes)
        assert project.vacuum(NOW).deleted == 0
    assert len(data_files(shop)) == len(everything) - 27
    assert shop.run().outcomes == ()
    assert len(shop.rows("sales")) == 10
    with (
        shop.open() as project,
        pytest.raises(HeadwaterError, match=r"E762 .* files of #1 are gone"),
    ):
        project.rollback(1)


def test_what_comes_out_equal_or_is_held_leaves_no_file(shop: Small) -> None:
    shop.run()
    before = data_files(shop)
    tables = frozenset(NodeId("table", name) for name in ("sales", "daily", "customers"))
    assert set(touched(shop.run(full_refresh=tables)).values()) == {"identical"}
    assert data_files(shop) == before
    path = shop.root / "tables/customers.sql"
    path.write_text(path.read_text().replace("select customer,", "select 'x' as customer,"))
    assert touched(shop.run("fix")) == {"customers": "held"}
    assert data_files(shop) == before


def test_a_pin_keeps_a_release(shop: Small) -> None:
    many_days(shop, 2)
    with shop.open(now="2024-04-22") as project:
        at = project.workspace.clock.now
        project.ledger.pin(Pin(release=1, reason="audit", at=at, author="ann"))
        project.vacuum(NOW)
        project.rollback(1)
    assert len(shop.rows("sales")) == 4


def test_strays_of_a_dead_run_go_and_those_of_a_run_under_way_stay(shop: Small) -> None:
    shop.run()
    lake = shop.root / ".headwater/lake"
    stray = lake / "table/sales/2024-03/dead-0.parquet"
    stray.write_bytes(b"PAR1 half a file")
    stage = lake / ".stage/dead"
    stage.mkdir(parents=True)
    with shop.open() as project:
        with project.ledger.run_lock("prod", holder="ann") as held:
            assert held
            with shop.open() as other:
                report = other.vacuum(NOW)
        assert report.busy == ("prod",)
        assert stray.exists()
        assert stage.exists()
        time.sleep(0.01)
        assert project.vacuum(timedelta(hours=1)).deleted == 0
        assert project.vacuum(NOW).deleted == 1
    assert not stray.exists()
    assert not stage.exists()
    assert len(shop.rows("sales")) == 4


def test_an_older_ledger_is_refused_and_nothing_is_deleted(shop: Small) -> None:
    shop.run()
    ledger = shop.root / ".headwater/ledger.db"
    backup = ledger.read_bytes()
    many_days(shop, 1)
    everything = data_files(shop)
    for extra in ledger.parent.glob("ledger.db-*"):
        extra.unlink()
    ledger.write_bytes(backup)
    with shop.open() as project, pytest.raises(HeadwaterError, match="E761"):
        project.vacuum(NOW)
    with pytest.raises(HeadwaterError, match="E761"):
        shop.run()
    assert data_files(shop) == everything


def test_files_read_in_place_are_nobodys_to_delete(shop: Small) -> None:
    folder = shop.root / "theirs"
    folder.mkdir()
    for number in range(5):
        place = folder / f"{number}.parquet"
        rows = duckdb.sql(f"select {number} as n, timestamp '2024-03-01' as at")
        assert rows is not None
        rows.to_parquet(str(place))
    shop.write("sources/theirs.yml", "tables_in: theirs/*.parquet\ntime: at\n")
    shop.run()
    with shop.open() as project:
        assert project.compact(["theirs"]).nodes == ()
        report = project.vacuum(NOW)
        assert report.missing == ()
    assert len(list(folder.iterdir())) == 5


def test_the_catalog_shows_prod(shop: Small) -> None:
    shop.run()
    link = shop.root / ".headwater/lake/catalog.duckdb"
    with duckdb.connect(str(link), read_only=True) as reader:
        assert reader.execute("select sum(amount) from daily").fetchone() == (100,)
        assert reader.execute("select count(*) from orders").fetchone() == (4,)
    shop.deliver("day5", [(5, "2024-03-05 09:00", "ann", 50)])
    shop.run("fix")
    with duckdb.connect(str(link), read_only=True) as reader:
        assert reader.execute("select sum(amount) from daily").fetchone() == (100,)
    shop.run()
    with duckdb.connect(str(link), read_only=True) as reader:
        assert reader.execute("select sum(amount) from daily").fetchone() == (150,)


def test_a_catalog_that_cannot_be_written_is_a_note(shop: Small) -> None:
    place = shop.root / ".headwater/lake/catalog-1.duckdb"
    place.mkdir(parents=True)
    link = shop.root / ".headwater/lake/catalog.duckdb"
    link.mkdir()
    (link / "file").touch()
    report = shop.run()
    assert not report.failed
    with shop.open() as project:
        (event,) = project.ledger.events(report.run)
    assert "W764" in event.text


def test_laid_out_definitions_of_former_releases_go(shop: Small) -> None:
    shop.run()
    path = shop.root / "tables/customers.sql"
    path.write_text(path.read_text().replace("count(*)", "count(*) + 1"))
    shop.run(apply=False)  # lays out what prod runs
    released = shop.root / ".headwater/released"
    assert len(list(released.iterdir())) == 1
    shop.run()
    with shop.open() as project:
        project.vacuum(NOW)
    assert list(released.iterdir()) == []


def test_a_reused_build_that_vacuum_took_is_not_published(shop: Small) -> None:
    shop.run()
    path = shop.root / "tables/sales.sql"
    old = path.read_text()
    path.write_text(old.replace("from orders", "from orders where amount > 15"))
    shop.run()
    with shop.open(now="2024-05-01") as project:
        project.vacuum(NOW)
    path.write_text(old)
    assert touched(shop.run())["sales"] == "built"
    assert len(shop.rows("sales")) == 4


def test_merged_files_can_be_traced(shop: Small) -> None:
    many_days(shop)
    with shop.open() as project:
        project.compact()
        before = project.trace("table.sales", date(2024, 3, 12))
        assert "more2" in repr(before)
