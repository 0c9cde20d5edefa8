"""Every definition that was published, and how each differs from the one before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.project.metrics.released import metric_record, redescribed, release, workspace_in

from headwater.definitions.tree import Tree
from headwater.ids import NodeId
from headwater.project.metrics.definition_history import definition_history, definition_text
from headwater.project.workspace import Workspace

REVENUE = NodeId("metric", "revenue")
SALES = """\
# The company's numbers.
table: sales
owner: finance
metrics:
  revenue:
    description: Net invoiced amount.
    expr: sum(amount)

  orders:
    expr: count(*)
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = workspace_in(tmp_path)
    yield opened
    opened.close()


def test_a_metrics_own_lines_and_the_defaults_of_its_file() -> None:
    tree = Tree({"metrics/sales.yml": SALES})
    assert definition_text(tree, "metrics/sales.yml", REVENUE).splitlines() == [
        "table: sales",
        "owner: finance",
        "  revenue:",
        "    description: Net invoiced amount.",
        "    expr: sum(amount)",
    ]


@pytest.mark.parametrize(
    "text", ["", "just text", "metrics: [1, 2]", "metrics: {revenue: {expr: sum(amount)}}", ": ["]
)
def test_any_text_of_a_file_can_be_shown(text: str) -> None:
    tree = Tree({"metrics/sales.yml": text})
    assert definition_text(tree, "metrics/sales.yml", REVENUE) == text


def test_other_kinds_are_shown_as_their_file() -> None:
    tree = Tree({"tables/sales.sql": "select 1 as one\n"})
    assert (
        definition_text(tree, "tables/sales.sql", NodeId("table", "sales")) == "select 1 as one\n"
    )


def test_versions_with_their_differences(workspace: Workspace) -> None:
    first = metric_record("revenue")
    release(workspace, first, files={"metrics/sales.yml": SALES}, reason="begin")
    release(workspace, sort="data")
    words = SALES.replace("Net invoiced amount.", "Net of returns.")
    release(workspace, redescribed(first, description="x"), files={"metrics/sales.yml": words})
    meaning = words.replace("sum(amount)", "sum(amount) filter (where amount > 0)")
    release(
        workspace,
        metric_record("revenue", meaning="2"),
        files={"metrics/sales.yml": meaning},
        reason="returns are apart",
    )
    release(workspace, gone=("revenue",), files={"metrics/other.yml": ""})
    begun, described, changed, removed = definition_history(workspace.ledger, REVENUE)
    assert (begun.release, begun.reason, begun.meaning_changed) == (1, "begin", True)
    assert begun.difference == ""
    assert (described.release, described.meaning_changed) == (3, False)
    assert described.difference.splitlines() == [
        "--- #1",
        "+++ #3",
        "@@ -2,4 +2,4 @@",
        " owner: finance",
        "   revenue:",
        "-    description: Net invoiced amount.",
        "+    description: Net of returns.",
        "     expr: sum(amount)",
    ]
    assert (changed.release, changed.meaning_changed, changed.reason) == (
        4,
        True,
        "returns are apart",
    )
    assert "+    expr: sum(amount) filter (where amount > 0)" in changed.difference
    assert (removed.release, removed.is_removed, removed.text) == (5, True, "")


def test_another_metric_of_the_same_file_is_no_news(workspace: Workspace) -> None:
    first = metric_record("revenue")
    release(workspace, first, files={"metrics/sales.yml": SALES})
    other = SALES.replace("count(*)", "count(distinct invoice)")
    release(workspace, redescribed(first, texts="other"), files={"metrics/sales.yml": other})
    assert [version.release for version in definition_history(workspace.ledger, REVENUE)] == [1]


def test_an_upgrade_of_the_engine_is_no_version(workspace: Workspace) -> None:
    release(workspace, metric_record("revenue"), files={"metrics/sales.yml": SALES})
    release(workspace, metric_record("revenue", meaning="rehashed"), sort="maintenance")
    other = SALES.replace("Net invoiced amount.", "Net of returns.")
    release(
        workspace,
        metric_record("revenue", meaning="rehashed", description="x"),
        files={"metrics/sales.yml": other},
    )
    first, second = definition_history(workspace.ledger, REVENUE)
    assert (first.meaning, second.release, second.meaning_changed) == ("rehashed", 3, False)


def test_what_was_never_published(workspace: Workspace) -> None:
    assert definition_history(workspace.ledger, REVENUE) == ()
