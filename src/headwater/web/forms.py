"""Forms that only our own pages can send: a token bound to the visitor, and the Origin.

A page is kept once for all readers, so its forms hold a word that no data can hold: it is drawn
anew by each process. Each reader's own token takes its place on the way out.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from starlette.requests import HTTPConnection

VISITOR_COOKIE = "headwater_visitor"
TOKEN_FIELD = "form_token"  # noqa: S105  a field's name
TOKEN_HEADER = "x-form-token"  # noqa: S105  a header's name
#: Stands for the reader's token in pages that readers share.
FORM_TOKEN = f"form-token-{secrets.token_hex(16)}"

_SECRET = secrets.token_bytes(32)


def new_visitor() -> str:
    """A name for a browser that has none."""
    return secrets.token_urlsafe(18)


def token_for(visitor: str) -> str:
    """The form token of one visitor; nobody can derive it without this process."""
    return hmac.new(_SECRET, visitor.encode(), hashlib.sha256).hexdigest()


def visitor_of(connection: HTTPConnection) -> str:
    """The visitor's name; empty for a new one."""
    return connection.cookies.get(VISITOR_COOKIE, "")


def token_of(connection: HTTPConnection) -> str:
    """The form token of who asks; the visitor's name is kept for the answer to set."""
    state = connection.scope.setdefault("state", {})
    visitor = visitor_of(connection) or state.setdefault("visitor", new_visitor())
    return token_for(visitor)


def is_token(given: str, visitor: str) -> bool:
    """Whether a form token is this visitor's."""
    return bool(visitor) and hmac.compare_digest(given.encode(), token_for(visitor).encode())
