"""What each saved search was told of, and when a document came first, however often it was changed since."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "arrivals",
        sa.Column("document_id", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_index("arrivals_number", "arrivals", ["number"])
    # When they came is not known any more; that they did is enough, as no search was saved before.
    op.execute(
        "INSERT INTO arrivals SELECT id, changed FROM entries UNION ALL SELECT id, changed FROM articles"
        " UNION ALL SELECT document_id, changed FROM removed"
    )
    op.create_table(
        "searches",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
    )
