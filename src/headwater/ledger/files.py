"""Which data files are needed, for vacuum; and the releases pinned against it.

A file is needed while a state of a release in use holds it. In use are the releases that an
environment points to, those that one left less than the grace ago, and pinned ones. A build made
less than the grace ago is needed whether it is published or not, and so is, for good, every version
with what it was made from.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from headwater.ledger.database import Database
from headwater.ledger.encoding import from_micros, load_all, read_file, to_micros
from headwater.ledger.model import FileUse, Pin
from headwater.ledger.releases import Releases
from headwater.ledger.schema import builds, departures, environments, pins
from headwater.ledger.states import States
from headwater.ledger.versions import Versions


class Files:
    """What vacuum asks."""

    def __init__(
        self, database: Database, releases: Releases, states: States, versions: Versions
    ) -> None:
        self._database = database
        self._releases = releases
        self._states = states
        self._versions = versions

    def uses(self, *, now: datetime, grace: timedelta) -> Iterator[FileUse]:
        """Every data file that the ledger knows and has not seen vacuumed, each path once."""
        since = to_micros(now - grace)
        newest: dict[str, FileUse] = {}
        for number in self._in_use(since):
            held = self._releases.resolve(number).states.values()
            for state in self._states.get(held).values():
                for file in state.files:
                    newest[file.path] = FileUse(
                        path=file.path,
                        build=file.build,
                        bytes=file.bytes,
                        needed=True,
                        release=number,
                    )
        for version in self._versions.all(None):
            for file in version.files:
                if file.path not in newest:
                    newest[file.path] = FileUse(
                        path=file.path,
                        build=file.build,
                        bytes=file.bytes,
                        needed=True,
                        release=None,
                    )
        yield from newest.values()
        made = self._build_bodies()
        for (made_at, _), body in zip(made, load_all(body for _, body in made), strict=True):
            for item in body[4]:
                file = read_file(item)
                if file.path not in newest:
                    newest[file.path] = use = FileUse(
                        path=file.path,
                        build=file.build,
                        bytes=file.bytes,
                        needed=made_at > since,
                        release=None,
                    )
                    yield use

    def _in_use(self, since: int) -> Sequence[int]:
        """Releases whose files are needed, oldest first."""
        query = sa.union(
            sa.select(environments.c.release),
            sa.select(pins.c.release),
            sa.select(departures.c.release).where(departures.c.at > since),
        )
        with self._database.read() as connection:
            return sorted(connection.execute(query).scalars())

    def _build_bodies(self) -> Sequence[tuple[int, bytes]]:
        query = (
            sa.select(builds.c.started_at, builds.c.body)
            .where(builds.c.vacuumed_at.is_(None))
            .order_by(builds.c.sequence)
        )
        with self._database.read() as connection:
            return [(made_at, body) for made_at, body in connection.execute(query)]

    def pin(self, pin: Pin) -> None:
        """Keep the files of a release; pinning it again gives the new reason."""
        self._releases.release(pin.release)
        row = {
            "release": pin.release,
            "reason": pin.reason,
            "at": to_micros(pin.at),
            "author": pin.author,
        }
        with self._database.write() as connection:
            connection.execute(sa.delete(pins).where(pins.c.release == pin.release))
            connection.execute(sa.insert(pins), row)

    def unpin(self, release: int) -> None:
        """Let vacuum take the files of a release again."""
        with self._database.write() as connection:
            connection.execute(sa.delete(pins).where(pins.c.release == release))

    def pins(self) -> Sequence[Pin]:
        """The pinned releases, oldest first."""
        with self._database.read() as connection:
            return tuple(
                Pin(
                    release=row.release,
                    reason=row.reason,
                    at=from_micros(row.at),
                    author=row.author,
                )
                for row in connection.execute(sa.select(pins).order_by(pins.c.release))
            )
