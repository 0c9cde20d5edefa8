"""What a view names, looked up in its entity and source: keys, time, and every column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headwater.errors import Issue, Place, did_you_mean
from headwater.features.formulas import Formulas, Texts, mention_issue
from headwater.features.model import ViewSpec
from headwater.graph.node import Node
from headwater.sql.formula_parts import Mention

_INTEGERS = frozenset(
    f"{sign}{size}"
    for sign in ("", "U")
    for size in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
)


def source_keys(
    spec: ViewSpec, entity: Node, source: Node
) -> tuple[tuple[str, ...], tuple[Issue, ...]]:
    """The columns of the source that hold the entity's key, in its order: E006, E007, E008."""
    issues: list[Issue] = []
    if not entity.key:
        what = f"`{entity.id.name}` has no `key`, so nothing says who the features are of"
        fix = f"add `key:` to {entity.definition.place.path}"
        issues.append(Issue(code="E006", what=what, place=spec.place_of("entity"), fix=fix))
    if source.time is None:
        what = f"`{source.id.name}` has no time, so nothing says what was known when"
        fix = f"add `time:` to {source.definition.place.path}, or name another source"
        issues.append(Issue(code="E007", what=what, place=spec.place_of("source"), fix=fix))
    if issues:
        return (), tuple(issues)
    ways = [
        columns
        for columns, target in source.references.items()
        if target.casefold() == entity.id.name.casefold() and len(columns) == len(entity.key)
    ]
    known = {name.casefold(): name for name, _ in source.schema}
    same = tuple(known[key.casefold()] for key in entity.key if key.casefold() in known)
    found = same if len(same) == len(entity.key) else ()
    if len(ways) == 1:
        found = ways[0]
    if not found:
        return (), (_unreached(spec, entity, source, ways),)
    return found, tuple(_other_types(spec, entity, source, found))


def _unreached(spec: ViewSpec, entity: Node, source: Node, ways: list[tuple[str, ...]]) -> Issue:
    named = ", ".join(entity.key)
    what = f"`{source.id.name}` does not lead to `{entity.id.name}`"
    fix = f"add `references: {{{named}: {entity.id.name}}}` to {source.definition.place.path}"
    if ways:
        listed = " and ".join(f"`{', '.join(columns)}`" for columns in ways)
        what = f"`{source.id.name}` leads to `{entity.id.name}` by {listed}"
        fix = f"call the column that is meant `{named}`"
    return Issue(code="E008", what=what, place=spec.place_of("source"), fix=fix)


def _other_types(
    spec: ViewSpec, entity: Node, source: Node, columns: tuple[str, ...]
) -> Iterator[Issue]:
    """E008 where keys can never be equal, as their types differ."""
    ours, theirs = _types(entity), _types(source)
    for key, column in zip(entity.key, columns, strict=True):
        pair = (ours.get(key.casefold(), ""), theirs.get(column.casefold(), ""))
        if pair[0] == pair[1] or set(pair) <= _INTEGERS:
            continue
        what = (
            f"the key `{key}` is {pair[0]} in `{entity.id.name}`, and `{column}` is {pair[1]}"
            f" in `{source.id.name}`"
        )
        fix = "cast one of them, so that keys can be equal"
        yield Issue(code="E008", what=what, place=spec.place_of("source"), fix=fix)


def check_columns(spec: ViewSpec, texts: Texts, source: Node) -> Iterator[Issue]:
    """E002 for each column that the source does not have; E003 for another order than time."""
    types = _types(source)
    told: set[tuple[str, Place]] = set()
    for mention, place, whose in _mentions(spec, texts):
        if mention.name.casefold() in types or (mention.name, place) in told:
            continue
        told.add((mention.name, place))
        what = f"{whose}unknown column `{mention.name}`"
        fix = did_you_mean(mention.name, source.column_names, f"`{source.id.name}` has: "
                           + ", ".join(source.column_names))  # fmt: skip
        if "." in mention.name:
            what = f"{whose}`{mention.name}` is no column of `{source.id.name}`"
            fix = "features read columns of their source alone: join in a table, and name that"
        yield mention_issue("E002", what, mention, place, fix)
    for column in texts.columns:
        for aggregate in column.aggregates:
            time = str(source.time)
            if aggregate.order and aggregate.order.strip('"').casefold() != time.casefold():
                what = f"`{column.name}`: rows of a window are ordered by `{time}` alone"
                fix = f"write `arg_max(…, {time})`; make another order a table"
                place = column.feature.place_of("expr")
                yield Issue(code="E003", what=what, place=place, fix=fix)
    if spec.known_at and not types.get(spec.known_at.casefold(), "").startswith("TIMESTAMP"):
        what = f"`known_at` names `{spec.known_at}`, which is no time of `{source.id.name}`"
        fix = did_you_mean(spec.known_at, types, "name the column with the time of loading")
        yield Issue(code="E002", what=what, place=spec.place_of("known_at"), fix=fix)


def _mentions(spec: ViewSpec, texts: Texts) -> Iterator[tuple[Mention, Place, str]]:
    """Every name of a column, where its text begins, and whose text it is."""
    if texts.where is not None:
        for mention in texts.where.columns:
            yield mention, spec.place_of("where"), "`where`: "
    for column in texts.columns:
        whose = f"`{column.feature.name}`: "
        if column.where is not None:
            for mention in column.where.columns:
                yield mention, column.feature.place_of("where"), whose
        for aggregate in column.aggregates:
            for mention in aggregate.columns:
                yield mention, column.feature.place_of("expr"), whose


def _types(node: Node) -> Mapping[str, str]:
    """The types of a node's columns, hidden ones too, by folded name."""
    return {name.casefold(): kind for name, kind in (*node.schema, *node.hidden)}


def columns_read(formulas: Formulas, source: Node, more: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of the source that a view reads at all, in the source's order."""
    named = {name.casefold() for name in more}
    for column in formulas.columns:
        for aggregate in column.aggregates:
            named |= {mention.name.casefold() for mention in aggregate.columns}
        named |= {m.name.casefold() for m in (column.where.columns if column.where else ())}
    named |= {m.name.casefold() for m in (formulas.where.columns if formulas.where else ())}
    return tuple(name for name, _ in (*source.schema, *source.hidden) if name.casefold() in named)
