"""Every way in which a table may read: windows, dimensions, its own past; and what reopens what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from tests.integration.run.small import ORDERS, Small, reasons, touched

from headwater.clock import count_days, day_interval, days_of
from headwater.ids import NodeId
from headwater.plan.state import State
from headwater.plan.steps import Query

APPEND = ORDERS.replace("replace", "append")


def state_of(shop: Small, table: str, env: str = "prod") -> State:
    """The published state of a table."""
    with shop.open(env) as project:
        return next(s for n, s in project.view.states.items() if n.name == table)


def rebuilt_days(shop: Small, table: str, before: State) -> set[date]:
    """The days that other builds stand on than before."""
    with shop.open() as project:
        zone = project.workspace.zone
    found: set[date] = set()
    for interval, segment in state_of(shop, table).segments:
        for day in days_of(interval, zone):
            old = before.segments.at(day_interval(day, day, zone).start)
            if old is None or old.build != segment.build:
                found.add(day)
    return found


def march(*days: int) -> set[date]:
    """Days of March 2024."""
    return {date(2024, 3, day) for day in days}


# --- windows


@pytest.fixture
def windows(shop: Small) -> Small:
    """Ten days of orders, and tables that read before, after, and both."""
    shop.write("sources/orders.yml", APPEND)
    rows = [(100 + n, f"2024-03-{n:02} 12:00", "ann", n) for n in range(1, 11)]
    shop.deliver("ten", rows)
    for name, words, low, high in (
        ("past", "3d before", 3, 0),
        ("ahead", "2d after", 0, 2),
        ("both", "1d before and after", 1, 1),
    ):
        shop.write(
            f"tables/{name}.sql",
            f"""
            /*
            time: day
            key: day
            reads: {{sales: {words}, daily: 0d before}}
            */
            select d.day, count(*) as orders
            from daily d join sales s
            on cast(s.ordered_at as date) between d.day - {low} and d.day + {high}
            group by d.day
            """,
        )
    shop.run()
    return shop


def test_a_late_row_reopens_the_days_whose_window_sees_it(windows: Small) -> None:
    before = {name: state_of(windows, name) for name in ("past", "ahead", "both", "daily")}
    windows.deliver("late", [(999, "2024-03-05 23:30", "zoë", 1)])
    windows.run()
    assert rebuilt_days(windows, "daily", before["daily"]) == march(5)
    assert rebuilt_days(windows, "past", before["past"]) == march(5, 6, 7, 8)
    assert rebuilt_days(windows, "ahead", before["ahead"]) == march(3, 4, 5)
    assert rebuilt_days(windows, "both", before["both"]) == march(4, 5, 6)
    counts = {row[0]: row[1] for row in windows.rows("past")}
    assert counts[date(2024, 3, 8)] == 1 + 1 + 1 + 1 + 1
    assert counts[date(2024, 3, 9)] == 4


def test_windows_see_what_they_say(windows: Small) -> None:
    per_day = {1: 3, 2: 2, 3: 1, 4: 2, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1}
    for name, low, high in (("past", 3, 0), ("ahead", 0, 2), ("both", 1, 1)):
        expected = [
            (date(2024, 3, day), sum(per_day.get(day + n, 0) for n in range(-low, high + 1)))
            for day in per_day
        ]
        assert windows.rows(name) == expected, name


# --- dimensions


def dimension(shop: Small, change: str) -> Small:
    """`placed` joins a seed to the sales, and `per_region` reads it."""
    shop.write("seeds/regions.csv", "customer,region\nann,north\nbob,south\n")
    shop.write(
        "tables/placed.sql",
        f"""
        /*
        time: ordered_at
        on_change: {{regions: {change}}}
        */
        select s.id, s.ordered_at, r.region from sales s left join regions r using (customer)
        """,
    )
    shop.write(
        "tables/per_region.sql", "select region, count(*) as orders from placed group by region"
    )
    shop.run()
    shop.write("seeds/regions.csv", "customer,region\nann,west\nbob,south\n")
    return shop


def test_a_restated_dimension_reopens_history(shop: Small) -> None:
    dimension(shop, "restate")
    report = shop.run()
    assert {"regions", "placed", "per_region"} <= touched(report).keys()
    assert shop.rows("placed", "id, region") == [(1, "west"), (2, "south"), (3, "west"), (4, None)]
    assert shop.run().outcomes == ()


def test_a_kept_dimension_shows_new_days_alone(shop: Small) -> None:
    dimension(shop, "keep")
    assert touched(shop.run()) == {"regions": "loaded"}
    shop.deliver("day5", [(5, "2024-03-05 09:00", "ann", 50)])
    shop.run()
    found = shop.rows("placed", "id, region")
    assert found == [(1, "north"), (2, "south"), (3, "north"), (4, None), (5, "west")]


def test_building_a_kept_table_anew_is_seen_downstream(shop: Small) -> None:
    dimension(shop, "keep")
    shop.run()
    report = shop.run(full_refresh=frozenset({NodeId("table", "placed")}))
    assert touched(report) == {"placed": "built", "per_region": "built"}
    assert shop.rows("per_region") == [("south", 1), ("west", 2), (None, 1)]
    assert shop.run().outcomes == ()


# --- its own day before

BALANCE = """
    /*
    time: day
    reads: {daily: 0d before}
    previous: {day: date, balance: "decimal(38,2)"}
    */
    select coalesce(d.day, p.day + 1) as day,
        (coalesce(d.amount, 0) + coalesce(p.balance, 0))::decimal(38,2) as balance
    from daily d full join previous p on d.day = p.day + 1
"""


def test_a_running_balance(shop: Small) -> None:
    shop.write("tables/balance.sql", BALANCE)
    shop.write("tables/highest.sql", "select max(balance) as balance from balance")
    shop.run()
    days = [date(2024, 3, n) for n in (1, 2, 3, 4)]
    assert shop.rows("balance") == list(zip(days, map(Decimal, (30, 60, 60, 100)), strict=True))
    first = state_of(shop, "balance")
    shop.deliver("day2", [(3, "2024-03-02 09:00", "ann", 31)])
    shop.run()
    assert rebuilt_days(shop, "balance", first) == march(2, 3, 4)
    assert shop.rows("balance", "balance") == [(Decimal(n),) for n in (30, 61, 61, 101)]
    assert shop.rows("highest") == [(Decimal(101),)], "what reads the balance follows it"
    shop.deliver("day0", [(9, "2024-02-29 09:00", "ann", 1)])
    shop.run()
    assert shop.rows("balance", "balance") == [(Decimal(n),) for n in (1, 31, 62, 62, 102)]
    assert shop.run().outcomes == ()


def test_a_balance_is_no_sample(shop: Small) -> None:
    shop.run()
    shop.write("tables/balance.sql", BALANCE)
    shop.run("try", sample=timedelta(days=1))
    assert len(shop.rows("balance", env="try")) == 4
    with shop.open() as project:
        project.promote("try")
    assert shop.rows("balance", "balance")[-1] == (Decimal(100),)


def test_a_balance_needs_days(shop: Small) -> None:
    shop.write(
        "tables/sum_so_far.sql",
        "/*\nprevious: {total: bigint}\n*/\nselect coalesce(max(total), 0) as total from previous",
    )
    with shop.open() as project:
        assert "E305" in [issue.code for issue in project.check()]


# --- history


@pytest.fixture
def history(shop: Small) -> Small:
    """The validity of what each customer is worth."""
    shop.write(
        "tables/worth.sql", "select customer, sum(amount) as amount from sales group by customer"
    )
    shop.write(
        "tables/validity.sql",
        "/*\nhistory: {key: customer}\n*/\nselect customer, amount from worth\n",
    )
    shop.write(
        "tables/changes.sql", "select customer, count(*) as n from validity group by customer"
    )
    shop.run(now="2024-03-10")
    return shop


def ranges(shop: Small) -> list[tuple[object, ...]]:
    """Customer, amount, first and last day."""
    columns = "customer, amount::int, valid_from::date::varchar, valid_to::date::varchar"
    return shop.rows("validity", columns)


def test_history_of_a_change_a_deletion_and_a_comeback(history: Small) -> None:
    start = [("ann", 40, "2024-03-10", None), ("bob", 20, "2024-03-10", None)]
    start.append(("cid", 40, "2024-03-10", None))
    assert ranges(history) == start
    assert history.run(now="2024-03-11").outcomes == ()
    both = [(1, "2024-03-01 09:00", "ann", 15), (2, "2024-03-01 10:00", "bob", 20)]
    history.deliver("day1", both)
    history.run(now="2024-03-12")
    assert ranges(history)[:2] == [
        ("ann", 40, "2024-03-10", "2024-03-12"),
        ("ann", 45, "2024-03-12", None),
    ]
    history.deliver("day1", both[:1])
    history.run(now="2024-03-13")
    assert ("bob", 20, "2024-03-10", "2024-03-13") in ranges(history)
    history.deliver("day1", [(1, "2024-03-01 09:00", "ann", 10), both[1]])
    history.run(now="2024-03-14")
    assert ranges(history) == [
        ("ann", 40, "2024-03-10", "2024-03-12"),
        ("ann", 40, "2024-03-14", None),
        ("ann", 45, "2024-03-12", "2024-03-14"),
        ("bob", 20, "2024-03-10", "2024-03-13"),
        ("bob", 20, "2024-03-14", None),
        ("cid", 40, "2024-03-10", None),
    ]
    assert history.rows("changes") == [("ann", 3), ("bob", 2), ("cid", 1)]
    assert history.run(now="2024-03-15").outcomes == ()


def test_a_changed_definition_goes_on_with_the_history(history: Small) -> None:
    history.write(
        "tables/validity.sql",
        "/*\nhistory: {key: customer}\n*/\n"
        "select customer, amount, amount > 30 as large from worth\n",
    )
    history.run(now="2024-03-12")
    found = history.rows("validity", "customer, large, valid_to is null")
    assert found == [
        ("ann", True, True),
        ("ann", None, False),
        ("bob", False, True),
        ("bob", None, False),
        ("cid", True, True),
        ("cid", None, False),
    ]


# --- time columns


@pytest.mark.parametrize("kind", ["date", "timestamp", "timestamptz"])
def test_time_may_be_a_date_or_an_instant(small: Small, kind: str) -> None:
    small.write("sources/orders.yml", APPEND)
    # In the night of 31 March clocks go from 01:00 to 02:00 in London.
    small.deliver("a", [(1, "2024-03-30 12:00", "a", 1), (2, "2024-03-31 00:30", "a", 2)])
    small.deliver("b", [(3, "2024-03-31 23:30", "a", 3), (4, "2024-04-01 00:30", "a", 4)])
    small.write(
        "tables/timed.sql",
        f"/*\ntime: moment\n*/\nselect id, ordered_at::{kind} as moment, amount from orders",
    )
    small.write(
        "tables/daily.sql",
        "/*\ntime: day\nkey: day\n*/\n"
        "select moment::date as day, sum(amount)::int as amount from timed group by all",
    )
    small.run()
    small.deliver("late", [(5, "2024-03-31 03:00", "a", 10)])
    before = state_of(small, "daily")
    small.run()
    assert rebuilt_days(small, "daily", before) == march(31)
    days = [date(2024, 3, 30), date(2024, 3, 31), date(2024, 4, 1)]
    assert small.rows("daily") == list(zip(days, (1, 15, 4), strict=True))
    assert len(small.rows("timed")) == 5


# --- files


def test_a_late_row_rewrites_its_file_and_never_changes_one(small: Small) -> None:
    small.write("sources/orders.yml", APPEND)
    rows = [(n, f"2024-{1 + n // 20:02}-{1 + n % 20:02} 12:00", "ann", n) for n in range(60)]
    small.deliver("all", rows)
    small.write("tables/sales.sql", "/*\ntime: ordered_at\n*/\nselect * from orders")
    small.run()
    lake = small.root / ".headwater/lake"
    before = {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in lake.rglob("*.parquet")
    }
    old = state_of(small, "sales")
    assert len(old.files) == 3
    for number, at in enumerate(("2024-02-10 08:00", "2024-02-10 09:00", "2024-02-12 08:00")):
        small.deliver(f"late{number}", [(100 + number, at, "bob", 1)])
        small.run()
    assert {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in before} == before
    now = state_of(small, "sales")
    kept = {f.path for f in old.files} & {f.path for f in now.files}
    assert len(kept) == 2, "January and March are as they were"
    assert len(small.rows("sales")) == 63
    assert now.row_count == 63


def test_a_day_that_is_gone_leaves_all_tables(shop: Small) -> None:
    shop.deliver("day3", [(4, "2024-03-04 09:00", "cid", 40), (5, "2024-03-06 09:00", "cid", 1)])
    shop.run()
    assert len(shop.rows("daily")) == 4
    shop.deliver("day3", [(4, "2024-03-03 09:00", "cid", 40)])
    shop.run()
    assert shop.rows("daily", "day") == [(day,) for day in sorted(march(1, 2, 3))]
    assert shop.rows("sales", "id") == [(1,), (2,), (3,), (4,)]
    assert shop.run().outcomes == ()


# --- Python, functions, files in place


def test_python_tables_by_day_and_in_batches(shop: Small) -> None:
    shop.write(
        "tables/doubled.py",
        """
        import headwater as hw
        import pyarrow as pa

        @hw.table(time="ordered_at", reads={"sales": "0d before"})
        def doubled(sales: pa.Table):
            twice = [v * 2 for v in sales["id"].to_pylist()]
            return pa.table({"id": pa.array(twice, pa.int64()), "ordered_at": sales["ordered_at"]})
        """,
    )
    shop.write(
        "tables/batches.py",
        """
        import headwater as hw
        import pyarrow as pa

        @hw.table()
        def batches(sales: pa.RecordBatchReader):
            for batch in sales:
                yield batch.select(["id"])
        """,
    )
    report = shop.run()
    assert not report.failed, [o.issues for o in report.outcomes]
    assert shop.rows("doubled", "id") == [(2,), (4,), (6,), (8,)]
    assert shop.rows("batches") == [(1,), (2,), (3,), (4,)]
    before = state_of(shop, "doubled")
    shop.deliver("day5", [(5, "2024-03-05 09:00", "ann", 50)])
    assert touched(shop.run())["batches"] == "built"
    assert rebuilt_days(shop, "doubled", before) == march(5)
    assert shop.rows("doubled", "id")[-1] == (10,)


def test_a_changed_function_rebuilds_its_callers(shop: Small) -> None:
    shop.write("functions/loud.sql", "create function loud(t) as upper(t)")
    shop.write("tables/shouted.sql", "select id, loud(customer) as customer from sales")
    shop.run()
    shop.write("functions/loud.sql", "create function loud(t) as upper(t) || '!'")
    assert touched(shop.run()) == {"shouted": "built"}
    assert shop.rows("shouted", "customer")[0] == ("ANN!",)


def test_files_in_place_follow_their_owner(shop: Small) -> None:
    import duckdb

    folder = shop.root / "their's"
    folder.mkdir()

    def give(name: str, day: int, value: int) -> None:
        with duckdb.connect() as connection:
            relation = connection.sql(
                f"select {value} as v, timestamp '2024-03-0{day} 10:00' as seen"
            )
            relation.to_parquet(str(folder / name))

    give("a.parquet", 1, 1)
    give("b.parquet", 2, 2)
    shop.write("sources/theirs.yml", 'tables_in: "their\'s/*.parquet"\ntime: seen\n')
    shop.write("tables/ours.sql", "/*\ntime: seen\n*/\nselect v, seen from theirs")
    shop.run()
    assert shop.rows("ours", "v") == [(1,), (2,)]
    before = state_of(shop, "ours")
    give("b.parquet", 2, 3)
    give("c.parquet", 4, 4)
    shop.run()
    assert shop.rows("ours", "v") == [(1,), (3,), (4,)]
    assert rebuilt_days(shop, "ours", before) >= march(2, 4)
    assert date(2024, 3, 1) not in rebuilt_days(shop, "ours", before)
    (folder / "c.parquet").unlink()
    shop.run()
    assert shop.rows("ours", "v") == [(1,), (3,)]
    assert shop.run().outcomes == ()


# --- backfills


def test_a_backfill_of_a_period_in_chunks(shop: Small) -> None:
    path = shop.root / "tables/sales.sql"
    path.write_text(path.read_text().replace("key: id", "key: id\nchunk: 2d"))
    shop.run()
    with shop.open() as project:
        zone = project.workspace.zone
        period = day_interval(date(2024, 3, 2), date(2024, 3, 4), zone)
        request = replace(project.request(), period=period)
        steps = [s for s in project.plan(request).steps if isinstance(s, Query)]
        sales = [count_days(s.interval, zone) for s in steps if s.node.name == "sales"]
    assert sales == [2, 1]
    report = shop.run(period=period, apply=False)
    assert {touched(report)[name] for name in ("sales", "daily")} == {"identical"}
    assert reasons(report)["sales"].startswith("full refresh")


# --- names and values of every sort


def test_hidden_columns_are_there_when_named(shop: Small) -> None:
    shop.write(
        "tables/lines.sql",
        "/*\ntime: ordered_at\n*/\nselect ordered_at, _row as line, _file as file from orders",
    )
    shop.write("tables/star.sql", "/*\ntime: ordered_at\n*/\nselect * from orders")
    shop.run()
    files = shop.rows("lines", "line, file")
    assert sorted(files) == sorted(
        [
            (1, "data/orders/day1.csv"),
            (1, "data/orders/day2.csv"),
            (1, "data/orders/day3.csv"),
            (2, "data/orders/day1.csv"),
        ]
    )
    assert [name for name, _ in state_of(shop, "star").schema] == [
        "id",
        "ordered_at",
        "customer",
        "amount",
    ]


def test_tables_without_rows(shop: Small) -> None:
    shop.write("tables/none.sql", "/*\nkey: id\n*/\nselect * from sales where id < 0")
    shop.write(
        "tables/no_day.sql", "/*\ntime: ordered_at\n*/\nselect * from sales where amount < 0"
    )
    shop.write("tables/counted.sql", "select count(*) as n from none")
    shop.run()
    assert (shop.rows("none"), shop.rows("no_day"), shop.rows("counted")) == ([], [], [(0,)])
    assert shop.run().outcomes == ()
    shop.deliver("day5", [(-5, "2024-03-05 09:00", "ann", -50)])
    shop.run()
    assert (len(shop.rows("none")), len(shop.rows("no_day"))) == (1, 1)
    assert shop.rows("counted") == [(1,)]


def test_a_new_day_without_rows_is_built_once(shop: Small) -> None:
    """Together with a day that comes out as it was, it looks as if nothing had changed."""
    shop.write(
        "tables/large.sql", "/*\ntime: ordered_at\n*/\nselect * from sales where amount > 35"
    )
    shop.run()
    day3 = [(4, "2024-03-04 09:00", "cid", 40), (6, "2024-03-04 10:00", "cid", 1)]
    shop.deliver("day3", [*day3, (5, "2024-03-05 09:00", "cid", 1)])
    shop.run()
    assert shop.run().outcomes == ()


HOSTILE = ("o'neil", 'say "hi"', "; drop table sales; --", "naïve ☃ 漢字", "%_\\", "${HOME}")


def test_hostile_values_names_and_paths(tmp_path: Path) -> None:
    small = Small(tmp_path / 'it\'s "a" [dir] % ü')
    small.write("sources/orders.yml", APPEND)
    quoted = ['"' + text.replace('"', '""') + '"' for text in HOSTILE]
    rows = [(n, f"2024-03-0{n + 1} 09:00", text, n) for n, text in enumerate(quoted)]
    small.deliver("it's day 1 [x] ü", rows)
    small.write(
        "tables/odd.sql",
        """
        /*
        time: the time
        key: ['key "of" it''s', the time]
        */
        select id as "key ""of"" it's", ordered_at as "the time", customer as "größe; --"
        from orders
        """,
    )
    report = small.run()
    assert not report.failed, [o.issues for o in report.outcomes]
    assert {row[0] for row in small.rows("odd", '"größe; --"')} == set(HOSTILE)
    small.deliver("it's day 1 [x] ü", rows[:-1])
    small.run()
    assert len(small.rows("odd", "1")) == len(HOSTILE) - 1
    assert small.run().outcomes == ()


def test_readers_of_a_changelog_see_the_latest_rows(small: Small) -> None:
    small.write(
        "sources/changes.yml",
        """
        files: data/orders/*.csv
        changelog: {key: id, latest_by: ordered_at, deleted: amount = 0}
        """,
    )
    small.deliver("a", [(1, "2024-03-01 09:00", "ann", 10), (2, "2024-03-01 09:00", "bob", 20)])
    small.write("tables/current_orders.sql", "select id, amount from changes")
    small.run()
    assert small.rows("current_orders") == [(1, 10), (2, 20)]
    small.deliver("b", [(1, "2024-03-02 09:00", "ann", 11), (2, "2024-03-02 09:00", "bob", 0)])
    small.run()
    assert small.rows("current_orders") == [(1, 11)]


def test_times_of_rows(shop: Small) -> None:
    shop.run()
    times = [row[0] for row in shop.rows("sales", "ordered_at")]
    assert times[0] == datetime(2024, 3, 1, 9)  # noqa: DTZ001 - as delivered
