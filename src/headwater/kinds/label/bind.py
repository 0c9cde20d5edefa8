"""A label bound into the graph: rows by the last day of their horizon, which read backwards alone.

Its outcome is a trailing window of the source that ends with the horizon; who has a row is asked
at its moment, of features or of a table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import chain

from headwater.errors import Issue, Place, did_you_mean
from headwater.features.compiling import Draft, binding_issue, compile_view, draft_view
from headwater.features.formulas import mention_issue
from headwater.features.labels import LabelSpec, narrowed
from headwater.features.looking_up import source_keys
from headwater.features.model import AS_OF, DAY, FeatureSet
from headwater.graph.build import BindContext
from headwater.graph.node import ColumnRecipe, ColumnRef, Input, Node, Recipe, Schema
from headwater.graph.recipes import fingerprint_of
from headwater.ids import digest
from headwater.kinds.label.definition import LabelDefinition
from headwater.kinds.label.read import features_named
from headwater.sql import Query, QueryTemplate, SqlError
from headwater.sql.feature_formulas import parse_row_condition
from headwater.sql.formula_parts import Mention
from headwater.windows.states import is_whole

LABEL = "label"
_FORMAT = 1  # of the rows; a change builds all labels anew
#: How far all time reaches back.
EVER = timedelta(days=36_500)
#: The day on which a row is known, and what clocks can shift.
_MARGIN = timedelta(days=2)


def references(definition: LabelDefinition) -> tuple[str, ...]:
    """All relations that its rows are made of, and the views that say who has one."""
    spec = definition.spec
    named = [spec.source, spec.entity, *([spec.observe.table] if spec.observe.table else [])]
    for view in definition.views:
        named += [view.source, view.entity, f"feature_view.{view.name}"]
    return tuple(dict.fromkeys(named))


def mention(definition: LabelDefinition, name: str) -> Place:
    """Where its file names one of them."""
    spec = definition.spec
    keys = {spec.observe.table: "observe.table", spec.entity: "entity", spec.source: "source"}
    return spec.place_of(keys.get(name, "observe.where"))


def query(definition: LabelDefinition, upstream: Mapping[str, Node]) -> Query | None:
    """The SQL of its outcome. Raises what is wrong with the label, at its place."""
    draft = _draft(definition, upstream)
    return draft.query(draft.formulas.columns)


def sql_issue(definition: LabelDefinition, error: SqlError) -> Issue:
    """What DuckDB says of its expression."""
    return binding_issue(definition.spec.as_view, error, with_request=False)


def bind(
    definition: LabelDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> tuple[Node | None, list[Issue]]:
    """The label's node, or what is wrong with it."""
    assert template is not None
    spec = definition.spec
    outcome = _draft(definition, upstream).compiled(template)
    views = views_of(definition, upstream)
    issues = [
        *_outcome_issues(spec, outcome),
        *_table_issues(spec, upstream),
        *_where_issues(definition, views, upstream),
    ]
    if issues:
        return None, issues
    chosen = chosen_by(spec, views)
    types = dict(upstream[spec.entity].schema)
    schema: Schema = (
        *((key, types[key]) for key in outcome.keys),
        (AS_OF, "TIMESTAMP"),
        (DAY, "DATE"),
        (LABEL, "BOOLEAN"),
        *given_columns(spec, outcome, upstream.get(spec.observe.table)),
    )
    recipe = _recipe(spec, outcome, views, schema, upstream, context)
    return Node(
        id=definition.id,
        definition=definition,
        fingerprint=fingerprint_of(recipe),
        inputs=tuple(_inputs(definition, outcome, chosen, upstream)),
        schema=schema,
        time=DAY,
        until_today=True,
        key=(*outcome.keys, AS_OF),
        recipe=recipe,
        references={outcome.keys: spec.entity},
    ), []


def views_of(definition: LabelDefinition, upstream: Mapping[str, Node]) -> tuple[FeatureSet, ...]:
    """The views that its rows are chosen by; one that is broken is told at its own place."""
    found = []
    for view in definition.views:
        entity, source = upstream[view.entity], upstream[view.source]
        found.append(compile_view(view, entity, source, definition.functions))
    return tuple(found)


def given_columns(spec: LabelSpec, outcome: FeatureSet, table: Node | None) -> Schema:
    """What rows of a table bring along: all but its key, its time, and the entity's key."""
    if table is None:
        return ()
    left_out = {*table.key, str(table.time), *table_keys(spec, outcome, table)}
    return tuple((name, kind) for name, kind in table.schema if name not in left_out)


def table_keys(spec: LabelSpec, outcome: FeatureSet, table: Node) -> tuple[str, ...]:
    """The columns of the table that hold the entity's key."""
    for columns, target in table.references.items():
        if target.casefold() == spec.entity.casefold() and len(columns) == len(outcome.keys):
            return columns
    return outcome.keys


def _draft(definition: LabelDefinition, upstream: Mapping[str, Node]) -> Draft:
    spec = definition.spec
    return draft_view(spec.as_view, upstream[spec.entity], upstream[spec.source])


def chosen_by(spec: LabelSpec, views: tuple[FeatureSet, ...]) -> tuple[FeatureSet, ...]:
    """The views with no more than the features that `observe.where` names."""
    named = features_named(spec)
    found = []
    for view in views:
        folded = {mention.name.casefold() for mention in named[view.view]}
        found.append(narrowed(view, [c.name for c in view.columns if c.name.casefold() in folded]))
    return tuple(found)


def _outcome_issues(spec: LabelSpec, outcome: FeatureSet) -> Iterator[Issue]:
    """E015: an outcome that is neither true nor false, nor 0 or 1."""
    kind = outcome.columns[0].type
    if kind == "BOOLEAN" or is_whole(kind):
        return
    what = f"`expr` gives {kind}, and a label is true or false"
    fix = f"compare it with something: `{spec.expr.strip()} > 0`"
    if kind.startswith("VARCHAR"):
        fix = f"compare it with something: `{spec.expr.strip()} = 'yes'`"
    yield Issue(code="E015", what=what, place=spec.place_of("expr"), fix=fix)


def _table_issues(spec: LabelSpec, upstream: Mapping[str, Node]) -> Iterator[Issue]:
    """E016 for a table that cannot give label rows; E008 where it does not lead to the entity."""
    if not spec.observe.table:
        return
    table, entity = upstream[spec.observe.table], upstream[spec.entity]
    name, place = table.id.name, spec.place_of("observe.table")
    moved = {"source": place, "entity": spec.place_of("entity")}
    as_source = replace(spec.as_view, source=name, features=(), place=place, places=moved)
    if table.time is None:
        what = f"`{name}` has no time, so nothing says at which moment its rows are meant"
        fix = f"add `time:` to {table.definition.place.path}"
        yield Issue(code="E016", what=what, place=place, fix=fix)
        return
    yield from source_keys(as_source, entity, table)[1]
    if spec.observe.at and spec.observe.at.casefold() != table.time.casefold():
        what = f"`at` names `{spec.observe.at}`, and the time of `{name}` is `{table.time}`"
        fix = f"leave `at` out, or make a table whose `time` is `{spec.observe.at}`"
        yield Issue(code="E016", what=what, place=spec.place_of("observe.at"), fix=fix)
    own = {AS_OF, DAY, LABEL, *(key.casefold() for key in entity.key)}
    for column, _ in table.schema:
        brought = column not in (table.time, *table.key, *entity.key)
        if brought and column.casefold() in own:
            what = f"`{name}` has a column `{column}`, which rows of a label have themselves"
            fix = "make a table that calls it something else, or leaves it out"
            yield Issue(code="E016", what=what, place=place, fix=fix)


def _where_issues(
    definition: LabelDefinition, views: tuple[FeatureSet, ...], upstream: Mapping[str, Node]
) -> Iterator[Issue]:
    """E016: a condition over what there is not, or what is only known with a request."""
    spec, place = definition.spec, definition.spec.place_of("observe.where")
    named = features_named(spec)
    for view in views:
        columns = {column.name.casefold(): column for column in view.columns}
        if view.entity.casefold() != spec.entity.casefold():
            what = f"`{view.view}` is about `{view.entity}`, and the label about `{spec.entity}`"
            fix = "choose rows by features of the label's entity"
            yield Issue(code="E016", what=what, place=place, fix=fix)
        for mention in named[view.view]:
            found = columns.get(mention.name.casefold())
            if found is None:
                what = f"unknown feature `{view.view}.{mention.name}`"
                known = [column.name for column in view.stored]
                fix = did_you_mean(mention.name, known, f"features: {', '.join(known)}")
                yield mention_issue("E016", what, mention, place, fix)
            elif found.on_request:
                what = f"`{view.view}.{mention.name}` is only known with a request"
                yield mention_issue("E016", what, mention, place, "choose rows by another feature")
    table = upstream.get(spec.observe.table)
    if table is None or not spec.observe.where:
        return
    types = {name.casefold() for name in table.column_names}
    for mention in parse_row_condition(spec.observe.where, spec.observe.table).columns:
        if "." not in mention.name and mention.name.casefold() not in types:
            yield _unknown_column(mention, table, place)


def _unknown_column(mention: Mention, table: Node, place: Place) -> Issue:
    what = f"unknown column `{mention.name}`"
    known = ", ".join(table.column_names)
    fix = did_you_mean(mention.name, table.column_names, f"`{table.id.name}` has: {known}")
    return mention_issue("E016", what, mention, place, fix)


def _inputs(
    definition: LabelDefinition,
    outcome: FeatureSet,
    chosen: tuple[FeatureSet, ...],
    upstream: Mapping[str, Node],
) -> Iterator[Input]:
    """Each relation once, as far back as it is read; views and the entity for lineage alone."""
    spec = definition.spec
    horizon = spec.horizon + _MARGIN
    every = not chosen and not spec.observe.table
    reach = {spec.source: EVER if every else horizon}
    for view in chosen:
        longest = EVER if view.longest is None else min(view.longest + horizon, EVER)
        reach[view.source] = max(longest, reach.get(view.source, timedelta(0)))
    if spec.observe.table:
        reach[spec.observe.table] = max(horizon, reach.get(spec.observe.table, timedelta(0)))
    for name, before in reach.items():
        yield Input(node=upstream[name].id, name=name, mode="window", before=before)
    if len(reach) > 1:
        # Rows exist as far as the outcome is seen, however far the others reach.
        own = upstream[spec.source].id
        yield Input(node=own, name=f"{spec.source} of the day", mode="same_day")
    entities = dict.fromkeys((spec.entity, *(view.entity for view in chosen)))
    for name in (*entities, *(f"feature_view.{view.view}" for view in chosen)):
        if name not in reach:
            yield Input(node=upstream[name].id, name=name)


def _recipe(
    spec: LabelSpec,
    outcome: FeatureSet,
    views: tuple[FeatureSet, ...],
    schema: Schema,
    upstream: Mapping[str, Node],
    context: BindContext,
) -> Recipe:
    """All columns follow from the rows: they come and go together."""
    observe = spec.observe
    where = parse_row_condition(observe.where, observe.table).sql if observe.where else ""
    rows = digest(
        "label", _FORMAT, outcome.digest, str(spec.horizon), observe.every, where, observe.table,
        [view.digest for view in views], str(context.zone),
    )  # fmt: skip
    reads: set[ColumnRef] = set()
    for name, columns in chain(
        ((each.source, each.reads) for each in (outcome, *views)),
        [(observe.table, upstream[observe.table].column_names)] if observe.table else [],
    ):
        reads |= {ColumnRef(name, None), *(ColumnRef(name, column) for column in columns)}
    return Recipe(
        rows=rows,
        row_reads=frozenset(reads),
        columns={n: ColumnRecipe(type=t, expression=digest(n, t)) for n, t in schema},
    )
