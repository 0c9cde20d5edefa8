"""Alembic's entry: the connection and its transaction are those of `migrate.upgrade`."""

from __future__ import annotations

from alembic import context

from headwater.ledger.schema import metadata

if __name__ == "env_py":  # the name under which Alembic loads this file
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        render_as_batch=True,  # SQLite alters a table by copying it
    )
    context.run_migrations()
