"""Batch scores: the newest, whether they were on time, and who was scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from headwater.contracts.quoting import literal, quote_all
from headwater.engines.protocol import Session
from headwater.graph.graph import Graph
from headwater.ids import NodeId
from headwater.kinds.model.definition import ScoresDefinition
from headwater.learning.model import AS_OF
from headwater.project.monitoring.look import ASKED, ROWS, Look, movement_of, show
from headwater.project.monitoring.model import Batch, Movement
from headwater.project.punctuality import OBJECTIVE, measure_punctuality

_FEATURES: Final = "__features"


def show_scores(session: Session, look: Look) -> Batch | None:
    """Show all batch scores as `__rows`, and say which are the newest; None where none are."""
    if not show(session, look, NodeId("scores", look.name), ROWS):
        return None
    newest = session.fetch(
        f"SELECT day, version, count(*) FROM {ROWS}"
        f" WHERE day = (SELECT max(day) FROM {ROWS}) GROUP BY ALL ORDER BY 3 DESC"
    )
    if not newest:
        return None
    day, version, _ = newest[0]
    return Batch(day=day, version=int(version), rows=sum(int(row[2]) for row in newest))


def timed(look: Look, graph: Graph, batch: Batch) -> Batch:
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


def batch_movement(session: Session, look: Look, batch: Batch) -> Iterator[Movement]:
    """The newest scores, and the newest rows that each feature view has of who was scored."""
    reference = look.reference(batch.version)
    newest = f"day = (SELECT max(day) FROM {ROWS})"
    keys = quote_all(entity_keys(session))
    session.fetch(
        f"CREATE OR REPLACE TEMP VIEW {ASKED} AS SELECT score FROM {ROWS}"
        f" WHERE {newest} AND version = {literal(batch.version)}"
    )
    scores = [each for each in reference if each.column == "score"]
    yield from movement_of(session, ASKED, scores, "batch", batch.version, batch.day)
    for name in look.definition.inputs.views:
        if not show(session, look, NodeId("feature_view", name), _FEATURES):
            continue
        last = f"(SELECT max(day) FROM {_FEATURES})"
        ((day,),) = session.fetch(f"SELECT {last}")
        session.fetch(
            f"CREATE OR REPLACE TEMP VIEW {ASKED} AS SELECT * FROM {_FEATURES}"
            f" SEMI JOIN (FROM {ROWS} WHERE {newest}) USING ({keys}) WHERE day = {last}"
        )
        features = [each for each in reference if each.column != "score"]
        yield from movement_of(session, ASKED, features, "batch", batch.version, day)


def entity_keys(session: Session) -> list[str]:
    """The key columns of the entity, which stand first among those of the scores."""
    columns = [str(row[0]) for row in session.fetch(f"DESCRIBE {ROWS}")]
    return columns[: columns.index(AS_OF)]
