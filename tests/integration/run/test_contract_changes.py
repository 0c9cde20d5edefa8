"""Contracts between releases: what may follow what, who is named, what is acknowledged."""

from __future__ import annotations

import pytest
from tests.integration.run.small import Small

from headwater.errors import HeadwaterError, UsageError
from headwater.ids import NodeId
from headwater.project import Project
from headwater.project.agreeing import (
    ACKNOWLEDGED,
    acknowledge,
    changed_agreements,
    check_agreements,
)
from headwater.project.release_view import ReleaseView

CONTRACT = """
    apiVersion: v3.1.0
    kind: DataContract
    id: orders
    version: {version}
    status: active
    {mode}
    schema:
    - name: orders
      properties:
      - {{name: id, logicalType: integer, required: true}}
      - {{name: ordered_at, logicalType: timestamp, required: true}}
      - {{name: customer, logicalType: string}}
      - {{name: amount, logicalType: {amount}, physicalType: "{type}"{rule}}}
"""


def write_contract(
    shop: Small,
    version: str = "1.0.0",
    mode: str = "",
    amount: str = "number",
    type_: str = "decimal(12,2)",
    rule: str = "",
) -> None:
    """The contract of `orders`."""
    if mode:
        mode = f"customProperties: [{{property: compatibility, value: {mode}}}]"
    text = CONTRACT.format(version=version, mode=mode, amount=amount, type=type_, rule=rule)
    shop.write("contracts/orders.odcs.yaml", text)


MINIMUM = ", logicalTypeOptions: {minimum: 15}"


@pytest.fixture
def promised(shop: Small) -> Small:
    """A shop whose orders have a contract, released."""
    write_contract(shop)
    shop.run()
    return shop


def released(project: Project) -> ReleaseView:
    """What `prod` shows."""
    return ReleaseView.of(project.ledger, project.ledger.head("prod"))


def issues(shop: Small, *, warn: bool = False) -> list[str]:
    """The codes that a release would raise."""
    with shop.open() as project:
        found = check_agreements(project.workspace, project.bound, released(project), warn=warn)
        return [issue.code for issue in found]


def test_an_unchanged_contract_says_nothing(promised: Small) -> None:
    assert issues(promised) == []
    promised.write("tables/new.sql", "select id from orders")
    assert issues(promised) == []
    assert promised.run().releases


def test_changed_content_needs_a_new_version(promised: Small) -> None:
    write_contract(promised, rule=", logicalTypeOptions: {minimum: -5}", mode="NONE")
    with pytest.raises(HeadwaterError, match=r"E607 version 1\.0\.0 of orders changed"):
        promised.run()
    assert len(promised.rows("sales")) == 4


def test_only_a_compatible_change_goes_out(promised: Small) -> None:
    write_contract(promised, version="1.1.0", rule=MINIMUM)
    with pytest.raises(HeadwaterError, match="E608"):
        promised.run()
    write_contract(promised, version="2.0.0", type_="decimal(14,2)")
    assert promised.run().releases


def test_an_incompatible_change_names_its_consumers_down_to_columns(promised: Small) -> None:
    write_contract(promised, version="2.0.0", rule=MINIMUM)
    with pytest.raises(HeadwaterError) as caught:
        promised.run()
    (issue,) = caught.value.issues
    assert issue.code == "E608"
    assert "amount.minimum 15 is not BACKWARD compatible with version 1.0.0" in issue.what
    assert "table.sales (amount); table.daily (amount)" in issue.what
    assert "customers" not in issue.what, "it counts rows and reads no amount"
    assert issue.place.path == "contracts/orders.odcs.yaml"
    assert "headwater contract ack orders --version 2.0.0" in issue.fix
    with promised.open() as project:
        assert len(project.ledger.releases()) == 1


def test_consumers_by_rows_pass_it_on_to_all_columns(promised: Small) -> None:
    promised.write("tables/large.sql", "select id, customer from sales where amount > 15")
    promised.write("tables/names.sql", "select distinct customer from large")
    promised.run()
    write_contract(promised, version="2.0.0", rule=MINIMUM)
    with promised.open() as project:
        (agreement,) = changed_agreements(project.workspace, project.bound, released(project))
    named = {c.node.name: (c.columns, c.rows) for c in agreement.consumers}
    assert str(agreement) == "contract 1.0.0 → 2.0.0 (forward compatible)"
    assert named["large"] == ((), True)
    assert named["names"][1]
    assert next(iter(named)) == "sales"


@pytest.mark.parametrize(("mode", "refused"), [("BACKWARD", False), ("FULL", True)])
def test_a_contract_taken_away_is_a_change(shop: Small, mode: str, refused: bool) -> None:
    """Nothing promised can be read by whoever expects nothing; forward, every promise is gone."""
    write_contract(shop, mode=mode)
    shop.run()
    (shop.root / "contracts/orders.odcs.yaml").unlink()
    assert ("E608" in issues(shop)) is refused


def test_check_warns_of_what_a_release_would_refuse(promised: Small) -> None:
    write_contract(promised, version="2.0.0", rule=MINIMUM)
    with promised.open() as project:
        assert [issue.code for issue in project.check()] == ["W608"]
    assert issues(promised, warn=True) == ["W608"]


def test_an_acknowledged_change_goes_out(promised: Small) -> None:
    write_contract(promised, version="2.0.0", rule=MINIMUM)
    node = NodeId("source", "orders")
    with promised.open() as project:
        found = acknowledge(
            project.workspace,
            project.bound,
            released(project),
            node,
            version="2.0.0",
            reason="finance knows",
        )
        assert [c.node.name for c in found.consumers] == ["sales", "daily"]
        (note,) = project.ledger.notes(sort=ACKNOWLEDGED, node=node)
        assert note.text == "finance knows"
        assert "table.sales (amount)" in note.data
    report = promised.run()
    assert report.releases
    assert {row[0] for row in promised.rows("sales", "id")} == {2, 3, 4}


def test_an_acknowledgement_holds_for_its_content_alone(promised: Small) -> None:
    write_contract(promised, version="2.0.0", rule=MINIMUM)
    with promised.open() as project:
        acknowledge(
            project.workspace,
            project.bound,
            released(project),
            NodeId("source", "orders"),
            version="2.0.0",
            reason="known",
        )
    write_contract(promised, version="2.0.0", rule=", logicalTypeOptions: {minimum: 25}")
    assert issues(promised) == ["E608"]


@pytest.mark.parametrize(
    ("version", "reason", "named"),
    [("1.5.0", "known", "orders"), ("2.0.0", " ", "orders"), ("2.0.0", "known", "sales")],
)
def test_what_cannot_be_acknowledged(
    promised: Small, version: str, reason: str, named: str
) -> None:
    write_contract(promised, version="2.0.0", rule=MINIMUM)
    with promised.open() as project, pytest.raises(UsageError, match="E614"):
        acknowledge(
            project.workspace,
            project.bound,
            released(project),
            NodeId("source", named),
            version=version,
            reason=reason,
        )


def test_promotion_asks_as_well(promised: Small) -> None:
    write_contract(promised, version="2.0.0", rule=MINIMUM)
    promised.run("fix")
    with promised.open() as project, pytest.raises(HeadwaterError, match="E608"):
        project.promote("fix")
    assert len(promised.rows("sales")) == 4


@pytest.mark.parametrize(("mode", "refused"), [("BACKWARD", False), ("BACKWARD_TRANSITIVE", True)])
def test_transitive_modes_ask_all_earlier_versions(shop: Small, mode: str, refused: bool) -> None:
    """1.0.0 lets anything in, 2.0.0 is acknowledged, 2.1.0 follows 2.0.0 but not 1.0.0."""
    write_contract(shop, mode=mode)
    shop.run()
    write_contract(shop, version="2.0.0", mode=mode, rule=MINIMUM)
    with shop.open() as project:
        acknowledge(
            project.workspace,
            project.bound,
            released(project),
            NodeId("source", "orders"),
            version="2.0.0",
            reason="known",
        )
    shop.run()
    write_contract(shop, version="2.1.0", mode=mode, rule=", logicalTypeOptions: {minimum: 12}")
    assert ("E608" in issues(shop)) is refused
