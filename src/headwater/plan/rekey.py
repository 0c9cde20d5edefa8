"""After an upgrade of the engine: the same definitions under new hashes, nothing rebuilt.

A recipe's hashes belong to the engine that bound it. When released definitions bind to other hashes
than the release keeps, whatever was up to date under the kept recipes gets the keys that it should
have under the new ones; what was stale stays stale.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import ZoneInfo

from headwater.graph.graph import Graph
from headwater.graph.node import Node, Recipe
from headwater.ids import DataInterval, IntervalMap, NodeId
from headwater.plan.should import expected_contents, input_key
from headwater.plan.state import Segment, State


def rekey(
    graph: Graph,
    states: Mapping[NodeId, State],
    recipes: Mapping[NodeId, Recipe],
    fingerprints: Mapping[NodeId, str],
    zone: ZoneInfo,
) -> dict[NodeId, State]:
    """The states that need new keys; `recipes` and `fingerprints` are what the release keeps."""
    old_states = dict(states)
    new_states = dict(states)
    changed: dict[NodeId, State] = {}
    for node in graph.nodes.values():
        state = states.get(node.id)
        if state is None:
            continue
        if node.recipe is None:
            moved = _rekey_source(node, state, fingerprints.get(node.id, ""))
        elif node.id in recipes:
            old = replace(node, recipe=recipes[node.id])
            moved = _rekey_built(node, old, state, old_states, new_states, zone)
        else:
            continue
        if moved != state:
            new_states[node.id] = changed[node.id] = moved
    return changed


def _rekey_source(node: Node, state: State, known: str) -> State:
    """Rows that were judged by the kept rules count as judged by the same rules bound anew."""

    def move(segment: Segment) -> Segment:
        if segment.input_key != known:
            return segment
        return replace(segment, input_key=node.fingerprint)

    return replace(state, segments=state.segments.map(move))


def _rekey_built(
    node: Node,
    old: Node,
    state: State,
    old_states: Mapping[NodeId, State],
    new_states: Mapping[NodeId, State],
    zone: ZoneInfo,
) -> State:
    before = expected_contents(old, old_states, zone)
    after = expected_contents(node, new_states, zone)
    found: list[tuple[DataInterval, Segment]] = []
    for interval, wanted in before:
        key = input_key(wanted)
        for piece, segment in state.segments.within(interval):
            if segment.input_key != key:
                continue
            for part, contents in after.within(piece):
                found.append((part, Segment(segment.build, input_key(contents), contents)))
    return replace(state, segments=state.segments.overlay(IntervalMap.of(found)))
