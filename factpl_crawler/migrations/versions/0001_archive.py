"""The archive's first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _documents()
    _links()
    _crawl()
    _changes()


def _documents() -> None:
    op.create_table(
        "publications",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
    )
    op.create_table(
        "issues",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("publication_id", sa.Text, sa.ForeignKey("publications.id"), nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("headline", sa.Text),
        sa.Column("url", sa.Text),
        sa.Column("date_published", sa.Text),
        sa.Column("date_published_source", sa.Text),
        sa.Column("notices", sa.JSON, nullable=False),
        sa.Column("problems", sa.JSON, nullable=False),
    )
    op.create_index("issues_publication", "issues", ["publication_id"])
    op.create_table(
        "entries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("issue_id", sa.Text, sa.ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("section_id", sa.Text),
        sa.Column("section_label", sa.Text),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed", sa.Integer, nullable=False),
    )
    op.create_index("entries_issue", "entries", ["issue_id"])
    op.create_index("entries_changed", "entries", ["changed"])
    op.create_table(
        "articles",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("site", sa.Text, nullable=False),
        sa.Column("section_id", sa.Text),
        sa.Column("section_label", sa.Text),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("date_published", sa.Text),
        sa.Column("date_published_source", sa.Text),
        sa.Column("date_modified", sa.Text),
        sa.Column("date_modified_source", sa.Text),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("captions", sa.JSON, nullable=False),
        sa.Column("keywords", sa.JSON, nullable=False),
        sa.Column("truncated", sa.Boolean, nullable=False),
        sa.Column("layout", sa.Text, nullable=False),
        sa.Column("problems", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("changed", sa.Integer, nullable=False),
    )
    op.create_index("articles_changed", "articles", ["changed"])


def _links() -> None:
    op.create_table(
        "links",
        sa.Column("entry_id", sa.Text, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("url", sa.Text),
        sa.Column("canonical_url", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("article_id", sa.Text, nullable=False),
    )
    op.create_index("links_article", "links", ["article_id"])
    op.create_table(
        "redirects",
        sa.Column("requested_id", sa.Text, primary_key=True),
        sa.Column("article_id", sa.Text, nullable=False),
    )
    op.create_index("redirects_article", "redirects", ["article_id"])


def _crawl() -> None:
    op.create_table(
        "fetches",
        sa.Column("url", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("publication", sa.Text),
        sa.Column("article_id", sa.Text),
        sa.Column("outcome", sa.Text),
        sa.Column("status", sa.Integer),
        sa.Column("reason", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_seen", sa.Text, nullable=False),
        sa.Column("last_attempt", sa.Text),
    )
    op.create_index("fetches_article", "fetches", ["article_id"])
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("content_sha256", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Text, nullable=False),
        sa.UniqueConstraint("url", "reason", "content_sha256", name="quarantine_once"),
    )


def _changes() -> None:
    op.create_table(
        "versions",
        sa.Column("document_id", sa.Text, primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("superseded_at", sa.Text, nullable=False),
    )
    op.create_table(
        "removed",
        sa.Column("document_id", sa.Text, primary_key=True),
        sa.Column("changed", sa.Integer, nullable=False),
    )
    op.create_index("removed_changed", "removed", ["changed"])
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
