"""archive → issues → the articles they link to. What differs by publication is in `Publication`."""

import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from scrapy import Request, Spider
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    IgnoreRequest,
)
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from factpl_crawler.clock import now
from factpl_crawler.frontier import Frontier, frontier_of
from factpl_crawler.guard import StrangerError
from factpl_crawler.items import Article, Fetch, Issue, Listing, Quarantined
from factpl_crawler.pacing import PostponedError, retry_after
from factpl_crawler.pages import PageError, text_of
from factpl_crawler.pages.archive import read_list
from factpl_crawler.pages.issue_page import read_issue_page
from factpl_crawler.publication import Publication
from factpl_crawler.robots import RobotsUnreachableError
from factpl_crawler.schedule import Outcome
from factpl_crawler.store import Change, PendingLink
from factpl_crawler.text import DateError, UrlError, canonical_url, parse_date, parse_period

NOT_MODIFIED = 304
GONE = frozenset({404, 410})
REFUSED = frozenset({401, 402, 403, 451})
UNREACHABLE = (CannotResolveHostError, DownloadConnectionRefusedError, RobotsUnreachableError)
# Where a night's budget does not suffice: lists go before issues, new articles before what may have been corrected.
FIRST, SECOND, LAST = 20, 10, -10


class ArticleSpider(Spider):
    """Fetches articles, once each, and keeps what came of it in the store.

    `-a follow_any=1` fetches them from any site, not from the publication's own alone.
    """

    def __init__(self, name: str | None = None, follow_any: str = "", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.follows_any = is_yes(follow_any)
        self._asked: set[str] = set()

    @property
    def frontier(self) -> Frontier:
        return frontier_of(self.crawler)

    def follow(self, issue: Issue, publication: Publication) -> Iterator[Request]:
        for entry in issue.entries:
            for link in entry.links:
                yield from self.article_requests(link.url, publication)

    def article_requests(self, url: str, publication: Publication) -> Iterator[Request]:
        """Yield the request for an article, none when it is known or must not be asked for."""
        try:
            identity = self.frontier.sites.identify(url)
        except UrlError as e:
            self.logger.info("Not followed: %s", e)
            return
        if not identity.follow or identity.id in self._asked or self.frontier.store.has_article(identity.id):
            return
        self._asked.add(identity.id)
        # The address in use today; an old one may lead nowhere, and is asked only when that one is gone.
        address = identity.canonical_url if identity.numbered else url
        meta = self._meta(identity.id, publication, url if address != url else None)
        if reason := self.stranger(address, publication):
            self.record(self._article_request(address, meta), "skipped", reason)
        else:
            yield self._article_request(address, meta)

    def stranger(self, url: str, publication: Publication) -> str | None:
        return None if self.follows_any else publication.stranger(url)

    def check(self, known: PendingLink, publication: Publication) -> Iterator[Request]:
        """Yield the request that looks whether a known article was corrected.

        One that was fetched when links were followed anywhere waits until they are again.
        """
        if known.article_id not in self._asked and not self.stranger(known.url, publication):
            self._asked.add(known.article_id)
            yield self._article_request(known.url, self._meta(known.article_id, publication), priority=LAST)

    def _meta(self, article_id: str, publication: Publication, otherwise: str | None = None) -> dict[str, Any]:
        keeps_to = None if self.follows_any else publication
        return {"kind": "article", "article_id": article_id, "otherwise": otherwise, "keeps_to": keeps_to}

    def _article_request(self, url: str, meta: dict[str, Any], priority: int = 0) -> Request:
        return Request(
            url,
            callback=self.parse_article,
            errback=self.fetch_failed,
            headers=self.frontier.store.validators(url),
            meta=meta | {"handle_httpstatus_list": [NOT_MODIFIED]},
            cb_kwargs={"requested_id": meta["article_id"]},
            priority=priority,
            dont_filter=True,  # several addresses of one article are told apart by its id, before this
        )

    def parse_article(self, response: Response, requested_id: str) -> Iterator[Article | Quarantined]:
        if response.status == NOT_MODIFIED:
            self.unchanged(response)
            return
        try:
            article = self.frontier.sites.read(text_of(response))
        except (PageError, UrlError) as e:
            yield self.unreadable(response, str(e))
            return
        article.requested_id = requested_id
        article.raw, article.fetch = response.body, fetch_of(response)
        yield article

    def unchanged(self, response: Response) -> None:
        """Note that the site says of a page that it is the one we know."""
        assert response.request is not None  # every response of a crawl has its request
        self.record(response.request, "ok", "not modified", NOT_MODIFIED)

    def unreadable(self, response: Response, reason: str) -> Quarantined:
        """Record the failure and return the page, to be kept for study."""
        assert response.request is not None  # every response of a crawl has its request
        self.record(response.request, "failed", reason, response.status)
        # Where a redirect ends, the address may name the reader.
        item = Quarantined(canonical_url(response.url), response.request.meta["kind"], reason)
        item.raw = response.body
        return item

    def fetch_failed(self, failure: Failure) -> Iterator[Request]:
        """Note why a page could not be had, so that a later run tries again or knows better."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        outcome, reason, status = _outcome(failure.value)
        if outcome == "gone" and (otherwise := request.meta.get("otherwise")):
            meta = {name: request.meta[name] for name in ("kind", "article_id", "keeps_to")}
            yield self._article_request(otherwise, meta)
            return
        response = getattr(failure.value, "response", None)
        self.record(request, outcome, reason, status, retry_after(response) if response else None)

    def record(
        self,
        request: Request,
        outcome: Outcome | None,
        reason: str,
        status: int | None = None,
        again: datetime | None = None,
    ) -> None:
        """Note what came of *request*; without an outcome it waits for another night."""
        kind, asked = request.meta["kind"], asked_for(request)
        self.frontier.store.record_fetch(
            asked,
            kind,
            outcome=outcome,
            status=status,
            reason=reason,
            article_id=request.meta.get("article_id"),
            publication=request.meta.get("publication"),
            not_before=again.date() if again else None,
        )
        came_of_it = Change.UNCHANGED if outcome == "ok" else outcome or "postponed"
        self.frontier.note(kind, came_of_it, asked, reason)
        level = logging.DEBUG if outcome in (None, "ok", "skipped") else logging.WARNING
        self.logger.log(level, "%s %s: %s (%s)", kind, came_of_it, asked, reason)


def is_yes(argument: str) -> bool:
    return argument.lower() in ("1", "true", "yes")


def asked_for(request: Request) -> str:
    """Return the address that was asked for first."""
    return str(request.meta.get("redirect_urls", [request.url])[0])


def fetch_of(response: Response) -> Fetch:
    assert response.request is not None  # every response of a crawl has its request
    etag, last_modified = (
        value.decode("latin-1") if (value := response.headers.get(name)) else None for name in ("ETag", "Last-Modified")
    )
    return Fetch(asked_for(response.request), response.status, etag, last_modified)


def _outcome(error: BaseException | None) -> tuple[Outcome | None, str, int | None]:
    """Return the outcome, the reason and the HTTP status of what Scrapy gave up on."""
    if isinstance(error, HttpError):
        status = error.response.status
        return "gone" if status in GONE else "refused" if status in REFUSED else "failed", f"HTTP {status}", status
    if isinstance(error, StrangerError):
        return "skipped", str(error), error.status
    if isinstance(error, PostponedError):
        return None, str(error), None
    if isinstance(error, UNREACHABLE):
        return "unreachable", str(error), None
    if isinstance(error, IgnoreRequest):
        return "refused", str(error), None
    if isinstance(error, DownloadCancelledError):
        return "failed", "larger than what is read at most", None
    return "failed", f"{type(error).__name__}: {error}", None


class NewsletterSpider(ArticleSpider):
    """`-a archive=URL` starts from another list page than the publication's own.

    `-a backfill=1` walks through all of its pages, over several nights where one does not suffice; `-a since=2023-10`
    asks for no older issue tonight.
    """

    publication: ClassVar[Publication]

    def __init_subclass__(cls) -> None:
        cls.name = cls.publication.id

    def __init__(
        self, name: str | None = None, archive: str = "", backfill: str = "", since: str = "", **kwargs: Any
    ) -> None:
        super().__init__(name, **kwargs)
        self.archive = archive or self.publication.archive
        self.since = parse_period(since, now=now())[0] if since else None
        self._begins_walk = bool(backfill)
        self._walks = False
        self._listed: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        if not (self.settings["CONTACT"] or self.settings.getbool("LOOPBACK_ONLY")):
            self.crawler.stats.inc_value("factpl/contact/missing")
        if self._begins_walk:
            self.frontier.store.set_walking(self.publication.id, True)
        self._walks = self.frontier.store.is_walking(self.publication.id)
        for request in self._work_left():
            yield request

    def _work_left(self) -> Iterator[Request]:
        store, id = self.frontier.store, self.publication.id
        for url in (self.archive, *store.open_lists(id)):
            yield from self._list_requests(url)
        for listing in store.due_issues(id):
            yield from self._issue_requests(listing)
        for link in store.pending(id, since=self.since):
            yield from self.article_requests(link.url, self.publication)
        for link in store.skipped(id, redirected=self.follows_any):
            if not self.stranger(link.url, self.publication):
                yield from self.article_requests(link.url, self.publication)
        for known in store.due_checks(id):
            yield from self.check(known, self.publication)

    def _list_requests(self, url: str) -> Iterator[Request]:
        # A walk needs what each page says, changed or not.
        headers = {} if self._walks else self.frontier.store.validators(url)
        yield from self._archive_requests(url, self.parse_list, "list", FIRST, headers)

    def _issue_requests(self, listing: Listing) -> Iterator[Request]:
        if not self._is_too_old(listing):
            headers = self.frontier.store.validators(listing.url)
            yield from self._archive_requests(
                listing.url, self.parse_issue, "issue", SECOND, headers, {"listing": listing}
            )

    def _is_too_old(self, listing: Listing) -> bool:
        try:
            return self.since is not None and bool(listing.date) and parse_date(listing.date).date() < self.since
        except DateError:  # what cannot be told is asked for
            return False

    def _archive_requests(
        self,
        url: str,
        callback: Any,
        kind: str,
        priority: int,
        headers: dict[str, str],
        cb_kwargs: dict[str, Any] | None = None,
    ) -> Iterator[Request]:
        """Yield the request for a page of the archive, none when this crawl has asked for it."""
        if url in self._asked:
            return
        self._asked.add(url)
        try:
            yield Request(
                url,
                callback,
                errback=self.fetch_failed,
                headers=headers,
                # The publication's own file leads to these addresses, so the rules for links in mail do not apply.
                meta={
                    "kind": kind,
                    "archive": True,
                    "publication": self.publication.id,
                    "handle_httpstatus_list": [NOT_MODIFIED],
                },
                cb_kwargs=cb_kwargs,
                priority=priority,
                # Unfiltered, or an issue that redirects to a page already seen would vanish without a word.
                dont_filter=True,
            )
        except ValueError as e:
            self.logger.error("The archive links to no address: %s (%s)", url, e)

    def parse_list(self, response: Response) -> Iterator[Request | Quarantined]:
        if response.status == NOT_MODIFIED:
            self.unchanged(response)
            return
        try:
            page = read_list(text_of(response), self.publication.issue_list)
        except PageError as e:
            yield self.unreadable(response, str(e))
            return
        for problem in page.problems:
            self.logger.error("An issue of the list could not be read: %s (%s)", response.url, problem)
        listed = {listing.url for listing in page.listings}
        next_page = page.next_page
        if listed <= self._listed or all(map(self._is_too_old, page.listings)):  # some pagers never end
            next_page = None
        self._listed |= listed
        fetch = fetch_of(response)
        if page.problems:  # to be read again, changed or not
            fetch = replace(fetch, etag=None, last_modified=None)
        store, id = self.frontier.store, self.publication.id
        due = store.put_list(fetch, id, page.listings, next_page, walk=self._walks)
        for listing in page.listings:
            if listing.url in due:
                yield from self._issue_requests(listing)
        for url in store.open_lists(id):
            yield from self._list_requests(url)
        if self._walks and next_page is None:
            store.set_walking(id, False)

    def parse_issue(self, response: Response, listing: Listing) -> Iterator[Issue | Request | Quarantined]:
        if response.status == NOT_MODIFIED:
            self.unchanged(response)
            return
        try:
            issue = read_issue_page(text_of(response), self.publication, listing, self.frontier.sites)
        except PageError as e:
            yield self.unreadable(response, str(e))
            return
        issue.raw, issue.fetch = response.body, replace(fetch_of(response), url=listing.url)
        yield issue
        yield from self.follow(issue, self.publication)
