"""Environments, promotion, going back: what readers of `prod` see at every moment."""

from __future__ import annotations

import pytest
from tests.integration.run.small import ORDERS, Small, touched

from headwater.errors import HeadwaterError
from headwater.ledger import Conflict
from headwater.project.release_view import ReleaseView


def edit_sales(shop: Small, before: str, after: str) -> None:
    """Change the text of `tables/sales.sql`."""
    path = shop.root / "tables/sales.sql"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_a_working_environment_leaves_prod_alone(shop: Small) -> None:
    shop.run()
    edit_sales(shop, "from orders", "from orders where amount > 15")
    report = shop.run("fix")
    assert touched(report)["sales"] == "built"
    assert len(shop.rows("sales", env="fix")) == 3
    assert len(shop.rows("sales")) == 4


def test_promotion_takes_the_builds_as_they_are(shop: Small) -> None:
    shop.run()
    edit_sales(shop, "from orders", "from orders where amount > 15")
    shop.run("fix")
    with shop.open() as project:
        report = project.promote("fix", "small orders are noise")
    assert report.outcomes == ()
    assert [r.sort for r in report.releases] == ["promotion"]
    assert len(shop.rows("sales")) == 3
    assert shop.run(apply=False).outcomes == ()


def test_promotion_catches_up_when_prod_moved(shop: Small) -> None:
    shop.run()
    edit_sales(shop, "from orders", "from orders where amount > 15")
    shop.run("fix")
    shop.deliver("day6", [(6, "2024-03-06 09:00", "eve", 60)])
    shop.run(apply=False)
    with shop.open() as project:
        report = project.promote("fix")
    assert touched(report)["sales"] == "built"
    assert {row[0] for row in shop.rows("sales", "id")} == {2, 3, 4, 6}


def test_promoting_the_same_again_is_told(shop: Small) -> None:
    shop.run()
    edit_sales(shop, "from orders", "from orders where amount > 15")
    shop.run("fix")
    with shop.open() as project:
        project.promote("fix")
        with pytest.raises(HeadwaterError, match="E711"):
            project.promote("fix")


def test_rollback_brings_back_data_and_definitions(shop: Small) -> None:
    shop.run()
    edit_sales(shop, "from orders", "from orders where amount > 15")
    shop.run()
    assert len(shop.rows("sales")) == 3
    with shop.open() as project:
        project.rollback(reason="wrong")
    assert len(shop.rows("sales")) == 4
    report = shop.run(apply=False)
    assert report.outcomes == (), "the schedule does not bring the rejected build back"
    assert [n.name for n in report.edited] == ["sales"]
    shop.run(apply=True)
    assert len(shop.rows("sales")) == 3


def test_a_rejected_delivery_stays_out_until_it_is_released_anew(shop: Small) -> None:
    shop.run()
    shop.deliver("bad", [(7, "2024-03-07 09:00", "mal", 9999)])
    shop.run(apply=False)
    with shop.open() as project:
        project.rollback()
    assert shop.run(apply=False).outcomes == ()
    assert {row[0] for row in shop.rows("sales", "id")} == {1, 2, 3, 4}
    shop.run(apply=True)
    assert {row[0] for row in shop.rows("sales", "id")} == {1, 2, 3, 4, 7}


def test_one_table_goes_back_with_its_descendants(shop: Small) -> None:
    shop.run()
    edit_sales(shop, "amount::decimal(18,2)", "(amount * 2)::decimal(18,2)")
    customers = shop.root / "tables/customers.sql"
    customers.write_text(customers.read_text().replace("count(*)", "count(*) + 0"))
    shop.run()
    with shop.open() as project:
        project.rollback(node="daily", to=1)
    assert [row[1] for row in shop.rows("daily")] == [30, 30, 40]
    assert sorted(row[0] for row in shop.rows("sales", "amount")) == [20, 40, 60, 80]
    assert shop.run(apply=False).outcomes == ()


def test_there_is_nothing_before_the_first_release(shop: Small) -> None:
    shop.run()
    with shop.open() as project, pytest.raises(HeadwaterError, match="E712"):
        project.rollback()


def test_of_two_promotions_at_once_the_second_is_told(shop: Small) -> None:
    shop.run()
    edit_sales(shop, "from orders", "from orders where amount > 15")
    shop.run("one")
    with shop.open() as project:
        ledger = project.ledger
        with ledger.run_lock("prod", holder="ann, elsewhere") as held:
            assert held
            with shop.open() as other, pytest.raises(HeadwaterError, match=r"E709.*ann, elsewhere"):
                other.promote("one")


def test_a_publish_from_an_old_release_conflicts(shop: Small) -> None:
    shop.run()
    with shop.open() as project:
        stale = project.ledger.head("prod")
        assert stale is not None
        shop.deliver("day6", [(6, "2024-03-06 09:00", "eve", 60)])
        shop.run(apply=False)
        with pytest.raises(Conflict):
            project.ledger.point(
                "prod", expected=stale.number, to=1, author="x", at=project.workspace.clock.now
            )


def test_a_sample_builds_only_the_newest_part(shop: Small) -> None:
    from datetime import timedelta

    shop.run()
    edit_sales(shop, "amount::decimal(18,2)", "(amount * 2)::decimal(18,2)")
    shop.run("try", sample=timedelta(days=1))
    assert sorted(row[0] for row in shop.rows("sales", "amount", env="try")) == [10, 20, 30, 80]
    with shop.open() as project:
        project.promote("try")
    assert sorted(row[0] for row in shop.rows("sales", "amount")) == [20, 40, 60, 80]


def test_prepared_builds_of_a_lost_run_are_taken_again(shop: Small) -> None:
    shop.run()
    edit_sales(shop, "from orders", "from orders where amount > 15")
    shop.run("fix")
    with shop.open() as project:
        node = project.node_id("sales")
        ledger = project.ledger
        states = ReleaseView.of(ledger, ledger.head("fix")).states
        built = {s.build for _, s in states[node].segments}
    shop.write("sources/orders.yml", ORDERS)
    shop.run()
    with shop.open() as project:
        assert {s.build for _, s in project.view.states[node].segments} == built
