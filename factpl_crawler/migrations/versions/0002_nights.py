"""What a night has to know of the nights before: validators, when a page is due, what the lists said."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("fetches", sa.Column("etag", sa.Text))
    op.add_column("fetches", sa.Column("last_modified", sa.Text))
    op.add_column("fetches", sa.Column("checks", sa.Integer, nullable=False, server_default="0"))
    op.add_column("fetches", sa.Column("due", sa.Text))
    # What was to be tried again until now is due at once.
    op.execute(
        "UPDATE fetches SET due = substr(last_attempt, 1, 10)"
        " WHERE outcome = 'unreachable' OR (outcome IN ('failed', 'refused') AND attempts < 5)"
        " OR (kind = 'issue' AND outcome != 'ok')"
    )
    op.create_table(
        "listings",
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("publication", sa.Text, nullable=False),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("date", sa.Text, nullable=False),
        sa.Column("first_seen", sa.Text, nullable=False),
    )
    op.create_index("listings_publication", "listings", ["publication"])
    op.create_table(
        "nights",
        sa.Column("started_at", sa.Text, primary_key=True),
        sa.Column("finished_at", sa.Text),
        sa.Column("exit_code", sa.Integer),
        sa.Column("report", sa.JSON),
    )
