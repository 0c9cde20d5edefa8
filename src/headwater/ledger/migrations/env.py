"""Run by Alembic, on the connection and in the transaction that `migrate.upgrade` hands over."""

from __future__ import annotations

from alembic import context

from headwater.ledger.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
