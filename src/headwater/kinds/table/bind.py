"""A table bound into the graph: its schema, inputs and recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from headwater.contracts.definition import RowRule, Severity
from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.graph.build import BindContext
from headwater.graph.node import ColumnRecipe, ColumnRef, Input, Node, Recipe, Schema
from headwater.graph.recipes import fingerprint_of, recipe_of
from headwater.ids import digest
from headwater.kinds.table.definition import TableDefinition
from headwater.kinds.table.inputs import edges, relations_of
from headwater.sql import Query, QueryTemplate, SqlError, SqlProblem

#: What `history:` adds to each row: `[valid_from, valid_to)`, open where `valid_to` is null.
VALIDITY: Schema = (
    ("valid_from", "TIMESTAMP WITH TIME ZONE"),
    ("valid_to", "TIMESTAMP WITH TIME ZONE"),
)


def query(definition: TableDefinition, upstream: Mapping[str, Node]) -> Query | None:
    """The table's SQL over its upstream nodes; None for a Python table."""
    if definition.python is not None:
        return None
    return Query(
        sql=definition.sql, relations=relations_of(definition, upstream), time=definition.time
    )


def sql_issue(definition: TableDefinition, error: SqlError) -> Issue:
    """What DuckDB says of the table's SQL, at its place in the file."""
    return _issue(error.problem, definition)


def bind(
    definition: TableDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> tuple[Node | None, list[Issue]]:
    """The table's node, or what is wrong with it."""
    if template is None:
        return _bind_python(definition, upstream, context)
    issues = [_issue(problem, definition) for problem in template.problems]
    inputs, found = edges(definition, upstream, template)
    issues += found
    schema = tuple((c.name, c.type) for c in template.columns)
    issues += _check_columns(definition, schema)
    recipe = recipe_of(template, _rows(definition, template.rows, context))
    return _node(definition, inputs, schema, recipe), issues


def _bind_python(
    definition: TableDefinition, upstream: Mapping[str, Node], context: BindContext
) -> tuple[Node | None, list[Issue]]:
    """A function is opaque: every column depends on the function and on everything it reads."""
    assert definition.python is not None
    inputs, issues = edges(definition, upstream, None)
    try:
        schema = context.observe(definition, upstream)
    except HeadwaterError as error:
        return None, [*issues, *error.issues]
    everything = frozenset(
        ColumnRef(name, column)
        for name, node in upstream.items()
        for column in (None, *node.column_names)
    )
    own = digest(definition.python.source, definition.python.name)
    recipe = Recipe(
        rows=_rows(definition, own, context),
        row_reads=everything,
        columns={
            name: ColumnRecipe(type=kind, expression=digest(own, name)) for name, kind in schema
        },
    )
    issues += _check_columns(definition, schema)
    return _node(definition, inputs, schema, recipe), issues


def _node(
    definition: TableDefinition, inputs: tuple[Input, ...], schema: Schema, recipe: Recipe
) -> Node:
    if definition.history is not None:
        schema = (*schema, *VALIDITY)
        validity = {n: ColumnRecipe(type=kind, expression=digest(n)) for n, kind in VALIDITY}
        recipe = replace(recipe, columns={**recipe.columns, **validity})
    return Node(
        id=definition.id,
        definition=definition,
        fingerprint=fingerprint_of(recipe),
        inputs=inputs,
        schema=schema,
        time=definition.time,
        key=definition.key if definition.history is None else (),
        recipe=recipe,
        references={
            tuple(column.strip() for column in columns.split(",")): target
            for columns, target in definition.references.items()
        },
    )


def _rows(definition: TableDefinition, rows: str, context: BindContext) -> str:
    """The shape also depends on what the header enforces, and, by days, on where days begin."""
    enforced = sorted(
        rule.meaning
        for rule in definition.rules
        if isinstance(rule, RowRule) and rule.severity is Severity.ERROR
    )
    header = (
        definition.time,
        str(context.zone) if definition.time else "",
        definition.key,
        definition.history.key if definition.history else (),
        sorted(definition.previous.items()),
        definition.on_breach,
        sorted((name, str(w.before), str(w.after)) for name, w in definition.reads.items()),
    )
    return digest(rows, enforced, header)


def _time_issues(definition: TableDefinition, schema: Schema) -> list[Issue]:
    """A time column must say when: a date or a timestamp. Code E205."""
    kind = dict(schema).get(definition.time or "")
    if kind is None or kind == "DATE" or kind.startswith("TIMESTAMP"):
        return []
    what = f"`time` names `{definition.time}`, which is of type {kind}"
    fix = "cast it to a date or a timestamp"
    return [Issue(code="E205", what=what, place=definition.place, fix=fix)]


def _check_columns(definition: TableDefinition, schema: Schema) -> list[Issue]:
    """Columns that the header names must be there. Code E204."""
    known = [name for name, _ in schema]
    found = _time_issues(definition, schema)
    named = [("time", definition.time)] if definition.time else []
    named += [("key", column) for column in definition.key]
    named += [("history", c) for c in (definition.history.key if definition.history else ())]
    named += [
        ("references", part.strip())
        for columns in definition.references
        for part in columns.split(",")
    ]
    named += [("pii", column) for column in definition.pii]
    return found + [
        Issue(
            code="E204",
            what=f"`{word}` names `{column}`, which is no column of `{definition.id.name}`",
            place=definition.place,
            fix=did_you_mean(column, known, "columns: " + ", ".join(known)),
        )
        for word, column in named
        if column not in known
    ]


def _issue(problem: SqlProblem, definition: TableDefinition) -> Issue:
    place = Place(definition.place.path, problem.line, problem.column)
    return Issue(code=problem.code, what=problem.what, place=place, fix=problem.fix)
