"""A view beside the nodes of its entity and source: its windows, its columns and their types."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from headwater.errors import HeadwaterError, Issue
from headwater.features.casting import cast_issues
from headwater.features.formulas import (
    OWN_COLUMNS,
    Column,
    Formulas,
    Texts,
    read_formulas,
    read_texts,
)
from headwater.features.looking_up import check_columns, columns_read, source_keys
from headwater.features.meaning import (
    Asked,
    column_at,
    expression,
    hidden_names,
    meaning_sql,
    moment_type,
    window_features,
)
from headwater.features.model import DAY, FeatureColumn, FeatureSet, ViewSpec
from headwater.graph.build import SqlBinding
from headwater.graph.node import Node
from headwater.graph.relations import relations_of
from headwater.ids import digest
from headwater.sql import Binder, Query, QueryTemplate, SqlError
from headwater.windows.model import Expression, WindowFeature

_own = threading.local()


def compile_view(
    spec: ViewSpec, entity: Node, source: Node, functions: Sequence[str] = ()
) -> FeatureSet:
    """The view over these nodes; raises HeadwaterError with all that is wrong with it.

    `functions` are the texts of the project's `CREATE MACRO` statements, which formulas may use.
    Codes: E001 to E010.
    """
    draft = draft_view(spec, entity, source)
    template, issues = draft.bind(_binder(tuple(functions)))
    if template is None or issues:
        raise HeadwaterError(*issues)
    return draft.compiled(template)


def _binder(functions: tuple[str, ...]) -> Binder:
    """The thread's own, for as long as the functions are the same."""
    known: tuple[tuple[str, ...], Binder] | None = getattr(_own, "binder", None)
    if known is None or known[0] != functions:
        known = _own.binder = (functions, Binder(functions))
    return known[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A view whose names are all known, and whose types are not."""

    spec: ViewSpec
    formulas: Formulas
    source: Node
    keys: tuple[tuple[str, str], ...]  # the entity's columns with the source's
    names: Mapping[Asked, str]
    windows: tuple[WindowFeature, ...]

    def bind(self, sql: SqlBinding) -> tuple[QueryTemplate | None, list[Issue]]:
        """Its whole meaning bound, and what is wrong with expressions and types: E010."""
        columns = self.formulas.columns
        uncast = tuple(replace(c, feature=replace(c.feature, type="")) for c in columns)
        queries = [self.query(columns)]
        if uncast != columns:
            queries.append(self.query(uncast))
        template, *plain = sql.bind_many(queries)
        if isinstance(template, SqlError):
            return None, [binding_issue(self.spec, template, with_request=True)]
        issues: list[Issue] = []
        for each in plain:
            if not isinstance(each, SqlError):
                issues += cast_issues(self.formulas, each, template)
        return template, issues

    def query(self, columns: Sequence[Column]) -> Query:
        """The meaning of columns as SQL."""
        sql = meaning_sql(
            self.formulas,
            columns,
            self.windows,
            self.names,
            self.keys,
            self.source,
            self.spec.request,
        )
        relations = relations_of(sql, {self.spec.source: self.source})
        return Query(sql=sql, relations=relations, time=DAY)

    def compiled(self, template: QueryTemplate) -> FeatureSet:
        """The view, once its meaning (with request) is bound."""
        spec, formulas, source = self.spec, self.formulas, self.source
        types = {column.name: stored_type(column.type) for column in template.columns}
        features = {column.name: column.feature for column in formulas.columns}
        expressions = [
            (column, Expression(name=column.name, sql=expression(column, formulas, self.names)))
            for column in formulas.columns
        ]
        source_keys = tuple(theirs for _, theirs in self.keys)
        spelled = {name.casefold(): name for name, _ in (*source.schema, *source.hidden)}
        known_at = spelled.get(spec.known_at.casefold(), "")
        named = (*source_keys, str(source.time), *source.key, known_at)
        on_request = tuple(e for c, e in expressions if c.name in formulas.on_request)
        return FeatureSet(
            view=spec.name,
            entity=spec.entity,
            keys=tuple(ours for ours, _ in self.keys),
            source=spec.source,
            source_keys=source_keys,
            time=str(source.time),
            moment_type=moment_type(source),
            tie=source.key,
            where=formulas.where.sql if formulas.where else "",
            windows=self.windows,
            expressions=tuple(e for c, e in expressions if c.name not in formulas.on_request),
            on_request=on_request,
            columns=tuple(
                FeatureColumn(
                    name=name,
                    type=types[name],
                    view=spec.name,
                    description=features[name].description,
                    on_request=name in formulas.on_request,
                )
                for name in formulas.declared
            ),
            request=dict(spec.request),
            latency=spec.latency,
            known_at=known_at,
            reads=columns_read(formulas, source, named),
            digest=digest(
                template.rows,
                sorted(map(str, template.row_reads)),
                [(c.name, c.type, c.expression, sorted(map(str, c.reads)))
                 for c in template.columns],
                [(e.name, e.sql) for e in on_request],
                sorted(spec.request.items()),
                str(spec.latency),
                known_at,
            ),
        )  # fmt: skip


def draft_view(spec: ViewSpec, entity: Node, source: Node) -> Draft:
    """The view with all names looked up; raises HeadwaterError with E001 to E009."""
    texts, issues = read_texts(spec)
    formulas, names_wrong = read_formulas(spec, texts) if not issues else (None, [])
    keys, keys_wrong = source_keys(spec, entity, source)
    issues += [*names_wrong, *keys_wrong, *_key_names(spec, texts, entity)]
    if source.time is not None:
        issues += check_columns(spec, texts, source)
    if issues or formulas is None:
        raise HeadwaterError(*issues)
    names = hidden_names(formulas, spec.name)
    return Draft(
        spec=spec,
        formulas=formulas,
        source=source,
        keys=tuple(zip(entity.key, keys, strict=True)),
        names=names,
        windows=window_features(formulas, names, str(source.time)),
    )


def binding_issue(spec: ViewSpec, error: SqlError, *, with_request: bool) -> Issue:
    """What DuckDB says of a view's meaning, at the feature that it is about: E010."""
    formulas, _ = read_formulas(spec, read_texts(spec)[0])
    assert formulas is not None, "a view that is bound could be read"
    problem = error.problem
    shown = formulas.columns if with_request else formulas.stored
    column = column_at(problem.line, formulas, shown)
    if column is None:
        return Issue(code="E010", what=problem.what, place=spec.place, fix=problem.fix)
    return Issue(
        code="E010",
        what=f"`{column.feature.name}`: {problem.what}",
        place=column.feature.place_of("expr"),
        fix=problem.fix,
    )


def stored_type(kind: str) -> str:
    """The type in which a value is kept: HUGEINT is none that every reader knows."""
    return "BIGINT" if kind == "HUGEINT" else kind


def _key_names(spec: ViewSpec, texts: Texts, entity: Node) -> list[Issue]:
    """E005 for a feature that is called as a key is, and for a key called as other columns are."""
    keys = {key.casefold() for key in entity.key}
    issues = [
        Issue(
            code="E005",
            what=f"`{column.name}` is a key of `{entity.id.name}`",
            place=column.feature.place,
            fix="call the feature something else",
        )
        for column in texts.columns
        if column.name.casefold() in keys
    ]
    return issues + [
        Issue(
            code="E005",
            what=f"the key `{key}` of `{entity.id.name}` is called as a column of every view is",
            place=spec.place_of("entity"),
            fix="call the key something else",
        )
        for key in sorted(keys & OWN_COLUMNS)
    ]
