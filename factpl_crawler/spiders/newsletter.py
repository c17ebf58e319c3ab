"""archive → issues → the articles they link to. What differs by publication is in `Publication`."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from scrapy import Request, Spider
from scrapy.exceptions import CannotResolveHostError, DownloadConnectionRefusedError, IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from factpl_crawler.frontier import Frontier, frontier_of
from factpl_crawler.items import Article, Issue, Quarantined
from factpl_crawler.pages import PageError, text_of
from factpl_crawler.pages.archive import Listing, read_list
from factpl_crawler.pages.issue_page import read_issue_page
from factpl_crawler.publication import Publication
from factpl_crawler.robots import RobotsUnreachableError
from factpl_crawler.text import UrlError, canonical_url

GONE = frozenset({404, 410})
REFUSED = frozenset({401, 402, 403, 451})
UNREACHABLE = (CannotResolveHostError, DownloadConnectionRefusedError, RobotsUnreachableError)


class ArticleSpider(Spider):
    """Fetches articles, once each, and keeps what came of it in the store."""

    def __init__(self, name: str | None = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self._asked: set[str] = set()

    @property
    def frontier(self) -> Frontier:
        return frontier_of(self.crawler)

    def follow(self, issue: Issue) -> Iterator[Request]:
        for entry in issue.entries:
            for link in entry.links:
                yield from self.article_requests(link.url)

    def article_requests(self, url: str) -> Iterator[Request]:
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
        yield self._article_request(address, identity.id, url if address != url else None)

    def _article_request(self, url: str, article_id: str, otherwise: str | None) -> Request:
        meta = {"kind": "article", "article_id": article_id, "otherwise": otherwise}
        return Request(
            url,
            callback=self.parse_article,
            errback=self.fetch_failed,
            meta=meta,
            cb_kwargs={"requested_id": article_id},
            dont_filter=True,  # several addresses of one article are told apart by its id, before this
        )

    def parse_article(self, response: Response, requested_id: str) -> Iterator[Article | Quarantined]:
        try:
            article = self.frontier.sites.read(text_of(response))
        except (PageError, UrlError) as e:
            yield self.unreadable(response, str(e))
            return
        article.requested_id = requested_id
        article.raw = response.body
        yield article

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
            yield self._article_request(otherwise, request.meta["article_id"], None)
        else:
            self.record(request, outcome, reason, status)

    def record(self, request: Request, outcome: str, reason: str, status: int | None = None) -> None:
        kind, asked = request.meta["kind"], request.meta.get("redirect_urls", [request.url])[0]
        article_id = request.meta.get("article_id")
        self.frontier.store.record_fetch(
            asked, kind, outcome=outcome, status=status, reason=reason, article_id=article_id
        )
        self.crawler.stats.inc_value(f"factpl/{kind}/{outcome}")
        self.crawler.stats.set_value(f"factpl/{kind}/{outcome}/last", f"{asked} ({reason})")
        self.logger.warning("%s %s: %s (%s)", kind, outcome, asked, reason)


def _outcome(error: BaseException | None) -> tuple[str, str, int | None]:
    """Return the outcome, the reason and the HTTP status of what Scrapy gave up on."""
    if isinstance(error, HttpError):
        status = error.response.status
        return "gone" if status in GONE else "refused" if status in REFUSED else "failed", f"HTTP {status}", status
    if isinstance(error, UNREACHABLE):
        return "unreachable", str(error), None
    if isinstance(error, IgnoreRequest):
        return "refused", str(error), None
    return "failed", f"{type(error).__name__}: {error}", None


class NewsletterSpider(ArticleSpider):
    """`-a archive=URL` starts from another list page than the publication's own."""

    publication: ClassVar[Publication]

    def __init_subclass__(cls) -> None:
        cls.name = cls.publication.id

    def __init__(self, name: str | None = None, archive: str = "", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.archive = archive or self.publication.archive
        self._listed: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        if not (self.settings["CONTACT"] or self.settings.getbool("LOOPBACK_ONLY")):
            self.crawler.stats.inc_value("factpl/contact/missing")
        for request in self._archive_requests(self.archive, self.parse_list, "list"):
            yield request
        for link in self.frontier.store.pending(self.publication.id):
            for request in self.article_requests(link.url):
                yield request

    def _archive_requests(self, url: str, callback: Any, kind: str, **kwargs: Any) -> Iterator[Request]:
        """Yield the request for a page of the archive, none when this crawl has asked for it."""
        if url in self._asked:
            return
        self._asked.add(url)
        # The publication's own file leads to these addresses, so the rules for links in mail do not apply.
        meta = {"kind": kind, "archive": True}
        try:
            # Unfiltered, or an issue that redirects to a page already seen would vanish without a word.
            yield Request(url, callback, errback=self.fetch_failed, meta=meta, cb_kwargs=kwargs, dont_filter=True)
        except ValueError as e:
            self.logger.error("The archive links to no address: %s (%s)", url, e)

    def parse_list(self, response: Response) -> Iterator[Request | Quarantined]:
        try:
            page = read_list(text_of(response), self.publication.issue_list)
        except PageError as e:
            yield self.unreadable(response, str(e))
            return
        for problem in page.problems:
            self.logger.error("An issue of the list could not be read: %s (%s)", response.url, problem)
        known = self.frontier.store.known_issue_urls(self.publication.id)
        listed = {listing.url for listing in page.listings}
        is_news = not listed <= self._listed
        self._listed |= listed
        for listing in page.listings:
            if listing.url not in known:
                yield from self._archive_requests(listing.url, self.parse_issue, "issue", listing=listing)
        if page.next_page and is_news:  # some pagers never end
            yield from self._archive_requests(page.next_page, self.parse_list, "list")

    def parse_issue(self, response: Response, listing: Listing) -> Iterator[Issue | Request | Quarantined]:
        try:
            issue = read_issue_page(text_of(response), self.publication, listing, self.frontier.sites)
        except PageError as e:
            yield self.unreadable(response, str(e))
            return
        issue.raw = response.body
        yield issue
        yield from self.follow(issue)
