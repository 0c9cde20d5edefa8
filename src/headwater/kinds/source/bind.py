"""A source bound into the graph: its schema comes from its contract, or else from its data."""

from __future__ import annotations

from collections.abc import Mapping

from headwater.contracts.definition import Contract
from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.graph.build import BindContext
from headwater.graph.node import Latest, Node, Schema
from headwater.ids import digest
from headwater.kinds.source.definition import InPlaceOrigin, SourceDefinition
from headwater.kinds.source.readers.model import META_COLUMNS
from headwater.sql import Column, QueryTemplate

META: Schema = tuple((column.name, column.type) for column in META_COLUMNS)


def bind(
    definition: SourceDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> tuple[Node | None, list[Issue]]:
    """The source's node, or why its columns cannot be known."""
    del template
    try:
        schema = promised_schema(definition.contract) or context.observe(definition, upstream)
    except HeadwaterError as error:
        return None, list(error.issues)
    latest = definition.changelog
    return Node(
        id=definition.id,
        definition=definition,
        fingerprint=row_fingerprint(definition, schema),
        schema=schema,
        hidden=() if isinstance(definition.origin, InPlaceOrigin) else META,
        time=definition.time if latest is None else None,
        key=latest.key if latest is not None else _enforced_key(definition),
        latest=Latest(key=latest.key, latest_by=latest.latest_by, deleted=latest.deleted)
        if latest is not None
        else None,
    ), _check_columns(definition, schema)


def promised_schema(contract: Contract | None) -> Schema:
    """The contract's columns where it gives a type to each of them; else nothing."""
    if contract is None or not contract.columns or any(c.type is None for c in contract.columns):
        return ()
    return tuple((c.name, str(c.type)) for c in contract.columns)


def typed_columns(contract: Contract | None) -> tuple[Column, ...] | None:
    """The promised columns as a reader wants them; None where it has to look at the data."""
    schema = promised_schema(contract)
    return tuple(Column(name=name, type=kind) for name, kind in schema) if schema else None


def row_fingerprint(definition: SourceDefinition, schema: Schema) -> str:
    """What decides which delivered rows are published, and as what."""
    rules = definition.contract.row_fingerprint if definition.contract is not None else ""
    breach = definition.on_breach
    late = () if definition.late_limit is None else (definition.late_limit.total_seconds(),)
    time = definition.time or ""
    return digest("source", schema, rules, breach.action, breach.group, time, *late)


def _enforced_key(definition: SourceDefinition) -> tuple[str, ...]:
    if definition.key:
        return definition.key
    return definition.contract.key if definition.contract is not None else ()


def time_issues(time: str | None, schema: Schema, place: Place) -> list[Issue]:
    """A time column must say when: a date or a timestamp. Code E205."""
    kind = dict(schema).get(time or "")
    if kind is None or kind == "DATE" or kind.startswith("TIMESTAMP"):
        return []
    what = f"`time` names `{time}`, which is of type {kind}"
    fix = "give it a date or timestamp type in the contract, or say `options: timestamp_format`"
    return [Issue(code="E205", what=what, place=place, fix=fix)]


def _check_columns(definition: SourceDefinition, schema: Schema) -> list[Issue]:
    """Columns that the file names must be there. Code E204."""
    known = [name for name, _ in schema]
    found = time_issues(definition.time, schema, definition.place)
    named = [("time", definition.time)] if definition.time else []
    named += [("key", column) for column in definition.key]
    named += [("on_breach", column) for column in definition.on_breach.group]
    if definition.changelog is not None:
        named += [("changelog", column) for column in definition.changelog.key]
        named.append(("changelog", definition.changelog.latest_by))
    return found + [
        Issue(
            code="E204",
            what=f"`{word}` names `{column}`, which is no column of `{definition.id.name}`",
            place=definition.place,
            fix=did_you_mean(column, known, "columns: " + ", ".join(known)),
        )
        for word, column in named
        if column not in known and not column.startswith("_")
    ]
