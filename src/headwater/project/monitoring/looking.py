"""Looks at one model in use: its log of answers, its batch scores, and what came of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from headwater.errors import Issue, UsageError, did_you_mean
from headwater.graph.graph import Graph
from headwater.ids import NodeId
from headwater.kinds.model.definition import ModelDefinition
from headwater.project.monitoring.answers import online_movement, show_served, traffic_of
from headwater.project.monitoring.batch import batch_movement, show_scores, timed
from headwater.project.monitoring.judging import judge
from headwater.project.monitoring.look import Look
from headwater.project.monitoring.model import Monitoring, Movement, Outcomes, Traffic
from headwater.project.monitoring.outcomes import batch_outcomes, online_outcomes
from headwater.project.releasing import bind_released
from headwater.project.serving.log import logged_versions
from headwater.project.versions import published_version

if TYPE_CHECKING:
    from headwater.project import Project

A_DAY: Final = timedelta(days=1)
_INSTANT: Final = timedelta(microseconds=1)


def released_graph(project: Project) -> Graph:
    """The definitions that the environment runs; those on disk where nothing is released."""
    view = project.published
    same = view.release is None or view.release.tree == project.bound.tree_digest
    return (project.bound if same else bind_released(project.workspace, view)).graph


def model_names(project: Project) -> tuple[str, ...]:
    """The models that the environment shows, by name."""
    return tuple(sorted(node.name for node in project.published.states if node.kind == "model"))


def monitor(project: Project, model: str, lasting: timedelta = A_DAY) -> Monitoring:
    """Look at a model over the time before now. Code E076 (unknown, or never published)."""
    node = NodeId("model", model)
    view, ledger = project.published, project.ledger
    graph = released_graph(project)
    found = graph.nodes.get(node)
    if found is None or not isinstance(found.definition, ModelDefinition):
        fix = did_you_mean(model, model_names(project), "`headwater ls kind:model` lists them")
        raise UsageError(Issue(code="E076", what=f"there is no model `{model}`", fix=fix))
    now = project.workspace.clock.now
    look = Look(
        project=project,
        definition=found.definition,
        versions={version.number: version for version in ledger.versions(node)},
        start=now - lasting,
        end=now + _INSTANT,
    )
    with project.workspace.engine.session() as session:
        traffic: list[Traffic] = []
        movements: list[Movement] = []
        outcomes: list[Outcomes] = []
        for version in logged_versions(look.folder, model):
            if show_served(session, look, version):
                traffic += traffic_of(session, version)
                movements += online_movement(session, look, version)
                outcomes += online_outcomes(session, look, version)
        batch = show_scores(session, look)
        if batch is not None:
            batch = timed(look, graph, batch)
            movements += batch_movement(session, look, batch)
            outcomes += batch_outcomes(session, look)
    current = published_version(ledger, view, node)
    return Monitoring(
        model=model,
        at=now,
        start=look.start,
        published=current.number if current is not None else None,
        traffic=tuple(traffic),
        movements=tuple(movements),
        outcomes=tuple(outcomes),
        batch=batch,
        findings=judge(traffic, movements, outcomes, batch),
    )
