"""A rollup bound into the graph: built by days or by calendar periods, where its table has time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from headwater.clock import Periods
from headwater.errors import Issue, Place
from headwater.graph.build import BindContext
from headwater.graph.node import Input, Node
from headwater.graph.recipes import fingerprint_of, recipe_of
from headwater.ids import digest
from headwater.kinds.metric.compiling import compile_rollup, relations_of, sound_rollup
from headwater.kinds.metric.definition import RollupDefinition
from headwater.sql import Query, QueryTemplate

#: The column that says when: the first day of the period, or its hour.
PERIOD = "period"


def references(definition: RollupDefinition) -> tuple[str, ...]:
    """Its table, and those that it joins."""
    return definition.tables


def mention(definition: RollupDefinition, name: str) -> Place:
    """Where the metrics for which it is kept name a table."""
    del name
    return definition.place


def query(definition: RollupDefinition, upstream: Mapping[str, Node]) -> Query | None:
    """The SQL of its rows."""
    tables = {name: upstream[name] for name in definition.tables}
    return Query(
        sql=compile_rollup(definition, upstream),
        relations=relations_of(tables),
        time=PERIOD if _is_timed(definition, upstream) else None,
    )


def bind(
    definition: RollupDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> tuple[Node | None, list[Issue]]:
    """The rollup's node."""
    assert template is not None
    timed = _is_timed(definition, upstream)
    recipe = recipe_of(template, digest(template.rows, str(context.zone) if timed else ""))
    return Node(
        id=definition.id,
        definition=replace(definition, rollup=sound_rollup(definition, upstream)),
        fingerprint=fingerprint_of(recipe),
        inputs=tuple(_input(definition, name, upstream, template) for name in template.relations),
        schema=tuple((column.name, column.type) for column in template.columns),
        time=PERIOD if timed else None,
        recipe=recipe,
    ), []


def _is_timed(definition: RollupDefinition, upstream: Mapping[str, Node]) -> bool:
    """Whether its periods follow the table's own time, so that a part of them can be built."""
    table = upstream[definition.tables[0]]
    return table.time is not None and definition.rollup.time in ("", table.time)


def _input(
    definition: RollupDefinition,
    name: str,
    upstream: Mapping[str, Node],
    template: QueryTemplate,
) -> Input:
    """Its table day by day where that is proven, or by its periods; what it joins, whole."""
    node = upstream[name]
    if name != definition.tables[0] or not _is_timed(definition, upstream):
        return Input(node=node.id, name=name)
    rollup, calendar = definition.rollup, definition.calendar
    if rollup.grain not in ("hour", "day"):
        periods = Periods(rollup.grain, calendar.week_starts, calendar.fiscal_year_starts)
        return Input(node=node.id, name=name, mode="period", periods=periods)
    alignment = template.alignment.get(name)
    proven = alignment is not None and alignment.kind == "aligned"
    return Input(node=node.id, name=name, mode="same_day" if proven else "whole")
