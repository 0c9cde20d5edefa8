from __future__ import annotations
from typing import TYPE_CHECKING
from headwater.quarantine.model import NodeQuarantine
if TYPE_CHECKING:
    from headwater.project import Project

def list_quarantine(project: Project) -> tuple[NodeQuarantine, ...]:
    """The nodes of which rows wait, most rows first."""
    raise NotImplementedError
