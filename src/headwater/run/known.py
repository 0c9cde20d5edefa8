"""When the rows of a node were known: load times out of the releases of an environment.

Rows carry no load time, releases do. Walking the releases oldest first, each state's contents say
which days came or changed with it:

- what came with a node's first release counts as known when it happened;
- what a release of data adds or replaces is known from that release on, and what it replaced until
  then;
- a release that changes definitions takes over the span of what it replaces: nobody knew the old
  definition's numbers, and corrections from before it can no longer be told apart;
- so does the content after one whose files are gone (vacuum).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from headwater.engines.protocol import Session
from headwater.graph.node import Node
from headwater.ids import ALL_TIME, DataInterval, NodeId
from headwater.plan.state import DataFile
from headwater.run.context import RunContext

#: What a relation that is shown as known has besides its own columns: `TIMESTAMPTZ`, NULL in
#: `known_to` is still.
KNOWN_FROM, KNOWN_TO = "known_from", "known_to"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """The rows of some files on one interval, and when they were known: `[known_from, known_to)`.

    None in `known_from`: since they happened; in `known_to`: still.
    """

    interval: DataInterval
    files: tuple[DataFile, ...]
    known_from: datetime | None = None
    known_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHistory:
    """All that was ever known of a node, as far as it can be told.

    `corrections` counts pieces that a later release replaced, `merged_by_definition` those among
    them that a change of definitions took over, `missing_files` files that vacuum took. `since` is
    the node's first release.
    """

    node: NodeId
    pieces: tuple[Piece, ...] = ()
    corrections: int = 0
    merged_by_definition: int = 0
    missing_files: int = 0
    since: datetime | None = None

    @property
    def is_plain(self) -> bool:
        """Whether everything counts as known when it happened: nothing came later."""
        return all(p.known_from is None and p.known_to is None for p in self.pieces)


def known_history(node: Node, context: RunContext) -> KnownHistory:
    """When the rows that a node has in this run, and those that it had before, were known."""
    raise NotImplementedError


def bind_known(
    session: Session,
    name: str,
    node: Node,
    context: RunContext,
    *,
    span: DataInterval = ALL_TIME,
    latency: timedelta = timedelta(0),
) -> bool:
    """Show a node's rows in a span under a name, with `known_from` and `known_to` beside.

    `latency` is subtracted from both. False: all rows count as known when they happened, and the
    two columns are left out (windows are faster so).
    """
    raise NotImplementedError
