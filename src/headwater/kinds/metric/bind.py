"""A metric bound into the graph: its published history is its content, its meaning a hash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from headwater.errors import HeadwaterError, Issue, Place
from headwater.graph.build import BindContext
from headwater.graph.node import Input, Node
from headwater.graph.recipes import fingerprint_of, recipe_of
from headwater.ids import NodeId, digest
from headwater.kinds.metric.compiling import (
    catalog_of,
    compile_history,
    compile_meaning,
    named,
    relations_of,
)
from headwater.kinds.metric.definition import MetricDefinition
from headwater.semantics.joins import at_place, reach
from headwater.sql import Query, QueryTemplate, SqlError, SqlProblem

#: What is found in the SQL and comes from the metric's own text: a value that no rebuild gives
#: again. All else is the compiler's affair.
_OF_THE_METRIC = frozenset({"E401"})


def references(definition: MetricDefinition) -> tuple[str, ...]:
    """Its tables, the rollups that may serve it, and the metrics that it is made of."""
    rollups = (f"rollup.{name}" for name in definition.rollups)
    return (*definition.tables, *rollups, *(f"metric.{name}" for name in definition.used))


def mention(definition: MetricDefinition, name: str) -> Place:
    """Where the metric, or one that it is made of, names its table."""
    own = (part for part in definition.parts.values() if part.table == name)
    return next((part.place_of("table") for part in own), definition.place)


def query(definition: MetricDefinition, upstream: Mapping[str, Node]) -> Query | None:
    """The SQL of its history. Raises what is wrong with the metric, at its place."""
    compiled = compile_history(definition, upstream)
    assert not compiled.parameters, "a definition holds its values"
    nodes = named(compiled.relations, upstream.values())
    return Query(sql=compiled.sql, relations=relations_of(nodes))


def sql_issue(definition: MetricDefinition, error: SqlError) -> Issue:
    """What DuckDB says of its SQL, at its expression."""
    return _issue(error.problem, definition)


def bind(
    definition: MetricDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> tuple[Node | None, list[Issue]]:
    """The metric's node, or what is wrong with it."""
    assert template is not None
    (meaning,) = context.sql.bind_many([compile_meaning(definition, upstream)])
    if isinstance(meaning, SqlError):
        return None, [sql_issue(definition, meaning)]
    recipe = recipe_of(template, template.rows)
    history = compile_history(definition, upstream).relations
    return Node(
        id=definition.id,
        definition=definition,
        fingerprint=fingerprint_of(recipe),
        inputs=(
            *(Input(node=history[name], name=name) for name in template.relations),
            *_made_of(definition),
        ),
        schema=tuple((column.name, column.type) for column in template.columns),
        recipe=recipe,
        meaning=_meaning(meaning),
    ), [
        *(_issue(p, definition) for p in meaning.problems if p.code in _OF_THE_METRIC),
        *_dimension_issues(definition, upstream),
    ]


def _meaning(template: QueryTemplate) -> str:
    """A hash of what the number means, whatever it is called."""
    recipe = recipe_of(template, template.rows)
    columns = [(c.type, c.expression, sorted(map(str, c.reads))) for c in recipe.columns.values()]
    return digest(recipe.rows, sorted(map(str, recipe.row_reads)), columns)


def _dimension_issues(
    definition: MetricDefinition, upstream: Mapping[str, Node]
) -> Iterable[Issue]:
    """Dimensions that are unknown, or whose join would multiply rows: E902, E905, E906."""
    catalog = catalog_of(definition, upstream)
    metric = definition.metric
    tables = dict.fromkeys(part.table for part in definition.parts.values() if part.table)
    for name in metric.dimensions:
        try:
            for table in tables:
                reach(catalog, table, name)
        except HeadwaterError as error:
            yield from at_place(error, metric.place_of(f"dimensions.{name}")).issues


def _made_of(definition: MetricDefinition) -> Iterable[Input]:
    """Edges to other metrics: for lineage, as its SQL does not read them."""
    for name in definition.used:
        yield Input(node=NodeId("metric", name), name=f"metric.{name}")


def _issue(problem: SqlProblem, definition: MetricDefinition) -> Issue:
    place = definition.metric.place_of("expr")
    return Issue(code=problem.code, what=problem.what, place=place, fix=problem.fix)


def same_meanings(nodes: Iterable[Node]) -> list[Issue]:
    """E920: metrics that mean the same under two names."""
    first: dict[str, Node] = {}
    issues: list[Issue] = []
    for node in nodes:
        if not node.meaning:
            continue
        known = first.setdefault(node.meaning, node)
        if known is not node:
            what = (
                f"`{node.id.name}` means the same as `{known.id.name}` in {known.definition.place}"
            )
            fix = "keep one of them; a number has one definition"
            place = node.definition.place
            issues.append(Issue(code="E920", what=what, place=place, fix=fix))
    return issues
