"""Contracts between releases: a changed promise goes out only if its consumers can live with it.

A contract is compared with those of earlier releases, by the compatibility mode that was declared
before. What the mode forbids is refused, naming who reads the columns in question, until somebody
acknowledges exactly this content of the contract; the acknowledgement is a note of the ledger.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from headwater.contracts.changes import Change
from headwater.contracts.compatibility import Compatibility, classify, version_issues
from headwater.contracts.definition import Contract
from headwater.contracts.reading import read_contracts
from headwater.errors import Issue, Place, UsageError, did_you_mean
from headwater.ids import NodeId, digest
from headwater.kinds.source.definition import SourceDefinition
from headwater.ledger import Note
from headwater.project.binding import Bound
from headwater.project.release_view import Body, ReleaseView, read_body
from headwater.project.workspace import Workspace

#: The sort of note by which an acknowledgement is kept.
ACKNOWLEDGED = "contract acknowledged"
#: The version that a contract has after it was taken away.
NO_VERSION = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """Who reads what changed: a node, and its columns that come from there.

    `rows` says that which rows it has depends on it (a filter, a join, a group).
    """

    node: NodeId
    columns: tuple[str, ...] = ()
    rows: bool = False
    owner: str = ""

    def __str__(self) -> str:
        parts = [*(["rows"] if self.rows else []), *self.columns]
        return f"{self.node} ({', '.join(parts)})" if parts else str(self.node)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """A contract of the definitions beside the released one, where the two differ."""

    node: NodeId
    released: Contract
    contract: Contract
    compatibility: Compatibility
    issues: tuple[Issue, ...] = ()  # what a release says of it: E607, E608, W607
    consumers: tuple[Consumer, ...] = ()  # of what the mode forbids
    acknowledged: Note | None = None

    def __str__(self) -> str:
        versions = f"contract {self.released.version} → {self.contract.version}"
        return f"{versions} ({self.compatibility})"


def changed_agreements(
    workspace: Workspace, bound: Bound, view: ReleaseView
) -> tuple[Agreement, ...]:
    """The contracts in `bound` that differ from those of the view's release."""
    if view.release is None or view.release.tree == bound.tree_digest:
        return ()
    tree = view.tree()
    old = {} if tree is None else tree.files
    new = bound.loaded.tree.files
    names = {
        contract.name.casefold()
        for files in (old, new)
        for path in files
        if path.startswith("contracts/") and old.get(path) != new.get(path)
        for contract in _read({path: files[path]}, path)
    }
    found: list[Agreement] = []
    for node in bound.graph.nodes.values():
        definition = node.definition
        if isinstance(definition, SourceDefinition) and node.id.name.casefold() in names:
            released = _contract_of(node.id, old)
            if released is not None:
                found += _compare(workspace, view, definition, released)
    return tuple(found)


def check_agreements(
    workspace: Workspace, bound: Bound, view: ReleaseView, *, warn: bool = False
) -> list[Issue]:
    """What a release of `bound` after the view's says of changed contracts.

    Codes E607 the version was not raised far enough, E608 incompatible and not acknowledged, W607
    only words changed; with `warn` the errors become W608, for `check`.
    """
    issues = [i for each in changed_agreements(workspace, bound, view) for i in each.issues]
    return [replace(i, code="W608") if warn and i.is_error else i for i in issues]


def acknowledge(
    workspace: Workspace,
    bound: Bound,
    view: ReleaseView,
    node: NodeId,
    *,
    version: str,
    reason: str,
) -> Agreement:
    """Say that the consumers of an incompatible change know of it; holds for this content alone.

    Codes E614 nothing to acknowledge, another version, or no reason.
    """
    known = {each.node: each for each in changed_agreements(workspace, bound, view)}
    agreement = known.get(node)
    if agreement is None or agreement.compatibility.ok:
        what = f"no change of {node}'s contract needs an acknowledgement"
        waiting = [str(n) for n, each in known.items() if not each.compatibility.ok]
        raise UsageError(Issue(code="E614", what=what, fix=did_you_mean(str(node), waiting)))
    if version != agreement.contract.version:
        what = f"the contract of {node} is version {agreement.contract.version}, not {version}"
        fix = "acknowledge the version that you have read"
        raise UsageError(Issue(code="E614", what=what, place=agreement.contract.place, fix=fix))
    if not reason.strip():
        raise UsageError(Issue(code="E614", what="an acknowledgement needs a reason"))
    note = Note(
        sort=ACKNOWLEDGED,
        text=reason,
        at=workspace.clock.now,
        author=workspace.author,
        node=node,
        data=json.dumps(
            {
                "version": version,
                "content": _content(agreement.contract),
                "released": agreement.released.version,
                "changes": [str(v.change) for v in agreement.compatibility.violations],
                "consumers": [str(consumer) for consumer in agreement.consumers],
            }
        ),
    )
    workspace.ledger.add_notes([note])
    issues = tuple(i for i in agreement.issues if i.code != "E608")
    return replace(agreement, issues=issues, acknowledged=note)


def _compare(
    workspace: Workspace, view: ReleaseView, definition: SourceDefinition, released: Contract
) -> Iterator[Agreement]:
    """The agreement on one source; none where nothing changed in it."""
    contract = definition.contract or _taken_away(released, definition.place)
    result = classify([released], contract)
    if not result.changes and contract.version == released.version:
        return
    versions = [released]
    if result.mode.value.endswith("_TRANSITIVE"):
        versions = [*_earlier(view, definition.id, released), released]
        result = classify(versions, contract)
    note = _acknowledgement(workspace, definition.id, contract)
    broken = [violation.change for violation in result.violations]
    consumers = find_consumers(view, definition.id, broken) if broken else ()
    issues = [i for i in version_issues(versions, contract) if i.code != "E608"]
    if definition.contract is None:
        issues = []  # there is no version to be raised
    if note is None:
        issues += _refusals(definition.id, contract, result, consumers)
    yield Agreement(
        node=definition.id,
        released=released,
        contract=contract,
        compatibility=result,
        issues=tuple(issues),
        consumers=consumers,
        acknowledged=note,
    )


def _taken_away(released: Contract, place: Place) -> Contract:
    """What remains of a contract whose file is gone: no promise at all."""
    return replace(
        released,
        version=NO_VERSION,
        columns=(),
        row_rules=(),
        dataset_rules=(),
        text_fingerprint="",
        path=place.path,
        place=place,
    )


def _refusals(
    node: NodeId, contract: Contract, result: Compatibility, consumers: Sequence[Consumer]
) -> Iterator[Issue]:
    """E608 for each forbidden change; the consumers are named with the first."""
    named = "; ".join(map(str, consumers[:6])) or "nobody in this project"
    more = f" and {len(consumers) - 6} more" if len(consumers) > 6 else ""
    fix = f'`headwater contract ack {node.name} --version {contract.version} --reason "…"`'
    for number, violation in enumerate(result.violations):
        against = f"is not {result.mode} compatible with version {violation.version}"
        readers = f"; read by {named}{more}" if number == 0 else ""
        place = violation.change.place
        yield Issue(
            code="E608",
            what=f"{node}: {violation.change} {against}{readers}",
            place=place if place.path else replace(contract.place, path=contract.path),
            fix=f"keep the promise, or after telling them: {fix}" if number == 0 else "",
        )


def _content(contract: Contract) -> str:
    return digest(contract.version, contract.fingerprint)


def _acknowledgement(workspace: Workspace, node: NodeId, contract: Contract) -> Note | None:
    """The newest acknowledgement of exactly this content."""
    notes = workspace.ledger.notes(sort=ACKNOWLEDGED, node=node)
    content = _content(contract)
    return next((n for n in reversed(notes) if json.loads(n.data)["content"] == content), None)


def _earlier(view: ReleaseView, node: NodeId, released: Contract) -> list[Contract]:
    """The versions before the released one, oldest first, each once."""
    assert view.release is not None
    trees = dict.fromkeys(
        release.tree
        for release in reversed(view.ledger.releases(view.release.environment))
        if release.tree and release.number <= view.release.number
    )
    found: dict[str, Contract] = {}
    for name in trees:
        contract = _contract_of(node, view.ledger.tree(name))
        if contract is not None and contract.fingerprint != released.fingerprint:
            found.setdefault(contract.fingerprint, contract)
    return list(found.values())


def _contract_of(node: NodeId, files: Mapping[str, str]) -> Contract | None:
    """The contract of a source among the files of a tree."""
    name = node.name.casefold()
    for path in sorted(files):
        if path.startswith("contracts/") and name in files[path].casefold():
            for contract in _read(files, path):
                if contract.name.casefold() == name:
                    return contract
    return None


def _read(files: Mapping[str, str], path: str) -> tuple[Contract, ...]:
    contracts, _ = read_contracts(path, files[path])
    return tuple(contracts)


# Consumers


def find_consumers(
    view: ReleaseView, source: NodeId, changes: Iterable[Change]
) -> tuple[Consumer, ...]:
    """Who reads the changed columns of a source in a release, down to columns, nearest first.

    A change that names no columns is about the rows.
    """
    affected: dict[NodeId, set[str | None]] = {
        source: {column for c in changes for column in (c.columns or (None,))}
    }
    bodies = {node: read_body(view, node) for node in view.definitions}
    found: list[Consumer] = []
    for node in _in_order(bodies):
        body = bodies[node]
        touched = _touched(body, affected)
        if touched:
            own = tuple(body.recipe.columns) if body.recipe is not None else ()
            affected[node] = touched | set(own) if None in touched else touched
            columns = tuple(column for column in own if column in touched)
            found.append(
                Consumer(node=node, columns=columns, rows=None in touched, owner=body.owner)
            )
    return tuple(found)


def _touched(body: Body, affected: Mapping[NodeId, set[str | None]]) -> set[str | None]:
    """The columns of a node, and None for its rows, that read something affected."""
    reads = {
        (edge.name, column)
        for edge in body.inputs
        if edge.mode != "previous"
        for column in affected.get(edge.node, ())
    }
    if not reads:
        return set()
    if body.recipe is None:
        return {None}
    touched: set[str | None] = {
        name
        for name, column in body.recipe.columns.items()
        if any((ref.relation, ref.column) in reads for ref in column.reads)
    }
    if any((ref.relation, ref.column) in reads for ref in body.recipe.row_reads):
        touched.add(None)
    return touched


def _in_order(bodies: Mapping[NodeId, Body]) -> list[NodeId]:
    """The nodes, upstream first."""
    ordered: dict[NodeId, None] = {}
    open_nodes: list[tuple[NodeId, bool]] = [(node, False) for node in reversed(list(bodies))]
    while open_nodes:
        node, visited = open_nodes.pop()
        if visited:
            ordered.setdefault(node)
        elif node not in ordered:
            open_nodes.append((node, True))
            ups = (i.node for i in bodies[node].inputs if i.mode != "previous")
            open_nodes += [(up, False) for up in ups if up in bodies and up not in ordered]
    return list(ordered)
