"""Routes that answer with rows: metrics, saved queries, SQL."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Path, Query, Request, Response

from headwater.errors import Issue, UsageError, did_you_mean
from headwater.project.asked import SqlResult, run_adhoc
from headwater.project.limits import Limits
from headwater.project.metrics.arrow import answer_table
from headwater.project.queries import in_reading_order, run_query, saved_queries
from headwater.semantics.asking import MetricQuery
from headwater.views.queries import query_data
from headwater.web.api.encoding import (
    FORMATS,
    RowFormat,
    column_facts,
    json_response,
    table_response,
)
from headwater.web.api.models import (
    MetricAnswer,
    MetricQuestion,
    Problems,
    QueryQuestion,
    Rows,
    SqlQuestion,
    Value,
)
from headwater.web.context import Snapshot
from headwater.web.masking import shown
from headwater.web.pages import snapshot_of

REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Problems, "description": "Asked wrongly: what, where and how to mend it."},
    404: {"model": Problems, "description": "There is no such thing; the nearest name is told."},
    "4XX": {"model": Problems, "description": "401 no token, 403 another site, 413 too large."},
}
_OTHER_FORMATS: Final = {
    "text/csv": {"schema": {"type": "string"}},
    "application/vnd.apache.arrow.stream": {"schema": {"type": "string", "format": "binary"}},
}
ROWS: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": Rows, "content": _OTHER_FORMATS},
    **REFUSALS,
}
ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {"model": MetricAnswer, "content": _OTHER_FORMATS},
    **REFUSALS,
}
#: A program gets at most so many rows at once, within so much time.
LIMITS: Final = Limits(rows=100_000, seconds=30.0)

router = APIRouter(prefix="/v1", tags=["Numbers"])


@router.get("/query", summary="Ask metrics", responses=ANSWER)
def ask(request: Request, asked: Annotated[MetricQuestion, Query()]) -> Response:
    """One row for each period and value of the dimensions; see `headwater query`."""
    return _answer(snapshot_of(request), asked)


@router.post("/query", summary="Ask metrics, the question as JSON", responses=ANSWER)
def ask_json(request: Request, asked: MetricQuestion) -> Response:
    """The same as `GET /v1/query`."""
    return _answer(snapshot_of(request), asked)


@router.get("/queries", summary="Saved queries", responses=REFUSALS)
def queries(request: Request) -> Response:
    """All saved queries with their parameters."""
    found = saved_queries(snapshot_of(request).project, released=True)
    listed = [query_data(query) for query in in_reading_order(found.values())]
    return json_response({"queries": listed})


@router.get("/queries/{name}", summary="Run a saved query", responses=ROWS)
def run_saved(request: Request, name: Annotated[str, Path(max_length=200)]) -> Response:
    """Parameters stand in the address: `?since=2011-01-01`; so do `format` and `limit`."""
    given: dict[str, Value] = dict(request.query_params)
    format_, limit = _format(given.pop("format", "json")), _limit(given.pop("limit", None))
    asked = QueryQuestion(parameters=given, limit=limit, format=format_)
    return _saved(snapshot_of(request), name, asked)


@router.post("/queries/{name}", summary="Run a saved query, parameters as JSON", responses=ROWS)
def run_saved_json(
    request: Request,
    name: Annotated[str, Path(max_length=200)],
    asked: Annotated[QueryQuestion | None, Body()] = None,
) -> Response:
    """The same as `GET /v1/queries/{name}`, also for parameters named `format` or `limit`."""
    return _saved(snapshot_of(request), name, asked or QueryQuestion())


@router.post("/sql", summary="Run a SELECT", responses=ROWS)
def sql(request: Request, asked: SqlQuestion) -> Response:
    """Reads what is published and nothing else, within limits of rows and time."""
    snapshot = snapshot_of(request)
    result = run_adhoc(
        snapshot.project,
        asked.sql,
        limits=_limits(asked.limit),
        parameters=asked.parameters or None,
    )
    return _rows(snapshot, result, asked.format, {})


def _answer(snapshot: Snapshot, asked: MetricQuestion) -> Response:
    question = MetricQuery(
        metrics=_words(asked.metric),
        by=_words(asked.by),
        grain=asked.grain,  # type: ignore[arg-type]  # what is none is refused with the nearest
        where=tuple(asked.where),
        period=asked.period,
        compare=_words(asked.compare),  # type: ignore[arg-type]
        order=_words(asked.order),
        limit=asked.limit,
    )
    answer = snapshot.reader.query(question, limits=LIMITS)
    facts = {
        "release": answer.release,
        "path": answer.path,
        "first": answer.first,
        "last": answer.last,
        "data_from": answer.data_from,
        "data_until": answer.data_until,
        "open_until": dict(answer.open_until),
        "notes": answer.notes,
        "sql": answer.sql,
        "columns": [
            {
                "name": column.name,
                "type": column.type,
                "sort": column.sort,
                "metric": column.metric,
                "comparison": column.comparison,
            }
            for column in answer.columns
        ],
    }
    return table_response(answer_table(answer), asked.format, facts, truncated=answer.truncated)


def _saved(snapshot: Snapshot, name: str, asked: QueryQuestion) -> Response:
    snapshot.node("query", name)  # 404 with the nearest one
    ran = run_query(
        snapshot.project, name, asked.parameters, limits=_limits(asked.limit), released=True
    )
    return _rows(snapshot, ran.result, asked.format, {"parameters": ran.values})


def _rows(
    snapshot: Snapshot, result: SqlResult, format_: RowFormat, facts: dict[str, Any]
) -> Response:
    release = snapshot.release.number if snapshot.release is not None else None
    result = shown(snapshot, result)
    columns = column_facts(result.columns, result.types)
    told = {"release": release, **facts, "columns": columns}
    return table_response(result.table, format_, told, truncated=result.truncated)


def _limits(rows: int | None) -> Limits:
    return LIMITS if rows is None else replace(LIMITS, rows=min(rows, LIMITS.rows))


def _words(texts: list[str]) -> tuple[str, ...]:
    """Several in one with commas, as on the command line."""
    return tuple(word.strip() for text in texts for word in text.split(",") if word.strip())


def _format(text: Value) -> RowFormat:
    for known in FORMATS:
        if text == known:
            return known
    fix = did_you_mean(str(text), FORMATS, "json, csv or arrow")
    raise UsageError(Issue(code="E975", what=f"unknown format `{text}`", fix=fix))


def _limit(text: Value) -> int | None:
    if text is None:
        return None
    text = str(text)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:8]) <= 1_000_000):
        fix = "a number from 1 to 1000000"
        raise UsageError(
            Issue(code="E975", what=f"`limit={text[:40]}` is no number of rows", fix=fix)
        )
    return int(text)
