"""Contracts between releases."""
from __future__ import annotations
from dataclasses import dataclass
from headwater.binding import Bound
from headwater.contracts.compatibility import Compatibility
from headwater.contracts.definition import Contract
from headwater.errors import Issue
from headwater.ids import NodeId
from headwater.ledger import Note
from headwater.ledger_view import ReleaseView
from headwater.workspace import Workspace

@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Who reads what changed: a node, and its columns that come from there; none: its rows do."""
    node: NodeId
    columns: tuple[str, ...] = ()
    rows: bool = False
    owner: str = ""

@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A contract on disk beside the released one."""
    node: NodeId
    released: Contract
    contract: Contract
    compatibility: Compatibility
    consumers: tuple[Consumer, ...] = ()
    acknowledged: Note | None = None

def changed_agreements(workspace: Workspace, bound: Bound, view: ReleaseView) -> tuple[Agreement, ...]:
    raise NotImplementedError

def check_agreements(workspace: Workspace, bound: Bound, view: ReleaseView, *, warn: bool = False) -> list[Issue]:
    raise NotImplementedError

def acknowledge(workspace: Workspace, bound: Bound, view: ReleaseView, node: NodeId, *, version: str, reason: str) -> Agreement:
    raise NotImplementedError
