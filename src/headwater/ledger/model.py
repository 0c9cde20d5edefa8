"""What the ledger records, as frozen values: definitions, releases, publications, runs, notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from headwater.errors import HeadwaterError, Issue
from headwater.ids import NodeId
from headwater.plan.state import Build, DataFile, State

ReleaseSort = Literal["data", "definitions", "promotion", "rollback", "maintenance"]

#: A node and one of its input keys, as `barred` lists them.
InputKey = tuple[NodeId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionRecord:
    """A definition as it was released; `hash` names the content of everything else."""

    node: NodeId
    hash: str
    path: str  # relative to the project
    kind: str
    body: str  # JSON text, as the kind stores it
    fingerprint: str  # of the whole definition


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """An immutable, numbered map of nodes; what a commit is to git."""

    number: int
    environment: str
    parent: int | None  # whose map it starts from; of a rollback, the release returned to
    created_at: datetime
    author: str
    sort: ReleaseSort
    reason: str
    run: str | None
    tree: str  # digest of the definition tree that this release runs; "" for none


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseMap:
    """The whole map of one release: node → hash of its definition, node → id of its state."""

    release: Release
    definitions: Mapping[NodeId, str]
    states: Mapping[NodeId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A free fact: an acknowledgement, a decision, an entry about one node."""

    sort: str
    text: str
    at: datetime
    author: str
    node: NodeId | None = None
    data: str = ""  # JSON text
    release: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A build of a node that people name by its number: `model.churn@7`.

    `passed` is whether it may be published; `body` is JSON text, as the kind wrote it. `files` are
    kept from vacuum: the build's own, and those that it was made from. Where it was judged again
    later, `passed` is by the newest judgement, and `judgement` the JSON text of that.
    """

    node: NodeId
    number: int
    build: str
    at: datetime
    run: str
    environment: str
    passed: bool
    body: str
    files: tuple[DataFile, ...] = ()
    judgement: str = ""

    def __str__(self) -> str:
        return f"{self.node}@{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What one publish changes, relative to the release that it was planned from.

    `expected` is the release that the environment pointed to when planned (None: no environment
    yet); `base` the release whose map this one starts from: the same, or `prod`'s head for a new
    working environment. A state may be given by the id of one that the ledger already holds.
    """

    environment: str
    expected: int | None
    base: int | None
    at: datetime
    author: str
    sort: ReleaseSort
    reason: str = ""
    run: str | None = None
    tree: str | None = None  # None: that of the base
    definitions: Mapping[NodeId, DefinitionRecord | None] = field(default_factory=dict)
    states: Mapping[NodeId, State | str | None] = field(default_factory=dict)  # None: removed
    builds: tuple[Build, ...] = ()  # become visible; those already recorded are not written again
    barred: tuple[InputKey, ...] = ()
    unbarred: tuple[InputKey, ...] = ()
    notes: tuple[Note, ...] = ()


class Conflict(HeadwaterError):
    """Somebody else published to the environment first; `found` is what it points to now."""

    def __init__(self, environment: str, expected: int | None, found: Release | None) -> None:
        now = "no longer exists" if found is None else f"is at #{found.number} by {found.author}"
        was = "a new environment" if expected is None else f"#{expected}"
        super().__init__(
            Issue(
                code="E701",
                what=f"`{environment}` {now}; this was planned from {was}",
                fix="nothing was published; run again, what is built is kept",
            )
        )
        self.environment = environment
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run of a plan; `status` is `running` until it is finished.

    `done`, `incomplete` (a node was held or failed), `failed`, or `interrupted` (it was killed).
    """

    id: str
    environment: str
    request: str  # JSON text
    started_at: datetime
    author: str
    pid: int
    host: str
    status: str = "running"
    finished_at: datetime | None = None
    summary: str = ""  # JSON text


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a run."""

    at: datetime
    sort: str
    text: str
    node: NodeId | None = None
    step: str = ""
    data: str = ""  # JSON text


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A release whose files vacuum leaves alone."""

    release: int
    reason: str
    at: datetime
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUse:
    """A data file that the ledger knows, and whether anything needs it.

    `release` is the newest one in use that holds it; None for a file that is needed only as a
    fresh prepared build, or by nothing. `needed` is false once the grace has passed since the last
    release that held it was replaced.
    """

    path: str
    build: str
    bytes: int
    needed: bool
    release: int | None
