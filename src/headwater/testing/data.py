from __future__ import annotations
from collections.abc import Sequence
from typing import TYPE_CHECKING
from headwater.testing.model import DataResult
if TYPE_CHECKING:
    from headwater.project import Project

def check_published(project: Project, select: Sequence[str] = (), exclude: Sequence[str] = ()) -> tuple[DataResult, ...]:
    raise NotImplementedError
