"""Releases: all of them, and what each changed against the one before."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from headwater.charts.calendar import period_text
from headwater.errors import HeadwaterError
from headwater.ids import NodeId
from headwater.ledger import Ledger, Release
from headwater.project.comparing import ReleaseDiff
from headwater.project.metrics.restating import Restatement, read_restatements
from headwater.project.metrics.values import Slot, ValueChange
from headwater.project.release_view import ReleaseView
from headwater.views.figures import span
from headwater.views.layout import Cell
from headwater.views.metric_values import Manner, manners_of
from headwater.views.releases import change_text, definition_text, file_changes, total_facts
from headwater.web.context import NotThere, Site, Snapshot
from headwater.web.pages import render, site_of, snapshot_of

router = APIRouter(include_in_schema=False)

_ON_A_PAGE = 100
_MOST_NODES = 200
#: A movement of which the shown digits are all nought.
_NOTHING = re.compile(r"^[+−](?P<zeros>0\.0*)0(?P<unit> (?:%|pt))$")
_QUIET = ("definition only", "rebuilt, equal")


@router.get("/releases")
def releases(request: Request, before: Annotated[int | None, Query(ge=1)] = None) -> Response:
    """All releases of all environments, newest first; `before` goes on to older ones."""
    snapshot = snapshot_of(request)
    every = snapshot.ledger.releases(None, None)
    found = [each for each in every if before is None or each.number < before]
    shown = found[:_ON_A_PAGE]
    heads: dict[int, list[str]] = {}
    for name, head in snapshot.ledger.environments().items():
        heads.setdefault(head.number, []).append(name)
    restated: dict[int | None, int] = {}
    for each in read_restatements(snapshot.ledger):
        restated[each.release] = restated.get(each.release, 0) + 1
    return render(
        request,
        "releases.html",
        title="Releases",
        releases=shown,
        heads=heads,
        restated=restated,
        more=shown[-1].number if len(found) > len(shown) else None,
    )


@router.get("/releases/{number}")
def release(request: Request, number: Annotated[int, Path(ge=0, lt=1 << 31)]) -> Response:
    """One release and what it changed."""
    snapshot = snapshot_of(request)
    found = _release(snapshot.ledger, number)
    after = ReleaseView.of(snapshot.ledger, found)
    parent = _release(snapshot.ledger, found.parent) if found.parent is not None else None
    before = ReleaseView.of(snapshot.ledger, parent)
    diff = _diff(site_of(request), snapshot, found) if parent is not None else None
    nodes = sorted(diff.nodes, key=lambda n: (n.change in _QUIET, n.node)) if diff else []
    old, new = before.tree(), after.tree()
    every = [(node, after.states.get(node)) for node in sorted(after.definitions)]
    return render(
        request,
        "release.html",
        title=f"Release #{found.number}",
        crumbs=[("Releases", "/releases")],
        release=found,
        nodes=nodes[:_MOST_NODES],
        left_out=max(len(nodes) - _MOST_NODES, 0),
        first=[] if diff else every,
        said=change_text,
        totals=total_facts,
        definition=definition_text,
        where=lambda node: span(node.intervals, snapshot.zone),
        files=file_changes(old.files, new.files) if parent and old and new else (),
        restatements=shown_restatements(snapshot, restated_in(snapshot.ledger, found.number)),
        heads=[n for n, h in snapshot.ledger.environments().items() if h.number == found.number],
        run=found.run,
    )


def _diff(site: Site, snapshot: Snapshot, found: Release) -> ReleaseDiff:
    """What a release changed against its parent."""
    pair = (found.number, found.parent)
    return site.diffs.get(pair, lambda: snapshot.project.diff(found.number, found.parent))


def restated_in(ledger: Ledger, number: int) -> list[Restatement]:
    """What a release restated."""
    return [each for each in read_restatements(ledger) if each.release == number]


def shown_restatements(
    snapshot: Snapshot, found: list[Restatement]
) -> list[tuple[Restatement, NodeId | None, list[tuple[str, tuple[Cell, ...]]]]]:
    """Each with its metric, where that still exists, and its periods as people write numbers."""
    find = manners_of(snapshot.project)
    shown = []
    for each in found:
        node = NodeId("metric", each.metric)
        manner = find(each.metric)
        rows = [
            (_label(change.slot), _cells(manner, change)) for change in each.of_grain(each.grain)
        ]
        shown.append((each, node if node in snapshot.facts else None, rows))
    return shown


def _label(slot: Slot) -> str:
    label = period_text(slot.period, slot.grain)
    return label if slot.step is None else f"{label} + {slot.step}"


def _cells(manner: Manner, change: ValueChange) -> tuple[Cell, ...]:
    """Was, is, and how much it moved; too little to be seen is neither good nor bad."""
    *values, moved = manner.cells(change)
    least = _NOTHING.sub(r"<\g<zeros>1\g<unit>", moved.text)
    return (*values, moved if least == moved.text else Cell(least, "quiet", right=True))


def _release(ledger: Ledger, number: int) -> Release:
    try:
        return ledger.release(number)
    except HeadwaterError:
        newest = ledger.releases(None, 1)
        fix = f"the newest is #{newest[0].number}" if newest else "nothing is released yet"
        raise NotThere(f"there is no release #{number}", fix) from None
