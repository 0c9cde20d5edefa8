"""Who may ask, and how: the Host of the request, the token, and forms of our own pages alone."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
import time
from collections.abc import Callable
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headwater.errors import Issue
from headwater.web.errors import is_for_programs, show_issues
from headwater.web.forms import TOKEN_FIELD, TOKEN_HEADER, is_token, visitor_of
from headwater.web.options import ServeOptions, is_loopback
from headwater.web.scoring.prometheus import is_for_prometheus

SESSION_COOKIE = "headwater_session"
LOGIN = "/login"
SESSION_S = 7 * 24 * 3600
_MOST_BYTES = 1 << 20
_READS = frozenset(("GET", "HEAD", "OPTIONS"))


class Guard:
    """Refuses what is not asked by a reader of our own pages. Code E973."""

    def __init__(
        self, app: ASGIApp, options: ServeOptions, has_key: Callable[[Scope], bool]
    ) -> None:
        self.app = app
        self.options = options
        self.has_key = has_key  # that opens models, and what is said of them
        self.names = own_names(options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a refusal."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        request = Request(scope, receive)
        refusal = self._refused_host(request) or self._not_signed_in(request)
        if refusal is None and _can_be_forged(scope) and not self._has_bearer(request):
            body = await _body_of(request)
            refusal = _refused_form(request, body)
            receive = _replay(body or b"")
        await (refusal or self.app)(scope, receive, send)

    def _refused_host(self, request: Request) -> Response | None:
        """A page elsewhere may point its own name at us; an address is nobody's name."""
        host = request.headers.get("host", "")
        if is_own_host(host, self.names):
            return None
        what = f"this server does not answer for the host `{_bare_host(host)[:100]}`"
        fix = "ask for localhost, or start it with `--allow-host NAME`"
        return _refuse(request, what, fix, 421)

    def _has_bearer(self, request: Request) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and is_secret(given.strip(), self.options.token)

    def _not_signed_in(self, request: Request) -> Response | None:
        path = request.url.path
        if not self.options.token or path == LOGIN or path.startswith("/static/"):
            return None
        if self._has_bearer(request) or (
            _is_of_models(request.scope) and self.has_key(request.scope)
        ):
            return None
        if is_session(request.cookies.get(SESSION_COOKIE, ""), self.options.token, time.time()):
            return None
        if "text/html" in request.headers.get("accept", "") and request.method == "GET":
            wanted = path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"{LOGIN}?next={quote(wanted, safe='')}", status_code=303)
        refusal = _refuse(request, "a token is needed", "send `Authorization: Bearer …`", 401)
        refusal.headers["www-authenticate"] = "Bearer"
        return refusal


def _can_be_forged(scope: Scope) -> bool:
    """Whether a page of another site could make a browser do something here.

    Programs change nothing but by POST, for which browsers do not always ask first. Scores are
    answered before this guard is asked (`web.scoring`); what else is said of models is only read.
    """
    if is_for_programs(scope["path"]):
        return bool(scope["method"] == "POST" and not _is_of_models(scope))
    return scope["method"] not in _READS


def _is_of_models(scope: Scope) -> bool:
    path: str = scope["path"]
    return path == "/v1/models" or path.startswith("/v1/models/") or is_for_prometheus(scope)


def own_names(options: ServeOptions) -> frozenset[str]:
    """The host names under which this server may be asked."""
    own = (options.host, "localhost", socket.gethostname(), socket.getfqdn(), *options.names)
    return frozenset(name.lower() for name in own if name)


def is_own_host(host: str, names: frozenset[str]) -> bool:
    """Whether a Host header is an address or one of the names."""
    bare = _bare_host(host)
    return bare in names or _is_address(bare)


def _refused_form(request: Request, body: bytes | None) -> Response | None:
    """What another site made the reader's browser send, or a form that is too old or too large."""
    if body is None:
        return _refuse(request, "the request is larger than 1 MiB", "send less at once", 413)
    headers = request.headers
    origin = headers.get("origin")
    foreign = origin is not None and origin.partition("://")[2].lower() != headers["host"].lower()
    if foreign or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return _refuse(request, "the request comes from another site", "use the page itself", 403)
    kind = headers.get("content-type", "").partition(";")[0].strip()
    if is_for_programs(request.url.path) and kind == "application/json":
        return None  # other sites cannot send JSON without asking first, and are not answered
    given = headers.get(TOKEN_HEADER, "")
    if not given and kind == "application/x-www-form-urlencoded":
        given = parse_qs(body.decode(errors="replace")).get(TOKEN_FIELD, [""])[0]
    if is_token(given, visitor_of(request)):
        return None
    return _refuse(request, "the form is not, or no longer, one of ours", "load the page anew", 403)


def _refuse(request: Request, what: str, fix: str, status: int) -> Response:
    return show_issues(request, (Issue(code="E973", what=what, fix=fix),), status)


def is_secret(given: str, token: str) -> bool:
    """Whether it is the token; takes as long whatever is wrong with it."""
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())


def new_session(token: str, now_s: float) -> str:
    """What the cookie of someone who gave the token holds: when it ends, and a proof."""
    ends = str(int(now_s) + SESSION_S)
    return f"{ends}.{_proof(token, ends)}"


def is_session(cookie: str, token: str, now_s: float) -> bool:
    """Whether a cookie was made from this token, and has not ended."""
    ends, _, proof = cookie.partition(".")
    proven = hmac.compare_digest(proof.encode(), _proof(token, ends).encode())
    return proven and ends.isdecimal() and int(ends) > now_s


def _proof(token: str, ends: str) -> str:
    return hmac.new(token.encode(), f"session:{ends}".encode(), hashlib.sha256).hexdigest()


def _bare_host(host: str) -> str:
    """The Host header without its port, in lower case.

    >>> _bare_host("[::1]:8000"), _bare_host("LOCALHOST:8000")
    ('::1', 'localhost')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.rpartition(":")[0].lower() if ":" in host else host.lower()


def _is_address(bare: str) -> bool:
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return is_loopback(bare)
    return True


async def _body_of(request: Request) -> bytes | None:
    """The whole body; None where it is too large."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > _MOST_BYTES:
            return None
    return bytes(found)


def _replay(body: bytes) -> Receive:
    """The body once more, for who comes next."""
    parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return parts.pop() if parts else {"type": "http.disconnect"}

    return receive
