"""Saved queries with a form each, and a page for SQL of one's own; rows as a table or a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from headwater.errors import Issue, did_you_mean
from headwater.kinds.query.definition import Parameter, QueryDefinition
from headwater.kinds.query.values import read_value, written
from headwater.project.asked import SqlResult, run_adhoc
from headwater.project.queries import (
    choices_of,
    fill_in,
    in_reading_order,
    run_definition,
    sql_with_values,
)
from headwater.views.exports import ExportFormat
from headwater.views.summaries import NodeFacts
from headwater.web.asking import LIMITS, SHOWN_ROWS, Asked, ask, download
from headwater.web.context import NotThere, Snapshot
from headwater.web.pages import render, snapshot_of

router = APIRouter(include_in_schema=False)

_INPUTS = {"integer": "number", "number": "number", "date": "date", "timestamp": "datetime-local"}
_QUOTED = re.compile(r"`([A-Za-z_]\w*)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A parameter as a field of a form: what stands in it, and what may."""

    parameter: Parameter
    value: str
    choices: tuple[str, ...] | None
    is_wrong: bool = False

    @property
    def input(self) -> str:
        """The sort of field that a browser shows."""
        return _INPUTS.get(self.parameter.type, "text")


@router.get("/queries")
def queries(request: Request) -> Response:
    """All saved queries: lessons in their order, then the others."""
    found = in_reading_order(_queries(snapshot_of(request)).values())
    lessons = [query for query in found if isinstance(query.described.meta.get("lesson"), int)]
    others = [query for query in found if query not in lessons]
    return render(request, "queries.html", title="Queries", lessons=lessons, others=others)


@router.get("/queries/{name}")
def query(request: Request, name: str) -> Response:
    """A saved query: its form, and its rows for the values in the address."""
    snapshot = snapshot_of(request)
    definition = _find(snapshot, name)
    given = dict(request.query_params)
    missing = [p for p in definition.parameters if p.required and not given.get(p.name)]
    question = partial(_answer, snapshot, definition, given)
    asked = Asked() if missing and not given else ask(snapshot, question)
    facts = snapshot.node("query", name)
    return render(
        request,
        "query.html",
        status=400 if asked.issues else 200,
        title=definition.described.title or name,
        crumbs=[("Queries", "/queries")],
        definition=definition,
        facts=facts,
        fields=_fields(snapshot, definition, given, asked.issues),
        given=given,
        asked=asked,
        shown_rows=SHOWN_ROWS,
        own_sql=sql_with_values(definition, {}).rstrip(),
    )


@router.get("/queries/{name}/rows.{format}")
def query_file(request: Request, name: str, format: ExportFormat) -> Response:
    """All rows of a saved query as a file."""
    snapshot = snapshot_of(request)
    definition = _find(snapshot, name)
    given = dict(request.query_params)
    return download(
        ask(snapshot, partial(_answer, snapshot, definition, given)), definition.id.name, format
    )


@router.get("/sql")
def sql(request: Request, query: Annotated[str, Query(max_length=200)] = "") -> Response:
    """A field for SQL of one's own, or for that of a saved query, to be changed and tried."""
    snapshot = snapshot_of(request)
    text = ""
    if query:
        definition = _find(snapshot, query)
        given = {k: v for k, v in request.query_params.items() if k != "query"}
        text = sql_with_values(definition, fill_in(snapshot.project, definition, given))
    return _sql_page(request, text, Asked())


@router.post("/sql")
def run_sql(request: Request, sql: Annotated[str, Form()] = "") -> Response:
    """The rows of what was typed. It may read the project's tables and nothing else."""
    snapshot = snapshot_of(request)
    return _sql_page(request, sql, ask(snapshot, partial(_typed, snapshot, sql)))


@router.post("/sql/rows.{format}")
def sql_file(request: Request, format: ExportFormat, sql: Annotated[str, Form()] = "") -> Response:
    """All rows of what was typed as a file."""
    snapshot = snapshot_of(request)
    return download(ask(snapshot, partial(_typed, snapshot, sql)), "rows", format)


def _sql_page(request: Request, text: str, asked: Asked) -> Response:
    return render(
        request,
        "sql.html",
        status=400 if asked.issues else 200,
        cached=False,
        title="SQL",
        crumbs=[("Queries", "/queries")],
        sql=text,
        asked=asked,
        tables=_tables(snapshot_of(request)),
        shown_rows=SHOWN_ROWS,
        limits=LIMITS,
    )


def _tables(snapshot: Snapshot) -> list[NodeFacts]:
    """What SQL can name, tables first."""
    found = [
        facts
        for facts in snapshot.facts.values()
        if facts.node.kind in ("table", "source") and facts.rows is not None
    ]
    return sorted(found, key=lambda facts: (facts.node.kind != "table", facts.node.name))


def _queries(snapshot: Snapshot) -> Mapping[str, QueryDefinition]:
    """The saved queries of the release."""
    definitions = (node.definition for node in snapshot.bound.graph.nodes.values())
    return {d.id.name: d for d in definitions if isinstance(d, QueryDefinition)}


def _find(snapshot: Snapshot, name: str) -> QueryDefinition:
    known = _queries(snapshot)
    if name not in known:
        raise NotThere(f"there is no query `{name}`", did_you_mean(name, known))
    return known[name]


def _answer(snapshot: Snapshot, definition: QueryDefinition, given: Mapping[str, str]) -> SqlResult:
    return run_definition(snapshot.project, definition, given, limits=LIMITS).result


def _typed(snapshot: Snapshot, sql: str) -> SqlResult:
    return run_adhoc(snapshot.project, sql, limits=LIMITS)


def _fields(
    snapshot: Snapshot,
    definition: QueryDefinition,
    given: Mapping[str, str],
    issues: tuple[Issue, ...],
) -> list[Field]:
    """The form; what was given stays in its fields, also where it is wrong."""
    texts = {name.casefold(): text for name, text in given.items()}
    named = {name for issue in issues for name in _QUOTED.findall(issue.what)}
    return [
        Field(
            parameter=parameter,
            value=_in_field(parameter, texts.get(parameter.name.casefold())),
            choices=choices_of(snapshot.project, parameter).values,
            is_wrong=parameter.name in named,
        )
        for parameter in definition.parameters
    ]


def _in_field(parameter: Parameter, text: str | None) -> str:
    """A value as its field holds it: dates and times in the form that browsers know."""
    shown = parameter.default or "" if text is None else text
    try:
        return written(read_value(parameter.type, shown))
    except ValueError:
        return shown
