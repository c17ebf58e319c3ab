"""The archive's schema, revision by revision."""

from sqlalchemy import Connection

REVISIONS = ("0001", "0002", "0003")
HEAD = REVISIONS[-1]


def upgrade(connection: Connection) -> None:
    """Bring the schema to `HEAD` inside the transaction that *connection* is in."""
    # Alembic takes longer to import than a store to open, and is needed once per revision.
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "factpl_crawler:migrations")
    command.upgrade(config, HEAD)
