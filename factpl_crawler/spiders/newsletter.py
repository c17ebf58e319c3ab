"""archive → issues → the articles they link to. What differs by publication is in `Publication`."""

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
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
from factpl_crawler.text import UrlError

GONE = frozenset({404, 410})
REFUSED = frozenset({401, 402, 403, 451})


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
        yield Request(
            url,
            callback=self.parse_article,
            errback=self.fetch_failed,
            cb_kwargs={"requested_id": identity.id},
            meta={"kind": "article", "article_id": identity.id},
            dont_filter=True,  # several addresses of one article are told apart by its id, above
        )

    def parse_article(self, response: Response, requested_id: str) -> Iterator[Article | Quarantined]:
        try:
            article = self.frontier.sites.read(text_of(response))
        except (PageError, UrlError) as e:
            yield self.quarantined(response, "article", str(e))
            self.record(response.request, "failed", str(e), response.status)
            return
        article.requested_id = requested_id
        article.raw = response.body
        yield article

    def quarantined(self, response: Response, kind: str, reason: str) -> Quarantined:
        item = Quarantined(response.url, kind, reason)
        item.raw = response.body
        return item

    def fetch_failed(self, failure: Failure) -> None:
        """Note why a page could not be had, so that a later run tries again or knows better."""
        request: Request = failure.request  # type: ignore[attr-defined]  # Scrapy puts it there
        error = failure.value
        if isinstance(error, HttpError):
            status = error.response.status
            outcome = "gone" if status in GONE else "refused" if status in REFUSED else "failed"
            self.record(request, outcome, f"HTTP {status}", status)
        elif isinstance(error, IgnoreRequest) and not isinstance(error, RobotsUnreachableError):
            self.record(request, "refused", str(error))
        else:
            self.record(request, "failed", f"{type(error).__name__}: {error}")

    def record(self, request: Request | None, outcome: str, reason: str, status: int | None = None) -> None:
        assert request is not None  # every response of a crawl has its request
        kind, asked = request.meta["kind"], request.meta.get("redirect_urls", [request.url])[0]
        article_id = request.meta.get("article_id")
        self.frontier.store.record_fetch(
            asked, kind, outcome=outcome, status=status, reason=reason, article_id=article_id
        )
        self.crawler.stats.inc_value(f"factpl/{kind}/{outcome}")
        self.crawler.stats.set_value(f"factpl/{kind}/{outcome}/last", f"{asked} ({reason})")
        self.logger.warning("%s %s: %s (%s)", kind, outcome, asked, reason)


class NewsletterSpider(ArticleSpider):
    """`-a archive=URL` starts from another list page than the publication's own."""

    publication: ClassVar[Publication]

    def __init_subclass__(cls) -> None:
        cls.name = cls.publication.id

    def __init__(self, name: str | None = None, archive: str = "", **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.archive = archive or self.publication.archive

    async def start(self) -> AsyncIterator[Request]:
        if not (self.settings["CONTACT"] or self.settings.getbool("LOOPBACK_ONLY")):
            self.crawler.stats.inc_value("factpl/contact/missing")
        for request in self._archive_requests(self.archive, self.parse_list, "list"):
            yield request
        for link in self.frontier.store.pending(self.publication.id):
            for request in self.article_requests(link.url):
                yield request

    def _archive_requests(self, url: str, callback: Any, kind: str, **kwargs: Any) -> Iterator[Request]:
        # The publication's own file leads to these addresses, so the rules for links in mail do not apply.
        meta = {"kind": kind, "archive": True}
        try:
            yield Request(url, callback, errback=self.fetch_failed, meta=meta, cb_kwargs=kwargs)
        except ValueError as e:
            self.logger.error("The archive links to no address: %s (%s)", url, e)

    def parse_list(self, response: Response) -> Iterator[Request | Quarantined]:
        try:
            page = read_list(text_of(response), self.publication.issue_list)
        except PageError as e:
            self.record(response.request, "failed", str(e), response.status)
            yield self.quarantined(response, "list", str(e))
            return
        self.crawler.stats.inc_value("factpl/issue/listed", len(page.listings))
        known = self.frontier.store.known_issue_urls(self.publication.id)
        for listing in page.listings:
            if listing.url not in known:
                yield from self._archive_requests(listing.url, self.parse_issue, "issue", listing=listing)
        if page.next_page:
            yield from self._archive_requests(page.next_page, self.parse_list, "list")

    def parse_issue(self, response: Response, listing: Listing) -> Iterator[Issue | Request | Quarantined]:
        try:
            issue = read_issue_page(text_of(response), self.publication, listing, self.frontier.sites)
        except PageError as e:
            self.record(response.request, "failed", str(e), response.status)
            yield self.quarantined(response, "issue", str(e))
            return
        issue.raw = response.body
        yield issue
        yield from self.follow(issue)
