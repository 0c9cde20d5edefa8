from __future__ import annotations
from collections.abc import Sequence
from typing import TYPE_CHECKING
from headwater.testing.model import Proof
if TYPE_CHECKING:
    from headwater.project import Project

def prove_incremental(project: Project, select: Sequence[str] = (), exclude: Sequence[str] = (), *, samples: int = 3, seed: int = 0) -> tuple[Proof, ...]:
    raise NotImplementedError
