"""Approval: somebody who may says that a released metric means what it should.

Approval is of a meaning, the hash of what a metric counts: another description leaves it as it is,
another filter makes the metric a draft again, and going back to an approved meaning needs nobody.
Each approval, and each withdrawal, is a note of the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from headwater.definitions.model import Settings
from headwater.definitions.settings import read_settings
from headwater.definitions.tree import SETTINGS_FILE
from headwater.errors import HeadwaterError, Issue, UsageError, did_you_mean
from headwater.ids import NodeId
from headwater.ledger import DefinitionRecord, Ledger, Note
from headwater.project.metrics.sides import meaning_of
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace

#: The sort of note by which approvals and withdrawals are kept.
APPROVAL = "approval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who approved which meaning of a metric, for which team, and when."""

    metric: str
    meaning: str
    team: str
    by: str
    at: datetime
    reason: str = ""
    is_withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvable:
    """A released metric, and who may approve it: its owner's team and the approving teams."""

    metric: str
    owner: str
    meaning: str
    may: Mapping[str, tuple[str, ...]]  # team, or a person alone → people
    approval: Approval | None = None

    @property
    def is_draft(self) -> bool:
        """Whether nobody approved what it means now."""
        return self.approval is None


def approvals_of(view: ReleaseView) -> dict[str, Approval]:
    """The approvals that hold for the metrics of a release, by metric; drafts are left out."""
    if view.release is None:
        return {}
    meanings = {node.name: meaning for node, meaning in _meanings(view).items()}
    latest = _latest(view.ledger)
    found = {name: latest.get((name, meaning)) for name, meaning in meanings.items()}
    return {name: a for name, a in found.items() if a is not None and not a.is_withdrawn}


def approvables(workspace: Workspace, view: ReleaseView) -> tuple[Approvable, ...]:
    """Every metric of a release, by name."""
    settings = released_settings(workspace, view)
    approvals = approvals_of(view)
    return tuple(
        Approvable(
            metric=node.name,
            owner=owner,
            meaning=meaning,
            may=who_may(owner, settings),
            approval=approvals.get(node.name),
        )
        for node, (owner, meaning) in sorted(_metrics(view).items())
    )


def approve(
    workspace: Workspace, view: ReleaseView, metrics: Collection[str], reason: str = ""
) -> tuple[Approval, ...]:
    """Approve what some metrics of a release mean; those approved already are left as they are.

    All or none. Codes E935 (who may not), E937 (not released).
    """
    chosen = _chosen(workspace, view, metrics)
    teams = _teams(workspace, chosen)
    at, author = workspace.clock.now, workspace.author
    made = {
        each.metric: Approval(
            metric=each.metric,
            meaning=each.meaning,
            team=teams[each.metric],
            by=author,
            at=at,
            reason=reason,
        )
        for each in chosen
        if each.approval is None
    }
    if made:
        workspace.ledger.add_notes([_note(approval, view) for approval in made.values()])
    return tuple(made.get(each.metric) or _approved(each) for each in chosen)


def withdraw(
    workspace: Workspace, view: ReleaseView, metrics: Collection[str], reason: str = ""
) -> tuple[Approval, ...]:
    """Make metrics drafts again. Codes E935 (who may not), E937 (not released), E938 (drafts)."""
    chosen = _chosen(workspace, view, metrics)
    drafts = [each.metric for each in chosen if each.is_draft]
    if drafts:
        what = f"{', '.join(drafts)}: draft; there is no approval to withdraw"
        raise UsageError(Issue(code="E938", what=what, fix="`headwater approve --list` shows all"))
    teams = _teams(workspace, chosen)
    at, author = workspace.clock.now, workspace.author
    made = tuple(
        Approval(
            metric=each.metric,
            meaning=each.meaning,
            team=teams[each.metric],
            by=author,
            at=at,
            reason=reason,
            is_withdrawn=True,
        )
        for each in chosen
    )
    workspace.ledger.add_notes([_note(withdrawal, view) for withdrawal in made])
    return made


def carried_notes(
    view: ReleaseView, changed: Mapping[NodeId, DefinitionRecord | None]
) -> tuple[Note, ...]:
    """The approvals of a release under new hashes: an upgrade of Headwater changes no meaning.

    A hash that was approved or withdrawn itself is left as it is.
    """
    approvals, said = approvals_of(view), _latest(view.ledger)
    notes: list[Note] = []
    for node, record in changed.items():
        approval = approvals.get(node.name) if node.kind == "metric" else None
        if approval is None or record is None or (node.name, meaning_of(record)) in said:
            continue
        notes.append(_note(replace(approval, meaning=meaning_of(record)), view))
    return tuple(notes)


def who_may(owner: str, settings: Settings) -> dict[str, tuple[str, ...]]:
    """The owning team or person, and the teams that approve metrics, with their people."""
    team = settings.teams.get(owner)
    found = {owner: team.members if team is not None else (owner,)} if owner else {}
    return found | {t.name: t.members for t in settings.teams.values() if t.approves_metrics}


def team_of(author: str, may: Mapping[str, tuple[str, ...]]) -> str | None:
    """The first of the teams for which somebody speaks; None where they may not.

    >>> team_of("ann", {"growth": ("bob",), "council": ("ann", "cid")})
    'council'
    """
    return next((team for team, people in may.items() if author in people), None)


def may_text(may: Mapping[str, tuple[str, ...]]) -> str:
    """Who may approve, as people read it.

    >>> may_text({"finance": ("ann", "bob"), "cid": ("cid",)})
    'finance (ann, bob) or cid'
    """
    named = [
        team if people == (team,) else f"{team} ({', '.join(people) or 'nobody'})"
        for team, people in may.items()
    ]
    return " or ".join(named) or "nobody"


def released_settings(workspace: Workspace, view: ReleaseView) -> Settings:
    """The teams as they were released: who may approve is not decided by an edited file."""
    tree = view.tree()
    text = tree.files.get(SETTINGS_FILE) if tree is not None else None
    return workspace.settings if text is None else read_settings(text)[0]


def _chosen(
    workspace: Workspace, view: ReleaseView, metrics: Collection[str]
) -> tuple[Approvable, ...]:
    """The metrics asked for, each once. Code E937."""
    known = {each.metric: each for each in approvables(workspace, view)}
    names = dict.fromkeys(name.removeprefix("metric.") for name in metrics)
    unknown = [name for name in names if name not in known]
    if unknown:
        otherwise = "approval is of what is released: `headwater run --apply` first"
        raise UsageError(
            *(
                Issue(
                    code="E937",
                    what=f"no metric `{name}` is released",
                    fix=did_you_mean(name, known, otherwise),
                )
                for name in unknown
            )
        )
    return tuple(known[name] for name in names)


def _teams(workspace: Workspace, chosen: Iterable[Approvable]) -> dict[str, str]:
    """Metric → the team for which the author speaks. Code E935."""
    author = workspace.author
    found: dict[str, str] = {}
    issues: list[Issue] = []
    for each in chosen:
        team = team_of(author, each.may)
        if team is not None:
            found[each.metric] = team
            continue
        what = f"{author} may not approve `{each.metric}`"
        fix = f"{may_text(each.may)} may"
        if not any(each.may.values()):
            fix = "give it an `owner`, or a team `approves_metrics: true` in headwater.yml"
        issues.append(Issue(code="E935", what=what, fix=fix))
    if issues:
        raise HeadwaterError(*issues)
    return found


def _approved(each: Approvable) -> Approval:
    assert each.approval is not None
    return each.approval


def _metrics(view: ReleaseView) -> dict[NodeId, tuple[str, str]]:
    """The metrics of a release: owner and meaning."""
    hashes = {node: name for node, name in view.definitions.items() if node.kind == "metric"}
    records = view.ledger.definitions(hashes.values())
    return {
        node: (json.loads(records[name].body)["owner"], meaning_of(records[name]))
        for node, name in hashes.items()
    }


def _meanings(view: ReleaseView) -> dict[NodeId, str]:
    return {node: meaning for node, (_, meaning) in _metrics(view).items()}


def _latest(ledger: Ledger) -> dict[tuple[str, str], Approval]:
    """The last word on each meaning of each metric."""
    found: dict[tuple[str, str], Approval] = {}
    for note in ledger.notes(sort=APPROVAL):
        approval = read_approval(note)
        found[approval.metric, approval.meaning] = approval
    return found


def read_approval(note: Note) -> Approval:
    """An approval or a withdrawal, as its note keeps it."""
    data = json.loads(note.data)
    assert note.node is not None
    return Approval(
        metric=note.node.name,
        meaning=data["meaning"],
        team=data["team"],
        by=note.author,
        at=note.at,
        reason=data["reason"],
        is_withdrawn=data["withdrawn"],
    )


def _note(approval: Approval, view: ReleaseView) -> Note:
    assert view.release is not None
    said = "withdrawn" if approval.is_withdrawn else "approved"
    reason = f": {approval.reason}" if approval.reason else ""
    data = {
        "meaning": approval.meaning,
        "team": approval.team,
        "withdrawn": approval.is_withdrawn,
        "reason": approval.reason,
    }
    return Note(
        sort=APPROVAL,
        node=NodeId("metric", approval.metric),
        text=f"{said} for {approval.team}{reason}",
        at=approval.at,
        author=approval.by,
        release=view.release.number,
        data=json.dumps(data, separators=(",", ":")),
    )
