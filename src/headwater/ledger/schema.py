"""The tables of the ledger.

Facts are only ever added: `releases`, `states`, `definitions`, `builds`, `versions`, `shared`,
`bars`, `notes`, `runs`, `events`. `environments`, `barred` and `ledger` say what is so now, and
change in the same transaction as the facts. Times are whole microseconds since 1970 in UTC.
`builds.release` and `builds.vacuumed_at`, `runs.status` and what ends a run are filled in once,
later.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

#: Every revision of the schema, oldest first; the files in `migrations/versions` bear the same.
REVISIONS = ("0001", "0002")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# SQLite counts up by itself only in a column of exactly this type.
_counter = BigInteger().with_variant(Integer(), "sqlite")

revision = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))

ledger = Table(
    "ledger",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1", name="one"), primary_key=True),
    Column("identity", String(32), nullable=False),
    Column("epoch", BigInteger, nullable=False),
)

# Texts kept once by the hash of what they say: contents, schemas, files of a project, trees.
shared = Table(
    "shared",
    metadata,
    Column("hash", String(24), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

definitions = Table(
    "definitions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("node", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# The body of a release or a state is a difference from `base`, or the whole where that is null.
releases = Table(
    "releases",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("environment", Text, nullable=False),
    Column("parent", BigInteger, ForeignKey("releases.number")),
    Column("created_at", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("sort", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("run", Text),
    Column("tree", String(24), nullable=False),
    Column("base", BigInteger, ForeignKey("releases.number")),
    Column("depth", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "environment", "number"),
)

states = Table(
    "states",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("node", Text, nullable=False),
    Column("base", String(24), ForeignKey("states.id")),
    Column("depth", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

environments = Table(
    "environments",
    metadata,
    Column("name", Text, primary_key=True),
    Column("release", BigInteger, ForeignKey("releases.number"), nullable=False),
)

# When an environment left a release behind: what vacuum counts its grace from.
departures = Table(
    "departures",
    metadata,
    Column("id", _counter, primary_key=True),
    Column("release", BigInteger, ForeignKey("releases.number"), nullable=False),
    Column("environment", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index(None, "at"),
)

builds = Table(
    "builds",
    metadata,
    Column("sequence", _counter, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("node", Text, nullable=False),
    Column("input_key", Text, nullable=False),
    Column("start_at", BigInteger, nullable=False),
    Column("end_at", BigInteger, nullable=False),
    Column("definition", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("release", BigInteger, ForeignKey("releases.number")),
    Column("vacuumed_at", BigInteger),
    Index(None, "node", "input_key", "start_at", "end_at"),
)

# Builds that people name by a number: every training of a model, also one that is not published.
versions = Table(
    "versions",
    metadata,
    Column("node", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("build", Text, ForeignKey("builds.id"), nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
    Column("run", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("passed", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

barred = Table(
    "barred",
    metadata,
    Column("node", Text, primary_key=True),
    Column("input_key", Text, primary_key=True),
    Column("release", BigInteger, ForeignKey("releases.number"), nullable=False),
)

bars = Table(
    "bars",
    metadata,
    Column("release", BigInteger, ForeignKey("releases.number"), primary_key=True),
    Column("node", Text, primary_key=True),
    Column("input_key", Text, primary_key=True),
    Column("barred", Boolean, nullable=False),
)

pins = Table(
    "pins",
    metadata,
    Column("release", BigInteger, ForeignKey("releases.number"), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("id", _counter, primary_key=True),
    Column("sort", Text, nullable=False),
    Column("node", Text),
    Column("at", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("release", BigInteger, ForeignKey("releases.number")),
    Column("text", Text, nullable=False),
    Column("data", Text, nullable=False),
    Index(None, "sort", "node"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("environment", Text, nullable=False),
    Column("request", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("host", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("finished_at", BigInteger),
    Column("summary", Text, nullable=False),
    Index(None, "environment", "started_at"),
)

events = Table(
    "events",
    metadata,
    Column("id", _counter, primary_key=True),
    Column("run", Text, ForeignKey("runs.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("node", Text),
    Column("step", Text, nullable=False),
    Column("sort", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("data", Text, nullable=False),
    Index(None, "run"),
)

# Who holds the run lock of an environment, for the message alone; the server's own lock decides.
leases = Table(
    "leases",
    metadata,
    Column("environment", Text, primary_key=True),
    Column("holder", Text, nullable=False),
)
