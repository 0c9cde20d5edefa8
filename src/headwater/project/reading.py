"""Reading what a release shows: SQL over its tables, and nothing else.

Only the tables that a query names become views, over exactly their published data files. DuckDB
binds the query first over empty tables without access to files or network, so that a query which
reads anything else never runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol, cast

from headwater.definitions.loader import load
from headwater.definitions.tree import SETTINGS_FILE, Tree
from headwater.engines.protocol import InputRelation, Latest, Parameters, Session
from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.graph.node import Schema
from headwater.ids import ALL_TIME, NodeId
from headwater.kinds.source.bind import META
from headwater.kinds.source.definition import SourceDefinition
from headwater.plan.state import State, schema_digest
from headwater.project.limits import Limits, deadline
from headwater.project.pruning import visible_span
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace
from headwater.registry import BY_NAME, KINDS
from headwater.sql.parameters import Translated, translate, with_dollars, written_parameters

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from headwater.sql import ColumnTemplate, QueryTemplate, Read, Relation

#: Functions of settings, of the machine, and of the engine's own log.
_OF_THE_ENGINE = frozenset(("current_setting", "getenv", "getvariable", "write_log"))
_BATCH_ROWS = 20_000
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class ReadingSession(Session, Protocol):
    """A session that also answers questions."""

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """Where the views of the inputs are."""
        ...

    def query(
        self, sql: str, parameters: Parameters = (), limit: int | None = None
    ) -> duckdb.DuckDBPyRelation | None:
        """A SELECT as a lazy relation; anything else is refused."""
        ...

    def fetch_arrow(self, sql: str, parameters: Parameters = ()) -> pa.Table:
        """All rows of a query, column by column."""
        ...

    def interrupt(self) -> None:
        """Stop the statement under way."""
        ...


#: A column of a published node.
Origin = tuple[NodeId, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A query over one release, bound and ready: its result is read while the session is open."""

    session: ReadingSession
    relation: duckdb.DuckDBPyRelation
    tables: tuple[NodeId, ...] = ()
    origins: tuple[Origin | None, ...] = ()  # of columns that are passed through unchanged
    reads: tuple[frozenset[Origin], ...] = ()  # what each column is computed from

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the result's columns."""
        return tuple(self.relation.columns)

    @property
    def types(self) -> tuple[str, ...]:
        """Their DuckDB types."""
        return tuple(map(str, self.relation.types))

    def arrow_reader(self) -> pa.RecordBatchReader:
        """The rows, some thousands at a time."""
        return self.relation.to_arrow_reader(_BATCH_ROWS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A node that SQL can name, as the release shows it."""

    state: State
    hidden: Schema = ()
    latest: Latest | None = field(default=None)

    @property
    def columns(self) -> Schema:
        """All columns, those that `select *` leaves out at the end."""
        return (*self.state.schema, *self.hidden)


@contextmanager
def read_session(
    workspace: Workspace,
    view: ReleaseView,
    sql: str,
    parameters: Mapping[str, object] | None = None,
    functions: Sequence[str] = (),
    types: Mapping[str, str] | None = None,
    limits: Limits | None = None,
) -> Iterator[Reading]:
    """Bind one SELECT over what the view's release publishes; parameters are `:name`.

    `types` are the DuckDB types of declared parameters; of others they are told by the value. With
    `limits` the relation holds one row more than may be read, and all must be read in time.

    Raises issues with the place in the SQL: E201 unknown table, E202 unknown column, E210 syntax,
    E211 no SELECT, E404 files read inside the SQL, E808 a parameter that is missing or unknown.
    """
    given = dict(parameters or {})
    declared = types or {}
    kinds = {name: declared.get(name) or _sql_type(value) for name, value in given.items()}
    key = ("sql", sql, tuple(sorted(kinds.items())), tuple(functions))
    asked = view.once(key, lambda: _understand(sql, kinds, view, functions))
    relations = [
        _input(name, asked.sql, known, workspace, given) for name, known in asked.published.items()
    ]
    with ExitStack() as stack:
        session = cast("ReadingSession", stack.enter_context(workspace.engine.session()))
        session.bind_inputs(relations, functions)
        if limits is not None:
            stack.enter_context(deadline(session, limits.seconds))
        most = limits.rows + 1 if limits is not None else None
        relation = session.query(asked.sql, given, most)
        assert relation is not None
        tables = tuple(known.state.node for known in asked.published.values())
        yield Reading(
            session=session,
            relation=relation,
            tables=tables,
            origins=asked.origins,
            reads=asked.reads,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Understood:
    """A query that binds over a release: as DuckDB gets it, with the tables that it names."""

    sql: str
    published: Mapping[str, Published]
    origins: tuple[Origin | None, ...]
    reads: tuple[frozenset[Origin], ...]


def _understand(
    sql: str, types: Mapping[str, str], view: ReleaseView, functions: Sequence[str]
) -> _Understood:
    published = published_tables(view, _named(sql, types))
    text = translate(sql, types)
    template = _bind(text, types, published, view, functions)
    return _Understood(
        sql=text.sql,
        published=published,
        origins=tuple(_origin(column.origin, published) for column in template.columns),
        reads=tuple(_reads(column, published) for column in template.columns),
    )


def _named(sql: str, types: Mapping[str, str]) -> tuple[str, ...]:
    """The tables that a query names; raises for what is no single SELECT."""
    from headwater.sql import SqlError, references

    try:
        return references(with_dollars(sql, types))
    except SqlError as error:
        _refuse_missing(sql, types, ":")  # without a value it is a syntax error to the parser
        problem = error.problem
        raise _issue(
            problem.code, problem.what, problem.fix, problem.line, problem.column
        ) from error


def _refuse_missing(sql: str, given: Iterable[str], sign: str) -> None:
    """Raise E808 for a parameter of the query that has no value."""
    known = {name.casefold() for name in given}
    for written in written_parameters(sql):
        if written.startswith(sign) and written[1:].casefold() not in known:
            what = f"the parameter `{written}` has no value"
            fix = f"give it with `--set {written[1:]}=…`"
            raise HeadwaterError(Issue(code="E808", what=what, fix=fix))


def published_tables(view: ReleaseView, names: Iterable[str]) -> dict[str, Published]:
    """Of the names, those that the release publishes; others are left for the binder to refuse."""
    by_name = {
        node.name.casefold(): (node, state)
        for node, state in view.states.items()
        if BY_NAME[node.kind].is_relation
    }
    found: dict[str, Published] = {}
    for name in names:
        known = by_name.get(name.casefold())
        if known is not None:
            found[name] = _published(*known, view)
    return found


def _published(node: NodeId, state: State, view: ReleaseView) -> Published:
    definition = source_definition(node, view) if node.kind == "source" else None
    if definition is None:
        return Published(state=state)
    change = definition.changelog
    return Published(
        state=state,
        hidden=META if not state.schema or META[0] not in state.schema else (),
        latest=Latest(key=change.key, latest_by=change.latest_by, deleted=change.deleted)
        if change is not None
        else None,
    )


def source_definition(node: NodeId, view: ReleaseView) -> SourceDefinition | None:
    """A source as the release defines it, read from its own files alone."""
    return view.once(("source", node), lambda: _read_source(node, view))


def _read_source(node: NodeId, view: ReleaseView) -> SourceDefinition | None:
    tree = view.tree()
    if tree is None:
        return None
    folders = ("sources/", "contracts/", "seeds/")
    files = {p: t for p, t in tree.files.items() if p.startswith(folders) or p == SETTINGS_FILE}
    loaded = load(Tree.from_blobs(files), [k.reader for k in KINDS if k.name == node.kind])
    definition = loaded.definitions.get(node)
    return definition if isinstance(definition, SourceDefinition) else None


def released_functions(view: ReleaseView) -> tuple[str, ...]:
    """The statements that create the release's SQL functions."""
    return view.once("functions", lambda: _read_functions(view))


def _read_functions(view: ReleaseView) -> tuple[str, ...]:
    tree = view.tree()
    files = {} if tree is None else tree.files
    own = {path: text for path, text in files.items() if path.startswith("functions/")}
    return tuple(each.text for each in load(Tree.from_blobs(own), ()).functions) if own else ()


def _input(
    name: str, sql: str, known: Published, workspace: Workspace, given: Mapping[str, object]
) -> InputRelation:
    """A published table as the session shows it, with the files that the query can see."""
    state = known.state
    span = ALL_TIME
    if state.time is not None and known.latest is None:
        span = visible_span(sql, name, state.time, workspace.zone, given)
    files = [file for file in state.part("rows") if file.interval.overlaps(span)]
    words = {word.casefold() for word in _WORD.findall(sql)}
    hidden = tuple(column for column in known.hidden if column[0].casefold() in words)
    own = schema_digest(state.schema)
    return InputRelation(
        name=name,
        schema=(*state.schema, *hidden),
        files=tuple(workspace.lake.absolute(file.path) for file in files),
        spans=tuple(file.interval for file in files),
        uniform=all(file.schema == own for file in files),
        time=state.time,
        latest=known.latest,
    )


def _bind(
    text: Translated,
    types: Mapping[str, str],
    published: Mapping[str, Published],
    view: ReleaseView,
    functions: Sequence[str],
) -> QueryTemplate:
    """What the query means, bound over empty tables; raises what is wrong with it."""
    from headwater.sql import Binder, SqlError

    sql = text.original
    words = {word.casefold() for word in _WORD.findall(sql)}
    relations = {name: _relation(name, known, words) for name, known in published.items()}
    unused = [name for name in types if f"(${name}::" not in text.sql]
    if unused:
        what = f"the query has no parameter `:{unused[0]}`"
        raise HeadwaterError(Issue(code="E808", what=what, fix="take it out of `--set`"))
    _refuse_missing(sql, types, "$")
    try:
        _refuse_asking_the_engine(text)
        return Binder(functions).bind(sql, relations, parameters=types)
    except SqlError as error:
        problem = error.problem
        fix = problem.fix or _nearest(problem.what, view)
        raise _issue(problem.code, problem.what, fix, problem.line, problem.column) from error


def _origin(read: Read | None, published: Mapping[str, Published]) -> Origin | None:
    """The column of a published node that is read."""
    if read is None or read.column is None or read.relation not in published:
        return None
    return published[read.relation].state.node, read.column


def _reads(column: ColumnTemplate, published: Mapping[str, Published]) -> frozenset[Origin]:
    found = (_origin(read, published) for read in column.reads)
    return frozenset(each for each in found if each is not None)


def _refuse_asking_the_engine(text: Translated) -> None:
    """Raise E404 for a function that tells what the machine or the engine is set to."""
    from headwater.sql.parsing import syntax_tree, walk
    from headwater.sql.problems import SqlError, SqlProblem

    for node in walk(syntax_tree(text.sql)):
        name = str(node.get("function_name", "")).casefold()
        if name in _OF_THE_ENGINE:
            line, column = text.position(node.get("query_location"))
            what = f"`{name}()` asks the engine, not the data"
            fix = "name only your tables and columns"
            raise SqlError(SqlProblem(code="E404", what=what, fix=fix, line=line, column=column))


def _relation(name: str, known: Published, words: set[str]) -> Relation:
    from headwater.sql import Column, Relation

    shown = [c for c in known.columns if c in known.state.schema or c[0].casefold() in words]
    columns = tuple(Column(name=column, type=kind) for column, kind in shown)
    return Relation(name=name, columns=columns, time=known.state.time)


def _nearest(what: str, view: ReleaseView) -> str:
    """For an unknown table: the nearest published one, or what has to happen first."""
    if not what.startswith("unknown table"):
        return ""
    if not view.states:
        return "nothing is published yet: `headwater run`"
    word = what.partition("`")[2].rpartition("`")[0]
    if "." in word or "/" in word:
        return "files are not read inside the SQL: declare it as a source or a seed"
    known = {n.name.casefold(): n for n in view.definitions if BY_NAME[n.kind].is_relation}
    unbuilt = known.get(word.casefold())
    if unbuilt is not None:
        return f"nothing of {unbuilt} is published yet: `headwater run {unbuilt}`"
    return did_you_mean(word, [node.name for node in known.values()], "`headwater ls` lists all")


def _issue(code: str, what: str, fix: str, line: int, column: int) -> HeadwaterError:
    return HeadwaterError(Issue(code=code, what=what, place=Place("sql", line, column), fix=fix))


def _sql_type(value: object) -> str:
    """The DuckDB type under which a parameter is bound."""
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "BIGINT"
    if isinstance(value, float):
        return "DOUBLE"
    if isinstance(value, Decimal):
        return "DECIMAL(38,9)"
    if isinstance(value, datetime):
        return "TIMESTAMP WITH TIME ZONE" if value.tzinfo else "TIMESTAMP"
    return "DATE" if isinstance(value, date) else "VARCHAR"
