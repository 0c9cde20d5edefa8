"""What one look at a model works with: its definition, versions, and a session that shows rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from headwater.engines.protocol import InputRelation, Session
from headwater.errors import HeadwaterError
from headwater.ids import NodeId
from headwater.kinds.model.definition import ModelDefinition
from headwater.learning.drift import psi
from headwater.learning.report import ReferenceBins
from headwater.ledger import Version
from headwater.plan.state import State
from headwater.project.monitoring.bins import moved_of
from headwater.project.monitoring.model import Movement, Origin
from headwater.project.monitoring.reports import read_report

if TYPE_CHECKING:
    from headwater.project import Project

#: Names under which a session shows answers of one version, batch scores, and what is compared.
SERVED: Final = "__served"
ROWS: Final = "__rows"
ASKED: Final = "__asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at one model: `start` to `end`, exclusive."""

    project: Project
    definition: ModelDefinition
    versions: Mapping[int, Version]
    start: datetime
    end: datetime

    @property
    def name(self) -> str:
        """The model."""
        return self.definition.id.name

    @property
    def folder(self) -> Path:
        """Where answers are logged."""
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


def show(session: Session, look: Look, node: NodeId, name: str) -> bool:
    """Show what is published of a node under a name of ours; whether there is anything."""
    state = look.state(node)
    if state is None or not state.part("rows"):
        return False
    lake = look.project.workspace.lake
    files = tuple(lake.absolute(file.path) for file in state.part("rows"))
    session.bind_inputs([InputRelation(name=name, schema=state.schema, files=files, uniform=False)])
    return True


def movement_of(
    session: Session,
    relation: str,
    reference: Sequence[ReferenceBins],
    origin: Origin,
    version: int,
    day: date | None = None,
) -> Iterator[Movement]:
    """How far the rows of a relation are from training; nothing without rows or bins."""
    found = psi(session, relation, reference) if reference else ()
    if any(each.rows for each in found):
        columns = tuple(moved_of(each) for each in found)
        yield Movement(origin=origin, version=version, columns=columns, day=day)
