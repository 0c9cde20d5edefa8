"""The page that asks for the token."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from headwater.web.guard import LOGIN, SESSION_COOKIE, SESSION_S, is_secret, new_session
from headwater.web.pages import render, site_of

router = APIRouter(include_in_schema=False)

#: A wrong token waits this long, so that guessing takes for ever.
_WAIT_S = 0.5


@router.get(LOGIN)
def ask(request: Request, next: str = "/") -> Response:  # noqa: A002  a word of the address
    """The form."""
    if not site_of(request).options.token:
        return RedirectResponse("/", status_code=303)
    return _form(request, next)


@router.post(LOGIN)
def enter(
    request: Request,
    token: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002  a field of the form
) -> Response:
    """Give the browser a session, and the page that was asked for."""
    secret = site_of(request).options.token
    if not is_secret(token.strip(), secret):
        time.sleep(_WAIT_S)
        return _form(request, next, wrong=True)
    response = RedirectResponse(local_path(next), status_code=303)
    response.set_cookie(
        SESSION_COOKIE,
        new_session(secret, time.time()),
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


def _form(request: Request, next_path: str, *, wrong: bool = False) -> Response:
    return render(
        request,
        "login.html",
        status=403 if wrong else 200,
        cached=False,
        title="Sign in",
        next=local_path(next_path),
        wrong=wrong,
    )


def local_path(text: str) -> str:
    r"""An address on this site alone; `/` for anything else.

    >>> local_path("/metrics?q=1"), local_path("//evil.example/"), local_path("/\\evil.example")
    ('/metrics?q=1', '/', '/')
    """
    inside = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if inside and text.isprintable() else "/"
