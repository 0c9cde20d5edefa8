"""Load times of a node's rows, and its relation with them beside.

What was known when is worked out by `knowledge` from the releases of an environment; what a run
itself adds or replaces is known from its own moment on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from headwater.engines.protocol import KNOWN_COLUMNS, InputRelation, KnownRows, Session
from headwater.graph.node import Node
from headwater.ids import ALL_TIME, MAX_TIME, MIN_TIME, DataInterval, NodeId
from headwater.ledger import Ledger, Release, ReleaseMap
from headwater.plan.state import schema_digest
from headwater.run.context import RunContext
from headwater.run.knowledge import Cause, KnownHistory, Piece, Published, history_of
from headwater.run.query import relation_of

__all__ = [
    "KnownHistory",
    "bind_known",
    "known_history",
    "lineage",
    "published",
]

_PROD = "prod"


def known_history(node: Node, context: RunContext) -> KnownHistory:
    """When the rows that a node has in this run, and those that it had before, were known.

    Of a source whose rows are changes nothing is told: readers see the latest of each key.
    """
    state = context.states.get(node.id)
    if state is None or node.time is None or node.latest is not None:
        return KnownHistory(node=node.id, is_told=node.latest is None)
    kept = context.known.get(node.id)
    if kept is not None and kept[0] is state:
        return kept[1]
    asked = {node.id, *context.graph.upstream([node.id])}
    prints = {each: context.graph.nodes[each].fingerprint for each in asked}
    steps, last = published(
        context.ledger, lineage(context.ledger, context.environment), node.id, asked
    )
    if not steps or steps[-1].state != state:
        cause: Cause = "definitions" if _any_other(last, prints) else "data"
        steps.append(Published(at=context.clock.now, state=state, cause=cause))
    history = history_of(
        node.id, steps, lambda file: not context.lake.absolute(file.path).is_file()
    )
    context.known[node.id] = (state, history)
    return history


def _any_other(last: Mapping[NodeId, str], prints: Mapping[NodeId, str]) -> bool:
    """Whether a definition differs from the one under which its node was last built."""
    return any(last.get(node, fingerprint) != fingerprint for node, fingerprint in prints.items())


def lineage(ledger: Ledger, environment: str) -> tuple[Release, ...]:
    """The releases that led to what an environment shows, oldest first, those taken back too.

    All of `prod`; of another environment its own, after those of `prod` on which it stands.
    """
    own: list[Release] = []
    release = ledger.head(environment) if environment != _PROD else None
    while release is not None and release.environment != _PROD:
        own.append(release)
        release = ledger.release(release.parent) if release.parent is not None else None
    shared = ledger.releases(_PROD, limit=None)
    if own:
        last = release.number if release is not None else 0
        shared = [each for each in shared if each.number <= last]
    return (*reversed(shared), *reversed(own))


def published(
    ledger: Ledger, releases: Collection[Release], node: NodeId, asked: Collection[NodeId]
) -> tuple[list[Published], dict[NodeId, str]]:
    """The states that a node had; and for all `asked`, the fingerprints that they were built by.

    `asked` are the node and its ancestors. A release changed the node by its definitions where one
    of them was built anew under another fingerprint than before.
    """
    maps = [ledger.resolve(release.number) for release in releases]
    prints = _fingerprints(ledger, maps, asked)
    states = ledger.states({found for each in maps if (found := each.states.get(node))})
    steps: list[Published] = []
    stood: dict[NodeId, str] = {}
    built_by: dict[NodeId, str] = {}
    for each in maps:
        upgraded = each.release.sort == "maintenance"
        redefined = False
        for one in asked:
            current = prints.get(each.definitions.get(one, ""))
            moved = one in each.states and stood.get(one) != each.states[one]
            if current is not None and (moved or upgraded):
                redefined |= built_by.get(one, current) != current
                built_by[one] = current
        if node in each.states and stood.get(node) != each.states[node]:
            cause: Cause = "definitions" if redefined else "data"
            steps.append(
                Published(
                    at=each.release.created_at,
                    state=states[each.states[node]],
                    cause="maintenance" if upgraded else cause,
                    returns=each.release.sort == "rollback",
                )
            )
        stood |= {one: each.states[one] for one in asked if one in each.states}
    return steps, built_by


def _fingerprints(
    ledger: Ledger, maps: Collection[ReleaseMap], asked: Collection[NodeId]
) -> dict[str, str]:
    """The fingerprint of each definition, by its hash."""
    wanted = {each.definitions[one] for each in maps for one in asked if one in each.definitions}
    return {name: record.fingerprint for name, record in ledger.definitions(wanted).items()}


def bind_known(
    session: Session,
    name: str,
    node: Node,
    context: RunContext,
    *,
    span: DataInterval = ALL_TIME,
) -> tuple[str, str] | None:
    """Show a node's rows in a span under a name; the columns that say when they were known.

    Both are `TIMESTAMPTZ`: `-infinity` is since it happened, NULL in the second still. None: there
    are no such columns, as all rows count as known when they happened (windows are faster so).
    Hidden columns are shown too.
    """
    pieces = _within(known_history(node, context), span)
    hidden = frozenset(column for column, _ in node.hidden)
    if all(piece.is_always_known for piece in pieces):
        session.bind_inputs([relation_of(name, node, context, span, hidden)])
        return None
    session.bind_inputs([_relation(name, node, pieces, context)])
    return KNOWN_COLUMNS


def _within(history: KnownHistory, span: DataInterval) -> list[Piece]:
    return [
        replace(piece, interval=both)
        for piece in history.pieces
        if (both := piece.interval.intersect(span)) is not None
    ]


def _relation(
    name: str, node: Node, pieces: Collection[Piece], context: RunContext
) -> InputRelation:
    absolute = context.lake.absolute
    return InputRelation(
        name=name,
        schema=(*node.schema, *node.hidden),
        files=tuple(dict.fromkeys(absolute(piece.file.path) for piece in pieces)),
        uniform=all(piece.file.schema == schema_digest(node.schema) for piece in pieces),
        time=node.time,
        known=tuple(
            KnownRows(
                file=absolute(piece.file.path),
                interval=None if piece.interval.contains(piece.file.interval) else piece.interval,
                known_from=None if piece.known.start == MIN_TIME else piece.known.start,
                known_to=None if piece.known.end == MAX_TIME else piece.known.end,
            )
            for piece in pieces
        ),
    )
