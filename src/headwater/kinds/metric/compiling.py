"""A metric or a rollup over its upstream nodes, as SQL that the binder and the engine take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from headwater.errors import HeadwaterError
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.kinds.metric.definition import MetricDefinition, RollupDefinition
from headwater.semantics.asking import Compiled
from headwater.semantics.catalog import Catalog, Dataset
from headwater.semantics.joins import reach
from headwater.semantics.rollup import Leaf, Rollup
from headwater.semantics.types import natural_type
from headwater.sql import Column, Query, Relation


def catalog_of(
    definition: MetricDefinition | RollupDefinition, upstream: Mapping[str, Node]
) -> Catalog:
    """As much of the project as the definition is compiled against."""
    found = Catalog(
        metrics={},
        datasets={name: Dataset.of(name, upstream[name]) for name in definition.tables},
        calendar=definition.calendar,
        functions=definition.functions,
    )
    if isinstance(definition, RollupDefinition):
        return found
    kept = (upstream[f"rollup.{name}"].definition for name in definition.rollups)
    rollups = tuple(each.rollup for each in kept if isinstance(each, RollupDefinition))
    return replace(found, metrics=definition.parts, rollups=rollups)


def sound_rollup(definition: RollupDefinition, upstream: Mapping[str, Node]) -> Rollup:
    """The rollup without what is wrong in one of its metrics; that is told of the metric itself."""
    rollup, catalog = definition.rollup, catalog_of(definition, upstream)
    kept = (tuple(n for n in names if _is_known(catalog, rollup, n)) for names in rollup.groupings)
    return replace(
        rollup,
        leaves=tuple(leaf for leaf in rollup.leaves if _is_right(catalog, leaf)),
        groupings=tuple(dict.fromkeys(kept)),
    )


def _is_known(catalog: Catalog, rollup: Rollup, column: str) -> bool:
    try:
        reach(catalog, rollup.table, column)
    except HeadwaterError:
        return False
    return True


def _is_right(catalog: Catalog, leaf: Leaf) -> bool:
    """Whether its columns are there and of types that it can take."""
    try:
        for column in leaf.columns:
            reach(catalog, leaf.table, column)
        natural_type(catalog, leaf)
    except HeadwaterError:
        return False
    return True


def compile_history(definition: MetricDefinition, upstream: Mapping[str, Node]) -> Compiled:
    """What is published of a metric: its values in every period of every grain.

    Raises what is wrong with the metric, at its expression unless a better place is known.
    """
    from headwater.semantics.compiling import history_query

    try:
        return history_query(definition.metric, catalog_of(definition, upstream))
    except HeadwaterError as error:
        place = definition.metric.place_of("expr")
        issues = (i if i.place.path else replace(i, place=place) for i in error.issues)
        raise HeadwaterError(*issues) from None


def compile_meaning(definition: MetricDefinition, upstream: Mapping[str, Node]) -> Query:
    """The metric's meaning as SQL over its tables: bound, it has a fingerprint."""
    from headwater.semantics.compiling import meaning_sql

    sql = meaning_sql(definition.metric, catalog_of(definition, upstream))
    tables = {name: upstream[name] for name in definition.tables}
    return Query(sql=sql, relations=relations_of(tables))


def compile_rollup(definition: RollupDefinition, upstream: Mapping[str, Node]) -> str:
    """The rows of a rollup as SQL over its tables."""
    from headwater.semantics.compiling import rollup_sql

    return rollup_sql(sound_rollup(definition, upstream), catalog_of(definition, upstream))


def named(relations: Mapping[str, NodeId], nodes: Iterable[Node]) -> dict[str, Node]:
    """The nodes under the names by which compiled SQL calls them."""
    by_id = {node.id: node for node in nodes}
    return {name: by_id[node] for name, node in relations.items()}


def relations_of(nodes: Mapping[str, Node]) -> dict[str, Relation]:
    """Nodes as the binder sees them."""
    return {
        name: Relation(
            name=name,
            columns=tuple(Column(name=column, type=kind) for column, kind in node.schema),
            time=node.time,
            key=node.key,
        )
        for name, node in nodes.items()
    }
