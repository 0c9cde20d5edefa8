"""Who may approve what, and how long an approval holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.project.metrics.released import (
    head_view,
    metric_record,
    redescribed,
    release,
    workspace_in,
)

from headwater.definitions.model import Settings, Team
from headwater.errors import HeadwaterError
from headwater.project.metrics.approving import (
    APPROVAL,
    approvables,
    approvals_of,
    approve,
    carried_notes,
    who_may,
    withdraw,
)
from headwater.project.workspace import Workspace


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Revenue is finance's, churn is growth's; `teams` are as in `released`."""
    opened = workspace_in(tmp_path)
    release(opened, metric_record("revenue"), metric_record("churn", owner="growth"))
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def ann(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_USER", "ann")


def drafts(workspace: Workspace) -> list[str]:
    return [each.metric for each in approvables(workspace, head_view(workspace)) if each.is_draft]


def refused(error: pytest.ExceptionInfo[HeadwaterError]) -> list[str]:
    return [str(issue) for issue in error.value.issues]


def test_a_metric_is_a_draft_until_its_team_approves_it(workspace: Workspace) -> None:
    assert drafts(workspace) == ["churn", "revenue"]
    (made,) = approve(workspace, head_view(workspace), ["revenue"], "reviewed with the auditor")
    assert (made.by, made.team, made.reason) == ("ann", "finance", "reviewed with the auditor")
    assert drafts(workspace) == ["churn"]
    assert approvals_of(head_view(workspace)) == {"revenue": made}


def test_only_who_may(workspace: Workspace) -> None:
    with pytest.raises(HeadwaterError) as error:
        approve(workspace, head_view(workspace), ["churn"])
    assert refused(error) == [
        "E935 ann may not approve `churn` · growth (gus) or council (cleo) may"
    ]
    with pytest.raises(HeadwaterError):
        approve(workspace, head_view(workspace), ["revenue", "churn"])
    assert drafts(workspace) == ["churn", "revenue"], "all or none"


def test_the_council_may_approve_all(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_USER", "cleo")
    made = approve(workspace, head_view(workspace), ["churn", "metric.revenue", "revenue"])
    assert [(each.metric, each.team) for each in made] == [
        ("churn", "council"),
        ("revenue", "council"),
    ]


def test_a_person_may_own(workspace: Workspace) -> None:
    release(workspace, metric_record("visits", owner="ann"))
    (made,) = approve(workspace, head_view(workspace), ["visits"])
    assert made.team == "ann"


def test_nobody_may_approve_what_nobody_owns(workspace: Workspace) -> None:
    settings = Settings(name="s", teams={"data": Team(name="data", members=("dan",))})
    assert who_may("", settings) == {}
    assert who_may("data", settings) == {"data": ("dan",)}


def test_twice_is_once(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = approve(workspace, head_view(workspace), ["revenue"])
    monkeypatch.setenv("HEADWATER_USER", "bob")
    assert approve(workspace, head_view(workspace), ["revenue"]) == (first,)
    assert len(workspace.ledger.notes(sort=APPROVAL)) == 1


def test_another_description_leaves_it_another_meaning_does_not(workspace: Workspace) -> None:
    approve(workspace, head_view(workspace), ["revenue"])
    before = metric_record("revenue")
    release(workspace, redescribed(before, description="Net of returns."))
    assert drafts(workspace) == ["churn"]
    release(workspace, metric_record("revenue", meaning="2"))
    assert drafts(workspace) == ["churn", "revenue"]


def test_going_back_to_an_approved_meaning_needs_nobody(workspace: Workspace) -> None:
    approve(workspace, head_view(workspace), ["revenue"])
    release(workspace, metric_record("revenue", meaning="2"))
    release(workspace, metric_record("revenue"), sort="rollback")
    assert drafts(workspace) == ["churn"]


def test_an_upgrade_takes_no_approval_away(workspace: Workspace) -> None:
    (made,) = approve(workspace, head_view(workspace), ["revenue"])
    rehashed = [metric_record("revenue", meaning="new"), metric_record("churn", meaning="new")]
    notes = carried_notes(head_view(workspace), {record.node: record for record in rehashed})
    release(workspace, *rehashed, sort="maintenance")
    assert drafts(workspace) == ["churn", "revenue"]
    workspace.ledger.add_notes(notes)
    assert drafts(workspace) == ["churn"]
    carried = approvals_of(head_view(workspace))["revenue"]
    assert (carried.by, carried.at, carried.meaning) == (made.by, made.at, "new")


def test_an_upgrade_does_not_bring_back_what_was_withdrawn(workspace: Workspace) -> None:
    approve(workspace, head_view(workspace), ["revenue"])
    old, new = metric_record("revenue"), metric_record("revenue", meaning="new")
    workspace.ledger.add_notes(carried_notes(head_view(workspace), {new.node: new}))
    release(workspace, new, sort="maintenance")
    withdraw(workspace, head_view(workspace), ["revenue"])
    release(workspace, old, sort="rollback")
    assert carried_notes(head_view(workspace), {new.node: new}) == ()


def test_withdrawn_and_approved_again(workspace: Workspace) -> None:
    view = head_view(workspace)
    approve(workspace, view, ["revenue"])
    withdraw(workspace, view, ["revenue"], "guests are missing")
    assert drafts(workspace) == ["churn", "revenue"]
    with pytest.raises(HeadwaterError) as error:
        withdraw(workspace, view, ["revenue"])
    assert refused(error)[0].startswith("E938 revenue: draft")
    approve(workspace, view, ["revenue"])
    assert drafts(workspace) == ["churn"]
    assert [note.text for note in workspace.ledger.notes(sort=APPROVAL)] == [
        "approved for finance",
        "withdrawn for finance: guests are missing",
        "approved for finance",
    ]


def test_only_who_may_withdraw(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    approve(workspace, head_view(workspace), ["revenue"])
    monkeypatch.setenv("HEADWATER_USER", "gus")
    with pytest.raises(HeadwaterError) as error:
        withdraw(workspace, head_view(workspace), ["revenue"])
    assert refused(error)[0].startswith("E935 gus may not approve `revenue`")


def test_what_is_not_released(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(HeadwaterError) as error:
        approve(workspace, head_view(workspace), ["revenu", "x"])
    near, far = refused(error)
    assert near == "E937 no metric `revenu` is released · did you mean `revenue`?"
    assert far.startswith("E937 no metric `x` is released · approval is of what is released: ")


def test_nothing_is_released_yet(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    workspace = workspace_in(folder)
    assert approvals_of(head_view(workspace)) == {}
    assert approvables(workspace, head_view(workspace)) == ()
    workspace.close()


def test_teams_are_those_that_were_released(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes their own name into the file has to have it released first."""
    release(workspace, metric_record("revenue"), files={"metrics/sales.yml": ""})
    workspace.settings = Settings(
        name="s", teams={"finance": Team(name="finance", members=("eve",))}
    )
    monkeypatch.setenv("HEADWATER_USER", "eve")
    with pytest.raises(HeadwaterError) as error:
        approve(workspace, head_view(workspace), ["revenue"])
    assert "finance (ann, bob)" in refused(error)[0]
