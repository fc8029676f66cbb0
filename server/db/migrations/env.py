"""Alembic runs this file for every command; the connection and its transaction are the caller's."""

from __future__ import annotations

from alembic import context

from server.db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # Alembic believes that SQLite cannot roll back a change of schema. It can, in the transactions that our engine begins.
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
