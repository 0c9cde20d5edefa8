"""One run an environment at a time; a lock that its holder's death sets free.

Beside a SQLite ledger lies `<ledger>.<environment>.lock`, locked by `flock` and naming its holder;
on PostgreSQL it is an advisory lock of a session kept open.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from headwater.errors import HeadwaterError, Issue, Place
from headwater.ledger.database import Database
from headwater.ledger.schema import leases

_POLL_S = 0.05


class _Lock(Protocol):
    def acquire(self, holder: str) -> bool: ...
    def release(self) -> None: ...
    def holder(self) -> str: ...


class RunLock:
    """`with ledger.run_lock("prod", holder="…") as held:` - `held` says whether this run has it."""

    def __init__(self, lock: _Lock, *, holder: str, wait_s: float) -> None:
        self._lock = lock
        self._own = holder
        self._wait_s = wait_s

    def try_acquire(self, wait_s: float = 0.0) -> bool:
        """Take the lock, waiting up to `wait_s` seconds; whether it was got."""
        until = time.monotonic() + wait_s
        while not self._lock.acquire(self._own):
            if time.monotonic() >= until:
                return False
            time.sleep(_POLL_S)
        return True

    def release(self) -> None:
        """Set the lock free; nothing happens if it is not held."""
        self._lock.release()

    def holder(self) -> str:
        """Who holds the lock, in the words that it gave; "" if nobody is known to."""
        return self._lock.holder()

    def __enter__(self) -> bool:
        return self.try_acquire(self._wait_s)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class FileLock:
    """A lock by `flock` on a file."""

    def __init__(self, ledger: Path, environment: str) -> None:
        self._environment = environment
        self._path = ledger.with_name(f"{ledger.name}.{quote(environment, safe='')}.lock")
        self._file: int | None = None

    def acquire(self, holder: str) -> bool:
        """Take the lock if it is free."""
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            issue = Issue(
                code="E704",
                what=f"the lock of `{self._environment}` cannot be written: {error.strerror}",
                place=Place(str(self._path)),
                fix="give yourself write permission on the ledger's folder",
            )
            raise HeadwaterError(issue) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        os.ftruncate(file, 0)
        os.pwrite(file, holder.encode(), 0)
        self._file = file
        return True

    def release(self) -> None:
        """Set it free; the file stays, for removing it would let two hold it."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def holder(self) -> str:
        """What the holder wrote; also of one that died, until the next one takes the lock."""
        try:
            return self._path.read_text()
        except OSError:
            return ""


class ServerLock:
    """A lock by `pg_try_advisory_lock` in a session of its own."""

    def __init__(self, database: Database, environment: str) -> None:
        self._database = database
        self._environment = environment
        name = f"headwater run {environment}".encode()
        digest = hashlib.blake2b(name, digest_size=8).digest()
        self._key = int.from_bytes(digest, "big", signed=True)
        self._session: sa.Connection | None = None

    def acquire(self, holder: str) -> bool:
        """Take the lock if it is free."""
        session = self._database.session()
        if not session.execute(sa.select(sa.func.pg_try_advisory_lock(self._key))).scalar_one():
            session.close()
            return False
        self._session = session
        try:
            with self._database.write() as connection:
                own = leases.c.environment == self._environment
                connection.execute(sa.delete(leases).where(own))
                row = {"environment": self._environment, "holder": holder}
                connection.execute(sa.insert(leases), row)
        except HeadwaterError:
            self.release()
            raise
        return True

    def release(self) -> None:
        """Set it free; a session that has broken off has done so already."""
        if self._session is not None:
            with suppress(DBAPIError):
                self._session.execute(sa.select(sa.func.pg_advisory_unlock(self._key)))
            self._session.close()
            self._session = None

    def holder(self) -> str:
        """What the last holder wrote."""
        query = sa.select(leases.c.holder).where(leases.c.environment == self._environment)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none() or ""
