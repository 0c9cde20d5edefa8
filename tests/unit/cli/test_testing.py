"""`test`: unit tests, proofs, rules over what is published; failures show the rows that differ."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Call, write

RIGHT = """\
sums_by_city:
  given:
    orders:
      - {id: 1, city: Oslo, amount: 2.5}
      - {id: 2, city: Oslo, amount: 1.5}
  expect: [{city: Oslo, amount: 4, orders: 2}]
"""


def test_passed_tests_and_proofs(shop: Path, cli: Call) -> None:
    write(shop, {"tables/cities.test.yml": RIGHT})
    said = cli("test")
    assert said.code == 0
    first, *proofs, total = said.out.splitlines()
    assert first.startswith("  ✔ table.cities   sums_by_city")
    assert all("✔ table.orders" in line and "incremental = full" in line for line in proofs)
    assert total == f"{len(proofs) + 1} passed, 0 failed"


def test_a_failed_test_shows_what_differs(shop: Path, cli: Call) -> None:
    write(shop, {"tables/cities.test.yml": RIGHT.replace("orders: 2", "orders: 3")})
    said = cli("test", "--samples", "0")
    assert said.code == 1
    assert "✖ table.cities   sums_by_city" in said.out
    assert "3 → 2" in said.out
    assert said.out.endswith("0 passed, 1 failed\n")
    data = cli("test", "--samples", "0", "--json").data
    assert data["passed"] is False
    assert data["unit"][0]["difference"]["near"][0]["differing"] == ["orders"]


def test_rules_over_what_is_published(shop: Path, cli: Call) -> None:
    said = cli("test", "--samples", "0", "--data")
    assert said.code == 0
    assert "✔ table.cities" in said.out


def test_selection_and_nothing_to_test(shop: Path, cli: Call) -> None:
    assert cli("test", "cities").out == "No tests.\n"
    assert cli("test", "citys").code == 2
