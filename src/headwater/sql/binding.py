"""The binder: DuckDB itself resolves a query over empty upstream tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from headwater.ids import digest
from headwater.sql.complaints import (
    bind_problem,
    complaint,
    duplicate_column,
    forbidden_table,
    missing_time,
    refuse_writing,
    unknown_table,
)
from headwater.sql.determinism import find_problems, find_textual_problems
from headwater.sql.lineage import Scope, derive
from headwater.sql.locality import find_alignment
from headwater.sql.operators import Expression, Operator, Scan
from headwater.sql.outputs import UnknownType, root_columns, written_names
from headwater.sql.parameters import Translated, translate, with_dollars
from headwater.sql.parsing import (
    ONE_SELECT,
    SEALED,
    load_syntax_trees,
    parse,
    syntax_tree,
    without_comments,
    without_locations,
)
from headwater.sql.plan import ForbiddenTable, UnknownOperator, read_plan
from headwater.sql.problems import SqlError, SqlProblem
from headwater.sql.relations import Column, Read, Relation
from headwater.sql.template import Alignment, ColumnTemplate, QueryTemplate
from headwater.sql.volatility import volatile_functions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PLAN = (
    "select json_serialize_plan({}, optimize := false, skip_null := true, skip_empty := true,"
    " skip_default := true)"
)
_PLAN_ONE = _PLAN.format("$1::varchar")
_PLAN_MANY = _PLAN.format("text") + " from (select unnest($1::varchar[]) as text)"
Schema = tuple[str, tuple[Column, ...]]
#: How many queries one round trip to DuckDB carries.
BATCH = 200
#: What the plan no longer shows, and `parse` refuses; in a string or comment it does no harm.
_HIDING = re.compile(r"\b(summarize|describe|show|query|query_table)\b", re.IGNORECASE)
_MACRO = re.compile(
    r"\s*create\s+(or\s+replace\s+)?(temp(orary)?\s+)?(macro|function)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One SELECT to bind: its text, the upstreams it may name, its time column, its parameters."""

    sql: str
    relations: Mapping[str, Relation]
    time: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def parsable(self) -> str:
        """The text as DuckDB parses it, positions unchanged."""
        return with_dollars(self.sql, self.parameters) if self.parameters else self.sql


class Binder:
    """Binds queries in one sealed in-memory DuckDB; not for use by several threads at once.

    `functions` are the texts of `CREATE MACRO` statements.
    """

    def __init__(self, functions: Sequence[str] = ()) -> None:
        self._functions = tuple(functions)
        self._volatile: Mapping[str, str] = {}
        self._connection = self._connect()

    def bind(
        self,
        sql: str,
        relations: Mapping[str, Relation],
        *,
        time: str | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> QueryTemplate:
        """The template of one query; raises `SqlError` if it does not bind.

        >>> sales = Relation(name="sales", columns=(Column(name="amount", type="INTEGER"),))
        >>> template = Binder().bind("select amount * 2 as twice from sales", {"sales": sales})
        >>> [(column.name, column.type, sorted(column.reads)) for column in template.columns]
        [('twice', 'INTEGER', [Read(relation='sales', column='amount')])]
        """
        query = Query(sql=sql, relations=relations, time=time, parameters=parameters or {})
        template = self.bind_many([query])[0]
        if isinstance(template, SqlError):
            raise template
        return template

    def bind_many(self, queries: Sequence[Query]) -> list[QueryTemplate | SqlError]:
        """`bind` for many queries at once, errors in their places."""
        return [result for batch in _batches(queries) for result in self._bind_batch(batch)]

    def _bind_batch(self, queries: Sequence[Query]) -> Iterator[QueryTemplate | SqlError]:
        self._create(r for query in queries for r in query.relations.values())
        texts = [translate(query.sql, query.parameters) for query in queries]
        plans = self._plans([text.sql for text in texts])
        trees = [json.loads(serialized) for serialized in plans]
        if len(queries) > 1 and any(tree.get("error_type") == "internal" for tree in trees):
            # It leaves the instance unusable, so that what came after it failed for no fault.
            self._connection = self._connect()
            for query in queries:
                yield from self._bind_batch([query])
            return
        load_syntax_trees([t.sql for t, tree in zip(texts, trees, strict=True) if _lacks(tree)])
        for query, text, tree, serialized in zip(queries, texts, trees, plans, strict=True):
            try:
                self._check_schemas(query)
                yield self._template(query, text, tree, serialized)
            except SqlError as error:
                yield error

    def _connect(self) -> DuckDBPyConnection:
        import duckdb

        connection = duckdb.connect(config=dict(SEALED))
        self._created: dict[str, Schema] = {}
        self._broken: dict[Schema, str] = {}
        if not self._volatile:
            self._volatile = volatile_functions(connection, self._functions)
        for text in self._functions:
            create_macro(connection, text)
        return connection

    def _create(self, relations: Iterable[Relation]) -> None:
        """Empty tables for the upstreams that are not there yet with this schema."""
        import duckdb

        wanted = {relation.name.casefold(): relation for relation in relations}
        missing = [r for name, r in wanted.items() if self._created.get(name) != _schema(r)]
        try:
            if missing:
                self._connection.execute(";".join(map(_create_table, missing)))
        except duckdb.Error:
            for relation in missing:
                try:
                    self._connection.execute(_create_table(relation))
                except duckdb.Error as error:
                    self._broken[_schema(relation)] = str(error).splitlines()[0]
        for relation in missing:
            self._created[relation.name.casefold()] = _schema(relation)

    def _check_schemas(self, query: Query) -> None:
        """Raise for an upstream whose table could not be created."""
        for relation in query.relations.values() if self._broken else ():
            message = self._broken.get(_schema(relation))
            if message is not None:
                what = f"the schema of `{relation.name}` is not valid: {message}"
                raise SqlError(SqlProblem(code="E212", what=what))

    def _plans(self, texts: Sequence[str]) -> list[str]:
        import duckdb

        try:
            if len(texts) == 1:
                rows = self._connection.execute(_PLAN_ONE, [texts[0]]).fetchall()
            else:
                rows = self._connection.execute(_PLAN_MANY, [list(texts)]).fetchall()
        except duckdb.Error as error:
            if len(texts) > 1:
                return [self._plans([text])[0] for text in texts]
            message = str(error).splitlines()[0]
            return [json.dumps({"error": True, "error_type": "other", "error_message": message})]
        return [str(row[0]) for row in rows]

    def _template(
        self, query: Query, text: Translated, tree: Mapping[str, Any], serialized: str
    ) -> QueryTemplate:
        if tree.get("error"):
            return self._failed(query, text, tree)
        plans = tree["plans"]
        if len(plans) != 1:
            what = "more than one statement" if plans else "no statement"
            raise SqlError(SqlProblem(code="E211", what=what, fix=ONE_SELECT))
        try:
            operator = read_plan(plans[0])
        except ForbiddenTable as error:
            raise SqlError(forbidden_table(query.sql, str(error))) from error
        except UnknownOperator as error:
            refuse_writing(query.sql, str(error))
            return self._opaque(query, text, serialized)
        if _HIDING.search(text.sql):
            parse(text.sql)
        columns = self._columns(query, text, plans[0])
        return self._known(query, text, operator, columns)

    def _failed(self, query: Query, text: Translated, tree: Mapping[str, Any]) -> QueryTemplate:
        """What does not serialise may still bind; anything else is the user's mistake."""
        if tree.get("error_type") == "internal":
            # An internal error leaves DuckDB's instance unusable.
            self._connection = self._connect()
        if tree.get("error_type") in ("internal", "serialization", "not implemented"):
            return self._opaque(query, text, parse(text.sql).canonical)
        if tree.get("error_type") not in ("parser", "syntax"):
            parse(text.sql)
        raise SqlError(bind_problem(query.sql, text, tree, query.relations))

    def _known(
        self,
        query: Query,
        text: Translated,
        operator: Operator,
        columns: tuple[Column, ...],
    ) -> QueryTemplate:
        schema = {relation.name.casefold(): relation for relation in query.relations.values()}
        relations = tuple(dict.fromkeys(scanned(operator)))
        for name in relations:
            if name.casefold() not in schema:
                raise SqlError(unknown_table(query.parsable, name, query.relations))
        derived = derive(operator, Scope(schema))
        problems = find_problems(derived, text, columns, self._volatile, schema)
        if query.time and query.time.casefold() not in {c.name.casefold() for c in columns}:
            problems = (missing_time(query.time, columns), *problems)
        alignment, origin = find_alignment(derived, text, columns, query.time, schema)
        return QueryTemplate(
            columns=tuple(
                [
                    ColumnTemplate(
                        name=column.name,
                        type=column.type,
                        expression=value.hash,
                        reads=value.reads,
                        origin=value.origin,
                    )
                    for column, value in zip(columns, derived.rows.columns, strict=True)
                ]
            ),
            rows=derived.rows.hash,
            row_reads=derived.rows.reads,
            relations=tuple([schema[name.casefold()].name for name in relations]),
            alignment=alignment,
            problems=problems,
            time_origin=origin,
        )

    def _columns(self, query: Query, text: Translated, root: Expression) -> tuple[Column, ...]:
        """Names and types, from the plan's root or, where it does not say, from DESCRIBE."""
        try:
            columns = root_columns(root)
        except UnknownType:
            columns = self._describe(query, text)
        if not all(column.name for column in columns):
            names = written_names(syntax_tree(text.sql))
            if names is None or len(names) != len(columns) or not all(names):
                columns = self._describe(query, text)
            else:
                pairs = zip(columns, names, strict=True)
                columns = tuple([replace(c, name=c.name or name) for c, name in pairs])
        seen: set[str] = set()
        for column in columns:
            if column.name.casefold() in seen:
                raise SqlError(duplicate_column(query.sql, text, column.name))
            seen.add(column.name.casefold())
        return columns

    def _describe(self, query: Query, text: Translated) -> tuple[Column, ...]:
        import duckdb

        self._create(query.relations.values())
        try:
            (statement,) = self._connection.extract_statements(text.sql)
            unset = dict.fromkeys(statement.named_parameters)
            rows = self._connection.execute(f"describe {statement.query}", unset or None).fetchall()
        except duckdb.Error as error:
            raise SqlError(
                bind_problem(query.sql, text, complaint(error), query.relations)
            ) from error
        return tuple([Column(name=row[0], type=row[1]) for row in rows])

    def _opaque(self, query: Query, text: Translated, shape: str) -> QueryTemplate:
        """A query that cannot be walked: everything depends on all of it and all that it names."""
        names = parse(text.sql).references
        schema = {relation.name.casefold(): relation for relation in query.relations.values()}
        for name in names:
            if name.casefold() not in schema:
                raise SqlError(unknown_table(query.parsable, name, query.relations))
        relations = [schema[name.casefold()] for name in names]
        reads = frozenset(
            Read(relation.name, column)
            for relation in relations
            for column in (None, *(c.name for c in relation.columns))
        )
        hashed = digest("opaque", without_locations(shape), self._functions)
        columns = self._describe(query, text)
        reason = "this query is too unusual to prove that its days are apart"
        return QueryTemplate(
            columns=tuple(
                [
                    ColumnTemplate(
                        name=column.name,
                        type=column.type,
                        expression=digest(hashed, index),
                        reads=reads,
                    )
                    for index, column in enumerate(columns)
                ]
            ),
            rows=hashed,
            row_reads=reads,
            relations=tuple([relation.name for relation in relations]),
            alignment={
                relation.name: Alignment(kind="crosses", reason=reason)
                if relation.time
                else Alignment(kind="timeless")
                for relation in relations
            },
            problems=find_textual_problems(text, columns, self._volatile, schema),
        )


def scanned(operator: Operator) -> Iterator[str]:
    """The base tables below an operator, in the order of the plan."""
    if isinstance(operator, Scan):
        yield operator.relation
    for child in operator.children:
        yield from scanned(child)


def quoted(name: str) -> str:
    """A name as a SQL identifier.

    >>> print(quoted('my "best" table'))
    "my ""best"" table"
    """
    return '"' + name.replace('"', '""') + '"'


def _lacks(tree: Mapping[str, Any]) -> bool:
    """Whether the plan does not name all columns, so that the text must be asked."""
    if tree.get("error") or len(tree["plans"]) != 1:
        return False
    try:
        return not all(column.name for column in root_columns(tree["plans"][0]))
    except UnknownType:
        return False


def _schema(relation: Relation) -> Schema:
    return relation.name, relation.columns


def _create_table(relation: Relation) -> str:
    columns = ", ".join(f"{quoted(c.name)} {c.type}" for c in relation.columns)
    return f"create or replace table {quoted(relation.name)} ({columns})"


def _batches(queries: Sequence[Query]) -> Iterator[Sequence[Query]]:
    """Runs of queries whose upstreams agree wherever they share a name."""
    start = 0
    known: dict[str, Schema] = {}
    for index, query in enumerate(queries):
        own = {r.name.casefold(): _schema(r) for r in query.relations.values()}
        clash = any(known.get(name, schema) != schema for name, schema in own.items())
        if clash or index - start >= BATCH:
            yield queries[start:index]
            start, known = index, {}
        known |= own
    if start < len(queries):
        yield queries[start:]


def create_macro(connection: DuckDBPyConnection, text: str) -> None:
    """Make the functions of a file of `functions/` known; raises `SqlError` (E215)."""
    import duckdb

    try:
        for statement in connection.extract_statements(text):
            if not _MACRO.match(without_comments(statement.query)):
                raise SqlError(
                    SqlProblem(
                        code="E215",
                        what="a file in `functions/` holds something else than functions",
                        fix="write `create function name(argument) as expression`",
                    )
                )
            connection.execute(statement)
    except duckdb.Error as error:
        raise SqlError(SqlProblem(code="E215", what=str(error).splitlines()[0])) from error
