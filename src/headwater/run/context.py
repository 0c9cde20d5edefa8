"""What a step needs to be executed, and what comes out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal, Protocol, get_args

from headwater.clock import Clock
from headwater.contracts.definition import Rule
from headwater.engines.protocol import Engine, Target
from headwater.errors import Issue
from headwater.graph.graph import Graph
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.lake import Lake
from headwater.ledger import Ledger
from headwater.plan.state import Build, Part, RuleOutcome, State
from headwater.plan.steps import Load, Query
from headwater.run.knowledge import KnownHistory

#: `identical`: rebuilt, and equal to what was there. `held`: a promise was broken. `waiting`: an
#: input was held or failed.
Status = Literal["loaded", "built", "identical", "removed", "held", "failed", "waiting"]
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """Where the delivered rows went; the four always add up to `delivered`."""

    delivered: int = 0
    published: int = 0
    superseded: int = 0
    quarantined: int = 0
    dropped: int = 0

    @property
    def adds_up(self) -> bool:
        """Delivered = published + superseded + quarantined + dropped."""
        parts = self.published + self.superseded + self.quarantined + self.dropped
        return self.delivered == parts


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """What one step did: the node's state with it, and the builds that it made or found again."""

    state: State
    builds: tuple[Build, ...] = ()
    outcomes: tuple[RuleOutcome, ...] = ()
    issues: tuple[Issue, ...] = ()  # warnings; and errors where the node is held
    rows: int = 0
    identical: bool = False
    reused: bool = False
    held: bool = False
    reckoning: Reckoning | None = None
    notes: tuple[str, ...] = ()  # short facts for the summary line


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOutcome:
    """What became of one node in a run."""

    node: NodeId
    status: Status
    seconds: float = 0.0
    rows: int = 0
    steps: int = 0
    issues: tuple[Issue, ...] = ()
    outcomes: tuple[RuleOutcome, ...] = ()
    reckoning: Reckoning | None = None
    notes: tuple[str, ...] = ()
    because: NodeId | None = None  # of a waiting node: what was held
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """What holds for a node's rows, and what a breach does."""

    rules: tuple[Rule, ...] = ()
    key: tuple[str, ...] = ()
    references: Mapping[tuple[str, ...], NodeId] = field(default_factory=dict)
    hold: bool = False  # a broken row rule holds the node instead of quarantining rows
    group: tuple[str, ...] = ()  # rows that share these values are quarantined together
    late_limit: timedelta | None = None  # new keys on days before this go to quarantine


class Progress(Protocol):
    """Who is told what happens; the faces show it."""

    def started(self, node: NodeId, text: str) -> None:
        """A node's first step begins."""

    def advanced(self, node: NodeId, done: int, total: int) -> None:
        """Part of a node's work is done."""

    def finished(self, outcome: NodeOutcome) -> None:
        """A node is done, held or failed."""


@dataclass(slots=True, kw_only=True)
class RunContext:
    """The world of one run. `states` holds each node as it has become so far in this run."""

    root: Path
    tree_root: Path  # where the definitions of this run lie, for Python code
    graph: Graph
    clock: Clock
    engine: Engine
    lake: Lake
    ledger: Ledger
    run: str
    environment: str
    author: str
    functions: tuple[str, ...] = ()
    definition_hashes: Mapping[NodeId, str] = field(default_factory=dict)
    states: dict[NodeId, State] = field(default_factory=dict)
    progress: Progress | None = None
    stopping: bool = False
    #: Load times as they were worked out for a state of a node (see `known`).
    known: dict[NodeId, tuple[State, KnownHistory]] = field(default_factory=dict)

    def stop(self) -> None:
        """Let no further step begin, and interrupt those under way."""
        self.stopping = True
        self.engine.interrupt()

    def target(self, node: NodeId, build: str, part: Part = "rows") -> Target:
        """Where the files of one build go."""

        def path(month: str | None, n: int) -> Path:
            place = self.lake.absolute(self.lake.new_path(node, month, build, part, n))
            assert not place.exists(), f"{place} is a data file already, and those never change"
            return place

        return path

    @contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """A folder for files that are not yet data files; gone at the end."""
        try:
            yield self.lake.stage_folder(name)
        finally:
            self.lake.drop_stage(name)


class Executor(Protocol):
    """How a kind executes its steps."""

    def execute(self, step: Load | Query, node: Node, context: RunContext) -> StepResult:
        """Prepare builds; nothing becomes visible. Raises HeadwaterError where it cannot."""

    def promises(self, node: Node) -> Promises:
        """What holds for the node's rows."""


Executors = Mapping[str, Executor]
