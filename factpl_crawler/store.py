"""The archive: everything collected, and what is left to collect. See docs/data.md.

Every `put_…` and `record_…` is one transaction, and doing it twice is as good as once. Readers see the
state of the moment they began, and neither wait for a writer nor hold one up.
"""

import json
import logging
import sqlite3
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Self

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Select,
    create_engine,
    distinct,
    event,
    exists,
    func,
    insert,
    inspect,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.exc import DatabaseError

from factpl_crawler.clock import now
from factpl_crawler.copies import copy_database
from factpl_crawler.documents import Document, PublicationRef
from factpl_crawler.history import Version
from factpl_crawler.items import Article, Fetch, Issue, Listing, Quarantined
from factpl_crawler.migrations import HEAD, REVISIONS, upgrade
from factpl_crawler.paths import private_file, private_folder
from factpl_crawler.rows import Row, article_content, article_document, entry_content, entry_document, issue_ref
from factpl_crawler.schedule import Outcome
from factpl_crawler.stamp import CHANGED, STORE_ID, Stamp, read_stamp, stamp_from
from factpl_crawler.tables import (
    arrivals,
    articles,
    entries,
    fetches,
    issues,
    links,
    listings,
    meta,
    nights,
    publications,
    quarantine,
    redirects,
    removed,
    searches,
    settled,
    versions,
)
from factpl_crawler.writing import WALKING, Change, Writing

__all__ = [
    "Change",
    "IssueSummary",
    "NewerStoreError",
    "NightRow",
    "NoStoreError",
    "PendingLink",
    "QuarantineRow",
    "SearchRow",
    "Store",
    "StoreError",
]

BATCH = 500
BUSY_SECONDS = 30

logger = logging.getLogger(__name__)


class StoreError(Exception):
    """The archive cannot be used; the message says which and why."""


class NoStoreError(StoreError):
    """There is no archive yet."""


class NewerStoreError(StoreError):
    """The archive's schema is unknown to this version of the program."""


@dataclass(frozen=True)
class PendingLink:
    """A link that is known and not fetched. `url` may be requested as it is."""

    url: str
    article_id: str
    entry_id: str
    publication: str


@dataclass(frozen=True)
class IssueSummary:
    """An issue with the numbers of its entries, of the articles they link to, and of those fetched."""

    id: str
    publication: PublicationRef
    number: int | None
    headline: str | None
    date_published: str | None
    url: str | None
    entries: int
    linked_articles: int
    fetched_articles: int


@dataclass(frozen=True)
class NightRow:
    """A run of ./nightly; one that was cut off has neither an end nor a report."""

    started_at: str
    finished_at: str | None
    exit_code: int | None
    report: dict[str, Any] | None


@dataclass(frozen=True)
class SearchRow:
    """A saved search, what it asks, and the number of the transaction up to which it was told what is new."""

    name: str
    asked: str
    told: int


@dataclass(frozen=True)
class QuarantineRow:
    """`count` is how often the same content failed for the same reason."""

    id: int
    url: str
    kind: str
    reason: str
    content: bytes
    count: int
    created_at: str


ENTRY_ROWS = (
    select(
        entries.c.id.label("entry_id"),
        entries.c.position,
        entries.c.section_id,
        entries.c.section_label,
        entries.c.headline.label("entry_headline"),
        entries.c.authors,
        entries.c.body,
        entries.c.version,
        issues,
        publications.c.title.label("publication_title"),
    )
    .join(issues, entries.c.issue_id == issues.c.id)
    .join(publications, issues.c.publication_id == publications.c.id)
)


class Store:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = _engine(path)

    @classmethod
    def open(cls, path: Path, *, create: bool = True) -> Self:
        """Raise `StoreError` when there is no archive that this program can use."""
        if not (create or path.exists()):
            raise NoStoreError(_no_store(path))
        if not path.exists():
            _make_folder(path.parent)
            private_file(path)  # SQLite gives the files beside it the same rights
        store = cls(path)
        try:
            store._prepare(create=create)
            if create:
                _make_folder(path.parent)
                private_file(path)
        except BaseException:
            store.close()
            raise
        return store

    def close(self) -> None:
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- Writing --------------------------------------------------------------------------------------------------

    def put_issue(self, issue: Issue) -> Change:
        """Entries that *issue* no longer has are removed; a headline or url that it lacks is not forgotten.

        A letter without links, a plain text, takes nothing away from an issue that has them.
        """
        with self._writing() as writing:
            return writing.put_issue(issue)

    def put_article(self, article: Article) -> Change:
        """Links to `requested_id`, where that is another, lead to *article* from now on."""
        with self._writing() as writing:
            return writing.put_article(article)

    def put_quarantined(self, item: Quarantined) -> Change:
        with self._writing() as writing:
            return writing.put_quarantined(item)

    def record_fetch(
        self,
        url: str,
        kind: str,
        *,
        outcome: Outcome | None,
        status: int | None = None,
        reason: str | None = None,
        article_id: str | None = None,
        publication: str | None = None,
        not_before: date | None = None,
    ) -> None:
        """*kind* and *outcome* are those of `schedule`; no outcome: not asked."""
        with self._writing() as writing:
            writing.record_fetch(
                url,
                outcome,
                kind=kind,
                status=status,
                reason=reason,
                article_id=article_id,
                publication=publication,
                not_before=not_before,
            )

    def put_list(
        self, fetch: Fetch, publication: str, found: Sequence[Listing], next_page: str | None, *, walk: bool
    ) -> set[str]:
        """Note what a page of the archive's list says, and with news, or to *walk* on, the page that follows it.

        Return the addresses of the issues that are due.
        """
        with self._writing() as writing:
            return writing.put_list(fetch, publication, found, next_page, walk=walk)

    def put_night(self, night: NightRow, told: Mapping[str, str] = {}, number: int = 0) -> None:
        """Note that a night has begun, and the same one again when it has ended.

        It *told* saved searches, what they ask by their names, of the documents up to *number*.
        """
        with self._writing() as writing:
            writing.put_night(asdict(night))
            writing.tell_searches(told, number)

    def begin_searches(self, asked: Mapping[str, str]) -> None:
        """Note what saved searches ask, by name. What one that is new, or asks something else, finds now is no news."""
        with self._writing() as writing:
            writing.begin_searches(asked)

    def forget_searches(self, names: Collection[str]) -> None:
        with self._writing() as writing:
            writing.forget_searches(names)

    def set_walking(self, publication: str, walking: bool) -> None:
        """Note whether the whole archive is being walked through, which may take several nights."""
        with self._writing() as writing:
            writing.set_walking(publication, walking)

    @contextmanager
    def importing(self) -> Iterator[Callable[[Document], Change]]:
        """Yield what writes a document; all of them are in one transaction, undone by an exception."""
        with self._writing() as writing:
            yield writing.put_document

    # --- The frontier ---------------------------------------------------------------------------------------------

    def has_article(self, id: str) -> bool:
        """*id* may be one that was requested and turned out to be another article."""
        turned_out = select(redirects.c.article_id).where(redirects.c.requested_id == id)
        return self._any(select(articles.c.id).where(or_(articles.c.id == id, articles.c.id.in_(turned_out))))

    def pending(self, publication: str | None = None, *, since: date | None = None) -> list[PendingLink]:
        """Return the links left to fetch, one for each article, those of the newest issues first.

        With *since*, only of issues that are as new.

        Those of issues that are known from mail alone are not among them: nobody asked for them to be followed.
        """
        statement = (
            _pending(links.c.url, links.c.article_id, entries.c.id, issues.c.publication_id, publication=publication)
            .order_by(issues.c.date_published.desc().nulls_last(), issues.c.number.desc().nulls_last(), issues.c.id)
            .order_by(entries.c.position, links.c.position)
        )
        if since:
            statement = statement.where(issues.c.date_published >= since.isoformat())
        found: dict[str, PendingLink] = {}
        with self._reading() as connection:
            for row in connection.execute(statement):
                link = PendingLink(*row)
                found.setdefault(link.article_id, link)
        return list(found.values())

    def skipped(self, publication: str, *, redirected: bool = False) -> list[PendingLink]:
        """Return the links that were not followed because they lead to other sites than the publication's.

        With *redirected*, also those that the publication's sites send on to another.
        """
        statement = (
            select(links.c.url, links.c.article_id, func.min(entries.c.id), issues.c.publication_id)
            .join(entries, links.c.entry_id == entries.c.id)
            .join(issues, entries.c.issue_id == issues.c.id)
            .join(fetches, fetches.c.article_id == links.c.article_id)
            .where(issues.c.publication_id == publication, issues.c.url.is_not(None))
            .where(fetches.c.outcome == "skipped", true() if redirected else fetches.c.status.is_(None))
            .where(~exists().where(articles.c.id == links.c.article_id))
            .group_by(links.c.article_id)
            .order_by(func.max(issues.c.date_published).desc(), links.c.article_id)
        )
        with self._reading() as connection:
            return [PendingLink(*row) for row in connection.execute(statement)]

    def is_walking(self, publication: str) -> bool:
        return self._any(select(meta.c.key).where(meta.c.key == f"{WALKING}{publication}"))

    def open_lists(self, publication: str) -> list[str]:
        """Return the pages of the archive's list that are known and were not read yet."""
        statement = select(fetches.c.url).where(
            fetches.c.kind == "list", fetches.c.publication == publication, ~settled(now().date())
        )
        with self._reading() as connection:
            return list(connection.scalars(statement.order_by(fetches.c.first_seen, fetches.c.url)))

    def due_issues(self, publication: str) -> list[Listing]:
        """Return the issues of the archive's lists that were not read yet, or that the list says something new of."""
        statement = (
            select(listings.c.url, listings.c.headline, listings.c.date)
            .where(listings.c.publication == publication)
            .where(~exists().where(fetches.c.url == listings.c.url, settled(now().date())))
            .order_by(listings.c.first_seen, listings.c.url)
        )
        with self._reading() as connection:
            return [Listing(*row) for row in connection.execute(statement)]

    def due_checks(self, publication: str) -> list[PendingLink]:
        """Return the articles, with the address that they were had from, that are to be looked at for corrections."""
        linked = (
            select(func.min(links.c.entry_id))
            .join(entries, links.c.entry_id == entries.c.id)
            .join(issues, entries.c.issue_id == issues.c.id)
            .where(links.c.article_id == articles.c.id, issues.c.publication_id == publication)
            .correlate(articles)
            .scalar_subquery()
        )
        statement = (
            select(fetches.c.url, articles.c.id, linked)
            .join(articles, fetches.c.article_id == articles.c.id)
            .where(fetches.c.due <= now().date().isoformat(), linked.is_not(None))
            .order_by(fetches.c.due, fetches.c.url)
        )
        with self._reading() as connection:
            return [PendingLink(*row, publication) for row in connection.execute(statement)]

    def validators(self, url: str) -> dict[str, str]:
        """Return the headers that ask for a page only if it has changed since it was read."""
        statement = select(fetches.c.etag, fetches.c.last_modified).where(
            fetches.c.url == url, fetches.c.outcome.is_not(None)
        )
        with self._reading() as connection:
            etag, last_modified = connection.execute(statement).one_or_none() or (None, None)
        known = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        return {name: value for name, value in known.items() if value}

    def was_read(self, url: str) -> bool:
        """Say whether the last attempt at a page came to a good end."""
        return self._any(select(fetches.c.url).where(fetches.c.url == url, fetches.c.outcome == "ok"))

    def known_as(self, article_id: str) -> set[str]:
        """Return the ids under which an article was asked for, its own too."""
        statement = select(redirects.c.requested_id).where(redirects.c.article_id == article_id)
        with self._reading() as connection:
            return {article_id, *connection.scalars(statement)}

    def turned_out(self, requested_id: str) -> str | None:
        """Return the article that *requested_id* was found to be, if that is another."""
        statement = select(redirects.c.article_id).where(redirects.c.requested_id == requested_id)
        with self._reading() as connection:
            return connection.scalars(statement).one_or_none()

    def issue_date(self, issue_id: str) -> str | None:
        with self._reading() as connection:
            return connection.scalars(select(issues.c.date_published).where(issues.c.id == issue_id)).one_or_none()

    # --- Reading --------------------------------------------------------------------------------------------------

    def publications(self) -> dict[str, str]:
        """Return the titles by id."""
        with self._reading() as connection:
            rows = connection.execute(select(publications.c.id, publications.c.title).order_by(publications.c.id))
            return dict(rows.all())

    def issues(self, publication: str | None = None) -> Iterator[IssueSummary]:
        """Yield the issues, newest first."""
        statement = _issue_summaries()
        if publication is not None:
            statement = statement.where(issues.c.publication_id == publication)
        with self._reading() as connection:
            for row in connection.execute(statement):
                id, publication_id, title, *rest = row
                yield IssueSummary(id, PublicationRef(publication_id, title), *rest)

    def document(self, id: str) -> Document | None:
        with self._reading() as connection:
            return next((found for load in (_entries, _articles) for found in load(connection, [id])), None)

    def documents_by_id(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return those of *ids* that there are, in few statements; they are of one moment."""
        with self._reading() as connection:
            batches = [ids[at : at + BATCH] for at in range(0, len(ids), BATCH)]
            loaded = (load(connection, list(batch)) for batch in batches for load in (_entries, _articles))
            return {document.id: document for documents in loaded for document in documents}

    def notes(self, id: str) -> dict[str, Any]:
        """Return what is kept with the issue or article *id* and is not exported; empty where there is none."""
        kept = {issues: ("notices", "problems"), articles: ("layout", "problems")}
        with self._reading() as connection:
            for table, names in kept.items():
                statement = select(*(table.c[name] for name in names)).where(table.c.id == id)
                if row := connection.execute(statement).one_or_none():
                    return row._asdict()
        return {}

    def issue_documents(self, issue_id: str) -> list[Document]:
        """Return an issue's entries in their order."""
        statement = select(entries.c.id).where(entries.c.issue_id == issue_id).order_by(entries.c.position)
        with self._reading() as connection:
            return list(_entries(connection, list(connection.scalars(statement))))

    def history(self, id: str) -> list[Version]:
        """Return the versions of an entry or article, newest first; of one that was removed, too."""
        statement = (
            select(versions.c.version, versions.c.content, versions.c.superseded_at)
            .where(versions.c.document_id == id)
            .order_by(versions.c.version.desc())
        )
        with self._reading() as connection:
            earlier = [Version(*row) for row in connection.execute(statement)]
            return [*_current(connection, id), *earlier]

    def unknown_sections(self) -> dict[str, int]:
        """Return the labels that no publication's file knows, with the number of entries under each."""
        statement = (
            select(entries.c.section_label, func.count())
            .where(entries.c.section_id.is_(None), entries.c.section_label.is_not(None))
            .group_by(entries.c.section_label)
            .order_by(entries.c.section_label)
        )
        with self._reading() as connection:
            return dict(connection.execute(statement).all())

    def documents(self, ids: Iterable[str] | None = None, *, changed_after: int = 0) -> Iterator[Document]:
        """Yield entries by publication, date, number and position, then articles by id; all, or those of *ids*.

        Whatever is written meanwhile, they are of one moment. Memory does not grow with the archive.
        """
        wanted = None if ids is None else set(ids)
        with self._reading() as connection:
            for statement, load in ((_entry_ids(changed_after), _entries), (_article_ids(changed_after), _articles)):
                found = connection.execute(statement, execution_options={"yield_per": BATCH})
                for batch in found.scalars().partitions():
                    yield from load(connection, [id for id in batch if wanted is None or id in wanted])

    def removed(self, changed_after: int) -> list[str]:
        statement = select(removed.c.document_id).where(removed.c.changed > changed_after)
        with self._reading() as connection:
            return list(connection.scalars(statement.order_by(removed.c.document_id)))

    def searches(self) -> dict[str, SearchRow]:
        """Return what is noted of saved searches, by name."""
        columns = [searches.c[name] for name in SearchRow.__dataclass_fields__]
        with self._reading() as connection:
            return {row.name: SearchRow(*row) for row in connection.execute(select(*columns))}

    def arrived(self, after: int, up_to: int) -> set[str]:
        """Return the ids of the documents that first came after the one transaction, and up to the other."""
        statement = select(arrivals.c.document_id).where(arrivals.c.number > after, arrivals.c.number <= up_to)
        with self._reading() as connection:
            return set(connection.scalars(statement))

    def stamp(self) -> Stamp:
        with self._reading() as connection:
            return stamp_from(dict(connection.execute(select(meta.c.key, meta.c.value)).all()))

    def quarantined(self) -> Iterator[QuarantineRow]:
        """Yield what could not be read, in the order it came."""
        columns = [quarantine.c[name] for name in QuarantineRow.__dataclass_fields__]
        statement = select(*columns).order_by(quarantine.c.id)
        with self._reading() as connection:
            for row in connection.execute(statement, execution_options={"yield_per": BATCH}):
                yield QuarantineRow(*row)

    def nights(self, limit: int) -> list[NightRow]:
        """Return the last nights, newest first."""
        columns = [nights.c[name] for name in NightRow.__dataclass_fields__]
        statement = select(*columns).order_by(nights.c.started_at.desc()).limit(limit)
        with self._reading() as connection:
            return [NightRow(*row) for row in connection.execute(statement)]

    def counts(self) -> dict[str, int]:
        """Return how many there are: issues, entries, articles, links, pending, quarantined, versions."""
        numbers = {table.name: select(func.count()).select_from(table) for table in (issues, entries, articles, links)}
        numbers["pending"] = _pending(func.count(distinct(links.c.article_id)))
        numbers["quarantined"] = select(func.count()).select_from(quarantine)
        numbers["versions"] = select(func.count()).select_from(versions)
        with self._reading() as connection:
            return {name: connection.scalars(statement).one() for name, statement in numbers.items()}

    # --- Transactions ---------------------------------------------------------------------------------------------

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with self._named_errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Writing]:
        with self._named_errors(), self._engine.connect() as connection:
            # A transaction that first reads and then writes fails when another writes in between.
            connection.execution_options(begin="BEGIN IMMEDIATE")
            with connection.begin():
                yield Writing(connection)

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as e:
            raise StoreError(f"{self.path}: {e.orig}") from e

    def _any(self, statement: Select[Any]) -> bool:
        with self._reading() as connection:
            return connection.execute(statement.limit(1)).first() is not None

    def _prepare(self, *, create: bool) -> None:
        with self._reading() as connection:
            revision = self._revision(connection)
        if revision == HEAD:
            return
        if revision is None:
            if not create:
                raise NoStoreError(_no_store(self.path))
            self._let_readers_and_writers_be()
        with self._writing() as writing:
            # Another process may have been quicker.
            revision = self._revision(writing.connection)
            if revision != HEAD:
                if revision is not None:
                    self._copy_before_upgrade(revision)
                upgrade(writing.connection)
            if revision is None:
                new = {STORE_ID: str(uuid.uuid4()), CHANGED: "0"}
                writing.connection.execute(insert(meta), [{"key": key, "value": new[key]} for key in new])

    def _copy_before_upgrade(self, revision: str) -> None:
        copy = self._copy_name()
        try:
            copy_database(self.path, copy)
        except (OSError, sqlite3.Error) as e:
            raise StoreError(
                f"{self.path} (schema {revision}) is upgraded only after a copy was made, and {copy} cannot be "
                f"written: {e}. Nothing was changed."
            ) from e
        logger.warning("%s is upgraded from schema %s to %s. As it was it stays in %s", self.path, revision, HEAD, copy)

    def _copy_name(self) -> Path:
        """Return a name that is free, or that of a copy of the same archive, left by an upgrade that broke off."""
        name = f"{self.path.name}.before-{HEAD}"
        names = (name if number == 1 else f"{name}-{number}" for number in count(1))
        copies = (self.path.with_name(name) for name in names)
        this = read_stamp(self.path)
        return next(copy for copy in copies if not copy.exists() or read_stamp(copy, immutable=True) == this)

    def _let_readers_and_writers_be(self) -> None:
        """Make the file a WAL database, which it remembers; so never one of another program."""
        end = time.monotonic() + BUSY_SECONDS
        with self._named_errors(), closing(self._engine.raw_connection()) as connection:
            while True:
                try:
                    connection.cursor().execute("PRAGMA journal_mode = WAL")
                    return
                except sqlite3.OperationalError as e:
                    # SQLite itself does not wait here, and another process may be doing the same.
                    if e.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                        raise StoreError(f"{self.path}: {e}") from e
                time.sleep(0.02)

    def _revision(self, connection: Connection) -> str | None:
        """Return None for an empty database."""
        tables = inspect(connection).get_table_names()
        if not tables:
            return None
        if "alembic_version" not in tables:
            raise StoreError(f"{self.path} is a database of another program, not an archive of factpl")
        revision = connection.scalars(text("SELECT version_num FROM alembic_version")).one()
        if revision not in REVISIONS:
            raise NewerStoreError(
                f"{self.path} was made by a newer version of factpl (schema {revision}). Update this program."
            )
        return str(revision)


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": BUSY_SECONDS},
        json_serializer=partial(json.dumps, ensure_ascii=False),
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: object) -> None:
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # The driver would begin at the first write: a read must be of one moment too.
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine


def _make_folder(folder: Path) -> None:
    try:
        private_folder(folder)
    except OSError as e:
        raise StoreError(f"Cannot make the folder {folder}: {e.strerror}") from e


def _no_store(path: Path) -> str:
    return f"No archive at {path}. Run: ./nightly, or scrapy crawl factpl"


def _pending(*columns: Any, publication: str | None = None) -> Select[Any]:
    statement = (
        select(*columns)
        .select_from(links)
        .join(entries, links.c.entry_id == entries.c.id)
        .join(issues, entries.c.issue_id == issues.c.id)
        .where(issues.c.url.is_not(None))
        .where(~exists().where(articles.c.id == links.c.article_id))
        .where(~exists().where(fetches.c.article_id == links.c.article_id, settled(now().date())))
    )
    return statement if publication is None else statement.where(issues.c.publication_id == publication)


def _issue_summaries() -> Select[Any]:
    return (
        select(
            issues.c.id,
            issues.c.publication_id,
            publications.c.title,
            issues.c.number,
            issues.c.headline,
            issues.c.date_published,
            issues.c.url,
            func.count(distinct(entries.c.id)),
            func.count(distinct(links.c.article_id)),
            func.count(distinct(articles.c.id)),
        )
        .join(publications, issues.c.publication_id == publications.c.id)
        .outerjoin(entries, entries.c.issue_id == issues.c.id)
        .outerjoin(links, links.c.entry_id == entries.c.id)
        .outerjoin(articles, articles.c.id == links.c.article_id)
        .group_by(issues.c.id, publications.c.title)
        .order_by(issues.c.date_published.desc().nulls_last(), issues.c.number.desc().nulls_last(), issues.c.id)
    )


def _entry_ids(changed_after: int) -> Select[Any]:
    return (
        select(entries.c.id)
        .join(issues, entries.c.issue_id == issues.c.id)
        .where(entries.c.changed > changed_after)
        .order_by(issues.c.publication_id, issues.c.date_published.nulls_first(), issues.c.number.nulls_first())
        .order_by(issues.c.id, entries.c.position)
    )


def _article_ids(changed_after: int) -> Select[Any]:
    return select(articles.c.id).where(articles.c.changed > changed_after).order_by(articles.c.id)


def _entries(connection: Connection, ids: list[str]) -> Iterator[Document]:
    rows = {row["entry_id"]: row for row in _rows(connection, ENTRY_ROWS.where(entries.c.id.in_(ids)))}
    ways_out = _links_by(connection, "entry_id", ids)
    for id in ids:
        if row := rows.get(id):
            publication = PublicationRef(row["publication_id"], row["publication_title"])
            entry = {**row, "headline": row["entry_headline"]}
            yield entry_document(entry, row["version"], publication, issue_ref(row), ways_out.get(id, []))


def _articles(connection: Connection, ids: list[str]) -> Iterator[Document]:
    rows = {row["id"]: row for row in _rows(connection, select(articles).where(articles.c.id.in_(ids)))}
    ways_in = _links_by(connection, "article_id", ids)
    for id in ids:
        if row := rows.get(id):
            yield article_document(row, row["version"], ways_in.get(id, []))


def _current(connection: Connection, id: str) -> Iterator[Version]:
    for row in _rows(connection, select(entries).where(entries.c.id == id)):
        ways_out = _rows(connection, select(links).where(links.c.entry_id == id).order_by(links.c.position))
        yield Version(row["version"], entry_content(row, ways_out))
    for row in _rows(connection, select(articles).where(articles.c.id == id)):
        yield Version(row["version"], article_content(row))


def _links_by(connection: Connection, column: str, ids: list[str]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = {}
    for link in _rows(connection, select(links).where(links.c[column].in_(ids))):
        grouped.setdefault(link[column], []).append(link)
    return grouped


def _rows(connection: Connection, statement: Select[Any]) -> Iterator[Row]:
    return (row._asdict() for row in connection.execute(statement))
