from __future__ import annotations
from collections.abc import Sequence
from typing import TYPE_CHECKING
from headwater.testing.model import UnitResult
if TYPE_CHECKING:
    from headwater.project import Project

def run_unit_tests(project: Project, select: Sequence[str] = (), exclude: Sequence[str] = ()) -> tuple[UnitResult, ...]:
    raise NotImplementedError
