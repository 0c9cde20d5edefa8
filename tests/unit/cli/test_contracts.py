"""`contract` and `quarantine`: promises, the rows that broke them, and changes of promises."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.unit.cli.conftest import Call, write

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: tills
version: 1.0.0
status: active
schema:
- name: tills
  properties:
  - {name: id, logicalType: integer, required: true}
  - {name: city, logicalType: string, required: true}
  - name: amount
    logicalType: number
    physicalType: decimal(12,2)
    logicalTypeOptions: {maximum: 10}
  - {name: ordered_at, logicalType: timestamp, required: true}
"""


@pytest.fixture
def promised(fresh: Path, cli: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose contract keeps three of ten rows in quarantine."""
    write(fresh, {"contracts/tills.odcs.yaml": CONTRACT})
    monkeypatch.chdir(fresh)
    said = cli("run")
    assert said.code == 0
    assert "10 delivered = 7 published + 3 quarantined" in said.out
    assert "3 rows wait: `headwater quarantine show tills`" in said.out
    return fresh


def test_rows_that_wait_are_listed_and_shown(promised: Path, cli: Call) -> None:
    listed = cli("quarantine")
    assert listed.out == cli("quarantine", "list").out
    assert "source.tills   3 rows wait of 10 delivered" in listed.out
    shown = cli("quarantine", "show", "tills")
    assert shown.code == 0
    assert "3 rows" in shown.out
    assert "december.csv row 5" in shown.out
    assert "contracts/tills.odcs.yaml:14" in shown.out
    data = cli("quarantine", "show", "tills", "--json").data
    assert sorted(row["values"]["id"] for row in data["rules"][0]["shown"]) == [7, 8, 9]


def test_dropping_needs_a_reason_and_keeps_the_count(promised: Path, cli: Call) -> None:
    assert cli("quarantine", "drop", "tills", "--all").code == 2
    (group,) = cli("quarantine", "show", "tills", "--json").data["rules"]
    row = group["shown"][0]["id"]
    said = cli("quarantine", "drop", "tills", "--row", row, "--reason", "a test order")
    assert said.code == 0
    assert "1 row dropped, a test order · release #2" in said.out
    assert "2 rows wait of 10 delivered" in cli("quarantine").out


def test_replay_after_a_rule_was_corrected(promised: Path, cli: Call) -> None:
    fixed = CONTRACT.replace("maximum: 10", "maximum: 100").replace("1.0.0", "1.1.0")
    write(promised, {"contracts/tills.odcs.yaml": fixed})
    said = cli("quarantine", "replay", "tills", "--env", "fix")
    assert said.code == 0
    assert "3 rows waited, 0 wait now" in said.out
    query = ("sql", "select count(*) as n from orders", "--json")
    assert cli(*query, "--env", "fix").data == [{"n": 10}]
    assert cli(*query).data == [{"n": 7}], "nobody sees it before it is promoted"


def test_nothing_waits(shop: Path, cli: Call) -> None:
    assert cli("quarantine").out == "No rows wait.\n"
    said = cli("quarantine", "show", "tills")
    assert (said.code, said.out) == (2, "")
    assert "E715" in said.err


def test_an_incompatible_contract_waits_for_an_acknowledgement(promised: Path, cli: Call) -> None:
    changed = CONTRACT.replace("1.0.0", "2.0.0")
    changed = changed.replace("id, logicalType: integer", "id, logicalType: string")
    write(promised, {"contracts/tills.odcs.yaml": changed})
    diff = cli("contract", "diff")
    assert diff.code == 1
    assert "contract 1.0.0 → 2.0.0" in diff.out
    assert "not compatible" in diff.out
    assert "table.orders (id)" in diff.out, "consumers are found by lineage"
    refused = cli("run", "--apply")
    assert refused.code == 1
    assert "E608" in refused.err
    said = cli("contract", "ack", "tills", "--version", "2.0.0", "--reason", "they know")
    assert said.code == 0
    assert "they know" in said.out
    assert cli("contract", "diff").code == 0
    assert cli("run", "--apply").code == 0


def test_a_contract_is_inferred_from_what_is_published(shop: Path, cli: Call) -> None:
    printed = cli("contract", "infer", "tills")
    document = yaml.safe_load(printed.out)
    (schema,) = document["schema"]
    assert [column["name"] for column in schema["properties"]] == [
        "id",
        "city",
        "amount",
        "ordered_at",
    ]
    said = cli("contract", "infer", "tills", "--write")
    assert said.code == 0
    assert (shop / "contracts" / "tills.odcs.yaml").read_text() == printed.out
    assert cli("check").code == 0
    assert "E812" in cli("contract", "infer", "tills", "--write").err
    assert "E817" in cli("contract", "infer", "orders").err
