"""What Alembic runs: the migrations, inside the transaction that ``middleware.storage.schema`` is in."""

from __future__ import annotations

from alembic import context

from middleware.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # true of SQLite too, as its driver no longer begins and commits by itself
)
with context.begin_transaction():
    context.run_migrations()
