"""What a release promises of a node's rows, and where each promise stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from headwater.definitions.loader import load
from headwater.definitions.tree import SETTINGS_FILE, Tree
from headwater.errors import Place
from headwater.ids import NodeId
from headwater.kinds.source.definition import SourceDefinition
from headwater.kinds.table.definition import TableDefinition
from headwater.project.reading import source_definition
from headwater.project.release_view import ReleaseView, read_body
from headwater.registry import BY_NAME
from headwater.run.lateness import LATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaches:
    """Where the rules of a node stand, and what becomes of rows that break one."""

    place: Place = Place()
    rules: dict[str, Place] = field(default_factory=dict)
    columns: dict[str, Place] = field(default_factory=dict)
    action: Literal["quarantine", "hold"] = "quarantine"
    group: tuple[str, ...] = ()
    key: tuple[str, ...] = ()

    def place_of(self, rule: str) -> Place:
        """Where a rule stands, as a waiting row names it; empty where it is no longer there."""
        if rule in self.rules:
            return self.rules[rule]
        column = rule.partition(":")[0].partition(".")[0]
        if column in self.columns:  # a value that could not be read: `price: not a DECIMAL(12,4)`
            return self.columns[column]
        own = rule.startswith((LATE, "group: ")) or rule.endswith(".required")
        return self.place if own else Place()


def released_breaches(view: ReleaseView, node: NodeId) -> Breaches:
    """The promises of a node in a release."""
    if node.kind == "source":
        source = source_definition(node, view)
        return Breaches() if source is None else _of_source(source)
    table = _table(view, node)
    return Breaches() if table is None else _of_table(table)


def _of_source(definition: SourceDefinition) -> Breaches:
    contract = definition.contract
    rules = contract.row_rules if contract is not None else ()
    columns = contract.columns if contract is not None else ()
    return Breaches(
        place=definition.place,
        rules={rule.name: rule.place for rule in rules},
        columns={column.name: column.place for column in columns},
        action=definition.on_breach.action,
        group=definition.on_breach.group,
        key=definition.key or (contract.key if contract is not None else ()),
    )


def _of_table(definition: TableDefinition) -> Breaches:
    return Breaches(
        place=definition.place,
        rules={rule.name: rule.place for rule in definition.rules},
        action=definition.on_breach,
        key=definition.key,
    )


def _table(view: ReleaseView, node: NodeId) -> TableDefinition | None:
    """A table as the release defines it, read from its own files alone."""
    tree = view.tree()
    if tree is None:
        return None
    wanted = {*read_body(view, node).files, SETTINGS_FILE}
    files = {path: text for path, text in tree.files.items() if path in wanted}
    loaded = load(Tree.from_blobs(files), [BY_NAME[node.kind].reader])
    definition = loaded.definitions.get(node)
    return definition if isinstance(definition, TableDefinition) else None
