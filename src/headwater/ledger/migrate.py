"""Bring a ledger's tables to the revision of this code; Alembic is loaded only to upgrade one."""

from __future__ import annotations

import secrets
from pathlib import Path

import sqlalchemy as sa

from headwater.errors import HeadwaterError, Issue, Place
from headwater.ledger.database import Database
from headwater.ledger.schema import REVISIONS, ledger, metadata, revision


def prepare(database: Database, *, create: bool) -> None:
    """Make the tables of an empty database, or upgrade those of an older revision."""
    found = _revision(database)
    if found == REVISIONS[-1]:
        return
    if found is not None and found not in REVISIONS:
        issue = Issue(
            code="E708",
            what=f"the ledger was written by a newer Headwater (revision {found})",
            place=Place(database.name),
            fix="pip install --upgrade headwater",
        )
        raise HeadwaterError(issue)
    if found is None:
        if not create:
            issue = Issue(
                code="E702",
                what="there is no ledger here",
                place=Place(database.name),
                fix="`headwater run` makes one; or mend `ledger` in the profile",
            )
            raise HeadwaterError(issue)
        _create(database)
    else:
        upgrade(database)


def _revision(database: Database) -> str | None:
    with database.read() as connection:
        tables = set(sa.inspect(connection).get_table_names())
        if revision.name in tables:
            found = connection.execute(sa.select(revision.c.version_num)).scalar_one_or_none()
            if found is not None:
                return str(found)
    # A file is a ledger alone; a server's schema may be shared while no name is taken twice.
    if tables if database.is_sqlite else tables & set(metadata.tables):
        issue = Issue(
            code="E706",
            what="this database holds tables of other software, or half a ledger",
            place=Place(database.name),
            fix="give the ledger a database of its own",
        )
        raise HeadwaterError(issue)
    return None


def _create(database: Database) -> None:
    """The tables as they stand, in one transaction, so that two who begin at once both succeed."""
    with database.write(durable=True) as connection:
        if not database.is_sqlite:
            connection.execute(sa.text("select pg_advisory_xact_lock(4892034211)"))
        if sa.inspect(connection).has_table(ledger.name):
            return
        metadata.create_all(connection, checkfirst=False)
        revision.create(connection, checkfirst=True)
        connection.execute(sa.insert(revision), {"version_num": REVISIONS[-1]})
        connection.execute(
            sa.insert(ledger), {"one": 1, "identity": secrets.token_hex(16), "epoch": 0}
        )


def upgrade(database: Database, to: str = "head") -> None:
    """Run the migrations that are missing, all in one transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    with database.write(durable=True) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, to)
