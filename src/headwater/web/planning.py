"""What a run would do now, worked out anew only when something that it depends on is another."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.definitions.tree import Tree
from headwater.errors import HeadwaterError, Issue
from headwater.ids import NodeId, digest
from headwater.ledger import tree_digest
from headwater.plan.steps import Plan
from headwater.project import Project
from headwater.project.recording import PROD
from headwater.project.releasing import arrivals_of
from headwater.web.context import Site, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan, and the definitions on disk that differ from the release, with their mistakes."""

    plan: Plan
    edited: tuple[NodeId, ...] = ()
    problems: tuple[Issue, ...] = ()


def planned(site: Site, snapshot: Snapshot) -> Planned:
    """The plan of a moment: by what the ledger, the folder and the sources hold."""
    workspace = snapshot.workspace
    files = Tree.from_disk(workspace.root).files
    arrivals = arrivals_of(snapshot.bound, snapshot.view.states, workspace, look=True)
    key = (snapshot.key, tree_digest(files), digest(repr(sorted(arrivals.items()))))
    return site.plans.get(key, lambda: _plan(snapshot))


def _plan(snapshot: Snapshot) -> Planned:
    plan = snapshot.project.plan()
    if snapshot.project.environment != PROD or snapshot.release is None:
        return Planned(plan=plan)
    disk = Project(snapshot.workspace, PROD)
    disk.view = snapshot.view
    try:
        return Planned(plan=plan, edited=disk.edited, problems=disk.bound.errors)
    except HeadwaterError as error:
        return Planned(plan=plan, problems=error.issues)
