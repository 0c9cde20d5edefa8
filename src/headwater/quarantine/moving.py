from __future__ import annotations
from collections.abc import Sequence
from typing import TYPE_CHECKING
from headwater.ids import NodeId
from headwater.quarantine.model import Dropped, Replayed
from headwater.run.context import Progress
if TYPE_CHECKING:
    from headwater.project import Project

def replay(project: Project, node: NodeId, progress: Progress | None = None) -> Replayed:
    """Judge the waiting rows of a node again, and bring what reads it up to date."""
    raise NotImplementedError

def drop(project: Project, node: NodeId, *, reason: str, rule: str | None = None, rows: Sequence[str] = (), everything: bool = False) -> Dropped:
    """Move waiting rows to the dropped ones, in a release that says who, when, why."""
    raise NotImplementedError
