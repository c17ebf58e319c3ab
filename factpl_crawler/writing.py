"""What one write transaction of the store does."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, func, insert, select, update

from factpl_crawler.clock import now
from factpl_crawler.documents import Document, PublicationRef
from factpl_crawler.items import Article, Fetch, Issue, Listing, Quarantined
from factpl_crawler.rows import (
    Row,
    article_content,
    article_row,
    document_article_row,
    document_entry_row,
    document_issue_row,
    document_link_rows,
    document_linked_from_rows,
    entry_content,
    entry_row,
    issue_row,
    kst,
    link_rows,
)
from factpl_crawler.schedule import Outcome, next_attempt, next_check
from factpl_crawler.stamp import CHANGED
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

NOT_MODIFIED = 304
WALKING = "walking/"


class Change(StrEnum):
    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def _overall(change: Change, *parts: Change) -> Change:
    """Return what became of the whole, given what became of it alone and of its parts."""
    if change is Change.UNCHANGED and any(part is not Change.UNCHANGED for part in parts):
        return Change.CHANGED
    return change


def _now() -> str | None:
    return kst(now())


def _way(link: Row) -> tuple[str, int, str]:
    """Return what an article's `linked_from` says of a link."""
    return link["article_id"], link["position"], link["text"]


class Writing:
    """Writes into a transaction that the store begins and commits."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @cached_property
    def number(self) -> int:
        """The change number of every document that this transaction changes."""
        number = 1 + int(self.connection.scalars(select(meta.c.value).where(meta.c.key == CHANGED)).one())
        self.connection.execute(update(meta).where(meta.c.key == CHANGED).values(value=str(number)))
        return number

    def put_issue(self, issue: Issue) -> Change:
        row = issue_row(issue)
        stored = set(self.connection.scalars(select(entries.c.id).where(entries.c.issue_id == issue.id)))
        from_mail = issue.url is None
        if from_mail and not any(entry.links for entry in issue.entries) and self._has_links(stored):
            return Change.UNCHANGED
        change = self._put_issue_row(PublicationRef(issue.publication, issue.publication_title), row)
        before = self._texts(issue.id)
        parts = []
        for entry in issue.entries:
            piece = entry_row(issue.id, entry)
            parts.append(self._put_entry(piece, link_rows(piece["id"], entry.links)))
            stored.discard(piece["id"])
        parts += [self._remove_entry(id) for id in sorted(stored)]
        self._let_arrivals_follow(before, self._texts(issue.id))
        change = _overall(change, *parts)
        self._record_read("issue", issue.fetch, change, publication=issue.publication)
        return change

    def _has_links(self, entry_ids: Collection[str]) -> bool:
        found = self.connection.scalars(select(links.c.entry_id).where(links.c.entry_id.in_(entry_ids)).limit(1))
        return found.one_or_none() is not None

    def put_article(self, article: Article) -> Change:
        change = self._put_article(article_row(article))
        if article.requested_id not in ("", article.id):
            change = _overall(change, self._redirect(article.requested_id, article.id))
        self._record_read("article", article.fetch, change, article_id=article.id)
        return change

    def put_document(self, document: Document) -> Change:
        """Write a document of an export; its issue's other entries stay as they are."""
        if document.publication and document.issue:
            change = self._put_issue_row(document.publication, document_issue_row(document.publication, document.issue))
            row = document_entry_row(document, document.issue)
            entry = self._put_entry(row, self._requestable(document.id, document_link_rows(document)), document.version)
            return _overall(entry, change)
        change = self._put_article(document_article_row(document), document.version)
        return _overall(change, *(self._put_way_in(link) for link in document_linked_from_rows(document)))

    def put_quarantined(self, item: Quarantined) -> Change:
        digest = hashlib.sha256(item.raw).hexdigest()
        same = (
            quarantine.c.url == item.url,
            quarantine.c.reason == item.reason,
            quarantine.c.content_sha256 == digest,
        )
        if self.connection.execute(update(quarantine).where(*same).values(count=quarantine.c.count + 1)).rowcount:
            return Change.UNCHANGED
        self.connection.execute(
            insert(quarantine).values(
                url=item.url,
                kind=item.kind,
                reason=item.reason,
                content=item.raw,
                content_sha256=digest,
                count=1,
                created_at=_now(),
            )
        )
        return Change.NEW

    # --- What was asked for ---------------------------------------------------------------------------------------

    def put_list(
        self, fetch: Fetch, publication: str, found: Sequence[Listing], next_page: str | None, *, walk: bool
    ) -> set[str]:
        """Note what a page of the archive's list says, and with news, or to *walk* on, the page that follows it.

        Return the addresses of the issues that are due.
        """
        news = [listing for listing in found if self._put_listing(publication, listing)]
        if next_page and (news or walk):
            self._open_list(next_page, publication, again=bool(news))
        self._record_read("list", fetch, Change.UNCHANGED, publication=publication)
        urls = [listing.url for listing in found]
        asked = select(fetches.c.url).where(fetches.c.url.in_(urls), settled(now().date()))
        return set(urls) - set(self.connection.scalars(asked))

    def _open_list(self, url: str, publication: str, *, again: bool) -> None:
        self.record_fetch(url, None, kind="list", publication=publication)
        if again:
            self.connection.execute(update(fetches).where(fetches.c.url == url).values(outcome=None))

    def set_walking(self, publication: str, walking: bool) -> None:
        key = f"{WALKING}{publication}"
        self.connection.execute(delete(meta).where(meta.c.key == key))
        if walking:
            pages = update(fetches).where(fetches.c.kind == "list", fetches.c.publication == publication)
            self.connection.execute(pages.values(outcome=None))
            self.connection.execute(insert(meta).values(key=key, value=_now()))

    def put_night(self, night: Row) -> None:
        self.connection.execute(delete(nights).where(nights.c.started_at == night["started_at"]))
        self.connection.execute(insert(nights).values(night))

    def _put_listing(self, publication: str, listing: Listing) -> bool:
        """Say whether the list says something new of the issue, which then is due."""
        old = self._row(listings.c.url, listing.url)
        row = {"publication": publication, **asdict(listing)}
        if old is None:
            self.connection.execute(insert(listings).values(first_seen=_now(), **row))
            return True
        if all(old[name] == value for name, value in row.items()):
            return False
        self.connection.execute(update(listings).where(listings.c.url == listing.url).values(row))
        # Its page may be the same, and is read again all the same.
        again = {"due": now().date().isoformat(), "etag": None, "last_modified": None}
        self.connection.execute(update(fetches).where(fetches.c.url == listing.url).values(again))
        return True

    def _record_read(self, kind: str, fetch: Fetch | None, change: Change, **facts: Any) -> None:
        if fetch:
            self.record_fetch(
                fetch.url,
                "ok",
                changed=change is not Change.UNCHANGED,
                kind=kind,
                status=fetch.status,
                etag=fetch.etag,
                last_modified=fetch.last_modified,
                **facts,
            )

    def record_fetch(
        self, url: str, outcome: Outcome | None, *, changed: bool = False, not_before: date | None = None, **facts: Any
    ) -> None:
        """Note how asking for *url* came out, and when it is due again: not before *not_before*.

        Without an *outcome* the address is only noted, and what is known of it stays.
        """
        if self._row(fetches.c.url, url) is None:
            row = {"url": url, "attempts": 0, "checks": 0, "first_seen": _now(), **facts}
            self.connection.execute(insert(fetches).values(row))
        if outcome is None:
            return
        known = {name: value for name, value in facts.items() if value is not None}
        # The status and the reason are this attempt's, even when it has none, and so are the validators of a new page.
        this = ("status", "reason", "etag", "last_modified")
        latest = {name: facts.get(name) for name in this[: 4 if outcome == "ok" else 2]}
        if facts.get("status") == NOT_MODIFIED:
            latest = {"status": NOT_MODIFIED, "reason": None}
        old = self._row(fetches.c.url, url)
        assert old is not None
        then = self._next({**old, **known}, outcome, changed=changed, not_before=not_before)
        row = {**known, **latest, **then, "outcome": outcome, "last_attempt": _now()}
        self.connection.execute(update(fetches).where(fetches.c.url == url).values(row))

    def _next(self, fetch: Row, outcome: Outcome, *, changed: bool, not_before: date | None) -> dict[str, Any]:
        """Return how often it was asked for in vain, how often it was found unchanged, and when it is due."""
        attempts, checks, today = 0, 0, now().date()
        if outcome == "skipped":  # nothing was attempted
            attempts, checks, due = fetch["attempts"], fetch["checks"], None
        elif outcome != "ok":
            # An evening of many tries is one attempt.
            again = fetch["outcome"] != "ok" and (fetch["last_attempt"] or "")[:10] == today.isoformat()
            attempts, checks = fetch["attempts"] + (not again), fetch["checks"]
            due = next_attempt(fetch["kind"], outcome, attempts, today)
        elif fetch["kind"] == "article":
            checks = 0 if changed else fetch["checks"] + 1
            due = next_check(checks, self._published(fetch), today)
        else:
            due = None
        if due and not_before:
            due = max(due, not_before)
        return {"attempts": attempts, "checks": checks, "due": due.isoformat() if due else None}

    def _published(self, fetch: Row) -> date:
        article = self._row(articles.c.id, fetch["article_id"])
        printed = article and article["date_published"]
        return date.fromisoformat((printed or fetch["first_seen"])[:10])

    # --- Saved searches -------------------------------------------------------------------------------------------

    def begin_searches(self, asked: Mapping[str, str]) -> None:
        """Note what each search asks. What a new one, or one that asks something else now, finds so far is no news."""
        last = int(self.connection.scalars(select(meta.c.value).where(meta.c.key == CHANGED)).one())
        for name, question in asked.items():
            old = self._row(searches.c.name, name)
            if old is None or old["asked"] != question:
                self.connection.execute(delete(searches).where(searches.c.name == name))
                self.connection.execute(insert(searches).values(name=name, asked=question, told=last))

    def forget_searches(self, names: Collection[str]) -> None:
        self.connection.execute(delete(searches).where(searches.c.name.in_(names)))

    def tell_searches(self, asked: Mapping[str, str], number: int) -> None:
        """Note that searches, if they still ask that, were told of all documents up to *number*."""
        for name, question in asked.items():
            these = (searches.c.name == name, searches.c.asked == question, searches.c.told < number)
            self.connection.execute(update(searches).where(*these).values(told=number))

    # --- Issues and entries ---------------------------------------------------------------------------------------

    def _put_issue_row(self, publication: PublicationRef, row: dict[str, Any]) -> Change:
        titled = self._put_publication(publication)
        old = self._row(issues.c.id, row["id"])
        if old is None:
            self.connection.execute(insert(issues).values(row))
            return Change.NEW
        news = {name: value for name, value in row.items() if value is not None and value != old[name]}
        if not news:
            return titled
        self.connection.execute(update(issues).where(issues.c.id == row["id"]).values(news))
        if news.keys() - {"notices", "problems"}:
            self._touch(entries, entries.c.issue_id == row["id"])
        return Change.CHANGED

    def _put_publication(self, publication: PublicationRef) -> Change:
        old = self._row(publications.c.id, publication.id)
        if old is None:
            self.connection.execute(insert(publications).values(id=publication.id, title=publication.title))
            return Change.NEW
        if old["title"] == publication.title:
            return Change.UNCHANGED
        this = publications.c.id == publication.id
        self.connection.execute(update(publications).where(this).values(title=publication.title))
        its_issues = select(issues.c.id).where(issues.c.publication_id == publication.id)
        self._touch(entries, entries.c.issue_id.in_(its_issues))
        return Change.CHANGED

    def _put_entry(self, row: Row, ways: Sequence[Row], version: int = 1) -> Change:
        new_links = [self._redirected(link) for link in ways]
        old_links = self._links(row["id"])
        old = self._row(entries.c.id, row["id"])
        old_content = entry_content(old, old_links) if old else None
        change = self._put_row(entries, row, entry_content(row, new_links), old, old_content, version)
        return _overall(change, self._put_links(row["id"], old_links, new_links))

    def _remove_entry(self, id: str) -> Change:
        old_links = self._links(id)
        old = self._row(entries.c.id, id)
        assert old is not None  # put_issue has just read its id
        self._put_links(id, old_links, [])
        self._remove(entries, old, entry_content(old, old_links))
        return Change.CHANGED

    # --- Articles -------------------------------------------------------------------------------------------------

    def _put_article(self, row: Row, version: int = 1) -> Change:
        # A page that answers at its own address leads nowhere else (any more).
        self.connection.execute(delete(redirects).where(redirects.c.requested_id == row["id"]))
        old = self._row(articles.c.id, row["id"])
        old_content = article_content(old) if old else None
        return self._put_row(articles, row, article_content(row), old, old_content, version)

    def _redirect(self, requested: str, id: str) -> Change:
        """Make *requested* and *id* one article, now and for links that come later."""
        known = self._row(redirects.c.requested_id, requested)
        if known and known["article_id"] == id:
            return Change.UNCHANGED
        if known:
            self.connection.execute(delete(redirects).where(redirects.c.requested_id == requested))
        onward = redirects.c.article_id == requested
        self.connection.execute(update(redirects).where(onward).values(article_id=id))
        self.connection.execute(insert(redirects).values(requested_id=requested, article_id=id))
        self._repoint(requested, id)
        if old := self._row(articles.c.id, requested):
            self._remove(articles, old, article_content(old))
        self._keep_arrival(requested, id)
        return Change.CHANGED

    def _keep_arrival(self, requested: str, id: str) -> None:
        """Let the article *id* have come when it came under its other name."""
        if known := self._row(arrivals.c.document_id, requested):
            later = (arrivals.c.document_id == id, arrivals.c.number > known["number"])
            self.connection.execute(update(arrivals).where(*later).values(number=known["number"]))

    def _repoint(self, requested: str, id: str) -> None:
        these = links.c.article_id == requested
        linking = self.connection.scalars(select(links.c.entry_id).where(these)).all()
        if linking:
            self._touch(entries, entries.c.id.in_(linking))
            self._touch(articles, articles.c.id == id)
            self.connection.execute(update(links).where(these).values(article_id=id))

    # --- Links ----------------------------------------------------------------------------------------------------

    def _links(self, entry: str) -> list[Row]:
        statement = select(links).where(links.c.entry_id == entry).order_by(links.c.position)
        return [row._asdict() for row in self.connection.execute(statement)]

    def _requestable(self, entry: str, ways: Sequence[Row]) -> list[Row]:
        """Return links of an export, which only know the canonical address, with the one known here."""
        known = {link["canonical_url"]: link["url"] for link in self._links(entry)}
        return [{**link, "url": known.get(link["canonical_url"], link["url"])} for link in ways]

    def _redirected(self, link: Row) -> Row:
        found = self._row(redirects.c.requested_id, link["article_id"])
        return {**link, "article_id": found["article_id"]} if found else link

    def _put_links(self, entry: str, old: Sequence[Row], new: Sequence[Row]) -> Change:
        if old == new:
            return Change.UNCHANGED
        self.connection.execute(delete(links).where(links.c.entry_id == entry))
        if new:
            self.connection.execute(insert(links), [dict(link) for link in new])
        if changed := {_way(link) for link in old} ^ {_way(link) for link in new}:
            self._touch(articles, articles.c.id.in_({article for article, _, _ in changed}))
            self._touch(entries, entries.c.id == entry)
        return Change.CHANGED

    def _put_way_in(self, link: Row) -> Change:
        """Write a link that only its article tells of. An entry that is here knows its links itself."""
        if self._row(entries.c.id, link["entry_id"]):
            return Change.UNCHANGED
        old = self._links(link["entry_id"])
        others = [other for other in old if other["position"] != link["position"]]
        new = sorted([*others, link], key=lambda link: int(link["position"]))
        return self._put_links(link["entry_id"], old, new)

    # --- Any document ---------------------------------------------------------------------------------------------

    def _put_row(
        self,
        table: Table,
        row: Row,
        content: dict[str, Any],
        old: Row | None,
        old_content: dict[str, Any] | None,
        version: int,
    ) -> Change:
        id = row["id"]
        if old is None or old_content is None:
            version = max(version, 1 + self._last_version(id))
            self.connection.execute(insert(table).values({**row, "version": version, "changed": self.number}))
            self.connection.execute(delete(removed).where(removed.c.document_id == id))
            self._note_arrival(id)
            return Change.NEW
        news = {name: value for name, value in row.items() if value != old[name]}
        if content != old_content:
            self._keep_version(id, old["version"], old_content)
            news |= {"version": max(version, 1 + old["version"]), "changed": self.number}
        if not news:
            return Change.UNCHANGED
        self.connection.execute(update(table).where(table.c.id == id).values(news))
        return Change.CHANGED

    def _texts(self, issue_id: str) -> dict[str, tuple[str, str]]:
        statement = select(entries.c.id, entries.c.headline, entries.c.body).where(entries.c.issue_id == issue_id)
        return {id: (headline, body) for id, headline, body in self.connection.execute(statement)}

    def _let_arrivals_follow(self, before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]) -> None:
        """Where entries have moved, as one was put in before them, each came when its text did."""
        came = {text: self._arrival(id) for id, text in before.items()} if before != after else {}
        for id, text in after.items():
            if before.get(id) != text and (text in came or before.get(id) in after.values()):
                number = came.get(text) or self.number
                self.connection.execute(update(arrivals).where(arrivals.c.document_id == id).values(number=number))

    def _arrival(self, id: str) -> int | None:
        row = self._row(arrivals.c.document_id, id)
        return row["number"] if row else None

    def _note_arrival(self, id: str) -> None:
        if self._row(arrivals.c.document_id, id) is None:
            self.connection.execute(insert(arrivals).values(document_id=id, number=self.number))

    def _remove(self, table: Table, old: Row, content: dict[str, Any]) -> None:
        self._keep_version(old["id"], old["version"], content)
        self.connection.execute(delete(table).where(table.c.id == old["id"]))
        self.connection.execute(insert(removed).values(document_id=old["id"], changed=self.number))

    def _keep_version(self, id: str, version: int, content: dict[str, Any]) -> None:
        row = {"document_id": id, "version": version, "content": content, "superseded_at": _now()}
        self.connection.execute(insert(versions).values(row))

    def _last_version(self, id: str) -> int:
        statement = select(func.coalesce(func.max(versions.c.version), 0)).where(versions.c.document_id == id)
        return int(self.connection.scalars(statement).one())

    def _touch(self, table: Table, *which: Any) -> None:
        """Give the documents the number of this transaction; take none when there are no such documents."""
        if self.connection.execute(select(table.c.id).where(*which).limit(1)).first():
            self.connection.execute(update(table).where(*which).values(changed=self.number))

    def _row(self, key: Column[Any], value: Any) -> Row | None:
        row = self.connection.execute(select(key.table).where(key == value)).one_or_none()
        return row._asdict() if row else None
