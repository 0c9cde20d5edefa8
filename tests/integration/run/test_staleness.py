"""What is rebuilt, and why: exactly what reads a change, and nothing else."""

from __future__ import annotations

from tests.integration.run.small import ORDERS, Small, reasons, touched


def test_a_first_run_builds_everything(shop: Small) -> None:
    report = shop.run()
    assert touched(report) == {
        "orders": "loaded",
        "sales": "built",
        "daily": "built",
        "customers": "built",
    }
    assert len(report.releases) == 1
    assert [row[1] for row in shop.rows("daily")] == [30, 30, 40]


def test_a_second_run_does_nothing(shop: Small) -> None:
    shop.run()
    report = shop.run()
    assert report.outcomes == ()
    assert report.releases == ()


def test_a_new_day_builds_that_day(shop: Small) -> None:
    shop.run()
    shop.deliver("day5", [(5, "2024-03-05 09:00", "ann", 50)])
    with shop.open() as project:
        steps = project.plan().steps
    assert [str(step.node) for step in steps][:1] == ["source.orders"]
    report = shop.run()
    assert reasons(report)["sales"] == "new interval"
    assert len(shop.rows("sales")) == 5
    assert len(shop.rows("daily")) == 4


def test_late_rows_reopen_only_their_day(shop: Small) -> None:
    shop.run()
    shop.write("sources/orders.yml", ORDERS.replace("replace", "append"))
    shop.run()
    shop.deliver("late", [(9, "2024-03-02 23:00", "dan", 5)])
    with shop.open() as project:
        before = {f.path for s in project.view.states.values() for f in s.part("rows")}
        old = project.view.states
    report = shop.run()
    assert reasons(report)["sales"] == "late rows: in 2024-03-02"
    assert reasons(report)["daily"].startswith("upstream changed: `sales.amount`")
    with shop.open() as project:
        for node, state in project.view.states.items():
            if node.name in ("sales", "daily"):
                kept = [i for i, s in state.segments if s in dict(old[node].segments).values()]
                assert kept, f"{node}: the other days keep their builds"
    assert before
    assert [row[1] for row in shop.rows("daily")] == [30, 35, 40]


def test_a_comment_or_format_rebuilds_nothing(shop: Small) -> None:
    shop.run()
    path = shop.root / "tables/daily.sql"
    path.write_text(path.read_text().replace("select cast", "-- note\nSELECT\n  cast"))
    report = shop.run()
    assert report.outcomes == ()
    assert [r.sort for r in report.releases] in ([], ["definitions"])


def test_an_added_column_upstream_rebuilds_only_its_table(shop: Small) -> None:
    shop.run()
    path = shop.root / "tables/sales.sql"
    path.write_text(path.read_text().replace("select id,", "select upper(customer) as loud, id,"))
    report = shop.run()
    assert touched(report) == {"sales": "built"}
    assert reasons(report)["sales"] == "definition changed: `loud`"


def test_a_renamed_column_rebuilds_what_reads_it(shop: Small) -> None:
    shop.run()
    for name in ("sales", "daily"):
        path = shop.root / f"tables/{name}.sql"
        text = path.read_text().replace("as amount from orders", "as total from orders")
        path.write_text(text.replace("sum(amount)", "sum(total)"))
    report = shop.run()
    assert "customers" not in touched(report)
    assert touched(report)["sales"] == "built"


def test_a_changed_filter_rebuilds_every_reader(shop: Small) -> None:
    shop.run()
    path = shop.root / "tables/sales.sql"
    path.write_text(path.read_text().replace("from orders", "from orders where amount > 15"))
    report = shop.run()
    assert touched(report) == {"sales": "built", "daily": "built", "customers": "built"}
    assert reasons(report)["sales"] == "definition changed: rows"


def test_equal_content_stops_the_wave(shop: Small) -> None:
    shop.run()
    path = shop.root / "tables/sales.sql"
    path.write_text(path.read_text().replace("from orders", "from orders where amount > -1"))
    report = shop.run()
    assert touched(report) == {"sales": "identical"}


def test_only_days_that_differ_go_on(shop: Small) -> None:
    shop.run()
    path = shop.root / "tables/sales.sql"
    text = path.read_text().replace(
        "amount::decimal(18,2)",
        "case when id = 3 then 31 else amount end::decimal(18,2)",
    )
    path.write_text(text)
    report = shop.run()
    assert touched(report) == {"sales": "built", "daily": "built"}
    with shop.open() as project:
        daily = next(s for n, s in project.view.states.items() if n.name == "daily")
        assert len({segment.build for _, segment in daily.segments}) == 2


def test_a_deleted_table_leaves_the_release(shop: Small) -> None:
    shop.run()
    (shop.root / "tables/customers.sql").unlink()
    shop.run()
    with shop.open() as project:
        assert "customers" not in {n.name for n in project.view.states}


def test_prod_runs_released_definitions(shop: Small) -> None:
    shop.run()
    path = shop.root / "tables/sales.sql"
    path.write_text(path.read_text().replace("from orders", "from orders where amount > 15"))
    report = shop.run(apply=False)
    assert report.outcomes == ()
    assert [n.name for n in report.edited] == ["sales"]
    shop.deliver("day5", [(5, "2024-03-05 09:00", "ann", 5)])
    shop.run(apply=False)
    assert len(shop.rows("sales")) == 5


def test_a_full_refresh_is_asked_for(shop: Small) -> None:
    shop.run()
    with shop.open() as project:
        node = project.node_id("sales")
    report = shop.run(full_refresh=frozenset({node}), apply=False)
    assert touched(report) == {"sales": "identical"}
    assert reasons(report)["sales"] == "full refresh"


def test_the_results_of_the_last_run_can_be_selected(shop: Small) -> None:
    shop.write(
        "tables/broken.sql", "select id, 1 / (id - 3) as n, error(customer) as e from sales\n"
    )
    report = shop.run()
    assert touched(report)["broken"] == "failed"
    with shop.open() as project:
        assert {n.name for n in project.select(["result:failed"])} == {"broken"}
        assert {n.name for n in project.select(["result:built"])} == {"sales", "daily", "customers"}
