"""`headwater test`: given rows, incremental against full, rules over all that is published."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from tests.integration.run.small import Small

from headwater.errors import HeadwaterError
from headwater.project.testing import (
    DataResult,
    Proof,
    UnitResult,
    check_published,
    prove_incremental,
    run_unit_tests,
)
from headwater.project.testing.rows import compare_rows


def unit(shop: Small, table: str, text: str) -> UnitResult:
    """The result of the only test of a table."""
    shop.write(f"tables/{table}.test.yml", text)
    with shop.open() as project:
        (result,) = run_unit_tests(project, [table])
    return result


# --- unit tests


def test_given_rows_expect_rows_in_any_order(shop: Small) -> None:
    result = unit(
        shop,
        "customers",
        """
        counts_orders:
          given:
            sales:
            - {id: 1, customer: bob}
            - {id: 2, customer: ann}
            - {id: 3, customer: ann}
          expect:
          - {customer: ann, orders: 2}
          - {customer: bob, orders: 1}
        """,
    )
    assert result.passed
    assert (str(result.node), result.name) == ("table.customers", "counts_orders")
    assert result.place.path == "tables/customers.test.yml"


def test_nothing_has_to_be_published_or_delivered(shop: Small) -> None:
    for path in (shop.root / "data/orders").iterdir():
        path.unlink()
    shop.write(
        "contracts/orders.odcs.yaml",
        """
        apiVersion: v3.1.0
        kind: DataContract
        id: orders
        version: 1.0.0
        status: active
        schema:
        - name: orders
          properties:
          - {name: id, logicalType: integer}
          - {name: ordered_at, logicalType: timestamp}
          - {name: customer, logicalType: string}
          - {name: amount, logicalType: integer}
        """,
    )
    result = unit(
        shop,
        "sales",
        """
        keeps_a_line:
          given:
            orders: [{id: 1, ordered_at: 2024-03-01, amount: 3}]
          expect: [{id: 1, amount: 3.00, customer: null, ordered_at: 2024-03-01 00:00:00}]
        """,
    )
    assert result.passed, result
    with shop.open() as project:
        assert project.ledger.releases() == ()


def test_only_the_named_columns_are_compared(shop: Small) -> None:
    text = """
        named:
          given: {sales: [{id: 1, customer: ann}, {id: 2, customer: bob}]}
          expect: [{orders: 1}, {orders: 1}]
    """
    assert unit(shop, "customers", text).passed


def test_inputs_that_are_not_given_are_empty(shop: Small) -> None:
    assert unit(shop, "customers", "none: {given: {}, expect: []}").passed
    result = unit(shop, "customers", "none: {given: {sales: [{id: 1, customer: ann}]}, expect: []}")
    assert result.difference is not None
    assert result.difference.unexpected == (("ann", 1),)


def test_a_difference_pairs_near_rows(shop: Small) -> None:
    result = unit(
        shop,
        "customers",
        """
        wrong:
          given: {sales: [{id: 1, customer: ann}, {id: 2, customer: ann}, {id: 3, customer: eve}]}
          expect: [{customer: ann, orders: 3}, {customer: zoe, orders: 7}]
        """,
    )
    assert not result.passed
    found = result.difference
    assert found is not None
    (near,) = found.near
    assert (near.expected, near.actual, near.differing) == (("ann", 3), ("ann", 2), ("orders",))
    assert (found.missing, found.unexpected) == ((("zoe", 7),), (("eve", 1),))


def test_repeated_rows_count() -> None:
    found = compare_rows(("a",), [(1,), (1,)], [(1,)])
    assert found.missing == ((1,),)
    assert compare_rows(("a",), [(1,), (2,)], [(2,), (1,)]).is_empty


def test_values_compare_by_value() -> None:
    assert compare_rows(("a",), [(0.3,)], [(0.1 + 0.2,)]).is_empty
    assert compare_rows(("a",), [(Decimal("1.50"),)], [(Decimal("1.5"),)]).is_empty
    assert compare_rows(("a",), [([0.3, None],)], [([0.1 + 0.2, None],)]).is_empty
    assert not compare_rows(("a",), [(None,)], [(0,)]).is_empty


def test_lists_structs_and_times_are_written_as_they_are(shop: Small) -> None:
    shop.write(
        "tables/shapes.sql",
        """
        select customer,
          list(id order by id) as ids,
          {'first': min(ordered_at), 'total': sum(amount)} as facts,
          max(ordered_at)::date as day
        from sales group by customer
        """,
    )
    result = unit(
        shop,
        "shapes",
        """
        shapes:
          given:
            sales:
            - {id: 2, customer: "o'neil", ordered_at: 2024-03-01 09:00:00, amount: 1.5}
            - {id: 1, customer: "o'neil", ordered_at: 2024-03-02 09:00:00, amount: 2}
          expect:
          - customer: "o'neil"
            ids: [1, 2]
            facts: {first: 2024-03-01 09:00:00, total: 3.50}
            day: 2024-03-02
        """,
    )
    assert result.passed, (result.difference, result.issues)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("t: {given: {salse: []}, expect: []}", "`salse`, which table.customers does not read"),
        ("t: {given: {sales: [{custmer: a}]}, expect: []}", "column `custmer`"),
        ("t: {given: {}, expect: [{orderz: 1}]}", "column `orderz`"),
        ("t: {given: {sales: [{id: many}]}, expect: []}", "given `sales`"),
        ("t: {given: {}, expect: [{orders: many}]}", "expect"),
    ],
)
def test_mistakes_in_a_test_are_told(shop: Small, text: str, what: str) -> None:
    result = unit(shop, "customers", text)
    assert not result.passed
    (issue,) = result.issues
    assert issue.code == "E727"
    assert what in issue.what
    assert issue.place.path == "tables/customers.test.yml"


def test_what_the_sql_says_of_given_rows_is_told(shop: Small) -> None:
    shop.write("tables/strict.sql", "select cast(customer as integer) as number from sales")
    result = unit(shop, "strict", "t: {given: {sales: [{customer: ann}]}, expect: [{number: 1}]}")
    assert [issue.code for issue in result.issues] == ["E251"]


def test_a_broken_project_is_not_tested(shop: Small) -> None:
    shop.write("tables/broken.sql", "select nothing from sales")
    with shop.open() as project, pytest.raises(HeadwaterError, match="E202"):
        run_unit_tests(project)


def test_functions_and_landed_columns_are_there(shop: Small) -> None:
    shop.write("functions/twice.sql", "create function twice(x) as x * 2")
    shop.write("tables/lines.sql", "select _row as line, twice(amount) as amount from orders")
    text = "t: {given: {orders: [{_row: 4, amount: 2}]}, expect: [{line: 4, amount: 4}]}"
    assert unit(shop, "lines", text).passed


def test_a_python_table_is_tested(shop: Small) -> None:
    shop.write(
        "tables/ranks.py",
        '''
        import headwater as hw


        @hw.table(key="customer")
        def ranks(customers):
            """Customers by their orders."""
            return customers.project("customer, orders * 10 as points")
        ''',
    )
    text = "t: {given: {customers: [{customer: ann, orders: 3}]}, expect: [{points: 30}]}"
    shop.write("tables/ranks.test.yml", text)
    with shop.open() as project:
        (result,) = run_unit_tests(project, ["ranks"])
    assert result.passed, result.issues


def test_a_running_balance_is_given_its_previous_rows(shop: Small) -> None:
    balance(shop)
    result = unit(
        shop,
        "balance",
        """
        goes_on:
          given:
            daily: [{day: 2024-03-02, amount: 5}]
            previous: [{total: 30}]
          expect: [{day: 2024-03-02, total: 35}]
        """,
    )
    assert result.passed, (result.difference, result.issues)


def test_a_history_is_given_its_ranges(shop: Small) -> None:
    shop.write("tables/names.sql", "/*\nhistory: {key: id}\n*/\nselect id, customer from sales")
    result = unit(
        shop,
        "names",
        """
        closes_and_opens:
          given:
            sales: [{id: 1, customer: anna}, {id: 2, customer: bob}]
            names:
            - {id: 1, customer: ann, valid_from: 2024-01-01 00:00:00+00}
            - {id: 2, customer: bob, valid_from: 2024-01-01 00:00:00+00}
          expect:
          - {id: 1, customer: ann, valid_to: 2024-03-10 00:00:00+00}
          - {id: 1, customer: anna, valid_to: null}
          - {id: 2, customer: bob, valid_to: null}
        """,
    )
    assert result.passed, (result.difference, result.issues)


# --- incremental = full


def balance(shop: Small) -> None:
    """A table that goes on from its own day before."""
    shop.write(
        "tables/balance.sql",
        """
        /*
        time: day
        key: day
        previous: {total: 'decimal(38,2)'}
        */
        select day, (amount + coalesce((select max(total) from previous), 0))::decimal(38,2)
          as total
        from daily
        """,
    )


def prove(shop: Small, *select: str, samples: int = 3, seed: int = 0) -> list[Proof]:
    """Proofs of the selected tables."""
    with shop.open() as project:
        return list(prove_incremental(project, select, samples=samples, seed=seed))


def test_incremental_tables_are_proved(shop: Small) -> None:
    shop.run()
    proofs = prove(shop)
    assert {p.node.name for p in proofs} == {"sales", "daily"}
    assert {p.status for p in proofs} == {"equal"}
    assert len(proofs) == 8, "three days and one span each"
    assert all(p.interval is not None for p in proofs)


def test_samples_depend_on_the_seed_alone(shop: Small) -> None:
    shop.run()
    one, again = (prove(shop, "sales", samples=1, seed=4) for _ in range(2))
    assert [p.interval for p in one] == [p.interval for p in again]


def test_published_rows_that_a_full_build_does_not_give_are_found(shop: Small) -> None:
    """A header that reads too little: built day by day, a day lacks those before it."""
    shop.write(
        "tables/recent.sql",
        """
        /*
        time: day
        key: day
        reads: {daily: 0d before}
        chunk: 1d
        */
        select d.day, (select sum(e.amount) from daily e where e.day <= d.day) as so_far
        from daily d
        """,
    )
    shop.run()
    proofs = prove(shop, "recent", samples=4)
    different = [p for p in proofs if p.status == "different"]
    assert different
    assert not different[0].passed
    found = different[-1].difference
    assert found is not None
    assert found.near[0].differing == ("so_far",)
    assert different[-1].missing_rows == different[-1].surplus_rows >= 1


def test_a_window_that_is_read_far_enough_is_proved(shop: Small) -> None:
    shop.write(
        "tables/recent.sql",
        """
        /*
        time: day
        key: day
        reads: {daily: 2d before}
        */
        select d.day, (select sum(e.amount) from daily e
          where e.day between d.day - interval 2 day and d.day) as recent
        from daily d
        """,
    )
    shop.run()
    assert {p.status for p in prove(shop, "recent", samples=4)} == {"equal"}


def test_a_running_balance_is_proved_day_by_day(shop: Small) -> None:
    balance(shop)
    shop.run()
    proofs = prove(shop, "balance", samples=5)
    assert [p.status for p in proofs] == ["equal"] * 3
    assert all(p.interval is not None for p in proofs)
    assert {p.interval.end - p.interval.start for p in proofs if p.interval} == {timedelta(days=1)}


def test_waiting_rows_belong_to_the_full_build(shop: Small) -> None:
    path = shop.root / "tables/sales.sql"
    path.write_text(path.read_text().replace("key: id", "key: id\nrules: [amount < 25]"))
    shop.run()
    assert {p.status for p in prove(shop, "sales")} == {"equal"}


def test_history_that_is_kept_is_not_proved(shop: Small) -> None:
    shop.write(
        "tables/named.sql",
        """
        /*
        time: ordered_at
        on_change: {customers: keep}
        */
        select ordered_at, c.orders from sales join customers c using (customer)
        """,
    )
    shop.run()
    (proof,) = prove(shop, "named")
    assert (proof.status, proof.passed, proof.interval) == ("skipped", True, None)
    assert "customers" in proof.text


def test_nothing_published_proves_nothing(shop: Small) -> None:
    assert prove(shop) == []
    with shop.open() as project:
        assert check_published(project) == ()


def test_what_is_stale_is_not_compared(shop: Small) -> None:
    shop.run()
    shop.deliver("late", [(9, "2024-03-02 23:00", "dan", 5)])
    with shop.open() as project:
        selected = frozenset({project.node_id("orders")})
    shop.run(apply=False, selected=selected)
    second = datetime(2024, 3, 2, tzinfo=UTC)
    proofs = prove(shop, "sales", samples=4)
    assert {p.status for p in proofs} == {"equal"}
    singles = [
        p.interval.start
        for p in proofs
        if p.interval and p.interval.end - p.interval.start == timedelta(days=1)
    ]
    assert second not in singles


# --- rules over what is published


def judged(shop: Small, *select: str) -> dict[str, DataResult]:
    """Results by the node's name."""
    with shop.open() as project:
        return {r.node.name: r for r in check_published(project, select)}


def test_rules_hold_over_all_that_is_published(shop: Small) -> None:
    path = shop.root / "tables/sales.sql"
    path.write_text(path.read_text().replace("key: id", "key: id\nrules: [amount > 0]"))
    shop.run()
    found = judged(shop)
    assert set(found) == {"sales", "daily", "customers"}
    assert all(result.passed for result in found.values())
    assert {o.rule for o in found["sales"].outcomes} >= {"amount > 0", "key id unique"}
    assert found["sales"].rows == 4


def test_a_rule_that_is_broken_by_the_whole_is_found(shop: Small) -> None:
    """Each interval keeps the sum below 50; the whole table does not."""
    path = shop.root / "tables/sales.sql"
    rule = "key: id\nrules: [{name: small, expr: sum(amount), mustBeLessThan: 50}]"
    path.write_text(path.read_text().replace("key: id", rule))
    for day in ("day2", "day3"):
        (shop.root / f"data/orders/{day}.csv").rename(shop.root / f"{day}.csv")
    shop.run()
    for day in ("day2", "day3"):
        (shop.root / f"{day}.csv").rename(shop.root / f"data/orders/{day}.csv")
        shop.run()
    result = judged(shop, "sales")["sales"]
    assert not result.passed
    assert [issue.code for issue in result.issues] == ["E720"]
    assert "small" in result.issues[0].what


def test_references_are_judged_over_all(shop: Small) -> None:
    path = shop.root / "tables/sales.sql"
    path.write_text(
        path.read_text().replace("key: id", "key: id\nreferences: {customer: customers}")
    )
    shop.run()
    (outcome,) = [o for o in judged(shop)["sales"].outcomes if o.rule == "customer in customers"]
    assert (outcome.passed, outcome.failed_rows) == (True, 0)


def test_dates_in_expectations(shop: Small) -> None:
    result = unit(
        shop,
        "daily",
        """
        t:
          given: {sales: [{ordered_at: 2024-03-01 09:00:00, amount: 1}]}
          expect: [{day: 2024-03-02, amount: 1}]
        """,
    )
    assert result.difference is not None
    (near,) = result.difference.near
    assert near.expected[0] == date(2024, 3, 2)
    assert near.differing == ("day",)
