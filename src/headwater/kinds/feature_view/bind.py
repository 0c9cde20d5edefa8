"""A feature view bound into the graph: rows by day, made of its source's trailing windows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from headwater.contracts.definition import RowRule
from headwater.errors import Issue, Place
from headwater.features.compiling import Draft, binding_issue, draft_view, stored_type
from headwater.features.model import DAY
from headwater.graph.build import BindContext
from headwater.graph.node import Input, Node
from headwater.graph.recipes import fingerprint_of, recipe_of
from headwater.ids import digest
from headwater.kinds.feature_view.contract import contract_rules, promised_columns
from headwater.kinds.feature_view.definition import FeatureViewDefinition
from headwater.sql import Query, QueryTemplate, SqlError
from headwater.windows.model import Window

_DAY = timedelta(days=1)
#: How far all time reaches back.
_EVER = timedelta(days=36_500)
#: What is found in the SQL and comes from the user's text: a value that no rebuild gives again.
_OF_THE_VIEW = frozenset({"E401"})


def references(definition: FeatureViewDefinition) -> tuple[str, ...]:
    """Its source and its entity."""
    return tuple(dict.fromkeys((definition.spec.source, definition.spec.entity)))


def mention(definition: FeatureViewDefinition, name: str) -> Place:
    """Where its file names one of them."""
    return definition.spec.place_of("source" if name == definition.spec.source else "entity")


def query(definition: FeatureViewDefinition, upstream: Mapping[str, Node]) -> Query | None:
    """The SQL of its meaning. Raises what is wrong with the view, at its place."""
    draft = _draft(definition, upstream)
    return draft.query(draft.formulas.stored)


def sql_issue(definition: FeatureViewDefinition, error: SqlError) -> Issue:
    """What DuckDB says of a feature, at its expression."""
    return binding_issue(definition.spec, error, with_request=False)


def bind(
    definition: FeatureViewDefinition,
    upstream: Mapping[str, Node],
    template: QueryTemplate | None,
    context: BindContext,
) -> tuple[Node | None, list[Issue]]:
    """The view's node, or what is wrong with it."""
    assert template is not None
    spec, draft = definition.spec, _draft(definition, upstream)
    issues = draft.bind(context.sql)[1]
    schema = tuple((column.name, stored_type(column.type)) for column in template.columns)
    issues += promised_columns(definition, schema)[1]
    issues += [
        binding_issue(spec, SqlError(problem), with_request=False)
        for problem in template.problems
        if problem.code in _OF_THE_VIEW
    ]
    source = upstream[spec.source]
    inputs = [Input(node=source.id, name=spec.source, mode="window", before=_before(draft))]
    if spec.entity != spec.source:
        inputs.append(Input(node=upstream[spec.entity].id, name=spec.entity))
    enforced = sorted(
        rule.meaning for rule in contract_rules(definition, schema) if isinstance(rule, RowRule)
    )
    windows = sorted({str(feature.window) for feature in draft.windows})
    rows = digest(template.rows, enforced, spec.every, windows, str(context.zone))
    recipe = recipe_of(template, rows)
    keys = tuple(ours for ours, _ in draft.keys)
    return Node(
        id=definition.id,
        definition=definition,
        fingerprint=fingerprint_of(recipe),
        inputs=tuple(inputs),
        schema=schema,
        time=DAY,
        until_today=True,
        key=(*keys, DAY),
        recipe=recipe,
        references={keys: spec.entity},
    ), issues


def _draft(definition: FeatureViewDefinition, upstream: Mapping[str, Node]) -> Draft:
    spec = definition.spec
    return draft_view(spec, upstream[spec.entity], upstream[spec.source])


def _before(draft: Draft) -> timedelta:
    """How far before its own day a row reads: the longest window ends with that day."""
    lengths = [_length(feature.window) for feature in draft.windows]
    return max([timedelta(0), *(length - _DAY for length in lengths)]) if lengths else _EVER


def _length(window: Window) -> timedelta:
    if not window.is_bounded:
        return _EVER
    return window.length or timedelta(days=31 * window.months)
