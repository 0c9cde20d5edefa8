"""A saved query bound into the graph: what it reads, and the columns that it gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headwater.definitions import sqlfile
from headwater.errors import Issue, Place
from headwater.graph.build import BindContext
from headwater.graph.node import ColumnRecipe, ColumnRef, Input, Node, Recipe
from headwater.graph.relations import relations_of
from headwater.ids import digest
from headwater.kinds.query.definition import QueryDefinition
from headwater.kinds.query.sqlfile import choices_issue, undeclared
from headwater.sql import Query, QueryTemplate, Read, SqlError, SqlProblem


def references(definition: QueryDefinition) -> tuple[str, ...]:
    """The relations that its SQL and its choices name."""
    return definition.references_to


def mention(definition: QueryDefinition, word: str) -> Place:
    """Where a word stands in its SQL, or in the choices of a parameter."""
    found = sqlfile.mention(definition.sql, word, definition.place)
    if found != definition.place:
        return found
    word = word.casefold()
    choices = (p.choices_place for p in definition.parameters if word in p.choices_sql.casefold())
    return next(choices, definition.place)


def query(definition: QueryDefinition, upstream: Mapping[str, Node]) -> Query:
    """Its SQL over the tables that it reads."""
    return Query(
        sql=definition.sql,
        relations=relations_of(definition.sql, upstream),
        parameters=definition.types,
    )


def sql_issue(definition: QueryDefinition, error: SqlError) -> Issue:
    """What DuckDB says of the SQL, at its place in the file."""
    path, problem = definition.place.path, error.problem
    unknown = undeclared(definition.sql, definition.parameters, path)
    if unknown:  # reading the file told them; to DuckDB they are a mistake of syntax
        return unknown[0]
    known = problem.line > 0
    place = Place(path, problem.line, problem.column) if known else definition.place
    return Issue(code=problem.code, what=problem.what, place=place, fix=problem.fix)


def bind(
    definition: QueryDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> tuple[Node | None, list[Issue]]:
    """The query's node. It may depend on the moment and on chance: nothing is built from it."""
    assert template is not None
    recipe = Recipe(
        rows=template.rows,
        row_reads=_refs(template.row_reads),
        columns={
            c.name: ColumnRecipe(
                type=c.type,
                expression=digest(c.expression, c.type),
                reads=_refs(c.reads),
                origin=ColumnRef(c.origin.relation, c.origin.column) if c.origin else None,
            )
            for c in template.columns
        },
    )
    columns = [(name, c.type, c.expression) for name, c in recipe.columns.items()]
    parameters = [(p.name, p.type, p.default, p.choices) for p in definition.parameters]
    node = Node(
        id=definition.id,
        definition=definition,
        fingerprint=digest(recipe.rows, columns, parameters, definition.limit),
        inputs=tuple(Input(node=node.id, name=name) for name, node in upstream.items()),
        schema=tuple((c.name, c.type) for c in template.columns),
        recipe=recipe,
        is_built=False,
    )
    return node, list(_choice_issues(definition, upstream, context))


def _choice_issues(
    definition: QueryDefinition, upstream: Mapping[str, Node], context: BindContext
) -> Iterator[Issue]:
    """What is wrong with the SELECTs that give choices."""
    asking = [each for each in definition.parameters if each.choices_sql]
    texts = [each.choices_sql for each in asking]
    queries = [Query(sql=text, relations=relations_of(text, upstream)) for text in texts]
    for parameter, result in zip(asking, context.sql.bind_many(queries), strict=True):
        if isinstance(result, SqlError):
            yield choices_issue(parameter, result.problem)
        elif len(result.columns) != 1:
            names = ", ".join(column.name for column in result.columns)
            what = f"the SELECT gives {len(result.columns)} columns: {names}"
            yield choices_issue(parameter, SqlProblem(code="E986", what=what, fix="keep one"))


def _refs(reads: frozenset[Read]) -> frozenset[ColumnRef]:
    return frozenset(ColumnRef(read.relation, read.column) for read in reads)
