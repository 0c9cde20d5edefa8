"""What PostgreSQL answers, as issues with a fix; a password is never shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from headwater.definitions.secrets import Secret, mask
from headwater.errors import Issue
from headwater.kinds.source.definition import PostgresOrigin, SourceDefinition

if TYPE_CHECKING:
    import psycopg

_NO_PASSWORD = ("no password supplied", "password authentication failed", "authentication failed")


def connection_issue(error: psycopg.Error, url: Secret, definition: SourceDefinition) -> Issue:
    """Wrong password or account (E522), no such database (E523), or nobody answers (E521)."""
    text = _text(error, url)
    where = _where(url)
    if any(words in text for words in _NO_PASSWORD) or error.sqlstate in ("28P01", "28000"):
        fix = "check user and password in the variable that `url` names"
        return _issue("E522", f"{where} refuses the login: {text}", definition, fix)
    if re.search(r'database ".*" does not exist', text):
        fix = "check the last part of the URL"
        return _issue("E523", f"{where}: {text}", definition, fix)
    fix = "check host and port in `url`, and that this machine may reach the server"
    return _issue("E521", f"{where} does not answer: {text}", definition, fix)


def query_issue(
    error: psycopg.Error, url: Secret, origin: PostgresOrigin, definition: SourceDefinition
) -> Issue:
    """A missing table or column (E524), no permission (E526), a lost connection (E521), others."""
    import psycopg

    text = _text(error, url)
    target = origin.table or "the query"
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.InvalidSchemaName):
        fix = "write `schema.table` as the database spells it"
        return _issue("E524", f"{target}: {text}", definition, fix)
    if isinstance(error, psycopg.errors.UndefinedColumn):
        return _issue("E524", f"{target}: {text}", definition, "correct the column's name")
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        fix = f"ask for it: GRANT SELECT ON {origin.table or '…'} TO the user of `url`"
        return _issue("E526", f"{target}: {text}", definition, fix)
    if isinstance(error, psycopg.OperationalError):
        fix = "nothing of the extract was landed; run again"
        return _issue("E521", f"the connection to {_where(url)} broke: {text}", definition, fix)
    return _issue("E527", f"{target} cannot be read: {text}", definition, "try it with psql")


def _issue(code: str, what: str, definition: SourceDefinition, fix: str) -> Issue:
    return Issue(code=code, what=what, place=definition.place, fix=fix)


def _text(error: psycopg.Error, url: Secret) -> str:
    """The driver's first line without any secret."""
    text = mask((error.diag.message_primary or str(error)).strip().split("\n", 1)[0])
    password = urlsplit(url.reveal()).password
    for secret in filter(None, (password, unquote(password or ""), url.reveal())):
        text = text.replace(secret, "•••")
    return text


def _where(url: Secret) -> str:
    parts = urlsplit(url.reveal())
    try:
        port = parts.port or 5432
    except ValueError:
        return "the database server"
    return f"PostgreSQL at {parts.hostname}:{port}" if parts.hostname else "PostgreSQL"
