"""Alembic runs this file. The caller's transaction commits."""

from alembic import context

from factpl_crawler.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
