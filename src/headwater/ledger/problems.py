"""What a database's error means to a user, and how to mend it."""

from __future__ import annotations

import sqlite3

from headwater.errors import Issue, Place

_RESTORE = "restore it from a backup, or move it away: the lake's files stay as they are"

#: What is found when a record cannot be read although the database could.
DAMAGED = Issue(code="E706", what="the ledger is damaged: a record cannot be read", fix=_RESTORE)

# The low byte of SQLite's result codes, https://sqlite.org/rescode.html
_SQLITE: dict[int, tuple[str, str, str]] = {
    sqlite3.SQLITE_FULL: (
        "E703",
        "no room to write the ledger; nothing was published",
        "free some disk space (`headwater vacuum`) and run again: what is built is kept",
    ),
    sqlite3.SQLITE_READONLY: (
        "E704",
        "the ledger may only be read",
        "give yourself write permission on the file and its folder",
    ),
    sqlite3.SQLITE_BUSY: (
        "E705",
        "another process has been writing to the ledger for more than 30 s",
        "run again when it is done",
    ),
    sqlite3.SQLITE_NOTADB: ("E706", "this file is not a ledger", _RESTORE),
    sqlite3.SQLITE_CORRUPT: ("E706", "the ledger is damaged", _RESTORE),
    sqlite3.SQLITE_CANTOPEN: (
        "E702",
        "the ledger cannot be opened",
        "check `ledger` in the profile, and the permissions of the file and its folder",
    ),
    sqlite3.SQLITE_PERM: (
        "E702",
        "the ledger cannot be opened",
        "check the permissions of the file and its folder",
    ),
    sqlite3.SQLITE_IOERR: (
        "E703",
        "the disk failed under the ledger; nothing was published",
        "look after the disk, then run again: what is built is kept",
    ),
}

# Classes and codes of SQLSTATE, the longest that fits is taken.
_POSTGRES: dict[str, tuple[str, str, str]] = {
    "53100": (
        "E703",
        "the ledger's server has no room left; nothing was published",
        "free disk space on the server and run again: what is built is kept",
    ),
    "25006": ("E704", "the ledger may only be read", "connect to the primary server"),
    "42501": (
        "E704",
        "no permission on the ledger's tables",
        "grant this user all rights on the ledger's schema",
    ),
    "55P03": (
        "E705",
        "another process has been writing to the ledger for more than 30 s",
        "run again when it is done",
    ),
    "28": ("E702", "the ledger's server refused the user", "check user and password in the URL"),
    "3D": ("E702", "the ledger's database does not exist", "create it, or mend the URL"),
    "08": ("E702", "the ledger's server cannot be reached", "check the URL and the server"),
    "57P": ("E702", "the ledger's server is shutting down", "run again when it is back"),
}


def explain_sqlite(error: sqlite3.Error, name: str) -> Issue | None:
    """The issue that a user reads; None for an error that only a mistake of ours makes."""
    known = _SQLITE.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
    if known is None:
        return None
    code, what, fix = known
    return Issue(code=code, what=what, place=Place(name), fix=fix)


def explain_postgres(error: BaseException | None, name: str) -> Issue | None:
    """As `explain_sqlite`, from the SQLSTATE; a failure to connect bears none."""
    import psycopg

    state = getattr(error, "sqlstate", None)
    if state is None and isinstance(error, psycopg.OperationalError):
        state = "08"
    for length in (5, 3, 2):
        known = _POSTGRES.get((state or "")[:length])
        if known is not None:
            code, what, fix = known
            return Issue(code=code, what=what, place=Place(name), fix=fix)
    return None
