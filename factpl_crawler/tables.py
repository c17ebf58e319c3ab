"""The archive's tables. A change here needs a new revision in migrations/versions."""

from datetime import date

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    and_,
    or_,
)

metadata = MetaData()

publications = Table(
    "publications",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
)

issues = Table(
    "issues",
    metadata,
    Column("id", Text, primary_key=True),
    Column("publication_id", Text, ForeignKey("publications.id"), nullable=False),
    Column("number", Integer),
    Column("headline", Text),
    Column("url", Text),
    Column("date_published", Text),
    Column("date_published_source", Text),
    Column("notices", JSON, nullable=False, default=list),
    Column("problems", JSON, nullable=False, default=list),
    Index("issues_publication", "publication_id"),
)

entries = Table(
    "entries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("issue_id", Text, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("section_id", Text),
    Column("section_label", Text),
    Column("headline", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("body", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Index("entries_issue", "issue_id"),
    Index("entries_changed", "changed"),
)

articles = Table(
    "articles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("url", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("section_id", Text),
    Column("section_label", Text),
    Column("headline", Text, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("date_published", Text),
    Column("date_published_source", Text),
    Column("date_modified", Text),
    Column("date_modified_source", Text),
    Column("body", Text, nullable=False),
    Column("captions", JSON, nullable=False),
    Column("keywords", JSON, nullable=False),
    Column("truncated", Boolean, nullable=False),
    Column("layout", Text, nullable=False, default=""),
    Column("problems", JSON, nullable=False, default=list),
    Column("version", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Index("articles_changed", "changed"),
)

# `entry_id` is no foreign key: an imported article may name an entry that the file lacks.
# Such a link has no address of its own.
links = Table(
    "links",
    metadata,
    Column("entry_id", Text, primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("url", Text),
    Column("canonical_url", Text),
    Column("text", Text, nullable=False),
    Column("article_id", Text, nullable=False),
    Index("links_article", "article_id"),
)

# Which article a requested one turned out to be, so that links found later lead there too.
redirects = Table(
    "redirects",
    metadata,
    Column("requested_id", Text, primary_key=True),
    Column("article_id", Text, nullable=False),
    Index("redirects_article", "article_id"),
)

versions = Table(
    "versions",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("content", JSON, nullable=False),
    Column("superseded_at", Text, nullable=False),
)

fetches = Table(
    "fetches",
    metadata,
    Column("url", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("publication", Text),
    Column("article_id", Text),
    Column("outcome", Text),
    Column("status", Integer),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False),
    Column("first_seen", Text, nullable=False),
    Column("last_attempt", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("checks", Integer, nullable=False, default=0, server_default="0"),
    Column("due", Text),
    Index("fetches_article", "article_id"),
)

# What the archive's lists say of each issue.
listings = Table(
    "listings",
    metadata,
    Column("url", Text, primary_key=True),
    Column("publication", Text, nullable=False),
    Column("headline", Text, nullable=False),
    Column("date", Text, nullable=False),
    Column("first_seen", Text, nullable=False),
    Index("listings_publication", "publication"),
)

nights = Table(
    "nights",
    metadata,
    Column("started_at", Text, primary_key=True),
    Column("finished_at", Text),
    Column("exit_code", Integer),
    Column("report", JSON),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("content_sha256", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("created_at", Text, nullable=False),
    UniqueConstraint("url", "reason", "content_sha256", name="quarantine_once"),
)

removed = Table(
    "removed",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("changed", Integer, nullable=False),
    Index("removed_changed", "changed"),
)

# In which transaction a document came first. One that is removed and comes back is no new one.
arrivals = Table(
    "arrivals",
    metadata,
    Column("document_id", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Index("arrivals_number", "number"),
)

# Of each saved search what it asks, and up to which transaction's documents it was told of what is new.
searches = Table(
    "searches",
    metadata,
    Column("name", Text, primary_key=True),
    Column("asked", Text, nullable=False),
    Column("told", Integer, nullable=False),
)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


def settled(today: date) -> ColumnElement[bool]:
    """Say of a row of `fetches` that it is not to be asked for today."""
    return and_(fetches.c.outcome.is_not(None), or_(fetches.c.due.is_(None), fetches.c.due > today.isoformat()))
