"""Looks at one model in use: its log of answers, its batch scores, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from headwater.contracts.quoting import literal, quote, quote_all
from headwater.engines.protocol import InputRelation, Session
from headwater.errors import HeadwaterError, Issue, UsageError, did_you_mean
from headwater.graph.graph import Graph
from headwater.ids import NodeId
from headwater.kinds.model.definition import ModelDefinition, ScoresDefinition
from headwater.learning.drift import psi
from headwater.learning.evaluation import evaluate
from headwater.learning.model import AT, LABEL
from headwater.learning.report import Figure, ReferenceBins
from headwater.ledger import Version
from headwater.plan.state import State
from headwater.project.monitoring.bins import moved_of
from headwater.project.monitoring.judging import judge
from headwater.project.monitoring.model import (
    Batch,
    Monitoring,
    Movement,
    Origin,
    Outcomes,
    Traffic,
)
from headwater.project.monitoring.reports import read_report
from headwater.project.punctuality import OBJECTIVE, measure_punctuality
from headwater.project.releasing import bind_released
from headwater.project.serving.log import log_files, logged_versions
from headwater.project.serving.scored import REFUSED
from headwater.project.versions import published_version

if TYPE_CHECKING:
    from headwater.project import Project

A_DAY: Final = timedelta(days=1)
#: Rows with outcomes, newest first, of which calibration is told.
_MOST_OUTCOMES: Final = 500_000
_INSTANT: Final = timedelta(microseconds=1)
_SERVED, _ASKED = "__served", "__asked"
_ROWS, _FEATURES, _LABELS = "__rows", "__features", "__labels"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One look at one model: `start` to `end`, exclusive."""

    project: Project
    definition: ModelDefinition
    versions: Mapping[int, Version]
    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        return self.definition.id.name

    @property
    def folder(self) -> Path:
        return self.project.workspace.state_folder / "served"

    def reference(self, version: int) -> tuple[ReferenceBins, ...]:
        """The bins of a version; none where they cannot be read."""
        if version not in self.versions:
            return ()
        try:
            return read_report(self.project.workspace, self.versions[version]).reference
        except HeadwaterError:  # the pages of the version say what is wrong with it
            return ()

    def state(self, node: NodeId) -> State | None:
        """What is published of a node."""
        return self.project.published.states.get(node)


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
    look = _Look(
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
            if _show_served(session, look, version):
                traffic += _traffic(session, version)
                movements += _online_movement(session, look, version)
                outcomes += _online_outcomes(session, look, version)
        batch = _show_scores(session, look)
        if batch is not None:
            batch = _timed(look, graph, batch)
            movements += _batch_movement(session, look, batch)
            outcomes += _batch_outcomes(session, look)
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


# --- what was answered


def _show_served(session: Session, look: _Look, version: int) -> bool:
    """Show the answers of a version as `__served`; whether there are any files of them."""
    files = log_files(look.folder, look.name, version=version)
    if not files:
        return False
    listed = ", ".join(literal(str(path)) for path in files)
    inside = f'"at" >= {literal(look.start)} AND "at" < {literal(look.end)}'
    session.fetch(
        f"CREATE OR REPLACE TEMP VIEW {_SERVED} AS "
        f"SELECT *, {inside} AS inside FROM read_parquet([{listed}])"
    )
    return True


def _traffic(session: Session, version: int) -> Iterator[Traffic]:
    described = session.fetch(f"DESCRIBE SELECT features.* FROM {_SERVED}")
    lacks = [f"features.{quote(row[0])} IS NULL" for row in described] or ["FALSE"]
    statuses: dict[str, dict[str, int]] = {}
    for role, status, count in session.fetch(
        f"SELECT role, status, count(*) FROM {_SERVED} WHERE inside GROUP BY ALL ORDER BY ALL"
    ):
        statuses.setdefault(role, {})[status] = int(count)
    rows = session.fetch(
        f"SELECT role, quantile_cont(ms, [0.5, 0.95, 0.99]), avg(score),"
        f" count(*) FILTER (features IS NOT NULL AND ({' OR '.join(lacks)}))"
        f" FROM {_SERVED} WHERE inside GROUP BY role ORDER BY role"
    )
    for role, quantiles, score, incomplete in rows:
        found = statuses[role]
        p50, p95, p99 = quantiles or (None, None, None)
        yield Traffic(
            version=version,
            role=role,
            answers=sum(found.values()),
            statuses=found,
            refused=sum(found.get(status, 0) for status in REFUSED),
            incomplete=int(incomplete),
            p50_ms=p50,
            p95_ms=p95,
            p99_ms=p99,
            mean_score=score,
        )


def _online_movement(session: Session, look: _Look, version: int) -> Iterator[Movement]:
    session.fetch(
        f"CREATE OR REPLACE TEMP VIEW {_ASKED} AS SELECT features.*, score FROM {_SERVED} "
        f"WHERE inside AND features IS NOT NULL"
    )
    yield from _movement(session, _ASKED, look.reference(version), "online", version)


def _movement(
    session: Session,
    relation: str,
    reference: Sequence[ReferenceBins],
    origin: Origin,
    version: int,
    day: date | None = None,
) -> Iterator[Movement]:
    found = psi(session, relation, reference) if reference else ()
    if any(each.rows for each in found):
        columns = tuple(moved_of(each) for each in found)
        yield Movement(origin=origin, version=version, columns=columns, day=day)


# --- batch scores and the features of the batch side


def _show_scores(session: Session, look: _Look) -> Batch | None:
    """Show all batch scores as `__rows`, and say which are the newest; None where none are."""
    if not _show(session, look, NodeId("scores", look.name), _ROWS):
        return None
    newest = session.fetch(
        f"SELECT day, version, count(*) FROM {_ROWS}"
        f" WHERE day = (SELECT max(day) FROM {_ROWS}) GROUP BY ALL ORDER BY 3 DESC"
    )
    if not newest:
        return None
    day, version, _ = newest[0]
    return Batch(day=day, version=int(version), rows=sum(int(row[2]) for row in newest))


def _timed(look: _Look, graph: Graph, batch: Batch) -> Batch:
    """With how punctual the scores have been, where an hour is declared."""
    project = look.project
    definition = graph.nodes[NodeId("scores", look.name)].definition
    assert isinstance(definition, ScoresDefinition)
    found = measure_punctuality(project.workspace, project.published, definition)
    if found is None or found.share is None:
        return batch
    text = f"{found.share * 100:.1f} % of the scores by {found.by:%H:%M}"
    text += f", {OBJECTIVE * 100:g} % are promised"
    return replace(batch, on_time=found.is_met, late_text=text)


def _batch_movement(session: Session, look: _Look, batch: Batch) -> Iterator[Movement]:
    """The newest scores, and the newest rows that each feature view has of who was scored."""
    reference = look.reference(batch.version)
    newest = f"day = (SELECT max(day) FROM {_ROWS})"
    keys = quote_all(_keys(session))
    session.fetch(
        f"CREATE OR REPLACE TEMP VIEW {_ASKED} AS SELECT score FROM {_ROWS}"
        f" WHERE {newest} AND version = {literal(batch.version)}"
    )
    scores = [each for each in reference if each.column == "score"]
    yield from _movement(session, _ASKED, scores, "batch", batch.version, batch.day)
    for name in look.definition.inputs.views:
        if not _show(session, look, NodeId("feature_view", name), _FEATURES):
            continue
        last = f"(SELECT max(day) FROM {_FEATURES})"
        ((day,),) = session.fetch(f"SELECT {last}")
        session.fetch(
            f"CREATE OR REPLACE TEMP VIEW {_ASKED} AS SELECT * FROM {_FEATURES}"
            f" SEMI JOIN (FROM {_ROWS} WHERE {newest}) USING ({keys}) WHERE day = {last}"
        )
        features = [each for each in reference if each.column != "score"]
        yield from _movement(session, _ASKED, features, "batch", batch.version, day)


def _keys(session: Session) -> list[str]:
    """The key columns of the entity, which stand first among those of the scores."""
    columns = [str(row[0]) for row in session.fetch(f"DESCRIBE {_ROWS}")]
    return columns[: columns.index(AT)]


def _show(session: Session, look: _Look, node: NodeId, name: str) -> bool:
    """Show what is published of a node under a name of ours; whether there is anything."""
    state = look.state(node)
    if state is None or not state.part("rows"):
        return False
    lake = look.project.workspace.lake
    files = tuple(lake.absolute(file.path) for file in state.part("rows"))
    session.bind_inputs([InputRelation(name=name, schema=state.schema, files=files, uniform=False)])
    return True


# --- outcomes


def _online_outcomes(session: Session, look: _Look, version: int) -> Iterator[Outcomes]:
    """Answers on a day at whose beginning the label was observed, of the whole log."""
    if not _show_labels(session, look):
        return
    types = session.fetch(f"DESCRIBE SELECT keys.* FROM {_SERVED}")
    keys, at = [str(row[0]) for row in types], quote(AT)
    same = " AND ".join(f"s.keys.{quote(key)} = l.{quote(key)}" for key in keys)
    yield from _outcomes(
        session,
        f"SELECT l.{quote(LABEL)} AS label, s.score, l.{at} AS moment, s.version"
        f" FROM {_SERVED} AS s"
        f" JOIN {_LABELS} AS l ON {same}"
        f" AND CAST(l.{at} AS DATE) = CAST(CAST(s.{at} AS TIMESTAMP) AS DATE)"
        f" WHERE s.score IS NOT NULL AND s.version = {literal(version)}",
        "online",
    )


def _batch_outcomes(session: Session, look: _Look) -> Iterator[Outcomes]:
    """Batch scores of the moments of which the label is known."""
    if not _show_labels(session, look):
        return
    keys = _keys(session)
    yield from _outcomes(
        session,
        f"SELECT l.{quote(LABEL)} AS label, s.score, {quote(AT)} AS moment, s.version"
        f" FROM {_ROWS} AS s JOIN {_LABELS} AS l USING ({quote_all((*keys, AT))})"
        f" WHERE s.score IS NOT NULL",
        "batch",
    )


def _show_labels(session: Session, look: _Look) -> bool:
    return _show(session, look, NodeId("label", look.definition.inputs.label), _LABELS)


def _outcomes(session: Session, joined: str, origin: Origin) -> Iterator[Outcomes]:
    rows = session.fetch(
        f"SELECT version, label, score, moment FROM ({joined}) WHERE label IS NOT NULL"
        f" ORDER BY moment DESC LIMIT {_MOST_OUTCOMES}"
    )
    by_version: dict[int, list[tuple[int, bool, float, datetime]]] = {}
    for row in rows:
        by_version.setdefault(int(row[0]), []).append(row)
    for version, found in sorted(by_version.items()):
        measured = evaluate(
            np.array([row[1] for row in found], dtype=bool), np.array([row[2] for row in found])
        )
        yield Outcomes(
            origin=origin,
            version=version,
            rows=measured.rows,
            positives=measured.positives,
            first=found[-1][3].date(),
            last=found[0][3].date(),
            auc=measured.figures.get("auc", Figure(None)),
            calibration_error=measured.figures.get("calibration_error", Figure(None)),
            deciles=measured.deciles,
        )
