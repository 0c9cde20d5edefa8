"""Models, training sets and scores bound into the graph: what they read, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import Final, cast

from headwater.errors import HeadwaterError, Issue, Place
from headwater.features.compiling import compile_view
from headwater.features.labels import HasLabel
from headwater.features.model import DAY, FeatureSet, HasFeatures
from headwater.graph.build import BindContext
from headwater.graph.node import ColumnRecipe, ColumnRef, Input, Node, Recipe, Schema
from headwater.graph.recipes import fingerprint_of
from headwater.ids import NodeId, digest
from headwater.kinds.model.columns import (
    SCORE,
    chosen_columns,
    input_columns,
    narrowed_to,
    unknown_columns,
)
from headwater.kinds.model.definition import (
    Inputs,
    ModelDefinition,
    ScoresDefinition,
    TrainingSetDefinition,
)
from headwater.kinds.model.online import default_issues
from headwater.learning.model import AS_OF, LABEL, InputColumn, LearningSpec
from headwater.sql import Column, Query, QueryTemplate, Relation, SqlError

#: All time, as a number of days that the calendar can take away from any date.
ALL_DAYS: Final = timedelta(days=36_500)
ARTIFACT: Final[Schema] = (("file", "VARCHAR"), ("content", "BLOB"), ("sha256", "VARCHAR"))
#: Changes where training on the same rows would give another model, or other rows.
_FORMAT: Final = 1
Bound = tuple[Node | None, list[Issue]]


def row_references(definition: TrainingSetDefinition | ScoresDefinition) -> tuple[str, ...]:
    """What rows are made from: label, views, the sources that these read, and the entity."""
    inputs = definition.inputs
    views = (f"feature_view.{view}" for view in inputs.views)
    names = (*inputs.sources, inputs.entity)
    if isinstance(definition, ScoresDefinition):
        return (f"model.{definition.id.name}", *views, *dict.fromkeys(names))
    return (f"label.{inputs.label}", *views, *dict.fromkeys(names))


def model_references(definition: ModelDefinition) -> tuple[str, ...]:
    """Its training set."""
    return (f"training_set.{definition.id.name}",)


def mention(
    definition: ModelDefinition | TrainingSetDefinition | ScoresDefinition, name: str
) -> Place:
    """Where the file names what is read."""
    short = name.partition(".")[2] if "." in name else name
    key = "label" if name.startswith("label.") else short
    return definition.inputs.place_of(key, definition.place)


def bind_training_set(
    definition: TrainingSetDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> Bound:
    """The rows: keys, `at`, `day`, `label`, and a column for each feature."""
    del template
    inputs = definition.inputs
    label = upstream[f"label.{inputs.label}"]
    try:
        sets = _compiled(inputs, upstream)
        columns = chosen_columns(inputs, sets, label, definition.place)
    except HeadwaterError as error:
        return None, list(error.issues)
    sets = tuple(narrowed_to(each, columns) for each in sets)
    head = [(n, t) for n, t in label.schema if n in (*sets[0].keys, AS_OF, DAY, LABEL)]
    recipe = _recipe(
        [*head, *columns.items()],
        digest(
            "training_set", _FORMAT, [s.digest for s in sets], sorted(columns), inputs.label,
            str(definition.until), str(context.zone),
        ),
        {*(ColumnRef(label.id.name, n) for n, _ in label.schema), ColumnRef(label.id.name, None)}
        | _source_reads(sets),
    )  # fmt: skip
    bound = replace(definition, inputs=replace(inputs, sets=sets))
    return Node(
        id=definition.id,
        definition=bound,
        fingerprint=fingerprint_of(recipe),
        inputs=(
            Input(node=label.id, name=label.id.name, mode="same_day"),
            *_source_inputs(sets, upstream, more=_known_after(label)),
            *_view_inputs(inputs, upstream),
        ),
        schema=(*head, *columns.items()),
        time=DAY,
        key=(*sets[0].keys, AS_OF),
        recipe=recipe,
    ), []


def bind_model(
    definition: ModelDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> Bound:
    """The model's files, made of its whole training set."""
    del template, context
    (name,) = upstream
    rows = upstream[name]
    given = cast("TrainingSetDefinition", rows.definition)
    sets = given.inputs.sets
    columns = tuple(input_columns(rows, given.inputs))
    learning = replace(definition.learning, keys=sets[0].keys, columns=columns)
    issues = list(unknown_columns(definition, learning))
    if definition.scores is not None:
        place = definition.inputs.place_of("scores", definition.place)
        issues += default_issues(definition.scores.online, learning.columns, place)
    if issues:
        return None, issues
    reads = {ColumnRef(name, column) for column in rows.column_names} | {ColumnRef(name, None)}
    parts = {name: digest(value) for name, value in meaning(learning).items()}
    recipe = Recipe(
        rows=digest("model", _FORMAT),
        row_reads=frozenset(reads),
        # Not columns: the keys of its file, so that a plan says which of them changed.
        columns={name: ColumnRecipe(type="", expression=part) for name, part in parts.items()},
    )
    return Node(
        id=definition.id,
        definition=replace(
            definition, learning=learning, inputs=replace(definition.inputs, sets=sets)
        ),
        fingerprint=fingerprint_of(recipe),
        inputs=(Input(node=rows.id, name=name),),
        schema=ARTIFACT,
        key=("file",),
        recipe=recipe,
    ), []


def bind_scores(
    definition: ScoresDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> Bound:
    """The scores of every entity, day by day; history keeps the version that it was scored by."""
    del template
    inputs, model = definition.inputs, upstream[f"model.{definition.id.name}"]
    try:
        sets = _compiled(inputs, upstream)
    except HeadwaterError as error:
        return None, list(error.issues)
    given = [c.name for c in _model_columns(model) if c.on_request]
    if given:
        what = f"`{given[0]}` comes with a request, so that nobody can be scored day by day"
        fix = "`scores: {batch: false, online: true}`, or leave the feature out"
        place = inputs.place_of("scores", definition.place)
        return None, [Issue(code="E039", what=what, place=place, fix=fix)]
    if not definition.scores.where:
        sets = tuple(narrowed_to(e, [c.name for c in _model_columns(model)]) for e in sets)
    wrong = _where_issue(definition, sets, upstream, context)
    if wrong is not None:
        return None, [wrong]
    schema: list[tuple[str, str]] = [*_key_schema(sets[0], upstream[inputs.entity])]
    schema += [(AS_OF, "TIMESTAMP"), (DAY, "DATE"), (SCORE, "DOUBLE"), ("version", "INTEGER")]
    schema += [("reasons", "VARCHAR[]")] if definition.scores.reasons else []
    asked = definition.scores
    # Who is scored and when, not by what: a new model leaves history as it is.
    rows = digest("scores", _FORMAT, asked.every, asked.where, asked.reasons, str(context.zone))
    recipe = _recipe(schema, rows, _source_reads(sets))
    return Node(
        id=definition.id,
        definition=replace(definition, inputs=replace(inputs, sets=sets)),
        fingerprint=fingerprint_of(recipe),
        inputs=(
            Input(node=model.id, name=str(model.id), mode="kept", last_good=True),
            *_source_inputs(sets, upstream),
            *_view_inputs(inputs, upstream),
        ),
        schema=tuple(schema),
        time=DAY,
        begins=definition.begins,
        until_today=True,
        key=(*sets[0].keys, DAY),
        recipe=recipe,
    ), []


def _where_issue(
    definition: ScoresDefinition,
    sets: Sequence[FeatureSet],
    upstream: Mapping[str, Node],
    context: BindContext,
) -> Issue | None:
    """E039 where the condition of who is scored is none over the features."""
    where = definition.scores.where
    if not where:
        return None
    columns = _key_schema(sets[0], upstream[definition.inputs.entity])
    columns += [(c.name, c.type) for each in sets for c in each.columns if not c.on_request]
    relation = Relation(name="features", columns=tuple(Column(name=n, type=t) for n, t in columns))
    query = Query(
        sql=f"SELECT 1 AS one FROM features WHERE ({where})", relations={"features": relation}
    )
    (found,) = context.sql.bind_many([query])
    if not isinstance(found, SqlError):
        return None
    problem = found.problem
    place = definition.inputs.place_of("scores", definition.place)
    return Issue(code="E039", what=f"`where`: {problem.what}", place=place, fix=problem.fix)


def meaning(learning: LearningSpec) -> dict[str, str]:
    """All that decides what comes out of training on given rows, and what it must meet.

    By the keys of the file; where something is written does not count.
    """
    gates = tuple(replace(gate, place=Place()) for gate in learning.gates)
    stated = replace(learning, gates=gates)
    found = {field.name: repr(getattr(stated, field.name)) for field in fields(stated)}
    found["features"] = found.pop("columns")
    if not learning.function:
        del found["function"], found["source"]
    return found


def _compiled(inputs: Inputs, upstream: Mapping[str, Node]) -> tuple[FeatureSet, ...]:
    """The views over what they read; what is wrong with one is told there."""
    found: list[FeatureSet] = []
    for view in inputs.views:
        definition = upstream[f"feature_view.{view}"].definition
        assert isinstance(definition, HasFeatures)
        spec = definition.spec
        entity, source = upstream[spec.entity], upstream[spec.source]
        found.append(compile_view(spec, entity, source, inputs.functions))
    return tuple(found)


def _model_columns(model: Node) -> tuple[InputColumn, ...]:
    return cast("ModelDefinition", model.definition).learning.columns


def _key_schema(features: FeatureSet, entity: Node) -> list[tuple[str, str]]:
    types = dict(entity.schema)
    return [(key, types[key]) for key in features.keys]


def _known_after(label: Node) -> timedelta:
    """How long before the end of the day on which it is known a row's moment lies at most."""
    assert isinstance(label.definition, HasLabel)
    return timedelta(days=label.definition.spec.day_after + 1)


def _source_inputs(
    sets: Iterable[FeatureSet], upstream: Mapping[str, Node], more: timedelta = timedelta(0)
) -> Iterator[Input]:
    """Each source once, by the longest window of the views that read it."""
    reach: dict[str, timedelta] = {}
    for each in sets:
        longest = ALL_DAYS if each.longest is None else min(each.longest + more, ALL_DAYS)
        reach[each.source] = max(longest, reach.get(each.source, timedelta(0)))
    for name, before in reach.items():
        yield Input(node=upstream[name].id, name=name, mode="window", before=before)


def _view_inputs(inputs: Inputs, upstream: Mapping[str, Node]) -> Iterator[Input]:
    """Edges to the views: for lineage, and so that a held one holds what hangs on it."""
    for view in inputs.views:
        name = f"feature_view.{view}"
        yield Input(node=NodeId("feature_view", view), name=name)


def _source_reads(sets: Iterable[FeatureSet]) -> set[ColumnRef]:
    found: set[ColumnRef] = set()
    for each in sets:
        found.add(ColumnRef(each.source, None))
        found |= {ColumnRef(each.source, name) for name in each.reads}
    return found


def _recipe(columns: Iterable[tuple[str, str]], rows: str, reads: Iterable[ColumnRef]) -> Recipe:
    """All columns follow from the rows: they come and go together."""
    return Recipe(
        rows=rows,
        row_reads=frozenset(reads),
        columns={n: ColumnRecipe(type=t, expression=digest(n, t)) for n, t in columns},
    )
