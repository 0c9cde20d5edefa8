"""Unit tests of tables: given these rows, expect those."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from headwater.contracts.quoting import quote_all
from headwater.definitions.sqlfile import without_comments
from headwater.engines.protocol import InputRelation, Session
from headwater.errors import HeadwaterError, Issue, did_you_mean, raise_errors
from headwater.graph.node import Node, Schema
from headwater.graph.relations import hidden_named
from headwater.kinds.table.definition import TableDefinition, UnitTest
from headwater.kinds.table.history import BEFORE, history_sql
from headwater.kinds.table.inputs import PREVIOUS
from headwater.kinds.table.python import load_function
from headwater.project.binding import Bound
from headwater.project.testing.model import Difference, Row, UnitResult
from headwater.project.testing.rows import GivenRows, columns_in, compare_rows, given_table

if TYPE_CHECKING:
    from headwater.engines.duckdb import DuckDBSession
    from headwater.project import Project

RESULT, EXPECTED = "__headwater_result", "__headwater_expected"


def run_unit_tests(
    project: Project, select: Sequence[str] = (), exclude: Sequence[str] = ()
) -> tuple[UnitResult, ...]:
    """Run the unit tests of the selected tables as they are on disk; nothing is published or read.

    Inputs hold the given rows alone. `previous` is given under that name; the ranges that a table
    with `history` goes on from, under its own.
    """
    raise_errors(project.bound.errors)
    selected = project.select(select, exclude)
    return tuple(
        run_unit_test(project, node, test)
        for node in project.bound.graph.nodes.values()
        if node.id in selected and isinstance(node.definition, TableDefinition)
        for test in node.definition.tests
    )


def run_unit_test(project: Project, node: Node, test: UnitTest) -> UnitResult:
    """Run one test. Code E727: a table or column that is not there, a value that does not fit."""
    began = time.perf_counter()
    difference: Difference | None = None
    issues = tuple(_mistakes(node, test, project.bound))
    if not issues:
        try:
            difference = _differ(project, node, test)
        except HeadwaterError as error:
            issues = error.issues
    return UnitResult(
        node=node.id,
        name=test.name,
        place=test.place,
        passed=difference is not None and difference.is_empty,
        seconds=time.perf_counter() - began,
        difference=difference,
        issues=issues,
    )


def _differ(project: Project, node: Node, test: UnitTest) -> Difference:
    with project.workspace.engine.session() as session, tempfile.TemporaryDirectory() as scratch:
        relations = _relations(node, project.bound)
        given = {name.casefold(): rows for name, rows in test.given.items()}
        for name, shown in relations.items():
            _bind(session, shown, given.get(name.casefold(), ()), f"given `{name}`", test)
        session.bind_inputs((), project.bound.functions)
        files = _build(project, node, session, Path(scratch))
        session.bind_inputs([InputRelation(name=RESULT, schema=node.schema, files=files)])
        columns = columns_in(test.expect) or node.column_names
        types = dict(node.schema)
        schema = tuple((name, types[name]) for name in columns)
        _bind(session, InputRelation(name=EXPECTED, schema=schema), test.expect, "expect", test)
        return compare_rows(
            columns, _rows(session, EXPECTED, schema), _rows(session, RESULT, schema), node.key
        )


def _relations(node: Node, bound: Bound) -> Mapping[str, InputRelation]:
    """What the table reads, by the names under which a test gives it."""
    definition = cast("TableDefinition", node.definition)
    text = without_comments(definition.sql).casefold()
    found: dict[str, InputRelation] = {}
    for edge in node.inputs:
        if edge.mode == "previous":
            schema: Schema = tuple(definition.previous.items())
            found[PREVIOUS] = InputRelation(name=PREVIOUS, schema=schema)
            continue
        upstream = bound.graph.nodes[edge.node]
        schema = (*upstream.schema, *hidden_named(upstream, text))
        found[edge.name] = InputRelation(name=edge.name, schema=schema, time=upstream.time)
    if definition.history is not None:
        found[node.id.name] = InputRelation(name=BEFORE, schema=node.schema)
    return found


def _bind(
    session: Session, shown: InputRelation, rows: GivenRows, where: str, test: UnitTest
) -> None:
    """Show given rows, and cast them once so that a value that does not fit is told where it is."""
    if not rows:
        session.bind_inputs([shown])
        return
    session.bind_inputs([replace(shown, rows=given_table(rows))])
    try:
        _rows(session, shown.name, shown.schema)
    except HeadwaterError as error:
        raise HeadwaterError(
            *(
                Issue(code="E727", what=f"{where}: {issue.what}", place=test.place, fix=issue.fix)
                for issue in error.issues
            )
        ) from error


def _build(project: Project, node: Node, session: Session, scratch: Path) -> tuple[Path, ...]:
    """The files of the rows that the table makes of what is bound."""
    definition = cast("TableDefinition", node.definition)

    def target(month: str | None, n: int) -> Path:
        return scratch / f"{month}-{n}.parquet"

    if definition.python is not None:
        from headwater.engines.duckdb.python_table import write_python_table

        _, written = write_python_table(
            cast("DuckDBSession", session),
            load_function(project.bound.folder, definition.python),
            schema=node.schema,
            time=None,
            keep=None,
            target=target,
            place=definition.place,
        )
        return tuple(file.path for file in written)
    sql = definition.sql
    if definition.history is not None:
        now = project.workspace.clock.now.isoformat()
        sql = history_sql(sql, definition.history.key, node, now)
    written = session.write_query(
        sql, schema=node.schema, time=None, keep=None, target=target, place=definition.place
    )
    return tuple(file.path for file in written)


def _rows(session: Session, name: str, schema: Schema) -> list[Row]:
    return session.fetch(f"SELECT {quote_all([column for column, _ in schema])} FROM {name}")


def _mistakes(node: Node, test: UnitTest, bound: Bound) -> Iterator[Issue]:
    """Tables and columns that a test names and that are not there."""
    relations = {name.casefold(): shown for name, shown in _relations(node, bound).items()}
    for name, rows in test.given.items():
        shown = relations.get(name.casefold())
        if shown is None:
            what = f"`given` names `{name}`, which {node.id} does not read"
            fix = did_you_mean(name, relations, "it reads " + ", ".join(relations))
            yield Issue(code="E727", what=what, place=test.place, fix=fix)
        else:
            yield from _unknown_columns(rows, shown.schema, f"given `{name}`", test)
    yield from _unknown_columns(test.expect, node.schema, "expect", test)


def _unknown_columns(
    rows: GivenRows, schema: Schema, where: str, test: UnitTest
) -> Iterator[Issue]:
    known = [name for name, _ in schema]
    for name in columns_in(rows):
        if name not in known:
            what = f"{where} names the column `{name}`, which is not there"
            fix = did_you_mean(name, known, "columns: " + ", ".join(known))
            yield Issue(code="E727", what=what, place=test.place, fix=fix)
