"""A project as one object: load → graph → plan → run, and what looks at the result.

`Project` is the facade; each module beside it is one thing that a project can do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headwater.project.facade import Project

__all__ = ["Project"]


def __getattr__(name: str) -> Any:
    if name == "Project":
        from headwater.project.facade import Project

        return Project
    raise AttributeError(name)
