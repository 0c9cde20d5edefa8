"""The durable record of definitions, releases, states, builds, runs and decisions.

`Ledger` is loaded on first use, because SQLAlchemy takes a good part of a command's start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headwater.ledger.model import (
    Conflict,
    DefinitionRecord,
    Event,
    FileUse,
    InputKey,
    Note,
    Pin,
    Publication,
    Release,
    ReleaseMap,
    ReleaseSort,
    RunRecord,
    Version,
)

if TYPE_CHECKING:
    from headwater.ledger.ledger import Ledger
    from headwater.ledger.lock import RunLock
    from headwater.ledger.values import tree_digest

__all__ = [
    "Conflict",
    "DefinitionRecord",
    "Event",
    "FileUse",
    "InputKey",
    "Ledger",
    "Note",
    "Pin",
    "Publication",
    "Release",
    "ReleaseMap",
    "ReleaseSort",
    "RunLock",
    "RunRecord",
    "Version",
    "tree_digest",
]


def __getattr__(name: str) -> Any:
    if name == "Ledger":
        from headwater.ledger.ledger import Ledger

        return Ledger
    if name == "RunLock":
        from headwater.ledger.lock import RunLock

        return RunLock
    if name == "tree_digest":
        from headwater.ledger.values import tree_digest

        return tree_digest
    raise AttributeError(name)
