"""What a reader is told when something is wrong: a page in the same design, never a traceback."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from headwater.errors import HeadwaterError, Issue, UsageError
from headwater.views.summaries import issue_data
from headwater.web.context import NotThere
from headwater.web.headers import secure
from headwater.web.pages import render

_LOG = logging.getLogger("headwater.web")
_TITLES = {
    400: "That was asked wrongly",
    404: "There is no such page",
    500: "This page failed",
}
#: Names that an address holds and the release does not, besides `NotThere`.
_UNKNOWN = frozenset(("E707", "E713", "E714", "E801"))


def handle_errors(app: FastAPI) -> None:
    """Give every error its page."""
    app.add_exception_handler(HeadwaterError, _of_issues)
    app.add_exception_handler(HTTPException, _of_status)
    app.add_exception_handler(RequestValidationError, _of_values)
    app.add_exception_handler(Exception, _of_surprise)


def is_for_programs(path: str) -> bool:
    """Whether an address is asked by programs, which get data and no pages."""
    return path.startswith("/v1/")


def show_issues(request: Request, issues: tuple[Issue, ...], status: int) -> Response:
    """The issues as a page, or as data where a machine asked."""
    if is_for_programs(request.url.path):
        body = {"issues": [issue_data(issue) for issue in issues]}
        return JSONResponse(body, status_code=status)
    title = _TITLES.get(status, HTTPStatus(status).phrase)
    return render(
        request, "error.html", status=status, cached=False, title=title, issues=issues, code=status
    )


async def _of_issues(request: Request, error: Exception) -> Response:
    assert isinstance(error, HeadwaterError)
    return show_issues(request, error.issues, status_of(error))


def status_of(error: HeadwaterError) -> int:
    """The HTTP status of an error: 404 unknown, 400 asked wrongly, else 500."""
    if isinstance(error, NotThere) or any(issue.code in _UNKNOWN for issue in error.issues):
        return 404
    asked = isinstance(error, UsageError) or all(
        i.code[:2] in ("E2", "E4", "E8", "E9") for i in error.issues
    )
    return 400 if asked else 500


async def _of_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    what = "there is no page at this address" if error.status_code == 404 else str(error.detail)
    issue = Issue(code="E974", what=what, fix="go back, or search for it")
    response = show_issues(request, (issue,), error.status_code)
    response.headers.update(error.headers or {})  # with 405, which methods there are
    return response


async def _of_values(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    issues = tuple(
        Issue(code="E974", what=f"`{each['loc'][-1]}`: {each['msg']}", fix="correct the address")
        for each in error.errors()
    )
    return show_issues(request, issues, 400)


async def _of_surprise(request: Request, error: Exception) -> Response:
    """Nobody foresaw it: the log has all of it, the page says what to do."""
    _LOG.error("%s %s failed", request.method, request.url.path, exc_info=error)
    issue = Issue(
        code="E799",
        what="this page failed in a way that nobody foresaw",
        fix="report it, with the log of `headwater serve`",
    )
    return secure(show_issues(request, (issue,), 500))
