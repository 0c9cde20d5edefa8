"""Laws of releases: what two ways of getting to the same place have in common.

That incremental equals full, over random deliveries, is proved in `tests/integration/run`.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.integration.run.small import Small, small_shop, touched

from headwater.plan.state import State

Row = tuple[int, str, str, int]
#: Each example runs projects, for seconds: what fails is small enough without shrinking.
few = settings(
    max_examples=6,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
rows = st.lists(
    st.tuples(
        st.integers(100, 110),
        st.sampled_from([f"2024-03-0{day} 12:00" for day in (1, 2, 5, 6)]),
        st.sampled_from(["ann", "bob"]),
        st.integers(1, 5),
    ),
    max_size=5,
    unique_by=lambda row: row[0],
)
TABLES = ("sales", "daily", "customers")


def states(shop: Small, env: str = "prod") -> dict[str, State]:
    """The published states by name."""
    with shop.open(env) as project:
        return {node.name: state for node, state in project.view.states.items()}


def shown(shop: Small, env: str = "prod") -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    return {name: shop.rows(name, env=env) for name in TABLES}


@few
@given(st.sampled_from(["append", "replace"]), st.lists(rows, min_size=2, max_size=3))
def test_one_load_or_several_give_equal_content_keys(
    mode: str, deliveries: list[list[Row]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        at_once, one_by_one = (small_shop(Small(Path(folder) / name)) for name in ("one", "many"))
        for shop in (at_once, one_by_one):
            source = f"files: data/orders/*.csv\ntime: ordered_at\nredelivery: {mode}\n"
            shop.write("sources/orders.yml", source)
            sales = shop.root / "tables/sales.sql"
            sales.write_text(sales.read_text().replace("key: id\n", ""))  # ids may come twice
        one_by_one.run()
        for number, delivered in enumerate(deliveries):
            at_once.deliver(f"x{number}", delivered)
            one_by_one.deliver(f"x{number}", delivered)
            one_by_one.run()
        at_once.run()
        keys = [
            {
                name: [(i, s.contents) for i, s in state.segments]
                for name, state in states(shop).items()
                if name in ("orders", "sales")
            }
            for shop in (at_once, one_by_one)
        ]
        assert keys[0] == keys[1]
        assert shown(at_once) == shown(one_by_one)


@few
@given(rows, rows)
def test_a_diff_counts_what_a_model_counts(before: list[Row], after: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = small_shop(Small(Path(folder) / "p"))
        shop.deliver("more", before or [(99, "2024-03-01 12:00", "ann", 1)])
        shop.run()
        old = {row[0]: row for row in shop.rows("sales")}
        shop.deliver("more", after or [(99, "2024-03-01 12:00", "ann", 1)])
        shop.run()
        new = {row[0]: row for row in shop.rows("sales")}
        with shop.open() as project:
            numbers = [release.number for release in project.ledger.releases("prod")]
            diff = project.diff(numbers[0], numbers[-1])
            itself = project.diff(numbers[0], numbers[0])
        assert itself.nodes == ()
        found = {node.node.name: node for node in diff.nodes}
        sales = found.get("sales")
        counts = (sales.rows_added, sales.rows_removed, sales.rows_changed) if sales else (0, 0, 0)
        assert counts == (
            len(new.keys() - old.keys()),
            len(old.keys() - new.keys()),
            sum(old[key] != new[key] for key in old.keys() & new.keys()),
        )
        totals = {t.column: t.difference for t in (sales.totals if sales else ())}
        difference = sum(row[3] for row in new.values()) - sum(row[3] for row in old.values())
        assert totals.get("amount", 0) == difference


EDITS = {
    "another filter": ("from orders", "from orders where amount > 15"),
    "another value": ("amount::decimal(18,2)", "(amount * 2)::decimal(18,2)"),
    "another column": ("select id,", "select upper(customer) as loud, id,"),
    "another order": ("select id, ordered_at, customer,", "select customer, ordered_at, id,"),
}
#: What reads the edited part.
READERS = {
    "another filter": {"sales", "daily", "customers"},
    "another value": {"sales", "daily"},
    "another column": {"sales"},
    "another order": {"sales"},
}


def edit(shop: Small, name: str) -> None:
    """Change `sales` in one of the ways."""
    path = shop.root / "tables/sales.sql"
    before, after = EDITS[name]
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_rebuilds_its_readers_alone(shop: Small, name: str) -> None:
    shop.run()
    edit(shop, name)
    assert touched(shop.run()).keys() <= READERS[name]
    assert shop.run().outcomes == ()


@pytest.mark.parametrize("name", EDITS)
def test_promoting_comes_to_what_running_prod_comes_to(tmp_path: Path, name: str) -> None:
    promoted, direct = (small_shop(Small(tmp_path / each)) for each in ("promoted", "direct"))
    for shop in (promoted, direct):
        shop.run()
        edit(shop, name)
    promoted.run("fix")
    for shop in (promoted, direct):
        shop.deliver("day6", [(6, "2024-03-06 09:00", "eve", 60)])
    direct.run()
    promoted.run(apply=False)
    with promoted.open() as project:
        project.promote("fix")
    assert shown(promoted) == shown(direct)
    keys = [
        {n: [(i, s.input_key) for i, s in state.segments] for n, state in states(shop).items()}
        for shop in (promoted, direct)
    ]
    assert keys[0] == keys[1]
    assert promoted.run().outcomes == direct.run().outcomes == ()


@pytest.mark.parametrize("name", EDITS)
def test_going_back_shows_what_was(shop: Small, name: str) -> None:
    shop.run()
    before, rows_before = states(shop), shown(shop)
    edit(shop, name)
    shop.run()
    with shop.open() as project:
        project.rollback()
    assert states(shop) == before
    assert shown(shop) == rows_before
    assert shop.run(apply=False).outcomes == ()
    with shop.open() as project:
        released = project.ledger.releases("prod")
        assert Counter(r.sort for r in released)["rollback"] == 1
        assert project.diff(released[0].number, released[-1].number).nodes == ()
