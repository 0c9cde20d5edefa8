from __future__ import annotations
from typing import TYPE_CHECKING
from headwater.ids import NodeId
from headwater.quarantine.model import QuarantineView
if TYPE_CHECKING:
    from headwater.project import Project

def show_quarantine(project: Project, node: NodeId, rule: str | None = None, limit: int = 10) -> QuarantineView:
    """The rows of a node that wait, by rule."""
    raise NotImplementedError
