"""The ledger's face: everything that the other rooms ask of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa

from headwater.ids import NodeId
from headwater.ledger import migrate
from headwater.ledger.builds import BuildKey, Builds
from headwater.ledger.database import Database
from headwater.ledger.definitions import read_definitions
from headwater.ledger.files import Files
from headwater.ledger.lock import FileLock, RunLock, ServerLock
from headwater.ledger.marks import Mark, read_mark
from headwater.ledger.model import (
    DefinitionRecord,
    Event,
    FileUse,
    InputKey,
    Note,
    Pin,
    Publication,
    Release,
    ReleaseMap,
    RunRecord,
    Version,
)
from headwater.ledger.notes import insert_notes, read_notes
from headwater.ledger.publishing import Publishing
from headwater.ledger.releases import Releases
from headwater.ledger.runs import Runs
from headwater.ledger.schema import ledger
from headwater.ledger.states import States
from headwater.ledger.values import Values
from headwater.ledger.versions import Versions
from headwater.plan.state import Build, DataFile, State


class Ledger:
    """An open ledger; threads may share it. Every problem is a `HeadwaterError` with an E7xx code.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, Ledger.open(f"{folder}/ledger.db") as ledger:
    ...     ledger.head("prod"), ledger.epoch
    (None, 0)
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._values = Values(database)
        self._states = States(database, self._values)
        self._builds = Builds(database, self._values)
        self._versions = Versions(database, self._values, self._builds)
        self._releases = Releases(database)
        self._publishing = Publishing(
            database, self._values, self._states, self._builds, self._releases
        )
        self._runs = Runs(database)
        self._files = Files(database, self._releases, self._states, self._versions)

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """Open a path, `sqlite:///path` or `postgresql://…`; make or upgrade its tables.

        Raises E702 (cannot be opened), E706 (no ledger, or damaged), E708 (of a newer Headwater).
        """
        database = Database(url, create=create)
        try:
            migrate.prepare(database, create=create)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Close all connections; a ledger that is used again opens new ones."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # What it is

    @property
    def name(self) -> str:
        """Path or URL without its password, for messages."""
        return self._database.name

    @property
    def read_only(self) -> bool:
        """Whether the file or its folder may not be written."""
        return self._database.read_only

    @property
    def identity(self) -> str:
        """A random name given at birth; copies and backups of a ledger share it."""
        return str(self._read_one(ledger.c.identity))

    @property
    def epoch(self) -> int:
        """Grows with every publish; lower than the lake's: restored from an older backup."""
        return int(self._read_one(ledger.c.epoch))

    def mark(self, environment: str) -> Mark:
        """Differs from an earlier one whenever readers of an environment could see news."""
        return read_mark(self._database, environment)

    def _read_one(self, column: sa.Column[Any]) -> Any:
        with self._database.read() as connection:
            return connection.execute(sa.select(column)).scalar_one()

    # Environments and releases

    def head(self, environment: str) -> Release | None:
        """The release that an environment points to; None where there is none."""
        return self._releases.head(environment)

    def environments(self) -> Mapping[str, Release]:
        """The release that each environment points to, by name."""
        return self._releases.heads()

    def release(self, number: int) -> Release:
        """One release; raises E707 for an unknown number."""
        return self._releases.release(number)

    def releases(
        self, environment: str | None = None, limit: int | None = 100
    ) -> Sequence[Release]:
        """The newest releases, newest first."""
        return self._releases.list(environment, limit)

    def resolve(self, number: int) -> ReleaseMap:
        """The whole map of a release, at a bounded cost however long the history."""
        return self._releases.resolve(number)

    def states(self, ids: Iterable[str]) -> Mapping[str, State]:
        """States by id; raises E707 for an unknown one."""
        return self._states.get(ids)

    def definitions(self, hashes: Iterable[str]) -> Mapping[str, DefinitionRecord]:
        """Definitions by hash; raises E707 for an unknown one."""
        return read_definitions(self._database, hashes)

    def put_tree(self, files: Mapping[str, str]) -> str:
        """Keep a project's files, path → text, each text once; the digest that names them."""
        return self._values.put_tree(files)

    def tree(self, digest: str) -> Mapping[str, str]:
        """The files of `put_tree`, path → text; those of "" are none."""
        return self._values.tree(digest)

    # Publishing

    def publish(self, publication: Publication) -> Release:
        """Make a publication visible, all of it or nothing; `Conflict` if it comes too late."""
        return self._publishing.publish(publication)

    def point(
        self,
        environment: str,
        *,
        expected: int,
        to: int,
        author: str,
        at: datetime,
        reason: str = "",
        barred: Sequence[InputKey] = (),
    ) -> Release:
        """Roll back: a new release whose map and tree equal those of `to`; nothing is deleted."""
        return self._publishing.point(
            environment,
            expected=expected,
            to=to,
            author=author,
            reason=reason,
            at=at,
            barred=barred,
        )

    def drop_environment(self, name: str, *, at: datetime) -> None:
        """Forget where an environment points; its releases stay."""
        self._publishing.drop_environment(name, at)

    # Builds

    def record_builds(self, builds: Sequence[Build]) -> None:
        """Record prepared builds, not visible yet; one that is there already stays as it is."""
        self._builds.record(builds)

    def find_builds(self, wanted: Iterable[BuildKey]) -> Mapping[BuildKey, Build]:
        """The newest build of each node, input key and exact interval whose files still exist."""
        return self._builds.find(wanted)

    def builds(self, ids: Iterable[str]) -> Mapping[str, Build]:
        """Builds by id; unknown ones are left out."""
        return self._builds.get(ids)

    def builds_of(self, node: NodeId, limit: int = 200) -> Sequence[Build]:
        """The newest builds of a node that a release showed, newest first."""
        return self._builds.of(node, limit)

    def shown_in(self, builds: Iterable[str]) -> Mapping[str, int]:
        """The release in which each build first became visible; prepared ones are left out."""
        return self._builds.shown_in(builds)

    def barred(self) -> frozenset[InputKey]:
        """The input keys that were rejected and must not be built until released anew."""
        return self._publishing.barred()

    # Versions

    def add_version(
        self,
        build: Build,
        *,
        environment: str,
        passed: bool,
        body: str,
        files: Sequence[DataFile] = (),
        at: datetime,
    ) -> Version:
        """Record a build under the next number of its node; `files` are kept from vacuum."""
        return self._versions.add(
            build, environment=environment, passed=passed, body=body, files=files, at=at
        )

    def judge_version(
        self, version: Version, *, passed: bool, body: str, at: datetime, author: str
    ) -> Version:
        """Note beside a version what was found of it again; what was found before stays noted."""
        return self._versions.judge(version, passed=passed, body=body, at=at, author=author)

    def versions(self, node: NodeId | None = None) -> Sequence[Version]:
        """The versions of a node, or of all nodes, newest first."""
        return self._versions.all(node)

    def version(self, node: NodeId, number: int) -> Version:
        """One version; raises E049 for an unknown one."""
        return self._versions.get(node, number)

    def version_of(self, build: str) -> Version | None:
        """The version that a build is; None for one that has no number."""
        return self._versions.of_build(build)

    # Runs and events

    def start_run(self, run: RunRecord) -> None:
        """Record that a run has begun."""
        self._runs.start(run)

    def finish_run(self, run: str, *, status: str, at: datetime, summary: str = "") -> None:
        """Record how a run ended; `summary` is JSON text."""
        self._runs.finish(run, status=status, at=at, summary=summary)

    def add_events(self, run: str, events: Sequence[Event]) -> None:
        """Record what happened in a run, in order."""
        self._runs.add_events(run, events)

    def runs(
        self,
        environment: str | None = None,
        *,
        status: str | None = None,
        limit: int | None = 100,
    ) -> Sequence[RunRecord]:
        """Runs, newest first."""
        return self._runs.list(environment, status, limit)

    def find_run(self, run: str) -> RunRecord | None:
        """One run; None for an unknown one."""
        return self._runs.find(run)

    def events(self, run: str) -> Sequence[Event]:
        """What happened in a run, in order."""
        return self._runs.events(run)

    def run_lock(self, environment: str, *, holder: str, wait_s: float = 0.0) -> RunLock:
        """The lock of one run an environment; `holder` tells the others who has it."""
        path = self._database.path
        lock = (
            ServerLock(self._database, environment) if path is None else FileLock(path, environment)
        )
        return RunLock(lock, holder=holder, wait_s=wait_s)

    # Files

    def data_files(self, *, now: datetime, grace: timedelta) -> Iterator[FileUse]:
        """Every data file that the ledger knows, and whether anything needs it (see `files`)."""
        return self._files.uses(now=now, grace=grace)

    def mark_vacuumed(self, builds: Iterable[str], *, at: datetime, epoch: int) -> bool:
        """Say, before files of these builds are deleted, that they are gone: none is reused.

        `epoch` is what it was before `data_files` was asked; False, with nothing marked, if
        something was published since: ask again.
        """
        return self._builds.mark_vacuumed(builds, at, epoch)

    def pin(self, pin: Pin) -> None:
        """Keep the files of a release from vacuum."""
        self._files.pin(pin)

    def unpin(self, release: int) -> None:
        """Let vacuum take the files of a release again."""
        self._files.unpin(release)

    def pins(self) -> Sequence[Pin]:
        """The pinned releases, oldest first."""
        return self._files.pins()

    # Notes

    def add_notes(self, notes: Sequence[Note]) -> None:
        """Record free facts."""
        with self._database.write(durable=True) as connection:
            insert_notes(connection, notes)

    def notes(
        self,
        *,
        sort: str | None = None,
        node: NodeId | None = None,
        newest: int | None = None,
        release: int | None = None,
    ) -> Sequence[Note]:
        """Notes of one sort, node or release, or all; oldest first, or so many of the newest."""
        return read_notes(self._database, sort, node, newest, release)
