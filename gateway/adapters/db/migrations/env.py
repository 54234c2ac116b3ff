"""What Alembic runs: the revisions, in the connection and the transaction that the caller holds."""

from alembic import context

from gateway.adapters.db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
