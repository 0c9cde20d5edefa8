"""The edges of a table: the relations that its SQL or its function reads, and how far."""

from __future__ import annotations

from collections.abc import Mapping

from headwater.definitions import sqlfile
from headwater.errors import Issue, Place
from headwater.graph import relations
from headwater.graph.node import Input, Node, ReadMode
from headwater.kinds.table.definition import TableDefinition
from headwater.sql import Column, QueryTemplate, Relation

#: The name by which a running balance reads its own interval before.
PREVIOUS = "previous"


def references(definition: TableDefinition) -> tuple[str, ...]:
    """The relations that it names."""
    names = definition.python.inputs if definition.python else definition.references_to
    own = {PREVIOUS} if definition.previous else set()
    return tuple(name for name in names if name.casefold() not in own)


def mention(definition: TableDefinition, word: str) -> Place:
    """Where a word stands in the table's SQL; the definition's own place if it does not."""
    return sqlfile.mention(definition.sql, word, definition.place)


def relations_of(definition: TableDefinition, upstream: Mapping[str, Node]) -> dict[str, Relation]:
    """The upstream nodes as the binder sees them, and the table's own interval before."""
    found = relations.relations_of(definition.sql, upstream)
    if definition.previous:
        columns = tuple(Column(name=name, type=kind) for name, kind in definition.previous.items())
        found[PREVIOUS] = Relation(name=PREVIOUS, columns=columns, key=definition.key)
    return found


def edges(
    definition: TableDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
) -> tuple[tuple[Input, ...], list[Issue]]:
    """How each input is read for a day of output, and what the header must still say.

    Codes: E301 an input crosses days, E302 `on_change` is missing, E303 a read that is needless,
    E305 `previous` without `time`.
    """
    found: list[Input] = []
    issues: list[Issue] = []
    for name, node in upstream.items():
        edge, issue = _edge(definition, name, node, template)
        found.append(edge)
        if issue is not None:
            issues.append(issue)
    if definition.previous:
        found.append(Input(node=definition.id, name=PREVIOUS, mode="previous"))
        if definition.time is None:
            what = "`previous` is the table's own day before, and the table has no `time`"
            fix = "add `time`; without days, building again would not give the same"
            issues.append(Issue(code="E305", what=what, place=definition.place, fix=fix))
    for sort, names in (("reads", definition.reads), ("on_change", definition.on_change)):
        issues += [
            Issue(
                code="E303",
                what=f"`{sort}` names `{name}`, which the table does not read",
                place=definition.place,
                fix="take it out, or read it",
            )
            for name in names
            if name not in upstream
        ]
    return tuple(found), issues


def _edge(
    definition: TableDefinition, name: str, node: Node, template: QueryTemplate | None
) -> tuple[Input, Issue | None]:
    whole = Input(node=node.id, name=name)
    if definition.time is None:
        return whole, None
    window = definition.reads.get(name)
    if window is not None and node.time is not None:
        return Input(
            node=node.id, name=name, mode="window", before=window.before, after=window.after
        ), None
    change = definition.on_change.get(name)
    if change is not None:
        mode: ReadMode = "kept" if change == "keep" else "whole"
        return Input(node=node.id, name=name, mode=mode), None
    if node.time is None:
        return whole, Issue(
            code="E302",
            what=f"`{name}` has no time: what does its change do to the history of "
            f"`{definition.id.name}`?",
            place=mention(definition, name),
            fix=f"add `on_change: {{{name}: keep}}` or `{{{name}: restate}}` to the header",
        )
    alignment = template.alignment.get(name) if template is not None else None
    if alignment is not None and alignment.kind == "aligned":
        return Input(node=node.id, name=name, mode="same_day"), None
    place = mention(definition, name)
    reason = "a Python function may read any day"
    if alignment is not None:
        reason = alignment.reason
        if alignment.line:
            place = Place(definition.place.path, alignment.line, alignment.column)
    return whole, Issue(
        code="E301",
        what=f"a day of `{definition.id.name}` needs more than that day of `{name}`: {reason}",
        place=place,
        fix=f"put the day into the `partition by` or `group by`, or say how far: "
        f"`reads: {{{name}: 28d before}}`",
    )
